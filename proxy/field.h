/*
 * Lines and fields of an HTTP/1 head, of requests and of responses alike. A core. RFC 9112 2.2 and 5, RFC 9110 5.
 */
#ifndef PROXY_FIELD_H
#define PROXY_FIELD_H

#include "base/span.h"

#include <stdint.h>

/*
 * Judges the bytes of a head as they come: lines end in CRLF and nothing else, no control characters, no empty
 * line in front. *seen: how far, zero before the first call; *length: of the whole head, its empty line included,
 * once that is there. Returns why it can be no head, static text, or NULL.
 */
const char *field_scan(struct span in, size_t max, uint32_t *seen, uint32_t *length);

/* Off the front of lines that all end in CRLF: one, without its end. */
struct span field_line(struct span *lines);

/* One line's name and trimmed value. Returns why it is no field, static text, or NULL. */
const char *field_split(struct span line, struct span *name, struct span *value);

bool field_is_token(struct span);

/* The next member of a comma-separated list, trimmed; what is left stays in *list. */
struct span field_next(struct span *list);
bool field_has(struct span list, const char *word);

/* Transfer-Encoding: chunked, once, at the end (RFC 9112 6.1). */
bool field_ends_chunked(struct span codings);

/* Content-Length: digits alone, far below 2^63. */
bool field_length(struct span digits, uint64_t *out);

#endif
