/*
 * One kernel on one image: a lock (flock) on the file, held while its guest is launched or while the image is read or
 * changed at rest. A kernel locks its image itself, too (fcntl), which tells of one that outlived its launcher.
 */
#ifndef BASE_HOLD_H
#define BASE_HOLD_H

#include <stddef.h>

enum hold {
	HOLD_FOR_A_KERNEL, /* which then takes its own lock */
	HOLD_FROM_KERNELS, /* takes that lock, too: none gets the image, whoever starts it */
};

/*
 * path: no link, for it is not followed. The descriptor whose closing gives it back. -1: somebody else has it, or it
 * cannot be opened; why says it.
 */
int hold_image(const char *path, enum hold, char *why, size_t room);

#endif
