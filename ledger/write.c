/* What is written, and what the answers say; see write.h. */
#include "ledger/connect.h"
#include "ledger/reply.h"

#include <inttypes.h>
#include <stdlib.h>

struct call {
	void *guest;
	uint64_t seq;
	int64_t period; /* the last one written, of which the answer tells what others have; -1: none */
};

/* The sequence held, and the others' three numbers. */
static int
take_answer(const redisReply *reply, const struct call *call, uint64_t *held, struct elsewhere *out)
{
	return reply ? answer_parse(reply_text(reply), call->period, held, out) : -1;
}

/*
 * A write to a slot that is on its way between two nodes is not sent after its ASK: half of the guest's keys are still
 * here and half there, and a sum over what only one of them holds is wrong. It waits until the slot has arrived.
 */
static void
on_written(redisAsyncContext *redis, void *answer, void *arg)
{
	struct connection *c = redis->data;
	struct writer *w = c->writer;
	struct call *call = arg;
	redisReply *reply = answer;
	struct elsewhere elsewhere;
	uint64_t held;
	bool done = take_answer(reply, call, &held, &elsewhere) == 0;

	connection_answered(c);
	if (reply && reply->type == REDIS_REPLY_ERROR)
		cluster_refused(c, reply);
	if (done) {
		c->script_lost = false;
		w->status.done++;
		cluster_well(w);
	} else {
		w->status.failed++;
	}
	if (!w->closing && done)
		w->calls.on_done(w->arg, call->guest, call->seq, held, &elsewhere);
	else if (!w->closing)
		w->calls.on_failed(w->arg, call->guest);
	free(call);
}

/* Those that the answer says of other hosts are, always. */
static bool
is_told(const struct update *u, int field)
{
	bool answered =
	    field == REC_BILLED || field == REC_BILLABLE + TO_GUEST || field == REC_BILLABLE + FROM_GUEST;

	return answered || (u->fields >> field & 1) != 0;
}

static void
put_record(struct command *c, const struct update *u, const char *suffix, const struct record *record)
{
	command_text(c, "r");
	command_text(c, suffix);
	for (int i = 0; i < RECORD_FIELDS; i++)
		if (is_told(u, i))
			command_number(c, record->v[i]);
}

static void
put_names(struct command *c, const struct update *u)
{
	uint64_t n = 0;

	for (int i = 0; i < RECORD_FIELDS; i++)
		n += is_told(u, i);
	command_number(c, n);
	for (int i = 0; i < RECORD_FIELDS; i++)
		if (is_told(u, i))
			command_text(c, record_name(i));
}

static const struct slot_name *
slot_name(struct writer *w, enum slot_kind kind, int64_t start)
{
	struct slot_name *name = &w->named[kind];

	if (name->start != start || !name->suffix[0]) {
		name->start = start;
		key_slot(kind, start, name->suffix);
		key_slot_field(kind, start, name->field);
	}
	return name;
}

static void
put_slot(struct writer *w, struct command *c, const struct written_slot *slot)
{
	const struct slot_name *name = slot_name(w, slot->kind, slot->start);
	char text[KEY_SUFFIX];

	command_text(c, "s");
	command_text(c, name->suffix);
	command_text(c, name->field);
	command_number(c, (uint64_t)key_slot_expire(slot->kind));
	command_row(c, slot->v, SLOT_FIELDS);
	if (slot->log_seq == 0)
		return;
	command_text(c, "l");
	command_number(c, slot->log_seq);
	snprintf(text, sizeof(text), "%" PRId64, slot->start);
	command_text(c, text);
	for (int i = 0; i < SLOT_FIELDS; i++)
		command_number(c, slot->v[i]);
}

static void
put_event(struct command *c, const struct written_event *e)
{
	char suffix[KEY_SUFFIX], once[64];

	snprintf(once, sizeof(once), "told:%u:%" PRIu64, e->percent, e->quota);
	command_text(c, "e");
	command_number(c, e->seq);
	command_text(c, key_period(e->period, suffix));
	command_text(c, once);
	command_number(c, 14);
	command_text(c, "event");
	command_text(c, "quota");
	command_text(c, "percent");
	command_number(c, e->percent);
	command_text(c, "quota");
	command_number(c, e->quota);
	command_text(c, "billed");
	command_number(c, e->billed);
	command_text(c, "then");
	command_text(c, e->then);
	command_text(c, "period");
	command_number(c, (uint64_t)e->period);
	command_text(c, "at");
	command_number(c, (uint64_t)e->at);
}

/* The log takes only ids that grow, so hours and events go in the order of theirs. */
static void
put_slots(struct writer *w, struct command *c, const struct update *u)
{
	size_t event = 0;

	for (size_t i = 0; i < u->n_slots; i++) {
		while (u->slots[i].log_seq != 0 && event < u->n_events &&
		       u->events[event].seq < u->slots[i].log_seq)
			put_event(c, &u->events[event++]);
		put_slot(w, c, &u->slots[i]);
	}
	while (event < u->n_events)
		put_event(c, &u->events[event++]);
}

static void
put_update(struct command *c, const struct connection *to, const char *key, const struct update *u)
{
	bool named = to->sha[0] && !to->script_lost;
	char text[KEY_TEXT];

	command_text(c, named ? "EVALSHA" : "EVAL");
	command_text(c, named ? to->sha : ledger_script);
	command_number(c, 1);
	command_text(c, key);
	command_text(c, to->writer->host);
	command_text(c, u->guest);
	command_number(c, u->seq);
	command_number(c, u->base);
	command_number(c, (uint64_t)u->cur->ts);
	command_text(c, u->life);
	put_names(c, u);
	put_record(c, u, "cur", u->cur);
	for (size_t i = 0; i < u->n_periods; i++)
		put_record(c, u, key_period(u->periods[i].start, text), u->periods[i].sum);
	put_slots(to->writer, c, u);
}

int
write_guest(struct writer *w, const struct update *u, void *guest)
{
	char key[KEY_TEXT];
	struct connection *to = cluster_connection(w, key_of(NULL, u->guest, "cur", key));
	struct command c;
	struct call *call;

	if (!to)
		return -1;
	call = malloc(sizeof(*call));
	if (!call || command_open(&c) == -1) {
		free(call);
		return -1;
	}
	put_update(&c, to, key, u);
	*call = (struct call){guest, u->seq, u->n_periods > 0 ? u->periods[u->n_periods - 1].start : -1};
	if (connection_send(to, &c, on_written, call) == -1) {
		free(call);
		return -1;
	}
	return 0;
}

static void
on_meta(redisAsyncContext *redis, void *answer, void *guest)
{
	struct connection *c = redis->data;
	struct writer *w = c->writer;
	redisReply *reply = answer;

	connection_answered(c);
	if (reply && reply->type == REDIS_REPLY_ERROR)
		cluster_refused(c, reply);
	if (!w->closing && (!reply || reply->type == REDIS_REPLY_ERROR))
		w->calls.on_meta_failed(w->arg, guest);
}

/* words[1] is the key. */
static int
meta_send(struct writer *w, const char *const *words, size_t n, void *guest)
{
	struct connection *to = cluster_connection(w, words[1]);
	struct command c;

	if (!to || command_open(&c) == -1)
		return -1;
	for (size_t i = 0; i < n; i++)
		command_text(&c, words[i]);
	return connection_send(to, &c, on_meta, guest);
}

int
write_meta(struct writer *w, const struct update_meta *m, void *guest)
{
	char text[KEY_TEXT];
	const char *const set[] = {"HSET", key_of(NULL, m->guest, "meta", text), "host", w->host, "tap",
	    m->tap, "address", m->address, "address6", m->address6, "billing", m->billing, "quota", m->quota};
	const char *const add[] = {"SADD", KEY_GUESTS, m->guest};

	if (meta_send(w, set, sizeof(set) / sizeof(*set), guest) == -1)
		return -1;
	return meta_send(w, add, sizeof(add) / sizeof(*add), guest);
}
