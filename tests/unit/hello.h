/* Building ClientHellos for tests: right by default, wrong where asked. */
#ifndef TESTS_HELLO_H
#define TESTS_HELLO_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct hello {
	uint8_t b[160 << 10];
	size_t n;
};

static inline void
hello_put(struct hello *h, const void *bytes, size_t n)
{
	if (n)
		memcpy(h->b + h->n, bytes, n);
	h->n += n;
}

static inline void
hello_num(struct hello *h, size_t bytes, size_t n)
{
	for (size_t i = 0; i < bytes; i++)
		h->b[h->n++] = (uint8_t)(n >> 8 * (bytes - 1 - i));
}

/* One extension with these bytes. */
static inline void
hello_ext(struct hello *h, unsigned type, const void *bytes, size_t n)
{
	hello_num(h, 2, type);
	hello_num(h, 2, n);
	hello_put(h, bytes, n);
}

/* server_name with one host_name. */
static inline void
hello_sni(struct hello *h, const char *name, size_t n)
{
	hello_num(h, 2, 0);
	hello_num(h, 2, n + 5);
	hello_num(h, 2, n + 3);
	hello_num(h, 1, 0);
	hello_num(h, 2, n);
	hello_put(h, name, n);
}

/* The handshake message around these extensions (NULL: none at all). */
static inline void
hello_message(struct hello *h, unsigned version, const struct hello *exts)
{
	size_t n = 2 + 32 + 1 + 32 + 2 + 4 + 1 + 1 + (exts ? 2 + exts->n : 0);

	h->n = 0;
	hello_num(h, 1, 1);
	hello_num(h, 3, n);
	hello_num(h, 2, version);
	memset(h->b + h->n, 'r', 32);
	h->n += 32;
	hello_num(h, 1, 32);
	memset(h->b + h->n, 's', 32);
	h->n += 32;
	hello_num(h, 2, 4);
	hello_num(h, 2, 0x1301);
	hello_num(h, 2, 0x1a1a);
	hello_num(h, 2, 0x0100);
	if (exts) {
		hello_num(h, 2, exts->n);
		hello_put(h, exts->b, exts->n);
	}
}

/* A message in records of at most so many bytes. */
static inline void
hello_records(struct hello *out, const struct hello *message, size_t record)
{
	out->n = 0;
	for (size_t i = 0; i < message->n; i += record) {
		size_t n = message->n - i < record ? message->n - i : record;

		hello_num(out, 1, 22);
		hello_num(out, 2, 0x0301);
		hello_num(out, 2, n);
		hello_put(out, message->b + i, n);
	}
}

#endif
