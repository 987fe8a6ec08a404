/*
 * Inside the ledger: the writer's connections. connect.c is one connection's life, cluster.c says which of them a key
 * is for, write.c and ask.c what goes over it, writer.c the beginning and the end. The writer itself is write.h's.
 */
#ifndef LEDGER_CONNECT_H
#define LEDGER_CONNECT_H

#include "ledger/command.h"
#include "ledger/place.h"
#include "ledger/refusal.h"
#include "ledger/resolve.h"
#include "ledger/write.h"

#include <hiredis/async.h>

enum { SHA_TEXT = 41 };

/* To one place. Those to the seeds come back by themselves; the others are opened when a key is for them. */
struct connection {
	struct writer *writer;
	size_t place;
	redisAsyncContext *redis; /* NULL while waiting, or while the name is looked up */
	struct resolve *resolve; /* the look-up under way, or NULL */
	unsigned tries; /* a name may have several addresses */
	enum write_state state;
	ev_timer retry, deadline;
	double retry_s;
	double not_before, since; /* the next try, and the last that was taken up, as sys_seconds */
	unsigned handshakes, in_flight;
	char sha[SHA_TEXT]; /* the script's name, once the server told it */
	bool readonly; /* a replica: others are written to, if there are any */
	bool tried; /* its first connecting is over, well or not */
	bool script_lost; /* the server has to be given the whole script again */
};

/* How a place is entered. */
struct entrance {
	char *path; /* of a seed's socket, or NULL */
	char *user, *password; /* or NULL */
	uint16_t db;
};

/* A slot's names, which are the same for all guests. suffix "": none yet. */
struct slot_name {
	int64_t start;
	char suffix[KEY_SUFFIX], field[KEY_SUFFIX];
};

struct writer {
	struct ev_loop *loop;
	struct write_calls calls;
	void *arg;
	char *host;
	struct places places;
	struct entrance seeds[CONF_REDIS_MAX];
	uint8_t like[PLACES_MAX]; /* which seed a place is entered like */
	bool cluster; /* a server said that it is none alone */
	struct connection *at[PLACES_MAX];
	struct slot_name named[SLOT_KINDS]; /* the last ones */
	size_t turn; /* which of the others is tried while no seed answers */
	bool closing;
	double troubled_at, acked_at; /* as sys_seconds; 0: never */
	struct write_status status;
};

/* --- connect.c --- */

struct connection *connection_new(struct writer *, size_t place); /* NULL: no memory */
void connection_free(struct connection *);
/* Begins to connect, where it is not and its time has come. */
void connection_want(struct connection *);

/*
 * Hands the command to hiredis and frees it. done is told of every outcome, once, unless this returns -1. Its first
 * call is connection_answered, its context's data the connection.
 */
int connection_send(struct connection *, struct command *, redisCallbackFn *done, void *privdata);
void connection_answered(struct connection *);

/* --- cluster.c --- */

/* Where a command with that key goes now. NULL: nowhere yet. */
struct connection *cluster_connection(struct writer *, const char *key);
/* The place of that ASK. NULL: not connected, which then begins. */
struct connection *cluster_asked(struct connection *, const struct refusal *);
/* An answer that is an error; the trouble is told, what moved is known from here on. */
struct refusal cluster_refused(struct connection *, const redisReply *);
/* Answers CLUSTER SLOTS: all that the cluster says of itself. Anything else: a server alone. */
void cluster_learn(struct connection *, const redisReply *);
/* A connection is ready, or it is not any more. */
void cluster_ready(struct connection *);
void cluster_lost(struct connection *);
/* The last trouble, for status. */
void cluster_trouble(struct writer *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void cluster_well(struct writer *);

#endif
