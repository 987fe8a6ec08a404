/* What clients and servers of the bench say; see canned.h. */
#include "bench/canned.h"

#include <stdio.h>
#include <string.h>

#define NAME "n00000.example.org"

static const unsigned char MAGIC[8] = {'l', 'o', 'd', 'g', 'e', '-', 'b', 'n'};

enum { RANDOM = 11, NAME_AT = 9 /* of server_name, from its type */, REPLY_GUEST = 11 };

/* --- a ClientHello ---------------------------------------------------------------------------------------- */

struct writer {
	unsigned char *at;
};

static void
put(struct writer *w, const void *bytes, size_t n)
{
	memcpy(w->at, bytes, n);
	w->at += n;
}

static void
put16(struct writer *w, unsigned v)
{
	*w->at++ = (unsigned char)(v >> 8);
	*w->at++ = (unsigned char)v;
}

static void
fill(struct writer *w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*w->at++ = (unsigned char)(i * 167 + 41);
}

static void
extension(struct writer *w, unsigned type, const void *bytes, size_t n)
{
	put16(w, type);
	put16(w, (unsigned)n);
	put(w, bytes, n);
}

static void
server_name(struct writer *w)
{
	size_t n = strlen(NAME);

	put16(w, 0);
	put16(w, (unsigned)n + 5);
	put16(w, (unsigned)n + 3);
	*w->at++ = 0;
	put16(w, (unsigned)n);
	put(w, NAME, n);
}

static void
key_share(struct writer *w)
{
	enum { MLKEM = 1216, X25519 = 32 };

	put16(w, 51);
	put16(w, MLKEM + X25519 + 10);
	put16(w, MLKEM + X25519 + 8);
	put16(w, 0x11ec);
	put16(w, MLKEM);
	fill(w, MLKEM);
	put16(w, 29);
	put16(w, X25519);
	fill(w, X25519);
}

static void
extensions(struct writer *w, const unsigned char *end)
{
	unsigned char *length = w->at;
	size_t n;

	w->at += 2;
	server_name(w);
	extension(w, 23, "", 0);
	extension(w, 10, "\0\x0a\x11\xec\0\x1d\0\x17\0\x18\0\x19", 12);
	extension(w, 35, "", 0);
	extension(w, 16, "\0\x0c\x02h2\x08http/1.1", 14);
	extension(w, 13, "\0\x10\x04\x03\x08\x04\x04\x01\x05\x03\x08\x05\x05\x01\x08\x06\x06\x01", 18);
	extension(w, 43, "\x04\x03\x04\x03\x03", 5);
	extension(w, 45, "\x01\x01", 2);
	key_share(w);
	n = (size_t)(end - w->at) - 4;
	put16(w, 21); /* padding */
	put16(w, (unsigned)n);
	memset(w->at, 0, n);
	w->at += n;
	n = (size_t)(w->at - length) - 2;
	length[0] = (unsigned char)(n >> 8);
	length[1] = (unsigned char)n;
}

void
canned_hello(unsigned char hello[CANNED_HELLO], const struct order *order)
{
	struct writer w = {hello};

	put(&w, "\x16\x03\x01", 3);
	put16(&w, CANNED_HELLO - 5);
	put(&w, "\x01\0", 2);
	put16(&w, CANNED_HELLO - 9);
	put(&w, "\x03\x03", 2);
	put(&w, MAGIC, sizeof(MAGIC));
	put(&w, &order->answer_bytes, sizeof(order->answer_bytes));
	*w.at++ = order->close;
	fill(&w, 15);
	*w.at++ = 32;
	fill(&w, 32);
	put(&w, "\0\x12\x13\x01\x13\x02\x13\x03\xc0\x2b\xc0\x2f\xc0\x2c\xc0\x30\xcc\xa9\xcc\xa8", 20);
	put(&w, "\x01\0", 2);
	extensions(&w, hello + CANNED_HELLO);
}

static void
put_digits(char *at, unsigned name)
{
	for (int i = 4; i >= 0; i--, name /= 10)
		at[i] = (char)('0' + name % 10);
}

void
canned_hello_name(unsigned char hello[CANNED_HELLO], unsigned name)
{
	enum { EXTENSIONS = RANDOM + 32 + 33 + 20 + 2 + 2 };

	put_digits((char *)hello + EXTENSIONS + NAME_AT + 1, name);
}

bool
canned_hello_read(const unsigned char *bytes, size_t n, struct order *order)
{
	if (n < CANNED_HELLO || memcmp(bytes + RANDOM, MAGIC, sizeof(MAGIC)) != 0)
		return false;
	memcpy(&order->answer_bytes, bytes + RANDOM + sizeof(MAGIC), sizeof(order->answer_bytes));
	order->close = bytes[RANDOM + sizeof(MAGIC) + sizeof(order->answer_bytes)];
	return true;
}

/* --- answers ---------------------------------------------------------------------------------------------- */

void
canned_answer(unsigned char answer[CANNED_ANSWER], unsigned guest)
{
	enum { RECORD = 16384 };

	for (size_t at = 0; at < CANNED_ANSWER; at += RECORD) {
		struct writer w = {answer + at};

		put(&w, at ? "\x17\x03\x03" : "\x16\x03\x03", 3);
		put16(&w, RECORD - 5);
		fill(&w, RECORD - 5);
	}
	answer[REPLY_GUEST] = (unsigned char)guest;
}

unsigned
canned_answer_guest(const unsigned char *answer)
{
	return answer[REPLY_GUEST];
}

size_t
canned_request(char text[CANNED_TEXT], unsigned name, bool close)
{
	int n = snprintf(text, CANNED_TEXT,
	    "GET /index.html HTTP/1.1\r\n"
	    "Host: " NAME "\r\n"
	    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
	    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
	    "Accept-Language: en-US,en;q=0.5\r\n"
	    "Accept-Encoding: gzip, deflate\r\n"
	    "Connection: %s\r\n"
	    "\r\n",
	    close ? "close" : "keep-alive");

	canned_request_name(text, name);
	return (size_t)n;
}

void
canned_request_name(char *request, unsigned name)
{
	static const char before[] = "GET /index.html HTTP/1.1\r\nHost: n";

	put_digits(request + sizeof(before) - 1, name);
}

size_t
canned_reply(char text[CANNED_TEXT], unsigned guest, bool close)
{
	int n = snprintf(text, CANNED_TEXT,
	    "HTTP/1.1 200 OK\r\n"
	    "Server: bench\r\n"
	    "X-Guest: %03u\r\n"
	    "Content-Type: text/html; charset=utf-8\r\n"
	    "Content-Length: %d\r\n"
	    "%s"
	    "\r\n",
	    guest, CANNED_BODY, close ? "Connection: close\r\n" : "");

	memset(text + n, 'x', CANNED_BODY);
	return (size_t)n + CANNED_BODY;
}
