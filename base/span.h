/* Bytes we may look at and do not own. A span borrows: it is good as long as what it points into. */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

struct span {
	const char *ptr; /* never read past ptr[len - 1]; no NUL is promised */
	size_t len;
};

static inline struct span
span_of(const void *ptr, size_t len)
{
	return (struct span){ptr, len};
}

static inline struct span
span_str(const char *s)
{
	return (struct span){s, strlen(s)};
}

static inline bool
span_eq(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool
span_is(struct span a, const char *s)
{
	return span_eq(a, span_str(s));
}

static inline bool
span_is_nocase(struct span a, const char *s)
{
	return a.len == strlen(s) && strncasecmp(a.ptr, s, a.len) == 0;
}

/* What is left after the first n bytes; n may not exceed the length. */
static inline struct span
span_from(struct span a, size_t n)
{
	return (struct span){a.ptr + n, a.len - n};
}

static inline struct span
span_first(struct span a, size_t n)
{
	return (struct span){a.ptr, n};
}

/* Offset of the first c, or the length where there is none. */
static inline size_t
span_find(struct span a, char c)
{
	const char *at = a.len ? memchr(a.ptr, c, a.len) : NULL;

	return at ? (size_t)(at - a.ptr) : a.len;
}

#endif
