/*
 * A path, a file of links, a token. Laws: what is asked for is one thing, of a name that a guest may have; a stranger
 * gets nothing; a tenant nothing of another; a token that opens something stands in the file; what is written of a path
 * has no markup of its own.
 */
#include "web/ask.h"
#include "web/out.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(bool good)
{
	if (!good)
		abort();
}

static void
check_path(struct span path)
{
	static const struct viewer nobody = {WHO_NOBODY, "", false}, alice = {WHO_TENANT, "alice", false};
	struct ask ask = ask_parse(path);

	check(ask.want < WANTS && ask.by <= BY_MONTH);
	check(!ask.name[0] || ask.tap || name_guest(span_str(ask.name)) == NULL);
	check((ask.want == WANT_ENTER) == (ask.token[0] != '\0'));
	check(ask_status(&ask, &nobody, true) == 403 && ask_status(&ask, &nobody, false) == 403);
	if (ask.name[0] && strcmp(ask.name, "alice") != 0)
		check(ask_status(&ask, &alice, true) == 403 && ask_status(&ask, &alice, false) == 403);
}

static void
check_links(struct span text)
{
	struct links links;
	char line[CONF_GUEST_NAME_MAX + LINK_TOKEN + 3];

	if (links_parse(text, &links) != 0) {
		check(links.n == 0);
		return;
	}
	for (size_t i = 0; i < links.n; i++) {
		const char *whose = links_find(&links, span_str(links.list[i].token));

		check(whose != NULL);
		snprintf(line, sizeof(line), "%s %s\n", links.list[i].name, links.list[i].token);
		check(memmem(text.ptr, text.len, line, strlen(line)) != NULL);
	}
	links_free(&links);
}

static void
check_escape(struct span text)
{
	char *copy = strndup(text.ptr, text.len);
	struct out o = {0};

	if (!copy)
		return;
	out_html(&o, "%s", copy);
	for (size_t i = 0; i < o.len; i++)
		check(!strchr("<>\"'", o.ptr[i]) && (unsigned char)o.ptr[i] >= ' ');
	out_free(&o);
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct span all = span_of(bytes, n);

	check_path(all);
	check_links(all);
	check_escape(all);
	return 0;
}
