/*
 * One file of the journal's pairs. Where the file system is read-only it is read all the same, and written when that is
 * over.
 */
#ifndef ACCT_HALF_H
#define ACCT_HALF_H

#include "acct/book.h"

#include <limits.h>

struct half {
	int fd; /* -1: read-only, and it is not there */
	bool readonly; /* to be opened again before it is written */
	bool aside; /* and to be kept aside then, being somebody's */
	char path[PATH_MAX];
};

/* path is in place; makes it for uid:gid. -1: errno. */
int half_open(struct half *, unsigned uid, unsigned gid);
/* The whole of it; free(out->ptr). -1: errno. */
int half_read(const struct half *, struct bytes *out);
/* A file that may be somebody's only copy is never written over: it is kept as NAME.bad, and this one begun anew. */
int half_aside(struct half *, unsigned uid, unsigned gid, const char *what);
/* Over what is there, and synced. -1: errno. */
int half_write(struct half *, const struct bytes *);

#endif
