/* A guest's end of its tap, which lodge-natd made: attached to, never made. */
#ifndef LAUNCH_TAP_H
#define LAUNCH_TAP_H

#include "launch/cmdline.h"

/*
 * A descriptor on the tap with the flags the kernel's driver wants (a virtio header, but for UPLINK_FD and
 * UPLINK_ETH), close-on-exec. -1: errno; ENODEV there is no such tap, EBUSY another process holds it.
 */
int tap_attach(const char *name, enum uplink);

/* Makes one in this network namespace, which should be nobody else's; it goes with the descriptor. -1: errno. */
int tap_try(void);

/* The errno of tap_attach in words that end with what to do. */
void tap_explain(const char *name, int error, char *why);

#endif
