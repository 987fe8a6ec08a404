/* Files and includes as conf_load meets them on disk, and what it learns of the host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <net/if.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "conf/host.c"
#include "conf/listen.c"
#include "conf/load.c"
#include "conf/zone.c"

static char folder[64];

static void
put(const char *name, const char *text)
{
	FILE *out = fopen(name, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

/* Every test has an empty folder of its own and stands in it. */
static int
folder_make(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/lodge-load-XXXXXX");
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int
folder_remove(void **state)
{
	char command[192];

	(void)state;
	snprintf(command, sizeof(command), "chmod -R u+rwX %s && rm -rf %s", folder, folder);
	return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

/* The first line of what conf_load says, without the warnings that the host it runs on may add. */
static const char *
said(const char *path)
{
	static char line[512];
	struct conf_errors errors;
	struct conf conf;
	int result = conf_load(path, &conf, &errors);

	conf_first_error(&errors, line, sizeof(line));
	assert_true((result == 0) == (line[0] == '\0'));
	conf_free(&conf);
	conf_errors_free(&errors);
	return line;
}

static void
a_file_that_cannot_be_read_is_named(void **state)
{
	(void)state;
	assert_string_equal(
	    said("none.yaml"), "none.yaml: error: cannot read the configuration: No such file or directory");
	assert_string_equal(said("."), ".: error: cannot read the configuration: it is a directory");
	assert_string_equal(
	    said("/dev/zero"), "/dev/zero: error: cannot read the configuration: it is not a regular file");
	assert_int_equal(mkfifo("pipe", 0600), 0);
	assert_string_equal(
	    said("pipe"), "pipe: error: cannot read the configuration: it is not a regular file");
	assert_int_equal(symlink("loop", "loop"), 0);
	assert_string_equal(
	    said("loop"), "loop: error: cannot read the configuration: Too many levels of symbolic links");
	assert_string_equal(said(""), ": error: cannot read the configuration: No such file or directory");
}

static void
an_unreadable_file_is_named(void **state)
{
	(void)state;
	put("secret.yaml", "wan: eth0\n");
	assert_int_equal(chmod("secret.yaml", 0), 0);
	assert_int_equal(chmod(".", 0755), 0);
	if (geteuid() == 0)
		assert_int_equal(seteuid(65534), 0);
	assert_string_equal(
	    said("secret.yaml"), "secret.yaml: error: cannot read the configuration: Permission denied");
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
}

static void
a_huge_file_is_not_read(void **state)
{
	(void)state;
	put("huge.yaml", "");
	assert_int_equal(truncate("huge.yaml", (off_t)1 << 30), 0);
	assert_string_equal(said("huge.yaml"),
	    "huge.yaml: error: cannot read the configuration: larger than 16 MiB; is this the right file?");
	/* A file of /proc says that it is empty, and is not. */
	assert_non_null(strstr(said("/proc/self/maps"), "/proc/self/maps:1:"));
}

static void
a_file_that_is_no_text_is_refused(void **state)
{
	FILE *out = fopen("bad.yaml", "w");

	(void)state;
	fwrite("wan: \xff\n", 1, 7, out);
	fclose(out);
	assert_string_equal(
	    said("bad.yaml"), "bad.yaml:1:6: error: a byte that is not UTF-8; save the file as UTF-8");
}

static void
guests_are_included(void **state)
{
	struct conf_errors errors;
	struct conf conf;

	(void)state;
	assert_int_equal(mkdir("etc", 0755), 0);
	assert_int_equal(mkdir("etc/guests.d", 0755), 0);
	put("etc/lodge.yaml", "include: [guests.d/*.yaml, one.yaml]\nguests: {a: {address: 192.168.77.2}}\n");
	put("etc/guests.d/b.yaml", "guests: {b: {address: 192.168.77.3}}\n");
	put("etc/guests.d/c.yaml", "guests: {c: {address: 192.168.77.4}}\n");
	put("etc/guests.d/d.yaml~", "guests: [\n");
	put("etc/guests.d/.e.yaml", "guests: [\n");
	put("etc/one.yaml", "include: guests.d/b.yaml\nproxy: {default: c}\n");
	assert_int_equal(conf_load("etc/lodge.yaml", &conf, &errors), 0);
	assert_int_equal(conf.n_guests, 3);
	assert_int_equal(conf.n_files, 4);
	assert_string_equal(conf.files[0], "etc/lodge.yaml");
	assert_string_equal(conf.files[1], "etc/guests.d/b.yaml");
	assert_string_equal(conf.files[2], "etc/guests.d/c.yaml");
	assert_string_equal(conf.files[3], "etc/one.yaml");
	assert_string_equal(conf.proxy.fallback->name, "c");
	assert_int_equal(conf_guest(&conf, "b")->place.file, 1);
	conf_free(&conf);
	conf_errors_free(&errors);
}

static void
a_mistake_in_an_included_file_has_its_place(void **state)
{
	(void)state;
	put("lodge.yaml", "include: x.yaml\n");
	put("x.yaml", "\nguests:\n  a: {adress: 192.168.77.2, address: 192.168.77.2}\n");
	assert_string_equal(said("lodge.yaml"),
	    "x.yaml:3:7: error: unknown key \"adress\" in guest a; did you mean \"address\"?");
}

static void
a_pattern_that_matches_nothing_is_fine(void **state)
{
	(void)state;
	put("lodge.yaml", "include: [guests.d/*.yaml, /nowhere/*/x]\n");
	assert_string_equal(said("lodge.yaml"), "");
}

static void
a_missing_include_is_named_where_it_stands(void **state)
{
	(void)state;
	/* The guest that proxy.default names may be in the missing file: that is not a second mistake. */
	put("lodge.yaml", "proxy: {default: bob}\ninclude:\n  - guests.d/*.yaml\n  - bob.yaml\n");
	assert_string_equal(said("lodge.yaml"),
	    "lodge.yaml:4:5: error: include: cannot read bob.yaml: No such file or directory");
	put("lodge.yaml", "include: \"a\\eb\"\n");
	assert_string_equal(said("lodge.yaml"),
	    "lodge.yaml:1:10: error: include: cannot read a\\x1bb: No such file or directory");
	put("lodge.yaml", "include: /dev/null\n");
	assert_string_equal(said("lodge.yaml"),
	    "lodge.yaml:1:10: error: include: cannot read /dev/null: it is not a regular file");
}

static void
an_unreadable_folder_is_named(void **state)
{
	(void)state;
	put("lodge.yaml", "include: guests.d/*.yaml\n");
	assert_int_equal(mkdir("guests.d", 0), 0);
	assert_int_equal(chmod(".", 0755), 0);
	if (geteuid() == 0)
		assert_int_equal(seteuid(65534), 0);
	assert_string_equal(said("lodge.yaml"),
	    "lodge.yaml:1:10: error: include: cannot read guests.d/*.yaml: Permission denied");
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
}

static void
a_circle_is_refused_with_its_chain(void **state)
{
	(void)state;
	put("lodge.yaml", "include: a.yaml\n");
	put("a.yaml", "include: b.yaml\n");
	put("b.yaml", "# back\ninclude: ./lodge.yaml\n");
	assert_string_equal(said("lodge.yaml"), "b.yaml:2:10: error: include: files include one another: "
						"lodge.yaml → a.yaml → b.yaml → lodge.yaml");
	put("lodge.yaml", "include: \"*.yaml\"\n");
	put("b.yaml", "");
	put("a.yaml", "");
	assert_string_equal(said("lodge.yaml"),
	    "lodge.yaml:1:10: error: include: files include one another: lodge.yaml → lodge.yaml");
	assert_int_equal(symlink("lodge.yaml", "link"), 0);
	put("lodge.yaml", "include: link\n");
	assert_string_equal(said("lodge.yaml"),
	    "lodge.yaml:1:10: error: include: files include one another: lodge.yaml → lodge.yaml");
}

static void
nesting_has_a_ceiling(void **state)
{
	char name[32], text[64];

	(void)state;
	for (int i = 0; i < CONF_NESTING_MAX + 3; i++) {
		snprintf(name, sizeof(name), "%d.yaml", i);
		snprintf(text, sizeof(text), "include: %d.yaml\n", i + 1);
		put(name, text);
	}
	assert_string_equal(said("0.yaml"),
	    "8.yaml:1:10: error: include: cannot read 9.yaml: more than 8 files include one another");
	put("8.yaml", "");
	assert_string_equal(said("0.yaml"), "");
}

/* A folder whose name glob(3) would take for a pattern. */
static void
odd_folder_names_are_no_patterns(void **state)
{
	(void)state;
	assert_int_equal(mkdir("[ab]*", 0755), 0);
	put("[ab]*/lodge.yaml", "include: \"?.yaml\"\n");
	put("[ab]*/x.yaml", "nope: 1\n");
	assert_string_equal(
	    said("[ab]*/lodge.yaml"), "[ab]*/x.yaml:1:1: error: unknown key \"nope\" in the file");
}

enum { PERSON = 1001 };

/* Where there is no sock_diag. */
static void
assert_files_say_the_same(void)
{
	static uint8_t asked[HOST_PORTS], read[HOST_PORTS];
	struct reading r = {.seen = read, .lo = 32768, .hi = 60999, .free = 1024};

	assert_int_equal(listeners_read(asked), 0);
	r.proto = PROTO_TCP;
	assert_int_equal(read_file(&r, "/proc/net/tcp") | read_file(&r, "/proc/net/tcp6"), 0);
	r.proto = PROTO_UDP;
	assert_int_equal(read_file(&r, "/proc/net/udp") | read_file(&r, "/proc/net/udp6"), 0);
	assert_memory_equal(asked, read, sizeof(asked));
}

/* In a network namespace of its own. */
static void
what_the_host_listens_on_is_learned(void **state)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	static const struct {
		int type;
		const char *ip;
		uint16_t port;
	} sockets[] = {{SOCK_STREAM, "0.0.0.0", 3000}, {SOCK_STREAM, "::", 3001},
	    {SOCK_STREAM, "127.0.0.1", 3002}, {SOCK_STREAM, "::1", 3003}, {SOCK_DGRAM, "0.0.0.0", 3000},
	    {SOCK_DGRAM, "::", 3004}, {SOCK_DGRAM, "127.0.0.1", 3005}, {SOCK_DGRAM, "0.0.0.0", 40000},
	    /* From here on a person's. */
	    {SOCK_STREAM, "0.0.0.0", 3006}, {SOCK_DGRAM, "::", 3006}, {SOCK_STREAM, "0.0.0.0", 900}};
	struct host_facts facts;
	int fds[11];

	(void)state;
	if (unshare(CLONE_NEWNET) == -1)
		skip();
	for (size_t i = 0; i < 11; i++) {
		struct addr addr = {.port = sockets[i].port};
		struct sockaddr_storage sa;
		socklen_t len;

		ip_parse(span_str(sockets[i].ip), &addr.ip);
		len = addr_to_sockaddr(&addr, &sa);
		setfsuid(i < 8 ? 0 : PERSON);
		fds[i] = socket(sa.ss_family, sockets[i].type, 0);
		setfsuid(0);
		if (i == 0)
			assert_int_equal(ioctl(fds[i], SIOCSIFFLAGS, &lo), 0);
		assert_int_equal(bind(fds[i], (struct sockaddr *)&sa, len), 0);
		assert_true(sockets[i].type == SOCK_DGRAM || listen(fds[i], 1) == 0);
	}
	host_learn(&facts);
	assert_int_equal(facts.host.n_listening, 6);
	assert_true(facts.listening[0].lo == 900 && !facts.listening[0].personal);
	assert_true(facts.listening[1].lo == 3000 && facts.listening[1].proto == PROTO_BOTH);
	assert_true(facts.listening[2].lo == 3001 && facts.listening[2].proto == PROTO_TCP);
	assert_true(facts.listening[3].lo == 3004 && facts.listening[3].proto == PROTO_UDP);
	assert_true(facts.listening[4].lo == 3006 && facts.listening[4].proto == PROTO_BOTH);
	assert_true(facts.listening[4].personal && !facts.listening[1].personal);
	assert_true(facts.listening[5].lo == 40000 && facts.listening[5].passing);
	assert_int_equal(listener_uid(3006, PROTO_UDP), PERSON);
	assert_int_equal(listener_uid(3000, PROTO_TCP), 0);
	assert_int_equal(listener_uid(3002, PROTO_TCP), -1);
	assert_files_say_the_same();
	assert_true(facts.host.ram_bytes > 0 && facts.host.guest_room_bytes > 0);
	assert_string_not_equal(facts.host.hostname, "");
	host_free(&facts);
	for (size_t i = 0; i < 11; i++)
		close(fds[i]);
}

/* Whose program is a service of the host, and whose takes no port from a guest. */
static void
accounts_are_told_apart(void **state)
{
	static const struct {
		uint32_t uid;
		bool person;
	} accounts[] = {{0, false}, {1, false}, {999, false}, {1000, true}, {60000, true}, {61183, true},
	    {61184, false}, {65519, false}, {65534, false}, {65535, false}, {65536, true}, {770002, true}};

	(void)state;
	for (size_t i = 0; i < sizeof(accounts) / sizeof(*accounts); i++)
		assert_int_equal(is_person(accounts[i].uid), accounts[i].person);
}

int
main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_make, folder_remove)
	const struct CMUnitTest tests[] = {
	    IN_FOLDER(a_file_that_cannot_be_read_is_named),
	    IN_FOLDER(an_unreadable_file_is_named),
	    IN_FOLDER(a_huge_file_is_not_read),
	    IN_FOLDER(a_file_that_is_no_text_is_refused),
	    IN_FOLDER(guests_are_included),
	    IN_FOLDER(a_mistake_in_an_included_file_has_its_place),
	    IN_FOLDER(a_pattern_that_matches_nothing_is_fine),
	    IN_FOLDER(a_missing_include_is_named_where_it_stands),
	    IN_FOLDER(an_unreadable_folder_is_named),
	    IN_FOLDER(a_circle_is_refused_with_its_chain),
	    IN_FOLDER(nesting_has_a_ceiling),
	    IN_FOLDER(odd_folder_names_are_no_patterns),
	    cmocka_unit_test(what_the_host_listens_on_is_learned),
	    cmocka_unit_test(accounts_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
