/* Whether a tree can live as a guest; see root.h. */
#include "launch/root.h"
#include "base/log.h"
#include "launch/rootfs.h"
#include "launch/tree.h"

#include <stdlib.h>

/* What a kernel would start, as far as one can see from here. */
static int
init_check(int tree, const char *from)
{
	static const char *const inits[] = {"sbin/init", "etc/init", "bin/init", "bin/sh", "init"};

	for (size_t i = 0; i < sizeof(inits) / sizeof(*inits); i++)
		if (tree_has(tree, inits[i]))
			return 0;
	log_error("%s holds no root of a Linux, with sbin/init or bin/sh; name another root tarball or "
		  "folder, or debian-12",
	    from);
	return -1;
}

/* A guest with swap hangs in udev: refused before anything is written over it. */
static int
fstab_check(int tree, const char *from)
{
	size_t len, line;
	char *text = tree_read(tree, "etc/fstab", &len);

	if (!text)
		return 0;
	line = rootfs_swap_line(span_of(text, len));
	free(text);
	if (line == 0)
		return 0;
	log_error(
	    "%s/etc/fstab:%zu: swap in a guest hangs it at boot; take the line out and make the image again",
	    from, line);
	return -1;
}

int
root_check(int tree, const char *from)
{
	return init_check(tree, from) == -1 ? -1 : fstab_check(tree, from);
}
