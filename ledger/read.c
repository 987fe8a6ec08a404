/* The reading side of the ledger: one call, one answer; see ledger.h. */
#include "ledger/reader.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { ANSWER_S = 2, WHY_TEXT = 200 };

struct ledger {
	redisContext *redis;
	char why[WHY_TEXT];
};

/* The answer, or NULL with ledger->why; the caller frees it. */
static redisReply *
ask(struct ledger *l, int argc, const char **argv)
{
	redisReply *reply = redisCommandArgv(l->redis, argc, argv, NULL);

	if (!reply) {
		snprintf(l->why, sizeof(l->why), "redis does not answer: %s", l->redis->errstr);
		return NULL;
	}
	if (reply->type == REDIS_REPLY_ERROR) {
		snprintf(l->why, sizeof(l->why), "redis says: %s", reply->str);
		freeReplyObject(reply);
		return NULL;
	}
	return reply;
}

redisReply *
reader_ask(struct ledger *l, int argc, const char **argv)
{
	return ask(l, argc, argv);
}

void
reader_fault(struct ledger *l, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(l->why, sizeof(l->why), format, args);
	va_end(args);
}

static int
tell(struct ledger *l, int argc, const char **argv)
{
	redisReply *reply = ask(l, argc, argv);

	if (!reply)
		return -1;
	freeReplyObject(reply);
	return 0;
}

static int
enter(struct ledger *l, const struct redis_conf *redis)
{
	char db[NUMBER_TEXT];

	if (redis->password && redis->user &&
	    tell(l, 3, (const char *[]){"AUTH", redis->user, redis->password}) == -1)
		return -1;
	if (redis->password && !redis->user && tell(l, 2, (const char *[]){"AUTH", redis->password}) == -1)
		return -1;
	snprintf(db, sizeof(db), "%u", redis->db);
	return redis->db == 0 ? 0 : tell(l, 2, (const char *[]){"SELECT", db});
}

struct ledger *
ledger_open(const struct conf *conf, char *why, size_t room)
{
	const struct redis_conf *redis = &conf->redis;
	const struct timeval wait = {.tv_sec = ANSWER_S};
	struct ledger *l = calloc(1, sizeof(*l));

	if (!l) {
		snprintf(why, room, "no memory");
		return NULL;
	}
	signal(SIGPIPE, SIG_IGN); /* hiredis writes without MSG_NOSIGNAL */
	if (redis->kind == REDIS_TCP)
		l->redis = redisConnectWithTimeout(redis->host, redis->port, wait);
	else
		l->redis = redisConnectUnixWithTimeout(redis->path, wait);
	if (!l->redis || l->redis->err) {
		snprintf(why, room, "cannot reach redis at %s: %s; is it running?",
		    redis->kind == REDIS_TCP ? redis->host : redis->path,
		    l->redis ? l->redis->errstr : "no memory");
		ledger_close(l);
		return NULL;
	}
	redisSetTimeout(l->redis, wait);
	if (enter(l, redis) == -1) {
		snprintf(why, room, "%s", l->why);
		ledger_close(l);
		return NULL;
	}
	return l;
}

void
ledger_close(struct ledger *l)
{
	if (!l)
		return;
	if (l->redis)
		redisFree(l->redis);
	free(l);
}

const char *
ledger_why(const struct ledger *l)
{
	return l->why;
}

static struct span
span_of_reply(const redisReply *reply)
{
	return reply->type == REDIS_REPLY_STRING ? span_of(reply->str, (size_t)reply->len) : span_of("", 0);
}

/* Fields that this program does not know are another version's and are passed over. */
static int
take_record(struct ledger *l, const redisReply *reply, struct record *out)
{
	for (size_t i = 0; i + 1 < reply->elements; i += 2) {
		struct span name = span_of_reply(reply->element[i]),
			    text = span_of_reply(reply->element[i + 1]);

		if (record_take(out, name, text) == -1) {
			snprintf(l->why, sizeof(l->why), "%.*s is no number: somebody else writes this key",
			    (int)name.len, name.ptr);
			return -1;
		}
	}
	return reply->elements > 0;
}

static int
read_record(struct ledger *l, const char *guest, const char *suffix, struct record *out)
{
	char key[KEY_TEXT];
	redisReply *reply = ask(l, 2, (const char *[]){"HGETALL", key_of(NULL, guest, suffix, key)});
	int found;

	*out = (struct record){0};
	if (!reply)
		return -1;
	found = take_record(l, reply, out);
	freeReplyObject(reply);
	return found;
}

int
ledger_totals(struct ledger *l, const char *guest, struct record *out)
{
	return read_record(l, guest, "cur", out);
}

int
ledger_period(struct ledger *l, const char *guest, int64_t now, uint8_t day, struct record *out)
{
	char suffix[KEY_SUFFIX];

	return read_record(l, guest, key_period(period_start(now, day), suffix), out);
}

int
ledger_period_at(struct ledger *l, const char *guest, int64_t start, struct record *out)
{
	char suffix[KEY_SUFFIX];

	return read_record(l, guest, key_period(start, suffix), out);
}

int
ledger_slot(struct ledger *l, const char *guest, enum slot_kind kind, int64_t at, uint64_t v[SLOT_FIELDS])
{
	char key[KEY_TEXT], suffix[KEY_SUFFIX], field[KEY_SUFFIX];
	int64_t start = slot_start(kind, at);
	redisReply *reply;
	int found = 0;

	key_of(NULL, guest, key_slot(kind, start, suffix), key);
	memset(v, 0, SLOT_FIELDS * sizeof(*v));
	reply = ask(l, 3, (const char *[]){"HGET", key, key_slot_field(kind, start, field)});
	if (!reply)
		return -1;
	if (reply->type == REDIS_REPLY_STRING)
		found = slot_parse(span_of_reply(reply), v) == 0 ? 1 : -1;
	if (found == -1)
		snprintf(
		    l->why, sizeof(l->why), "%s %s is no slot: somebody else writes this key", suffix, field);
	freeReplyObject(reply);
	return found;
}
