/*
 * What a worker has to know of the file, as bytes that take no parser: reading the file again would hold a worker up
 * for as long as it takes, a tenth of a second for thousands of guests. A core.
 *
 * Written and read by one program: the bytes lie in memory that the supervisor and its workers share. As other workers
 * could write there, too, what is read is checked like any input.
 */
#ifndef PROXY_RULES_H
#define PROXY_RULES_H

#include "conf/conf.h"

/* Of the proxy's keys and of the guests' what relay_plan and routes_plan look at. */
void rules_write(const struct conf *, FILE *);
/* -1: malformed, or out of memory; nothing is left to free then. What was not written is zero. */
int rules_read(struct span, struct conf *);

#endif
