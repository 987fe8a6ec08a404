/*
 * The file of the links to the usage page (conf/links.h), as commands change it. Every call that can fail answers with
 * an exit status; what is wrong is said.
 */
#ifndef CLI_LINKS_FILE_H
#define CLI_LINKS_FILE_H

#include "conf/links.h"

enum { LINKS_URL = 512 };

/* One that is not there holds nothing. The caller frees the links either way. */
int links_file_read(const char *path, struct links *out);
/* Those with a name, in its place at once. */
int links_file_write(const struct conf *, const char *path, const struct links *);

/*
 * Held by who reads the file to write it, until the descriptor is closed. -1: it cannot be held, as where there is no
 * state directory yet; writing says what is wrong there.
 */
int links_file_lock(const struct conf *);

/* The name's in memory, or NULL. */
struct link *links_of(struct links *, const char *name);
/* A fresh one behind the others; NULL: no memory. */
struct link *links_add(struct links *, const char *name);
/* What a browser opens. */
const char *links_url(const struct conf *, const struct link *, char out[LINKS_URL]);
/* The same of the name that is in the file, and made where it is not. */
int links_file_url(const struct conf *, const char *name, char out[LINKS_URL]);

/* Takes the name out of the list, in memory. false: it had no link. */
bool links_take_back(struct links *, const char *name);
/* The same in the file; one without a link is fine. */
int links_file_forget(const struct conf *, const char *name);

#endif
