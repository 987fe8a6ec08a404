/*
 * The writing side of the ledger; see write.h.
 *
 * The connection's life is waiting → connecting → ready and back to waiting on any trouble; connection_lost is the
 * only way back. hiredis answers every call it took, with nothing when the connection goes.
 */
#include "ledger/write.h"

#include <errno.h>
#include <hiredis/async.h>
#include <hiredis/adapters/libev.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define ANSWER_S 5.0
#define RETRY_FIRST_S 0.2
#define RETRY_MAX_S 5.0

enum { SHA_TEXT = 41, HANDSHAKES_MAX = 3 };

struct writer {
	struct ev_loop *loop;
	struct write_calls calls;
	void *arg;
	char *host, *where, *user, *password;
	enum redis_kind kind;
	uint16_t port, db;
	redisAsyncContext *redis; /* NULL while waiting */
	ev_timer retry, deadline;
	double retry_s;
	unsigned handshakes, in_flight;
	char sha[SHA_TEXT]; /* "": the server has to be given the whole script */
	bool closing;
	struct write_status status;
};

struct call {
	struct writer *writer;
	void *guest;
	uint64_t seq;
};

/* A command as Redis reads it: arguments are counted while they are written. */
struct command {
	FILE *file;
	char *text;
	size_t len, n;
};

static int
command_open(struct command *c)
{
	*c = (struct command){0};
	c->file = open_memstream(&c->text, &c->len);
	return c->file ? 0 : -1;
}

static void
command_bytes(struct command *c, const char *bytes, size_t n)
{
	fprintf(c->file, "$%zu\r\n", n);
	fwrite(bytes, 1, n, c->file);
	fputs("\r\n", c->file);
	c->n++;
}

static void
command_text(struct command *c, const char *text)
{
	command_bytes(c, text, strlen(text));
}

static void
command_number(struct command *c, uint64_t number)
{
	char text[NUMBER_TEXT];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	command_text(c, text);
}

/* Hands the command to hiredis and frees it. done is told of every outcome, once, unless this returns -1. */
static int
command_send(struct writer *w, struct command *c, redisCallbackFn *done, void *privdata)
{
	char head[32];
	size_t n = (size_t)snprintf(head, sizeof(head), "*%zu\r\n", c->n);
	char *whole = NULL;
	int status = REDIS_ERR;

	if (fclose(c->file) == 0)
		whole = malloc(n + c->len);
	if (whole) {
		memcpy(whole, head, n);
		memcpy(whole + n, c->text, c->len);
		status = redisAsyncFormattedCommand(w->redis, done, privdata, whole, n + c->len);
	}
	free(whole);
	free(c->text);
	if (status != REDIS_OK)
		return -1;
	if (w->in_flight++ == 0) {
		ev_timer_set(&w->deadline, ANSWER_S, 0);
		ev_timer_start(w->loop, &w->deadline);
	}
	return 0;
}

static void
answered(struct writer *w)
{
	w->in_flight--;
	ev_timer_stop(w->loop, &w->deadline);
	if (w->in_flight > 0) {
		ev_timer_set(&w->deadline, ANSWER_S, 0);
		ev_timer_start(w->loop, &w->deadline);
	}
}

static void trouble(struct writer *, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
trouble(struct writer *w, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(w->status.error, sizeof(w->status.error), format, args);
	va_end(args);
}

/* Half to all of the wait, so that hosts that lost one server do not come back together. */
static void
connection_lost(struct writer *w)
{
	w->redis = NULL;
	w->status.state = WRITE_WAITING;
	ev_timer_stop(w->loop, &w->deadline);
	if (w->closing)
		return;
	ev_timer_set(&w->retry, w->retry_s * (0.5 + arc4random_uniform(500) / 1000.0), 0);
	ev_timer_start(w->loop, &w->retry);
	w->retry_s = w->retry_s * 2 < RETRY_MAX_S ? w->retry_s * 2 : RETRY_MAX_S;
}

/* Ends the connection from our side; may be called inside a reply's callback. */
static void
connection_drop(struct writer *w)
{
	redisAsyncContext *redis = w->redis;

	if (!redis)
		return;
	connection_lost(w);
	redisAsyncFree(redis);
}

static void
on_disconnect(const redisAsyncContext *redis, int status)
{
	struct writer *w = redis->data;

	if (!w || w->redis != redis)
		return;
	if (status != REDIS_OK)
		trouble(w, "%s", redis->errstr);
	connection_lost(w);
}

static void
on_deadline(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct writer *w = timer->data;

	(void)loop, (void)events;
	trouble(w, "no answer in %.0f seconds", ANSWER_S);
	connection_drop(w);
}

static void
on_handshake(redisAsyncContext *redis, void *answer, void *arg)
{
	struct writer *w = arg;
	redisReply *reply = answer;

	answered(w);
	if (!reply || w->redis != redis)
		return;
	if (reply->type == REDIS_REPLY_ERROR) {
		trouble(w, "%s", reply->str);
		connection_drop(w);
		return;
	}
	if (reply->type == REDIS_REPLY_STRING && reply->len == SHA_TEXT - 1)
		memcpy(w->sha, reply->str, SHA_TEXT);
	if (--w->handshakes > 0)
		return;
	w->status.state = WRITE_READY;
	w->status.connects++;
	w->status.error[0] = '\0';
	w->retry_s = RETRY_FIRST_S;
	w->calls.on_ready(w->arg);
}

static void
handshake(struct writer *w, const char *const *words, size_t n)
{
	struct command c;

	if (!w->redis || command_open(&c) == -1)
		return;
	for (size_t i = 0; i < n; i++)
		command_text(&c, words[i]);
	if (command_send(w, &c, on_handshake, w) == 0)
		w->handshakes++;
}

static void
on_connect(const redisAsyncContext *redis, int status)
{
	struct writer *w = redis->data;
	char db[NUMBER_TEXT];

	if (w->redis != redis)
		return;
	if (status != REDIS_OK) {
		trouble(w, "cannot connect: %s", redis->errstr);
		connection_lost(w);
		return;
	}
	w->handshakes = 0;
	if (w->password && w->user)
		handshake(w, (const char *[]){"AUTH", w->user, w->password}, 3);
	else if (w->password)
		handshake(w, (const char *[]){"AUTH", w->password}, 2);
	snprintf(db, sizeof(db), "%u", w->db);
	if (w->db != 0)
		handshake(w, (const char *[]){"SELECT", db}, 2);
	handshake(w, (const char *[]){"SCRIPT", "LOAD", ledger_script}, 3);
	if (w->handshakes == 0)
		connection_drop(w);
}

static void
connection_open(struct writer *w)
{
	redisAsyncContext *redis =
	    w->kind == REDIS_TCP ? redisAsyncConnect(w->where, w->port) : redisAsyncConnectUnix(w->where);

	if (!redis || redis->err) {
		trouble(w, "cannot connect: %s", redis ? redis->errstr : "no memory");
		if (redis)
			redisAsyncFree(redis);
		connection_lost(w);
		return;
	}
	w->redis = redis;
	w->in_flight = 0;
	w->sha[0] = '\0';
	w->status.state = WRITE_CONNECTING;
	redis->data = w;
	redisLibevAttach(w->loop, redis);
	redisAsyncSetConnectCallback(redis, on_connect);
	redisAsyncSetDisconnectCallback(redis, on_disconnect);
	ev_timer_set(&w->deadline, ANSWER_S, 0);
	ev_timer_start(w->loop, &w->deadline);
}

static void
on_retry(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)events;
	connection_open(timer->data);
}

static char *
copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

struct writer *
write_open(struct ev_loop *loop, const struct redis_conf *redis, const char *host,
    const struct write_calls *calls, void *arg)
{
	struct writer *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	signal(SIGPIPE, SIG_IGN); /* hiredis writes without MSG_NOSIGNAL */
	w->loop = loop;
	w->calls = *calls;
	w->arg = arg;
	w->kind = redis->kind;
	w->port = redis->port;
	w->db = redis->db;
	w->host = strdup(host);
	w->where = copy(redis->kind == REDIS_TCP ? redis->host : redis->path);
	w->user = copy(redis->user);
	w->password = copy(redis->password);
	w->retry_s = RETRY_FIRST_S;
	ev_timer_init(&w->retry, on_retry, 0, 0);
	ev_timer_init(&w->deadline, on_deadline, ANSWER_S, 0);
	w->retry.data = w->deadline.data = w;
	if (!w->host || !w->where) {
		write_close(w);
		return NULL;
	}
	ev_timer_start(loop, &w->retry);
	return w;
}

void
write_close(struct writer *w)
{
	if (!w)
		return;
	w->closing = true;
	ev_timer_stop(w->loop, &w->retry);
	connection_drop(w);
	free(w->host);
	free(w->where);
	free(w->user);
	free(w->password);
	free(w);
}

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
	answered(w);
	if (reply && reply->type == REDIS_REPLY_ERROR) {
		trouble(w, "%s", reply->str);
		if (strncmp(reply->str, "NOSCRIPT", 8) == 0)
			w->sha[0] = '\0';
	}
	if (done) {
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
	char text[KEY_TEXT];

	command_text(c, w->sha[0] ? "EVALSHA" : "EVAL");
	command_text(c, w->sha[0] ? w->sha : ledger_script);
	command_number(c, 1);
	command_text(c, key_of(NULL, u->guest, "cur", text));
	command_text(c, w->host);
	command_text(c, u->guest);
	command_number(c, u->seq);
	command_number(c, u->base);
	command_number(c, (uint64_t)u->cur->ts);
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

	if (w->status.state != WRITE_READY || command_open(&c) == -1)
		return -1;
	call = malloc(sizeof(*call));
	put_update(&c, w, u);
	if (!call) {
		fclose(c.file);
		free(c.text);
		return -1;
	}
	*call = (struct call){w, guest, u->seq};
	if (command_send(w, &c, on_written, call) == -1) {
		free(call);
		return -1;
	}
	return 0;
}

static void
on_meta(redisAsyncContext *redis, void *answer, void *arg)
{
	struct writer *w = arg;
	redisReply *reply = answer;

	(void)redis;
	answered(w);
	if (reply && reply->type == REDIS_REPLY_ERROR)
		trouble(w, "%s", reply->str);
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
	if (command_send(w, &c, on_meta, w) == -1 || command_open(&c) == -1)
		return -1;
	for (size_t i = 0; i < sizeof(add) / sizeof(*add); i++)
		command_text(&c, add[i]);
	return command_send(w, &c, on_meta, w);
}

const struct write_status *
write_status(const struct writer *w)
{
	return &w->status;
}
