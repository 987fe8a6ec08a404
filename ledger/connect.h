/*
 * Inside the ledger: the connection that the writer's calls go over (connect.c) as they see it (write.c). The
 * writer itself is write.h's.
 */
#ifndef LEDGER_CONNECT_H
#define LEDGER_CONNECT_H

#include "ledger/command.h"
#include "ledger/write.h"

#include <hiredis/async.h>

enum { SHA_TEXT = 41 };

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
	char sha[SHA_TEXT]; /* the script's name, once the server told it */
	bool script_lost; /* the server has to be given the whole script again */
	bool closing;
	struct write_status status;
};

/* Hands the command to hiredis and frees it. done is told of every outcome, once, unless this returns -1. */
int connection_send(struct writer *, struct command *, redisCallbackFn *done, void *privdata);
/* The first thing that every done calls. */
void connection_answered(struct writer *);
/* The last trouble, for status. */
void connection_trouble(struct writer *, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
