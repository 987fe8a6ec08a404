/*
 * A command as Redis reads it; see command.h. A guest's update has fifty arguments and there is one a second,
 * so numbers are written by hand.
 */
#include "ledger/command.h"

#include <stdlib.h>
#include <string.h>

enum {
	HEAD = 32, /* kept free at the beginning for how many arguments there are */
	ROOM = 4096,
	DIGITS = 20,
};

int
command_open(struct command *c)
{
	*c = (struct command){.text = malloc(ROOM), .len = HEAD, .room = ROOM};
	return c->text ? 0 : -1;
}

static void
put(struct command *c, const char *bytes, size_t n)
{
	char *more;

	if (c->failed)
		return;
	if (n > c->room - c->len) {
		more = realloc(c->text, (c->room + n) * 2);
		c->failed = !more;
		if (!more)
			return;
		c->text = more;
		c->room = (c->room + n) * 2;
	}
	memcpy(c->text + c->len, bytes, n);
	c->len += n;
}

/* The digits of a number at the end of a text; returns where they begin. */
static char *
digits(uint64_t number, char *end)
{
	do
		*--end = (char)('0' + number % 10);
	while (number /= 10);
	return end;
}

/* "$12\r\n" */
static char *
head(char sign, size_t n, char *end)
{
	char *begin;

	memcpy(end - 2, "\r\n", 2);
	begin = digits(n, end - 2);
	*--begin = sign;
	return begin;
}

void
command_bytes(struct command *c, const char *bytes, size_t n)
{
	char text[HEAD], *end = text + sizeof(text), *begin = head('$', n, end);

	put(c, begin, (size_t)(end - begin));
	put(c, bytes, n);
	put(c, "\r\n", 2);
	c->n++;
}

void
command_text(struct command *c, const char *text)
{
	command_bytes(c, text, strlen(text));
}

void
command_number(struct command *c, uint64_t number)
{
	char text[DIGITS], *end = text + sizeof(text), *begin = digits(number, end);

	command_bytes(c, begin, (size_t)(end - begin));
}

void
command_row(struct command *c, const uint64_t *numbers, size_t n)
{
	char text[COMMAND_ROW * (DIGITS + 1)], *end = text + sizeof(text), *begin = end;

	for (size_t i = n; i > 0; i--) {
		if (i < n)
			*--begin = ' ';
		begin = digits(numbers[i - 1], begin);
	}
	command_bytes(c, begin, (size_t)(end - begin));
}

char *
command_close(struct command *c, size_t *len)
{
	char *begin = c->text ? head('*', c->n, c->text + HEAD) : NULL;

	if (c->failed || !begin) {
		free(c->text);
		return NULL;
	}
	*len = (size_t)(c->text + c->len - begin);
	memmove(c->text, begin, *len);
	return c->text;
}
