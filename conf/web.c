/* The keys of web. */
#include "conf/parse.h"

static void
take_listen(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	struct web_conf *web = into;
	struct span text;

	if (!node_text(p, key->name, node, &text))
		return;
	if (addr_parse(text, &web->listen) == -1 || web->listen.port == 0)
		take_wrong(p, key, node, "is no address with a port; write 127.0.0.1:8077 or [::1]:8077");
}

static void
take_web_name(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	char name[CONF_DOMAIN_MAX + 1];
	struct web_conf *web = into;
	enum domain_kind kind;
	struct span text;
	const char *why;

	if (!node_text(p, key->name, node, &text))
		return;
	web->name_place = node_place(p, node);
	why = name_domain(text, &kind, name);
	if (!why && kind != DOMAIN_EXACT)
		why = "stands for more than one name; the page has one";
	if (why)
		take_wrong(p, key, node, why);
	else
		value_set(p->report, &web->name, span_str(name));
}

void
take_web(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	static const struct key keys[] = {
	    {.name = "listen", .take = take_listen},
	    {.name = "name", .take = take_web_name},
	    {"cert", take_text, .offset = offsetof(struct web_conf, cert), .fault = name_path},
	    {"key", take_text, .offset = offsetof(struct web_conf, key), .fault = name_path},
	};
	struct web_conf *web = &((struct conf *)into)->web;
	size_t before = p->report->errors->n_fatal;

	if (node_is_empty(node))
		return;
	web->place = node_place(p, node);
	node_map(p, key->name, node, keys, COUNT(keys), NULL, web);
	if (p->report->errors->n_fatal > before)
		return;
	if (!ip_is_set(&web->listen.ip))
		error_add(p->report, web->place, "web: listen is missing; write listen: 127.0.0.1:8077");
	else if (!web->cert != !web->key)
		error_add(p->report, web->place, "web: cert and key go together; write both or none");
}
