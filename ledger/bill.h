/*
 * One guest's bill of one billing period: what is counted, what is left, what it will come to. A core.
 *
 * The projection: what is billed so far, and for the rest of the period the pace of the last days. That is the billed
 * bytes of today and the seven days before it (UTC), by the time from the beginning of the first of these days on
 * which a byte was billed until now. With less than an hour of that there is none; without a byte the pace is 0.
 */
#ifndef LEDGER_BILL_H
#define LEDGER_BILL_H

#include "base/table.h"
#include "ledger/ledger.h"

enum {
	PACE_DAYS = 7, /* before today */
	PACE_MIN_S = 3600,
};

struct bill {
	char guest[CONF_GUEST_NAME_MAX + 1];
	bool found; /* something is recorded */
	uint8_t day; /* on which the guest's periods begin */
	int64_t from, until; /* the period */
	struct record sum;
	struct quota quota; /* then QUOTA_NONE: none */
	bool projected_known;
	uint64_t projected;
	bool p95_known;
	uint64_t p95[DIRECTIONS]; /* bit/s, of what billing.count counts */
	bool gone; /* the file does not name the guest */
};

/* From where on the pace is taken, for reading the days. */
int64_t pace_from(int64_t now);
/* days: those that begin in [pace_from, now], by time. False: not to be said, *out is billed. */
bool bill_project(
    uint64_t billed, const struct dated *days, size_t n, int64_t now, int64_t until, uint64_t *out);

/* What is left of the quota; 0 where it is used up. */
uint64_t bill_left(const struct bill *);

/* All of them: sums, with the projection only where each has one. from and until where all agree, else 0. */
struct bill bill_sum(const struct bill *, size_t n);

/* The table of all: its heading, a row for each, and one for all where there are several. */
enum bill_column {
	BILL_GUEST,
	BILL_TO,
	BILL_FROM,
	BILL_BILLED,
	BILL_QUOTA,
	BILL_LEFT,
	BILL_USED,
	BILL_PROJECTED,
	BILL_P95_TO,
	BILL_P95_FROM,
	BILL_COLUMNS,
};

/* width: of the terminal, 0 for none; the columns that matter less go where it is too narrow. -1: no memory. */
int bill_table(struct table *, const struct bill *, size_t n, size_t width);

#endif
