/* What is written, what is asked, and what the answers say; see write.h. */
#include "ledger/connect.h"

#include <inttypes.h>
#include <stdlib.h>

struct call {
	struct writer *writer;
	void *guest;
	uint64_t seq;
};

static void
on_written(redisAsyncContext *redis, void *answer, void *arg)
{
	struct call *call = arg;
	struct writer *w = call->writer;
	redisReply *reply = answer;
	uint64_t held;
	bool done = reply && reply->type == REDIS_REPLY_STRING &&
		    number_parse(span_of(reply->str, (size_t)reply->len), &held) == 0;

	(void)redis;
	connection_answered(w);
	if (reply && reply->type == REDIS_REPLY_ERROR) {
		connection_trouble(w, "%s", reply->str);
		if (strncmp(reply->str, "NOSCRIPT", 8) == 0)
			w->script_lost = true;
	}
	if (done) {
		w->script_lost = false;
		w->status.done++;
		w->status.acked_at = ev_now(w->loop);
		w->status.error[0] = '\0';
	} else {
		w->status.failed++;
	}
	if (!w->closing && done)
		w->calls.on_done(w->arg, call->guest, call->seq, held);
	else if (!w->closing)
		w->calls.on_failed(w->arg, call->guest);
	free(call);
}

static void
put_record(struct command *c, const char *suffix, const struct record *record)
{
	command_text(c, "r");
	command_text(c, suffix);
	for (int i = 0; i < RECORD_FIELDS; i++)
		command_number(c, record->v[i]);
}

static void
put_slot(struct command *c, const struct written_slot *slot)
{
	char text[KEY_SUFFIX];

	command_text(c, "s");
	command_text(c, key_slot(slot->kind, slot->start, text));
	command_text(c, key_slot_field(slot->kind, slot->start, text));
	command_number(c, (uint64_t)key_slot_expire(slot->kind));
	for (int i = 0; i < SLOT_FIELDS; i++)
		command_number(c, slot->v[i]);
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
put_update(struct command *c, const struct writer *w, const struct update *u)
{
	bool named = w->sha[0] && !w->script_lost;
	char text[KEY_TEXT];

	command_text(c, named ? "EVALSHA" : "EVAL");
	command_text(c, named ? w->sha : ledger_script);
	command_number(c, 1);
	command_text(c, key_of(NULL, u->guest, "cur", text));
	command_text(c, w->host);
	command_text(c, u->guest);
	command_number(c, u->seq);
	command_number(c, u->base);
	command_number(c, (uint64_t)u->cur->ts);
	command_text(c, u->life);
	command_number(c, RECORD_FIELDS);
	for (int i = 0; i < RECORD_FIELDS; i++)
		command_text(c, record_name(i));
	put_record(c, "cur", u->cur);
	for (size_t i = 0; i < u->n_periods; i++)
		put_record(c, key_period(u->periods[i].start, text), u->periods[i].sum);
	for (size_t i = 0; i < u->n_slots; i++)
		put_slot(c, &u->slots[i]);
}

int
write_guest(struct writer *w, const struct update *u, void *guest)
{
	struct command c;
	struct call *call;

	if (w->status.state != WRITE_READY)
		return -1;
	call = malloc(sizeof(*call));
	if (!call || command_open(&c) == -1) {
		free(call);
		return -1;
	}
	put_update(&c, w, u);
	*call = (struct call){w, guest, u->seq};
	if (connection_send(w, &c, on_written, call) == -1) {
		free(call);
		return -1;
	}
	return 0;
}

/* The answers of a question come in order; the last one is told. */
struct question {
	struct writer *writer;
	void *guest;
	struct held held;
	unsigned asked, answers;
	bool lost, nonsense;
};

enum { ANSWER_CUR, ANSWER_PERIOD, ANSWER_SLOTS, ANSWERS = ANSWER_SLOTS + SLOT_KINDS };

static struct span
reply_text(const redisReply *reply)
{
	return reply->type == REDIS_REPLY_STRING ? span_of(reply->str, (size_t)reply->len) : span_of("", 0);
}

static int
take_field(struct held *held, struct record *record, struct span name, struct span text)
{
	if (span_is(name, "seq"))
		return number_parse(text, &held->seq);
	if (span_is(name, "life") && text.len < sizeof(held->life)) {
		memcpy(held->life, text.ptr, text.len);
		return 0;
	}
	return record_take(record, name, text) == -1 ? -1 : 0;
}

static int
take_answer(struct question *q, const redisReply *reply)
{
	struct record *record = q->answers == ANSWER_CUR ? &q->held.total : &q->held.period;

	if (reply->type == REDIS_REPLY_ERROR)
		return -1;
	if (q->answers >= ANSWER_SLOTS)
		return reply->type == REDIS_REPLY_NIL
			   ? 0
			   : slot_parse(reply_text(reply), q->held.slots[q->answers - ANSWER_SLOTS]);
	for (size_t i = 0; i + 1 < reply->elements; i += 2)
		if (take_field(&q->held, record, reply_text(reply->element[i]),
			reply_text(reply->element[i + 1])) == -1)
			return -1;
	return 0;
}

static void
on_answer(redisAsyncContext *redis, void *answer, void *arg)
{
	struct question *q = arg;
	struct writer *w = q->writer;

	(void)redis;
	connection_answered(w);
	if (!answer)
		q->lost = true;
	else if (take_answer(q, answer) == -1)
		q->nonsense = true;
	if (++q->answers < q->asked)
		return;
	if (!w->closing && (q->lost || q->asked < ANSWERS))
		w->calls.on_failed(w->arg, q->guest);
	else if (!w->closing)
		w->calls.on_held(w->arg, q->guest, q->nonsense ? NULL : &q->held);
	free(q);
}

static int
ask_one(struct question *q, const char *word, const char *name, const char *suffix, const char *field)
{
	struct command c;
	char key[KEY_TEXT];

	if (command_open(&c) == -1)
		return -1;
	command_text(&c, word);
	command_text(&c, key_of(q->writer->host, name, suffix, key));
	if (field)
		command_text(&c, field);
	if (connection_send(q->writer, &c, on_answer, q) == -1)
		return -1;
	q->asked++;
	return 0;
}

int
write_ask(struct writer *w, const char *name, int64_t now, uint8_t day, void *guest)
{
	struct question *q;
	char suffix[KEY_SUFFIX], field[KEY_SUFFIX];

	if (w->status.state != WRITE_READY)
		return -1;
	q = calloc(1, sizeof(*q));
	if (!q)
		return -1;
	*q = (struct question){.writer = w, .guest = guest, .held.now = now};
	if (ask_one(q, "HGETALL", name, "cur", NULL) == -1) {
		free(q);
		return -1;
	}
	/* From here on the answers free it: what cannot be asked makes them a failure. */
	if (ask_one(q, "HGETALL", name, key_period(period_start(now, day), suffix), NULL) == -1)
		return 0;
	for (int kind = 0; kind < SLOT_KINDS; kind++)
		if (ask_one(q, "HGET", name, key_slot(kind, slot_start(kind, now), suffix),
			key_slot_field(kind, slot_start(kind, now), field)) == -1)
			break;
	return 0;
}

static void
on_meta(redisAsyncContext *redis, void *answer, void *arg)
{
	struct writer *w = arg;
	redisReply *reply = answer;

	(void)redis;
	connection_answered(w);
	if (reply && reply->type == REDIS_REPLY_ERROR)
		connection_trouble(w, "%s", reply->str);
}

int
write_meta(struct writer *w, const struct update_meta *m)
{
	char text[KEY_TEXT];
	const char *const set[] = {"HSET", key_of(NULL, m->guest, "meta", text), "host", w->host, "tap",
	    m->tap, "address", m->address, "address6", m->address6, "billing", m->billing, "quota", m->quota};
	const char *const add[] = {"SADD", KEY_GUESTS, m->guest};
	struct command c;

	if (w->status.state != WRITE_READY || command_open(&c) == -1)
		return -1;
	for (size_t i = 0; i < sizeof(set) / sizeof(*set); i++)
		command_text(&c, set[i]);
	if (connection_send(w, &c, on_meta, w) == -1 || command_open(&c) == -1)
		return -1;
	for (size_t i = 0; i < sizeof(add) / sizeof(*add); i++)
		command_text(&c, add[i]);
	return connection_send(w, &c, on_meta, w);
}
