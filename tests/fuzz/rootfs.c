/* Files of a stranger's tree and of the host, any bytes: what comes out still keeps its promises. */
#include "launch/rootfs.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool truth)
{
	if (!truth)
		abort();
}

/* The line named is there, and its text has the word. */
static void
swap(struct span text)
{
	size_t line = rootfs_swap_line(text), at = 1;

	if (line == 0)
		return;
	while (at < line && text.len > 0) {
		size_t n = span_find(text, '\n');

		must(n < text.len);
		text = span_from(text, n + 1);
		at++;
	}
	text = span_first(text, span_find(text, '\n'));
	must(memmem(text.ptr, text.len, "swap", 4) != NULL);
}

/* One to three lines, each a nameserver whose address parses and prints to the same. */
static void
resolv(struct span a, struct span b)
{
	char *text = rootfs_resolv((struct span[]){a, b});
	struct span rest = span_str(text);
	size_t lines = 0;

	for (; rest.len > 0; lines++) {
		struct span line = span_first(rest, span_find(rest, '\n'));
		struct ip ip;
		char printed[IP_TEXT];

		must(line.len > 11 && memcmp(line.ptr, "nameserver ", 11) == 0);
		must(ip_parse(span_from(line, 11), &ip) == 0);
		must(span_is(span_from(line, 11), ip_print(&ip, printed)));
		rest = span_from(rest, line.len + 1);
	}
	must(lines >= 1 && lines <= 3);
	free(text);
}

/* One console and one meaning of the three keys, and a second pass changes nothing. */
static void
inittab(struct span old)
{
	char *text = rootfs_inittab(old), *again;
	struct span rest = span_str(text);
	size_t consoles = 0;

	for (; rest.len > 0; rest = span_from(rest, span_find(rest, '\n') + 1))
		consoles += rest.len >= 3 && memcmp(rest.ptr, "tty", 3) == 0;
	must(consoles == 1);
	again = rootfs_inittab(span_str(text));
	must(strcmp(again, text) == 0);
	free(text);
	free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t half = size / 2;
	struct span all = {(const char *)data, size};

	swap(all);
	resolv(span_first(all, half), span_from(all, half));
	if (!memchr(data, '\0', size)) /* a text with NUL comes out whole, but not as a C string */
		inittab(all);
	return 0;
}
