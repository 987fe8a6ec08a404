/*
 * For tests/system/hostile_kernel: what root in a guest can make of its kernel. It answers as a kernel would when
 * asked what it is, and in the jail tries what reaches out of it: a line each, "NAME: REASON" or "NAME: done".
 * As the guest bob it is honest and slow: it lets the questions of its management console pile up and answers all
 * of them at once. It is off when one of them was ctrl-alt-del, and crashes when more than one was.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static void
say(const char *what, long result)
{
	printf("%s: %s\n", what, result == -1 ? strerror(errno) : "done");
}

static void
try_identity(void)
{
	say("setuid", setuid(0));
	say("user namespace", unshare(CLONE_NEWUSER));
	say("clone", syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
	say("mount", mount("x", "/run/uml", "tmpfs", 0, NULL));
	say("remount", mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL));
	say("chroot", chroot("/run"));
	say("ptrace the reaper", ptrace(PTRACE_ATTACH, 1, 0, 0));
	say("priority", setpriority(PRIO_PROCESS, 0, -5));
}

static void
try_kernel(void)
{
	int pair[2];

	say("inet socket", socket(AF_INET, SOCK_STREAM, 0));
	say("inet pair", socketpair(AF_INET, SOCK_STREAM, 0, pair));
	say("netlink socket", socket(AF_NETLINK, SOCK_RAW, 0));
	say("vsock", socket(AF_VSOCK, SOCK_STREAM, 0));
	say("bpf", syscall(SYS_bpf, 0, NULL, 0));
	say("io_uring", syscall(SYS_io_uring_setup, 1, NULL));
	say("keyctl", syscall(SYS_keyctl, 0, 0));
	say("perf", syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
}

static void
try_tap(void)
{
	int size = 10;

	say("tap header", ioctl(3, TUNSETVNETHDRSZ, &size));
	say("tap persist", ioctl(3, TUNSETPERSIST, 0));
	say("tap owner", ioctl(3, TUNSETOWNER, 12345));
	say("tap link type", ioctl(3, TUNSETLINK, 1));
}

static void
try_files(void)
{
	say("proc", open("/proc/self/status", O_RDONLY));
	say("tun device", (int)syscall(SYS_openat, AT_FDCWD, "/dev/net/tun", O_RDWR, 0));
	say("kernel file", open("/linux", O_WRONLY));
	say("libc", open("/lib/libc.so.6", O_WRONLY));
	say("new file", open("/new", O_WRONLY | O_CREAT, 0644));
	say("device node", mknod("/run/uml/disk", S_IFBLK | 0600, 0xfe00));
	say("reply socket", unlink("/run/reply"));
}

static void
list_root(void)
{
	DIR *dir = opendir("/..");
	struct dirent *entry;

	printf("root:");
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			printf(" %s", entry->d_name);
	printf("\n");
}

static void
list_descriptors(void)
{
	printf("descriptors:");
	for (int fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) != -1)
			printf(" %d", fd);
	printf("\n");
}

/* As many processes as it likes. */
static void
try_many(void)
{
	int n = 0;
	pid_t pid;

	while (n < 10000 && (pid = fork()) != -1) {
		if (pid == 0) {
			pause();
			_exit(0);
		}
		n++;
	}
	printf("processes: %s\n", n < 4096 ? "limited" : "not limited");
}

static _Noreturn void
be_slow(void)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX, .sun_path = "uml/guest/mconsole"}, from;
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	const char version[12 + 4] = {[8] = 4, [12] = 'x', 'x', 'x', 'x'}, taken[12] = {0};
	char request[1024] = "";

	if (mkdir("uml/guest", 0700) == -1 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == -1)
		_exit(1);
	for (int pressed = 0; pressed == 0;) {
		socklen_t n = sizeof(from);

		sleep(4); /* ten questions in a second fill the queue */
		while (memset(request, 0, sizeof(request)),
		    recvfrom(fd, request, sizeof(request), MSG_DONTWAIT, (struct sockaddr *)&from, &n) !=
			-1) {
			bool cad = strcmp(request + 12, "cad") == 0;

			pressed += cad;
			sendto(fd, cad ? taken : version, cad ? sizeof(taken) : sizeof(version), 0,
			    (struct sockaddr *)&from, n);
			n = sizeof(from);
		}
		if (pressed)
			_exit(pressed > 1);
	}
	_exit(0);
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return puts("6.1.0") == EOF;
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return puts("User Mode Linux v6.1.0\nvec[0-9]+:<option>=<value>") == EOF;
	setvbuf(stdout, NULL, _IONBF, 0);
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "LODGE_NAME=bob") == 0)
			be_slow();
	list_descriptors();
	list_root();
	try_identity();
	try_kernel();
	try_tap();
	try_files();
	try_many();
	puts("tried all");
	pause();
	return 0;
}
