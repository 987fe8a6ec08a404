/* A guest that is not in the file yet: what is free, and that its text and the file's are one without a mistake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "conf/draft.h"
#include "conf/parse.h"

#define SHORT_KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEpxQm9kZ2VzRXhhbXBsZUtleU9ubHkxMjM0NTY3"
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

/* Every key that a guest can have, none as it is where the file is silent. */
static const char network[] = "network: 10.0.0.0/24\nnetwork6: \"fd00::/64\"\n";
static const char original[] =
    "guests:\n  a: {address: 10.0.0.6, address6: \"fd00::6\", mac: \"02:00:00:00:00:07\", tap: mine, "
    "domains: [a.example, .a.test, \"*.b.test\"], ports: [\"2201:22/tcp\", 3000-3010, \"53/udp\", rest], "
    "allow: [host, \"z:5432-5433/tcp\"], proxy-to: {http: 8080, tls: 8443, quic: 8444}, "
    "client-address: proxy-v2, redirect-https: yes, memory: 77M, "
    "disk: {image: odd.img, size: 3G, from: arch, fs: xfs, base: shared}, ssh-keys: [\"" SHORT_KEY
    "\", \"" SHORT_KEY
    " two\"], quota: {month: 5GB, then: throttle 1Mbit}, billing-day: 9, autostart: no, health: 8080, grace: "
    "90s, "
    "seccomp: yes}\n";
static const char other[] = "guests: {z: {address: 10.0.0.2}}\n";

static char *
whole_text(const struct guest *g)
{
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	guest_print(g, NULL, out);
	fclose(out);
	return text;
}

/* Lines of one that the other has not, but for those of keys that may differ. */
static void
same_lines(char *one, const char *two, const char *const *may)
{
	for (char *line = strtok(one, "\n"); line; line = strtok(NULL, "\n")) {
		bool left_out = false;

		for (size_t i = 0; may[i]; i++)
			left_out |= strncmp(line + strspn(line, " "), may[i], strlen(may[i])) == 0;
		if (!left_out && !strstr(two, line))
			fail_msg("«%s» is not in:\n%s", line, two);
	}
}

static void
text_of(const char *first, const char *second, char *out, size_t room)
{
	snprintf(out, room, "%s%s", first, second);
}

/* The test's own premise, which a key that is new in the file breaks until it stands above. */
static void
nothing_is_default(void **state)
{
	char file[2048], *a, *z;
	struct conf c;

	(void)state;
	text_of(network, other, file, sizeof(file));
	conf_of(file, original, &c);
	a = whole_text(conf_guest(&c, "a"));
	z = whole_text(conf_guest(&c, "z"));
	for (char *line = strtok(a, "\n"); line; line = strtok(NULL, "\n"))
		if (strcmp(line, "    disk:") != 0 && strcmp(line, "    ssh-keys:") != 0 && strstr(z, line))
			fail_msg("«%s» is what everybody has", line);
	free(a);
	free(z);
	conf_free(&c);
}

/* What the file says of a guest once a draft of it was written there. */
static void
draft_written(const struct conf *c, struct guest *g, const char *file, struct conf *after)
{
	char *text;

	assert_null(draft_place(c, nobody_listens, g));
	print_to(c, g, &text);
	conf_of(file, text, after);
	free(text);
}

/* A clone has what its original has, but for what only one may have. */
static void
copied(void **state)
{
	static const char *const may[] = {
	    "a:", "address", "mac:", "tap:", "domains:", "ports:", "image:", NULL};
	char file[2048], *a, *b;
	struct conf before, after;
	struct guest g, *read;
	const char *why;

	(void)state;
	text_of(network, original, file, sizeof(file));
	strcat(file, "  z: {address: 10.0.0.2}\n");
	conf_of(file, "", &before);
	draft_copy(conf_guest(&before, "a"), &g, "b", &why);
	assert_null(why);
	draft_written(&before, &g, file, &after);
	read = conf_guest(&after, "b");
	assert_non_null(read);
	assert_int_equal(read->n_domains, 0);
	assert_int_equal(read->n_forwards, 1);
	assert_false(read->rest);
	assert_int_equal(read->forwards[0].lo, 2202);
	assert_string_equal(read->tap, "tap3");
	assert_string_equal(read->disk.image, "b.img");
	a = whole_text(conf_guest(&before, "a"));
	b = whole_text(read);
	same_lines(a, b, may);
	free(a);
	free(b);
	draft_close(&g);
	conf_free(&after);
	conf_free(&before);
}

/* One that is gone comes back as it was, with what nobody has taken meanwhile. */
static void
again(void **state)
{
	static const char *const may[] = {"image:", NULL}, *const lost[] = {
							       "image:", "address", "ports:", NULL};
	char file[2048], *text, *whole;
	struct conf before, without, after;
	struct guest g;
	const char *why;

	(void)state;
	text_of(network, other, file, sizeof(file));
	conf_of(file, original, &before);
	for (int i = 0; i < 2; i++) {
		if (i == 1)
			text_of(network, "guests: {z: {address: 10.0.0.6, ports: [3005, 53/tcp, rest]}}\n",
			    file, sizeof(file));
		conf_of(file, "", &without);
		draft_again(conf_guest(&before, "a"), &g, &why);
		assert_null(why);
		draft_written(&without, &g, file, &after);
		text = whole_text(conf_guest(&before, "a"));
		whole = whole_text(conf_guest(&after, "a"));
		same_lines(text, whole, i ? lost : may);
		assert_int_equal(conf_guest(&after, "a")->n_forwards, i ? 1 : 3);
		assert_int_equal(conf_guest(&after, "a")->rest, i ? 0 : 1);
		free(text);
		free(whole);
		draft_close(&g);
		conf_free(&after);
		conf_free(&without);
	}
	conf_free(&before);
}

/* Its own address, in a network that has no IPv6, beside others. */
static void
address_kept(void **state)
{
	static const char v4[] = "network: 10.0.0.0/24\n";
	char file[256], printed[IP_TEXT];
	struct conf before, without;
	struct guest g;
	const char *why;

	(void)state;
	conf_of(v4, "guests: {a: {address: 10.0.0.6}}\n", &before);
	text_of(v4, other, file, sizeof(file));
	conf_of(file, "", &without);
	draft_again(conf_guest(&before, "a"), &g, &why);
	assert_null(why);
	assert_null(draft_place(&without, nobody_listens, &g));
	assert_string_equal(ip_print(&g.address, printed), "10.0.0.6");
	draft_close(&g);
	conf_free(&without);
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
	assert_non_null(draft_base(&g, "../other"));
	assert_null(g.disk.base);
	assert_null(draft_shared(&g));
	assert_string_equal(g.disk.base, "debian-12-10g");
	assert_null(draft_from(&g, "/srv/root.tar"));
	assert_non_null(draft_shared(&g));
	assert_int_equal(g.n_domains, 0);
	draft_close(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(free_ones),
	    cmocka_unit_test(read_again),
	    cmocka_unit_test(nothing_is_default),
	    cmocka_unit_test(copied),
	    cmocka_unit_test(again),
	    cmocka_unit_test(address_kept),
	    cmocka_unit_test(wrong_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
