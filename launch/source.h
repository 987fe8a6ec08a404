/*
 * Where a root tree comes from: disk.from names a distribution ("debian-12", made once and kept in STATE/base), the
 * built-in demonstration guest ("small"), a directory or a root tarball; base.h keeps.
 */
#ifndef LAUNCH_SOURCE_H
#define LAUNCH_SOURCE_H

#include "conf/conf.h"

enum source {
	SOURCE_UNKNOWN,
	SOURCE_DEBIAN, /* debian-12 */
	SOURCE_ARCH, /* arch */
	SOURCE_SMALL, /* small */
	SOURCE_DIR, /* an absolute path, a directory */
	SOURCE_TARBALL, /* an absolute path, a file */
};

/* Looks at the path, so what it says may be outdated a moment later. */
enum source source_of(const char *from);

/* Fills the empty directory tree; work holds temporary files; refresh: from a base made anew. 0, or -1 logged. */
int source_fetch(const struct conf *, const struct guest *, const char *work, const char *tree, bool refresh);

/* Of what source_fetch fills it with only that which no two guests have alike. 0, or -1 logged. */
int source_own(const struct guest *, const char *tree);

/* About how many bytes the tree and the image made from it take, and a base where one is made first; 0: unknown. */
unsigned long long source_room(const struct conf *, const char *from);

/* The folder of scripts and files that go into guests. NULL: not found, logged. Static text. */
const char *source_base(void);

#endif
