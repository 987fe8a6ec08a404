/* `lodge usage` by lodge-acct's own count; see usage_acct.h. */
#include "cli/usage_acct.h"
#include "base/figure.h"
#include "base/sys.h"
#include "cli/acct.h"
#include "cli/cli.h"
#include "cli/program.h"

#include <stdlib.h>

enum { ANSWER_MS = 2000 };

static struct bill
bill_of(const struct guest *guest, int64_t now, const struct sum *sum)
{
	struct bill b = {.found = true, .day = guest->billing_day, .quota = guest->quota};

	snprintf(b.guest, sizeof(b.guest), "%s", guest->name);
	b.from = period_start(now, b.day);
	b.until = period_end(b.from, b.day);
	b.sum.v[REC_BILLED] = sum->billed;
	b.sum.v[REC_BYTES + TO_GUEST] = sum->to_guest;
	b.sum.v[REC_BYTES + FROM_GUEST] = sum->from_guest;
	return b;
}

static int
by_guest(const void *a, const void *b)
{
	return strcmp(((const struct bill *)a)->guest, ((const struct bill *)b)->guest);
}

static void
take_bills(const struct conf *conf, const char *name, const json_t *status, struct usage *u)
{
	struct sum sum;

	u->bills = calloc(conf->n_guests + 1, sizeof(*u->bills));
	for (size_t i = 0; u->bills && i < conf->n_guests; i++) {
		const struct guest *guest = &conf->guests[i];

		if ((!name || strcmp(guest->name, name) == 0) && acct_sum(status, guest, u->now, &sum))
			u->bills[u->n++] = bill_of(guest, u->now, &sum);
	}
	if (u->bills && u->n > 0)
		qsort(u->bills, u->n, sizeof(*u->bills), by_guest);
}

/* The shape of all, with null for what lodge-acct does not know of a period. */
static void
print_json(const struct usage *u, int64_t told_s)
{
	json_t *all = usage_json(u), *guest;
	size_t at;

	json_array_foreach (json_object_get(all, "guests"), at, guest) {
		for (int i = 0; i < RECORD_FIELDS; i++)
			if (i != REC_BILLED && i != REC_BYTES + TO_GUEST && i != REC_BYTES + FROM_GUEST)
				json_object_set_new(guest, record_name(i), json_null());
		json_object_set_new(guest, "ts", json_null());
	}
	json_object_set_new(all, "source", json_string("lodge-acct"));
	json_object_set_new(all, "redis_age_s", usage_json_known(told_s >= 0, (uint64_t)told_s));
	cli_json(EXIT_DONE, all);
}

static void
print_text(const struct usage *u, int64_t told_s)
{
	static const unsigned char less[] = {BILL_LEFT, BILL_QUOTA, BILL_FROM, BILL_TO};
	struct bill sum = bill_sum(u->bills, u->n);
	char period[2 * WHEN_TEXT], age[SPAN_TEXT];
	struct table table;
	int made = bill_table(&table, u->bills, u->n, 0);

	for (size_t column = BILL_COLUMNS; column-- > BILL_PROJECTED;)
		table_drop(&table, column);
	table_fit(&table, u->width, less, sizeof(less));
	if (made == 0)
		table_print(&table, stdout);
	table_free(&table);
	if (sum.until > 0)
		printf("%s by UTC\n", when_period(sum.from, sum.until, period));
	fputs("not the ledger: lodge-acct's own count of this moment; redis took ", stdout);
	if (told_s >= 0)
		printf("numbers last %s ago\n", span_print((uint64_t)told_s, age));
	else
		puts("none since lodge-acct began");
}

bool
usage_acct(const struct conf *conf, const struct asked *asked, bool json, struct usage *u)
{
	json_t *status;

	if (asked->by != BY_NOTHING || asked->month != -1 || asked->from != -1 || asked->to != -1)
		return false;
	usage_free(u);
	u->by = BY_NOTHING;
	status = program_ask(conf, "acct", "status", ANSWER_MS);
	take_bills(conf, asked->name, status, u);
	if (u->n > 0 && json)
		print_json(u, acct_told_s(status));
	else if (u->n > 0)
		print_text(u, acct_told_s(status));
	json_decref(status);
	return u->n > 0;
}
