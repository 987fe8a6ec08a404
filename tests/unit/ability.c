/* What a kernel binary says of itself, as real ones say it; and programs cut anywhere. */
#include "launch/ability.h"
#include "tests/unit/guard.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const char help_6_1[] =
    "User Mode Linux v6.1.176\n\tavailable at http://user-mode-linux.sourceforge.net/\n\n"
    "mem=<Amount of desired ram>\n    This controls …\n\n"
    "vec[0-9]+:<option>=<value>,<option>=<value>\n\t Configure a vector io network device.\n\n"
    "eth[0-9]+=<transport>,<options>\n    Configure a network device.\n\n";
static const char help_7_2[] =
    "User Mode Linux v7.2.0\n\nseccomp=<on/auto/off>\n    Configure whether or not SECCOMP "
    "is used.\n\nvec[0-9]+:<option>=<value>,<option>=<value>\n";

static void
test_ability(void **state)
{
	static const struct {
		const char *version, *help;
		int result;
		struct ability want;
	} cases[] = {
	    {"6.1.176\n", help_6_1, 0,
		{.version = "6.1.176", .major = 6, .minor = 1, .vec = true, .tuntap = true}},
	    {"7.2.0\n", help_7_2, 0,
		{.version = "7.2.0", .major = 7, .minor = 2, .vec = true, .seccomp = true}},
	    {"7.2.0", "User Mode Linux v7.2.0\n", 0, {.version = "7.2.0", .major = 7, .minor = 2}},
	    {"7.2.0-rc1+\nmore\n", help_7_2, 0,
		{.version = "7.2.0-rc1+", .major = 7, .minor = 2, .vec = true, .seccomp = true}},
	    {"", help_6_1, -1, {.major = 0}},
	    {"\n", help_6_1, -1, {.major = 0}},
	    {"true (GNU coreutils) 9.1\n", "Usage: true [ignored command line arguments]\n", -1,
		{.major = 0}},
	    {"6.1.176\n", "Usage: something else\n", -1, {.major = 0}},
	    {"six\n", help_6_1, -1, {.major = 0}},
	    {"6.1.176-with-a-name-that-is-far-too-long-for-its-room\n", help_6_1, -1, {.major = 0}},
	    /* A word in a line is no option. */
	    {"9.0.0\n", "User Mode Linux v9.0.0\n  see seccomp=\n", 0, {.version = "9.0.0", .major = 9}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *version = guard_copy(cases[i].version, strlen(cases[i].version));
		const char *help = guard_copy(cases[i].help, strlen(cases[i].help));
		struct ability got = {0};

		assert_int_equal(ability_read(span_of(version, strlen(cases[i].version)),
				     span_of(help, strlen(cases[i].help)), &got),
		    cases[i].result);
		if (cases[i].result == 0) {
			assert_string_equal(got.version, cases[i].want.version);
			assert_int_equal(got.major, cases[i].want.major);
			assert_int_equal(got.minor, cases[i].want.minor);
			assert_int_equal(got.vec, cases[i].want.vec);
			assert_int_equal(got.tuntap, cases[i].want.tuntap);
			assert_int_equal(got.seccomp, cases[i].want.seccomp);
		}
		guard_free(version, strlen(cases[i].version));
		guard_free(help, strlen(cases[i].help));
	}
}

static void
test_padding(void **state)
{
	const struct ability faulty = {.major = 6, .minor = 12, .dynamic = true},
			     cured = {.major = 7, .minor = 2, .dynamic = true}, unreached = {.major = 6};

	(void)state;
	assert_false(ability_needs_padding(&faulty, 0));
	assert_false(ability_needs_padding(&faulty, 2432));
	assert_false(ability_needs_padding(&faulty, 2696));
	assert_true(ability_needs_padding(&faulty, 2697));
	assert_true(ability_needs_padding(&faulty, 11008));
	assert_false(ability_needs_padding(&cured, 11008));
	assert_false(ability_needs_padding(&unreached, 11008));
}

/* A program of one header, with an interpreter or without. */
static size_t
make_elf(unsigned char *out, const char *interp)
{
	Elf64_Ehdr head = {
	    .e_type = ET_DYN, .e_phoff = sizeof(head), .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 2};
	Elf64_Phdr parts[2] = {{.p_type = PT_LOAD}, {.p_type = interp ? PT_INTERP : PT_NOTE}};
	size_t at = sizeof(head) + sizeof(parts);

	memcpy(head.e_ident, ELFMAG, SELFMAG);
	head.e_ident[EI_CLASS] = ELFCLASS64;
	head.e_ident[EI_DATA] = ELFDATA2LSB;
	parts[1].p_offset = at;
	parts[1].p_filesz = interp ? strlen(interp) + 1 : 0;
	memcpy(out, &head, sizeof(head));
	memcpy(out + sizeof(head), parts, sizeof(parts));
	if (interp)
		memcpy(out + at, interp, parts[1].p_filesz);
	return at + parts[1].p_filesz;
}

static void
test_elf(void **state)
{
	unsigned char bytes[512];
	char interp[64];
	size_t n;

	(void)state;
	n = make_elf(bytes, "/lib64/ld-linux-x86-64.so.2");
	for (size_t cut = 0; cut <= n; cut++) {
		const char *copy = guard_copy(bytes, cut);
		enum elf_kind kind = elf_read(span_of(copy, cut), interp, sizeof(interp));

		assert_int_equal(kind, cut == n ? ELF_DYNAMIC : ELF_FOREIGN);
		guard_free(copy, cut);
	}
	assert_string_equal(interp, "/lib64/ld-linux-x86-64.so.2");
	assert_int_equal(elf_read(span_of(bytes, n), interp, 8), ELF_FOREIGN);

	for (size_t at = 0; at < n; at++) {
		for (int bit = 0; bit < 8; bit++) {
			const char *copy;

			bytes[at] ^= (unsigned char)(1 << bit);
			copy = guard_copy(bytes, n);
			if (elf_read(span_of(copy, n), interp, sizeof(interp)) == ELF_DYNAMIC)
				assert_int_equal(interp[0], '/');
			guard_free(copy, n);
			bytes[at] ^= (unsigned char)(1 << bit);
		}
	}
	n = make_elf(bytes, NULL);
	assert_int_equal(elf_read(span_of(bytes, n), interp, sizeof(interp)), ELF_STATIC);
	n = make_elf(bytes, "relative");
	assert_int_equal(elf_read(span_of(bytes, n), interp, sizeof(interp)), ELF_FOREIGN);
	assert_int_equal(elf_read(span_str("#!/bin/sh\n"), interp, sizeof(interp)), ELF_FOREIGN);
}

static void
test_libraries(void **state)
{
	static const char interp[] = "/lib64/ld-linux-x86-64.so.2";
	static const char list[] = "\tlinux-vdso.so.1 (0x00007ffc)\n"
				   "\tlibgcc_s.so.1 => /lib/x86_64-linux-gnu/libgcc_s.so.1 (0x00007f30)\n"
				   "\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f31)\n"
				   "\t/lib64/ld-linux-x86-64.so.2 (0x00007f32)\n";
	static struct libraries got;
	char many[2048] = "";

	(void)state;
	assert_int_equal(libraries_read(span_str(list), interp, &got), 0);
	assert_int_equal(got.n, 2);
	assert_string_equal(got.path[0], "/lib/x86_64-linux-gnu/libgcc_s.so.1");
	assert_string_equal(got.path[1], "/lib/x86_64-linux-gnu/libc.so.6");
	assert_int_equal(libraries_read(span_str("\tlibx.so => not found\n"), interp, &got), -1);
	assert_int_equal(libraries_read(span_str(""), interp, &got), 0);
	assert_int_equal(got.n, 0);
	for (int i = 0; i <= ABILITY_LIBRARIES; i++)
		strcat(many, "\tliba => /a/liba (0x0)\n");
	assert_int_equal(libraries_read(span_str(many), interp, &got), -1);
	for (size_t n = 0; n < sizeof(list) - 1; n++) {
		const char *copy = guard_copy(list, n);

		assert_int_equal(
		    libraries_read(span_of(copy, n), interp, &got), n == 0 || list[n - 1] == '\n' ? 0 : -1);
		guard_free(copy, n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ability),
	    cmocka_unit_test(test_padding),
	    cmocka_unit_test(test_elf),
	    cmocka_unit_test(test_libraries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
