/* The programs that run, asked by their control sockets. */
#ifndef CLI_PROGRAM_H
#define CLI_PROGRAM_H

#include "base/ctl.h"
#include "conf/conf.h"

/* As ctl_ask, of NAME.sock in the run directory: "natd", "up". */
json_t *program_ask(const struct conf *, const char *name, const char *word, int timeout_ms);
/* Whether it answers to "status". */
bool program_answers(const struct conf *, const char *name, int timeout_ms);

#endif
