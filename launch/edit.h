/* What to write into a tree, as a list: made by cores (rootfs.h), done by tree.h. A core. */
#ifndef LAUNCH_EDIT_H
#define LAUNCH_EDIT_H

#include "base/span.h"

enum edit_kind {
	EDIT_DIR, /* make it, with its parents */
	EDIT_FILE, /* text is the content; replaces whatever lies there, links included */
	EDIT_LINK, /* text is the target */
	EDIT_REMOVE, /* may be missing */
};

struct edit {
	enum edit_kind kind;
	unsigned mode; /* FILE, DIR */
	char *path; /* relative to the tree's root */
	char *text; /* FILE and LINK */
};

struct edits {
	struct edit *list;
	size_t n;
};

/* One more. 0, or -1: no memory. */
int edit_dir(struct edits *, const char *path, unsigned mode);
int edit_file(struct edits *, const char *path, unsigned mode, char *text); /* takes text; NULL: -1 */
int edit_link(struct edits *, const char *path, const char *target);
int edit_remove(struct edits *, const char *path);

/* For edit_file. NULL: no memory. */
char *edit_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

void edits_free(struct edits *);

#endif
