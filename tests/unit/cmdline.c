/* A guest and its kernel's abilities → the argument vector, word for word. */
#include "launch/cmdline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const struct ability vec = {.version = "7.2.0", .major = 7, .minor = 2, .vec = true, .dynamic = true};
static const struct ability able = {
    .version = "7.2.0", .major = 7, .minor = 2, .vec = true, .seccomp = true, .dynamic = true};
static const struct ability both = {
    .version = "6.1.176", .major = 6, .minor = 1, .vec = true, .tuntap = true, .dynamic = true};
static const struct ability fixed = {.version = "7.2.0", .major = 7, .minor = 2, .vec = true};
static const struct ability old = {
    .version = "4.9.1", .major = 4, .minor = 9, .tuntap = true, .dynamic = true};
static const struct ability old_fixed = {.version = "4.9.1", .major = 4, .minor = 9, .tuntap = true};

static void
make(struct conf *conf, struct guest *guest)
{
	*conf = (struct conf){0};
	*guest = (struct guest){.name = "alice", .tap = "tap2", .memory_bytes = 96 << 20};
	assert_int_equal(net_parse(span_str("192.168.77.0/24"), &conf->network), 0);
	assert_int_equal(ip_parse(span_str("192.168.77.2"), &guest->address), 0);
	guest->mac = mac_of_ip(&guest->address);
}

static void
test_uplink(void **state)
{
	(void)state;
	assert_int_equal(cmdline_uplink(&vec), UPLINK_VEC);
	assert_int_equal(cmdline_uplink(&both), UPLINK_VEC);
	assert_int_equal(cmdline_uplink(&fixed), UPLINK_FD);
	assert_int_equal(cmdline_uplink(&old), UPLINK_ETH);
	assert_int_equal(cmdline_uplink(&old_fixed), UPLINK_NONE);
}

static void
check(const struct cmdline *got, const char *const *want)
{
	size_t n = 0;

	for (; want[n]; n++) {
		assert_true(n < got->n);
		assert_string_equal(got->words[n], want[n]);
	}
	assert_int_equal(got->n, n);
	assert_null(got->words[n]);
}

static void
test_words(void **state)
{
	struct cmdline words;
	struct guest guest;
	struct conf conf;

	(void)state;
	make(&conf, &guest);
	assert_int_equal(cmdline_build(&conf, &guest, &both, &words), 0);
	check(&words,
	    (const char *const[]){"/linux", "mem=98304K", "ubd0=/disk", "root=/dev/ubda", "rw", "noreboot",
		"uml_dir=uml/", "umid=guest", "con=null", "con0=fd:0,fd:1", "ssl=null",
		"mconsole=notify:notify",
		"vec0:transport=tap,ifname=tap2,depth=128,gro=1,mac=02:00:c0:a8:4d:02", "LODGE_NAME=alice",
		"LODGE_ADDRESS=192.168.77.2", "LODGE_GATEWAY=192.168.77.1", NULL});

	assert_int_equal(net_parse(span_str("2001:db8:77::/64"), &conf.network6), 0);
	assert_int_equal(ip_parse(span_str("2001:db8:77::2"), &guest.address6), 0);
	assert_int_equal(cmdline_build(&conf, &guest, &fixed, &words), 0);
	check(&words, (const char *const[]){"/linux", "mem=98304K", "ubd0=/disk", "root=/dev/ubda", "rw",
			  "noreboot", "uml_dir=uml/", "umid=guest", "con=null", "con0=fd:0,fd:1", "ssl=null",
			  "mconsole=notify:notify", "vec0:transport=fd,fd=3,vec=0,mac=02:00:c0:a8:4d:02",
			  "LODGE_NAME=alice", "LODGE_ADDRESS=192.168.77.2", "LODGE_GATEWAY=192.168.77.1",
			  "LODGE_ADDRESS6=2001:db8:77::2", "LODGE_GATEWAY6=2001:db8:77::1", NULL});

	assert_int_equal(cmdline_build(&conf, &guest, &old, &words), 0);
	assert_string_equal(words.words[12], "eth0=tuntap,tap2,02:00:c0:a8:4d:02");
	assert_int_equal(cmdline_build(&conf, &guest, &old_fixed, &words), -1);

	/* Where it is asked for, and only by a kernel that can. */
	guest.seccomp = true;
	assert_int_equal(cmdline_build(&conf, &guest, &able, &words), 0);
	assert_string_equal(words.words[12], "seccomp=on");
	assert_int_equal(cmdline_build(&conf, &guest, &both, &words), -1);
	guest.seccomp = false;
	assert_int_equal(cmdline_build(&conf, &guest, &able, &words), 0);
	for (size_t i = 0; i < words.n; i++)
		assert_null(strstr(words.words[i], "seccomp"));

	guest.disk.base = (char *)(uintptr_t) "shared";
	assert_int_equal(cmdline_build(&conf, &guest, &able, &words), 0);
	assert_string_equal(words.words[2], "ubd0=/disk,/base");
}

static void
test_environment(void **state)
{
	struct cmdline words;

	(void)state;
	assert_int_equal(cmdline_environment(&both, true, &words), 0);
	check(&words, (const char *const[]){"TMPDIR=/mem", "HOME=/", "PATH=/", "LD_LIBRARY_PATH=/lib",
			  "LD_PRELOAD=/lib/lodge-preload.so", "LODGE_TAP_FD=3", "LODGE_XSTATE=1", NULL});
	assert_int_equal(cmdline_environment(&vec, false, &words), 0);
	assert_int_equal(words.n, 6);
	assert_int_equal(cmdline_environment(&fixed, true, &words), 0);
	check(&words, (const char *const[]){"TMPDIR=/mem", "HOME=/", "PATH=/", NULL});
}

/* Longest of everything still fits; the ceilings are met with -1 and never passed. */
static void
test_ceilings(void **state)
{
	struct cmdline words;
	struct guest guest;
	struct conf conf;
	size_t n;

	(void)state;
	make(&conf, &guest);
	memset(guest.name, 'a', CONF_GUEST_NAME_MAX);
	memset(guest.tap, 't', CONF_IFNAME - 1);
	guest.memory_bytes = UINT64_MAX;
	assert_int_equal(net_parse(span_str("2001:db8:1111:2222::/64"), &conf.network6), 0);
	assert_int_equal(ip_parse(span_str("2001:db8:1111:2222:3333:4444:5555:6666"), &guest.address6), 0);
	assert_int_equal(cmdline_build(&conf, &guest, &both, &words), 0);

	words = (struct cmdline){0};
	for (n = 0; cmdline_add(&words, "x") == 0; n++)
		;
	assert_int_equal(n, CMDLINE_WORDS - 1);
	assert_null(words.words[n]);
	words = (struct cmdline){0};
	assert_int_equal(cmdline_add(&words, "%*s", CMDLINE_BYTES - 1, ""), 0);
	assert_int_equal(cmdline_add(&words, "x"), -1);
	assert_int_equal(words.n, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_uplink),
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_environment),
	    cmocka_unit_test(test_ceilings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
