/* A command as Redis reads it; see command.h. */
#include "ledger/command.h"
#include "ledger/record.h"

#include <inttypes.h>
#include <stdlib.h>

int
command_open(struct command *c)
{
	*c = (struct command){0};
	c->file = open_memstream(&c->text, &c->len);
	return c->file ? 0 : -1;
}

void
command_bytes(struct command *c, const char *bytes, size_t n)
{
	fprintf(c->file, "$%zu\r\n", n);
	fwrite(bytes, 1, n, c->file);
	fputs("\r\n", c->file);
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
	char text[NUMBER_TEXT];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	command_text(c, text);
}

char *
command_close(struct command *c, size_t *len)
{
	char head[32], *whole = NULL;
	size_t n = (size_t)snprintf(head, sizeof(head), "*%zu\r\n", c->n);

	if (fclose(c->file) == 0)
		whole = malloc(n + c->len);
	if (whole) {
		memcpy(whole, head, n);
		memcpy(whole + n, c->text, c->len);
		*len = n + c->len;
	}
	free(c->text);
	return whole;
}
