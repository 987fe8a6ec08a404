/* A disk on a shared base made whole: what the guest wrote, and all else from the base. */
#ifndef CLI_FLATTEN_H
#define CLI_FLATTEN_H

#include "conf/conf.h"

/*
 * cow: the guest's image (that path, for people), which nobody writes to meanwhile, as the guest left it: hostile. out: a path
 * where nothing is.
 * The exit status; what is wrong is said. An interrupt that the caller hears (base/tool.h) ends it.
 */
int flatten(const struct conf *, const struct guest *, const char *image, int cow, const char *out);
/* About how many bytes it takes, by what the image and the base have on the host's disk; 0: not known. */
unsigned long long flatten_takes(const struct conf *, const struct guest *, const char *image);

#endif
