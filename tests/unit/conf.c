/*
 * The file to one value: tests/conf/NN.in against NN.ok, and the laws over the example file.
 *
 * A case may begin with "#host ram=1G room=512M listen=tcp/25,udp/53 name=lodge1" (a range: tcp/25-30; a port the
 * kernel picked: udp?40000), and "#file NAME" begins a further text. The answer is what conf_report says and, for
 * a good file, what conf_print writes. With CONF_CASES=write in the environment the answers are written instead.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <dirent.h>

#include "tests/unit/confsame.h"
#include "tests/unit/guard.h"

#include "conf/parse.h"

#define CASES "tests/conf"
#define EXAMPLE "conf/lodge.yaml"

enum { TEXTS = 8, LISTENING = 16 };

struct whole {
	char *bytes;
	size_t len;
};

static struct whole
file_whole(const char *path)
{
	struct whole w = {NULL, 0};
	FILE *in = fopen(path, "r");

	if (!in)
		return w;
	w.bytes = malloc(1 << 20);
	w.len = fread(w.bytes, 1, (1 << 20) - 1, in);
	w.bytes[w.len] = '\0';
	fclose(in);
	return w;
}

struct test_host {
	struct conf_host host;
	struct port_range listening[LISTENING];
	char name[64];
};

static void
listen_read(struct test_host *h, const char *list)
{
	for (const char *at = list; at && *at && *at != ' ';
	     at = strchr(at, ',') ? strchr(at, ',') + 1 : "") {
		struct port_range *r = &h->listening[h->host.n_listening++];

		r->proto = at[0] == 't' ? PROTO_TCP : PROTO_UDP;
		r->passing = at[3] == '?';
		r->personal = at[3] == '!';
		r->lo = r->hi = (uint16_t)atoi(at + 4);
		if (at[4 + strspn(at + 4, "0123456789")] == '-')
			r->hi = (uint16_t)atoi(at + 5 + strspn(at + 4, "0123456789"));
	}
	h->host.listening = h->listening;
}

static void
host_read(struct test_host *h, const struct whole *in)
{
	char line[256] = "", *at;

	*h = (struct test_host){.host.hostname = "lodge1.example.org"};
	if (strncmp(in->bytes, "#host ", 6) != 0)
		return;
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(in->bytes, "\n"), in->bytes);
	if ((at = strstr(line, " ram=")))
		scalar_size(span_of(at + 5, strcspn(at + 5, " ")), &h->host.ram_bytes);
	if ((at = strstr(line, " room=")))
		scalar_size(span_of(at + 6, strcspn(at + 6, " ")), &h->host.guest_room_bytes);
	h->host.running = strstr(line, " running") != NULL;
	if ((at = strstr(line, " listen=")))
		listen_read(h, at + 8);
	if ((at = strstr(line, " name="))) {
		snprintf(h->name, sizeof(h->name), "%.*s", (int)strcspn(at + 6, " "), at + 6);
		h->host.hostname = h->name;
	}
}

/* Cuts a case into its texts; each ends at an unreadable page. */
static size_t
texts_cut(const struct whole *in, struct conf_text *texts, char names[TEXTS][64])
{
	struct span rest = span_of(in->bytes, in->len), text;
	size_t n = 0;

	strcpy(names[0], "lodge.yaml");
	for (;;) {
		char *next = memmem(rest.ptr, rest.len, "\n#file ", 7);

		text = next ? span_first(rest, (size_t)(next - rest.ptr) + 1) : rest;
		texts[n] = (struct conf_text){names[n], span_of(guard_copy(text.ptr, text.len), text.len)};
		n++;
		if (!next || n == TEXTS)
			return n;
		rest = span_from(rest, text.len + 6);
		snprintf(names[n], 64, "%.*s", (int)span_find(rest, '\n'), rest.ptr);
		rest = span_from(rest, span_find(rest, '\n') + 1);
	}
}

/* What is said of a case; also holds it to the laws. */
static char *
case_answer(const char *path, const struct whole *in)
{
	struct conf_text texts[TEXTS];
	char names[TEXTS][64], *answer = NULL;
	size_t n = texts_cut(in, texts, names), len;
	FILE *out = open_memstream(&answer, &len);
	struct conf_errors errors;
	struct test_host host;
	struct conf conf;
	const char *broken;
	int result;

	host_read(&host, in);
	result = conf_parse(texts, n, &host.host, &conf, &errors);
	assert_int_equal(conf_report(&errors, out), result == 0 ? 0 : 2);
	if (result == 0)
		conf_print(&conf, out);
	fclose(out);
	broken = conf_law(result, &conf, &errors);
	if (broken)
		fail_msg("%s: %s", path, broken);
	conf_free(&conf);
	conf_errors_free(&errors);
	for (size_t i = 0; i < n; i++)
		guard_free(texts[i].bytes.ptr, texts[i].bytes.len);
	return answer;
}

static void
case_write(const char *path, const char *answer)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(answer, out);
	fclose(out);
}

static int
case_run(const char *name)
{
	char path[300], ok_path[300], *answer;
	struct whole in, ok;
	int failed;

	snprintf(path, sizeof(path), CASES "/%s", name);
	snprintf(ok_path, sizeof(ok_path), CASES "/%.*s.ok", (int)strlen(name) - 3, name);
	in = file_whole(path);
	answer = case_answer(path, &in);
	if (getenv("CONF_CASES"))
		case_write(ok_path, answer);
	ok = file_whole(ok_path);
	failed = !ok.bytes || strcmp(ok.bytes, answer) != 0;
	if (failed)
		print_error("%s: the answer is not that of %s:\n%s\n", path, ok_path, answer);
	free(in.bytes);
	free(ok.bytes);
	free(answer);
	return failed;
}

static int
is_case(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return n > 3 && strcmp(entry->d_name + n - 3, ".in") == 0;
}

static void
each_case_is_answered(void **state)
{
	struct dirent **list;
	int n = scandir(CASES, &list, is_case, alphasort), failed = 0;

	(void)state;
	assert_true(n >= 50);
	for (int i = 0; i < n; i++) {
		failed += case_run(list[i]->d_name);
		free(list[i]);
	}
	free(list);
	assert_int_equal(failed, 0);
}

/* Parses bytes that end at an unreadable page, and holds the outcome to the laws. */
static int
lawful(const char *bytes, size_t len)
{
	const char *copy = guard_copy(bytes, len), *broken;
	struct conf_errors errors;
	struct conf conf;
	int result = conf_parse(&(struct conf_text){"x", span_of(copy, len)}, 1, NULL, &conf, &errors);

	broken = conf_law(result, &conf, &errors);
	if (broken)
		fail_msg("%s, at %zu bytes: %.*s", broken, len, (int)len, bytes);
	conf_free(&conf);
	conf_errors_free(&errors);
	guard_free(copy, len);
	return result;
}

static void
the_example_is_good(void **state)
{
	struct whole in = file_whole(EXAMPLE);

	(void)state;
	assert_non_null(in.bytes);
	assert_int_equal(lawful(in.bytes, in.len), 0);
	free(in.bytes);
}

static void
every_prefix_is_lawful(void **state)
{
	struct whole in = file_whole(EXAMPLE);

	(void)state;
	for (size_t n = 0; n <= in.len; n++)
		lawful(in.bytes, n);
	free(in.bytes);
}

static void
every_flipped_byte_is_lawful(void **state)
{
	static const char masks[] = {0x01, 0x10, 0x20, (char)0x80};
	struct whole in = file_whole(EXAMPLE);

	(void)state;
	for (size_t i = 0; i < in.len; i++) {
		in.bytes[i] ^= masks[i % sizeof(masks)];
		lawful(in.bytes, in.len);
		in.bytes[i] ^= masks[i % sizeof(masks)];
	}
	free(in.bytes);
}

static void
every_lost_line_is_lawful(void **state)
{
	struct whole in = file_whole(EXAMPLE);
	char *less = malloc(in.len + 1);

	(void)state;
	for (size_t at = 0, n; at < in.len; at += n) {
		n = strcspn(in.bytes + at, "\n") + 1;
		memcpy(less, in.bytes, at);
		memcpy(less + at, in.bytes + at + n, in.len - at - n);
		lawful(less, in.len - n);
	}
	free(less);
	free(in.bytes);
}

static void
includes_are_found(void **state)
{
	struct conf_text texts[] = {
	    {"x", span_str("wan: eth0\ninclude: [a/*.yaml, b.yaml]\n")}, {"y", span_str("include: [a\n")}};
	struct conf_errors errors = {0};
	struct report report = {.texts = texts, .n_texts = 2, .errors = &errors};
	struct include *list;

	(void)state;
	assert_int_equal(includes_find(&report, 0, &list), 2);
	assert_string_equal(list[0].pattern, "a/*.yaml");
	assert_int_equal(list[0].place.line, 2);
	assert_string_equal(list[1].pattern, "b.yaml");
	free(list[0].pattern);
	free(list[1].pattern);
	free(list);
	assert_int_equal(includes_find(&report, 1, &list), 0);
	assert_null(list);
	report_end(&report);
	conf_errors_free(&errors);
}

static void
a_value_is_found(void **state)
{
	static const char text[] = "guests:\n b: {address: 192.168.77.3}\n a: {address: 192.168.77.2}\n";
	struct conf_text one = {"x", span_str(text)};
	struct conf_errors errors;
	struct conf conf;
	char *path;

	(void)state;
	assert_int_equal(conf_parse(&one, 1, NULL, &conf, &errors), 0);
	assert_int_equal(conf.n_guests, 2);
	assert_string_equal(conf.guests[0].name, "a");
	assert_string_equal(conf_guest(&conf, "b")->tap, "tap3");
	assert_int_equal(conf_guest(&conf, "b")->uid, 770003);
	assert_null(conf_guest(&conf, "c"));
	path = conf_state_path(&conf, "a.img");
	assert_string_equal(path, "/var/lib/lodge/a.img");
	free(path);
	path = conf_state_path(&conf, "/srv/a.img");
	assert_string_equal(path, "/srv/a.img");
	free(path);
	path = conf_run_path(&conf, "%s.sock", "lodge-natd");
	assert_string_equal(path, "/run/lodge/lodge-natd.sock");
	free(path);
	conf_free(&conf);
	conf_errors_free(&errors);
}

static void
the_first_error_is_one_line(void **state)
{
	struct conf_text one = {"f.yaml", span_str("web: {listen: \"127.0.0.1:1\"}\nwan: [x]\nnope: 1\n")};
	struct conf_errors errors;
	struct conf conf;
	char line[128];

	(void)state;
	assert_int_equal(conf_parse(&one, 1, NULL, &conf, &errors), -1);
	conf_first_error(&errors, line, sizeof(line));
	assert_string_equal(line, "f.yaml:2:6: error: wan: one value is wanted here, not a list");
	assert_string_equal(conf_first_error(&errors, line, 12), "f.yaml:2:6:");
	conf_errors_free(&errors);
	assert_string_equal(conf_first_error(&errors, line, sizeof(line)), "");
}

static void
mistakes_beyond_the_ceiling_are_counted(void **state)
{
	char text[4096], *at = text;
	struct conf_errors errors;
	struct conf conf;

	(void)state;
	for (int i = 0; i < 150; i++)
		at += sprintf(at, "zzzzzzzz%d: 1\n", i);
	assert_int_equal(conf_parse(&(struct conf_text){"x", span_str(text)}, 1, NULL, &conf, &errors), -1);
	assert_int_equal(errors.n, CONF_ERRORS_MAX);
	assert_int_equal(errors.n_fatal, 150);
	assert_int_equal(errors.n_dropped, 50);
	conf_errors_free(&errors);
}

static void
warnings_crowd_out_no_mistake(void **state)
{
	struct conf_text one = {"x", span_str("a\nb\n")};
	struct conf_errors errors = {0};
	struct report report = {.texts = &one, .n_texts = 1, .errors = &errors};
	const struct conf_error *last;
	char line[64];

	(void)state;
	for (int i = 0; i < CONF_ERRORS_MAX + 10; i++)
		error_warn(&report, (struct place){0, 1, 1}, "warning %d", i);
	error_add(&report, (struct place){0, 2, 1}, "the mistake");
	error_note(&report, (struct place){0, 1, 1}, "and its note");
	error_hint(&report, "what to do");
	assert_int_equal(report_end(&report), -1);
	assert_int_equal(errors.n, CONF_ERRORS_MAX);
	assert_int_equal(errors.n_fatal, 1);
	assert_int_equal(errors.n_dropped, 11);
	assert_string_equal(conf_first_error(&errors, line, sizeof(line)), "x:2:1: error: the mistake");
	last = &errors.list[errors.n - 1];
	assert_non_null(strstr(last->text, "and its note"));
	assert_int_equal(last->n_said, 3);
	assert_string_equal(last->said[0].file, "x");
	assert_int_equal(last->said[0].place.line, 2);
	assert_string_equal(last->said[1].text, "and its note");
	assert_string_equal(last->said[2].text, "what to do");
	assert_null(last->said[2].file);
	assert_non_null(strstr(errors.list[0].text, "warning 0"));
	conf_errors_free(&errors);
}

/* The name of a file may hold anything but a slash and a NUL. */
static void
names_of_files_steer_no_terminal(void **state)
{
	struct conf_text texts[] = {{"\x1b[2J\n\xff\u00fc.yaml", span_str("wan: eth0\n")},
	    {"\u202eb", span_str("\xe2\x80\xae: 1\nwan: eth1\n")}};
	struct conf_errors errors;
	struct conf conf;

	(void)state;
	assert_int_equal(conf_parse(texts, 2, NULL, &conf, &errors), -1);
	assert_int_equal(errors.n, 2);
	assert_non_null(strstr(errors.list[0].text,
	    "\\xe2\\x80\\xaeb:1:1: error: unknown key \"\\xe2\\x80\\xae\" in the file\n    ?: 1\n"));
	assert_non_null(strstr(errors.list[1].text, "\n\\x1b[2J\\x0a\\xff\u00fc.yaml:1:1: note: "));
	conf_errors_free(&errors);
}

/* 4,096 guests with ten domains and four ranges each: sorted, not compared in pairs. */
static void
many_guests_are_quick(void **state)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct conf_errors errors;
	struct conf conf;

	(void)state;
	fputs("network: 10.0.0.0/8\nguests:\n", out);
	for (unsigned i = 0; i < CONF_GUESTS_MAX; i++) {
		unsigned n = i + 2, port = 1024 + i * 15;

		fprintf(out, " g%u:\n  address: 10.0.%u.%u\n  domains: [", i, n >> 8, n & 255);
		for (unsigned j = 0; j < 10; j++)
			fprintf(out, "%s%sd%u.g%u.example", j ? ", " : "", j & 1 ? "." : "", j, i);
		fprintf(out, "]\n  ports: [%u-%u, %u, \"%u:22/tcp\", %u/udp]\n", port, port + 9, port + 10,
		    port + 11, port + 11);
	}
	fclose(out);
	assert_int_equal(
	    conf_parse(&(struct conf_text){"x", span_of(text, len)}, 1, NULL, &conf, &errors), 0);
	assert_int_equal(conf.n_guests, CONF_GUESTS_MAX);
	conf_free(&conf);
	conf_errors_free(&errors);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_case_is_answered),
	    cmocka_unit_test(the_example_is_good),
	    cmocka_unit_test(every_prefix_is_lawful),
	    cmocka_unit_test(every_flipped_byte_is_lawful),
	    cmocka_unit_test(every_lost_line_is_lawful),
	    cmocka_unit_test(includes_are_found),
	    cmocka_unit_test(a_value_is_found),
	    cmocka_unit_test(the_first_error_is_one_line),
	    cmocka_unit_test(mistakes_beyond_the_ceiling_are_counted),
	    cmocka_unit_test(warnings_crowd_out_no_mistake),
	    cmocka_unit_test(names_of_files_steer_no_terminal),
	    cmocka_unit_test(many_guests_are_quick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
