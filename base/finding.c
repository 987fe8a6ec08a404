/* What a program found out by trying; see finding.h. */
#include "base/finding.h"
#include "base/colour.h"
#include "base/sys.h"

#include <stdarg.h>
#include <string.h>

enum { VERSION = 1, TEXT = 1024, WHAT_WIDTH = 12 };

static const char *const words[] = {
    [FOUND_OK] = "ok",
    [FOUND_DEGRADED] = "degraded",
    [FOUND_BROKEN] = "broken",
};
static const char *const colours[] = {
    [FOUND_OK] = COLOUR_GREEN,
    [FOUND_DEGRADED] = COLOUR_YELLOW,
    [FOUND_BROKEN] = COLOUR_RED,
};
enum { N_WORDS = sizeof(words) / sizeof(words[0]) };

void
findings_begin(struct findings *f, FILE *out, bool json)
{
	*f = (struct findings){.out = out, .list = json ? json_array() : NULL};
}

static void
print_line(FILE *out, enum found found, const char *what, const char *text, const char *next)
{
	bool colour = colour_wanted(fileno(out));

	fprintf(out, "%-*s%s%-10s%s%s\n", WHAT_WIDTH, what, colour ? colours[found] : "", words[found],
	    colour ? COLOUR_END : "", text);
	if (next)
		fprintf(out, "%-*s%-10s%s\n", WHAT_WIDTH, "", "next:", next);
	fflush(out);
}

static void
take(struct findings *f, enum found found, const char *what, const char *text, const char *next)
{
	if (found > f->worst)
		f->worst = found;
	if (!f->list)
		print_line(f->out, found, what, text, next);
	else
		json_array_append_new(f->list, json_pack("{s:s s:s s:s s:s?}", "what", what, "found",
						   words[found], "text", text, "next", next));
}

void
findings_add(
    struct findings *f, enum found found, const char *what, const char *next, const char *format, ...)
{
	char text[TEXT];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	take(f, found, what, text, next);
}

static int
merge_one(struct findings *f, json_t *one)
{
	const char *what, *word, *text, *next = json_string_value(json_object_get(one, "next"));
	size_t found = 0;

	if (json_unpack(one, "{s:s s:s s:s}", "what", &what, "found", &word, "text", &text) == -1)
		return -1;
	while (found < N_WORDS && strcmp(word, words[found]) != 0)
		found++;
	if (found == N_WORDS)
		return -1;
	take(f, (enum found)found, what, text, next);
	return 0;
}

int
findings_merge(struct findings *f, const char *json, size_t n)
{
	json_t *root = json_loadb(json, n, 0, NULL), *list = json_object_get(root, "findings"), *one;
	int result = json_array_size(list) > 0 ? 0 : -1;
	size_t i;

	json_array_foreach (list, i, one)
		if (merge_one(f, one) == -1)
			result = -1;
	json_decref(root);
	return result;
}

int
findings_end(struct findings *f)
{
	json_t *root;

	if (f->list) {
		root = json_pack(
		    "{s:i s:s s:o}", "version", VERSION, "worst", words[f->worst], "findings", f->list);
		json_dumpf(root, f->out, JSON_INDENT(2));
		fputc('\n', f->out);
		json_decref(root);
	}
	return f->worst == FOUND_BROKEN ? EXIT_SYSTEM : EXIT_DONE;
}
