/* A guest that is not in the file yet; see draft.h. */
#include "conf/draft.h"
#include "conf/parse.h"

#include <stdlib.h>

enum {
	MEMORY_MIN = 16 << 20,
	DISK_MIN = 16 << 20,
};

static const char no_memory[] = "finds no memory; free -h shows what is left";

static const char *
text_set(char **at, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return no_memory;
	free(*at);
	*at = copy;
	return NULL;
}

static void *
append(void *list, size_t *n, size_t size)
{
	struct report report = {0};

	return value_append(&report, list, n, size);
}

static const char *
domain_add(struct guest *g, enum domain_kind kind, const char *name)
{
	struct domain *slot = append(&g->domains, &g->n_domains, sizeof(*slot));

	if (!slot)
		return no_memory;
	*slot = (struct domain){.kind = kind, .name = strdup(name)};
	return slot->name ? NULL : no_memory;
}

static void
domains_drop(struct guest *g)
{
	while (g->n_domains > 0)
		free(g->domains[--g->n_domains].name);
}

static const char *
image_default(struct guest *g)
{
	char image[CONF_GUEST_NAME_MAX + 8];

	snprintf(image, sizeof(image), "%s.img", g->name);
	return text_set(&g->disk.image, image);
}

static const char *
name_set(struct guest *g, const char *name)
{
	const char *why = name_guest(span_str(name));

	if (why)
		return why;
	memcpy(g->name, name, strlen(name) + 1);
	return image_default(g);
}

void
draft_open(struct guest *g, const char *name, const char **why)
{
	*g = guest_default();
	g->memory_bytes = UINT64_C(512) << 20;
	g->disk.size_bytes = UINT64_C(10) << 30;
	*why = name_set(g, name);
	if (!*why)
		*why = text_set(&g->disk.from, "debian-12");
}

/* What a guest owns, of which each has its own; the lists are empty before. */
static const char *
lists_copy(const struct guest *from, struct guest *g)
{
	const char *why = NULL;

	for (size_t i = 0; i < from->n_domains && !why; i++)
		why = domain_add(g, from->domains[i].kind, from->domains[i].name);
	for (size_t i = 0; i < from->n_ssh_keys && !why; i++)
		why = draft_key(g, from->ssh_keys[i]);
	for (size_t i = 0; i < from->n_forwards && !why; i++) {
		struct forward *slot = append(&g->forwards, &g->n_forwards, sizeof(*slot));

		why = slot ? NULL : no_memory;
		if (slot)
			*slot = from->forwards[i];
	}
	for (size_t i = 0; i < from->n_allows && !why; i++) {
		struct allow *slot = append(&g->allows, &g->n_allows, sizeof(*slot));

		why = slot ? NULL : no_memory;
		if (slot)
			*slot = from->allows[i];
	}
	return why;
}

/* The whole is copied, so that a key which is new in the file is a copy's without a word here. */
void
draft_again(const struct guest *from, struct guest *g, const char **why)
{
	*g = *from;
	g->domains = NULL;
	g->forwards = NULL;
	g->allows = NULL;
	g->ssh_keys = NULL;
	g->n_domains = g->n_forwards = g->n_allows = g->n_ssh_keys = 0;
	g->disk.image = g->disk.from = g->disk.base = NULL;
	*why = lists_copy(from, g);
	if (!*why && from->disk.from)
		*why = text_set(&g->disk.from, from->disk.from);
	if (!*why && from->disk.base)
		*why = text_set(&g->disk.base, from->disk.base);
	if (!*why)
		*why = image_default(g);
}

void
draft_copy(const struct guest *from, struct guest *g, const char *name, const char **why)
{
	draft_again(from, g, why);
	domains_drop(g);
	g->n_forwards = 0;
	g->rest = false;
	g->address = g->address6 = (struct ip){0};
	g->mac_place = g->tap_place = (struct place){0}; /* they follow from the address */
	if (!*why)
		*why = name_set(g, name);
}

void
draft_close(struct guest *g)
{
	guest_free(g);
	*g = (struct guest){0};
}

const char *
draft_from(struct guest *g, const char *word)
{
	const char *why = name_from(span_str(word));

	return why ? why : text_set(&g->disk.from, word);
}

const char *
draft_base(struct guest *g, const char *word)
{
	const char *why = name_base(span_str(word));

	return why ? why : text_set(&g->disk.base, word);
}

/* debian-12-10g */
const char *
draft_shared(struct guest *g)
{
	char size[VALUE_TEXT], name[CONF_GUEST_NAME_MAX + VALUE_TEXT + 8];

	if (g->disk.from[0] == '/')
		return "needs a name for the base, as it is made from a path: --base NAME";
	scalar_size_print(g->disk.size_bytes, size);
	for (char *c = size; *c; c++)
		*c |= 0x20;
	snprintf(name, sizeof(name), "%s-%s%s", g->disk.from, size, g->disk.fs == DISK_XFS ? "-xfs" : "");
	return draft_base(g, name);
}

static const char *
size_set(const char *word, uint64_t min, const char *small, uint64_t *out)
{
	uint64_t bytes;
	const char *why = scalar_size(span_str(word), &bytes);

	if (why)
		return why;
	if (bytes < min)
		return small;
	*out = bytes;
	return NULL;
}

const char *
draft_disk(struct guest *g, const char *word)
{
	return size_set(word, DISK_MIN, "is less than 16M", &g->disk.size_bytes);
}

const char *
draft_memory(struct guest *g, const char *word)
{
	return size_set(word, MEMORY_MIN, "is less than 16M", &g->memory_bytes);
}

const char *
draft_fs(struct guest *g, const char *word)
{
	for (unsigned i = 0; word_filesystems[i]; i++) {
		if (strcmp(word, word_filesystems[i]) != 0)
			continue;
		g->disk.fs = (enum disk_fs)i;
		return NULL;
	}
	return "is neither ext4 nor xfs";
}

const char *
draft_domain(struct guest *g, const char *word)
{
	char name[CONF_DOMAIN_MAX + 1];
	enum domain_kind kind;
	const char *why = name_domain(span_str(word), &kind, name);

	return why ? why : domain_add(g, kind, name);
}

const char *
draft_key(struct guest *g, const char *line)
{
	const char *why = name_ssh_key(span_str(line));
	char **slot;

	if (why)
		return why;
	for (size_t i = 0; i < g->n_ssh_keys; i++)
		if (strcmp(g->ssh_keys[i], line) == 0)
			return NULL;
	slot = append(&g->ssh_keys, &g->n_ssh_keys, sizeof(*slot));
	if (!slot)
		return no_memory;
	*slot = strdup(line);
	return *slot ? NULL : no_memory;
}

const char *
draft_image(struct guest *g, const char *path)
{
	return text_set(&g->disk.image, path);
}

void
draft_allow_print(const struct guest *g, FILE *out)
{
	allow_print(g, out);
}

void
draft_print(const struct conf *c, const struct guest *g, FILE *out)
{
	struct guest shown = *g;

	if (shown.billing_day == 0)
		shown.billing_day = c->billing.day;
	fputs("guests:\n", out);
	guest_print(&shown, c, out);
}
