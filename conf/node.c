/* The walk over a document: mappings whose keys have takers, lists, texts. */
#include "base/near.h"
#include "conf/parse.h"

enum { KEYS_MAX = 32 }; /* of one mapping's table */

struct place
node_place(const struct parse *p, const yaml_node_t *node)
{
	return document_place(p->file, node->start_mark);
}

bool
node_is_empty(const yaml_node_t *node)
{
	return node->type == YAML_SCALAR_NODE && node->data.scalar.length == 0 &&
	       node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

bool
node_is(const yaml_node_t *node, const char *word)
{
	return node->type == YAML_SCALAR_NODE &&
	       span_is(span_of(node->data.scalar.value, node->data.scalar.length), word);
}

yaml_node_t *
node_get(const struct parse *p, int index)
{
	return document_node(p->doc, index);
}

bool
node_text(struct parse *p, const char *what, const yaml_node_t *node, struct span *out)
{
	struct place at = node_place(p, node);
	struct span text;

	if (node->type != YAML_SCALAR_NODE) {
		error_add(p->report, at, "%s: one value is wanted here, not a %s", what,
		    node->type == YAML_SEQUENCE_NODE ? "list" : "mapping");
		return false;
	}
	if (node_is_empty(node)) {
		error_add(p->report, at,
		    "%s: the value is missing; write one, or remove the key for its default", what);
		return false;
	}
	text = span_of(node->data.scalar.value, node->data.scalar.length);
	if (!text_plain(text)) {
		error_add(p->report, at,
		    "%s: a line break, tab or control character in a value; write it in one line", what);
		return false;
	}
	*out = text;
	return true;
}

static void
key_unknown(struct parse *p, const char *what, const yaml_node_t *node, struct span name,
    const struct key *keys, size_t n)
{
	const char *names[KEYS_MAX], *near;
	int len = (int)text_cut(name, CONF_SHOWN).len;

	for (size_t i = 0; i < n; i++)
		names[i] = keys[i].name;
	near = near_word(name, names, n);
	if (near)
		error_add(p->report, node_place(p, node), "unknown key \"%.*s\" in %s; did you mean \"%s\"?",
		    len, name.ptr, what, near);
	else
		error_add(p->report, node_place(p, node), "unknown key \"%.*s\" in %s", len, name.ptr, what);
}

static void
pair_walk(struct parse *p, const char *what, yaml_node_pair_t *pair, const struct key *keys, size_t n,
    struct place *seen, void *into)
{
	yaml_node_t *key = node_get(p, pair->key);
	struct place at = node_place(p, key);
	struct span name;
	size_t i = 0;

	if (!node_text(p, "a key", key, &name))
		return;
	while (i < n && !span_is(name, keys[i].name))
		i++;
	if (i == n) {
		key_unknown(p, what, key, name, keys, n);
		return;
	}
	if (seen[i].line > 0) {
		error_add(p->report, at, "%s is given twice", keys[i].name);
		error_note(p->report, seen[i], "here it was given first; keep one of the two");
		return;
	}
	seen[i] = at;
	keys[i].take(p, &keys[i], node_get(p, pair->value), into);
}

void
node_map(struct parse *p, const char *what, yaml_node_t *node, const struct key *keys, size_t n,
    struct place *seen, void *into)
{
	struct place fresh[KEYS_MAX] = {0};

	if (node_is_empty(node))
		return;
	if (node->type != YAML_MAPPING_NODE) {
		error_add(p->report, node_place(p, node), "%s: keys with values are wanted here, not a %s",
		    what, node->type == YAML_SEQUENCE_NODE ? "list" : "single value");
		return;
	}
	for (yaml_node_pair_t *i = node->data.mapping.pairs.start; i < node->data.mapping.pairs.top; i++)
		pair_walk(p, what, i, keys, n, seen ? seen : fresh, into);
}

void
node_list(struct parse *p, const struct key *key, yaml_node_t *node, void *into,
    void (*take)(struct parse *, const struct key *, yaml_node_t *, void *into))
{
	if (node_is_empty(node))
		return;
	if (node->type != YAML_SEQUENCE_NODE) {
		take(p, key, node, into);
		return;
	}
	for (yaml_node_item_t *i = node->data.sequence.items.start; i < node->data.sequence.items.top; i++)
		take(p, key, node_get(p, *i), into);
}
