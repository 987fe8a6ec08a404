/*
 * What a refused client is told: a small HTTP page or a TLS alert. A core. Says nothing of who else is here.
 */
#ifndef PROXY_ANSWER_H
#define PROXY_ANSWER_H

#include "base/span.h"

enum {
	ANSWER_MAX = 1024,
	ANSWER_PAGE_MAX = 256,
	ANSWER_BAD_REQUEST = 400,
	ANSWER_TIMEOUT = 408,
	ANSWER_MISDIRECTED = 421,
	ANSWER_UNAVAILABLE = 503,
};

/* A whole response into out (ANSWER_MAX). why: one line of ours, in it. head_only: without the page. */
size_t answer_http(unsigned status, const char *why, bool head_only, char *out);

/* Its page alone; out: ANSWER_PAGE_MAX. */
size_t answer_page(unsigned status, const char *why, char *out);

/* To another place. location: a URL, as it is to stand there. out: ANSWER_MAX more than it is long. */
size_t answer_redirect(unsigned status, const char *location, bool head_only, char *out);

/* One fatal alert, RFC 8446 6. */
size_t answer_tls(unsigned alert, char *out);

#endif
