/* What a launcher says of its guest: the answers of its control socket, and the last lines of a console. */
#ifndef LAUNCH_WORDS_H
#define LAUNCH_WORDS_H

#include "launch/launch.h"

#include <jansson.h>
#include <time.h>

struct words {
	const char *name, *state, *why, *fault, *last_end, *limits, *said;
	const struct guest *guest; /* as the file has it now, or NULL */
	const struct launch *launch; /* the last one tried */
	time_t since;
	unsigned long starts, crashes;
	unsigned failures;
	pid_t guest_pid; /* 0: nothing runs, and what follows says nothing */
	unsigned long long memory_bytes;
	int cpu;
	bool console_answers, held;
	unsigned console_clients;
	pid_t console_writer; /* 0: none */
};

/* A new reference, or NULL. */
json_t *words_status(const struct words *);
json_t *words_console(const char *name, struct span text);

/* The last so many lines, one warning each. */
void words_log_tail(const char *name, struct span text, size_t lines);

#endif
