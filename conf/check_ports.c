/*
 * Ports: what one guest has, no other may have, and none that the host itself needs. All ranges of a protocol are
 * sorted by their beginning; of each kind only the one that reaches furthest can overlap what comes next.
 */
#include "conf/parse.h"

#include <stdlib.h>

enum { SHARED_TEXT = 32 };

enum kind { OF_GUEST, OF_PROXY, OF_PAGE, OF_HOST, OF_SERVICE, OF_PASSING, OF_PERSON, KINDS };

struct taken {
	uint16_t lo, hi;
	uint8_t proto;
	enum kind kind;
	const struct guest *guest;
	const char *what; /* not a guest's: whose */
	struct place place; /* line 0: nowhere in the file */
	bool local; /* on loopback alone, where nothing is a guest's */
	unsigned warned; /* a guest's, a bit for each kind: one warning says it */
};

struct list {
	struct taken *items;
	size_t n;
};

static int
taken_cmp(const void *a, const void *b)
{
	const struct taken *t = a, *u = b;

	if (t->lo != u->lo)
		return t->lo < u->lo ? -1 : 1;
	return place_cmp(&t->place, &u->place);
}

/* The ports that both have, and of which protocol where it is only one. */
static const char *
shared_print(const struct taken *a, const struct taken *b, char out[SHARED_TEXT])
{
	unsigned lo = a->lo > b->lo ? a->lo : b->lo, hi = a->hi < b->hi ? a->hi : b->hi,
		 proto = a->proto & b->proto;
	const char *word = proto == PROTO_BOTH ? "" : proto == PROTO_TCP ? " (tcp)" : " (udp)";

	if (lo == hi)
		snprintf(out, SHARED_TEXT, "port %u%s", lo, word);
	else
		snprintf(out, SHARED_TEXT, "ports %u-%u%s", lo, hi, word);
	return out;
}

/* Two guests, or one of them twice. */
static void
guests_meet(struct parse *p, const struct taken *a, const struct taken *b)
{
	const struct taken *late = place_cmp(&a->place, &b->place) > 0 ? a : b, *early = late == a ? b : a;
	char shared[SHARED_TEXT];

	shared_print(a, b, shared);
	if (a->guest == b->guest)
		error_add(p->report, late->place, "ports: guest %s has %s twice", late->guest->name, shared);
	else
		error_add(p->report, late->place, "ports: guests %s and %s both have %s", early->guest->name,
		    late->guest->name, shared);
	error_note(p->report, early->place, "%s has it here", early->guest->name);
	error_hint(p->report, "a port leads to one place; change one of the two");
}

/* What is no mistake, or only to a person who asks. */
static const struct {
	const char *text, *hint;
} warnings[KINDS] = {
    [OF_SERVICE] = {"ports: guest %s has %s, where a program of the host listens",
	"it stays with the host; choose other ports for the guest, or stop that"},
    [OF_PASSING] = {"ports: guest %s has %s, where a program of the host has a socket",
	"what is sent to that socket goes to the guest; ports outside net.ipv4.ip_local_port_range are safe"},
    [OF_PERSON] = {"ports: guest %s has %s, where a person's program listens",
	"what comes from outside goes to the guest; ss -ltunpe names who it is"},
};

static void
host_meets(struct parse *p, struct taken *guest, const struct taken *host)
{
	char shared[SHARED_TEXT];

	if (host->local || (guest->warned >> host->kind & 1))
		return;
	shared_print(guest, host, shared);
	if (warnings[host->kind].text && (host->kind != OF_SERVICE || p->host->running)) {
		guest->warned |= 1u << host->kind;
		error_warn(p->report, guest->place, warnings[host->kind].text, guest->guest->name, shared);
		error_hint(p->report, "%s", warnings[host->kind].hint);
		return;
	}
	error_add(p->report, guest->place, "ports: guest %s cannot have %s: %s", guest->guest->name, shared,
	    host->what);
	if (host->place.line > 0)
		error_note(p->report, host->place, "it is set here");
	error_hint(p->report, "choose other ports for the guest");
}

static void
proxies_meet(struct parse *p, const struct taken *a, const struct taken *b)
{
	const struct taken *late = place_cmp(&a->place, &b->place) > 0 ? a : b, *early = late == a ? b : a;

	error_add(p->report, late->place, "proxy: port %u is given to two kinds of traffic", late->lo);
	if (early->place.line > 0)
		error_note(p->report, early->place, "here it was given first");
	error_hint(p->report, "a port of the proxy speaks either http or tls; change one of the two");
}

static void
page_meets(struct parse *p, const struct taken *page, const struct taken *door)
{
	error_add(p->report, page->place, "web: port %u is taken: %s", page->lo, door->what);
	if (door->place.line > 0)
		error_note(p->report, door->place, "it is set here");
	error_hint(p->report, "choose another port for listen");
}

static void
meet(struct parse *p, struct taken *a, struct taken *b)
{
	if (a->kind == OF_GUEST && b->kind == OF_GUEST)
		guests_meet(p, a, b);
	else if (a->kind == OF_GUEST)
		host_meets(p, a, b);
	else if (b->kind == OF_GUEST)
		host_meets(p, b, a);
	else if (a->kind == OF_PROXY && b->kind == OF_PROXY)
		proxies_meet(p, a, b);
	else if (a->kind == OF_PAGE && b->kind == OF_PROXY)
		page_meets(p, a, b);
	else if (a->kind == OF_PROXY && b->kind == OF_PAGE)
		page_meets(p, b, a);
}

/* done: what the walk over an earlier protocol has met already. */
static void
ports_walk(struct parse *p, const struct list *l, unsigned proto, unsigned done)
{
	struct taken *furthest[KINDS] = {0};

	for (size_t i = 0; i < l->n; i++) {
		struct taken *t = &l->items[i];

		if (!(t->proto & proto))
			continue;
		for (int kind = 0; kind < KINDS; kind++) {
			struct taken *before = furthest[kind];

			if (before && before->hi >= t->lo && !(before->proto & t->proto & done))
				meet(p, before, t);
		}
		if (!furthest[t->kind] || furthest[t->kind]->hi < t->hi)
			furthest[t->kind] = t;
	}
}

static void
doors_gather(
    struct list *l, const uint16_t *ports, size_t n, uint8_t proto, const char *what, struct place place)
{
	for (size_t i = 0; i < n; i++)
		l->items[l->n++] =
		    (struct taken){ports[i], ports[i], proto, OF_PROXY, NULL, what, .place = place};
}

static void
page_gather(struct list *l, const struct web_conf *web)
{
	static const struct ip loopback6 = {6, {[15] = 1}};
	const struct ip *ip = &web->listen.ip;
	bool loopback = ip->family == 4 ? ip->b[0] == 127 : ip_cmp(ip, &loopback6) == 0;

	if (ip_is_set(ip))
		l->items[l->n++] = (struct taken){web->listen.port, web->listen.port, PROTO_TCP, OF_PAGE,
		    NULL, "the usage page has it", .place = web->place, .local = loopback};
}

static void
gather(const struct parse *p, struct list *l)
{
	const struct conf *c = p->conf;

	for (size_t i = 0; i < c->n_guests; i++) {
		const struct guest *g = &c->guests[i];

		for (size_t j = 0; j < g->n_forwards; j++) {
			const struct forward *f = &g->forwards[j];

			l->items[l->n++] =
			    (struct taken){f->lo, f->hi, f->proto, OF_GUEST, g, .place = f->place};
		}
	}
	page_gather(l, &c->web);
	doors_gather(
	    l, c->proxy.http, c->proxy.n_http, PROTO_TCP, "the proxy has it for http", c->proxy.http_place);
	doors_gather(
	    l, c->proxy.tls, c->proxy.n_tls, PROTO_TCP, "the proxy has it for tls", c->proxy.tls_place);
	doors_gather(
	    l, c->proxy.quic, c->proxy.n_quic, PROTO_UDP, "the proxy has it for quic", c->proxy.quic_place);
	for (size_t i = 0; i < c->n_reserve; i++) {
		const struct port_range *r = &c->reserve[i];

		l->items[l->n++] =
		    (struct taken){r->lo, r->hi, PROTO_BOTH, OF_HOST, NULL, "reserved", .place = r->place};
	}
	for (size_t i = 0; i < p->host->n_listening; i++) {
		const struct port_range *r = &p->host->listening[i];

		l->items[l->n++] = (struct taken){r->lo, r->hi, r->proto ? r->proto : PROTO_BOTH,
		    r->passing	  ? OF_PASSING
		    : r->personal ? OF_PERSON
				  : OF_SERVICE,
		    NULL, "a program of the host listens there", .local = false};
	}
}

static void
check_rest(struct parse *p)
{
	const struct guest *first = NULL;

	for (size_t i = 0; i < p->conf->n_guests; i++) {
		const struct guest *g = &p->conf->guests[i], *late = g, *early = first;

		if (!g->rest)
			continue;
		if (!first) {
			first = g;
			continue;
		}
		if (place_cmp(&early->rest_place, &late->rest_place) > 0) {
			late = first;
			early = g;
			first = g;
		}
		error_add(p->report, late->rest_place, "ports: rest belongs to both %s and %s", early->name,
		    late->name);
		error_note(p->report, early->rest_place, "%s has it here", early->name);
		error_hint(p->report, "what nobody else has can go to one guest only");
	}
}

void
check_ports(struct parse *p)
{
	const struct conf *c = p->conf;
	size_t room =
	    c->proxy.n_http + c->proxy.n_tls + c->proxy.n_quic + c->n_reserve + p->host->n_listening + 2;
	struct list l = {0};

	for (size_t i = 0; i < c->n_guests; i++)
		room += c->guests[i].n_forwards;
	l.items = calloc(room, sizeof(*l.items));
	if (!l.items) {
		p->report->no_memory = true;
		return;
	}
	gather(p, &l);
	qsort(l.items, l.n, sizeof(*l.items), taken_cmp);
	ports_walk(p, &l, PROTO_TCP, 0);
	ports_walk(p, &l, PROTO_UDP, PROTO_TCP);
	free(l.items);
	check_rest(p);
}
