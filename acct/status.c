/* What acct says of itself; see count.h. */
#include "acct/count.h"

#include <stdio.h>
#include <unistd.h>

const char *
billing_text(const struct billing *billing, uint8_t day, char *out, size_t room)
{
	static const char *const directions[] = {
	    [DIRECTION_BOTH] = "both",
	    [DIRECTION_TO_GUEST] = "to-guest",
	    [DIRECTION_FROM_GUEST] = "from-guest",
	    [DIRECTION_MAX] = "max",
	};

	snprintf(out, room, "%s %s %s day %u", billing->count == COUNT_WIRE ? "wire" : "tap",
	    billing->scope == SCOPE_WAN ? "wan" : "all", directions[billing->direction], day);
	return out;
}

static json_t *
redis_status(const struct count *count)
{
	static const char *const states[] = {
	    [WRITE_WAITING] = "waiting",
	    [WRITE_CONNECTING] = "connecting",
	    [WRITE_READY] = "ready",
	};
	const struct write_status *s = write_status(count->writer);
	json_int_t untold = 0;

	for (size_t i = 0; i < count->n_lines; i++)
		untold += count->lines[i].account->seq > count->lines[i].acked;
	return json_pack("{s:s, s:f, s:s, s:I, s:I, s:I, s:I, s:i, s:I, s:I}", "state", states[s->state],
	    "last_ack_age_s", s->acked_age_s, "error", s->error, "untold", untold, "acknowledged",
	    (json_int_t)s->done, "failed", (json_int_t)s->failed, "connects", (json_int_t)s->connects,
	    "nodes", (int)s->nodes, "moved", (json_int_t)s->moved, "nodes_full", (json_int_t)s->places_full);
}

static json_t *
journal_state(const struct count *count)
{
	const struct journal_status *s = journal_status(count->journal);
	const char *state = s->error[0] ? "in memory only" : s->damaged ? "began without a good one" : "good";

	return json_pack("{s:s, s:s, s:I, s:I, s:I}", "state", state, "error", s->error, "number",
	    (json_int_t)s->number, "written", (json_int_t)s->written, "failed", (json_int_t)s->failed);
}

static json_t *
capture_status(struct count *count)
{
	const struct tap_status *s = tap_status(count->tap);

	return json_pack("{s:I, s:I, s:I, s:b}", "packets", (json_int_t)s->packets, "ps_drop",
	    (json_int_t)s->dropped, "reopened", (json_int_t)s->reopened, "filter_full", s->whole);
}

static json_t *
trouble_status(const struct count *count)
{
	const struct count_trouble *t = &count->trouble;
	const struct link_status *l = link_status(count->link);

	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "counters_fell",
	    (json_int_t)t->fell, "redis_forgot", (json_int_t)t->forgot, "journal_behind",
	    (json_int_t)t->behind, "taken_from_redis", (json_int_t)t->taken, "accounts_full",
	    (json_int_t)t->full, "left_full", (json_int_t)t->left, "addresses_full", (json_int_t)t->addresses,
	    "ends_missed", (json_int_t)t->ends_missed, "strays", (json_int_t)t->strays, "unseen",
	    (json_int_t)t->unseen, "sums", (json_int_t)t->sums, "events_lost", (json_int_t)l->lost,
	    "dumps_failed", (json_int_t)l->failed);
}

static json_t *
quota_status(const struct line *line)
{
	static const char *const acts[] = {
	    [QUOTA_NONE] = "none", [QUOTA_WARN] = "none", [QUOTA_THROTTLE] = "throttle", [QUOTA_CUT] = "cut"};
	const struct period *period = &line->account->slots.period;
	const struct quota *quota = &line->guest->quota;
	const uint64_t used = account_used(line->account);
	const struct curb want = event_curb(line->guest, period, used);

	if (quota->then == QUOTA_NONE)
		return json_null();
	return json_pack("{s:I, s:I, s:i, s:s, s:b, s:b}", "month", (json_int_t)quota->month_bytes, "used",
	    (json_int_t)used, "told", period->told, "curb", acts[want.then], "in_force",
	    line->curb.then != QUOTA_NONE && !line->curb.lifted, "lifted", line->curb.lifted);
}

/* This period's: billed by all hosts, the rest by this one. */
static json_t *
period_status(const struct account *a)
{
	const struct period *period = &a->slots.period;

	return json_pack("{s:I, s:I, s:I, s:I}", "start", (json_int_t)period->start, "billed",
	    (json_int_t)account_used(a), "to_guest", (json_int_t)period->sum.v[REC_BYTES + TO_GUEST],
	    "from_guest", (json_int_t)period->sum.v[REC_BYTES + FROM_GUEST]);
}

static json_t *
natd_status(const struct count *count)
{
	const struct curbing *c = &count->curbing;

	return json_pack("{s:s, s:I, s:I}", "error", c->error, "ordered", (json_int_t)c->done, "failed",
	    (json_int_t)c->failed);
}

static json_t *
line_status(const struct line *line)
{
	const struct account *a = line->account;
	json_t *json = json_pack("{s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:I}", "tap", line->guest->tap,
	    "asking_redis", line->asking != 0, "ifindex", (json_int_t)line->ifindex, "seq",
	    (json_int_t)a->seq, "acked", (json_int_t)line->acked, "surplus",
	    (json_int_t)line->surplus + (json_int_t)line->tally.surplus, "kernel_packets",
	    (json_int_t)proof_counted(&line->proof), "seen_packets", (json_int_t)line->proof.seen);

	for (int i = 0; i < RECORD_FIELDS; i++)
		json_object_set_new(json, record_name(i), json_integer((json_int_t)a->total.v[i]));
	json_object_set_new(
	    json, "period_billed", json_integer((json_int_t)a->slots.period.sum.v[REC_BILLED]));
	json_object_set_new(json, "period", period_status(a));
	json_object_set_new(json, "quota", quota_status(line));
	return json;
}

json_t *
status_answer(void *arg, const char *word)
{
	struct count *count = arg;
	json_t *guests, *status;

	if (strcmp(word, "status") != 0)
		return NULL;
	guests = json_object();
	for (size_t i = 0; i < count->n_lines; i++)
		if (count->lines[i].guest)
			json_object_set_new(
			    guests, count->lines[i].account->name, line_status(&count->lines[i]));
	status = json_pack("{s:s, s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "name", "lodge-acct", "pid",
	    (int)getpid(), "host", count->conf->host, "redis", redis_status(count), "journal",
	    journal_state(count), "capture", capture_status(count), "trouble", trouble_status(count), "natd",
	    natd_status(count), "guests", guests);
	return status;
}
