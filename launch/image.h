/* Makes a guest's disk image: a root tree from somewhere, fitted to the guest, written as ext4. */
#ifndef LAUNCH_IMAGE_H
#define LAUNCH_IMAGE_H

#include "conf/conf.h"

/*
 * Makes the guest's image (disk.image, below the state directory unless absolute) from disk.from; an existing image is
 * refused. Needs root; no loop device, no mount on the host. Works beside the target and renames at the end, so a kill at any moment
 * leaves no half image; what it leaves is swept by the next call. refresh: from a base made
 * anew, where it comes from one. Progress goes to the terminal, else to the log.
 * 0, or -1 after logging why and the next step.
 */
int image_make(const struct conf *, const struct guest *, bool refresh);

#endif
