/* What a new guest's owner wants to know, and the programs that run; see entry.h. */
#include "base/ctl.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/tool.h"
#include "cli/cli.h"
#include "cli/entry.h"
#include "cli/reload.h"
#include "conf/draft.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ANSWER_MS = 5000, LOOK_MS = 100 };

/* The device of the default route; "" where there is none. */
static void
default_device(char out[CONF_IFNAME])
{
	FILE *routes = fopen("/proc/net/route", "re");
	char line[256], device[CONF_IFNAME];
	unsigned long destination;

	out[0] = '\0';
	while (routes && !out[0] && fgets(line, sizeof(line), routes))
		if (sscanf(line, "%15s %lx", device, &destination) == 2 && destination == 0)
			strcpy(out, device);
	if (routes)
		fclose(routes);
}

/* Where the world finds this host: the address of the device towards it, else its name. */
static void
host_text(const struct conf *conf, char *out, size_t room)
{
	char device[CONF_IFNAME];
	struct ifaddrs *list = NULL;
	bool found = false;

	strcpy(device, conf->wan);
	if (!device[0])
		default_device(device);
	if (getifaddrs(&list) == 0) {
		for (struct ifaddrs *i = list; i && !found; i = i->ifa_next) {
			struct ip ip = {.family = 4};

			if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET ||
			    strcmp(i->ifa_name, device) != 0)
				continue;
			memcpy(ip.b, &((struct sockaddr_in *)i->ifa_addr)->sin_addr, 4);
			ip_print(&ip, out);
			found = true;
		}
		freeifaddrs(list);
	}
	if (!found && gethostname(out, room) == -1)
		snprintf(out, room, "%s", conf->host);
}

static const char *
first_domain(const struct guest *guest)
{
	for (size_t i = 0; i < guest->n_domains; i++)
		if (guest->domains[i].kind != DOMAIN_BELOW)
			return guest->domains[i].name;
	return NULL;
}

static void
print_ways(const struct entry *e)
{
	const struct guest *guest = &e->guest;
	const char *domain = first_domain(guest);
	char host[256];

	host_text(&e->conf, host, sizeof(host));
	printf("ssh -p %u root@%s\n", draft_ssh_port(guest), domain ? domain : host);
	if (domain)
		printf("http://%s/\n", domain);
	else
		fprintf(
		    stderr, "no domain yet: write `domains: [name]` into %s, then lodge apply\n", e->path);
	printf("lodge usage %s\n", guest->name);
}

/* Whether anybody runs who has to know. */
static bool
somebody_runs(const struct conf *conf)
{
	char *path = conf_run_path(conf, "natd.sock");
	json_t *answer = path ? ctl_ask(path, "status", ANSWER_MS) : NULL;
	bool yes = answer != NULL;

	json_decref(answer);
	free(path);
	return yes;
}

int
entry_apply(const struct conf *conf, const char *file)
{
	return somebody_runs(conf) ? reload_all(conf, file) : EXIT_DONE;
}

int
entry_tell(const struct entry *e)
{
	int status = EXIT_DONE;

	if (somebody_runs(&e->conf))
		status = reload_all(&e->conf, e->file);
	else
		fprintf(stderr, "nothing runs here yet; lodge up starts %s and all others\n", e->guest.name);
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
	log_error("cannot run %s: %s", program, strerror(errno));
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
