/*
 * What a kernel binary can do, read from what it says of itself. A core: the texts come in, verdicts go out.
 * Also what it takes to run one: its interpreter (the ELF header) and its libraries (the interpreter's list).
 */
#ifndef LAUNCH_ABILITY_H
#define LAUNCH_ABILITY_H

#include "base/span.h"

#include <stdint.h>

enum {
	ABILITY_PATH = 256, /* room for a library's path */
	ABILITY_LIBRARIES = 16,
};

struct ability {
	char version[32]; /* "6.1.176" */
	unsigned major, minor;
	bool vec; /* vec0:transport=… */
	bool tuntap; /* eth0=tuntap,… : gone since 6.16 */
	bool seccomp; /* seccomp=on */
	bool dynamic; /* has an interpreter, so a preload reaches it */
};

/* From `KERNEL --version` and `KERNEL --help`. -1: no User Mode Linux. dynamic is left alone. */
int ability_read(struct span version, struct span help, struct ability *out);

/*
 * Some distribution kernels hold a process's extended state in 2,696 bytes; a CPU with more (AMX) wants all of it
 * back, and the first process dies. True where this kernel on such a CPU needs the preload's padding, and can have it.
 */
bool ability_needs_padding(const struct ability *, uint32_t xstate_bytes);

enum elf_kind {
	ELF_FOREIGN, /* no 64-bit ELF program of this byte order, or cut short */
	ELF_STATIC,
	ELF_DYNAMIC, /* interp is its interpreter */
};

/* The beginning of a program (the first 64 KiB are plenty). */
enum elf_kind elf_read(struct span, char *interp, size_t room);

struct libraries {
	char path[ABILITY_LIBRARIES][ABILITY_PATH];
	size_t n;
};

/* From `INTERPRETER --list PROGRAM`: absolute paths, the interpreter itself left out. -1: one is missing, or
 * the list is cut short. */
int libraries_read(struct span list, const char *interp, struct libraries *out);

#endif
