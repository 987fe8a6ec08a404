/* All guests, a line each, and what is to be said beside; see status.h. */
#include "base/figure.h"
#include "base/log.h"
#include "base/colour.h"
#include "base/remedy.h"
#include "cli/guest.h"
#include "cli/status.h"
#include "conf/draft.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

enum {
	REASONS_MAX = 64, /* of refusals: more than the proxy knows */
	REASONS_SHOWN = 3,
	SHOWN = 512,
};

/* --- the table --------------------------------------------------------------------------------------------- */

static void
names_text(const struct guest *guest, char *out, size_t room)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < guest->n_domains; i++) {
		const struct domain *d = &guest->domains[i];

		if (used + strlen(d->name) + 16 > room) {
			snprintf(out + used, room - used, "%s+%zu", i ? " " : "", guest->n_domains - i);
			return;
		}
		used += (size_t)snprintf(
		    out + used, room - used, "%s%s%s", i ? " " : "", conf_domain_prefix(d->kind), d->name);
	}
}

static void
glance_of(const struct survey *s, const struct sight *sight, struct glance *out)
{
	const struct guest *guest = sight->guest;
	const struct counters *moved = &sight->rate.moved;
	int64_t now = (int64_t)time(NULL);
	int64_t since = json_integer_value(json_object_get(sight->said, "since"));

	*out = (struct glance){
	    .name = guest->name,
	    .state = sight->said		     ? guest_text(sight->said, "state")
		     : remedy_is_right(sight->error) ? "?"
						     : survey_state(sight->error),
	    .since_known = since > 0,
	    .for_s = since < now ? (uint64_t)(now - since) : 0,
	    .memory_known = sight->has_load,
	    .memory_used = sight->memory_used,
	    .memory = guest->memory_bytes,
	    .cpu_known = sight->cpu_known,
	    .cpu_percent = sight->cpu_percent,
	    .disk_known = sight->disk_known,
	    .disk_used = sight->disk_used,
	    .disk_size = sight->disk_size,
	    .rate_known = sight->rate.known,
	    .to_bit_s = per_second(moved->bytes[TO_GUEST] * 8, s->seconds),
	    .from_bit_s = per_second(moved->bytes[FROM_GUEST] * 8, s->seconds),
	    .billed_known = sight->sum.source != SOURCE_NONE,
	    .billed = sight->sum.billed,
	    .quota = guest->quota.then == QUOTA_NONE ? 0 : guest->quota.month_bytes,
	    .ssh_port = draft_ssh_port(guest),
	};
	ip_print(&guest->address, out->address);
	names_text(guest, out->names, sizeof(out->names));
}

static int
put_table(const struct survey *s, const struct glass *glass, FILE *to)
{
	size_t n = s->end - s->first;
	struct glance *list = calloc(n + 1, sizeof(*list));
	struct table table = {0};
	int made = list ? 0 : -1;

	for (size_t i = 0; made == 0 && i < n; i++)
		glance_of(s, &s->sights[s->first + i], &list[i]);
	if (made == 0)
		made = glance_table(&table, list, n, glass);
	if (made == 0)
		table_print(&table, to);
	table_free(&table);
	free(list);
	return made;
}

/* --- what is to be said beside ----------------------------------------------------------------------------- */

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
put_refused(json_t *refused, FILE *to)
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
	fprintf(to, "%" JSON_INTEGER_FORMAT " refused", all);
	for (size_t i = 0; i < n && i < REASONS_SHOWN; i++)
		fprintf(to, "%s%" JSON_INTEGER_FORMAT " %s", i ? ", " : " (", list[i].n, list[i].name);
	fputs(n > REASONS_SHOWN ? ", …)\n" : n ? ")\n" : "\n", to);
}

static void
put_proxy(const json_t *proxy, FILE *to)
{
	json_t *open = json_object_get(proxy, "open");

	if (!open)
		return;
	fprintf(to, "proxy: %" JSON_INTEGER_FORMAT " connections now, %" JSON_INTEGER_FORMAT " routed, ",
	    json_integer_value(open), json_integer_value(json_object_get(proxy, "routed")));
	put_refused(json_object_get(proxy, "refused"), to);
}

/* Whose traffic lodge-natd holds back, and who is not well, and why. */
static void
put_guest(const struct survey *s, const struct sight *sight, FILE *to)
{
	const json_t *curb = survey_curb(s, sight->guest);
	json_int_t bytes_s = json_integer_value(json_object_get(curb, "bit_s")) / 8;
	const char *by = strcmp(guest_text(curb, "by"), "quota") == 0 ? ", its quota is used up" : "";
	char text[SHOWN];

	if (bytes_s)
		fprintf(to, "%s: throttled to %s/s each way%s\n", sight->guest->name,
		    size_print((uint64_t)bytes_s, text), by);
	else if (curb)
		fprintf(to, "%s: cut off%s\n", sight->guest->name, by);
	log_printable(guest_text(sight->said, "why"), text, sizeof(text));
	if (*text)
		fprintf(to, "%s: %s\n", sight->guest->name, text);
}

/* Whose word the bill is, where it is not Redis's of now. */
static void
put_bill(const struct survey *s, FILE *to)
{
	const struct sum *sum = NULL;
	bool acct = json_object_get(s->parts[PART_ACCT], "guests") != NULL;
	char age[SPAN_TEXT];

	for (size_t i = s->first; i < s->end && !sum; i++)
		if (s->sights[i].sum.source != SOURCE_NONE)
			sum = &s->sights[i].sum;
	if (s->look.ledger && s->look.n_refused)
		fprintf(to, "%s%s\n", s->look.refused, s->look.n_refused > 1 ? "; and others" : "");
	if (!s->look.ledger && !survey_redis_forbidden(s))
		fprintf(to, "%s\n", s->look.why);
	if (!sum && !survey_redis_forbidden(s) && s->first < s->end)
		fputs("billed: not known now, for neither redis nor lodge-acct answers\n", to);
	else if (sum && sum->source == SOURCE_ACCT)
		fprintf(to, "billed: by lodge-acct's own count, which redis will have when it answers\n");
	else if (sum && sum->source == SOURCE_KEPT)
		fprintf(to, "billed: as it was %s ago\n", span_print((uint64_t)sum->age_s, age));
	else if (sum && !acct && sum->age_s >= 0)
		fprintf(to,
		    "billed: as lodge-acct left it %s ago; it counts what moved since when it is back\n",
		    span_print((uint64_t)sum->age_s, age));
	else if (sum && sum->age_s > 5)
		fprintf(to, "billed: as of %s ago, lodge-acct has not told redis since\n",
		    span_print((uint64_t)sum->age_s, age));
}

static void
put_forbidden(const struct survey *s, FILE *to)
{
	static const char *const names[PARTS] = {"lodge-natd", "lodge-proxy", "lodge-acct", "lodge-web"};
	const char *before = "not yours to ask: ";
	bool guests = false;

	for (int i = 0; i < PARTS; i++) {
		if (!s->forbidden[i])
			continue;
		fprintf(to, "%s%s", before, names[i]);
		before = ", ";
	}
	for (size_t i = s->first; i < s->end; i++)
		guests |= !s->sights[i].said && remedy_is_right(s->sights[i].error);
	if (guests) {
		fprintf(to, "%sthe guests' launchers", before);
		before = ", ";
	}
	if (survey_redis_forbidden(s)) {
		fprintf(to, "%sredis", before);
		before = ", ";
	}
	if (*before == ',')
		fputs("; try as root\n", to);
}

static void
put_parts(const struct survey *s, bool colours, FILE *to)
{
	static const struct {
		const char *name;
		enum part part;
	} parts[] = {{"proxy", PART_PROXY}, {"natd", PART_NATD}, {"acct", PART_ACCT}, {"redis", PARTS},
	    {"web", PART_WEB}};
	char text[ROOM_TEXT];

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		bool redis = parts[i].part == PARTS;
		const char *state;

		if (!redis && !s->parts[parts[i].part])
			continue;
		state = redis ? survey_redis(s) : guest_text(s->parts[parts[i].part], "state");
		fprintf(to, "%s%s %s", i ? " · " : "", parts[i].name, glance_state(state, colours, text));
	}
	fputc('\n', to);
}

/* What does not fit on a screen of so many rows goes, last lines first. How many lines are left. */
static size_t
cut_to(char *text, size_t rows)
{
	char *at = text;
	size_t n = 0;

	while (n < rows && (at = strchr(at, '\n'))) {
		at++;
		n++;
	}
	if (at)
		*at = '\0';
	return n;
}

int
status_all(const struct survey *s, const struct glass *glass, FILE *to)
{
	struct glass room = *glass;
	char *beside = NULL;
	size_t len, rows;
	FILE *out = open_memstream(&beside, &len);
	int made = out ? 0 : -1;

	for (size_t i = s->first; out && i < s->end; i++)
		put_guest(s, &s->sights[i], out);
	if (out) {
		if (s->look.ledger || !survey_nothing(s))
			put_bill(s, out);
		put_forbidden(s, out);
		put_proxy(s->parts[PART_PROXY], out);
		made = fclose(out) == 0 && beside ? 0 : -1;
	}
	if (made == 0 && glass->rows > 0) {
		rows = cut_to(beside, glass->rows / 2);
		room.rows = glass->rows > rows + 1 ? glass->rows - rows - 1 : 1;
	}
	if (made == 0)
		made = put_table(s, &room, to);
	if (made == 0) {
		fputs(beside, to);
		put_parts(s, glass->colours, to);
	}
	free(beside);
	return made;
}
