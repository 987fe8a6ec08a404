/*
 * For tests/system/hostile_kernel: what root in a guest can make of its kernel. It answers as a kernel would when
 * asked what it is, and in the jail tries what reaches out of it: a line each, "NAME: REASON" or "NAME: done".
 * As carol it takes memory without an end. As bob it is honest and slow: it lets the questions of its management
 * console pile up and answers all of them at once. It is off when one of them was ctrl-alt-del, and crashes when more
 * than one was.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

/* After <linux/fs.h>, which has some of it, too. */
#include <sys/mount.h>

static void
say(const char *what, long result)
{
	printf("%s: %s\n", what, result == -1 ? strerror(errno) : "done");
}

static int
image(void)
{
	return open("/disk", O_RDWR);
}

/* Each is refused in the jail; what refuses it is said in the test. */
static void
try_identity(void)
{
	int pair = -1;

	say("setuid", setuid(0));
	say("setgroups", setgroups(1, (gid_t[]){0}));
	say("user namespace", unshare(CLONE_NEWUSER));
	say("clone", syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
	say("clone3", syscall(SYS_clone3, NULL, 0));
	say("setns", setns(pair, 0));
	say("mount", mount("x", "/run/uml", "tmpfs", 0, NULL));
	say("remount", mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL));
	say("umount", umount2("/disk", MNT_DETACH));
	say("fsopen", syscall(SYS_fsopen, "tmpfs", 0));
	say("chroot", chroot("/run"));
	say("pivot_root", syscall(SYS_pivot_root, "/run", "/run"));
	say("hostname", sethostname("x", 1));
	say("file limit", setrlimit(RLIMIT_NOFILE, &(struct rlimit){4096, 4096}));
}

static void
try_others(void)
{
	int seen = 0;
	char byte;
	struct iovec here = {&byte, 1}, there = {(void *)0x400000, 1};

	say("ptrace the reaper", ptrace(PTRACE_ATTACH, 1, 0, 0));
	say("seize the reaper", ptrace(PTRACE_SEIZE, 1, 0, 0));
	say("reaper's memory", process_vm_readv(1, &here, 1, &there, 1, 0));
	say("reaper's descriptors", (int)syscall(SYS_pidfd_open, 1, 0));
	kill(1, SIGKILL); /* says that it is done, and is not */
	for (int pid = 1; pid < 65536; pid++)
		if (pid != 1 && pid != getpid() && kill(pid, 0) == 0)
			seen++;
	printf("other processes: %d\n", seen);
	say("priority", setpriority(PRIO_PROCESS, 0, -5));
	say("disk priority", syscall(SYS_ioprio_set, 1, 0, 2 << 13));
	say("scheduler", sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){0}));
	say("another cpu", sched_setaffinity(0, sizeof(cpu_set_t), &(cpu_set_t){{~0UL}}));
	say("shared memory", shmget(IPC_PRIVATE, 4096, 0600));
	say("message queue", msgget(IPC_PRIVATE, 0600));
}

static void
try_sockets(void)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX, .sun_path = "\0lodge-canary"};
	int pair[2], fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = {1, &all};

	say("inet socket", socket(AF_INET, SOCK_STREAM, 0));
	say("inet pair", socketpair(AF_INET, SOCK_STREAM, 0, pair));
	say("raw socket", socket(AF_INET, SOCK_RAW, 1));
	say("packet socket", socket(AF_PACKET, SOCK_RAW, 0));
	say("netlink socket", socket(AF_NETLINK, SOCK_RAW, 0));
	say("vsock", socket(AF_VSOCK, SOCK_STREAM, 0));
	say("host's abstract socket",
	    sendto(fd, "x", 1, 0, (struct sockaddr *)&sa,
		offsetof(struct sockaddr_un, sun_path) + sizeof("\0lodge-canary") - 1));
	say("connect", connect(fd, (struct sockaddr *)&sa, sizeof(sa)));
	say("socket filter", setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)));
}

static void
try_kernel(void)
{
	say("bpf", syscall(SYS_bpf, 0, NULL, 0));
	say("io_uring", syscall(SYS_io_uring_setup, 1, NULL));
	say("keyctl", syscall(SYS_keyctl, 0, 0));
	say("add_key", syscall(SYS_add_key, "user", "x", "y", 1, -2));
	say("perf", syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
	say("userfaultfd", syscall(SYS_userfaultfd, 1));
	say("kexec", syscall(SYS_kexec_load, 0, 0, NULL, 0));
	say("module", syscall(SYS_init_module, NULL, 0, ""));
	say("reboot", reboot(RB_AUTOBOOT));
	say("clock", clock_settime(CLOCK_REALTIME, &(struct timespec){0}));
	say("kernel log", syscall(SYS_syslog, 3, NULL, 0));
	say("inotify", inotify_init());
	say("system load", syscall(SYS_sysinfo, NULL));
	say("huge pages",
	    mmap(NULL, 2 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0) == MAP_FAILED
		? -1
		: 0);
	say("huge file", memfd_create("x", MFD_HUGETLB));
	say("file handle", syscall(SYS_open_by_handle_at, 0, NULL, 0));
	say("x32", syscall(0x40000000 | SYS_getpid));
	say("unknown call", syscall(600));
}

static void
try_terminal(void)
{
	int line = 2;

	say("type at the console", ioctl(0, TIOCSTI, "x"));
	say("line discipline", ioctl(0, TIOCSETD, &line));
	say("exclusive terminal", ioctl(0, TIOCEXCL));
	say("terminal by name", open("/dev/tty", O_RDWR));
	say("new terminal", open("/dev/ptmx", O_RDWR));
	say("beside the terminal", openat(0, "../mem", O_RDONLY));
}

static void
try_tap(void)
{
	int size = 10;

	say("tap header", ioctl(3, TUNSETVNETHDRSZ, &size));
	say("tap persist", ioctl(3, TUNSETPERSIST, 0));
	say("tap owner", ioctl(3, TUNSETOWNER, 12345));
	say("tap link type", ioctl(3, TUNSETLINK, 1));
	say("another tap",
	    syscall(SYS_ioctl, 3, TUNSETIFF, &(struct ifreq){.ifr_name = "tap3", .ifr_flags = IFF_TAP}));
	say("tap filter", ioctl(3, TUNATTACHFILTER, NULL));
}

static void
try_image(void)
{
	int fd = image(), flags = 0;

	say("holes in the image", fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096));
	say("blocks beyond its end", fallocate(fd, FALLOC_FL_KEEP_SIZE, 1 << 20, 256 << 20));
	say("zeroes beyond its end",
	    fallocate(fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, 1 << 20, 256 << 20));
	say("a larger image", ftruncate(fd, 1LL << 40));
	say("a byte far out", pwrite(fd, "x", 1, 1LL << 40));
	say("image's mode", chmod("/disk", 06755));
	say("image's owner", fchown(fd, 0, 0));
	say("image's attributes", setxattr("/disk", "user.x", "y", 1, 0));
	say("image's flags", ioctl(fd, FS_IOC_SETFLAGS, &flags));
	say("image's lease", fcntl(fd, F_SETLEASE, F_WRLCK));
	say("run the image", execl("/disk", "disk", NULL));
	fchmod(fd, 06755); /* says that it is done, and is not */
	close(fd);
}

static void
try_files(void)
{
	say("proc", open("/proc/self/status", O_RDONLY));
	say("descriptor by name", open("/proc/self/fd/3", O_RDWR));
	say("sys", open("/sys", O_RDONLY));
	say("above the root", open("/../../etc/passwd", O_RDONLY));
	say("tun device", (int)syscall(SYS_openat, AT_FDCWD, "/dev/net/tun", O_RDWR, 0));
	say("kernel file", open("/linux", O_WRONLY));
	say("kernel's mode", chmod("/linux", 0777));
	say("kernel elsewhere", link("/linux", "/run/uml/linux"));
	say("libc", open("/lib/libc.so.6", O_WRONLY));
	say("libc elsewhere", rename("/lib/libc.so.6", "/run/uml/x"));
	say("new file", open("/new", O_WRONLY | O_CREAT, 0644));
	say("device node", mknod("/run/uml/disk", S_IFBLK | 0600, 0xfe00));
	say("reply socket", unlink("/run/reply"));
}

/* How much, and how many files, a folder takes. */
static void
fill(const char *what, const char *folder)
{
	static char block[1 << 16];
	char path[64];
	long long bytes = 0;
	int files = 0, fd;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/large", folder);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	while (bytes < 1LL << 30 && (n = write(fd, block, sizeof(block))) > 0)
		bytes += n;
	ftruncate(fd, 0);
	do
		snprintf(path, sizeof(path), "%s/%d", folder, files);
	while (close(fd) == 0 && files++ < 10000 && (fd = open(path, O_WRONLY | O_CREAT, 0600)) != -1);
	printf("%s takes: %lld KiB, %s files\n", what, bytes >> 10, files < 100 ? "few" : "many");
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

/* Memory of its own, which no file of the jail bounds. */
static _Noreturn void
be_greedy(void)
{
	enum { PIECE = 1 << 20 };

	for (;;) {
		char *more = mmap(NULL, PIECE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (more == MAP_FAILED)
			_exit(1);
		memset(more, 1, PIECE);
	}
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
		else if (strcmp(argv[i], "LODGE_NAME=carol") == 0)
			be_greedy();
	list_descriptors();
	list_root();
	try_identity();
	try_others();
	try_sockets();
	try_kernel();
	try_terminal();
	try_tap();
	try_image();
	try_files();
	fill("run", "/run/uml");
	fill("mem", "/mem");
	try_many();
	puts("tried all");
	pause();
	return 0;
}
