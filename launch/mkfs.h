/* A tree → a filesystem in an image, without mounts or loop devices. */
#ifndef LAUNCH_MKFS_H
#define LAUNCH_MKFS_H

#include "conf/conf.h"

/* What a filesystem is told so that it comes out the same twice; NULL: as it comes. */
struct mkfs_same {
	char uuid[37];
};

/*
 * Writes the tree (work/tree) as the guest's filesystem into the image, an empty file of its size. work holds temporary
 * files. 0, or -1 after logging why.
 */
int mkfs_write(const struct guest *, const char *work, const char *image, const struct mkfs_same *);

/* The tree below work as a prototype for mkfs.xfs(8), and what it cannot hold; see xfs.c. */
int mkfs_xfs(const struct guest *, const char *work, const char *image, const char *label, const char *uuid);
/* What it means that a tool could not write it. */
void mkfs_explain(const struct guest *, const char *image);

#endif
