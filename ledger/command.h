/* A command as Redis reads it, its arguments counted while they are written. A core. */
#ifndef LEDGER_COMMAND_H
#define LEDGER_COMMAND_H

#include <stdint.h>
#include <stdio.h>

struct command {
	FILE *file;
	char *text;
	size_t len, n;
};

int command_open(struct command *); /* -1: no memory */
void command_bytes(struct command *, const char *bytes, size_t n);
void command_text(struct command *, const char *text);
void command_number(struct command *, uint64_t number);
/* The whole of it, to be freed, and its length; the command is closed. NULL: no memory. */
char *command_close(struct command *, size_t *len);

#endif
