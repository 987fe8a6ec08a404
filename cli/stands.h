/* Whose disks stand on a base, by what lies below the state, whatever the file says. */
#ifndef CLI_STANDS_H
#define CLI_STANDS_H

#include "base/bases.h"

/* 1: an image that stands on it is there, its path is in out; 0: none is; -1: errno, and out is what could not be read. */
int stands_find(const char *state, const struct base *, char out[PATH_MAX]);

#endif
