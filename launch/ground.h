/*
 * What a host has to bear for any guest: namespaces, executable memory on a tmpfs, tracing, a filter of system calls, taps,
 * cgroups, room. Each is tried alone, as a guest would use it, in children and namespaces that go at once; nothing of
 * the host is changed.
 */
#ifndef LAUNCH_GROUND_H
#define LAUNCH_GROUND_H

#include "base/finding.h"
#include "conf/conf.h"

enum { GROUND_MEMORY = 64 << 20 }; /* of the smallest guest, and of the kernel's trial */

/* uid: one that no guest has. false: no kernel can be tried here. */
bool ground_try(const struct conf *, unsigned uid, struct findings *);

#endif
