/* What every daemon of the house does alike; see sys.h. */
#include "base/sys.h"
#include "base/log.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/tcp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/*
 * A SIGHUP between here and the loop may not kill a daemon that is about to serve: it is noted and becomes its
 * first reload. A handler, not a blocked mask: what is executed meanwhile inherits nothing of it.
 */
static volatile sig_atomic_t hup_noted;

static void
note_hup(int number)
{
	(void)number;
	hup_noted = 1;
}

static void
await_hup(void)
{
	struct sigaction action = {.sa_handler = note_hup, .sa_flags = SA_RESTART};

	sigaction(SIGHUP, &action, NULL);
}

static const struct option long_options[] = {
    {"config", required_argument, NULL, 'c'},
    {"check", no_argument, NULL, 'n'},
    {"debug", no_argument, NULL, 'd'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {0},
};

struct sys_options
sys_options(int argc, char **argv, const char *own, const char *usage)
{
	struct sys_options options = {.file = SYS_CONF_FILE};
	char letters[64];
	int c;

	snprintf(letters, sizeof(letters), "+c:ndhV%s", own);
	while ((c = getopt_long(argc, argv, letters, long_options, NULL)) != -1) {
		switch (c) {
		case 'c':
			options.file = optarg;
			break;
		case 'n':
			options.check = true;
			break;
		case 'd':
			options.debug = true;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(EXIT_DONE);
		case 'V':
			puts("lodge " LODGE_VERSION);
			exit(EXIT_DONE);
		case '?':
			fputs(usage, stderr);
			exit(EXIT_INPUT);
		case 'j':
			options.json = true;
			break;
		default:
			options.other = (unsigned char)c;
		}
	}
	options.first = optind;
	if (!options.check)
		await_hup();
	return options;
}

int
sys_listen(const struct addr *addr, bool reuseport, int backlog)
{
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(addr, &sa);
	int on = 1, off = 0, saved;
	int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1)
		goto fail;
	if (reuseport && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == -1)
		goto fail;
	if (sa.ss_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) == -1)
		goto fail;
	if (bind(fd, (struct sockaddr *)&sa, len) == -1 || listen(fd, backlog) == -1)
		goto fail;
	return fd;
fail:
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

int
sys_mkdir(const char *path, unsigned mode, unsigned uid, unsigned gid)
{
	char partial[PATH_MAX];
	size_t n = strlen(path);
	struct stat st;

	if (n == 0 || n >= sizeof(partial)) {
		errno = n ? ENAMETOOLONG : ENOENT;
		return -1;
	}
	for (size_t i = 1; i < n; i++) {
		if (path[i] != '/')
			continue;
		memcpy(partial, path, i);
		partial[i] = '\0';
		if (mkdir(partial, 0755) == -1 && errno != EEXIST)
			return -1;
	}
	if (mkdir(path, mode) == -1 && errno != EEXIST)
		return -1;
	if (stat(path, &st) == -1)
		return -1;
	if ((st.st_uid != uid || st.st_gid != gid) && chown(path, uid, gid) == -1)
		return -1;
	return (st.st_mode & 07777) == mode ? 0 : chmod(path, mode);
}

int
sys_flush(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), result = fd == -1 ? -1 : fsync(fd), saved = errno;

	if (fd != -1)
		close(fd);
	errno = saved;
	return result;
}

int
sys_account(const char *user, unsigned *uid, unsigned *gid)
{
	struct passwd *pw;

	errno = 0;
	pw = getpwnam(user);
	if (!pw) {
		if (errno == 0)
			errno = ENOENT;
		return -1;
	}
	*uid = pw->pw_uid;
	*gid = pw->pw_gid;
	return 0;
}

/* Started as the account already, perhaps with capabilities: those that are kept are kept, not over an exec. */
static int
drop_as_account(const int *keep)
{
	struct {
		int have[64];
		size_t n;
	} kept = {.n = 0};

	if (capng_get_caps_process() == -1)
		return -1;
	for (; *keep != -1; keep++)
		if (capng_have_capability(CAPNG_PERMITTED, (unsigned)*keep))
			kept.have[kept.n++] = *keep;
	capng_clear(CAPNG_SELECT_CAPS);
	for (size_t i = 0; i < kept.n; i++)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, (unsigned)kept.have[i]);
	if (capng_apply(CAPNG_SELECT_CAPS) != 0) {
		errno = EPERM;
		return -1;
	}
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static int
drop(unsigned uid, unsigned gid, const int *keep, unsigned sets)
{
	int flags = CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING, death = 0;

	if (prctl(PR_GET_PDEATHSIG, &death, 0, 0, 0) == -1)
		return -1;
	capng_clear(CAPNG_SELECT_BOTH);
	for (; *keep != -1; keep++)
		capng_update(CAPNG_ADD, sets, (unsigned)*keep);
	if (uid == 0 && gid == 0) {
		/* Root without its capabilities: it owns root's files and nothing more. */
		bool bounded = prctl(PR_CAPBSET_READ, CAP_SETPCAP, 0, 0, 0) == 0;

		/* Who was started without CAP_SETPCAP was given its bounding set, and cannot make it less. */
		if ((setgroups(0, NULL) == -1 && getgroups(0, NULL) > 0) ||
		    capng_apply(bounded ? CAPNG_SELECT_CAPS : CAPNG_SELECT_BOTH) != 0)
			goto refused;
	} else if (capng_change_id((int)uid, (int)gid, flags) != 0) {
		goto refused;
	}
	/* The kernel forgets it with every change of credentials. */
	if (prctl(PR_SET_PDEATHSIG, death, 0, 0, 0) == -1)
		return -1;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
refused:
	errno = EPERM;
	return -1;
}

int
sys_drop(unsigned uid, unsigned gid, const int *keep)
{
	if (uid == geteuid() && uid != 0)
		return drop_as_account(keep);
	return drop(uid, gid, keep, CAPNG_EFFECTIVE | CAPNG_PERMITTED);
}

int
sys_drop_over_exec(const int *keep)
{
	return drop(0, 0, keep, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET);
}

int
sys_filter(struct sock_filter *code, size_t n, bool audit)
{
	struct sock_fprog program = {.len = (unsigned short)n, .filter = code};
	unsigned flags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW |
			 (audit ? SECCOMP_FILTER_FLAG_LOG : 0);
	long done = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);

	if (done == 0)
		return 0;
	if (done > 0) /* a thread that has another filter */
		errno = EBUSY;
	return errno == ENOSYS || errno == EINVAL ? 0 : -1;
}

void
sys_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	size_t n = path ? strlen(path) : 0;
	int fd;

	if (n == 0 || n >= sizeof(sa.sun_path))
		return;
	memcpy(sa.sun_path, path, n);
	if (path[0] == '@')
		sa.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return;
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&sa,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) == -1)
		log_debug("cannot notify the supervisor: %s", strerror(errno));
	close(fd);
}

struct run {
	void (*on_reload)(void *);
	void *arg;
};

static void
on_end(struct ev_loop *loop, ev_signal *w, int events)
{
	(void)w, (void)events;
	ev_break(loop, EVBREAK_ALL);
}

static void
on_hup(struct ev_loop *loop, ev_signal *w, int events)
{
	struct run *run = w->data;

	(void)loop, (void)events;
	if (run->on_reload)
		run->on_reload(run->arg);
}

int
sys_run(struct ev_loop *loop, void (*on_reload)(void *), void *arg)
{
	struct run run = {on_reload, arg};
	ev_signal term, intr, hup;

	signal(SIGPIPE, SIG_IGN);
	ev_signal_init(&term, on_end, SIGTERM);
	ev_signal_init(&intr, on_end, SIGINT);
	ev_signal_init(&hup, on_hup, SIGHUP);
	hup.data = &run;
	ev_signal_start(loop, &term);
	ev_signal_start(loop, &intr);
	ev_signal_start(loop, &hup);
	if (hup_noted)
		ev_feed_event(loop, &hup, EV_SIGNAL);
	hup_noted = 0;
	ev_run(loop, 0);
	ev_signal_stop(loop, &term);
	ev_signal_stop(loop, &intr);
	ev_signal_stop(loop, &hup);
	await_hup(); /* nor may it kill one that is putting its things in order */
	return 0;
}

void
sys_stop(struct ev_loop *loop)
{
	ev_break(loop, EVBREAK_ALL);
}

const char *
sys_bindir(void)
{
	static char dir[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", dir, sizeof(dir) - 1);
	char *slash;

	dir[n > 0 ? n : 0] = '\0';
	slash = strrchr(dir, '/');
	if (slash)
		slash[1] = '\0';
	return dir;
}

unsigned long
sys_raise_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		return 0;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) == -1 || getrlimit(RLIMIT_NOFILE, &limit) == -1)
		return 0;
	return limit.rlim_cur;
}

int
sys_unix(const char *path, struct sockaddr_un *sa)
{
	if (strlen(path) >= sizeof(sa->sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	*sa = (struct sockaddr_un){.sun_family = AF_UNIX};
	strcpy(sa->sun_path, path);
	return 0;
}

static int
give(const char *path, unsigned mode, unsigned uid, unsigned gid)
{
	if ((uid != geteuid() || gid != getegid()) && chown(path, uid, gid) == -1)
		return -1;
	return chmod(path, mode);
}

int
sys_unix_listen(const char *path, int type, int backlog, unsigned mode, unsigned uid, unsigned gid)
{
	struct sockaddr_un sa;
	int fd, saved;

	if (sys_unix(path, &sa) == -1)
		return -1;
	fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0 && give(path, mode, uid, gid) == 0 &&
	    listen(fd, backlog) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

double
sys_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
