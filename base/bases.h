/*
 * Bases: images that several guests read and nobody ever writes, STATE/bases/NAME.img, mode 0444 and root's; beside each
 * what it was when it was made, NAME.base, one word and value a line. One that is not that any more is used by nobody:
 * every guest on it would find another disk below its own.
 */
#ifndef BASE_BASES_H
#define BASE_BASES_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	BASES_SUM = 64,
	BASES_BLOCK = 1024, /* no file system that we make has smaller ones */
	BASES_SEED = 128, /* blocks of the file in it that each guest has its own content of */
	BASES_WORD = 1024,
};

struct base {
	char path[PATH_MAX], about[PATH_MAX]; /* the image, and what is known of it */
	char from[BASES_WORD], fs[16]; /* disk.from and .fs of who made it */
	bool openssh, dropbear; /* what is in it, which wants host keys */
	uint64_t size_bytes, inode;
	int64_t mtime_s, mtime_ns, ctime_s, ctime_ns;
	char sum[BASES_SUM + 1]; /* bases_sum, in hexadecimal */
	uint64_t seed[BASES_SEED]; /* where in the image these blocks lie, in bytes */
};

/* Where the base of that name is. -1: the path is too long. */
int bases_path(const char *state, const char *name, struct base *);
/* What is known of it. -1: errno; ENOENT: there is none; EINVAL: what stands there is not this. */
int bases_read(struct base *);
/* Learns times and number from the image as it is, and keeps all. -1: errno. */
int bases_write(struct base *);
/* NULL: it is what it was. Else what is not, in words; *same: but its size and mtime are, so that its content may be. */
const char *bases_changed(const struct base *, bool *same);

/* NULL: the image, a copy-on-write disk, which may be hostile, was begun on it as it is known. Else why not, in words. */
const char *bases_under(const struct base *, int image);

/* SHA-256 of what is in an image (numbers of blocks that are not all zeros, and these blocks): holes or not. -1: errno. */
int bases_sum(int fd, char sum[BASES_SUM + 1]);

#endif
