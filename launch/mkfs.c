/* A tree → a filesystem in an image; see mkfs.h. */
#include "launch/mkfs.h"
#include "base/log.h"
#include "base/tool.h"

#include <stdlib.h>
#include <unistd.h>

enum { LABEL_EXT4 = 16, LABEL_XFS = 12, OPTIONS = 128 };

void
mkfs_explain(const struct guest *guest, const char *image)
{
	if (!tool_interrupted())
		log_error(
		    "guest %s: the tree does not fit or cannot be written; look at disk.size and the room "
		    "around %s",
		    guest->name, image);
}

static int
ext4_write(const struct guest *guest, const char *work, const char *image, const char *label,
    const struct mkfs_same *same)
{
	char tree[TOOL_PATH_MAX], options[OPTIONS] = "root_owner=0:0";
	const char *uuid = "random";
	int result;

	tool_path(tree, "%s/tree", work);
	if (same) {
		snprintf(options, sizeof(options), "root_owner=0:0,hash_seed=%s", same->uuid);
		uuid = same->uuid;
	}
	result = tool_run(-1, work,
	    (const char *[]){"mke2fs", "-q", "-F", "-t", "ext4", "-m", "1", "-L", label, "-U", uuid, "-E",
		options, "-d", tree, image, NULL});
	if (result == -1)
		mkfs_explain(guest, image);
	return result;
}

int
mkfs_write(const struct guest *guest, const char *work, const char *image, const struct mkfs_same *same)
{
	bool xfs = guest->disk.fs == DISK_XFS;
	char label[LABEL_EXT4 + 1];

	snprintf(label, sizeof(label), "%.*s", xfs ? LABEL_XFS : LABEL_EXT4, guest->name);
	if (xfs)
		return mkfs_xfs(guest, work, image, label, same ? same->uuid : NULL);
	return ext4_write(guest, work, image, label, same);
}
