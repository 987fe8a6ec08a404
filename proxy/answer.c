/* What a refused client is told; see answer.h. */
#include "proxy/answer.h"

#include <stdio.h>

/* What is not here is told as the last one. extra: whole lines. */
static const struct phrase {
	unsigned status;
	const char *phrase, *extra;
} phrases[] = {
    {301, "Moved Permanently", ""},
    {308, "Permanent Redirect", ""},
    {400, "Bad Request", ""},
    {405, "Method Not Allowed", "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n"},
    {408, "Request Timeout", ""},
    {421, "Misdirected Request", ""},
    {431, "Request Header Fields Too Large", ""},
    {505, "HTTP Version Not Supported", ""},
    {503, "Service Unavailable", "Retry-After: 10\r\n"},
};

static const struct phrase *
phrase_of(unsigned status)
{
	size_t i = 0, n = sizeof(phrases) / sizeof(phrases[0]);

	while (i < n - 1 && phrases[i].status != status)
		i++;
	return &phrases[i];
}

size_t
answer_page(unsigned status, const char *why, char *out)
{
	const struct phrase *p = phrase_of(status);

	return (size_t)snprintf(out, ANSWER_PAGE_MAX, "%u %s\n%.200s\n", p->status, p->phrase, why);
}

/* location: where there is one, its field up to the URL, and the URL. */
static size_t
compose(unsigned status, const char *why, const char *const location[2], bool head_only, char *out)
{
	const struct phrase *p = phrase_of(status);
	char page[ANSWER_PAGE_MAX];
	size_t length = answer_page(status, why, page);

	return (size_t)snprintf(out, ANSWER_MAX + strlen(location[1]),
	    "HTTP/1.1 %u %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n"
	    "Cache-Control: no-store\r\n%s%s%s%sConnection: close\r\n\r\n%s",
	    p->status, p->phrase, length, p->extra, location[0], location[1], location[1][0] ? "\r\n" : "",
	    head_only ? "" : page);
}

size_t
answer_http(unsigned status, const char *why, bool head_only, char *out)
{
	return compose(status, why, (const char *const[]){"", ""}, head_only, out);
}

size_t
answer_redirect(unsigned status, const char *location, bool head_only, char *out)
{
	return compose(status, "this name is served by https", (const char *const[]){"Location: ", location},
	    head_only, out);
}

size_t
answer_tls(unsigned alert, char *out)
{
	const char record[7] = {21, 3, 3, 0, 2, 2, (char)alert};

	memcpy(out, record, sizeof(record));
	return sizeof(record);
}
