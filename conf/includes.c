/* What a text includes, before anything else is known of it. */
#include "conf/parse.h"

#include <stdlib.h>

/* The values of `include`, wherever in the top level they stand; other mistakes are for later. */
static void
include_take(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	struct include_list *to = into;
	struct include *include;
	char *pattern;

	(void)key;
	if (node->type != YAML_SCALAR_NODE || node_is_empty(node))
		return;
	pattern = value_text(p->report, span_of(node->data.scalar.value, node->data.scalar.length));
	include = pattern ? value_append(p->report, &to->list, &to->n, sizeof(*include)) : NULL;
	if (include)
		*include = (struct include){pattern, node_place(p, node)};
	else
		free(pattern);
}

/* A text in which the word does not stand, not even in disguise, need not be read twice. */
static bool
may_include(struct span text)
{
	return memmem(text.ptr, text.len, "include", 7) || memchr(text.ptr, '\\', text.len);
}

size_t
includes_find(struct report *r, uint32_t file, struct include **out)
{
	static const struct key any = {.name = "include"};
	struct include_list to = {0};
	struct parse p = {.report = r, .file = file};
	yaml_node_pair_t *pair = NULL;
	struct document doc;
	yaml_node_t *root;

	*out = NULL;
	if (!may_include(r->texts[file].bytes) || !document_load(r, file, &doc))
		return 0;
	p.doc = &doc;
	root = document_node(&doc, 1);
	if (root && root->type == YAML_MAPPING_NODE)
		pair = root->data.mapping.pairs.start;
	for (; pair && pair < root->data.mapping.pairs.top; pair++) {
		if (node_is(node_get(&p, pair->key), "include"))
			node_list(&p, &any, node_get(&p, pair->value), &to, include_take);
	}
	document_close(&doc);
	*out = to.list;
	return to.n;
}
