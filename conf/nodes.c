/*
 * The nodes of a document, in libyaml's form. Its own document takes a dozen allocations where this takes one: a file
 * with 10,000 ranges would spend more on them than on its scanner.
 */
#include "conf/parse.h"

#include <stdlib.h>

bool
document_open(struct report *r, size_t len, struct document *doc)
{
	/* An escape of two characters may stand for three bytes; nothing stands for more. */
	*doc = (struct document){.text = malloc(len * 2 + 1), .room = len * 2 + 1};
	r->no_memory |= !doc->text;
	return doc->text;
}

void
document_close(struct document *doc)
{
	for (size_t i = 0; i < doc->n; i++) {
		yaml_node_t *node = &doc->nodes[i];

		if (node->type == YAML_SEQUENCE_NODE)
			free(node->data.sequence.items.start);
		else if (node->type == YAML_MAPPING_NODE)
			free(node->data.mapping.pairs.start);
	}
	free(doc->nodes);
	free(doc->text);
	*doc = (struct document){0};
}

yaml_node_t *
document_node(const struct document *doc, int index)
{
	return index > 0 && (size_t)index <= doc->n ? &doc->nodes[index - 1] : NULL;
}

static bool
add_text(struct document *doc, yaml_node_t *node, const yaml_event_t *event)
{
	size_t len = event->data.scalar.length;

	if (len > doc->room - doc->used)
		return false;
	node->type = YAML_SCALAR_NODE;
	node->data.scalar.value = (yaml_char_t *)memcpy(doc->text + doc->used, event->data.scalar.value, len);
	node->data.scalar.length = len;
	node->data.scalar.style = event->data.scalar.style;
	doc->used += len;
	return true;
}

int
document_add(struct report *r, struct document *doc, const yaml_event_t *event)
{
	yaml_node_t *nodes = value_grow(r, doc->nodes, doc->n, sizeof(*nodes)), *node;

	if (!nodes)
		return 0;
	doc->nodes = nodes;
	node = &nodes[doc->n];
	*node = (yaml_node_t){.start_mark = event->start_mark};
	if (event->type == YAML_SEQUENCE_START_EVENT) {
		node->type = YAML_SEQUENCE_NODE;
	} else if (event->type == YAML_MAPPING_START_EVENT) {
		node->type = YAML_MAPPING_NODE;
	} else if (!add_text(doc, node, event)) {
		r->no_memory = true;
		return 0;
	}
	return (int)++doc->n;
}

static void
add_item(struct report *r, yaml_node_t *list, int n)
{
	size_t have = (size_t)(list->data.sequence.items.top - list->data.sequence.items.start);
	yaml_node_item_t *items = value_grow(r, list->data.sequence.items.start, have, sizeof(*items));

	if (!items)
		return;
	items[have] = n;
	list->data.sequence.items.start = items;
	list->data.sequence.items.top = items + have + 1;
}

static void
add_pair(struct report *r, yaml_node_t *map, int key, int n)
{
	size_t have = (size_t)(map->data.mapping.pairs.top - map->data.mapping.pairs.start);
	yaml_node_pair_t *pairs = value_grow(r, map->data.mapping.pairs.start, have, sizeof(*pairs));

	if (!pairs)
		return;
	pairs[have] = (yaml_node_pair_t){key, n};
	map->data.mapping.pairs.start = pairs;
	map->data.mapping.pairs.top = pairs + have + 1;
}

void
document_join(struct report *r, struct document *doc, struct level *in, int n)
{
	yaml_node_t *node = &doc->nodes[in->node - 1];
	int key = in->key;

	if (node->type == YAML_SEQUENCE_NODE) {
		add_item(r, node, n);
		return;
	}
	in->key = key ? 0 : n;
	if (key)
		add_pair(r, node, key, n);
}
