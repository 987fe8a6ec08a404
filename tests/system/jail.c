/* Tries what a worker's filter forbids, each in a process of its own with all of root's powers: see proxy_jail. */
#include "proxy/allow.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int
tcp(void)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;

	if (fd == -1 || setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &on, sizeof(on)) == -1)
		return -1;
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == -1)
		return -1;
	return 0;
}

static int
memory(void)
{
	char *all[64];

	for (size_t i = 0; i < 64; i++)
		if (!(all[i] = malloc(i << 14)))
			return -1;
	for (size_t i = 0; i < 64; i++)
		free(all[i]);
	return printf("%.0s", "") < 0 || fflush(stdout) ? -1 : 0;
}

static int
execute(void)
{
	return execl("/bin/true", "true", NULL);
}

static int
fork_one(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid == -1 ? -1 : 0;
}

static int
open_file(void)
{
	return open("/etc/passwd", O_RDONLY);
}

static int
raw(void)
{
	return socket(AF_INET, SOCK_RAW, IPPROTO_TCP);
}

static int
packet(void)
{
	return socket(AF_PACKET, SOCK_DGRAM, 0);
}

static int
netlink(void)
{
	return socket(AF_NETLINK, SOCK_RAW, 0);
}

static int
local(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static int
trace(void)
{
	return (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static int
mount_one(void)
{
	return mount("none", "/mnt", "tmpfs", 0, NULL);
}

static int
signal_parent(void)
{
	return kill(getppid(), 0);
}

static int
code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1
													 : 0;
}

static int
abort_it(void)
{
	abort();
}

static const struct {
	const char *name;
	int (*act)(void);
	int error, signal; /* what has to come of it */
} tries[] = {
    {"a TCP socket of another's address", tcp, 0, 0},
    {"memory and a line of log", memory, 0, 0},
    {"an end by abort", abort_it, 0, SIGABRT},
    {"a program", execute, 0, SIGSYS},
    {"a process", fork_one, 0, SIGSYS},
    {"tracing", trace, 0, SIGSYS},
    {"a mount", mount_one, 0, SIGSYS},
    {"a file", open_file, EACCES, 0},
    {"a raw socket", raw, EPERM, 0},
    {"a packet socket", packet, EAFNOSUPPORT, 0},
    {"a netlink socket", netlink, EAFNOSUPPORT, 0},
    {"a local socket", local, EAFNOSUPPORT, 0},
    {"a signal to another", signal_parent, ENOSYS, 0},
    {"memory to execute", code, EPERM, 0},
};

static void
child(size_t i)
{
	struct sock_filter out[ALLOW_MAX];
	struct sock_fprog program = {(unsigned short)allow_build(out, (unsigned)getpid()), out};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == -1)
		_exit(255);
	_exit(tries[i].act() == -1 ? errno : 0);
}

int
main(void)
{
	size_t n = sizeof(tries) / sizeof(tries[0]);

	for (size_t i = 0; i < n; i++) {
		int status = -1;
		pid_t pid = fork();

		if (pid == 0)
			child(i);
		waitpid(pid, &status, 0);
		printf("%s %s: exit %d, signal %d\n",
		    (WIFSIGNALED(status) ? WTERMSIG(status) == tries[i].signal
					 : !tries[i].signal && WEXITSTATUS(status) == tries[i].error)
			? "as wanted:"
			: "WRONG:",
		    tries[i].name, WIFEXITED(status) ? WEXITSTATUS(status) : 0,
		    WIFSIGNALED(status) ? WTERMSIG(status) : 0);
		fflush(stdout);
	}
	return 0;
}
