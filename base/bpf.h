/*
 * Words for writing a seccomp program. A core: it writes instructions into an array of the caller's.
 *
 * A block holds what happens to one value of what was loaded last; behind its end the next one is compared.
 * Writing past the room is remembered, and bpf_length says 0: half a filter is none.
 */
#ifndef BASE_BPF_H
#define BASE_BPF_H

#include <linux/filter.h>
#include <stddef.h>

/* As the kernel names the machine we are built for; 0: one that our filters do not know. */
unsigned bpf_machine(void);

struct bpf {
	struct sock_filter *out;
	size_t n, max;
};

void bpf_add(struct bpf *, unsigned code, unsigned k, unsigned yes, unsigned no);
/* Load 32 bits of struct seccomp_data, by their place in it. */
void bpf_load(struct bpf *, size_t offset);
/* The lower half of an argument. */
void bpf_load_arg(struct bpf *, int arg);
void bpf_end(struct bpf *, unsigned verdict);
void bpf_refuse(struct bpf *, int error);

/* Instructions for the value up to the end; returned is what bpf_block_end wants. */
size_t bpf_block(struct bpf *, unsigned value);
void bpf_block_end(struct bpf *, size_t block);
/* A block of one verdict. */
void bpf_on(struct bpf *, unsigned value, unsigned verdict);
void bpf_allow(struct bpf *, const unsigned *values, size_t n);

/* The call of that number is allowed with one of these values in that argument, else refused. */
void bpf_only(struct bpf *, unsigned number, int arg, const unsigned *values, size_t n, int error);
/* … is allowed where that argument has none of these bits, else refused. */
void bpf_without(struct bpf *, unsigned number, int arg, unsigned bits, int error);
/* What no library calls on its own, and only an intruder does, kills the process. */
void bpf_kill_intruder(struct bpf *);

/* Begin: another machine's system calls get the verdict; of ours the number is loaded. */
void bpf_begin(struct bpf *, unsigned foreign);

size_t bpf_length(const struct bpf *);

#endif
