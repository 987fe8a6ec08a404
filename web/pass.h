/* The links that open the page (conf/links.h), as the file has them now: it is looked at whenever a token comes. */
#ifndef WEB_PASS_H
#define WEB_PASS_H

#include "conf/links.h"

struct pass;

struct pass *pass_open(const struct conf *); /* NULL: no memory */
void pass_close(struct pass *);
void pass_reload(struct pass *, const struct conf *);

/* The guest's name or LINK_OWNER; NULL: it opens nothing. */
const char *pass_find(struct pass *, struct span token);
size_t pass_count(const struct pass *);
/* What is wrong with the file; "": nothing. No link opens anything then. */
const char *pass_why(const struct pass *);

#endif
