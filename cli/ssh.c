/*
 * `lodge ssh [USER@]NAME …`: ssh to a guest of this host, over its tap. Nobody but that guest is behind it, so its host key
 * tells nothing that is not known, and is not asked about; where the way is not the tap's, nothing is dialled.
 */
#include "base/ctl.h"
#include "base/sys.h"
#include "cli/cli.h"
#include "cli/guest.h"
#include "cli/next.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_MS = 5000, SSH_PORT = 22, OWN_ARGS = 16, TARGET = 128 };

/* Would what is sent to the guest leave by its tap? The host's own address there is the first of the network. */
static bool
is_by_tap(const struct conf *conf, const struct guest *guest)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(SSH_PORT)}, from;
	struct ip own = net_nth(&conf->network, 1);
	socklen_t len = sizeof(from);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool yes;

	memcpy(&to.sin_addr, guest->address.b, 4);
	yes = fd != -1 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
	      getsockname(fd, (struct sockaddr *)&from, &len) == 0 && memcmp(&from.sin_addr, own.b, 4) == 0;
	if (fd != -1)
		close(fd);
	return yes;
}

/* Whom the launcher does not answer, the tap does. */
static int
check_runs(const struct conf *conf, const struct guest *guest)
{
	char *path = conf_run_path(conf, "guest-%s.sock", guest->name), state[32], next[NEXT_TEXT];
	json_t *answer = path ? ctl_ask(path, "status", ANSWER_MS) : NULL;
	bool forbidden = !answer && errno == EACCES;

	free(path);
	snprintf(state, sizeof(state), "%s", guest_text(answer, "state"));
	json_decref(answer);
	if (!answer && !forbidden)
		return cli_fail(EXIT_NOT_RUNNING, "nobody launches %s; %s", guest->name,
		    next_guest(next_by_units(conf), guest->name, next));
	if (answer && strcmp(state, "up") != 0)
		return cli_fail(EXIT_NOT_RUNNING, "%s is %s; lodge guest start %s waits until it is up",
		    guest->name, state, guest->name);
	if (!is_by_tap(conf, guest))
		return cli_fail(EXIT_NOT_RUNNING, "%s has no tap on this host; %s", guest->name,
		    next_all(next_by_units(conf)));
	return EXIT_DONE;
}

/* Only returns when ssh cannot be run. */
static int
become_ssh(const struct guest *guest, const char *user, char **rest, size_t n_rest)
{
	const char **argv = calloc(OWN_ARGS + n_rest, sizeof(*argv));
	char target[TARGET], alias[TARGET], address[IP_TEXT];
	size_t n = 0;

	if (!argv)
		return cli_no_memory();
	snprintf(alias, sizeof(alias), "HostKeyAlias=%s", guest->name);
	snprintf(target, sizeof(target), "%s@%s", user, ip_print(&guest->address, address));
	argv[n++] = "ssh";
	for (const char *const *option = (const char *const[]){"UserKnownHostsFile=/dev/null",
		 "GlobalKnownHostsFile=/dev/null", "StrictHostKeyChecking=no", "LogLevel=ERROR", alias, NULL};
	     *option; option++) {
		argv[n++] = "-o";
		argv[n++] = *option;
	}
	argv[n++] = target;
	for (size_t i = 0; i < n_rest; i++)
		argv[n++] = rest[i];
	execvp("ssh", (char *const *)(uintptr_t)argv);
	free(argv);
	return cli_fail(EXIT_SYSTEM, "cannot run ssh: %s; apt-get install openssh-client", strerror(errno));
}

int
cmd_ssh(const struct said *said)
{
	char *name = said->operands[0], *at = strrchr(name, '@');
	const char *user = at ? name : "root";
	const struct guest *guest;
	struct conf conf;
	int status;

	if (at) {
		*at = '\0';
		said->operands[0] = at + 1;
	}
	if (!*said->operands[0])
		return cli_fail(EXIT_INPUT, "no guest is named; lodge ssh [USER@]NAME");
	if (at == name || (at && name[0] == '-'))
		return cli_fail(EXIT_INPUT, "«%s» is no user; lodge ssh %s logs in as root", name, at + 1);
	guest = guest_load(said, &conf, &status);
	if (!guest)
		return status;
	status = check_runs(&conf, guest);
	if (status == EXIT_DONE)
		status = become_ssh(guest, user, said->operands + 1, said->n_operands - 1);
	conf_free(&conf);
	return status;
}
