/* Mistakes with the line they stand in; see conf.h and parse.h. */
#include "conf/parse.h"

#include <stdarg.h>
#include <stdlib.h>

static const char no_memory[] = "error: out of memory while reading the configuration\n";

static const struct lines *
lines_of(struct report *r, uint32_t file)
{
	if (r->n_lines < r->n_texts) {
		struct lines *grown = reallocarray(r->lines, r->n_texts, sizeof(*grown));

		if (!grown)
			return NULL;
		memset(grown + r->n_lines, 0, (r->n_texts - r->n_lines) * sizeof(*grown));
		r->lines = grown;
		r->n_lines = r->n_texts;
	}
	if (!r->lines[file].starts && lines_find(r->texts[file].bytes, &r->lines[file]) == -1)
		return NULL;
	return &r->lines[file];
}

/* Names of files and values come from anywhere: nothing in them may steer a terminal. */
static void
message_print(struct report *r, FILE *out, const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) == -1) {
		r->no_memory = true;
		return;
	}
	text_show(out, span_str(text));
	fputc('\n', out);
	free(text);
}

/* "FILE:LINE:COL: error: text", the line, the caret. */
static void
entry_print(struct report *r, FILE *out, struct place at, const char *kind, const char *format, va_list args)
{
	const struct lines *lines;

	text_show(out, span_str(r->texts[at.file].name));
	if (at.line > 0)
		fprintf(out, ":%u:%u", at.line, at.col);
	fprintf(out, ": %s: ", kind);
	message_print(r, out, format, args);
	lines = at.line > 0 ? lines_of(r, at.file) : NULL;
	if (lines)
		text_excerpt(out, lines_get(lines, r->texts[at.file].bytes, at.line), at.col);
}

/* Appends to a text that may be NULL. */
static char *
entry_append(
    struct report *r, char *text, struct place at, const char *kind, const char *format, va_list args)
{
	char *whole = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&whole, &size);

	if (!out) {
		r->no_memory = true;
		return text;
	}
	if (text)
		fputs(text, out);
	if (kind) {
		entry_print(r, out, at, kind, format, args);
	} else {
		fputs("    hint: ", out);
		message_print(r, out, format, args);
	}
	if (fclose(out) != 0 || !whole) {
		free(whole);
		r->no_memory = true;
		return text;
	}
	free(text);
	return whole;
}

/* Forgets the last warning, so that there is room for a mistake. */
static bool
warning_drop(struct conf_errors *e)
{
	size_t i = e->n;

	while (i > 0 && !e->list[i - 1].warning)
		i--;
	if (i == 0)
		return false;
	free(e->list[i - 1].text);
	memmove(&e->list[i - 1], &e->list[i], (e->n - i) * sizeof(*e->list));
	e->n--;
	e->n_dropped++;
	return true;
}

static void
entry_add(struct report *r, bool warns, struct place at, const char *format, va_list args)
{
	struct conf_errors *e = r->errors;
	struct conf_error *list;

	e->n_fatal += !warns;
	r->open = false;
	if (e->n >= CONF_ERRORS_MAX && (warns || !warning_drop(e))) {
		e->n_dropped++;
		return;
	}
	list = value_grow(r, e->list, e->n, sizeof(*list));
	if (!list)
		return;
	e->list = list;
	list[e->n] = (struct conf_error){.warning = warns, .place = at};
	list[e->n].text = entry_append(r, NULL, at, warns ? "warning" : "error", format, args);
	r->open = list[e->n].text != NULL;
	e->n += r->open;
}

void
error_add(struct report *r, struct place at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	entry_add(r, false, at, format, args);
	va_end(args);
}

void
error_warn(struct report *r, struct place at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	entry_add(r, true, at, format, args);
	va_end(args);
}

void
error_note(struct report *r, struct place at, const char *format, ...)
{
	struct conf_errors *e = r->errors;
	va_list args;

	if (!r->open)
		return;
	va_start(args, format);
	e->list[e->n - 1].text = entry_append(r, e->list[e->n - 1].text, at, "note", format, args);
	va_end(args);
}

void
error_hint(struct report *r, const char *format, ...)
{
	struct conf_errors *e = r->errors;
	va_list args;

	if (!r->open)
		return;
	va_start(args, format);
	e->list[e->n - 1].text =
	    entry_append(r, e->list[e->n - 1].text, (struct place){0}, NULL, format, args);
	va_end(args);
}

bool
report_text(struct report *r, uint32_t file)
{
	const struct conf_text *text = &r->texts[file];
	struct place at = {.file = file};
	const struct lines *lines;
	const char *why;
	size_t offset;

	if (text->bytes.len > CONF_FILE_BYTES) {
		error_add(r, at, "larger than %d MiB; is this the right file?", CONF_FILE_BYTES >> 20);
		return false;
	}
	offset = text_fault(text->bytes, &why);
	if (!why)
		return true;
	lines = lines_of(r, file);
	if (lines)
		lines_place(lines, text->bytes, offset, &at.line, &at.col);
	error_add(r, at, "%s", why);
	return false;
}

struct place
place_or(struct place given, struct place other)
{
	return given.line > 0 ? given : other;
}

int
place_cmp(const struct place *a, const struct place *b)
{
	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return a->col < b->col ? -1 : a->col > b->col;
}

int
report_end(struct report *r)
{
	struct conf_errors *e = r->errors;

	/* A hundred at most, and nearly sorted: insertion keeps what was said first of one place first. */
	for (size_t i = 1; i < e->n; i++) {
		struct conf_error error = e->list[i];
		size_t at = i;

		for (; at > 0 && place_cmp(&e->list[at - 1].place, &error.place) > 0; at--)
			e->list[at] = e->list[at - 1];
		e->list[at] = error;
	}
	for (size_t i = 0; i < r->n_lines; i++)
		free(r->lines[i].starts);
	free(r->lines);
	e->no_memory |= r->no_memory;
	*r = (struct report){0};
	return e->n_fatal > 0 || e->no_memory ? -1 : 0;
}

int
conf_report(const struct conf_errors *e, FILE *out)
{
	size_t warnings = 0;

	for (size_t i = 0; i < e->n; i++) {
		warnings += e->list[i].warning;
		fputs(e->list[i].text, out);
	}
	if (e->no_memory)
		fputs(no_memory, out);
	if (e->n_dropped > 0)
		fprintf(out, "… and %zu more\n", e->n_dropped);
	if (e->n_fatal > 0)
		fprintf(out, "%zu error%s", e->n_fatal, e->n_fatal == 1 ? "" : "s");
	if (warnings > 0)
		fprintf(
		    out, "%s%zu warning%s", e->n_fatal > 0 ? ", " : "", warnings, warnings == 1 ? "" : "s");
	if (e->n_fatal > 0 || warnings > 0)
		fputc('\n', out);
	return e->n_fatal > 0 || e->no_memory ? 2 : 0;
}

const char *
conf_first_error(const struct conf_errors *e, char *out, size_t room)
{
	const char *text = e->no_memory ? no_memory : "";

	for (size_t i = 0; i < e->n; i++) {
		if (!e->list[i].warning) {
			text = e->list[i].text;
			break;
		}
	}
	snprintf(out, room, "%.*s", (int)strcspn(text, "\n"), text);
	return out;
}

void
conf_errors_free(struct conf_errors *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->list[i].text);
	free(e->list);
	*e = (struct conf_errors){0};
}
