/* Text that is being written; see out.h. */
#include "web/out.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_ROOM = 16384, NUMBER_ROOM = 64, SPEC_MAX = 16 };

static void
put(struct out *o, const char *bytes, size_t n)
{
	size_t room = o->room ? o->room : FIRST_ROOM;
	char *more;

	if (o->failed || n == 0)
		return;
	while (room - o->len < n && room <= OUT_MAX)
		room *= 2;
	if (room > OUT_MAX) {
		o->failed = true;
		return;
	}
	if (room != o->room) {
		more = realloc(o->ptr, room);
		if (!more) {
			o->failed = true;
			return;
		}
		o->ptr = more;
		o->room = room;
	}
	memcpy(o->ptr + o->len, bytes, n);
	o->len += n;
}

static const char *
escape(unsigned char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return c < ' ' || c == 0x7f ? " " : NULL;
	}
}

static void
put_escaped(struct out *o, const char *text)
{
	const char *from = text;

	for (; *text; text++) {
		const char *as = escape((unsigned char)*text);

		if (!as)
			continue;
		put(o, from, (size_t)(text - from));
		put(o, as, strlen(as));
		from = text + 1;
	}
	put(o, from, (size_t)(text - from));
}

/* The conversion that begins at a %: its length, and a copy that ends with NUL. 0: none that we know. */
static size_t
conversion(const char *at, char spec[SPEC_MAX])
{
	size_t n = 1 + strspn(at + 1, "-+ #0123456789.hlzjt");

	if (at[n] == '\0' || n + 2 > SPEC_MAX)
		return 0;
	memcpy(spec, at, n + 1);
	spec[n + 1] = '\0';
	return n + 1;
}

/* By its length modifier, as printf takes it. */
static void
put_number(struct out *o, const char *spec, va_list *args)
{
	char text[NUMBER_ROOM];
	int n;

	if (strchr("feg", spec[strlen(spec) - 1]))
		n = snprintf(text, sizeof(text), spec, va_arg(*args, double));
	else if (strstr(spec, "ll") || strchr(spec, 'j'))
		n = snprintf(text, sizeof(text), spec, va_arg(*args, long long));
	else if (strchr(spec, 'l') || strchr(spec, 'z') || strchr(spec, 't'))
		n = snprintf(text, sizeof(text), spec, va_arg(*args, long));
	else
		n = snprintf(text, sizeof(text), spec, va_arg(*args, int));
	put(o, text, n < 0 ? 0 : (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

static void
put_filled(struct out *o, bool html, const char *spec, va_list *args)
{
	char one[2] = "";
	const char *text = one;

	switch (spec[strlen(spec) - 1]) {
	case '%':
		put(o, "%", 1);
		return;
	case 'c':
		one[0] = (char)va_arg(*args, int);
		break;
	case 's':
		text = va_arg(*args, const char *);
		break;
	default:
		put_number(o, spec, args);
		return;
	}
	if (!text)
		return;
	if (html)
		put_escaped(o, text);
	else
		put(o, text, strlen(text));
}

static void
put_format(struct out *o, bool html, const char *format, va_list *args)
{
	char spec[SPEC_MAX];

	while (*format && !o->failed) {
		size_t n = strcspn(format, "%");

		put(o, format, n);
		format += n;
		if (*format == '\0')
			break;
		n = conversion(format, spec);
		if (n == 0) {
			o->failed = true;
			break;
		}
		put_filled(o, html, spec, args);
		format += n;
	}
}

void
out_html(struct out *o, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_format(o, true, format, &args);
	va_end(args);
}

void
out_plain(struct out *o, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_format(o, false, format, &args);
	va_end(args);
}

void
out_unit(struct out *o, const char *name, int64_t hundredths)
{
	int64_t whole = hundredths / 100, rest = hundredths % 100;

	rest = rest < 0 ? -rest : rest;
	out_plain(o, " %s=\"%s%" PRId64, name, hundredths < 0 && whole == 0 ? "-" : "", whole);
	if (rest)
		out_plain(o, rest % 10 ? ".%02d" : ".%d", (int)(rest % 10 ? rest : rest / 10));
	out_plain(o, "\"");
}

void
out_free(struct out *o)
{
	free(o->ptr);
	*o = (struct out){0};
}
