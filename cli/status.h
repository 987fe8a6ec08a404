/* `lodge status`, all of it or one guest, for people and for programs; status.c is the command. */
#ifndef CLI_STATUS_H
#define CLI_STATUS_H

#include "cli/glance.h"
#include "cli/survey.h"

enum { STATUS_VERSION = 1 };

/* --- status_json.c: the shapes that lodge(8) has --- */

json_t *status_json(const struct survey *);
json_t *status_guest_json(const struct survey *, const struct sight *);

/* --- status_all.c: a line each, and what is to be said beside. -1: no memory. --- */

int status_all(const struct survey *, const struct glass *, FILE *);

/* --- status_one.c: one guest in words; what its exit status is, and why, told. --- */

void status_one(const struct survey *, const struct sight *, const struct glass *, FILE *);
int status_one_exit(const struct survey *, const struct sight *);

#endif
