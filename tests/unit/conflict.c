/* Conflicts of domains and ports: the sorted walks find one exactly where comparing every pair does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "conf/conf.h"

enum { ROUNDS = 5000, THINGS = 6, GUESTS = 3, PORTS = 24 };

static unsigned
chance(unsigned n)
{
	static uint64_t state = 88172645463325252u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state % n);
}

/* Whether the text is refused; nothing but what this file is about is wrong with it. */
static bool
refused(const char *text, const struct conf_host *host, const char *about)
{
	struct conf_errors errors;
	struct conf conf;
	bool bad = conf_parse(&(struct conf_text){"x", span_str(text)}, 1, host, &conf, &errors) == -1;

	for (size_t i = 0; i < errors.n; i++)
		assert_non_null(strstr(errors.list[i].text, about));
	conf_free(&conf);
	conf_errors_free(&errors);
	return bad;
}

/* ---- domains ---- */

struct entry {
	char name[16];
	unsigned kind, guest;
};

static bool
is_below(const struct entry *name, const struct entry *suffix)
{
	size_t n = strlen(name->name), m = strlen(suffix->name);

	return n > m && name->name[n - m - 1] == '.' && strcmp(name->name + n - m, suffix->name) == 0;
}

static bool
entries_meet(const struct entry *a, const struct entry *b)
{
	bool same = strcmp(a->name, b->name) == 0;
	bool exact = a->kind == DOMAIN_EXACT || b->kind == DOMAIN_EXACT;
	bool below = a->kind == DOMAIN_BELOW || b->kind == DOMAIN_BELOW;

	if (same && a->kind == b->kind)
		return true;
	if (a->guest == b->guest)
		return same && !exact;
	if (same)
		return !(exact && below);
	return (b->kind != DOMAIN_EXACT && is_below(a, b)) || (a->kind != DOMAIN_EXACT && is_below(b, a));
}

static struct entry
entry_any(void)
{
	struct entry e = {.kind = chance(3), .guest = chance(GUESTS)};

	for (unsigned labels = 1 + chance(3); labels > 0; labels--) {
		strcat(e.name, chance(2) ? "a" : chance(2) ? "b" : "a-");
		strcat(e.name, labels > 1 ? "." : "");
	}
	return e;
}

static void
domains_are_told_apart_as_in_pairs(void **state)
{
	static const char *const before[] = {"", ".", "*."};
	struct entry list[THINGS];
	char text[1024];

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		unsigned n = 1 + chance(THINGS);
		char *at = text + sprintf(text, "guests:\n");
		bool meet = false;

		for (unsigned i = 0; i < n; i++) {
			list[i] = entry_any();
			for (unsigned j = 0; j < i; j++)
				meet |= entries_meet(&list[j], &list[i]);
		}
		for (unsigned g = 0; g < GUESTS; g++) {
			at += sprintf(at, " g%u:\n  address: 192.168.77.%u\n  domains: [", g, g + 2);
			for (unsigned i = 0; i < n; i++)
				if (list[i].guest == g)
					at += sprintf(at, "\"%s%s\",", before[list[i].kind], list[i].name);
			at += sprintf(at, "]\n");
		}
		if (refused(text, NULL, "domains: ") != meet)
			fail_msg("%s\n%s", meet ? "accepted" : "refused", text);
	}
}

/* ---- ports ---- */

struct range {
	unsigned lo, hi, proto;
	enum { GUEST, DOOR, RESERVED, LISTENING } kind;
};

static struct range
range_any(void)
{
	static const unsigned kinds[] = {GUEST, GUEST, GUEST, DOOR, RESERVED, LISTENING};
	struct range r = {.lo = 1 + chance(PORTS), .kind = kinds[chance(6)]};

	r.hi = r.kind == DOOR ? r.lo : r.lo + chance(4);
	r.proto = r.kind == DOOR ? PROTO_TCP : r.kind == RESERVED ? PROTO_BOTH : 1 + chance(3);
	return r;
}

static bool
ranges_meet(const struct range *a, const struct range *b)
{
	bool guest = a->kind == GUEST || b->kind == GUEST, doors = a->kind == DOOR && b->kind == DOOR;

	return (guest || doors) && (a->proto & b->proto) && a->lo <= b->hi && b->lo <= a->hi;
}

static char *
list_write(char *at, const char *key, const struct range *list, unsigned n, unsigned kind, unsigned skip)
{
	static const char *const after[] = {"", "/tcp", "/udp", ""};

	at += sprintf(at, "%s: [", key);
	for (unsigned i = 0; i < n; i++) {
		if (list[i].kind != kind || (kind == DOOR && i % 2 == skip))
			continue;
		at += kind == DOOR ? sprintf(at, "%u,", list[i].lo)
				   : sprintf(at, "%u-%u%s,", list[i].lo, list[i].hi,
					 kind == GUEST ? after[list[i].proto] : "");
	}
	return at + sprintf(at, "]\n");
}

static void
ports_are_told_apart_as_in_pairs(void **state)
{
	struct port_range listening[THINGS];
	struct range list[THINGS];
	char text[1024], *at;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		unsigned n = 1 + chance(THINGS);
		struct conf_host host = {.listening = listening};
		bool meet = false, twice = false;

		for (unsigned i = 0; i < n; i++) {
			list[i] = range_any();
			for (unsigned j = 0; j < i; j++) {
				meet |= ranges_meet(&list[j], &list[i]);
				twice |= list[i].kind == DOOR && list[j].kind == DOOR &&
					 list[i].lo == list[j].lo && i % 2 == j % 2;
			}
			if (list[i].kind == LISTENING)
				listening[host.n_listening++] =
				    (struct port_range){.lo = (uint16_t)list[i].lo,
					.hi = (uint16_t)list[i].hi,
					.proto = (uint8_t)list[i].proto};
		}
		if (twice) /* in one list; another mistake */
			continue;
		at = list_write(text, "reserve", list, n, RESERVED, 0);
		at = list_write(at + sprintf(at, "proxy:\n"), " http", list, n, DOOR, 0);
		at = list_write(at, " tls", list, n, DOOR, 1);
		at += sprintf(at, "guests:\n g:\n  address: 192.168.77.2\n");
		list_write(at, "  ports", list, n, GUEST, 0);
		if (refused(text, &host, "port") != meet)
			fail_msg("%s\n%s", meet ? "accepted" : "refused", text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(domains_are_told_apart_as_in_pairs),
	    cmocka_unit_test(ports_are_told_apart_as_in_pairs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
