/* One guest in words: `lodge status NAME`, `lodge guest status NAME`; see status.h. */
#include "base/figure.h"
#include "base/log.h"
#include "base/remedy.h"
#include "base/sys.h"
#include "cli/cli.h"
#include "cli/goal.h"
#include "cli/guest.h"
#include "cli/next.h"
#include "cli/status.h"
#include "cli/ways.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

enum { SHOWN = 512, BAR = 16 };

static long long
number_of(const json_t *status, const char *key)
{
	return (long long)json_integer_value(json_object_get(status, key));
}

/* The guest's kernel runs. */
static bool
runs(const json_t *status)
{
	return json_object_get(status, "guest_pid") != NULL;
}

/* A line of two columns; nothing of a text that is empty. What a tenant wrote is made harmless. */
static void __attribute__((format(printf, 3, 4))) line(FILE *to, const char *what, const char *format, ...)
{
	char text[SHOWN], shown[SHOWN];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_printable(text, shown, sizeof(shown));
	if (*shown)
		fprintf(to, "  %-9s %s\n", what, shown);
}

static void
put_head(const struct sight *sight, bool colours, FILE *to)
{
	const json_t *said = sight->said;
	const char *state = said ? guest_text(said, "state") : survey_state(sight->error);
	int64_t now = (int64_t)time(NULL), since = number_of(said, "since");
	char text[SPAN_TEXT], shown[ROOM_TEXT];

	fprintf(to, "%s: %s", sight->guest->name, glance_state(state, colours, shown));
	if (since)
		fprintf(to, " for %s", span_print(since < now ? (uint64_t)(now - since) : 0, text));
	fputc('\n', to);
	line(to, "why", "%s", guest_text(said, "why"));
}

/* "1.2 of 10 GiB" */
static const char *
of_text(uint64_t used, uint64_t whole, char out[SHOWN])
{
	char text[ROOM_TEXT];
	size_t slash;

	glance_room(true, used, whole, text);
	slash = strcspn(text, "/");
	snprintf(out, SHOWN, "%.*s of %.*s %ciB", (int)slash, text, (int)(strlen(text) - slash - 2),
	    text + slash + 1, text[strlen(text) - 1]);
	return out;
}

static void
put_room(const struct sight *sight, FILE *to)
{
	const struct guest *guest = sight->guest;
	char text[SHOWN];

	if (runs(sight->said))
		line(to, "kernel", "%s, uid %lld, process %lld on cpu %lld",
		    guest_text(sight->said, "kernel"), number_of(sight->said, "uid"),
		    number_of(sight->said, "guest_pid"), number_of(sight->said, "cpu"));
	if (sight->has_load)
		line(to, "memory", "%s used", of_text(sight->memory_used, guest->memory_bytes, text));
	else
		line(to, "memory", "%siB", glance_room(false, 0, guest->memory_bytes, text));
	if (sight->cpu_known)
		line(to, "cpu", "%u %% of one CPU", sight->cpu_percent);
	if (sight->disk_known)
		line(to, "disk", "%s used, %s", of_text(sight->disk_used, sight->disk_size, text),
		    guest->disk.image);
}

static void
put_curb(const json_t *curb, FILE *to)
{
	const char *by = strcmp(guest_text(curb, "by"), "quota") == 0 ? "its quota is used up" : "by hand";
	char rate[RATE_TEXT];

	if (curb && strcmp(guest_text(curb, "then"), "cut") == 0)
		line(to, "traffic", "cut off, %s", by);
	else if (curb)
		line(to, "traffic", "throttled to %s each way, %s",
		    rate_print((uint64_t)number_of(curb, "bit_s"), rate), by);
}

static void
put_month(const struct sight *sight, bool bars, FILE *to)
{
	const struct sum *sum = &sight->sum;
	const struct quota *quota = &sight->guest->quota;
	char billed[SIZE_TEXT], whole[SIZE_TEXT], a[SIZE_TEXT], b[SIZE_TEXT], bar[BAR_TEXT] = "",
									      age[SPAN_TEXT];
	uint64_t left = sum->billed < quota->month_bytes ? quota->month_bytes - sum->billed : 0;

	if (sum->source == SOURCE_NONE) {
		line(to, "billed", "not known now");
		return;
	}
	line(to, "billed", "%s this period, %s to it, %s from it", size_print(sum->billed, billed),
	    size_print(sum->to_guest, a), size_print(sum->from_guest, b));
	if (sum->source == SOURCE_KEPT && sum->age_s >= 0)
		line(to, "", "as of %s ago", span_print((uint64_t)sum->age_s, age));
	if (quota->then == QUOTA_NONE)
		return;
	if (bars)
		bar_print(sum->billed, quota->month_bytes, BAR, bar);
	line(to, "quota", "%s%s%u %% of %s, %s left", bar, bars ? " " : "",
	    percent_of(sum->billed, quota->month_bytes), size_print(quota->month_bytes, whole),
	    size_print(left, a));
}

static void
put_ways(const struct survey *s, const struct sight *sight, FILE *to)
{
	const struct guest *guest = sight->guest;
	char address[IP_TEXT], ssh[WAYS_TEXT], a[RATE_TEXT], b[RATE_TEXT];
	const struct counters *moved = &sight->rate.moved;

	line(to, "network", "%s on %s", ip_print(&guest->address, address), guest->tap);
	if (sight->rate.known)
		line(to, "now", "%s to it, %s from it",
		    rate_print(per_second(moved->bytes[TO_GUEST] * 8, s->seconds), a),
		    rate_print(per_second(moved->bytes[FROM_GUEST] * 8, s->seconds), b));
	put_curb(survey_curb(s, guest), to);
	line(to, "login", "%s", ways_ssh(s->conf, guest, ssh));
	for (size_t i = 0; i < guest->n_domains; i++)
		line(to, i == 0 ? "names" : "", "%s%s", conf_domain_prefix(guest->domains[i].kind),
		    guest->domains[i].name);
}

static void
put_life(const json_t *said, FILE *to)
{
	if (!said)
		return;
	if (runs(said)) {
		line(to, "limits", "%s", guest_text(said, "limits"));
		line(to, "answers", "its management console %s",
		    json_is_true(json_object_get(said, "console_answers")) ? "does" : "does not");
	}
	line(to, "starts", "%lld, of them %lld after a crash", number_of(said, "starts"),
	    number_of(said, "crashes"));
	line(to, "last end", "%s", guest_text(said, "last_end"));
}

void
status_one(const struct survey *s, const struct sight *sight, const struct glass *glass, FILE *to)
{
	put_head(sight, glass->colours, to);
	put_room(sight, to);
	put_ways(s, sight, to);
	put_month(sight, glass->bars, to);
	put_life(sight->said, to);
}

/* 0 while its kernel runs; else whose fault it is that it does not, or that it is at rest. */
int
status_one_exit(const struct survey *s, const struct sight *sight)
{
	const char *name = sight->guest->name;
	int fault = goal_fault(guest_text(sight->said, "fault"));
	char next[NEXT_TEXT];

	if (sight->said)
		return runs(sight->said) ? EXIT_DONE : fault ? fault : EXIT_NOT_RUNNING;
	if (ctl_is_down(sight->error))
		return cli_fail(EXIT_NOT_RUNNING, "nobody launches %s; %s", name,
		    next_guest(next_by_units(s->conf), name, next));
	if (remedy_is_right(sight->error))
		return cli_fail(
		    EXIT_PERMISSION, "%s/guest-%s.sock: not yours to ask; try as root", s->conf->run, name);
	return cli_fail(EXIT_SYSTEM, "%s/guest-%s.sock: %s; the log of its launcher may say why",
	    s->conf->run, name, survey_state(sight->error));
}
