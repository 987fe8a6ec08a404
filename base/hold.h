/*
 * One kernel on one image: a lock (flock) on the file, held while its guest is launched or while the image is read or
 * changed at rest. A kernel locks its image itself, too (fcntl), which tells of one that outlived its launcher.
 */
#ifndef BASE_HOLD_H
#define BASE_HOLD_H

#include <stdbool.h>
#include <stddef.h>

enum hold {
	HOLD_FOR_A_KERNEL, /* which then takes its own lock */
	HOLD_FROM_KERNELS, /* takes that lock, too: none gets the image, whoever starts it */
};

enum { HOLD_STILL_MAX_S = 60 }; /* a guest's world is stopped for no longer while its image is read */

/*
 * path: no link, for it is not followed. The descriptor whose closing gives it back. -1: somebody else has it, or it
 * cannot be opened; why says it.
 */
int hold_image(const char *path, enum hold, char *why, size_t room);
/* Whether a file that is open is the one of that name still: another may have taken its place. */
bool hold_is_current(int fd, const char *path);

#endif
