/* What the words of `lodge guest bases` share. */
#ifndef CLI_GUEST_BASES_H
#define CLI_GUEST_BASES_H

#include "base/bases.h"
#include "cli/cli.h"

enum { BASES_NAMES = 256, BASES_TEXT = 512 };

struct bases {
	const struct conf *conf;
	char names[BASES_NAMES][CONF_GUEST_NAME_MAX + 1];
	size_t n;
	json_t *json; /* an array that learns of each; NULL: for people */
};

/* Those below the state, by name. The exit status; what is wrong is said. */
int bases_find(struct bases *);
/* Who stands on it, by the file; "" for nobody. */
const char *bases_guests(const struct conf *, const char *name, char out[BASES_TEXT]);
/* found: a word of lodge(8). b: what is known of it, or NULL. why: or NULL. For people nothing. */
void bases_tell(struct bases *, const char *name, const struct base *b, const char *found, const char *why);

/* Removes those that nobody stands on. */
int bases_sweep(const struct said *, struct bases *);

#endif
