/*
 * `lodge usage`: the ledger's numbers, asked for (usage.c), read once (usage_read.c), and shown as tables
 * (usage_show.c, a core), as JSON (usage_json.c) or as CSV (usage_csv.c, a core).
 */
#ifndef CLI_USAGE_H
#define CLI_USAGE_H

#include "cli/bill.h"
#include "cli/when.h"

#include <jansson.h>

enum by { BY_NOTHING, BY_HOUR, BY_DAY, BY_MONTH };

/* The command line. */
struct asked {
	const char *name; /* NULL: all */
	enum by by;
	bool json, csv;
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

/* Fills in what is not there yet of *out; an error is told. The exit status. */
int usage_read(struct ledger *, const struct conf *, const struct asked *, struct usage *out);

/* -1: no memory. */
int usage_show(const struct usage *, FILE *);
json_t *usage_json(const struct usage *);
void usage_csv(const struct usage *, FILE *);

#endif
