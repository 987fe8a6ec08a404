/*
 * A guest that is not in the file yet: from words to the text of a file of its own. A core; the words come from a
 * command line. Functions that take a word answer NULL, or what is wrong with it.
 */
#ifndef CONF_DRAFT_H
#define CONF_DRAFT_H

#include "conf/conf.h"

enum { DRAFT_SSH_PORT = 2201 }; /* the first one that is tried */

/* With every default of `lodge guest create`. *why as above, or NULL. The caller closes it either way. */
void draft_open(struct guest *, const char *name, const char **why);
/* Likewise, as another guest is: its keys, quota, disk; what only one may have is left out. */
void draft_copy(const struct guest *, struct guest *, const char *name, const char **why);
/* Likewise, as it was itself, with its domains, ports and address. */
void draft_again(const struct guest *, struct guest *, const char **why);
void draft_close(struct guest *);

const char *draft_from(struct guest *, const char *word);
const char *draft_disk(struct guest *, const char *word); /* 10G */
const char *draft_memory(struct guest *, const char *word);
const char *draft_fs(struct guest *, const char *word);
const char *draft_base(struct guest *, const char *word);
/* On a base that is named by what it is made from and how large, once that is known. */
const char *draft_shared(struct guest *);
const char *draft_domain(struct guest *, const char *word);
const char *draft_key(struct guest *, const char *line);
const char *draft_image(struct guest *, const char *path);

/*
 * The lowest address (and the IPv6 one of that number) that no guest of the conf has, and the first port from
 * DRAFT_SSH_PORT on that nobody has, to the guest's 22; taken[port] is what listeners_read says. What the draft has
 * already is kept where it is free. "…" says what there is none of.
 */
const char *draft_place(const struct conf *, const uint8_t *taken, struct guest *);

/* On the host, to its 22; 0: none. */
unsigned draft_ssh_port(const struct guest *);

/* Of the same file the line that says whom it may call; nothing where nobody. */
void draft_allow_print(const struct guest *, FILE *);

/* The file: `guests:` with this one, without what follows from its name, its address or that conf. */
void draft_print(const struct conf *, const struct guest *, FILE *);

#endif
