/* Inside the ledger: the reader's connections (reader.c) as those who ask over them see them (read.c, history.c). */
#ifndef LEDGER_READER_H
#define LEDGER_READER_H

#include "ledger/ledger.h"

#include <hiredis/hiredis.h>

/*
 * The answer, which the caller frees, or NULL with ledger_why. argv[1] is the one key; in a cluster the node that holds
 * it is asked.
 */
redisReply *reader_ask(struct ledger *, int argc, const char **argv);
/* What ledger_why says; of what a key holds, what ledger_spoilt, too. */
void reader_fault(struct ledger *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void reader_spoilt(struct ledger *, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
