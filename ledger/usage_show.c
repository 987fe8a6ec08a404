/* `lodge usage` for people; see usage.h. A core. */
#include "ledger/usage.h"
#include "base/figure.h"

#include <inttypes.h>

enum { DAY_S = 86400, ROW_CELLS = 16 };

const char *
by_word(enum by by)
{
	static const char *const words[] = {
	    [BY_NOTHING] = "", [BY_HOUR] = "hour", [BY_DAY] = "day", [BY_MONTH] = "month"};

	return words[by];
}

const char *
slot_name(enum slot_field field)
{
	static const char *const names[SLOT_FIELDS] = {
	    "to_guest", "from_guest", "wire_to_guest", "wire_from_guest", "billed", "unclassified"};

	return names[field];
}

/* When a row began, as its heading says: an hour, a day, the first day of a period. */
static const char *
row_label(const struct usage *u, const struct dated *row, char out[WHEN_TEXT])
{
	if (u->by == BY_HOUR)
		return when_hour(row->start, u->zone, out);
	return when_date(row->start, u->by == BY_MONTH ? zone_utc : u->zone, out);
}

static void
put_period(const struct bill *b, int64_t now, FILE *to)
{
	char text[2 * WHEN_TEXT];
	int64_t days = (b->until - b->from) / DAY_S, over = (now - b->from) / DAY_S;

	fprintf(to, "%s by UTC", when_period(b->from, b->until, text));
	if (now >= b->from && now < b->until)
		fprintf(to, ", %" PRId64 " of %" PRId64 " days over", over, days);
}

/* --- all guests --------------------------------------------------------------------------------------------- */

static void
put_gone(const struct usage *u, FILE *to)
{
	const char *between = "not in the file: ";

	for (size_t i = 0; i < u->n; i++) {
		if (!u->bills[i].gone)
			continue;
		fprintf(to, "%s%s", between, u->bills[i].guest);
		between = ", ";
	}
	if (*between == ',')
		fputc('\n', to);
}

static bool
any_open(const struct usage *u)
{
	for (size_t i = 0; i < u->n; i++)
		if (u->bills[i].until > u->now)
			return true;
	return false;
}

static int
show_all(const struct usage *u, FILE *to)
{
	struct bill sum = bill_sum(u->bills, u->n);
	struct table table;
	int made = bill_table(&table, u->bills, u->n, u->width);

	if (made == 0)
		table_print(&table, to);
	table_free(&table);
	if (sum.until > 0)
		put_period(&sum, u->now, to);
	else if (u->n > 0)
		fputs("each guest's own billing period; lodge usage NAME says which", to);
	if (u->n > 0)
		fputs(any_open(u) ? "; projected at the pace of the last days\n" : "\n", to);
	put_gone(u, to);
	return made;
}

/* --- one guest ---------------------------------------------------------------------------------------------- */

static void
put_quota(const struct bill *b, FILE *to)
{
	char size[SIZE_TEXT], rate[RATE_TEXT], bar[BAR_TEXT];
	uint64_t billed = b->sum.v[REC_BILLED];

	if (b->quota.then == QUOTA_NONE)
		return;
	fprintf(to, "quota      %s, %s %u %% used", size_print(b->quota.month_bytes, size),
	    bar_print(billed, b->quota.month_bytes, ROW_CELLS, bar),
	    percent_of(billed, b->quota.month_bytes));
	fprintf(to, ", %s left", size_print(bill_left(b), size));
	if (b->quota.then == QUOTA_CUT)
		fputs("; then cut off\n", to);
	else if (b->quota.then == QUOTA_THROTTLE)
		fprintf(to, "; then %s each way\n", rate_print(b->quota.throttle_bit_s, rate));
	else
		fputs("; then a warning\n", to);
}

static void
put_summary(const struct bill *b, int64_t now, FILE *to)
{
	char size[SIZE_TEXT], rate[RATE_TEXT], age[SPAN_TEXT];
	int64_t since = now - b->sum.ts;

	fprintf(to, "%s, ", b->guest);
	put_period(b, now, to);
	fprintf(to, "\nbilled     %s, %" PRIu64 " bytes\n", size_print(b->sum.v[REC_BILLED], size),
	    b->sum.v[REC_BILLED]);
	put_quota(b, to);
	if (now < b->until && b->projected_known)
		fprintf(to, "projected  %s at the pace of the last days\n", size_print(b->projected, size));
	if (b->p95_known) {
		fprintf(to, "95%%        %s to the guest, ", rate_print(b->p95[TO_GUEST], rate));
		fprintf(to, "%s from it\n", rate_print(b->p95[FROM_GUEST], rate));
	}
	if (b->sum.ts > 0)
		fprintf(to, "last byte  %s ago\n", span_print(since > 0 ? (uint64_t)since : 0, age));
}

static int
add_pair(struct table *table, const char *what, const uint64_t v[DIRECTIONS], bool both)
{
	char text[NUMBER_TEXT];
	int made = table_add(table, what);

	for (int d = 0; d < DIRECTIONS; d++) {
		snprintf(text, sizeof(text), "%" PRIu64, v[d]);
		made |= table_add(table, d == TO_GUEST || both ? text : "");
	}
	return made;
}

/* Exact, so that they can be added up. */
static int
show_classes(const struct bill *b, FILE *to)
{
	static const struct {
		const char *what;
		enum record_field field;
	} rows[] = {
	    {"bytes", REC_BYTES},
	    {"  wan", REC_WAN},
	    {"  host", REC_HOST},
	    {"  guests", REC_GUESTS},
	    {"  unclassified", REC_UNCLASSIFIED},
	    {"packets", REC_PACKETS},
	    {"wire bytes", REC_WIRE},
	    {"  wan", REC_WAN_WIRE},
	    {"billable", REC_BILLABLE},
	    {"undelivered", REC_UNDELIVERED},
	};
	struct table table = {.columns = 3, .right = 6};
	int made = table_add(&table, "") | table_add(&table, "TO GUEST") | table_add(&table, "FROM GUEST");

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		made |= add_pair(
		    &table, rows[i].what, &b->sum.v[rows[i].field], rows[i].field != REC_UNDELIVERED);
	if (made == 0)
		table_print(&table, to);
	table_free(&table);
	return made;
}

/* --- by hour, day, month ------------------------------------------------------------------------------------ */

static int
add_row(struct table *table, const char *label, const uint64_t v[SLOT_FIELDS], uint64_t most)
{
	char size[SIZE_TEXT], bar[BAR_TEXT];

	return table_add(table, label) | table_add(table, size_print(v[SLOT_TO_GUEST], size)) |
	       table_add(table, size_print(v[SLOT_FROM_GUEST], size)) |
	       table_add(table, size_print(v[SLOT_BILLED], size)) |
	       table_add(table, size_print(v[SLOT_UNCLASSIFIED], size)) |
	       table_add(table, most > 0 ? bar_print(v[SLOT_BILLED], most, ROW_CELLS, bar) : "");
}

static int
show_rows(const struct usage *u, FILE *to)
{
	static const char *const firsts[] = {
	    [BY_HOUR] = "HOUR", [BY_DAY] = "DAY", [BY_MONTH] = "PERIOD FROM"};
	struct table table = {.columns = 6, .right = 0x1e};
	uint64_t sum[SLOT_FIELDS] = {0}, most = 0;
	char label[WHEN_TEXT];
	int made = table_add(&table, firsts[u->by]) | table_add(&table, "TO GUEST") |
		   table_add(&table, "FROM GUEST") | table_add(&table, "BILLED") |
		   table_add(&table, "UNCLASSIFIED") | table_add(&table, "");

	for (size_t i = 0; i < u->rows.n; i++) {
		const uint64_t *v = u->rows.list[i].v;

		most = v[SLOT_BILLED] > most ? v[SLOT_BILLED] : most;
		for (int f = 0; f < SLOT_FIELDS; f++)
			sum[f] += v[f];
	}
	for (size_t i = 0; i < u->rows.n; i++)
		made |= add_row(&table, row_label(u, &u->rows.list[i], label), u->rows.list[i].v, most);
	made |= add_row(&table, "all", sum, 0);
	if (u->width > 0 && table_line(&table) > u->width)
		table_drop(&table, 5);
	if (sum[SLOT_UNCLASSIFIED] == 0 || (u->width > 0 && table_line(&table) > u->width))
		table_drop(&table, 4);
	if (made == 0)
		table_print(&table, to);
	table_free(&table);
	if (u->by != BY_MONTH)
		fprintf(to, "%ss of %s\n", by_word(u->by), u->zone_name);
	return made;
}

int
usage_show(const struct usage *u, FILE *to)
{
	int made = 0;

	if (u->by == BY_NOTHING)
		return show_all(u, to);
	if (u->with_bill) {
		put_summary(&u->bills[0], u->now, to);
		fputc('\n', to);
		made = show_classes(&u->bills[0], to);
		fputc('\n', to);
	}
	return show_rows(u, to) | made;
}
