/*
 * The YAML layer: a text as one document of plain mappings, lists and texts, and the walk over them.
 *
 * A text is read twice. The first pass looks at events alone and refuses what has no meaning here or could
 * grow beyond the text: anchors and aliases, tags, depth, further documents. The second loads the document.
 */
#include "base/near.h"
#include "conf/parse.h"

#include <stdlib.h>

enum { KEYS_MAX = 32 }; /* of one mapping's table */

struct node_scan {
	struct report *report;
	uint32_t file;
	unsigned depth, documents, nodes;
	bool loadable;
};

static struct place
mark_place(uint32_t file, yaml_mark_t mark)
{
	return (struct place){file, (uint32_t)mark.line + 1, (uint32_t)mark.column + 1};
}

/* A fresh parser over a text; false: no memory. */
static bool
parser_open(struct report *r, uint32_t file, yaml_parser_t *parser)
{
	struct span bytes = r->texts[file].bytes;

	if (!yaml_parser_initialize(parser)) {
		r->no_memory = true;
		return false;
	}
	yaml_parser_set_input_string(parser, (const unsigned char *)bytes.ptr, bytes.len);
	yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
	return true;
}

/* The line that the scanner stumbled over, for what to do about it. */
static void
syntax_hint(struct report *r, struct place at, const char *problem)
{
	struct span line = {"", 0};
	uint32_t c = at.col - 1;

	if (at.file < r->n_lines && r->lines[at.file].starts)
		line = lines_get(&r->lines[at.file], r->texts[at.file].bytes, at.line);
	if (strstr(problem, "cannot start any token") && c < line.len && line.ptr[c] == '\t')
		error_hint(r, "indent with spaces; YAML takes no tabs here");
	else if (strstr(problem, "cannot start any token"))
		error_hint(r, "put the value in quotes");
	else if (strstr(problem, "mapping values are not allowed"))
		error_hint(r,
		    "is the line before missing its colon, or this one indented too far? a value with \": \" "
		    "in it needs quotes");
	else if (strstr(problem, "did not find expected alphabetic"))
		error_hint(r, "a value that begins with * or & needs quotes");
	else if (strstr(problem, "did not find expected key"))
		error_hint(r, "is this line indented like its neighbours?");
}

static void
syntax_error(struct report *r, uint32_t file, const yaml_parser_t *parser)
{
	const char *problem = parser->problem ? parser->problem : "not readable as YAML";
	struct place at = mark_place(file, parser->problem_mark);

	if (parser->error == YAML_MEMORY_ERROR) {
		r->no_memory = true;
		return;
	}
	error_add(r, at, "YAML: %s", problem);
	if (parser->context && parser->context_mark.line != parser->problem_mark.line)
		error_note(r, mark_place(file, parser->context_mark), "%s that begins here", parser->context);
	syntax_hint(r, at, problem);
}

static void
scan_anchor(struct node_scan *s, struct place at, const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor) {
		/* Only the first: the loader will not see this text, and its search for anchors is quadratic. */
		if (s->loadable)
			error_add(s->report, at, "anchors and aliases are not taken; write the value out");
		if (s->loadable)
			error_hint(
			    s->report, "a value that begins with * or & needs quotes: \"*.example.org\"");
		s->loadable = false;
	}
	if (tag) {
		error_add(s->report, at, "tags are not taken; every value has the type its key gives it");
		error_hint(s->report, "a value that begins with ! needs quotes");
	}
}

/* False: look no further. */
static bool
scan_event(struct node_scan *s, const yaml_event_t *event)
{
	struct place at = mark_place(s->file, event->start_mark);

	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (++s->documents == 1)
			return true;
		error_add(s->report, at, "a second document begins here; a file holds one");
		error_hint(s->report, "remove the line \"---\", or use include: to read several files");
		return false;
	case YAML_ALIAS_EVENT:
		scan_anchor(s, at, event->data.alias.anchor, NULL);
		break;
	case YAML_SCALAR_EVENT:
		scan_anchor(s, at, event->data.scalar.anchor, event->data.scalar.tag);
		break;
	case YAML_SEQUENCE_START_EVENT:
		scan_anchor(s, at, event->data.sequence_start.anchor, event->data.sequence_start.tag);
		s->depth++;
		break;
	case YAML_MAPPING_START_EVENT:
		scan_anchor(s, at, event->data.mapping_start.anchor, event->data.mapping_start.tag);
		s->depth++;
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		s->depth--;
		return true;
	default:
		return event->type != YAML_STREAM_END_EVENT;
	}
	if (s->depth > CONF_DEPTH_MAX || ++s->nodes > CONF_NODES_MAX) {
		error_add(s->report, at,
		    s->depth > CONF_DEPTH_MAX ? "more than %d lists and mappings in one another"
					      : "more than %d values in one file",
		    s->depth > CONF_DEPTH_MAX ? (int)CONF_DEPTH_MAX : (int)CONF_NODES_MAX);
		s->loadable = false;
		return false;
	}
	return true;
}

/* Whether the document may be loaded. */
static bool
text_scan(struct report *r, uint32_t file)
{
	struct node_scan scan = {.report = r, .file = file, .loadable = true};
	yaml_parser_t parser;
	yaml_event_t event;

	if (!parser_open(r, file, &parser))
		return false;
	for (bool more = true; more;) {
		if (!yaml_parser_parse(&parser, &event)) {
			syntax_error(r, file, &parser);
			scan.loadable = false;
			break;
		}
		more = scan_event(&scan, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return scan.loadable;
}

bool
node_load(struct report *r, uint32_t file, yaml_document_t *doc)
{
	yaml_parser_t parser;
	bool loaded;

	if (!report_text(r, file) || !text_scan(r, file) || !parser_open(r, file, &parser))
		return false;
	loaded = yaml_parser_load(&parser, doc);
	if (!loaded)
		syntax_error(r, file, &parser);
	yaml_parser_delete(&parser);
	return loaded;
}

struct place
node_place(const struct parse *p, const yaml_node_t *node)
{
	return mark_place(p->file, node->start_mark);
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
	return yaml_document_get_node(p->doc, index);
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
