/*
 * The reader's connections: one to each server that holds a key; see reader.h and ledger.h.
 *
 * A question waits at most ANSWER_S for each server that it is sent on to, and so long for all seeds together where it
 * has to look for one that answers.
 */
#include "base/log.h"
#include "base/sys.h"
#include "ledger/bound.h"
#include "ledger/reader.h"
#include "ledger/place.h"
#include "ledger/refusal.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LEAST_S 0.01 /* none waits for ever */
#define BACK_S 5.0 /* so often seeds are looked for that stand before the one which answered, … */
#define BACK_SHARE 20 /* … but not more often than so many times what that took */

enum { ANSWER_S = 2, WHY_TEXT = 256 };

struct ledger {
	const struct redis_conf *redis; /* the seeds */
	struct places places;
	uint8_t like[PLACES_MAX]; /* which seed a place is entered like */
	redisContext *at[PLACES_MAX]; /* NULL: not connected */
	size_t seed; /* the one that answered */
	double back_s; /* when those before it are looked for again */
	char why[WHY_TEXT];
	bool spoilt; /* it is of what a key holds */
	struct bound bound; /* of each answer */
};

const char *
ledger_why(const struct ledger *l)
{
	return l->why;
}

bool
ledger_spoilt(const struct ledger *l)
{
	return l->spoilt;
}

static void
put_fault(struct ledger *l, bool spoilt, const char *format, va_list args)
{
	char text[WHY_TEXT];

	vsnprintf(text, sizeof(text), format, args);
	log_printable(text, l->why, sizeof(l->why)); /* what a server says may reach a terminal */
	l->spoilt = spoilt;
}

void
reader_fault(struct ledger *l, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_fault(l, false, format, args);
	va_end(args);
}

void
reader_spoilt(struct ledger *l, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_fault(l, true, format, args);
	va_end(args);
}

/* --- one connection ---------------------------------------------------------------------------------- */

static void
hang_up(struct ledger *l, size_t place)
{
	if (l->at[place])
		redisFree(l->at[place]);
	l->at[place] = NULL;
}

/* The answer, be it an error, which the caller frees. NULL: none came, and the connection is gone. */
static redisReply *
ask_at(struct ledger *l, size_t place, int argc, const char **argv)
{
	redisReply *reply;

	l->bound.met = false;
	reply = redisCommandArgv(l->at[place], argc, argv, NULL);
	if (reply)
		return reply;
	if (l->bound.met && argc > 1 && strcmp(argv[0], "AUTH") != 0)
		reader_spoilt(l, "%.100s holds more than %d fields: somebody else writes this key", argv[1],
		    BOUND_FIELDS);
	else if (l->at[place]->err == REDIS_ERR_IO && (errno == EAGAIN || errno == ETIMEDOUT))
		reader_fault(l, "redis does not answer in time; does it hang?");
	else
		reader_fault(l, "redis does not answer: %s", l->at[place]->errstr);
	hang_up(l, place);
	return NULL;
}

static int
tell(struct ledger *l, size_t place, int argc, const char **argv)
{
	redisReply *reply = ask_at(l, place, argc, argv);
	int status = reply && reply->type != REDIS_REPLY_ERROR ? 0 : -1;

	if (reply && status == -1)
		reader_fault(l, "redis says: %s", reply->str);
	if (reply)
		freeReplyObject(reply);
	return status;
}

/* One that sleeps takes a connection, too. */
static bool
answers(struct ledger *l, size_t place)
{
	redisReply *reply = ask_at(l, place, 1, (const char *[]){"PING"});

	if (reply)
		freeReplyObject(reply);
	return reply != NULL;
}

static int
enter(struct ledger *l, size_t place)
{
	const struct redis_conf *redis = &l->redis[l->like[place]];
	char db[NUMBER_TEXT];

	if (redis->password && redis->user &&
	    tell(l, place, 3, (const char *[]){"AUTH", redis->user, redis->password}) == -1)
		return -1;
	if (redis->password && !redis->user &&
	    tell(l, place, 2, (const char *[]){"AUTH", redis->password}) == -1)
		return -1;
	snprintf(db, sizeof(db), "%u", redis->db);
	if (redis->db != 0 && tell(l, place, 2, (const char *[]){"SELECT", db}) == -1)
		return -1;
	return l->places.n_seeds == 1 || answers(l, place) ? 0 : -1;
}

static int
dial(struct ledger *l, size_t place, double seconds)
{
	const struct timeval answer = {.tv_sec = ANSWER_S};
	const struct timeval wait = {
	    (time_t)seconds, (suseconds_t)((seconds - (double)(time_t)seconds) * 1e6)};
	const struct server *server = &l->places.list[place];
	const char *path = place < l->places.n_seeds ? l->redis[place].path : NULL;
	redisContext *redis;

	if (l->at[place])
		return 0;
	redis = path ? redisConnectUnixWithTimeout(path, wait)
		     : redisConnectWithTimeout(server->host, server->port, wait);
	if (!redis || redis->err) {
		bool forbidden = path && redis && access(path, R_OK | W_OK) == -1 && errno == EACCES;

		if (forbidden)
			reader_fault(l, "redis at %.100s: not yours to ask; try as root", path);
		else
			reader_fault(l, "cannot reach redis at %.100s: %.60s; is it running?",
			    path ? path : server->host, redis ? redis->errstr : "no memory");
		if (redis)
			redisFree(redis);
		return -1;
	}
	redisSetTimeout(redis, wait);
	bound_set(&l->bound, redis);
	l->at[place] = redis;
	if (enter(l, place) == 0) {
		redisSetTimeout(redis, answer);
		return 0;
	}
	hang_up(l, place);
	return -1;
}

/* Any seed that answers, the first of them, which becomes *place. Each has its part of what time is left. */
static int
dial_seed(struct ledger *l, size_t *place)
{
	double until = sys_seconds() + ANSWER_S;

	for (*place = 0; *place < l->places.n_seeds; ++*place) {
		double left = until - sys_seconds(), part = left / (double)(l->places.n_seeds - *place);

		if (dial(l, *place, part > LEAST_S ? part : LEAST_S) == 0)
			return 0;
	}
	return -1;
}

static void
settle(struct ledger *l, size_t seed)
{
	l->seed = seed;
	places_serve(&l->places, 0, PLACE_SLOTS - 1, seed);
}

/* The first that is there is the one that is written to: who reads for long comes back to it. */
static void
look_back(struct ledger *l)
{
	double begun = sys_seconds(), took;
	size_t first;

	if (l->seed == 0 || begun < l->back_s)
		return;
	if (dial_seed(l, &first) == 0 && first < l->seed)
		settle(l, first);
	took = sys_seconds() - begun;
	l->back_s = begun + took + (took * BACK_SHARE > BACK_S ? took * BACK_SHARE : BACK_S);
}

/* --- who holds the key ------------------------------------------------------------------------------- */

/* Where the question goes next: 0, or -1 where it was answered by no. */
static int
follow(struct ledger *l, const redisReply *error, size_t *place, bool *asking)
{
	struct refusal refusal = refusal_parse(span_of(error->str, (size_t)error->len));
	size_t n = l->places.n;
	int next = -1;

	if (refusal.kind == REFUSED_MOVED || refusal.kind == REFUSED_ASK)
		next = places_add(&l->places, *place, refusal.host, refusal.port);
	if (l->places.n > n)
		l->like[n] = l->like[*place];
	if (next == -1)
		return -1;
	*place = (size_t)next;
	*asking = refusal.kind == REFUSED_ASK;
	if (refusal.kind == REFUSED_MOVED)
		places_serve(&l->places, refusal.slot, refusal.slot, *place);
	return 0;
}

redisReply *
reader_ask(struct ledger *l, int argc, const char **argv)
{
	bool asking = false;
	size_t place;

	look_back(l);
	place = l->places.of_slot[place_slot(span_str(argv[1]))];
	for (int hop = 0; hop <= HOPS_MAX; hop++) {
		redisReply *reply;

		/* A node that is gone: a seed knows, or says, who took over. */
		if (dial(l, place, ANSWER_S) == -1 && dial_seed(l, &place) == -1)
			return NULL;
		if (asking && tell(l, place, 1, (const char *[]){"ASKING"}) == -1)
			return NULL;
		reply = ask_at(l, place, argc, argv);
		if (!reply || reply->type != REDIS_REPLY_ERROR)
			return reply;
		if (strncmp(reply->str, "WRONGTYPE", 9) == 0)
			reader_spoilt(l, "redis says of %.100s: %s", argv[1], reply->str);
		else
			reader_fault(l, "redis says: %s", reply->str);
		if (follow(l, reply, &place, &asking) == -1)
			hop = HOPS_MAX;
		freeReplyObject(reply);
	}
	return NULL;
}

/* --- begin and end ----------------------------------------------------------------------------------- */

struct ledger *
ledger_open(const struct conf *conf, char *why, size_t room)
{
	struct ledger *l = calloc(1, sizeof(*l));
	size_t first;

	if (!l) {
		snprintf(why, room, "no memory");
		return NULL;
	}
	signal(SIGPIPE, SIG_IGN); /* hiredis writes without MSG_NOSIGNAL */
	l->redis = conf->redis;
	places_begin(&l->places);
	for (size_t i = 0; i < conf->n_redis; i++) {
		l->like[i] = (uint8_t)i;
		places_seed(&l->places, conf->redis[i].kind == REDIS_TCP ? conf->redis[i].host : "",
		    conf->redis[i].port);
	}
	if (dial_seed(l, &first) == -1) {
		snprintf(why, room, "%s", l->why);
		ledger_close(l);
		return NULL;
	}
	settle(l, first);
	l->back_s = sys_seconds() + BACK_S;
	return l;
}

void
ledger_close(struct ledger *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->places.n; i++)
		hang_up(l, i);
	free(l);
}
