/*
 * One connection of the writing side of the ledger; see connect.h.
 *
 * Its life is waiting → connecting → ready and back to waiting on any trouble; connection_lost is the only way back.
 * hiredis answers every call it took, with nothing when the connection goes.
 */
#include "base/sys.h"
#include "ledger/connect.h"

#include <errno.h>
#include <hiredis/adapters/libev.h>
#include <stdio.h>
#include <stdlib.h>

#define ANSWER_S 5.0
#define RETRY_FIRST_S 0.2
#define RETRY_MAX_S 2.0

int
connection_send(struct connection *c, struct command *command, redisCallbackFn *done, void *privdata)
{
	size_t len;
	char *whole = command_close(command, &len);
	int status = whole ? redisAsyncFormattedCommand(c->redis, done, privdata, whole, len) : REDIS_ERR;

	free(whole);
	if (status != REDIS_OK)
		return -1;
	if (c->in_flight++ == 0) {
		ev_timer_set(&c->deadline, ANSWER_S, 0);
		ev_timer_start(c->writer->loop, &c->deadline);
	}
	return 0;
}

void
connection_answered(struct connection *c)
{
	c->in_flight--;
	ev_timer_stop(c->writer->loop, &c->deadline);
	if (c->in_flight > 0) {
		ev_timer_set(&c->deadline, ANSWER_S, 0);
		ev_timer_start(c->writer->loop, &c->deadline);
	}
}

/* Half to all of the wait, so that hosts that lost one server do not come back together. */
static void
connection_lost(struct connection *c)
{
	struct writer *w = c->writer;
	double wait = c->retry_s * (0.5 + arc4random_uniform(500) / 1000.0);

	c->redis = NULL;
	c->state = WRITE_WAITING;
	c->tried = true;
	ev_timer_stop(w->loop, &c->deadline);
	if (w->closing)
		return;
	c->retry_s = c->retry_s * 2 < RETRY_MAX_S ? c->retry_s * 2 : RETRY_MAX_S;
	c->not_before = sys_seconds() + wait;
	if (c->place < w->places.n_seeds) {
		ev_timer_set(&c->retry, wait, 0);
		ev_timer_start(w->loop, &c->retry);
	}
	cluster_lost(c);
}

/* Ends the connection from our side; may be called inside a reply's callback. */
static void
connection_drop(struct connection *c)
{
	redisAsyncContext *redis = c->redis;

	if (!redis && !c->resolve)
		return;
	resolve_close(c->resolve);
	c->resolve = NULL;
	connection_lost(c);
	if (redis)
		redisAsyncFree(redis);
}

static void
on_disconnect(const redisAsyncContext *redis, int status)
{
	struct connection *c = redis->data;

	if (c->redis != redis)
		return;
	if (status != REDIS_OK)
		cluster_trouble(c->writer, "%s", redis->errstr);
	connection_lost(c);
}

static void
on_deadline(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct connection *c = timer->data;

	(void)loop, (void)events;
	if (c->resolve)
		cluster_trouble(c->writer, "no name server tells the address of %.80s in %.0f seconds",
		    c->writer->places.list[c->place].host, ANSWER_S);
	else
		cluster_trouble(c->writer, "no answer in %.0f seconds", ANSWER_S);
	connection_drop(c);
}

static void
on_handshake(redisAsyncContext *redis, void *answer, void *arg)
{
	struct connection *c = redis->data;
	redisReply *reply = answer;
	bool topology = arg != NULL;

	connection_answered(c);
	if (!reply || c->redis != redis)
		return;
	if (reply->type == REDIS_REPLY_ERROR && !topology) {
		cluster_trouble(c->writer, "%s", reply->str);
		connection_drop(c);
		return;
	}
	if (topology)
		cluster_learn(c, reply);
	else if (reply->type == REDIS_REPLY_STRING && reply->len == SHA_TEXT - 1)
		memcpy(c->sha, reply->str, SHA_TEXT);
	if (--c->handshakes > 0)
		return;
	c->state = WRITE_READY;
	c->tried = true;
	c->retry_s = RETRY_FIRST_S;
	cluster_ready(c);
}

static void
handshake(struct connection *c, const char *const *words, size_t n, bool topology)
{
	struct command command;

	if (!c->redis || command_open(&command) == -1)
		return;
	for (size_t i = 0; i < n; i++)
		command_text(&command, words[i]);
	if (connection_send(c, &command, on_handshake, topology ? c : NULL) == 0)
		c->handshakes++;
}

static void
on_connect(const redisAsyncContext *redis, int status)
{
	struct connection *c = redis->data;
	struct writer *w = c->writer;
	const struct entrance *in = &w->seeds[w->like[c->place]];
	char db[NUMBER_TEXT];

	if (c->redis != redis)
		return;
	if (status != REDIS_OK) {
		cluster_trouble(w, "cannot connect: %s", redis->errstr);
		connection_lost(c);
		return;
	}
	c->handshakes = 0;
	c->since = sys_seconds();
	if (in->password && in->user)
		handshake(c, (const char *[]){"AUTH", in->user, in->password}, 3, false);
	else if (in->password)
		handshake(c, (const char *[]){"AUTH", in->password}, 2, false);
	snprintf(db, sizeof(db), "%u", in->db);
	if (in->db != 0)
		handshake(c, (const char *[]){"SELECT", db}, 2, false);
	handshake(c, (const char *[]){"SCRIPT", "LOAD", ledger_script}, 3, false);
	handshake(c, (const char *[]){"CLUSTER", "SLOTS"}, 2, true);
	if (c->handshakes == 0)
		connection_drop(c);
}

/* address NULL: a socket's path. */
static void
dial(struct connection *c, const char *address)
{
	struct writer *w = c->writer;
	redisAsyncContext *redis = address ? redisAsyncConnect(address, w->places.list[c->place].port)
					   : redisAsyncConnectUnix(w->seeds[c->place].path);

	if (!redis || redis->err) {
		cluster_trouble(w, "cannot connect: %s", redis ? redis->errstr : "no memory");
		if (redis)
			redisAsyncFree(redis);
		connection_lost(c);
		return;
	}
	c->redis = redis;
	redis->data = c;
	redisLibevAttach(w->loop, redis);
	redisAsyncSetConnectCallback(redis, on_connect);
	redisAsyncSetDisconnectCallback(redis, on_disconnect);
}

static void
on_resolved(void *arg, const char *address, const char *why)
{
	struct connection *c = arg;

	resolve_close(c->resolve);
	c->resolve = NULL;
	if (address) {
		dial(c, address);
		return;
	}
	cluster_trouble(c->writer, "no address of %.80s: %.60s", c->writer->places.list[c->place].host, why);
	connection_lost(c);
}

void
connection_want(struct connection *c)
{
	struct writer *w = c->writer;
	const char *host = w->places.list[c->place].host;
	struct ip ip;

	if (c->redis || c->resolve || w->closing || sys_seconds() < c->not_before)
		return;
	c->in_flight = 0;
	c->sha[0] = '\0';
	c->script_lost = c->readonly = false;
	c->state = WRITE_CONNECTING;
	ev_timer_set(&c->deadline, ANSWER_S, 0);
	ev_timer_start(w->loop, &c->deadline);
	if (c->place < w->places.n_seeds && w->seeds[c->place].path)
		dial(c, NULL);
	else if (ip_parse(span_str(host), &ip) == 0)
		dial(c, host);
	else if (!(c->resolve = resolve_open(w->loop, host, c->tries++, on_resolved, c))) {
		cluster_trouble(w, "cannot look up %.80s: %s", host, strerror(errno));
		connection_lost(c);
	}
}

static void
on_retry(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct connection *c = timer->data;

	(void)loop, (void)events;
	c->not_before = 0;
	connection_want(c);
}

struct connection *
connection_new(struct writer *w, size_t place)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	*c = (struct connection){.writer = w, .place = place, .retry_s = RETRY_FIRST_S};
	ev_timer_init(&c->retry, on_retry, 0, 0);
	ev_timer_init(&c->deadline, on_deadline, ANSWER_S, 0);
	c->retry.data = c->deadline.data = c;
	if (place < w->places.n_seeds)
		ev_timer_start(w->loop, &c->retry);
	return c;
}

void
connection_free(struct connection *c)
{
	if (!c)
		return;
	ev_timer_stop(c->writer->loop, &c->retry);
	connection_drop(c);
	free(c);
}
