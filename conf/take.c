/* Takers of keys with a simple type: the value is read, checked against its range, and put into its place. */
#include "base/near.h"
#include "conf/parse.h"

static void *
at(const struct key *key, void *into)
{
	return (char *)into + key->offset;
}

/* KEY: "VALUE" WHY */
void
take_wrong(struct parse *p, const struct key *key, const yaml_node_t *node, const char *why)
{
	struct span text = span_of(node->data.scalar.value, node->data.scalar.length);
	struct span shown = text_cut(text, CONF_SHOWN);

	error_add(p->report, node_place(p, node), "%s: \"%.*s%s\" %s", key->name, (int)shown.len, shown.ptr,
	    shown.len < text.len ? "…" : "", why);
}

bool
take_value(struct parse *p, const struct key *key, const yaml_node_t *node, const char *(*fault)(struct span),
    struct span *out)
{
	const char *why;

	if (!node_text(p, key->name, node, out))
		return false;
	why = fault(*out);
	if (why)
		take_wrong(p, key, node, why);
	return !why;
}

/* ---- amounts inside the key's range ---- */

static bool
amount_of(struct parse *p, const struct key *key, const yaml_node_t *node,
    const char *(*read)(struct span, uint64_t *), const char *(*print)(uint64_t, char *), uint64_t *n)
{
	char low[VALUE_TEXT], high[VALUE_TEXT], range[96];
	struct span text;
	const char *why;

	if (!node_text(p, key->name, node, &text))
		return false;
	why = read(text, n);
	if (!why && (*n < key->min || *n > key->max)) {
		snprintf(
		    range, sizeof(range), "is outside %s to %s", print(key->min, low), print(key->max, high));
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

	if (amount_of(p, key, node, scalar_number, scalar_number_print, &n))
		*(uint16_t *)at(key, into) = (uint16_t)n;
}

void
take_number8(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	uint64_t n;

	if (amount_of(p, key, node, scalar_number, scalar_number_print, &n))
		*(uint8_t *)at(key, into) = (uint8_t)n;
}

void
take_number(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	uint64_t n;

	if (amount_of(p, key, node, scalar_number, scalar_number_print, &n))
		*(unsigned *)at(key, into) = (unsigned)n;
}

void
take_size(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	uint64_t n;

	if (amount_of(p, key, node, scalar_size, scalar_size_print, &n))
		*(uint64_t *)at(key, into) = n;
}

void
take_duration(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	uint64_t ms;

	if (amount_of(p, key, node, scalar_duration, scalar_duration_print, &ms))
		*(uint32_t *)at(key, into) = (uint32_t)ms;
}

/* ---- words ---- */

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
word_of(struct parse *p, const struct key *key, const char *const *words, const yaml_node_t *node)
{
	char why[160];
	struct span text;
	size_t n = 0, used;
	const char *near;

	if (!node_text(p, key->name, node, &text))
		return -1;
	for (; words[n]; n++) {
		if (span_is(text, words[n]))
			return (int)n;
	}
	near = near_word(text, words, n);
	used = (size_t)snprintf(why, sizeof(why), "is none of");
	for (size_t i = 0; i < n; i++)
		used += (size_t)snprintf(why + used, sizeof(why) - used, "%s %s", i ? "," : "", words[i]);
	if (near)
		snprintf(why + used, sizeof(why) - used, "; did you mean %s?", near);
	take_wrong(p, key, node, why);
	return -1;
}

void
take_choice(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	int i = word_of(p, key, key->words, node);

	if (i != -1)
		*(unsigned *)at(key, into) = (unsigned)i;
}

void
take_client_address(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	int i = word_of(p, key, word_clients, node);

	if (i != -1)
		*(enum client_address *)at(key, into) = (enum client_address)(CLIENT_TRANSPARENT + i);
}

/* ---- texts ---- */

void
take_interface(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	char *name = at(key, into);
	struct span text;

	if (!take_value(p, key, node, name_interface, &text))
		return;
	memcpy(name, text.ptr, text.len);
	name[text.len] = '\0';
}

void
take_text(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	struct span text;

	if (take_value(p, key, node, key->fault, &text))
		value_set(p->report, at(key, into), text);
}
