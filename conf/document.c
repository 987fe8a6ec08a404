/*
 * A text as one YAML document of plain mappings, lists and texts.
 *
 * It is put together from events, one by one: what has no meaning here or could grow beyond the text (anchors and
 * aliases, tags, depth, further documents) is refused as it is met, and the text is scanned only once.
 */
#include "conf/parse.h"

struct place
document_place(uint32_t file, yaml_mark_t mark)
{
	return (struct place){file, (uint32_t)mark.line + 1, (uint32_t)mark.column + 1};
}

struct scan {
	struct report *report;
	uint32_t file;
	struct document *doc;
	struct level open[CONF_DEPTH_MAX + 1];
	unsigned depth, documents, nodes;
	bool loadable;
};

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
	struct place at = document_place(file, parser->problem_mark);

	if (parser->error == YAML_MEMORY_ERROR) {
		r->no_memory = true;
		return;
	}
	error_add(r, at, "YAML: %s", problem);
	if (parser->context && parser->context_mark.line != parser->problem_mark.line)
		error_note(
		    r, document_place(file, parser->context_mark), "%s that begins here", parser->context);
	syntax_hint(r, at, problem);
}

static void
scan_anchor(struct scan *s, struct place at, const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor) {
		/* Only the first: nobody will see this document. */
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
scan_node(struct scan *s, const yaml_event_t *event)
{
	bool opens = event->type != YAML_SCALAR_EVENT;
	int n;

	if (!s->loadable || event->type == YAML_ALIAS_EVENT)
		return true;
	n = document_add(s->report, s->doc, event);
	if (n && s->depth > opens)
		document_join(s->report, s->doc, &s->open[s->depth - opens - 1], n);
	if (opens)
		s->open[s->depth - 1] = (struct level){.node = n};
	s->loadable = !s->report->no_memory;
	return s->loadable;
}

/* False: look no further. */
static bool
scan_event(struct scan *s, const yaml_event_t *event)
{
	struct place at = document_place(s->file, event->start_mark);

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
	return scan_node(s, event);
}

/* Whether the document is whole. */
static bool
text_scan(struct report *r, uint32_t file, struct document *doc)
{
	struct scan scan = {.report = r, .file = file, .doc = doc, .loadable = true};
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
document_load(struct report *r, uint32_t file, struct document *doc)
{
	if (!report_text(r, file) || !document_open(r, r->texts[file].bytes.len, doc))
		return false;
	if (text_scan(r, file, doc))
		return true;
	document_close(doc);
	return false;
}
