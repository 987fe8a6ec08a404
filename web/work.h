/*
 * What is read of the ledger, as jobs: each goes to who reads (reader.h) with all that it needs and comes back with all
 * that was read, so that nothing else is shared.
 */
#ifndef WEB_WORK_H
#define WEB_WORK_H

#include "web/page.h"

enum work {
	WORK_WHO, /* names: whoever was ever counted */
	WORK_GUEST, /* list: one guest with all its rows */
	WORK_ALL, /* list: everybody's bill, total and rate */
	WORK_TOTALS, /* list: the totals of those that it names; read_at 0 where there are none */
	WORK_USAGE, /* usage: what `lodge usage` has of that guest, or of all */
	WORK_LET_GO, /* nothing reads by that conf any more */
	WORKS,
};

enum { WORK_WHY = 256 };

struct job {
	enum work work;
	unsigned of; /* which conf it reads by, counted */
	struct conf *conf;
	zone_of *zone; /* in which days begin */
	const char *zone_name;
	char name[CONF_GUEST_NAME_MAX + 1]; /* GUEST, USAGE; "": all */
	enum by by; /* USAGE */
	unsigned with; /* enum bill_with: GUEST */

	/* What became of it. */
	bool good;
	bool spoilt; /* not good: Redis answers, but a key holds what no program of ours writes */
	char why[WORK_WHY];
	int64_t now; /* when it was begun */
	double cost_s;
	struct names names;
	struct shown *list;
	size_t n;
	enum usage_read done;
	struct usage usage;
	struct names left_out; /* USAGE of all: whose bill could not be read; list says why */
	struct job *next;
};

struct job *job_new(enum work); /* NULL: no memory */
void job_free(struct job *);

/*
 * Reads. between is called between the guests of a long job; false: give it up. 0, or -1 with ledger_why (or "" where
 * there was no memory).
 */
int work_do(struct ledger *, struct job *, bool (*between)(void *), void *arg);

#endif
