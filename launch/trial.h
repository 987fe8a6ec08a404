/* Does this kernel work on this host: a boot to userspace with a tiny init of our own, in a guest's jail. */
#ifndef LAUNCH_TRIAL_H
#define LAUNCH_TRIAL_H

#include "conf/conf.h"

/* Boots conf's kernel, prints one line, and on failure its last words. Returns the exit status. */
int trial_boot(const struct conf *, FILE *);

#endif
