/* Fits a root tree to one guest: its name, network, keys, consoles and the kernel's modules. */
#ifndef LAUNCH_FIT_H
#define LAUNCH_FIT_H

#include "conf/conf.h"

/* tree: as tree_open gives it. keys: a private empty directory for host keys in the making. 0, or -1 logged. */
int fit_tree(const struct conf *, const struct guest *, int tree, const char *keys);

#endif
