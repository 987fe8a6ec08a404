/* The keys of a guest's disk. */
#include "conf/parse.h"

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

static void
take_image(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	((struct guest *)into)->disk.place = node_place(p, node);
	take_text(p, key, node, into);
}

/* A base's name, or a path. */
static const char *
from_fault(struct span s)
{
	if (s.len > 0 && s.ptr[0] == '/')
		return name_path(s);
	return name_host(s) ? "is no name of a base, like debian-12, and no whole path" : NULL;
}

void
take_disk(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	static const struct key keys[] = {
	    {"image", take_image, .offset = offsetof(struct guest, disk.image), .fault = image_fault},
	    {"size", take_size, .offset = offsetof(struct guest, disk.size_bytes), .min = 1 << 20,
		.max = UINT64_C(64) << 40},
	    {"from", take_text, .offset = offsetof(struct guest, disk.from), .fault = from_fault},
	};

	node_map(p, key->name, node, keys, COUNT(keys), NULL, into);
}
