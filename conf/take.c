/* Takers of keys with a simple type: the value is read, checked against its range, and put into its place. */
#include "base/near.h"
#include "conf/parse.h"

#include <inttypes.h>

static void *
at(const struct key *key, void *into)
{
	return (char *)into + key->offset;
}

/* KEY: "VALUE" WHY */
void
take_wrong(struct parse *p, const struct key *key, const yaml_node_t *node, const char *why)
{
	const char *text = (const char *)node->data.scalar.value;
	size_t n = node->data.scalar.length;

	if (n <= CONF_SHOWN) {
		error_add(p->report, node_place(p, node), "%s: \"%.*s\" %s", key->name, (int)n, text, why);
		return;
	}
	for (n = CONF_SHOWN; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80;)
		n--;
	error_add(p->report, node_place(p, node), "%s: \"%.*s…\" %s", key->name, (int)n, text, why);
}

/* A number inside the key's range. */
static bool
number_of(struct parse *p, const struct key *key, yaml_node_t *node, uint64_t *n)
{
	const char *why;
	struct span text;
	char range[80];

	if (!node_text(p, key->name, node, &text))
		return false;
	why = scalar_number(text, n);
	if (!why && (*n < key->min || *n > key->max)) {
		snprintf(range, sizeof(range), "is outside %" PRIu64 " to %" PRIu64, key->min, key->max);
		why = range;
	}
	if (why)
		take_wrong(p, key, node, why);
	return !why;
}

void
take_number16(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	uint64_t n;

	if (number_of(p, key, node, &n))
		*(uint16_t *)at(key, into) = (uint16_t)n;
}

void
take_number8(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	uint64_t n;

	if (number_of(p, key, node, &n))
		*(uint8_t *)at(key, into) = (uint8_t)n;
}

void
take_number(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	uint64_t n;

	if (number_of(p, key, node, &n))
		*(unsigned *)at(key, into) = (unsigned)n;
}

void
take_size(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	char low[VALUE_TEXT], high[VALUE_TEXT], range[96];
	const char *why;
	struct span text;
	uint64_t n;

	if (!node_text(p, key->name, node, &text))
		return;
	why = scalar_size(text, &n);
	if (!why && (n < key->min || n > key->max)) {
		snprintf(range, sizeof(range), "is outside %s to %s", scalar_size_print(key->min, low),
		    scalar_size_print(key->max, high));
		why = range;
	}
	if (why)
		take_wrong(p, key, node, why);
	else
		*(uint64_t *)at(key, into) = n;
}

void
take_duration(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	char low[VALUE_TEXT], high[VALUE_TEXT], range[96];
	const char *why;
	struct span text;
	uint32_t ms;

	if (!node_text(p, key->name, node, &text))
		return;
	why = scalar_duration(text, &ms);
	if (!why && (ms < key->min || ms > key->max)) {
		snprintf(range, sizeof(range), "is outside %s to %s",
		    scalar_duration_print((uint32_t)key->min, low),
		    scalar_duration_print((uint32_t)key->max, high));
		why = range;
	}
	if (why)
		take_wrong(p, key, node, why);
	else
		*(uint32_t *)at(key, into) = ms;
}

void
take_bool(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	struct span text;
	const char *why;

	if (!node_text(p, key->name, node, &text))
		return;
	why = scalar_bool(text, at(key, into));
	if (why)
		take_wrong(p, key, node, why);
}

/* The index of a word, or -1 with a mistake that lists what there is. */
static int
word_of(struct parse *p, const struct key *key, yaml_node_t *node)
{
	char why[160];
	struct span text;
	size_t n = 0, used;
	const char *near;

	if (!node_text(p, key->name, node, &text))
		return -1;
	for (; key->words[n]; n++) {
		if (span_is(text, key->words[n]))
			return (int)n;
	}
	near = near_word(text, key->words, n);
	used = (size_t)snprintf(why, sizeof(why), "is none of");
	for (size_t i = 0; i < n; i++)
		used +=
		    (size_t)snprintf(why + used, sizeof(why) - used, "%s %s", i ? "," : "", key->words[i]);
	if (near)
		snprintf(why + used, sizeof(why) - used, "; did you mean %s?", near);
	take_wrong(p, key, node, why);
	return -1;
}

void
take_choice(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	int i = word_of(p, key, node);

	if (i != -1)
		*(unsigned *)at(key, into) = (unsigned)i;
}

void
take_client_address(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	static const char *const words[] = {"transparent", "proxy-v1", "proxy-v2", "none", NULL};
	struct key choice = *key;
	int i;

	choice.words = words;
	i = word_of(p, &choice, node);
	if (i == -1)
		return;
	if (i == 0) {
		take_wrong(
		    p, key, node, "is not available yet in this version; use proxy-v2, proxy-v1 or none");
		return;
	}
	*(enum client_address *)at(key, into) = (enum client_address)(CLIENT_TRANSPARENT + i);
}

void
take_interface(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	char *name = at(key, into);
	struct span text;
	const char *why;

	if (!node_text(p, key->name, node, &text))
		return;
	why = name_interface(text);
	if (why) {
		take_wrong(p, key, node, why);
		return;
	}
	memcpy(name, text.ptr, text.len);
	name[text.len] = '\0';
}

void
take_path(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	struct span text;
	const char *why;

	if (!node_text(p, key->name, node, &text))
		return;
	why = name_path(text);
	if (why)
		take_wrong(p, key, node, why);
	else
		value_set(p->report, at(key, into), text);
}
