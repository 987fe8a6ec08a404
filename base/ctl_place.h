/* Where a control socket lies, and the socket itself: the part of ctl.h that knows of paths. */
#ifndef BASE_CTL_PLACE_H
#define BASE_CTL_PLACE_H

#include <sys/un.h>

enum { CTL_PATH = sizeof(((struct sockaddr_un *)0)->sun_path) };

/*
 * A socket that listens, mode 0660, owner uid:gid. A stale one is replaced, one that is answered refused. Where path is a
 * link of root's the socket is made where it points; with no folder there, it is left over, and the socket takes its place.
 * at: where it lies in the end. -1: errno.
 */
int ctl_bind(const char *path, unsigned uid, unsigned gid, char at[CTL_PATH]);

#endif
