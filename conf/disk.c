/* The keys of a guest's disk. */
#include "base/cow.h"
#include "conf/parse.h"

enum { XFS_BYTES_MIN = 300 << 20 }; /* what mkfs.xfs(8) accepts */

/* Whole, or parts below the state directory. */
static const char *
image_fault(struct span s)
{
	char whole[1024] = "/";

	if (s.len == 0 || s.len > 1000)
		return "is no path";
	if (s.ptr[0] == '/')
		return name_path(s);
	memcpy(whole + 1, s.ptr, s.len);
	return name_path(span_of(whole, s.len + 1));
}

const char *
name_base(struct span s)
{
	return name_guest(s) ? "is no name of a base; a to z, 0 to 9 and -, a letter first, 32 at most"
			     : NULL;
}

static void
take_image(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	((struct guest *)into)->disk.place = node_place(p, node);
	take_text(p, key, node, into);
}

/* A base that can be made by name, or a path. */
const char *
name_from(struct span s)
{
	if (s.len > 0 && s.ptr[0] == '/')
		return name_path(s);
	if (span_is(s, "debian-12") || span_is(s, "arch") || span_is(s, "small"))
		return NULL;
	return "is neither debian-12, arch nor small nor the whole path of a directory or root tarball";
}

static void
take_base(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	((struct guest *)into)->disk.base_place = node_place(p, node);
	take_text(p, key, node, into);
}

void
take_disk(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	static const struct key keys[] = {
	    {"image", take_image, .offset = offsetof(struct guest, disk.image), .fault = image_fault},
	    {"size", take_size, .offset = offsetof(struct guest, disk.size_bytes), .min = 1 << 20,
		.max = UINT64_C(64) << 40},
	    {"fs", take_choice, .offset = offsetof(struct guest, disk.fs), .words = word_filesystems},
	    {"from", take_text, .offset = offsetof(struct guest, disk.from), .fault = name_from},
	    {"base", take_base, .offset = offsetof(struct guest, disk.base), .fault = name_base},
	};

	const struct disk *disk = &((struct guest *)into)->disk;

	node_map(p, key->name, node, keys, COUNT(keys), NULL, into);
	if (disk->fs == DISK_XFS && disk->size_bytes < XFS_BYTES_MIN) {
		error_add(p->report, node_place(p, node), "an XFS of less than %dM cannot be made",
		    XFS_BYTES_MIN >> 20);
		error_hint(p->report, "write size: 300M or more, or fs: ext4");
	}
	if (disk->base && cow_fault(disk->size_bytes)) {
		error_add(p->report, disk->base_place, "the size of a base %s", cow_fault(disk->size_bytes));
		error_hint(p->report, "write another size:, or leave base: out, and the disk is whole");
	}
}
