/*
 * What stands in the way is said once, not at each look, and once more when it is gone. Shell, natd only: one process
 * makes one network, so the list is the program's.
 */
#ifndef NATD_COMPLAIN_H
#define NATD_COMPLAIN_H

#include <stdbool.h>

enum {
	COMPLAINTS_MAX = 32, /* those beyond are only counted, and told in one line */
	COMPLAINT_TEXT = 320,
};

typedef void complain_line(const char *format, ...);

/* Says it through log_error or log_warn, unless it is known from this round or the last. True: it was said. */
bool complain(complain_line *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Around one look at everything. whole: nothing was left out, so what was not said again is over. */
void complain_begin(void);
void complain_end(bool whole);

/* Somebody asked for it: what is in the way is said again. */
void complain_anew(void);

#endif
