/*
 * `lodge guest WORD …`: one file a group of words; each takes what is left of the command line, argv[0] being the
 * word, and returns the exit status. guest.c finds it.
 */
#ifndef CLI_GUEST_H
#define CLI_GUEST_H

#include "conf/conf.h"

#include <jansson.h>

struct guest_word {
	const char *name;
	int (*run)(const char *file, int argc, char **argv);
	const char *operands; /* for the usage */
};

int guest_create(const char *file, int argc, char **argv);
int guest_clone(const char *file, int argc, char **argv);
int guest_resize(const char *file, int argc, char **argv);
int guest_backup(const char *file, int argc, char **argv);
int guest_restore(const char *file, int argc, char **argv);
int guest_bases(const char *file, int argc, char **argv);
int guest_destroy(const char *file, int argc, char **argv);
int guest_power(const char *file, int argc, char **argv); /* start stop restart kill */

/*
 * Gives a draft (conf/draft.h) the keys in these files, "none" being none; where no file is named those of who types, behind
 * sudo, too. The exit status; what is wrong is said: also where nobody could log in and that was not asked for.
 */
int guest_keys(struct guest *, const char *const files[], size_t n);

/* The file, and the guest in it that is the only operand. NULL: said, and *status. The caller frees *conf else. */
const struct guest *guest_load(const char *file, const char *name, struct conf *, int *status);

/*
 * NAME, of a word that takes one and perhaps an option without a value, which has a brief name, a full one or both (*set: it
 * stands there). NULL: something else stands there.
 */
const char *guest_operand(int argc, char **argv, const char *brief, const char *full, bool *set);
/* How a word of guest is used, said; the exit status. */
int guest_usage(const char *word);

/* The launcher's answer to a word, or NULL after saying why not, and *status. */
json_t *guest_ask(const struct conf *, const char *name, const char *word, int *status);
/* A text in it, or "". */
const char *guest_text(const json_t *answer, const char *key);

enum guest_wait {
	WAIT_NOT,
	WAIT, /* until it is so */
	WAIT_HEARING, /* likewise, by a caller that hears no interrupt else (base/tool.h): now it does, and stays so */
};

/*
 * Tells the launcher start, stop, restart or kill. The exit status; what is wrong is said. An interrupt that the caller
 * catches ends the wait.
 */
int guest_tell(const struct conf *, const char *word, const char *name, enum guest_wait);

#endif
