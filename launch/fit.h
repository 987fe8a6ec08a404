/* Fits a root tree to one guest: its name, network, keys, consoles and the kernel's modules. */
#ifndef LAUNCH_FIT_H
#define LAUNCH_FIT_H

#include "conf/conf.h"

/* tree: as tree_open gives it. keys: a private empty directory for host keys in the making. 0, or -1 logged. */
int fit_tree(const struct conf *, const struct guest *, int tree, const char *keys);

/* Which of them are in a tree, and want host keys. */
struct fit_ssh {
	bool openssh, dropbear;
};

/* A tree that several guests share: likewise, but for what no two of them have alike, which fit_own puts into an empty one. */
int fit_base(const struct conf *, const struct guest *, int tree, struct fit_ssh *);
int fit_own(const struct conf *, const struct guest *, int tree, const char *keys, struct fit_ssh);

#endif
