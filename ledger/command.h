/* A command as Redis reads it, its arguments counted while they are written. A core. */
#ifndef LEDGER_COMMAND_H
#define LEDGER_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COMMAND_ROW = 8 };

struct command {
	char *text;
	size_t len, room, n;
	bool failed;
};

int command_open(struct command *); /* -1: no memory */
void command_bytes(struct command *, const char *bytes, size_t n);
void command_text(struct command *, const char *text);
void command_number(struct command *, uint64_t number);
/* One argument: n numbers, at most COMMAND_ROW, with one blank between each. */
void command_row(struct command *, const uint64_t *numbers, size_t n);
/* The whole of it, to be freed, and its length; the command is closed. NULL: no memory. */
char *command_close(struct command *, size_t *len);

#endif
