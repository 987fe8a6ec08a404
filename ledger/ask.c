/*
 * What the writer asks: where this host itself stands with a guest; see write.h.
 *
 * Six questions, each of one key. Where a node does not serve the key, the one that does is asked.
 */
#include "ledger/connect.h"
#include "ledger/reply.h"

#include <stdlib.h>

enum { ASK_CUR, ASK_PERIOD, ASK_SUM, ASK_SLOTS, ASKS = ASK_SLOTS + SLOT_KINDS };

struct question;

struct part {
	struct question *whole;
	unsigned hops;
};

struct question {
	struct writer *writer;
	void *guest;
	char name[KEY_TEXT];
	uint8_t day;
	struct held held;
	struct record sum; /* of the period, over all hosts */
	struct part parts[ASKS];
	unsigned pending;
	bool lost, nonsense, no_sum;
};

static void on_answer(redisAsyncContext *, void *answer, void *part);

/* --- one part ---------------------------------------------------------------------------------------- */

/* The key of a part, and its field or NULL. */
static const char *
part_key(const struct part *part, char key[KEY_TEXT], char field[KEY_SUFFIX])
{
	const struct question *q = part->whole;
	size_t i = (size_t)(part - q->parts);
	char suffix[KEY_SUFFIX] = "cur";

	field[0] = '\0';
	if (i == ASK_PERIOD || i == ASK_SUM)
		key_period(period_start(q->held.now, q->day), suffix);
	if (i >= ASK_SLOTS) {
		enum slot_kind kind = (enum slot_kind)(i - ASK_SLOTS);
		int64_t start = slot_start(kind, q->held.now);

		key_slot(kind, start, suffix);
		key_slot_field(kind, start, field);
	}
	return key_of(i == ASK_SUM ? NULL : q->writer->host, q->name, suffix, key);
}

static void
on_asking(redisAsyncContext *redis, void *answer, void *arg)
{
	(void)answer, (void)arg;
	connection_answered(redis->data);
}

static int
send_asking(struct connection *to)
{
	struct command c;

	if (command_open(&c) == -1)
		return -1;
	command_text(&c, "ASKING");
	return connection_send(to, &c, on_asking, NULL);
}

/* to NULL: to whom the key is known to belong. */
static int
part_send(struct part *part, struct connection *to)
{
	char key[KEY_TEXT], field[KEY_SUFFIX];
	bool asking = to != NULL;
	struct command c;

	part_key(part, key, field);
	if (!to)
		to = cluster_connection(part->whole->writer, key);
	if (!to || (asking && send_asking(to) == -1) || command_open(&c) == -1)
		return -1;
	command_text(&c, field[0] ? "HGET" : "HGETALL");
	command_text(&c, key);
	if (field[0])
		command_text(&c, field);
	if (connection_send(to, &c, on_answer, part) == -1)
		return -1;
	part->whole->pending++;
	return 0;
}

/* --- answers ----------------------------------------------------------------------------------------- */

static int
take_field(struct held *held, struct record *record, struct span name, struct span text)
{
	if (record != &held->total)
		return record_take(record, name, text) == -1 ? -1 : 0;
	if (span_is(name, "seq"))
		return number_parse(text, &held->seq);
	if (span_is(name, "life") && text.len < sizeof(held->life)) {
		memcpy(held->life, text.ptr, text.len);
		return 0;
	}
	return record_take(record, name, text) == -1 ? -1 : 0;
}

static int
take_answer(struct question *q, size_t i, const redisReply *reply)
{
	struct held *held = &q->held;
	struct record *const records[] = {
	    [ASK_CUR] = &held->total, [ASK_PERIOD] = &held->period, [ASK_SUM] = &q->sum};

	if (i >= ASK_SLOTS)
		return reply->type == REDIS_REPLY_NIL
			   ? 0
			   : slot_parse(reply_text(reply), held->slots[i - ASK_SLOTS]);
	for (size_t k = 0; k + 1 < reply->elements; k += 2) {
		if (take_field(held, records[i], reply_text(reply->element[k]),
			reply_text(reply->element[k + 1])) == 0)
			continue;
		q->no_sum |= i == ASK_SUM; /* other hosts write there, too: what they have is not known */
		return i == ASK_SUM ? 0 : -1;
	}
	return 0;
}

/* Asked again elsewhere, or not to be had now, or not at all. */
static void
part_refused(struct part *part, struct connection *c, const redisReply *reply)
{
	struct refusal refusal = cluster_refused(c, reply);
	struct question *q = part->whole;
	struct connection *to = refusal.kind == REFUSED_ASK ? cluster_asked(c, &refusal) : NULL;

	if (refusal.kind == REFUSED)
		q->nonsense = true;
	else if (q->writer->closing || part->hops++ == HOPS_MAX || (refusal.kind == REFUSED_ASK && !to) ||
		 refusal.kind == REFUSED_LATER || part_send(part, to) == -1)
		q->lost = true;
}

static void
question_end(struct question *q)
{
	struct writer *w = q->writer;

	q->held.elsewhere =
	    record_elsewhere(q->no_sum ? -1 : period_start(q->held.now, q->day), &q->sum, &q->held.period);
	if (!w->closing && q->lost)
		w->calls.on_failed(w->arg, q->guest);
	else if (!w->closing)
		w->calls.on_held(w->arg, q->guest, q->nonsense ? NULL : &q->held);
	free(q);
}

static void
on_answer(redisAsyncContext *redis, void *answer, void *arg)
{
	struct part *part = arg;
	struct question *q = part->whole;
	redisReply *reply = answer;

	connection_answered(redis->data);
	if (!reply)
		q->lost = true;
	else if (reply->type == REDIS_REPLY_ERROR)
		part_refused(part, redis->data, reply);
	else if (take_answer(q, (size_t)(part - q->parts), reply) == -1)
		q->nonsense = true;
	if (--q->pending == 0)
		question_end(q);
}

int
write_ask(struct writer *w, const char *name, int64_t now, uint8_t day, void *guest)
{
	struct question *q = calloc(1, sizeof(*q));

	if (!q)
		return -1;
	*q = (struct question){.writer = w, .guest = guest, .day = day, .held.now = now};
	strncpy(q->name, name, sizeof(q->name) - 1);
	for (size_t i = 0; i < ASKS; i++) {
		q->parts[i].whole = q;
		if (q->lost || part_send(&q->parts[i], NULL) == -1)
			q->lost = true;
	}
	/* Once one is asked its answer ends the whole, with those that could not be asked as a failure. */
	if (q->pending > 0)
		return 0;
	free(q);
	return -1;
}
