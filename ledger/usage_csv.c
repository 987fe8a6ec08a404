/* `lodge usage --csv`; see usage.h. Whole numbers and names that need no quotes. */
#include "ledger/usage.h"

#include <inttypes.h>

static void
put_known(bool known, uint64_t number, FILE *to)
{
	if (known)
		fprintf(to, ",%" PRIu64, number);
	else
		fputs(",", to);
}

static void
put_bill(const struct bill *b, FILE *to)
{
	char from[WHEN_TEXT], until[WHEN_TEXT];

	fprintf(
	    to, "%s,%s,%s", b->guest, when_iso(b->from, zone_utc, from), when_iso(b->until, zone_utc, until));
	for (int i = 0; i < RECORD_FIELDS; i++)
		fprintf(to, ",%" PRIu64, b->sum.v[i]);
	put_known(b->quota.then != QUOTA_NONE, b->quota.month_bytes, to);
	put_known(b->projected_known, b->projected, to);
	for (int d = 0; d < DIRECTIONS; d++)
		put_known(b->p95_known, b->p95[d], to);
	fputs("\r\n", to);
}

static void
put_row(const struct usage *u, const struct dated *row, FILE *to)
{
	char start[WHEN_TEXT];

	fprintf(to, "%s,%s", u->bills[0].guest,
	    when_iso(row->start, u->by == BY_MONTH ? zone_utc : u->zone, start));
	for (int i = 0; i < SLOT_FIELDS; i++)
		fprintf(to, ",%" PRIu64, row->v[i]);
	fputs("\r\n", to);
}

void
usage_csv(const struct usage *u, FILE *to)
{
	if (u->by != BY_NOTHING) {
		fputs("guest,start", to);
		for (int i = 0; i < SLOT_FIELDS; i++)
			fprintf(to, ",%s", slot_name((enum slot_field)i));
		fputs("\r\n", to);
		for (size_t i = 0; i < u->rows.n; i++)
			put_row(u, &u->rows.list[i], to);
		return;
	}
	fputs("guest,from,until", to);
	for (int i = 0; i < RECORD_FIELDS; i++)
		fprintf(to, ",%s", record_name(i));
	fputs(",quota,projected,p95_to_guest_bit_s,p95_from_guest_bit_s\r\n", to);
	for (size_t i = 0; i < u->n; i++)
		put_bill(&u->bills[i], to);
}
