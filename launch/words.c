/* What a launcher says of its guest; see words.h. */
#include "launch/words.h"
#include "base/log.h"

#include <stdlib.h>
#include <unistd.h>

/* The tenant wrote it: lines stay, what is no printable ASCII becomes '?'. */
static char
harmless(char c)
{
	if (c == '\r')
		return ' ';
	return c == '\n' || (c >= 0x20 && c < 0x7f) ? c : '?';
}

static json_t *
harmless_json(struct span text)
{
	char *copy = malloc(text.len + 1);
	json_t *out;

	if (!copy)
		return NULL;
	for (size_t i = 0; i < text.len; i++)
		copy[i] = harmless(text.ptr[i]);
	out = json_stringn(copy, text.len);
	free(copy);
	return out;
}

static void
add_running(json_t *out, const struct words *words)
{
	json_object_set_new(out, "guest_pid", json_integer(words->guest_pid));
	json_object_set_new(out, "uid", json_integer(words->launch->uid));
	json_object_set_new(out, "cpu", json_integer(words->cpu));
	json_object_set_new(out, "memory", json_integer((json_int_t)words->memory_bytes));
	json_object_set_new(out, "limits", json_string(words->limits));
	json_object_set_new(out, "console_answers", json_boolean(words->console_answers));
	json_object_set_new(out, "held", json_boolean(words->held));
	json_object_set_new(out, "said", harmless_json(span_str(words->said)));
	json_object_set_new(out, "padding", json_boolean(words->launch->kernel.padding));
}

json_t *
words_status(const struct words *words)
{
	char address[IP_TEXT] = "";
	json_t *out;

	if (words->guest)
		ip_print(&words->guest->address, address);
	out = json_pack("{s:s s:s s:i s:s s:I s:I s:I s:I s:I s:s s:s s:s s:s s:s s:s}", "name", words->name,
	    "program", "lodge-guest", "pid", (int)getpid(), "state", words->state, "since",
	    (json_int_t)words->since, "starts", (json_int_t)words->starts, "restarts",
	    (json_int_t)(words->starts ? words->starts - 1 : 0), "crashes", (json_int_t)words->crashes,
	    "failures", (json_int_t)words->failures, "why", words->why, "fault", words->fault, "last_end",
	    words->last_end, "address", address, "kernel", words->launch->kernel.ability.version, "tap",
	    words->launch->tap);
	if (out) {
		json_object_set_new(out, "console_clients", json_integer(words->console_clients));
		json_object_set_new(out, "console_writer", json_integer(words->console_writer));
	}
	if (out && words->guest_pid)
		add_running(out, words);
	return out;
}

json_t *
words_console(const char *name, struct span text)
{
	return json_pack("{s:s s:o}", "name", name, "console", harmless_json(text));
}

void
words_log_tail(const char *name, struct span text, size_t lines)
{
	size_t at = text.len, seen = 0;

	while (at > 0 && seen <= lines)
		if (text.ptr[--at] == '\n')
			seen++;
	text = span_from(text, at);
	while (text.len) {
		size_t end = span_find(text, '\n');
		size_t n = end && text.ptr[end - 1] == '\r' ? end - 1 : end;

		if (n)
			log_warn("%s: console: %.*s", name, (int)n, text.ptr);
		text = span_from(text, end < text.len ? end + 1 : end);
	}
}
