/* The grammar of the command line: what is understood, what is refused with which words, what a shell may offer. */
#include "cli/grammar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct command commands[] = {
    {"status", NULL, "how all is", {{0}}, {{"-j", "--json", NULL, "as JSON", KIND_NOTHING, NULL, false}}},
    {"guest", NULL, "the guests", {{0}}, {{"-j", "--json", NULL, "as JSON", KIND_NOTHING, NULL, false}}},
    {"guest make", NULL, "a guest", {{"NAME", KIND_GUEST, ONCE, NULL}},
	{{NULL, "--from", "BASE", "of what", KIND_FILE, "debian|arch", false},
	    {NULL, "--fs", "ext4|xfs", "which", KIND_CHOICE, "ext4|xfs", false},
	    {NULL, "--domain", "NAME", "its name", KIND_TEXT, NULL, true},
	    {"-n", "--dry-run", NULL, "only show", KIND_NOTHING, NULL, false},
	    {"-q", NULL, NULL, "say less", KIND_NOTHING, NULL, false}}},
    {"guest stop", NULL, "stop it", {{"NAME", KIND_GUEST, ONCE, NULL}}, {{0}}},
    {"top", NULL, "what moves", {{0}}, {{"-d", NULL, "SECONDS", "how long", KIND_TEXT, NULL, false}}},
    {"ssh", NULL, "log in", {{"NAME", KIND_LOGIN, ONCE, NULL}, {"WORD", KIND_TEXT, REST, NULL}}, {{0}}},
    {"copy", NULL, "another", {{"NAME", KIND_GUEST, ONCE, NULL}, {"NEW", KIND_TEXT, MAYBE, NULL}}, {{0}}},
    {"names", NULL, "whose", {{"NAME", KIND_DOMAIN, MANY, NULL}}, {{0}}},
    {"shell", NULL, "which", {{"bash|zsh", KIND_CHOICE, ONCE, "bash|zsh"}}, {{0}}},
    {"hidden", NULL, NULL, {{0}}, {{0}}},
    {"help", NULL, "this", {{"COMMAND", KIND_COMMAND, MANY, "disk|net"}}, {{0}}},
};

static const struct option global[] = {
    {"-c", "--config", "FILE", "the file", KIND_FILE, NULL, false},
    {"-d", "--debug", NULL, "say more", KIND_NOTHING, NULL, false},
    {"-h", "--help", NULL, "help", KIND_NOTHING, NULL, false},
    {0},
};

static const struct grammar grammar = {commands, sizeof(commands) / sizeof(commands[0]), global};

enum { WORDS_MAX = 400 };

/* "a b" as words behind the program's; they last until the next call. */
static int
words_of(const char *line, char **argv)
{
	static char program[] = "lodge", text[4096];
	int n = 1;

	argv[0] = program;
	snprintf(text, sizeof(text), "%s", line);
	for (char *at = text; *line && at;) {
		char *end = strchr(at, ' ');

		if (end)
			*end++ = '\0';
		argv[n++] = at;
		at = end;
	}
	return n;
}

/* "guest make: alice [--from=x -n]", or what is wrong. */
static void
told(const char *line, char *out, size_t room)
{
	char *argv[WORDS_MAX];
	struct said said;
	int argc = words_of(line, argv);

	if (!grammar_read(&grammar, argc, argv, &said)) {
		snprintf(out, room, "%s", said.why);
		return;
	}
	snprintf(out, room, "%s:", said.command ? said.command->name : "");
	for (size_t i = 0; i < said.n_operands; i++)
		snprintf(out + strlen(out), room - strlen(out), " %s", said.operands[i]);
	for (size_t i = 0; i < said.n_given; i++)
		snprintf(out + strlen(out), room - strlen(out), " [%s%s%s]",
		    said.given[i].option->full ? said.given[i].option->full : said.given[i].option->brief,
		    said.given[i].value ? "=" : "", said.given[i].value ? said.given[i].value : "");
}

static void
test_read(void **state)
{
	static const struct {
		const char *line, *want;
	} cases[] = {
	    {"", ":"},
	    {"status", "status:"},
	    {"status -j", "status: [--json]"},
	    {"-c f status --json -d", "status: [--config=f] [--json] [--debug]"},
	    {"status -cf", "status: [--config=f]"},
	    {"status --config=f=g", "status: [--config=f=g]"},
	    {"-c a -c b status", "status: [--config=b]"},
	    {"guest", "guest:"},
	    {"guest -j", "guest: [--json]"},
	    {"guest make alice", "guest make: alice"},
	    {"guest make --from x alice -nq", "guest make: alice [--from=x] [--dry-run] [-q]"},
	    {"guest make alice --from=x -n", "guest make: alice [--from=x] [--dry-run]"},
	    {"guest make alice --domain a --domain b", "guest make: alice [--domain=a] [--domain=b]"},
	    {"guest make -- --odd", "guest make: --odd"},
	    {"guest make -- --", "guest make: --"},
	    {"-- status", "status:"},
	    {"guest make -", "guest make: -"},
	    {"top -d 2", "top: [-d=2]"},
	    {"top -d2", "top: [-d=2]"},
	    {"top --debug", "top: [--debug]"},
	    {"ssh a -x --json -- y", "ssh: a -x --json -- y"},
	    {"ssh a -- -x --", "ssh: a -x --"},
	    {"ssh -d a ls -l", "ssh: a ls -l [--debug]"},
	    {"ssh -- a -x", "ssh: a -x"},
	    {"copy a", "copy: a"},
	    {"copy a b", "copy: a b"},
	    {"names", "names:"},
	    {"names a b c d", "names: a b c d"},
	    {"shell zsh", "shell: zsh"},
	    {"guest stop --help", "guest stop: [--help]"},
	    {"--help", ": [--help]"},
	    {"help guest stop", "help: guest stop"},
	    {"hidden", "hidden:"},
	    {"sttus", "no command «sttus»; did you mean «status»?"},
	    {"quite-another", "no command «quite-another»; lodge help lists them"},
	    {"stop a", "no command «stop»; did you mean «guest stop»?"},
	    {"hiden", "no command «hiden»; lodge help lists them"},
	    {"guest sotp", "no command «guest sotp»; did you mean «guest stop»?"},
	    {"maek a", "no command «maek»; did you mean «guest make»?"},
	    {"guest alice", "no command «guest alice»; lodge help guest lists them"},
	    {"guest -j stop", "guest stop wants NAME; usage: lodge guest stop NAME"},
	    {"status x", "status takes no «x»; usage: lodge status [-j]"},
	    {"copy a b c", "copy takes no «c»; usage: lodge copy NAME [NEW]"},
	    {"guest make", "guest make wants NAME; usage: lodge guest make [OPTION…] NAME"},
	    {"status --jsno", "no option «--jsno»; did you mean «--json»?"},
	    {"status --conf f", "no option «--conf»; did you mean «--config»?"},
	    {"status -x", "status has no option «-x»; lodge help status lists those it has"},
	    {"status -jx", "status has no option «-x»; lodge help status lists those it has"},
	    {"status -json", "status has no option «-s»; lodge help status lists those it has"},
	    {"status --json=yes", "--json takes no value; write it without «=yes»"},
	    {"ssh -v a", "ssh has no option «-v» of its own; one for what it runs stands behind NAME"},
	    {"-x", "lodge has no option «-x»; lodge help lists those it has"},
	    {"guest make a --from", "--from wants BASE after it"},
	    {"guest make a --from=", "--from wants BASE, and what stands there is empty"},
	    {"guest make a --fs ext5", "--fs takes ext4|xfs, not «ext5»; did you mean «ext4»?"},
	    {"guest make a --fs=btrfs", "--fs takes ext4|xfs, not «btrfs»"},
	    {"shell bsh", "shell takes bash|zsh, not «bsh»; did you mean «bash»?"},
	    {"-c", "-c wants FILE after it"},
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		told(cases[i].line, text, sizeof(text));
		assert_string_equal(text, cases[i].want);
	}
}

/* More options than anybody writes are refused, not written behind the end. */
static void
test_ceiling(void **state)
{
	char line[4096] = "guest make a", text[1024];

	(void)state;
	for (int i = 0; i < 2 * GIVEN_MAX / 4; i++)
		strcat(line, " -n -q -n -q");
	told(line, text, sizeof(text));
	assert_string_equal(text, "guest make: a [--dry-run] [-q]");
	snprintf(line, sizeof(line), "guest make a");
	for (int i = 0; i <= GIVEN_MAX; i++)
		strcat(line, " --domain=x");
	told(line, text, sizeof(text));
	assert_string_equal(text, "too many options; 128 are the most");
}

/* "status guest …": the offered words; then what the caller has to add, and to what. */
static void
offered(const char *line, char *out, size_t room)
{
	static const char *const kinds[] = {"", "", "", "GUEST", "", "DOMAIN", "FILE", ""};
	char *argv[WORDS_MAX], *text = NULL;
	struct offer offer;
	size_t len;
	FILE *to = open_memstream(&text, &len);
	int argc = words_of(line, argv);

	offer_find(&grammar, argc, argv, &offer);
	offer_print(&grammar, &offer, to);
	fclose(to);
	out[0] = '\0';
	for (char *at = text, *end; *at; at = end + 1) {
		end = strchr(at, '\n');
		*strchr(at, '\t') = '\0';
		snprintf(out + strlen(out), room - strlen(out), "%s%s", *out ? " " : "", at);
	}
	if (*kinds[offer.kind])
		snprintf(out + strlen(out), room - strlen(out), "%s%s%s", *out ? " " : "", offer.prefix,
		    kinds[offer.kind]);
	free(text);
}

static void
test_offer(void **state)
{
	static const struct {
		const char *line, *want;
	} cases[] = {
	    {"", "status guest top ssh copy names shell help"},
	    {"g", "status guest top ssh copy names shell help"},
	    {"guest ", "make stop"},
	    {"guest m", "make stop"},
	    {"guest make ", "GUEST"},
	    {"guest make al", "GUEST"},
	    {"guest make alice ", ""},
	    {"guest make -", "--from --fs --domain -n --dry-run -q -c --config -d --debug -h --help"},
	    {"guest make -n --fs xfs alice --", "--from --domain -q -c --config -d --debug -h --help"},
	    {"guest make --domain x -",
		"--from --fs --domain -n --dry-run -q -c --config -d --debug -h --help"},
	    {"top -", "-d -c --config --debug -h --help"},
	    {"top -d ", ""},
	    {"guest make --from ", "debian arch FILE"},
	    {"guest make --from=", "--from=debian --from=arch --from=FILE"},
	    {"guest make --from=ar", "--from=debian --from=arch --from=FILE"},
	    {"guest make --fs ", "ext4 xfs"},
	    {"guest make --no=", ""},
	    {"guest make -- -", "GUEST"},
	    {"ssh ", "GUEST"},
	    {"ssh ro", "GUEST"},
	    {"ssh root@a", "root@GUEST"},
	    {"ssh a ", ""},
	    {"ssh a -", ""},
	    {"copy a ", ""},
	    {"names a ", "DOMAIN"},
	    {"shell ", "bash zsh"},
	    {"shell bsh ", ""},
	    {"-c ", "FILE"},
	    {"-c f guest stop ", "GUEST"},
	    {"--config=", "--config=FILE"},
	    {"help ", "status guest top ssh copy names shell help disk net"},
	    {"help guest ", "make stop"},
	    {"nonsense ", ""},
	    {"guest nonsense ", ""},
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		offered(cases[i].line, text, sizeof(text));
		assert_string_equal(text, cases[i].want);
	}
}

static void
test_unquote(void **state)
{
	static const struct {
		const char *typed, *want;
	} cases[] = {
	    {"plain", "plain"},
	    {"", ""},
	    {"my\\ file", "my file"},
	    {"\"my file\"", "my file"},
	    {"'my file", "my file"},
	    {"--config=\"a b\"c", "--config=a bc"},
	    {"'it\\'s", "it\\s"},
	    {"\"a\\\"b\\c\"", "a\"b\\c"},
	    {"'a\"b'", "a\"b"},
	    {"end\\", "end\\"},
	    {"\"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *word = strdup(cases[i].typed);

		offer_unquote(word);
		assert_string_equal(word, cases[i].want);
		free(word);
	}
}

static void
test_help(void **state)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	(void)state;
	grammar_help(&grammar, to);
	fclose(to);
	assert_non_null(strstr(text, "\n  ssh NAME [WORD…]  log in\n"));
	assert_non_null(strstr(text, "\n  -c, --config FILE  the file\n"));
	assert_null(strstr(text, "hidden"));
	free(text);
	to = open_memstream(&text, &len);
	grammar_help_command(&grammar, grammar_command(&grammar, "guest make"), to);
	fclose(to);
	assert_non_null(strstr(text, "usage: lodge guest make [OPTION…] NAME\n"));
	assert_non_null(strstr(text, "\n      --domain NAME…  its name\n"));
	assert_non_null(strstr(text, "\n  -q                  say less\n"));
	assert_non_null(strstr(text, "\nAlso --config FILE, --debug, --help. "));
	free(text);
	to = open_memstream(&text, &len);
	grammar_help_group(&grammar, "guest", to);
	fclose(to);
	assert_non_null(strstr(text, "\n  guest stop NAME  stop it\n"));
	assert_non_null(strstr(text, "guest alone takes:\n\n  -j, --json  as JSON\n\nAlso --config FILE, "));
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_read), cmocka_unit_test(test_ceiling),
	    cmocka_unit_test(test_offer), cmocka_unit_test(test_unquote), cmocka_unit_test(test_help)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
