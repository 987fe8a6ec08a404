/* What a worker reads is what the supervisor wrote, and nothing else is taken. */
#include "proxy/rules.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static const char file[] = "network: 192.168.77.0/24\n"
			   "network6: 2001:db8:77::/64\n"
			   "proxy:\n"
			   "  client-address: proxy-v2\n"
			   "  default: bob\n"
			   "  proxy-in: [192.0.2.0/24, \"2001:db8::1\"]\n"
			   "  per-client: 7\n"
			   "  per-client-rate: 8\n"
			   "  per-guest: 9\n"
			   "  total: 10\n"
			   "  timeouts: {hello: 1s, connect: 2s, idle: 3s, half-open: 4s, drain: 5s}\n"
			   "guests:\n"
			   "  alice:\n"
			   "    address: 192.168.77.2\n"
			   "    address6: \"2001:db8:77::2\"\n"
			   "    domains: [a.test, .b.test, \"*.c.test\"]\n"
			   "    proxy-to: {http: 8000, tls: 8001, quic: 8002}\n"
			   "    client-address: none\n"
			   "    redirect-https: yes\n"
			   "  bob: {address: 192.168.77.3}\n";

static void
parse(struct conf *conf)
{
	struct conf_text text = {.name = "test", .bytes = span_str(file)};
	struct conf_errors errors = {0};
	struct conf_host host = {0};

	assert_int_equal(conf_parse(&text, 1, &host, conf, &errors), 0);
	conf_errors_free(&errors);
}

static char *
write_out(const struct conf *conf, size_t *n)
{
	char *bytes = NULL;
	FILE *out = open_memstream(&bytes, n);

	assert_non_null(out);
	rules_write(conf, out);
	assert_int_equal(fclose(out), 0);
	return bytes;
}

static int
read_in(const char *bytes, size_t n, struct conf *conf)
{
	const char *copy = guard_copy(bytes, n);
	int result = rules_read(span_of(copy, n), conf);

	guard_free(copy, n);
	return result;
}

static void
test_there_and_back(void **state)
{
	struct conf conf, got;
	char *bytes, *again;
	size_t n, m;

	(void)state;
	parse(&conf);
	bytes = write_out(&conf, &n);
	assert_int_equal(read_in(bytes, n, &got), 0);
	again = write_out(&got, &m);
	assert_int_equal(n, m);
	assert_memory_equal(bytes, again, n);
	assert_int_equal(got.n_guests, 2);
	assert_string_equal(got.guests[0].domains[2].name, "c.test");
	assert_int_equal(got.guests[0].domains[2].kind, DOMAIN_BELOW);
	assert_int_equal(ip_cmp(&got.guests[0].address6, &conf.guests[0].address6), 0);
	assert_int_equal(got.guests[0].to_quic, 8002);
	assert_int_equal(got.guests[0].client_address, CLIENT_NONE);
	assert_true(got.guests[0].redirect_https);
	assert_ptr_equal(got.proxy.fallback, &got.guests[1]);
	assert_int_equal(got.proxy.client_address, CLIENT_PROXY_V2);
	assert_int_equal(got.proxy.n_proxy_in, 2);
	assert_int_equal(got.proxy.proxy_in[1].bits, 128);
	assert_int_equal(
	    got.proxy.per_client + got.proxy.client_rate + got.proxy.per_guest + got.proxy.total, 34);
	assert_int_equal(got.proxy.hello_ms + got.proxy.connect_ms + got.proxy.idle_ms +
			     got.proxy.half_open_ms + got.proxy.drain_ms,
	    15000);
	free(again);
	free(bytes);
	conf_free(&got);
	conf_free(&conf);
}

/* Cut or too long it is nothing; with any byte changed it is nothing, or what could have been written. */
static void
test_nonsense(void **state)
{
	struct conf conf, got;
	char *bytes, *again, more[4096];
	size_t n, m;

	(void)state;
	parse(&conf);
	bytes = write_out(&conf, &n);
	assert_true(n < sizeof(more));
	for (size_t cut = 0; cut < n; cut++)
		assert_int_equal(read_in(bytes, cut, &got), -1);
	memcpy(more, bytes, n);
	more[n] = 0;
	assert_int_equal(read_in(more, n + 1, &got), -1);
	for (size_t i = 0; i < n; i++) {
		for (int bit = 0; bit < 8; bit++) {
			memcpy(more, bytes, n);
			more[i] ^= (char)(1 << bit);
			if (read_in(more, n, &got) == -1)
				continue;
			again = write_out(&got, &m);
			assert_int_equal(m, n);
			free(again);
			conf_free(&got);
		}
	}
	free(bytes);
	conf_free(&conf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_there_and_back),
	    cmocka_unit_test(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
