/*
 * One guest, read from the ledger into what the pages show. Nothing is kept here: data.h says when it is done again.
 * -1: ledger_why.
 */
#ifndef WEB_READING_H
#define WEB_READING_H

#include "web/page.h"

struct reading {
	const struct conf *conf;
	struct ledger *ledger;
	zone_of *zone; /* in which days begin */
	int64_t now;
};

/* What the file says of the guest: its tap and its domains. The conf has to outlive it. */
void reading_conf(const struct conf *, struct shown *);

void shown_free(struct shown *); /* what it holds */

/* The bill and the totals. */
int reading_bill(const struct reading *, unsigned with, struct shown *);
/* Hours, days and months, the projection that comes of them, and the rate. After reading_bill. */
int reading_rows(const struct reading *, struct shown *);
/* Of the last whole 5 minutes and what came since. */
int reading_rate(const struct reading *, struct shown *);

#endif
