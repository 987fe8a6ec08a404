/*
 * Who may see the usage page from elsewhere: the file STATE/web/links, a line "NAME TOKEN" for each link, with * for the
 * owner, who sees all. A token is 32 characters of a-z and 2-7: 160 random bits. A core.
 *
 * `lodge link` writes it, lodge-web reads it whenever it changed, so that a line that is gone is a link that opens
 * nothing.
 */
#ifndef CONF_LINKS_H
#define CONF_LINKS_H

#include "conf/conf.h"

#define LINKS_FILE "web/links" /* below conf.state */
#define LINK_OWNER "*"

enum {
	LINK_TOKEN = 32, /* its characters */
	LINK_RANDOM = 20, /* its bytes */
	LINKS_MAX = 4 * CONF_GUESTS_MAX,
};

struct link {
	char name[CONF_GUEST_NAME_MAX + 1]; /* or LINK_OWNER */
	char token[LINK_TOKEN + 1];
};

struct links {
	struct link *list;
	size_t n;
};

bool link_is_token(struct span);
const char *link_token(const uint8_t random[LINK_RANDOM], char out[LINK_TOKEN + 1]);

/* 0; else the number of the line that is none, or -1: no memory, or above LINKS_MAX. *out is then empty. */
int links_parse(struct span text, struct links *out);
void links_free(struct links *);

/*
 * Whose token it is, or NULL. Takes as long for a wrong one as for a right one, however much of it is right.
 */
const char *links_find(const struct links *, struct span token);

#endif
