/*
 * One kernel on one image: a lock (flock) on the file, held while its guest is launched. A kernel locks its image
 * itself, too (fcntl), which tells of one that outlived its launcher.
 */
#ifndef LAUNCH_HOLD_H
#define LAUNCH_HOLD_H

/* The descriptor whose closing gives it back. -1: somebody else has it, or it cannot be opened; why[LAUNCH_WHY]. */
int hold_image(const char *path, char *why);

#endif
