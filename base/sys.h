/*
 * What every daemon of the house does alike: options, privilege, readiness, signals, the loop.
 * System wrappers return -1 with errno and never log; the caller knows what it was doing.
 */
#ifndef BASE_SYS_H
#define BASE_SYS_H

#include "base/addr.h"

#include <ev.h>
#include <stdbool.h>

#define SYS_CONF_FILE "/etc/lodge/lodge.yaml"

/* Exit statuses, the same in every program. */
enum {
	EXIT_DONE = 0,
	EXIT_SYSTEM = 1, /* the system said no */
	EXIT_INPUT = 2, /* your input is wrong; do not restart me */
	EXIT_NOT_RUNNING = 3,
	EXIT_NO_GUEST = 4,
	EXIT_PERMISSION = 5,
	EXIT_GUEST = 6, /* the guest itself failed */
};

struct sys_options {
	const char *file; /* -c */
	bool check; /* -n */
	bool debug; /* -d */
	bool json; /* -j, of a program that has it */
	unsigned char other; /* last letter met of the program's own, else 0 */
	int first; /* index of the first operand in argv */
};

/*
 * The common options plus the program's own letters (none takes a value). -h and --help print usage to stdout
 * and exit 0, -V and --version the version; a wrong option exits 2. Without -n, SIGHUP kills no longer: it waits
 * for sys_run. A child has to set its handler back before it does anything but exec.
 */
struct sys_options sys_options(int argc, char **argv, const char *own, const char *usage);

/* A stream listener: nonblocking, close-on-exec, SO_REUSEADDR, IPv6 both families. -1: errno. */
int sys_listen(const struct addr *, bool reuseport, int backlog);

/* mkdir -p of one directory with owner and mode; an existing one is only given owner and mode. */
int sys_mkdir(const char *path, unsigned mode, unsigned uid, unsigned gid);

/* fsync of a file, or of a folder: what was renamed in it. -1: errno. */
int sys_flush(const char *path);

/* uid and gid of an account. -1: no such account (errno ENOENT). */
int sys_account(const char *user, unsigned *uid, unsigned *gid);

/*
 * Give privilege up for good: become uid:gid (no supplementary groups), keep only the named capabilities
 * (CAP_* numbers, terminated by -1), empty the bounding set, set no_new_privs. The signal that a parent's death
 * sends stays as it was. Who is that uid already keeps of them what it has; groups and bounding set stay.
 */
int sys_drop(unsigned uid, unsigned gid, const int *keep);
/* The same for root that stays root and will become another program: that one has them, too. */
int sys_drop_over_exec(const int *keep);

/*
 * Let a seccomp program decide on every system call from now on, in each thread; needs no_new_privs. audit: what it refuses is
 * written to the kernel's log. 0 also where the kernel has no seccomp, which is one wall less.
 */
struct sock_filter;
int sys_filter(struct sock_filter *, size_t n, bool audit);

/* One line to the supervisor ("READY=1", "STATUS=…", "STOPPING=1"); nothing without NOTIFY_SOCKET. */
void sys_notify(const char *state);

/*
 * Run the loop until SIGTERM or SIGINT. SIGHUP calls on_reload (may be NULL), also one that came since
 * sys_options; after the end it does nothing. SIGPIPE is ignored. Returns 0.
 */
int sys_run(struct ev_loop *, void (*on_reload)(void *), void *arg);
/* End sys_run from a callback. */
void sys_stop(struct ev_loop *);

/* The address of a socket's path. -1: ENAMETOOLONG. */
struct sockaddr_un;
int sys_unix(const char *path, struct sockaddr_un *);
/* A listener at a path where nothing lies, with owner and mode: nonblocking, close-on-exec. -1: errno. */
int sys_unix_listen(const char *path, int type, int backlog, unsigned mode, unsigned uid, unsigned gid);

/* The directory this program lies in, with the trailing slash: where its siblings are. Static text. */
const char *sys_bindir(void);

/* Raise the soft limit of open files to the hard one; returns it. */
unsigned long sys_raise_files(void);

/* Seconds of the clock that nobody sets: for how long, never for when. */
double sys_seconds(void);

#endif
