/* Texts with a type, and names with a grammar: tables, then print ∘ parse = id. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tests/unit/guard.h"

#include "conf/parse.h"

struct number_case {
	const char *text;
	bool good;
	uint64_t value;
};

static void
each(const struct number_case *cases, size_t n, const char *(*parse)(struct span, uint64_t *))
{
	for (size_t i = 0; i < n; i++) {
		uint64_t value = 77;
		const char *why = parse(guarded(cases[i].text), &value);

		if ((why == NULL) != cases[i].good || value != (cases[i].good ? cases[i].value : 77))
			fail_msg(
			    "\"%s\": %s, %llu", cases[i].text, why ? why : "good", (unsigned long long)value);
	}
}

static void
numbers(void **state)
{
	static const struct number_case cases[] = {
	    {"0", true, 0},
	    {"1", true, 1},
	    {"65535", true, 65535},
	    {"9007199254740992", true, UINT64_C(9007199254740992)},
	    {"9007199254740993", false, 0},
	    {"18446744073709551616", false, 0},
	    {"", false, 0},
	    {"01", false, 0},
	    {"00", false, 0},
	    {"+1", false, 0},
	    {"-1", false, 0},
	    {"1 ", false, 0},
	    {" 1", false, 0},
	    {"0x10", false, 0},
	    {"1e3", false, 0},
	    {"1_000", false, 0},
	};

	(void)state;
	each(cases, COUNT(cases), scalar_number);
}

static void
sizes(void **state)
{
	static const struct number_case cases[] = {
	    {"1K", true, 1024},
	    {"512M", true, 512 << 20},
	    {"10G", true, UINT64_C(10) << 30},
	    {"8192T", true, UINT64_C(1) << 53},
	    {"8193T", false, 0},
	    {"512", false, 0},
	    {"M", false, 0},
	    {"512m", false, 0},
	    {"512MB", false, 0},
	    {"512MiB", false, 0},
	    {"512 M", false, 0},
	    {"0.5G", false, 0},
	    {"-1G", false, 0},
	    {"", false, 0},
	};

	(void)state;
	each(cases, COUNT(cases), scalar_size);
}

static void
traffic(void **state)
{
	static const struct number_case cases[] = {
	    {"200GB", true, UINT64_C(200000000000)},
	    {"200GiB", true, UINT64_C(200) << 30},
	    {"1TB", true, UINT64_C(1000000000000)},
	    {"1TiB", true, UINT64_C(1) << 40},
	    {"1MB", true, 1000000},
	    {"1MiB", true, 1 << 20},
	    {"9007TB", true, UINT64_C(9007000000000000)},
	    {"9008TB", false, 0},
	    {"200G", false, 0},
	    {"200M", false, 0},
	    {"200T", false, 0},
	    {"G", false, 0},
	    {"200", false, 0},
	    {"200gb", false, 0},
	    {"200kB", false, 0},
	    {"", false, 0},
	};

	(void)state;
	each(cases, COUNT(cases), scalar_traffic);
}

static void
rates(void **state)
{
	static const struct number_case cases[] = {
	    {"1Mbit", true, 1000000},
	    {"256kbit", true, 256000},
	    {"10Gbit", true, UINT64_C(10000000000)},
	    {"1Kbit", false, 0},
	    {"1M", false, 0},
	    {"1", false, 0},
	    {"1Mbit/s", false, 0},
	    {"", false, 0},
	};

	(void)state;
	each(cases, COUNT(cases), scalar_rate);
}

static void
durations(void **state)
{
	static const struct number_case cases[] = {
	    {"500ms", true, 500},
	    {"5s", true, 5000},
	    {"10m", true, 600000},
	    {"1h", true, 3600000},
	    {"7d", true, 604800000},
	    {"0s", true, 0},
	    {"4294967295ms", true, UINT32_MAX},
	    {"4294967296ms", false, 0},
	    {"50d", false, 0},
	    {"5", false, 0},
	    {"5 s", false, 0},
	    {"1h30m", false, 0},
	    {"5S", false, 0},
	    {"", false, 0},
	};

	(void)state;
	each(cases, COUNT(cases), scalar_duration);
}

/* What is printed parses to the same, for values that the unit reaches. */
static void
printed_values_parse_to_the_same(void **state)
{
	static const uint64_t factors[] = {1, 3, 1000, 1023, 1024, 4095};
	char text[VALUE_TEXT];
	uint64_t back;

	(void)state;
	for (size_t i = 0; i < COUNT(factors); i++) {
		for (unsigned shift = 10; shift <= 40; shift += 10) {
			uint64_t n = factors[i] << shift;

			assert_null(scalar_size(span_str(scalar_size_print(n, text)), &back));
			assert_true(back == n);
			if (shift == 10)
				continue;
			assert_null(scalar_traffic(span_str(scalar_traffic_print(n, text)), &back));
			assert_true(back == n);
		}
		for (uint64_t unit = 1000; unit <= 1000000000; unit *= 1000) {
			assert_null(scalar_rate(span_str(scalar_rate_print(factors[i] * unit, text)), &back));
			assert_true(back == factors[i] * unit);
		}
	}
	for (uint64_t n = 0; n <= UINT32_MAX; n = n * 3 + 1) {
		assert_null(scalar_duration(span_str(scalar_duration_print(n, text)), &back));
		assert_true(back == n);
	}
}

static void
forwards(void **state)
{
	static const struct {
		const char *text;
		int lo, hi, to, proto; /* lo 0: refused */
	} cases[] = {
	    {"8080", 8080, 8080, 8080, PROTO_BOTH},
	    {"10000-10999", 10000, 10999, 10000, PROTO_BOTH},
	    {"10000-10999/udp", 10000, 10999, 10000, PROTO_UDP},
	    {"2201:22/tcp", 2201, 2201, 22, PROTO_TCP},
	    {"2201:22", 2201, 2201, 22, PROTO_BOTH},
	    {"1-65535", 1, 65535, 1, PROTO_BOTH},
	    {"5-5", 5, 5, 5, PROTO_BOTH},
	    {"5-5:6", 5, 5, 6, PROTO_BOTH},
	    {"0", 0, 0, 0, 0},
	    {"65536", 0, 0, 0, 0},
	    {"022", 0, 0, 0, 0},
	    {"10-9", 0, 0, 0, 0},
	    {"10-", 0, 0, 0, 0},
	    {"-10", 0, 0, 0, 0},
	    {"10-20-30", 0, 0, 0, 0},
	    {"10-20:30", 0, 0, 0, 0},
	    {"10:", 0, 0, 0, 0},
	    {":10", 0, 0, 0, 0},
	    {"10:20:30", 0, 0, 0, 0},
	    {"10:20-30", 0, 0, 0, 0},
	    {"10/", 0, 0, 0, 0},
	    {"10/TCP", 0, 0, 0, 0},
	    {"10/tcp/udp", 0, 0, 0, 0},
	    {"/tcp", 0, 0, 0, 0},
	    {" 10", 0, 0, 0, 0},
	    {"", 0, 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct forward f = {0};
		const char *why = scalar_forward(guarded(cases[i].text), &f);

		if ((why == NULL) != (cases[i].lo != 0) || f.lo != cases[i].lo || f.hi != cases[i].hi ||
		    f.to != cases[i].to || f.proto != cases[i].proto)
			fail_msg("\"%s\": %s, %u-%u:%u/%u", cases[i].text, why ? why : "good", f.lo, f.hi,
			    f.to, f.proto);
	}
}

static void
redis_places(void **state)
{
	static const struct {
		const char *text;
		bool good;
		enum redis_kind kind;
		const char *where, *user, *password; /* where: path or host */
		unsigned port, db;
	} cases[] = {
	    {"private", true, REDIS_PRIVATE, NULL, NULL, NULL, 0, 0},
	    {"unix:/run/redis.sock", true, REDIS_UNIX, "/run/redis.sock", NULL, NULL, 0, 0},
	    {"unix:///run/redis.sock", true, REDIS_UNIX, "/run/redis.sock", NULL, NULL, 0, 0},
	    {"unix://u:p@/run/redis.sock", true, REDIS_UNIX, "/run/redis.sock", "u", "p", 0, 0},
	    {"unix://:p@/run/redis.sock", true, REDIS_UNIX, "/run/redis.sock", NULL, "p", 0, 0},
	    {"unix://u:%41%40%2f%25@/r", true, REDIS_UNIX, "/r", "u", "A@/%", 0, 0},
	    {"unix://u:a@b@/r@/s%41", true, REDIS_UNIX, "/r@/s%41", "u", "a@b", 0, 0},
	    {"unix:/r@/s", true, REDIS_UNIX, "/r@/s", NULL, NULL, 0, 0},
	    {"unix:///r@/s", true, REDIS_UNIX, "/r@/s", NULL, NULL, 0, 0},
	    {"unix://u@/r", false, 0, NULL, NULL, NULL, 0, 0},
	    {"unix://u:@/r", false, 0, NULL, NULL, NULL, 0, 0},
	    {"unix://u:%0a@/r", false, 0, NULL, NULL, NULL, 0, 0},
	    {"unix://u:p@r", false, 0, NULL, NULL, NULL, 0, 0},
	    {"unix://u:p@", false, 0, NULL, NULL, NULL, 0, 0},
	    {"unix://", false, 0, NULL, NULL, NULL, 0, 0},
	    {"redis://h", true, REDIS_TCP, "h", NULL, NULL, 6379, 0},
	    {"redis://10.0.0.1:7000/15", true, REDIS_TCP, "10.0.0.1", NULL, NULL, 7000, 15},
	    {"redis://[::1]:7000", true, REDIS_TCP, "::1", NULL, NULL, 7000, 0},
	    {"redis://[::1]", true, REDIS_TCP, "::1", NULL, NULL, 6379, 0},
	    {"redis://u:p@h/2", true, REDIS_TCP, "h", "u", "p", 6379, 2},
	    {"redis://:p@h", true, REDIS_TCP, "h", NULL, "p", 6379, 0},
	    {"redis://:a@b@h", true, REDIS_TCP, "h", NULL, "a@b", 6379, 0},
	    {"redis://:%41%3a@h", true, REDIS_TCP, "h", NULL, "A:", 6379, 0},
	    {"redis://:%0A@h", false, 0, NULL, NULL, NULL, 0, 0},
	    {"redis://:%00@h", false, 0, NULL, NULL, NULL, 0, 0},
	    {"redis://:%ff@h", false, 0, NULL, NULL, NULL, 0, 0},
	    {"redis://:%4@h", false, 0, NULL, NULL, NULL, 0, 0},
	    {"redis://:%@h", false, 0, NULL, NULL, NULL, 0, 0},
	    {"redis://:@h", false, 0, NULL, NULL, NULL, 0, 0},
	    {"redis://u@h", false, 0, NULL, NULL, NULL, 0, 0},
	    {"redis://", false, 0, NULL, NULL, NULL, 0, 0},
	    {"redis://h:", false, 0, NULL, NULL, NULL, 0, 0},
	    {"redis://h:0", false, 0, NULL, NULL, NULL, 0, 0},
	    {"redis://h/", false, 0, NULL, NULL, NULL, 0, 0},
	    {"redis://h/x", false, 0, NULL, NULL, NULL, 0, 0},
	    {"redis://h/99999", false, 0, NULL, NULL, NULL, 0, 0},
	    {"redis://[::1", false, 0, NULL, NULL, NULL, 0, 0},
	    {"redis://[", false, 0, NULL, NULL, NULL, 0, 0},
	    {"redis://[]", false, 0, NULL, NULL, NULL, 0, 0},
	    {"redis://[::1]x", false, 0, NULL, NULL, NULL, 0, 0},
	    {"redis://::1", false, 0, NULL, NULL, NULL, 0, 0},
	    {"unix:redis.sock", false, 0, NULL, NULL, NULL, 0, 0},
	    {"unix:", false, 0, NULL, NULL, NULL, 0, 0},
	    {"rediss://h", false, 0, NULL, NULL, NULL, 0, 0},
	    {"h:6379", false, 0, NULL, NULL, NULL, 0, 0},
	    {"", false, 0, NULL, NULL, NULL, 0, 0},
	};
	struct report r = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct redis_conf c = {0};
		const char *why = redis_parse(&r, guarded(cases[i].text), &c),
			   *where = c.path ? c.path : c.host;

		if ((why == NULL) != cases[i].good || c.kind != cases[i].kind || c.port != cases[i].port ||
		    c.db != cases[i].db)
			fail_msg("\"%s\": %s", cases[i].text, why ? why : "good");
		assert_string_equal(where ? where : "-", cases[i].where ? cases[i].where : "-");
		assert_string_equal(c.user ? c.user : "-", cases[i].user ? cases[i].user : "-");
		assert_string_equal(
		    c.password ? c.password : "-", cases[i].password ? cases[i].password : "-");
		redis_free(&c);
	}
	assert_false(r.no_memory);
}

static void
names(void **state)
{
	static const struct {
		const char *(*fault)(struct span);
		const char *text;
		bool good;
	} cases[] = {
	    {name_guest, "alice", true},
	    {name_guest, "a", true},
	    {name_guest, "a-1-", true},
	    {name_guest, "abcdefghijklmnopqrstuvwxyz012345", true},
	    {name_guest, "abcdefghijklmnopqrstuvwxyz0123456", false},
	    {name_guest, "", false},
	    {name_guest, "-a", false},
	    {name_guest, "1a", false},
	    {name_guest, "A", false},
	    {name_guest, "a b", false},
	    {name_guest, "a{b}", false},
	    {name_interface, "eth0", true},
	    {name_interface, "enp0s31f6.100", true},
	    {name_interface, "abcdefghijklmno", true},
	    {name_interface, "abcdefghijklmnop", false},
	    {name_interface, "lo", false},
	    {name_interface, "all", false},
	    {name_interface, "default", false},
	    {name_interface, "..", false},
	    {name_interface, "a/b", false},
	    {name_interface, "-x", false},
	    {name_interface, "", false},
	    {name_user, "nobody", true},
	    {name_user, "_lodge-1", true},
	    {name_user, "root", false},
	    {name_user, "0", false},
	    {name_user, "", false},
	    {name_host, "h1.example.org", true},
	    {name_host, "a:b", false},
	    {name_host, "{a}", false},
	    {name_host, "", false},
	    {name_path, "/", false},
	    {name_path, "/a", true},
	    {name_path, "/a b/c", true},
	    {name_path, "/a/", false},
	    {name_path, "//a", false},
	    {name_path, "/a/./b", false},
	    {name_path, "/a/../b", false},
	    {name_path, "/...", true},
	    {name_path, "a", false},
	    {name_path, "", false},
	    {name_ssh_key, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI", true},
	    {name_ssh_key, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI me@home and more", true},
	    {name_ssh_key, "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1", true},
	    {name_ssh_key, "ssh-dss AAAAB3NzaC1kc3MAAACB", false},
	    {name_ssh_key, "ssh-ed25519 ", false},
	    {name_ssh_key, "ssh-ed25519", false},
	    {name_ssh_key, "ssh-ed25519  AAAAC3NzaC1lZDI1NTE5AAAAI", false},
	    {name_ssh_key, "AAAAC3NzaC1lZDI1NTE5AAAAI", false},
	    {name_ssh_key, "-----BEGIN", false},
	    {name_ssh_key, "", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *why = cases[i].fault(guarded(cases[i].text));

		if ((why == NULL) != cases[i].good)
			fail_msg("case %zu, \"%s\": %s", i, cases[i].text, why ? why : "good");
	}
}

static void
domains(void **state)
{
	static const struct {
		const char *text, *name; /* NULL: refused */
		enum domain_kind kind;
	} cases[] = {
	    {"a", "a", DOMAIN_EXACT},
	    {"alice.example.org", "alice.example.org", DOMAIN_EXACT},
	    {"ALICE.Example.ORG.", "alice.example.org", DOMAIN_EXACT},
	    {".alice.dev", "alice.dev", DOMAIN_SUFFIX},
	    {"*.alice.dev", "alice.dev", DOMAIN_BELOW},
	    {"_acme.x-1.org", "_acme.x-1.org", DOMAIN_EXACT},
	    {"xn--mnchen-3ya.de", "xn--mnchen-3ya.de", DOMAIN_EXACT},
	    {"1.2.3.x4", "1.2.3.x4", DOMAIN_EXACT},
	    {"1.2.3.4", NULL, 0},
	    {"256.1", NULL, 0},
	    {"[::1]", NULL, 0},
	    {"..a", NULL, 0},
	    {"a..", NULL, 0},
	    {"a..b", NULL, 0},
	    {".", NULL, 0},
	    {"*.", NULL, 0},
	    {"*", NULL, 0},
	    {"*a.b", NULL, 0},
	    {"*.*.a", NULL, 0},
	    {"**.a", NULL, 0},
	    {".*.a", NULL, 0},
	    {"a b", NULL, 0},
	    {"a/b", NULL, 0},
	    {"a:80", NULL, 0},
	    {"m\xc3\xbcnchen.de", NULL, 0},
	    {"", NULL, 0},
	};
	char name[CONF_DOMAIN_MAX + 1];
	enum domain_kind kind;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *why = name_domain(guarded(cases[i].text), &kind, name);

		if ((why == NULL) != (cases[i].name != NULL))
			fail_msg("\"%s\": %s", cases[i].text, why ? why : "good");
		if (why)
			continue;
		assert_string_equal(name, cases[i].name);
		assert_int_equal(kind, cases[i].kind);
	}
}

/* 63 bytes a label and 253 a name are the last that pass. */
static void
domain_lengths(void **state)
{
	char text[300], name[CONF_DOMAIN_MAX + 1];
	enum domain_kind kind;

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_null(name_domain(span_of(text, 63), &kind, name));
	assert_non_null(name_domain(span_of(text, 64), &kind, name));
	for (size_t i = 49; i < sizeof(text); i += 50)
		text[i] = '.';
	assert_null(name_domain(span_of(text, 253), &kind, name));
	assert_int_equal(strlen(name), 253);
	assert_non_null(name_domain(span_of(text, 254), &kind, name));
	text[253] = '.';
	assert_null(name_domain(span_of(text, 254), &kind, name));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers),
	    cmocka_unit_test(sizes),
	    cmocka_unit_test(traffic),
	    cmocka_unit_test(rates),
	    cmocka_unit_test(durations),
	    cmocka_unit_test(printed_values_parse_to_the_same),
	    cmocka_unit_test(forwards),
	    cmocka_unit_test(redis_places),
	    cmocka_unit_test(names),
	    cmocka_unit_test(domains),
	    cmocka_unit_test(domain_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
