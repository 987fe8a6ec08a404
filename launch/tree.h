/*
 * A directory that will be a guest's root, worked on from outside. It may come from a stranger: every path is resolved
 * with the tree as root (openat2), so no link inside can lead out. All -1 with errno unless said otherwise.
 */
#ifndef LAUNCH_TREE_H
#define LAUNCH_TREE_H

#include "launch/edit.h"

int tree_open(const char *path); /* a descriptor for the calls below */

bool tree_has(int tree, const char *path);
/* NUL-terminated content of a regular file; the caller frees. NULL: errno. *len may be NULL. */
char *tree_read(int tree, const char *path, size_t *len);

/* A directory inside, made with its parents (0755) where missing. A descriptor. */
int tree_mkdir(int tree, const char *path);
int tree_write(int tree, const char *path, unsigned mode, struct span content);
/* A file of the host, with its own content and the given mode. */
int tree_copy(int tree, const char *path, unsigned mode, const char *from);

/* Does one edit. */
int tree_edit(int tree, const struct edit *);

#endif
