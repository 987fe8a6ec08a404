/* `lodge guest WORD …`: one file a group of words. guest.c has what several of them do alike. */
#ifndef CLI_GUEST_H
#define CLI_GUEST_H

#include "cli/grammar.h"
#include "conf/conf.h"

#include <jansson.h>

int guest_create(const struct said *);
int guest_clone(const struct said *);
int guest_resize(const struct said *);
int guest_backup(const struct said *);
int guest_bases(const struct said *);
int guest_restore(const struct said *);
int guest_destroy(const struct said *);
int guest_power(const struct said *); /* start stop restart kill */
int guest_traffic(const struct said *); /* cut throttle lift */
/* "stop" of `guest stop`. */
const char *guest_word(const struct said *);

/*
 * Gives a draft (conf/draft.h) the keys in these files, "none" being none; where no file is named those of who types, behind
 * sudo, too. The exit status; what is wrong is said: also where nobody could log in and that was not asked for.
 */
int guest_keys(struct guest *, const char *const files[], size_t n);

/* The file, and the guest in it that is the first operand. NULL: told, and *status. The caller frees *conf else. */
const struct guest *guest_load(const struct said *, struct conf *, int *status);

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
