/* Mistakes with the line they stand in; see conf.h and parse.h. */
#include "conf/parse.h"

#include <stdarg.h>
#include <stdlib.h>

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

/* Names of files and values come from anywhere: nothing in them may steer a terminal. NULL, and the report knows: no memory. */
static char *
shown(struct report *r, const char *text)
{
	char *out = NULL;
	size_t size;
	FILE *to = open_memstream(&out, &size);

	if (to)
		text_show(to, span_str(text));
	if (to && fclose(to) == 0 && out)
		return out;
	free(out);
	r->no_memory = true;
	return NULL;
}

static char *
message(struct report *r, const char *format, va_list args)
{
	char *text, *out;

	if (vasprintf(&text, format, args) == -1) {
		r->no_memory = true;
		return NULL;
	}
	out = shown(r, text);
	free(text);
	return out;
}

/* "FILE:LINE:COL: error: text", the line, the caret. */
static void
remark_print(struct report *r, const struct conf_remark *said, FILE *out)
{
	static const char *const kinds[] = {
	    [REMARK_ERROR] = "error", [REMARK_WARNING] = "warning", [REMARK_NOTE] = "note"};
	struct place at = said->place;
	const struct lines *lines;

	if (said->kind == REMARK_HINT) {
		fprintf(out, "    hint: %s\n", said->text);
		return;
	}
	fputs(said->file, out);
	if (at.line > 0)
		fprintf(out, ":%u:%u", at.line, at.col);
	fprintf(out, ": %s: %s\n", kinds[said->kind], said->text);
	lines = at.line > 0 ? lines_of(r, at.file) : NULL;
	if (lines)
		text_excerpt(out, lines_get(lines, r->texts[at.file].bytes, at.line), at.col);
}

/* Behind what is said of it already. */
static void
print_behind(struct report *r, struct conf_error *e, const struct conf_remark *said)
{
	char *whole = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&whole, &size);

	if (out) {
		fputs(e->text ? e->text : "", out);
		remark_print(r, said, out);
	}
	if (!out || fclose(out) != 0 || !whole) {
		free(whole);
		r->no_memory = true;
		return;
	}
	free(e->text);
	e->text = whole;
}

static void
remark_add(struct report *r, struct conf_error *e, enum remark kind, struct place at, const char *format,
    va_list args)
{
	struct conf_remark *said = value_append(r, &e->said, &e->n_said, sizeof(*said));

	if (!said)
		return;
	*said = (struct conf_remark){.kind = kind, .place = at};
	said->text = message(r, format, args);
	said->file = kind == REMARK_HINT ? NULL : shown(r, r->texts[at.file].name);
	if (said->text && (said->file || kind == REMARK_HINT)) {
		print_behind(r, e, said);
		return;
	}
	free(said->text);
	free(said->file);
	e->n_said--;
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
	conf_error_free(&e->list[i - 1]);
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
	remark_add(r, &list[e->n], warns ? REMARK_WARNING : REMARK_ERROR, at, format, args);
	r->open = list[e->n].text != NULL;
	if (r->open)
		e->n++;
	else
		conf_error_free(&list[e->n]);
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
	remark_add(r, &e->list[e->n - 1], REMARK_NOTE, at, format, args);
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
	remark_add(r, &e->list[e->n - 1], REMARK_HINT, (struct place){0}, format, args);
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
