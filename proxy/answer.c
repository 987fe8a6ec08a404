/* What a refused client is told; see answer.h. */
#include "proxy/answer.h"

#include <stdio.h>

/* What is not here is told as the last one. extra: whole lines. */
static const struct {
	unsigned status;
	const char *phrase, *extra;
} phrases[] = {
    {400, "Bad Request", ""},
    {405, "Method Not Allowed", "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n"},
    {408, "Request Timeout", ""},
    {421, "Misdirected Request", ""},
    {431, "Request Header Fields Too Large", ""},
    {505, "HTTP Version Not Supported", ""},
    {503, "Service Unavailable", "Retry-After: 10\r\n"},
};

size_t
answer_http(unsigned status, const char *why, bool head_only, char *out)
{
	size_t i = 0, n = sizeof(phrases) / sizeof(phrases[0]);
	char page[ANSWER_MAX / 2];
	int length, total;

	while (i < n - 1 && phrases[i].status != status)
		i++;
	length = snprintf(page, sizeof(page), "%u %s\n%.200s\n", phrases[i].status, phrases[i].phrase, why);
	total = snprintf(out, ANSWER_MAX,
	    "HTTP/1.1 %u %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n"
	    "Cache-Control: no-store\r\n%sConnection: close\r\n\r\n%s",
	    phrases[i].status, phrases[i].phrase, length, phrases[i].extra, head_only ? "" : page);
	return (size_t)total;
}

size_t
answer_tls(unsigned alert, char *out)
{
	const char record[7] = {21, 3, 3, 0, 2, 2, (char)alert};

	memcpy(out, record, sizeof(record));
	return sizeof(record);
}
