/* `lodge status`: what the programs say of themselves and what the ledger holds, on one screen or as JSON. */
#include "base/ctl.h"
#include "base/sys.h"
#include "cli/cli.h"
#include "base/figure.h"
#include "base/table.h"
#include "ledger/ledger.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

enum {
	ANSWER_MS = 2000,
	STATUS_VERSION = 1,
	REASONS_MAX = 64, /* of refusals: more than the proxy knows */
	REASONS_SHOWN = 3,
};

struct money { /* of one guest, this billing period */
	bool known;
	struct record period;
};

/* What a program says of itself, or {"state": why it does not}. */
static json_t *
ask(char *path)
{
	json_t *answer = path ? ctl_ask(path, "status", ANSWER_MS) : NULL;

	if (!answer && (errno == ENOENT || errno == ECONNREFUSED))
		answer = json_pack("{s:s}", "state", "down");
	else if (!answer && errno == EACCES)
		answer = json_pack("{s:s}", "state", "no permission");
	else if (!answer)
		answer = json_pack("{s:s}", "state", strerror(errno));
	else if (!json_object_get(answer, "state"))
		json_object_set_new(answer, "state", json_string("up"));
	free(path);
	return answer;
}

static unsigned
ssh_port(const struct guest *guest)
{
	for (size_t i = 0; i < guest->n_forwards; i++) {
		const struct forward *f = &guest->forwards[i];

		if ((f->proto & PROTO_TCP) && f->to <= 22 && 22 - f->to <= f->hi - f->lo)
			return f->lo + 22u - f->to;
	}
	return 0;
}

static json_t *
money_json(const struct guest *guest, const struct money *money)
{
	json_t *json;

	if (!money->known)
		return json_null();
	json = json_pack("{s:I, s:I, s:I}", "billed", (json_int_t)money->period.v[REC_BILLED], "to_guest",
	    (json_int_t)money->period.v[REC_BYTES + TO_GUEST], "from_guest",
	    (json_int_t)money->period.v[REC_BYTES + FROM_GUEST]);
	if (guest->quota.then != QUOTA_NONE)
		json_object_set_new(json, "quota", json_integer((json_int_t)guest->quota.month_bytes));
	return json;
}

static json_t *
guest_json(const struct conf *conf, const struct guest *guest, const struct money *money)
{
	json_t *json = ask(conf_run_path(conf, "guest-%s.sock", guest->name)), *names = json_array();
	char address[IP_TEXT];

	for (size_t i = 0; i < guest->n_domains; i++) {
		json_array_append_new(names,
		    json_sprintf("%s%s", conf_domain_prefix(guest->domains[i].kind), guest->domains[i].name));
	}
	json_object_set_new(json, "name", json_string(guest->name));
	json_object_set_new(json, "address", json_string(ip_print(&guest->address, address)));
	json_object_set_new(json, "tap", json_string(guest->tap));
	json_object_set_new(json, "memory_bytes", json_integer((json_int_t)guest->memory_bytes));
	json_object_set_new(json, "ssh_port", json_integer(ssh_port(guest)));
	json_object_set_new(json, "domains", names);
	json_object_set_new(json, "period", money_json(guest, money));
	return json;
}

/* The ledger's numbers of every guest, and in words how it is. */
static json_t *
money_read(const struct conf *conf, struct money *money)
{
	char why[256] = "";
	struct ledger *ledger = ledger_open(conf, why, sizeof(why));
	int64_t now = (int64_t)time(NULL);
	bool good = ledger != NULL;

	for (size_t i = 0; good && i < conf->n_guests; i++) {
		const struct guest *guest = &conf->guests[i];

		good = ledger_period(ledger, guest->name, now, guest->billing_day, &money[i].period) != -1;
		money[i].known = good;
	}
	if (ledger && !good)
		snprintf(why, sizeof(why), "%s", ledger_why(ledger));
	ledger_close(ledger);
	return good ? json_pack("{s:s}", "state", "up")
		    : json_pack("{s:s, s:s}", "state", "down", "why", why);
}

static json_t *
collect(const struct conf *conf)
{
	static const char *const daemons[] = {"natd", "proxy", "acct", "web"};
	size_t n_daemons = ip_is_set(&conf->web.listen.ip) ? 4 : 3;
	struct money *money = calloc(conf->n_guests + 1, sizeof(*money));
	json_t *all = json_object(), *guests = json_array();

	if (!money || !all || !guests)
		return NULL;
	json_object_set_new(all, "version", json_integer(STATUS_VERSION));
	json_object_set_new(all, "redis", money_read(conf, money));
	for (size_t i = 0; i < conf->n_guests; i++)
		json_array_append_new(guests, guest_json(conf, &conf->guests[i], &money[i]));
	json_object_set_new(all, "guests", guests);
	for (size_t i = 0; i < n_daemons; i++)
		json_object_set_new(all, daemons[i], ask(conf_run_path(conf, "%s.sock", daemons[i])));
	free(money);
	return all;
}

static const char *
text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "-";
}

static void
month_text(const json_t *period, char *out, size_t room)
{
	json_int_t billed = json_integer_value(json_object_get(period, "billed"));
	json_int_t quota = json_integer_value(json_object_get(period, "quota"));
	char a[SIZE_TEXT], b[SIZE_TEXT];

	if (!json_is_object(period))
		snprintf(out, room, "?");
	else if (quota)
		snprintf(out, room, "%s, %u %% of %s", size_print((uint64_t)billed, a),
		    percent_of((uint64_t)billed, (uint64_t)quota), size_print((uint64_t)quota, b));
	else
		snprintf(out, room, "%s", size_print((uint64_t)billed, a));
}

static void
names_text(const json_t *domains, char *out, size_t room)
{
	size_t used = 0, i;
	const json_t *name;

	out[0] = '\0';
	json_array_foreach (domains, i, name) {
		if (used + strlen(json_string_value(name)) + 16 > room) {
			snprintf(out + used, room - used, " +%zu", json_array_size(domains) - i);
			return;
		}
		used +=
		    (size_t)snprintf(out + used, room - used, "%s%s", i ? " " : "", json_string_value(name));
	}
}

static void
add_guest_row(struct table *table, const json_t *guest)
{
	char text[96];
	int64_t now = (int64_t)time(NULL);
	int64_t since = json_integer_value(json_object_get(guest, "since"));
	json_int_t ssh = json_integer_value(json_object_get(guest, "ssh_port"));
	uint64_t memory = (uint64_t)json_integer_value(json_object_get(guest, "memory_bytes"));

	table_add(table, text_of(guest, "name"));
	table_add(table, text_of(guest, "state"));
	table_add(table, since ? span_print(since < now ? (uint64_t)(now - since) : 0, text) : "-");
	snprintf(text, sizeof(text), "%" PRIu64 "M", memory >> 20);
	table_add(table, text);
	table_add(table, text_of(guest, "address"));
	snprintf(text, sizeof(text), ssh ? "ssh -p %d" : "-", (int)ssh);
	table_add(table, text);
	month_text(json_object_get(guest, "period"), text, sizeof(text));
	table_add(table, text);
	names_text(json_object_get(guest, "domains"), text, 60);
	table_add(table, text);
}

struct reason {
	const char *name;
	json_int_t n;
};

static int
more_often(const void *a, const void *b)
{
	const struct reason *x = a, *y = b;

	return (x->n < y->n) - (x->n > y->n);
}

/* What was refused, and the most frequent reasons. */
static void
print_refused(json_t *refused)
{
	struct reason list[REASONS_MAX];
	const char *name;
	json_t *value;
	json_int_t all = 0;
	size_t n = 0;

	json_object_foreach (refused, name, value) {
		json_int_t count = json_integer_value(value);

		all += count;
		if (count && n < REASONS_MAX)
			list[n++] = (struct reason){name, count};
	}
	qsort(list, n, sizeof(list[0]), more_often);
	printf("%" JSON_INTEGER_FORMAT " refused", all);
	for (size_t i = 0; i < n && i < REASONS_SHOWN; i++)
		printf("%s%" JSON_INTEGER_FORMAT " %s", i ? ", " : " (", list[i].n, list[i].name);
	puts(n > REASONS_SHOWN ? ", …)" : n ? ")" : "");
}

static void
print_proxy(const json_t *proxy)
{
	json_t *open = json_object_get(proxy, "open");

	if (!open)
		return;
	printf("proxy: %" JSON_INTEGER_FORMAT " connections now, %" JSON_INTEGER_FORMAT " routed, ",
	    json_integer_value(open), json_integer_value(json_object_get(proxy, "routed")));
	print_refused(json_object_get(proxy, "refused"));
}

/* Guests whose traffic lodge-natd holds back. */
static void
print_curbs(const json_t *natd)
{
	const json_t *guest, *curb;
	char rate[SIZE_TEXT];
	size_t i;

	json_array_foreach (json_object_get(natd, "guests"), i, guest) {
		json_int_t bytes_s;
		const char *why;

		curb = json_object_get(guest, "curb");
		bytes_s = json_integer_value(json_object_get(curb, "bit_s")) / 8;
		why = strcmp(text_of(curb, "by"), "quota") == 0 ? ", its quota is used up" : "";
		if (bytes_s)
			printf("%s: throttled to %s/s each way%s\n", text_of(guest, "name"),
			    size_print((uint64_t)bytes_s, rate), why);
		else if (curb)
			printf("%s: cut off%s\n", text_of(guest, "name"), why);
	}
}

static void
print_screen(const json_t *all)
{
	static const char *const headings[] = {
	    "GUEST", "STATE", "FOR", "MEMORY", "ADDRESS", "SSH", "THIS PERIOD", "NAMES"};
	static const char *const parts[] = {"natd", "proxy", "acct", "redis", "web"};
	struct table table = {.columns = 8, .right = 1u << 3 | 1u << 6};
	const json_t *guest;
	size_t i;

	for (i = 0; i < table.columns; i++)
		table_add(&table, headings[i]);
	json_array_foreach (json_object_get(all, "guests"), i, guest)
		add_guest_row(&table, guest);
	table_print(&table, stdout);
	table_free(&table);
	for (i = 0; i < 5 && json_object_get(all, parts[i]); i++)
		printf("%s%s %s", i ? " · " : "", parts[i], text_of(json_object_get(all, parts[i]), "state"));
	putchar('\n');
	print_proxy(json_object_get(all, "proxy"));
	print_curbs(json_object_get(all, "natd"));
	json_array_foreach (json_object_get(all, "guests"), i, guest) {
		const char *why = json_string_value(json_object_get(guest, "why"));

		if (why && *why)
			printf("%s: %s\n", text_of(guest, "name"), why);
	}
}

/* Nobody at all answers: nothing runs. */
static bool
nothing_runs(const json_t *all)
{
	static const char *const daemons[] = {"natd", "proxy", "acct"};
	const json_t *guest;
	size_t i;

	for (i = 0; i < 3; i++)
		if (strcmp(text_of(json_object_get(all, daemons[i]), "state"), "down") != 0)
			return false;
	json_array_foreach (json_object_get(all, "guests"), i, guest)
		if (strcmp(text_of(guest, "state"), "down") != 0)
			return false;
	return true;
}

int
cmd_status(const char *file, int argc, char **argv)
{
	bool json = argc == 2 && (strcmp(argv[1], "-j") == 0 || strcmp(argv[1], "--json") == 0);
	struct conf conf;
	json_t *all;
	int status;

	if (argc > 1 && !json)
		return cli_fail(EXIT_INPUT, "status takes only -j, not «%s»", argv[1]);
	if (cli_load(file, &conf, &status) == -1)
		return status;
	all = collect(&conf);
	conf_free(&conf);
	if (!all)
		return cli_fail(EXIT_SYSTEM, "out of memory");
	if (json) {
		json_dumpf(all, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		print_screen(all);
	}
	status = nothing_runs(all) ? EXIT_NOT_RUNNING : EXIT_DONE;
	json_decref(all);
	if (status == EXIT_NOT_RUNNING)
		return cli_fail(status, "nothing runs; start lodge up");
	return status;
}
