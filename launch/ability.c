/* What a kernel binary can do; see ability.h. */
#include "launch/ability.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	XSTATE_ROOM = 2696, /* of the kernels that have the fault */
	XSTATE_CURED = 7, /* major version that sizes it at run time */
};

static bool
has(struct span text, const char *word)
{
	return memmem(text.ptr, text.len, word, strlen(word)) != NULL;
}

static bool
has_line(struct span text, const char *start)
{
	size_t n = strlen(start);

	for (;;) {
		size_t end;

		if (text.len >= n && memcmp(text.ptr, start, n) == 0)
			return true;
		end = span_find(text, '\n');
		if (end == text.len)
			return false;
		text = span_from(text, end + 1);
	}
}

int
ability_read(struct span version, struct span help, struct ability *out)
{
	size_t n = span_find(version, '\n');
	int used = 0;

	if (n == 0 || n >= sizeof(out->version) || !has(help, "User Mode Linux"))
		return -1;
	memcpy(out->version, version.ptr, n);
	out->version[n] = '\0';
	if (sscanf(out->version, "%3u.%3u%n", &out->major, &out->minor, &used) != 2 || used == 0)
		return -1;
	out->vec = has_line(help, "vec[0-9]+:");
	out->tuntap = has_line(help, "eth[0-9]+=");
	out->seccomp = has_line(help, "seccomp=");
	return 0;
}

bool
ability_needs_padding(const struct ability *ability, uint32_t xstate_bytes)
{
	return ability->dynamic && ability->major < XSTATE_CURED && xstate_bytes > XSTATE_ROOM;
}

enum elf_kind
elf_read(struct span program, char *interp, size_t room)
{
	Elf64_Ehdr head;
	Elf64_Phdr part;

	if (program.len < sizeof(head))
		return ELF_FOREIGN;
	memcpy(&head, program.ptr, sizeof(head));
	if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64 ||
	    head.e_ident[EI_DATA] != ELFDATA2LSB || head.e_phentsize != sizeof(part))
		return ELF_FOREIGN;
	if (head.e_phoff > program.len || (program.len - head.e_phoff) / sizeof(part) < head.e_phnum)
		return ELF_FOREIGN;
	for (unsigned i = 0; i < head.e_phnum; i++) {
		memcpy(&part, program.ptr + head.e_phoff + i * sizeof(part), sizeof(part));
		if (part.p_type != PT_INTERP)
			continue;
		if (part.p_filesz < 2 || part.p_filesz > room || part.p_offset > program.len ||
		    part.p_filesz > program.len - part.p_offset)
			return ELF_FOREIGN;
		memcpy(interp, program.ptr + part.p_offset, part.p_filesz);
		return interp[part.p_filesz - 1] == '\0' && interp[0] == '/' ? ELF_DYNAMIC : ELF_FOREIGN;
	}
	return ELF_STATIC;
}

/* One line: "\tNAME => PATH (0x…)", "\tPATH (0x…)", "\tlinux-vdso.so.1 (0x…)" or "\tNAME => not found". */
static int
library_add(struct span line, const char *interp, struct libraries *out)
{
	const char *arrow = memmem(line.ptr, line.len, "=> ", 3);
	struct span path = arrow ? span_from(line, (size_t)(arrow - line.ptr) + 3) : line;

	while (path.len && (*path.ptr == '\t' || *path.ptr == ' '))
		path = span_from(path, 1);
	path = span_first(path, span_find(path, ' '));
	if (path.len == 0 || *path.ptr != '/')
		return arrow ? -1 : 0;
	if (span_is(path, interp))
		return 0;
	if (out->n == ABILITY_LIBRARIES || path.len >= ABILITY_PATH)
		return -1;
	memcpy(out->path[out->n], path.ptr, path.len);
	out->path[out->n++][path.len] = '\0';
	return 0;
}

int
libraries_read(struct span list, const char *interp, struct libraries *out)
{
	out->n = 0;
	while (list.len) {
		size_t end = span_find(list, '\n');

		if (end == list.len || library_add(span_first(list, end), interp, out) == -1)
			return -1;
		list = span_from(list, end + 1);
	}
	return 0;
}
