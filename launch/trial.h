/* Does this kernel work on this host: a boot to userspace with a tiny init of our own, in a guest's jail. */
#ifndef LAUNCH_TRIAL_H
#define LAUNCH_TRIAL_H

#include "base/finding.h"
#include "conf/conf.h"

/*
 * What the host bears (ground.h), then a boot of this kernel: "kernel", and "preload" where one is needed. Of a boot that
 * fails, the last words go to the log.
 */
void trial_boot(const struct conf *, const char *kernel, struct findings *);

#endif
