/*
 * What guests moved, as people and programs are shown it: the ledger's numbers, read once (usage_read.c), then as tables
 * (usage_show.c, a core), as JSON (usage_json.c) or as CSV (usage_csv.c, a core).
 */
#ifndef LEDGER_USAGE_H
#define LEDGER_USAGE_H

#include "ledger/bill.h"
#include "ledger/when.h"

#include <jansson.h>

enum by { BY_NOTHING, BY_HOUR, BY_DAY, BY_MONTH };

/* What is asked for. */
struct asked {
	const char *name; /* NULL: all */
	enum by by;
	int64_t month, from, to; /* to: the last day's beginning; -1: not given */
};

/* All that was read. */
struct usage {
	int64_t now;
	zone_of *zone; /* of days and hours; periods are UTC's */
	const char *zone_name;
	size_t width; /* of the terminal; 0: none */
	struct bill *bills; /* by name */
	size_t n;
	/* Of one guest: slots that begin in [from, until), BY_NOTHING: none; and whether the bill is shown with them. */
	enum by by;
	bool with_bill;
	int64_t from, until;
	struct history rows;
};

const char *by_word(enum by); /* "hour" … */
const char *slot_name(enum slot_field); /* "to_guest" …, as programs read it */

/* now, zone, zone_name and width of *out are given, the rest is made; usage_free it also when that failed. */
enum usage_read { USAGE_READ, USAGE_NO_GUEST, USAGE_FAILED /* ledger_why, or the memory */ };

enum usage_read usage_read(struct ledger *, const struct conf *, const struct asked *, struct usage *out);
void usage_free(struct usage *);

/* A guest's bill of the period now. Its projection and percentile cost a reading of days and of all 5 minutes. */
enum bill_with { WITH_NOTHING = 0, WITH_PROJECTION = 1, WITH_PERCENTILE = 2 };

int usage_bill(
    struct ledger *, const struct conf *, const char *guest, int64_t now, unsigned with, struct bill *out);

/* -1: no memory. */
int usage_show(const struct usage *, FILE *);
json_t *usage_json(const struct usage *);
void usage_csv(const struct usage *, FILE *);

/* A figure as JSON, whose integers end at 2^63 here (9 EB); null where it is not known. */
json_t *usage_json_number(uint64_t);
json_t *usage_json_known(bool is, uint64_t);

#endif
