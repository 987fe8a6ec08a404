/* One guest's bill of one billing period; see bill.h. */
#include "ledger/bill.h"
#include "base/figure.h"

#include <stdlib.h>

enum { DAY_S = 86400, QUOTA_CELLS = 10 };

static uint64_t
at_most(__uint128_t n)
{
	return n < UINT64_MAX ? (uint64_t)n : UINT64_MAX;
}

/* --- what it will come to --------------------------------------------------------------------------------- */

int64_t
pace_from(int64_t now)
{
	int64_t from = slot_start(SLOT_DAY, now) - PACE_DAYS * DAY_S;

	return from < 0 ? 0 : from;
}

bool
bill_project(uint64_t billed, const struct dated *days, size_t n, int64_t now, int64_t until, uint64_t *out)
{
	int64_t first = now;
	__uint128_t bytes = 0;

	*out = billed;
	for (size_t i = 0; i < n; i++) {
		if (days[i].start < pace_from(now) || days[i].start > now || days[i].v[SLOT_BILLED] == 0)
			continue;
		first = days[i].start < first ? days[i].start : first;
		bytes += days[i].v[SLOT_BILLED];
	}
	if (until <= now || bytes == 0)
		return true;
	if (now - first < PACE_MIN_S)
		return false;
	*out = at_most(billed + bytes * (uint64_t)(until - now) / (uint64_t)(now - first));
	return true;
}

uint64_t
bill_left(const struct bill *bill)
{
	uint64_t billed = bill->sum.v[REC_BILLED];

	return billed < bill->quota.month_bytes ? bill->quota.month_bytes - billed : 0;
}

struct bill
bill_sum(const struct bill *list, size_t n)
{
	struct bill sum = {.projected_known = true};

	if (n > 0) {
		sum.from = list[0].from;
		sum.until = list[0].until;
	}
	for (size_t i = 0; i < n; i++) {
		const struct bill *b = &list[i];

		sum.found |= b->found;
		sum.projected_known &= b->projected_known;
		sum.projected = at_most((__uint128_t)sum.projected + b->projected);
		for (int f = 0; f < RECORD_FIELDS; f++)
			sum.sum.v[f] = at_most((__uint128_t)sum.sum.v[f] + b->sum.v[f]);
		sum.sum.ts = sum.sum.ts > b->sum.ts ? sum.sum.ts : b->sum.ts;
		if (b->from != sum.from || b->until != sum.until)
			sum.from = sum.until = 0;
	}
	return sum;
}

/* --- the table of all ------------------------------------------------------------------------------------- */

static int
add_size(struct table *table, bool known, uint64_t bytes)
{
	char text[SIZE_TEXT];

	return table_add(table, known ? size_print(bytes, text) : "-");
}

static int
add_rate(struct table *table, bool known, uint64_t bit_s)
{
	char text[RATE_TEXT];

	return table_add(table, known ? rate_print(bit_s, text) : "-");
}

static int
add_used(struct table *table, const struct bill *b)
{
	char bar[BAR_TEXT], text[BAR_TEXT + 16];
	uint64_t billed = b->sum.v[REC_BILLED];

	if (b->quota.then == QUOTA_NONE)
		return table_add(table, "");
	snprintf(text, sizeof(text), "%s %3u %%", bar_print(billed, b->quota.month_bytes, QUOTA_CELLS, bar),
	    percent_of(billed, b->quota.month_bytes));
	return table_add(table, text);
}

static int
add_row(struct table *table, const struct bill *b, const char *name)
{
	bool quota = b->quota.then != QUOTA_NONE;

	return table_add(table, name) | add_size(table, true, b->sum.v[REC_BYTES + TO_GUEST]) |
	       add_size(table, true, b->sum.v[REC_BYTES + FROM_GUEST]) |
	       add_size(table, true, b->sum.v[REC_BILLED]) | add_size(table, quota, b->quota.month_bytes) |
	       add_size(table, quota, bill_left(b)) | add_used(table, b) |
	       add_size(table, b->projected_known, b->projected) |
	       add_rate(table, b->p95_known, b->p95[TO_GUEST]) |
	       add_rate(table, b->p95_known, b->p95[FROM_GUEST]);
}

int
bill_table(struct table *table, const struct bill *list, size_t n, size_t width)
{
	static const char *const headings[BILL_COLUMNS] = {"GUEST", "TO GUEST", "FROM GUEST", "BILLED",
	    "QUOTA", "LEFT", "USED", "PROJECTED", "95% TO", "95% FROM"};
	static const unsigned char less[] = {
	    BILL_P95_FROM, BILL_P95_TO, BILL_LEFT, BILL_QUOTA, BILL_FROM, BILL_TO};
	struct bill sum = bill_sum(list, n);
	int made = 0;

	*table = (struct table){.columns = BILL_COLUMNS, .right = ~(1u << BILL_GUEST | 1u << BILL_USED)};
	for (size_t i = 0; i < BILL_COLUMNS; i++)
		made |= table_add(table, headings[i]);
	for (size_t i = 0; i < n; i++)
		made |= add_row(table, &list[i], list[i].guest);
	if (n > 1)
		made |= add_row(table, &sum, "all");
	if (made == 0)
		table_fit(table, width, less, sizeof(less));
	return made == 0 ? 0 : -1;
}
