/*
 * What clients and servers of the bench say: made once, sent again and again.
 *
 * A ClientHello as browsers send it today (X25519MLKEM768 key share), whose random tells the server of the bench
 * what to answer, and whose name is patched in place; a server's answer that looks like TLS records; an HTTP
 * request and its answer. Every answer says which guest gave it, so that a client sees when it reached a wrong one.
 */
#ifndef BENCH_CANNED_H
#define BENCH_CANNED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CANNED_HELLO = 1747, /* bytes */
	CANNED_BODY = 1024, /* of an HTTP answer */
	CANNED_ANSWER = 65536, /* the longest TLS-looking answer in one piece */
	CANNED_TEXT = 2048, /* room for a request or for an HTTP answer */
	CANNED_FAR = 100 /* added to a guest's number in its answer to somebody who is not its neighbour */
};

struct order {
	uint64_t answer_bytes;
	bool close; /* by the server, after the answer */
};

/* Names have one length: n00000.example.org. */
void canned_hello(unsigned char hello[CANNED_HELLO], const struct order *);
void canned_hello_name(unsigned char hello[CANNED_HELLO], unsigned name);
/* False: not a whole hello yet, or none of ours. */
bool canned_hello_read(const unsigned char *, size_t, struct order *);

void canned_answer(unsigned char answer[CANNED_ANSWER], unsigned guest);
unsigned canned_answer_guest(const unsigned char *answer); /* of the first 12 bytes */

size_t canned_request(char text[CANNED_TEXT], unsigned name, bool close);
void canned_request_name(char *request, unsigned name);
size_t canned_reply(char text[CANNED_TEXT], unsigned guest, bool close);

#endif
