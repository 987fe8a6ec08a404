/* Room for what is made where the guests' disks lie: some of it stays free for these, which grow as they are written to. */
#ifndef CLI_ROOM_H
#define CLI_ROOM_H

/*
 * Before it is made: whether there is room for that many bytes at the path, and the reserve besides. The exit status; that
 * there is none is said, what takes it, and what to do.
 */
int room_check(const char *path, unsigned long long bytes, const char *what, const char *hint);

#endif
