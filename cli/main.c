/* `lodge [-c FILE] COMMAND …`: finds the command and hands over. */
#include "base/log.h"
#include "base/near.h"
#include "base/sys.h"
#include "cli/cli.h"
#include "cli/topics.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

static int cmd_help(const char *file, int argc, char **argv);

static const struct command commands[] = {
    {"up", cmd_up, "", "run everything the file names until Ctrl-C (hosts without systemd)"},
    {"status", cmd_status, "[-j] [-w] [NAME]",
	"guests, programs and traffic on one screen; or one guest in words"},
    {"usage", cmd_usage, "[NAME] [--by hour|day|month] [-j]", "what each guest moved and is billed"},
    {"top", cmd_top, "[-j] [-n COUNT] [-d SECONDS]", "what moves now"},
    {"routes", cmd_routes, "[-j] [NAME…]", "which guest a name goes to, and which line of the file says so"},
    {"link", cmd_link, "[NAME|--owner] [--new|--revoke]", "a link that opens the usage page"},
    {"check", cmd_check, "", "check the file; every mistake with its place, or the normalised file"},
    {"apply", cmd_apply, "[-n]", "make the network and the programs as the file says; -n: only show"},
    {"renew", cmd_renew, "", "after an upgrade: what runs gives way to what is installed, nothing is lost"},
    {"guest", cmd_guest, "create NAME [--from BASE] …", "make a guest: its file and its disk"},
    {"guest", cmd_guest, "clone|resize|backup|restore|destroy …", "its disk; man lodge"},
    {"guest", cmd_guest, "start|stop|restart|kill|status NAME", "one guest"},
    {"console", cmd_console, "[-r] NAME", "a guest's console, until Ctrl-]; -r: only to look"},
    {"guest", cmd_guest, "cut|lift NAME, throttle NAME RATE", "its traffic"},
    {"doctor", cmd_doctor, "[-j]", "what this host can and cannot do, by trying"},
    {"kernel", cmd_kernel, "build [--version V] [--output F] [-n]",
	"make a guest's kernel from Debian's source"},
    {"kernel", cmd_kernel, "test [-j] [FILE]",
	"boot a kernel to userspace; what keeps guests from running here"},
    {"help", cmd_help, "[TOPIC]", "this text; or the page on a command, the file, the bill, security …"},
};

enum { N_COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void
usage(FILE *to)
{
	fputs("usage: lodge [-c FILE] [-d] COMMAND [ARGUMENT…]\n\n", to);
	for (size_t i = 0; i < N_COMMANDS; i++)
		fprintf(to, "  %-6s %-36s %s\n", commands[i].name, commands[i].operands, commands[i].summary);
	fputs("\n  -c, --config FILE   read FILE instead of " SYS_CONF_FILE "\n"
	      "  -d, --debug         say more on stderr\n"
	      "  -h, --help          this text\n"
	      "  -V, --version       the version\n\n"
	      "The manual: man lodge, man 7 lodge, man lodge.yaml; lodge help TOPIC finds the page.\n",
	    to);
}

static int
cmd_help(const char *file, int argc, char **argv)
{
	const char *names[N_COMMANDS];

	(void)file;
	for (size_t i = 0; i < N_COMMANDS; i++)
		names[i] = commands[i].name;
	if (argc > 1)
		return topic_show(argv[1], names, N_COMMANDS);
	usage(stdout);
	return EXIT_DONE;
}

int
cli_fail(int status, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_error("%s", text);
	return status;
}

int
cli_errno(const char *path)
{
	return cli_fail(EXIT_SYSTEM, "%s: %s", path, strerror(errno));
}

/* Not to be read by who asks: the file, or one that it includes. */
static bool
is_forbidden(const struct conf_errors *errors)
{
	for (size_t i = 0; i < errors->n; i++)
		if (strstr(errors->list[i].text, "cannot read ") &&
		    strstr(errors->list[i].text, strerror(EACCES)))
			return true;
	return false;
}

int
cli_report(const struct conf_errors *errors)
{
	int status = conf_report(errors, stderr);

	if (status == EXIT_DONE || !is_forbidden(errors))
		return status;
	return cli_fail(EXIT_PERMISSION, "the file is not yours to read; try as root");
}

int
cli_load(const char *file, struct conf *conf, int *status)
{
	struct conf_errors errors;
	int bad = conf_load(file, conf, &errors);

	*status = cli_report(&errors);
	conf_errors_free(&errors);
	if (bad == -1)
		conf_free(conf);
	return bad;
}

struct guest *
cli_guest(const struct conf *conf, const char *name)
{
	struct guest *guest = conf_guest(conf, name);
	const char **names, *near;

	if (guest)
		return guest;
	names = calloc(conf->n_guests + 1, sizeof(*names));
	if (!names)
		return NULL;
	for (size_t i = 0; i < conf->n_guests; i++)
		names[i] = conf->guests[i].name;
	near = near_word(span_str(name), names, conf->n_guests);
	if (near)
		log_error("no guest «%s»; did you mean «%s»?", name, near);
	else
		log_error("no guest «%s»; lodge status lists them", name);
	free(names);
	return NULL;
}

static int
unknown(const char *word)
{
	const char *names[N_COMMANDS], *near;

	for (size_t i = 0; i < N_COMMANDS; i++)
		names[i] = commands[i].name;
	near = near_word(span_str(word), names, N_COMMANDS);
	if (near)
		return cli_fail(EXIT_INPUT, "no command «%s»; did you mean «%s»?", word, near);
	return cli_fail(EXIT_INPUT, "no command «%s»; lodge help lists them", word);
}

int
main(int argc, char **argv)
{
	const char *file = SYS_CONF_FILE;
	bool debug = false;
	int at = 1;

	for (; at < argc && argv[at][0] == '-'; at++) {
		if (strcmp(argv[at], "-d") == 0 || strcmp(argv[at], "--debug") == 0) {
			debug = true;
		} else if ((strcmp(argv[at], "-c") == 0 || strcmp(argv[at], "--config") == 0) &&
			   at + 1 < argc) {
			file = argv[++at];
		} else if (strcmp(argv[at], "-h") == 0 || strcmp(argv[at], "--help") == 0) {
			return cmd_help(NULL, 0, NULL);
		} else if (strcmp(argv[at], "-V") == 0 || strcmp(argv[at], "--version") == 0) {
			puts("lodge " LODGE_VERSION);
			return EXIT_DONE;
		} else {
			usage(stderr);
			return EXIT_INPUT;
		}
	}
	log_open("lodge", debug);
	if (at == argc) {
		usage(stderr);
		return EXIT_INPUT;
	}
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strcmp(argv[at], commands[i].name) == 0)
			return commands[i].run(file, argc - at, argv + at);
	return unknown(argv[at]);
}
