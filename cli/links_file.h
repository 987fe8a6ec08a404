/*
 * The file of the links to the usage page (conf/links.h), as commands change it. Every call that can fail answers with
 * an exit status; what is wrong is said.
 */
#ifndef CLI_LINKS_FILE_H
#define CLI_LINKS_FILE_H

#include "conf/links.h"

/* One that is not there holds nothing. The caller frees the links either way. */
int links_file_read(const char *path, struct links *out);
/* Those with a name, in its place at once. */
int links_file_write(const struct conf *, const char *path, const struct links *);

/* Takes the name out of the list, in memory. false: it had no link. */
bool links_take_back(struct links *, const char *name);
/* The same in the file; one without a link is fine. */
int links_file_forget(const struct conf *, const char *name);

#endif
