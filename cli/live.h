/* The disk of a guest that runs, copied: once while it writes, then what differs while its world is stopped. */
#ifndef CLI_LIVE_H
#define CLI_LIVE_H

#include "conf/conf.h"

/*
 * image: no link; out: a path where nothing is. The copy is what the disk would be had the guest lost its power just then,
 * all that it had in memory written out before. besides: bytes for which there is room, too, before it begins, unless the
 * host's file system shares blocks. The exit status; what is wrong is said, and how long it stood still. An
 * interrupt that the caller hears (base/tool.h) ends it; the guest goes on however this program ends.
 */
int live_copy(const struct conf *, const struct guest *, const char *image, const char *out,
    unsigned long long besides);

#endif
