/*
 * What a program found out by trying: whether this host lets it do its work. Each daemon answers `-t` with findings, a
 * line each for people, or with -j one JSON object for `lodge doctor`, which puts them all on one screen.
 */
#ifndef BASE_FINDING_H
#define BASE_FINDING_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

enum found {
	FOUND_OK,
	FOUND_DEGRADED, /* it works, and something is lost: the text says what */
	FOUND_BROKEN, /* it does not work: next says what to do */
};

struct findings {
	FILE *out;
	json_t *list; /* NULL: lines for people, at once */
	enum found worst;
};

void findings_begin(struct findings *, FILE *, bool json);
/* what: a word. next: the step to take, or NULL where there is none. */
void findings_add(struct findings *, enum found, const char *what, const char *next, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Those of another program, as findings_end printed them. -1: they are none. */
int findings_merge(struct findings *, const char *json, size_t n);
/* Prints what is not yet printed; the exit status: 1 when something is broken, else 0. */
int findings_end(struct findings *);

#endif
