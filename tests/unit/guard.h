/* Test input that ends at an unreadable page: one byte read too far is a fault, not luck. */
#ifndef TESTS_GUARD_H
#define TESTS_GUARD_H

#include "base/span.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static inline size_t
guard_room(size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (n + page - 1) / page * page;
}

static inline const char *
guard_copy(const void *bytes, size_t n)
{
	size_t room = guard_room(n), page = (size_t)sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED || mprotect(map + room, page, PROT_NONE) == -1)
		abort();
	if (n)
		memcpy(map + room - n, bytes, n);
	return map + room - n;
}

static inline void
guard_free(const char *copy, size_t n)
{
	munmap((char *)(uintptr_t)copy + n - guard_room(n), guard_room(n) + (size_t)sysconf(_SC_PAGESIZE));
}

/* A text as a span that ends at an unreadable page; one at a time. */
static inline struct span
guarded(const char *text)
{
	static const char *copy;
	static size_t len;

	if (copy)
		guard_free(copy, len);
	len = strlen(text);
	copy = guard_copy(text, len);
	return span_of(copy, len);
}

#endif
