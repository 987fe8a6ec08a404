/* The smallest userspace; see tiny.h. */
#include "launch/tiny.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

enum {
	MODE_PROGRAM = 0100755,
	BASE = 0x400000, /* where the program is loaded */
	PROGRAM_BYTES = 512,
};

#if defined(__x86_64__)

extern const char tiny_code[], tiny_code_end[];

/* Touches a vector register (the extended state is what faulty kernels fail at), writes, powers off, waits. */
__asm__(".pushsection .rodata\n"
	"tiny_code:\n"
	"	pxor %xmm7, %xmm7\n"
	"	mov $1, %eax\n" /* write(1, word, length) */
	"	mov $1, %edi\n"
	"	lea 2f(%rip), %rsi\n"
	"	mov $(3f - 2f), %edx\n"
	"	syscall\n"
	"	mov $169, %eax\n" /* reboot(…, POWER_OFF) */
	"	mov $0xfee1dead, %edi\n"
	"	mov $0x28121969, %esi\n"
	"	mov $0x4321fedc, %edx\n"
	"	syscall\n"
	"1:	mov $34, %eax\n" /* pause() */
	"	syscall\n"
	"	jmp 1b\n"
	"2:	.ascii \"\\n" TINY_WORD "\\n\"\n"
	"3:\n"
	"tiny_code_end:\n"
	".popsection\n");

static size_t
make_program(char *out)
{
	size_t code = (size_t)(tiny_code_end - tiny_code);
	Elf64_Ehdr head = {
	    .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
	    .e_type = ET_EXEC,
	    .e_machine = EM_X86_64,
	    .e_version = EV_CURRENT,
	    .e_entry = BASE + sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr),
	    .e_phoff = sizeof(Elf64_Ehdr),
	    .e_ehsize = sizeof(Elf64_Ehdr),
	    .e_phentsize = sizeof(Elf64_Phdr),
	    .e_phnum = 1,
	};
	Elf64_Phdr part = {
	    .p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = BASE, .p_paddr = BASE, .p_align = 4096};

	part.p_filesz = part.p_memsz = sizeof(head) + sizeof(part) + code;
	if (part.p_filesz > PROGRAM_BYTES)
		return 0;
	memcpy(out, &head, sizeof(head));
	memcpy(out + sizeof(head), &part, sizeof(part));
	memcpy(out + sizeof(head) + sizeof(part), tiny_code, code);
	return part.p_filesz;
}

#else

static size_t
make_program(char *out)
{
	(void)out;
	return 0;
}

#endif

/* One entry, its name and its content each padded to four bytes. Returns where the next one goes. */
static size_t
add_entry(char *out, size_t at, const char *name, unsigned mode, const char *content, size_t n)
{
	size_t name_bytes = strlen(name) + 1;

	at += (size_t)snprintf(out + at, TINY_BYTES - at,
	    "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 1, mode, 0, 0, 1, 0, (unsigned)n, 0,
	    0, 0, 0, (unsigned)name_bytes, 0);
	memcpy(out + at, name, name_bytes);
	at = (at + name_bytes + 3) & ~(size_t)3;
	if (n)
		memcpy(out + at, content, n);
	return (at + n + 3) & ~(size_t)3;
}

size_t
tiny_initrd(char *out)
{
	char program[PROGRAM_BYTES];
	size_t n = make_program(program), at;

	memset(out, 0, TINY_BYTES);
	if (n == 0)
		return 0;
	at = add_entry(out, 0, "init", MODE_PROGRAM, program, n);
	return add_entry(out, at, "TRAILER!!!", 0, NULL, 0);
}
