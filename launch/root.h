/* Whether a tree that was fetched can live as a guest: it has something to start, and no swap in its fstab. */
#ifndef LAUNCH_ROOT_H
#define LAUNCH_ROOT_H

/* tree: as tree_open gives it; from: where it comes from, for the words. 0, or -1 logged. */
int root_check(int tree, const char *from);

#endif
