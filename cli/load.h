/*
 * What a guest's processes take of the host: CPU time and memory, by the kernel's words about each process, which
 * everybody may read. A core.
 *
 * All processes of the guest's uid count. Time is that of each and of those that it waited for, so that it goes on when
 * one ends; memory is that of the largest, the guest's kernel, in which all of the guest's memory in use is mapped.
 */
#ifndef CLI_LOAD_H
#define CLI_LOAD_H

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

struct load {
	bool there; /* it has a process */
	uint64_t ticks; /* of CPU time */
	uint64_t pages; /* of memory */
};

/* Adds the process of a text of /proc/PID/stat. False: it is none, and nothing was added. */
bool load_take(struct span text, struct load *);

/* Per cent of one CPU between two readings. False: not to be said. */
bool load_percent(
    const struct load *before, const struct load *now, double seconds, long ticks_s, unsigned *out);

#endif
