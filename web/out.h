/*
 * Text that is being written: the one way by which anything comes into a page, so that nothing comes in unescaped. A
 * core.
 *
 * A format is a literal of ours and is taken as it stands; whatever is filled in is text, and & < > " ' in it are
 * written so that HTML, XML and their attributes read them as the characters they are. Control bytes become a space.
 */
#ifndef WEB_OUT_H
#define WEB_OUT_H

#include "base/span.h"

#include <stdint.h>

enum { OUT_MAX = 4 << 20 }; /* no page is longer */

struct out {
	char *ptr;
	size_t len, room;
	bool failed; /* no memory, or above OUT_MAX: what is there is not the whole */
};

/* %s, %c, %% and the numbers of printf without `*`; a %s of NULL is nothing. */
void out_html(struct out *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same for text that is no HTML: nothing is escaped, control bytes included. */
void out_plain(struct out *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Fractions of an SVG's units: hundredths, without trailing zeros. */
void out_unit(struct out *, const char *name, int64_t hundredths);

void out_free(struct out *);

#endif
