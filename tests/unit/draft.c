/* A guest that is not in the file yet: what is free, and that its text and the file's are one without a mistake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "conf/draft.h"

#define KEY                                                                                                  \
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEpxQm9kZ2VzRXhhbXBsZUtleU9ubHkxMjM0NTY3 a \"quoted\" \\ name"

static uint8_t nobody_listens[65536];

static void
conf_of(const char *first, const char *second, struct conf *c)
{
	const struct conf_text texts[] = {{"lodge.yaml", span_str(first)}, {"a.yaml", span_str(second)}};
	static const struct conf_host host;
	struct conf_errors errors;

	if (conf_parse(texts, second[0] ? 2 : 1, &host, c, &errors) == -1)
		fail_msg("%s%s\n%s", first, second, errors.list[0].text);
	conf_errors_free(&errors);
}

static void
free_ones(void **state)
{
	static const struct {
		const char *file, *address;
		unsigned port;
		uint16_t listens;
	} cases[] = {
	    {"network: 10.0.0.0/24\n", "10.0.0.2", 2201, 0},
	    {"network: 10.0.0.0/24\nreserve: [2201, 2202-2210]\n", "10.0.0.2", 2211, 0},
	    {"network: 10.0.0.0/24\n", "10.0.0.2", 2202, 2201},
	    {"network: 10.0.0.0/24\nproxy: {tls: [2201]}\n", "10.0.0.2", 2202, 0},
	    {"network: 10.0.0.0/24\nguests: {a: {address: 10.0.0.2, ports: [\"2201:22/tcp\"]}}\n", "10.0.0.3",
		2202, 0},
	    {"network: 10.0.0.0/24\nguests: {a: {address: 10.0.0.3, ports: [2000-3000]}}\n", "10.0.0.2", 3001,
		0},
	    {"network: 10.0.0.0/29\nguests: {a: {address: 10.0.0.2}, b: {address: 10.0.0.3}, "
	     "c: {address: 10.0.0.4}, d: {address: 10.0.0.5}}\n",
		"10.0.0.6", 2201, 0},
	    {"network: 10.0.0.0/30\nguests: {a: {address: 10.0.0.2}}\n", NULL, 0, 0},
	    {"network: 10.0.0.0/24\nnetwork6: fd00::/64\n"
	     "guests: {a: {address: 10.0.0.9, address6: \"fd00::2\"}}\n",
		"10.0.0.3", 2201, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint8_t taken[65536] = {0};
		char printed[IP_TEXT];
		struct guest g;
		struct conf c;
		const char *why;

		conf_of(cases[i].file, "", &c);
		draft_open(&g, "newcomer", &why);
		assert_null(why);
		taken[cases[i].listens] = 1;
		why = draft_place(&c, taken, &g);
		assert_true((why != NULL) == (cases[i].address == NULL));
		if (!why) {
			assert_string_equal(ip_print(&g.address, printed), cases[i].address);
			assert_int_equal(g.forwards[0].lo, cases[i].port);
			assert_int_equal(g.forwards[0].to, 22);
		}
		draft_close(&g);
		conf_free(&c);
	}
}

static void
print_to(const struct conf *c, const struct guest *g, char **text)
{
	size_t size;
	FILE *out = open_memstream(text, &size);

	draft_print(c, g, out);
	fclose(out);
}

/* What is printed is read as the guest that was meant, beside all that the file has already. */
static void
read_again(void **state)
{
	static const char file[] =
	    "network: 10.0.0.0/24\nnetwork6: fd00::/64\nbilling: {day: 7}\nguests:\n"
	    "  a: {address: 10.0.0.2, ports: [\"2201:22/tcp\"], domains: [a.example]}\n";
	struct guest g, *read;
	struct conf before, after;
	const char *why;
	char *text;

	(void)state;
	conf_of(file, "", &before);
	draft_open(&g, "b", &why);
	assert_null(draft_domain(&g, ".B.example"));
	assert_null(draft_domain(&g, "*.c.example"));
	assert_null(draft_key(&g, KEY));
	assert_null(draft_key(&g, KEY)); /* twice is once */
	assert_null(draft_disk(&g, "300M"));
	assert_null(draft_memory(&g, "64M"));
	assert_null(draft_fs(&g, "xfs"));
	assert_null(draft_from(&g, "/srv/a \"b\".tar"));
	assert_null(draft_place(&before, nobody_listens, &g));
	print_to(&before, &g, &text);
	conf_of(file, text, &after);
	read = conf_guest(&after, "b");
	assert_non_null(read);
	assert_int_equal(after.n_guests, 2);
	assert_int_equal(ip_cmp(&read->address, &g.address), 0);
	assert_int_equal(ip_cmp(&read->address6, &g.address6), 0);
	assert_int_equal(read->n_domains, 2);
	assert_int_equal(read->domains[0].kind, DOMAIN_SUFFIX);
	assert_string_equal(read->domains[0].name, "b.example");
	assert_int_equal(read->n_ssh_keys, 1);
	assert_string_equal(read->ssh_keys[0], KEY);
	assert_int_equal(read->disk.size_bytes, 300 << 20);
	assert_int_equal(read->disk.fs, DISK_XFS);
	assert_int_equal(read->memory_bytes, 64 << 20);
	assert_int_equal(read->billing_day, 7);
	assert_int_equal(read->health_port, CONF_HEALTH_PORT);
	assert_int_equal(read->grace_ms, CONF_GRACE_MS);
	assert_string_equal(read->disk.from, "/srv/a \"b\".tar");
	free(text);
	draft_close(&g);
	conf_free(&after);
	conf_free(&before);
}

/* A clone has what its original has, but for what only one may have. */
static void
copied(void **state)
{
	static const char file[] =
	    "network: 10.0.0.0/24\nguests:\n  a: {address: 10.0.0.2, mac: \"02:00:00:00:00:07\", tap: mine, "
	    "ports: [\"2201:22/tcp\", 3000-3010], domains: [a.example], memory: 77M, billing-day: 9, "
	    "autostart: no, health: 8080, grace: 90s, seccomp: yes, redirect-https: yes, "
	    "client-address: proxy-v2, "
	    "proxy-to: {http: 8080}, quota: {month: 5GB, then: cut}, disk: {image: odd.img, size: 3G}}\n";
	struct guest g, *read;
	struct conf before, after;
	const char *why;
	char *text;

	(void)state;
	conf_of(file, "", &before);
	draft_copy(conf_guest(&before, "a"), &g, "b", &why);
	assert_null(why);
	assert_null(draft_place(&before, nobody_listens, &g));
	print_to(&before, &g, &text);
	conf_of(file, text, &after);
	read = conf_guest(&after, "b");
	assert_non_null(read);
	assert_int_equal(read->n_domains, 0);
	assert_int_equal(read->n_forwards, 1);
	assert_string_equal(read->tap, "tap3");
	assert_string_equal(read->disk.image, "b.img");
	assert_int_equal(read->disk.size_bytes, UINT64_C(3) << 30);
	assert_int_equal(read->memory_bytes, 77 << 20);
	assert_int_equal(read->billing_day, 9);
	assert_int_equal(read->to_http, 8080);
	assert_int_equal(read->quota.then, QUOTA_CUT);
	assert_false(read->autostart);
	assert_int_equal(read->health_port, 8080);
	assert_int_equal(read->grace_ms, 90000);
	assert_true(read->seccomp);
	assert_true(read->redirect_https);
	assert_int_equal(read->client_address, CLIENT_PROXY_V2);
	free(text);
	draft_close(&g);
	conf_free(&after);
	conf_free(&before);
}

static void
wrong_words(void **state)
{
	struct guest g;
	const char *why;

	(void)state;
	draft_open(&g, "No", &why);
	assert_non_null(why);
	draft_close(&g);
	draft_open(&g, "b", &why);
	assert_non_null(draft_domain(&g, "a..b"));
	assert_non_null(draft_key(&g, "-----BEGIN"));
	assert_non_null(draft_disk(&g, "1M"));
	assert_non_null(draft_memory(&g, "64"));
	assert_non_null(draft_fs(&g, "zfs"));
	assert_non_null(draft_from(&g, "relative/path"));
	assert_string_equal(g.disk.from, "debian-12");
	assert_int_equal(g.n_domains, 0);
	draft_close(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(free_ones),
	    cmocka_unit_test(read_again),
	    cmocka_unit_test(copied),
	    cmocka_unit_test(wrong_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
