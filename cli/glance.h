/*
 * One line a guest: what `lodge status` shows of it. A core. On a terminal with colours and bars, and without the columns
 * that matter less where it is too narrow; names for programs are in survey.h's JSON.
 */
#ifndef CLI_GLANCE_H
#define CLI_GLANCE_H

#include "base/addr.h"
#include "base/table.h"

#include <stdbool.h>

enum {
	GLANCE_NAMES = 64,
	ROOM_TEXT = 48,
};

struct glance {
	const char *name, *state;
	bool since_known, memory_known, cpu_known, disk_known, rate_known, billed_known;
	uint64_t for_s;
	uint64_t memory_used, memory; /* bytes */
	unsigned cpu_percent;
	uint64_t disk_used, disk_size; /* bytes */
	uint64_t to_bit_s, from_bit_s;
	uint64_t billed, quota; /* bytes; quota 0: none */
	unsigned ssh_port; /* 0: none */
	char address[IP_TEXT];
	char names[GLANCE_NAMES];
};

/* What it is shown on; all zero: a pipe. */
struct glass {
	size_t width; /* columns; 0: any */
	size_t rows; /* room for the table; 0: any */
	bool colours, bars;
};

/* Its heading, those guests that there is room for, and how many more there are. -1: no memory. */
int glance_table(struct table *, const struct glance *, size_t n, const struct glass *);

/* A state, in its colour where colours are wanted: green, yellow on the way, red for what somebody has to see to. */
const char *glance_state(const char *state, bool colours, char out[ROOM_TEXT]);
/* "1.2/10G", "61/96M"; of an unknown part "10G". Powers of two, as the file's. */
const char *glance_room(bool known, uint64_t used, uint64_t whole, char out[ROOM_TEXT]);

#endif
