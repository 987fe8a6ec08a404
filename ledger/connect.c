/*
 * The connection under the writing side of the ledger; see write.h.
 *
 * The connection's life is waiting → connecting → ready and back to waiting on any trouble; connection_lost is the
 * only way back. hiredis answers every call it took, with nothing when the connection goes.
 */
#include "ledger/connect.h"

#include <hiredis/async.h>
#include <hiredis/adapters/libev.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define ANSWER_S 5.0
#define RETRY_FIRST_S 0.2
#define RETRY_MAX_S 2.0

int
connection_send(struct writer *w, struct command *c, redisCallbackFn *done, void *privdata)
{
	size_t len;
	char *whole = command_close(c, &len);
	int status = whole ? redisAsyncFormattedCommand(w->redis, done, privdata, whole, len) : REDIS_ERR;

	free(whole);
	if (status != REDIS_OK)
		return -1;
	if (w->in_flight++ == 0) {
		ev_timer_set(&w->deadline, ANSWER_S, 0);
		ev_timer_start(w->loop, &w->deadline);
	}
	return 0;
}

void
connection_answered(struct writer *w)
{
	w->in_flight--;
	ev_timer_stop(w->loop, &w->deadline);
	if (w->in_flight > 0) {
		ev_timer_set(&w->deadline, ANSWER_S, 0);
		ev_timer_start(w->loop, &w->deadline);
	}
}

void
connection_trouble(struct writer *w, const char *format, ...)
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
		connection_trouble(w, "%s", redis->errstr);
	connection_lost(w);
}

static void
on_deadline(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct writer *w = timer->data;

	(void)loop, (void)events;
	connection_trouble(w, "no answer in %.0f seconds", ANSWER_S);
	connection_drop(w);
}

static void
on_handshake(redisAsyncContext *redis, void *answer, void *arg)
{
	struct writer *w = arg;
	redisReply *reply = answer;

	connection_answered(w);
	if (!reply || w->redis != redis)
		return;
	if (reply->type == REDIS_REPLY_ERROR) {
		connection_trouble(w, "%s", reply->str);
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
	if (connection_send(w, &c, on_handshake, w) == 0)
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
		connection_trouble(w, "cannot connect: %s", redis->errstr);
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
		connection_trouble(w, "cannot connect: %s", redis ? redis->errstr : "no memory");
		if (redis)
			redisAsyncFree(redis);
		connection_lost(w);
		return;
	}
	w->redis = redis;
	w->in_flight = 0;
	w->sha[0] = '\0';
	w->script_lost = false;
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

const struct write_status *
write_status(const struct writer *w)
{
	return &w->status;
}
