/* A configuration text as characters and lines: what is no text is refused, and a place can be shown. */
#ifndef CONF_TEXT_H
#define CONF_TEXT_H

#include "base/span.h"

#include <stdint.h>
#include <stdio.h>

/* Where each line of a text starts; breaks are LF, CR LF and CR, as in YAML. */
struct lines {
	uint32_t *starts;
	uint32_t n;
};

/* Whether a character may stand in a file and in a value: no control, line separator or byte order mark. */
bool text_char_plain(uint32_t character);
bool text_plain(struct span);

/* Offset of the first thing that makes this no readable text, and in *why what it is; else the length. */
size_t text_fault(struct span, const char **why);

/* -1: no memory. The caller frees starts. */
int lines_find(struct span, struct lines *);
/* The line (from 1) without its break; empty past the end. */
struct span lines_get(const struct lines *, struct span, uint32_t line);
/* Line and column (from 1, in characters) of a byte. */
void lines_place(const struct lines *, struct span, size_t offset, uint32_t *line, uint32_t *col);

/* At most max bytes of a text, whole characters. */
struct span text_cut(struct span, size_t max);
/* As it is, but for bytes that a terminal would obey or cannot show: those as \xNN. */
void text_show(FILE *, struct span);
/* The line and a caret below the column, indented; a long line only around the caret. */
void text_excerpt(FILE *, struct span line, uint32_t col);

#endif
