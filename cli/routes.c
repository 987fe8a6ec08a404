/* `lodge routes [-j] [NAME…]`: which guest a name goes to, by which rule of the file, and where it arrives. */
#include "base/log.h"
#include "base/sys.h"
#include "cli/asked.h"
#include "cli/cli.h"
#include "base/table.h"
#include "conf/page.h"

#include <jansson.h>
#include <stdlib.h>

enum { ROUTES_VERSION = 1, RULE_TEXT = NAME_ROOM + 4 };

/* What is known of one name that was asked about, or of one rule. */
struct answer {
	const char *asked; /* NULL: the rule itself */
	char name[NAME_ROOM]; /* "": not a name, see fault */
	const char *fault;
	const struct route *route; /* NULL: nobody's */
	struct advice advice;
};

static const char *
rule_text(const struct route *route, char out[RULE_TEXT])
{
	if (!route->name[0])
		return "default";
	snprintf(out, RULE_TEXT, "%s%s", conf_domain_prefix(route->kind), route->name);
	return out;
}

static const char *
kind_text(const struct route *route)
{
	static const char *const kinds[] = {
	    [DOMAIN_EXACT] = "exact", [DOMAIN_SUFFIX] = "suffix", [DOMAIN_BELOW] = "below"};

	return route->name[0] ? kinds[route->kind] : "default";
}

/* --- JSON ------------------------------------------------------------------------------------------------- */

static json_t *
port_json(uint16_t port, size_t doors)
{
	return doors ? json_integer(port) : json_null();
}

static void
route_json(const struct conf *conf, const struct route *route, json_t *out)
{
	const struct route_guest *g = route->guest;
	char rule[RULE_TEXT], address[IP_TEXT];

	json_object_set_new(out, "by", json_string(kind_text(route)));
	json_object_set_new(out, "rule", json_string(rule_text(route, rule)));
	json_object_set_new(out, "file", cli_json_text(conf->files[route->place.file]));
	json_object_set_new(out, "line", json_integer(route->place.line));
	json_object_set_new(out, "column", json_integer(route->place.col));
	json_object_set_new(out, "address", json_string(ip_print(&g->address, address)));
	if (g->address6.family)
		json_object_set_new(out, "address6", json_string(ip_print(&g->address6, address)));
	json_object_set_new(out, "http", port_json(g->to_http, conf->proxy.n_http));
	json_object_set_new(out, "tls", port_json(g->to_tls, conf->proxy.n_tls));
	json_object_set_new(out, "quic", port_json(g->to_quic, conf->proxy.n_quic));
	json_object_set_new(out, "client_address", json_string(conf_client_address(g->client_address)));
	json_object_set_new(out, "redirect_https", json_boolean(g->redirect_https));
}

static json_t *
answer_json(const struct conf *conf, const struct answer *a)
{
	json_t *out = json_object();

	if (a->asked) {
		json_object_set_new(out, "asked", cli_json_text(a->asked));
		json_object_set_new(out, "name", a->name[0] ? json_string(a->name) : json_null());
	}
	json_object_set_new(out, "guest", a->route ? json_string(a->route->guest->name) : json_null());
	if (a->route)
		route_json(conf, a->route, out);
	if (a->fault)
		json_object_set_new(out, "fault", json_string(a->fault));
	if (a->advice.kind == ADVICE_NEAR)
		json_object_set_new(out, "near", json_string(a->advice.name));
	return out;
}

static int
print_json(const struct conf *conf, const struct answer *answers, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, answer_json(conf, &answers[i]));
	return cli_json(EXIT_DONE, json_pack("{s:i, s:o}", "version", ROUTES_VERSION, "routes", list));
}

/* --- for people ------------------------------------------------------------------------------------------- */

static void
print_door(const struct route_guest *g, const char *door, const uint16_t *ports, size_t n, uint16_t to)
{
	char text[ADDR_TEXT];

	printf("  %-5s", door);
	for (size_t i = 0; i < n; i++)
		printf(" %u", ports[i]);
	if (n == 0) {
		printf(" closed, proxy.%s is empty\n", door);
		return;
	}
	if (g->redirect_https && strcmp(door, "http") == 0) {
		puts(" → the client is sent to https");
		return;
	}
	printf(" → %s", addr_print(&(struct addr){g->address, to}, text));
	if (g->address6.family)
		printf(", for IPv6 clients %s", addr_print(&(struct addr){g->address6, to}, text));
	putchar('\n');
}

static void
print_answer(const struct conf *conf, const struct answer *a)
{
	const struct proxy_conf *p = &conf->proxy;
	const struct route_guest *g = a->route->guest;
	const struct place *at = &a->route->place;
	char rule[RULE_TEXT];

	printf("%s: %s, by %s at %s:%u:%u\n", a->name, g->name, rule_text(a->route, rule),
	    conf->files[at->file], at->line, at->col);
	print_door(g, "http", p->http, p->n_http, g->to_http);
	print_door(g, "tls", p->tls, p->n_tls, g->to_tls);
	print_door(g, "quic", p->quic, p->n_quic, g->to_quic);
	printf("  client-address: %s\n", conf_client_address(g->client_address));
}

static void
print_nobody(const struct answer *a)
{
	const struct advice *v = &a->advice;
	const char *has = v->domain ? v->domain->name : "";

	switch (v->kind) {
	case ADVICE_ONLY_ABOVE:
		log_error("nobody has «%s»; %s has «%s» alone, «.%s» would be all below it, too", a->name,
		    v->guest->name, has, has);
		return;
	case ADVICE_ONLY_BELOW:
		log_error("nobody has «%s»; %s has only what is below it, «.%s» would be both", a->name,
		    v->guest->name, has);
		return;
	case ADVICE_NEAR:
		log_error(
		    "nobody has «%s»; did you mean «%s», which is %s's?", a->name, v->name, v->guest->name);
		return;
	case ADVICE_NONE:
		log_error(
		    "nobody has «%s»; add it to the domains: of a guest, lodge routes lists them", a->name);
		return;
	}
}

static void
add_row(struct table *table, const struct conf *conf, const struct route *route)
{
	const struct route_guest *g = route->guest;
	const struct {
		uint16_t port;
		size_t doors;
	} doors[] = {{g->to_http, conf->proxy.n_http}, {g->to_tls, conf->proxy.n_tls},
	    {g->to_quic, conf->proxy.n_quic}};
	char rule[RULE_TEXT], text[IP_TEXT], *place;

	table_add(table, rule_text(route, rule));
	table_add(table, g->name);
	table_add(table, ip_print(&g->address, text));
	for (size_t i = 0; i < 3; i++) {
		snprintf(text, sizeof(text), "%u", doors[i].port);
		table_add(table, doors[i].doors ? text : "-");
	}
	table_add(table, conf_client_address(g->client_address));
	if (asprintf(&place, "%s:%u:%u", conf->files[route->place.file], route->place.line,
		route->place.col) == -1)
		return;
	table_add(table, place);
	free(place);
}

static void
print_table(const struct conf *conf, const struct answer *answers, size_t n)
{
	static const char *const headings[] = {
	    "NAME", "GUEST", "ADDRESS", "HTTP", "TLS", "QUIC", "CLIENT-ADDRESS", "AT"};
	struct table table = {.columns = 8, .right = 7u << 3};

	for (size_t i = 0; i < table.columns; i++)
		table_add(&table, headings[i]);
	for (size_t i = 0; i < n; i++)
		add_row(&table, conf, answers[i].route);
	table_print(&table, stdout);
	table_free(&table);
}

/* --- the command ------------------------------------------------------------------------------------------ */

static int
by_name(const void *a, const void *b)
{
	const struct route *x = ((const struct answer *)a)->route, *y = ((const struct answer *)b)->route;
	int order = strcmp(x->name, y->name);

	return order ? order : (int)x->kind - (int)y->kind;
}

/* Every rule, sorted by name, then the default. */
static int
show_all(const struct conf *conf, const struct routes *routes, bool json)
{
	size_t n = routes_names(routes);
	const struct route *rules = routes_rules(routes), *fallback = routes_default(routes);
	struct answer *answers = calloc(n + 1, sizeof(*answers));
	int status = EXIT_DONE;

	if (!answers)
		return cli_no_memory();
	for (size_t i = 0; i < n; i++)
		answers[i].route = &rules[i];
	qsort(answers, n, sizeof(*answers), by_name);
	if (fallback)
		answers[n++].route = fallback;
	if (json)
		status = print_json(conf, answers, n);
	else
		print_table(conf, answers, n);
	free(answers);
	return status;
}

static int
find(const struct conf *conf, const struct routes *routes, const char *asked, struct answer *out)
{
	out->asked = asked;
	out->fault = asked_fault(span_str(asked), out->name);
	if (out->fault)
		return 0;
	out->route = routes_find(routes, span_str(out->name));
	return out->route ? 0 : advice_find(conf, out->name, &out->advice);
}

/* Each is answered; the exit status is that of the worst. */
static int
show_asked(const struct conf *conf, const struct routes *routes, char **asked, size_t n, bool json)
{
	struct answer *answers = calloc(n, sizeof(*answers));
	int status = EXIT_DONE;

	for (size_t i = 0; i < n; i++)
		if (!answers || find(conf, routes, asked[i], &answers[i]) == -1) {
			free(answers);
			return cli_no_memory();
		}
	if (json)
		status = print_json(conf, answers, n);
	for (size_t i = 0; i < n; i++) {
		const struct answer *a = &answers[i];
		int of_one = a->fault ? EXIT_INPUT : a->route ? EXIT_DONE : EXIT_SYSTEM;

		status = of_one > status ? of_one : status;
		if (a->fault)
			log_error("«%s» is no name of a host: %s", a->asked, a->fault);
		else if (!a->route)
			print_nobody(a);
		else if (!json)
			print_answer(conf, a);
		fflush(stdout);
	}
	free(answers);
	return status;
}

int
cmd_routes(const struct said *said)
{
	bool json = said_has(said, "--json");
	int status;
	struct routes *routes;
	struct conf conf;

	if (cli_load(said->file, &conf, &status) == -1)
		return status;
	routes = page_add(&conf) == 0 ? routes_plan(&conf) : NULL;
	if (!routes)
		status = cli_no_memory();
	else if (said->n_operands == 0)
		status = show_all(&conf, routes, json);
	else
		status = show_asked(&conf, routes, said->operands, said->n_operands, json);
	routes_free(routes);
	conf_free(&conf);
	return status;
}
