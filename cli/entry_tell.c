/* What a new guest's owner wants to know, and the programs that run; see entry.h. */
#include "base/log.h"
#include "base/sys.h"
#include "base/tool.h"
#include "cli/cli.h"
#include "cli/entry.h"
#include "cli/links_file.h"
#include "cli/next.h"
#include "cli/program.h"
#include "cli/reload.h"
#include "cli/ways.h"
#include "conf/draft.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ENTRY_VERSION = 1, ANSWER_MS = 5000, LOOK_MS = 100 };

/* Where the guest's owner sees what it moves and is billed; NULL: there is no page, or what was wrong is said. */
static const char *
find_link(const struct conf *conf, const char *name, char out[LINKS_URL])
{
	if (!ip_is_set(&conf->web.listen.ip))
		return NULL;
	if (links_file_url(conf, name, out) == EXIT_DONE)
		return out;
	fprintf(stderr, "no link to the usage page yet; lodge link %s makes it\n", name);
	return NULL;
}

int
entry_json(int status, const struct conf *conf, const struct guest *guest, const char *path, bool made)
{
	char link[LINKS_URL];
	unsigned port = draft_ssh_port(guest);
	char ssh[WAYS_TEXT], address[IP_TEXT];

	ways_ssh(conf, guest, ssh);
	return cli_json(
	    status, json_pack("{s:i, s:b, s:s, s:o, s:s, s:o, s:s?, s:o, s:s?}", "version", ENTRY_VERSION,
			"made", made, "name", guest->name, "file", cli_json_text(path), "address",
			ip_print(&guest->address, address), "ssh_port",
			port ? json_integer(port) : json_null(), "ssh", *ssh ? ssh : NULL, "domains",
			ways_domains_json(guest), "link", made ? find_link(conf, guest->name, link) : NULL));
}

static void
print_ways(const struct entry *e)
{
	const struct guest *guest = &e->guest;
	const char *domain = ways_domain(guest);
	char ssh[WAYS_TEXT], url[LINKS_URL];
	const char *link;

	if (*ways_ssh(&e->conf, guest, ssh))
		puts(ssh);
	if (domain)
		printf("http://%s/\n", domain);
	else
		fprintf(
		    stderr, "no domain yet: write `domains: [name]` into %s, then lodge apply\n", e->path);
	printf("lodge usage %s\n", guest->name);
	fflush(stdout);
	link = find_link(&e->conf, guest->name, url);
	if (link)
		puts(link);
}

/* Whether anybody runs who has to know. */
static bool
somebody_runs(const struct conf *conf)
{
	return program_answers(conf, "natd", ANSWER_MS);
}

int
entry_apply(const struct conf *conf, const char *file)
{
	return somebody_runs(conf) ? reload_all(conf, file, NULL) : EXIT_DONE;
}

/* lodge up starts the newcomer by itself; the units start those that were enabled. */
static void
tell_start(const struct entry *e, bool some)
{
	const char *name = e->guest.name;
	char unit[NEXT_TEXT];

	if (program_answers(&e->conf, "up", ANSWER_MS))
		return;
	if (next_by_units(&e->conf))
		fprintf(stderr, "%s starts %s, now and at each boot\n", next_guest_unit(name, unit), name);
	else if (some)
		fprintf(stderr, "no lodge up runs here; lodge-guest %s starts it\n", name);
	else
		fprintf(stderr, "nothing runs here yet; lodge up starts %s and all others\n", name);
}

int
entry_tell(const struct entry *e)
{
	bool some = somebody_runs(&e->conf);
	int status = some ? reload_all(&e->conf, e->file, NULL) : EXIT_DONE;

	tell_start(e, some);
	if (e->json)
		status = entry_json(status, &e->conf, &e->guest, e->path, true);
	else
		print_ways(e);
	return status;
}

static _Noreturn void
become(pid_t parent, const char *const argv[])
{
	char program[PATH_MAX];

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EXIT_SYSTEM);
	snprintf(program, sizeof(program), "%slodge-guest", sys_bindir());
	execv(program, (char **)(uintptr_t)argv);
	log_error("cannot run %s: %s; install lodge anew, all of it in one place", program, strerror(errno));
	_exit(EXIT_SYSTEM);
}

int
entry_run(const char *const argv[])
{
	pid_t parent = getpid(), pid = tool_interrupted() ? -1 : fork();
	struct pollfd over = {.fd = -1, .events = POLLIN};
	int status = -1;

	if (pid == 0)
		become(parent, argv);
	if (pid == -1)
		return EXIT_SYSTEM;
	over.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	while (over.fd != -1 && poll(&over, 1, LOOK_MS) != 1)
		if (tool_interrupted())
			kill(pid, SIGTERM);
	if (over.fd != -1)
		close(over.fd);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		if (tool_interrupted())
			kill(pid, SIGTERM);
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_SYSTEM;
}
