/*
 * Bases: what a guest's tree comes from and is kept for the next guest, STATE/base/NAME-HASH.tar.zst with its SHA-256
 * beside it. HASH is of the recipe, so a new recipe makes a new base; one that is no longer what was made is made anew.
 */
#ifndef LAUNCH_BASE_H
#define LAUNCH_BASE_H

#include "conf/conf.h"

/*
 * The path of the base of Debian 12 into path (of TOOL_PATH_MAX bytes): the one that is kept, checked, else one made
 * now, which takes mmdebstrap and the Debian archive. refresh: made in any case; the old one stays when that fails.
 * One maker at a time; who waited finds it made. 0, or -1 after logging why.
 */
int base_debian(const struct conf *, const char *work, bool refresh, char *path);

/* The newest archlinux-bootstrap tarball that the owner has put into STATE/base. */
int base_arch(const struct conf *, char *path);

/* Bytes that the kept base has; 0: there is none. */
unsigned long long base_debian_bytes(const struct conf *);

#endif
