/* What a tree must hold to live as a guest: swap found, resolvers chosen, inittab mended, edits that stay inside. */
#include "launch/rootfs.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
test_swap(void **state)
{
	static const struct {
		const char *fstab;
		size_t line;
	} cases[] = {
	    {"", 0},
	    {"\n\n", 0},
	    {"/dev/ubda / ext4 defaults 0 1\n", 0},
	    {"/swapfile none swap sw 0 0\n", 1},
	    {"/swapfile\tnone\tswap\tsw\t0 0", 1},
	    {"# /swapfile none swap sw 0 0\n", 0},
	    {"  # x\n\nUUID=1 / ext4 rw\n  /dev/vda2 swap swap defaults\n", 4},
	    {"/dev/swap /swap ext4 swap 0 0\n", 0}, /* only the third field is the type */
	    {"/swapfile none swapfs sw\n", 0},
	    {"/swapfile none swap", 1},
	    {"/swapfile none", 0},
	    {"/swapfile none swap\r\n", 1},
	    {"a b swap\na b swap\n", 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t n = strlen(cases[i].fstab);
		const char *copy = guard_copy(cases[i].fstab, n);

		assert_int_equal(rootfs_swap_line(span_of(copy, n)), cases[i].line);
		guard_free(copy, n);
	}
}

/* A line that is found stays found whatever follows, and is never before the first that says swap. */
static void
test_swap_cut(void **state)
{
	static const char fstab[] = "# one\n\nUUID=1 / ext4 rw 0 1\n/swapfile none swap sw 0 0\nx y swap\n";
	size_t full = strlen(fstab);

	(void)state;
	for (size_t n = 0; n <= full; n++) {
		const char *copy = guard_copy(fstab, n);
		size_t line = rootfs_swap_line(span_of(copy, n));

		assert_true(line == 0 || line == 4);
		if (n >= sizeof("# one\n\nUUID=1 / ext4 rw 0 1\n/swapfile none swap") - 1)
			assert_int_equal(line, 4);
		guard_free(copy, n);
	}
}

static void
test_resolv(void **state)
{
	static const struct {
		const char *text, *behind, *want;
	} cases[] = {
	    {"nameserver 192.0.2.1\n", "", "nameserver 192.0.2.1\n"},
	    {"search x\nnameserver 192.0.2.1\nnameserver 2001:db8::1\noptions ndots:1\n", "",
		"nameserver 192.0.2.1\nnameserver 2001:db8::1\n"},
	    {"nameserver 127.0.0.53\n", "nameserver 192.0.2.9\n", "nameserver 192.0.2.9\n"},
	    {"nameserver ::1\nnameserver fe80::1%eth0\nnameserver fe80::1\nnameserver 169.254.1.1\n", "",
		"nameserver 9.9.9.9\nnameserver 1.1.1.1\n"},
	    {"", "", "nameserver 9.9.9.9\nnameserver 1.1.1.1\n"},
	    {"nameserver 0.0.0.0\n#nameserver 192.0.2.1\n", "nameserver 127.0.0.1",
		"nameserver 9.9.9.9\nnameserver 1.1.1.1\n"},
	    {"nameserver 127.0.0.1\nnameserver 192.0.2.1", "nameserver 192.0.2.9\n",
		"nameserver 192.0.2.1\n"},
	    {"nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n", "",
		"nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\n"},
	    {"nameserver\nnameserver x; rm\n  nameserver\t192.0.2.1 trailing\n", "",
		"nameserver 192.0.2.1\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t n = strlen(cases[i].text), m = strlen(cases[i].behind);
		struct span texts[2] = {
		    {guard_copy(cases[i].text, n), n}, {guard_copy(cases[i].behind, m), m}};
		char *got = rootfs_resolv(texts);

		assert_string_equal(got, cases[i].want);
		free(got);
		guard_free(texts[0].ptr, n);
		guard_free(texts[1].ptr, m);
	}
}

#define TAIL                                                                                                 \
	"::sysinit:/usr/lib/lodge/lodge-net\n"                                                               \
	"tty0::respawn:-/bin/sh\n"                                                                           \
	"::ctrlaltdel:/sbin/poweroff\n"

static void
test_inittab(void **state)
{
	static const struct {
		const char *old, *want;
	} cases[] = {
	    {"", TAIL},
	    {"# mine\n::sysinit:/sbin/openrc sysinit\ntty1::respawn:/sbin/getty 38400 tty1\n"
	     "::ctrlaltdel:/sbin/reboot\n::shutdown:/sbin/openrc shutdown\n",
		"# mine\n::sysinit:/sbin/openrc sysinit\n::shutdown:/sbin/openrc shutdown\n" TAIL},
	    {"ca:12345:ctrlaltdel:/sbin/shutdown -r now\nid:2:initdefault:", "id:2:initdefault:\n" TAIL},
	    {"#ttyS0::respawn:/sbin/getty\n\nttyS0::respawn:/sbin/getty\n",
		"#ttyS0::respawn:/sbin/getty\n\n" TAIL},
	    {"broken\n", "broken\n" TAIL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t n = strlen(cases[i].old);
		const char *copy = guard_copy(cases[i].old, n);
		char *got = rootfs_inittab(span_of(copy, n));
		char *again = rootfs_inittab(span_str(got));

		assert_string_equal(got, cases[i].want);
		assert_string_equal(again, got);
		free(got);
		free(again);
		guard_free(copy, n);
	}
}

static const struct edit *
find(const struct edits *edits, const char *path)
{
	for (size_t i = 0; i < edits->n; i++)
		if (strcmp(edits->list[i].path, path) == 0)
			return &edits->list[i];
	return NULL;
}

static struct edits
plan(bool systemd, bool small, const char *inittab)
{
	char *keys[] = {(char *)(uintptr_t) "ssh-ed25519 AAAA one", (char *)(uintptr_t) "ssh-rsa BBBB two"};
	struct guest guest = {.name = "alice", .ssh_keys = keys, .n_ssh_keys = 2};
	struct rootfs_facts facts = {.systemd = systemd,
	    .dpkg = systemd,
	    .small = small,
	    .inittab = span_str(inittab),
	    .resolv = {span_str("nameserver 192.0.2.1\n"), span_str("")},
	    .machine_id = "0123456789abcdef0123456789abcdef"};
	struct edits edits;

	assert_int_equal(rootfs_plan(&guest, &facts, &edits), 0);
	return edits;
}

/* Every edit names a place inside, once, and none needs more than its own parents. */
static void
test_plan(void **state)
{
	static const struct {
		bool systemd, small;
		const char *inittab;
	} cases[] = {{true, false, ""}, {false, false, "::sysinit:/x\n"}, {false, true, "::sysinit:/x\n"},
	    {false, false, ""}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct edits edits = plan(cases[i].systemd, cases[i].small, cases[i].inittab);

		assert_string_equal(find(&edits, "etc/hostname")->text, "alice\n");
		assert_non_null(strstr(find(&edits, "etc/hosts")->text, "127.0.1.1 alice\n"));
		assert_string_equal(find(&edits, "etc/resolv.conf")->text, "nameserver 192.0.2.1\n");
		assert_string_equal(find(&edits, "root/.ssh/authorized_keys")->text,
		    "ssh-ed25519 AAAA one\nssh-rsa BBBB two\n");
		assert_int_equal(find(&edits, "root/.ssh/authorized_keys")->mode, 0600);
		assert_int_equal(rootfs_swap_line(span_str(find(&edits, "etc/fstab")->text)), 0);
		assert_int_equal(find(&edits, "etc/machine-id") != NULL, cases[i].systemd);
		assert_int_equal(find(&edits, "etc/inittab") != NULL,
		    !cases[i].systemd && !cases[i].small && cases[i].inittab[0] != '\0');
		for (size_t j = 0; j < edits.n; j++) {
			assert_true(edits.list[j].path[0] != '/' && edits.list[j].path[0] != '\0');
			assert_null(strstr(edits.list[j].path, ".."));
			assert_ptr_equal(find(&edits, edits.list[j].path), &edits.list[j]);
		}
		edits_free(&edits);
		assert_int_equal(edits.n, 0);
	}
}

static void
test_systemd(void **state)
{
	struct edits edits = plan(true, false, "");

	(void)state;
	assert_string_equal(find(&edits, "etc/systemd/system/ctrl-alt-del.target")->text,
	    "/lib/systemd/system/poweroff.target");
	assert_string_equal(find(&edits, "etc/systemd/system/getty@tty1.service")->text, "/dev/null");
	assert_non_null(find(&edits, "etc/systemd/system/getty.target.wants/getty@tty0.service"));
	assert_string_equal(
	    find(&edits, "etc/systemd/system/multi-user.target.wants/lodge-net.service")->text,
	    "/etc/systemd/system/lodge-net.service");
	assert_string_equal(find(&edits, "etc/machine-id")->text, "0123456789abcdef0123456789abcdef\n");
	assert_string_equal(
	    find(&edits, "etc/systemd/system-generators/systemd-gpt-auto-generator")->text, "/dev/null");
	assert_null(find(&edits, "etc/systemd/system-generators/systemd-fstab-generator"));
	assert_string_equal(find(&edits, "etc/systemd/system/systemd-sysusers.service")->text, "/dev/null");
	edits_free(&edits);
}

/* A tree that nobody's packages filled may count on the users that are made at boot. */
static void
test_users(void **state)
{
	struct rootfs_facts facts = {.systemd = true, .machine_id = "0"};
	struct edits edits = {0};

	(void)state;
	assert_int_equal(rootfs_systemd(&facts, &edits), 0);
	assert_null(find(&edits, "etc/systemd/system/systemd-sysusers.service"));
	edits_free(&edits);
}

/* What is one guest's own: all of it is in the whole, and nothing of how the guest lives. */
static void
test_own(void **state)
{
	struct guest guest = {.name = "alice"};
	struct rootfs_facts facts = {.systemd = true, .machine_id = ""};
	struct edits own, whole;

	(void)state;
	assert_int_equal(rootfs_plan_own(&guest, &facts, &own), 0);
	assert_int_equal(rootfs_plan(&guest, &facts, &whole), 0);
	for (size_t i = 0; i < own.n; i++)
		assert_string_equal(find(&whole, own.list[i].path)->text, own.list[i].text);
	assert_non_null(find(&own, "usr/lib/lodge/name"));
	assert_non_null(find(&own, "root/.ssh/authorized_keys"));
	assert_null(find(&own, "etc/fstab"));
	assert_null(find(&own, "etc/machine-id"));
	assert_string_equal(find(&whole, "etc/machine-id")->text, "");
	edits_free(&own);
	edits_free(&whole);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_own),
	    cmocka_unit_test(test_swap),
	    cmocka_unit_test(test_swap_cut),
	    cmocka_unit_test(test_resolv),
	    cmocka_unit_test(test_inittab),
	    cmocka_unit_test(test_plan),
	    cmocka_unit_test(test_systemd),
	    cmocka_unit_test(test_users),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
