/*
 * A mistake of the file on a narrow terminal: the line that is shown of the file ends at the edge, so that the caret below
 * stays below what it points at. A core.
 */
#ifndef CLI_CLIP_H
#define CLI_CLIP_H

#include <stddef.h>

/* A copy, to be freed; a line whose caret lies beyond the edge stays as it is, and so do all others. NULL: no memory. */
char *clip_excerpts(const char *text, size_t width);

#endif
