/* Inside the ledger: the reader's connection (read.c) as those who ask over it see it (history.c). */
#ifndef LEDGER_READER_H
#define LEDGER_READER_H

#include "ledger/ledger.h"

#include <hiredis/hiredis.h>

/* The answer, which the caller frees, or NULL with ledger_why. */
redisReply *reader_ask(struct ledger *, int argc, const char **argv);
/* What ledger_why says. */
void reader_fault(struct ledger *, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
