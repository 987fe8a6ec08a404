/* A socket of the launcher's at a path, for its owner alone. */
#ifndef LAUNCH_LISTEN_H
#define LAUNCH_LISTEN_H

/*
 * Listens there, does not block, mode 0600; type: SOCK_STREAM or SOCK_SEQPACKET. One that lies there is of a launcher that
 * is gone: the control socket lets only one in. The caller closes it and unlinks the path. -1: errno.
 */
int listen_at(const char *path, int type, int max);

#endif
