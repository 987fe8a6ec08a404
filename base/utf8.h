/* Characters of UTF-8, and the columns that a terminal gives them. A core. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/span.h"

#include <stdint.h>

/* The character a span starts with: its length in bytes, or 0 where there is none or it is not UTF-8. */
size_t utf8_next(struct span, uint32_t *character);
/* One character on, counting a byte that is no UTF-8 as one. */
size_t utf8_step(struct span, uint32_t *character);

/* Columns of a character: 0 for combining marks, 2 for East Asian wide ones and pictures. */
int utf8_width(uint32_t character);
/* Of a text. */
size_t utf8_columns(struct span);

#endif
