/*
 * `lodge console [-r] NAME`: attaches to a guest's console through its launcher, until Ctrl-], the end of what is
 * typed, a signal, or the launcher's end; the terminal is given back as it was in each case.
 */
#include "base/conpkt.h"
#include "base/log.h"
#include "base/remedy.h"
#include "base/sys.h"
#include "cli/cli.h"
#include "cli/guest.h"
#include "cli/next.h"
#include "cli/raw.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
	LEAVE = 0x1d, /* Ctrl-] */
	CANCEL = 0x03, /* Ctrl-C */
	QUIET_MS = 1000, /* without a terminal: so long nothing after the end of the input, and it is over */
};

enum { CONTINUE = -1 };

struct console {
	const char *name;
	int fd, signals;
	bool read_only; /* as asked for, or because somebody else writes */
	bool terminal; /* standard input is one */
	bool typing; /* standard input is read */
};

static int
console_connect(const struct conf *conf, const char *name, int *status)
{
	struct sockaddr_un sa;
	char *path = conf_run_path(conf, "guests/%s/console.sock", name), next[NEXT_TEXT];
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (path && fd != -1 && sys_unix(path, &sa) == 0 &&
	    connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0) {
		free(path);
		return fd;
	}
	if (errno == ENOENT || errno == ECONNREFUSED)
		*status = cli_fail(EXIT_NOT_RUNNING, "nobody launches %s; %s", name,
		    next_guest(next_by_units(conf), name, next));
	else if (remedy_is_right(errno))
		*status = cli_fail(EXIT_PERMISSION, "%s: not yours to look at; try as root", path);
	else
		*status = cli_errno(path ? path : name);
	if (fd != -1)
		close(fd);
	free(path);
	return -1;
}

static bool
packet_send(const struct console *c, char kind, const void *bytes, size_t n)
{
	char packet[1 + CONPKT_BYTES];

	packet[0] = kind;
	memcpy(packet + 1, bytes, n);
	return send(c->fd, packet, n + 1, MSG_NOSIGNAL) != -1;
}

static void
size_send(const struct console *c)
{
	unsigned rows, columns;
	char text[32];

	if (!c->read_only && raw_size(&rows, &columns))
		packet_send(
		    c, CONPKT_SIZE, text, (size_t)snprintf(text, sizeof(text), "%u %u", rows, columns));
}

/* What is wanted, and how much of what was: a screen of it on a terminal, else all that is kept. */
static void
hello_send(const struct console *c)
{
	unsigned rows, columns;
	char lines[16] = "";

	if (raw_size(&rows, &columns))
		snprintf(lines, sizeof(lines), "%u", rows > 4 ? rows - 3 : 1);
	packet_send(c, c->read_only ? CONPKT_READ : CONPKT_WRITE, lines, strlen(lines));
}

/* A line of ours among what the guest writes. */
static void say(const struct console *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
say(const struct console *c, const char *format, ...)
{
	char text[256], line[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_printable(text, line, sizeof(line));
	fprintf(stderr, c->terminal ? "\r\n[lodge: %s]\r\n" : "lodge: %s\n", line);
}

static void
say_writer(struct console *c, const char *text)
{
	bool wished = !c->read_only;
	unsigned uid;
	long long since;
	struct passwd *user;
	char when[32] = "";
	time_t then;
	int pid;

	c->read_only = true;
	if (sscanf(text, "%u %d %lld", &uid, &pid, &since) != 3) {
		if (c->terminal)
			say(c, "%s: you only read; Ctrl-] leaves", c->name);
		return;
	}
	then = (time_t)since;
	user = getpwuid(uid);
	strftime(when, sizeof(when), "%H:%M:%S", localtime(&then));
	if (wished || c->terminal)
		say(c, "%s: %s (process %d) writes since %s, you only read%s", c->name,
		    user ? user->pw_name : "somebody", pid, when, c->terminal ? "; Ctrl-] leaves" : "");
}

/* All of it, however slowly it is taken; false: nobody takes it any more. */
static bool
write_all(const char *bytes, size_t n)
{
	while (n) {
		ssize_t done = write(STDOUT_FILENO, bytes, n);

		if (done == -1 && errno == EINTR)
			continue;
		if (done == -1)
			return false;
		bytes += done;
		n -= (size_t)done;
	}
	return true;
}

/* CONTINUE, or the exit status. */
static int
on_packet(struct console *c)
{
	char packet[1 + CONPKT_BYTES + 1];
	ssize_t n = recv(c->fd, packet, sizeof(packet) - 1, 0);

	if (n == -1 && errno == EINTR)
		return CONTINUE;
	if (n <= 0) {
		raw_leave();
		return cli_fail(
		    EXIT_SYSTEM, "the launcher of %s has gone; lodge guest status %s", c->name, c->name);
	}
	packet[n] = '\0';
	switch (packet[0]) {
	case CONPKT_WRITER:
		if (c->terminal)
			say(c, "%s: Ctrl-] leaves", c->name);
		size_send(c);
		break;
	case CONPKT_READER:
		say_writer(c, packet + 1);
		break;
	case CONPKT_NOTE:
		say(c, "%s: %s", c->name, packet + 1);
		break;
	case CONPKT_FULL:
		raw_leave();
		return cli_fail(EXIT_SYSTEM, "too many are attached to %s; let one of them leave", c->name);
	case CONPKT_OUTPUT:
		raw_watch(packet + 1, (size_t)n - 1);
		if (!write_all(packet + 1, (size_t)n - 1))
			return EXIT_DONE;
		break;
	default:
		break;
	}
	return CONTINUE;
}

static int
on_typed(struct console *c)
{
	char bytes[CONPKT_BYTES];
	ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));
	char *end;
	size_t whole;

	if (n == -1 && (errno == EINTR || errno == EAGAIN))
		return CONTINUE;
	if (n <= 0) {
		c->typing = false;
		return c->terminal ? EXIT_DONE : CONTINUE;
	}
	whole = (size_t)n;
	end = c->terminal ? memchr(bytes, LEAVE, whole) : NULL;
	if (!end && c->terminal && c->read_only)
		end = memchr(bytes, CANCEL, whole);
	if (end)
		whole = (size_t)(end - bytes);
	if (whole && !c->read_only)
		packet_send(c, CONPKT_TYPED, bytes, whole);
	return end ? EXIT_DONE : CONTINUE;
}

static int
on_signal(struct console *c)
{
	struct signalfd_siginfo info;

	if (read(c->signals, &info, sizeof(info)) != sizeof(info))
		return CONTINUE;
	switch (info.ssi_signo) {
	case SIGWINCH:
		size_send(c);
		return CONTINUE;
	case SIGTSTP:
		raw_leave();
		kill(getpid(), SIGSTOP);
		raw_again();
		size_send(c);
		return CONTINUE;
	case SIGCONT:
		raw_again();
		return CONTINUE;
	default:
		raw_leave();
		return 128 + (int)info.ssi_signo;
	}
}

static int
run(struct console *c)
{
	struct pollfd fds[] = {{c->fd, POLLIN, 0}, {c->signals, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
	int status = CONTINUE;

	while (status == CONTINUE) {
		int n;

		fds[2].fd = c->typing ? STDIN_FILENO : -1;
		n = poll(fds, 3, !c->typing && !c->terminal && !c->read_only ? QUIET_MS : -1);
		if (n == 0)
			return EXIT_DONE;
		if (n == -1 && errno != EINTR)
			return EXIT_SYSTEM;
		if (fds[1].revents)
			status = on_signal(c);
		if (status == CONTINUE && fds[0].revents)
			status = on_packet(c);
		if (status == CONTINUE && c->typing && fds[2].revents)
			status = on_typed(c);
	}
	return status;
}

/* Signals wait for the loop, so that none of them ends us with the terminal as it is. */
static int
signals_open(void)
{
	static const int numbers[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		sigaddset(&set, numbers[i]);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTTOU, SIG_IGN);
	return sigprocmask(SIG_BLOCK, &set, NULL) == -1 ? -1 : signalfd(-1, &set, SFD_CLOEXEC);
}

static int
attach(const struct conf *conf, const char *name, bool read_only)
{
	struct console c = {.name = name, .read_only = read_only, .terminal = isatty(STDIN_FILENO) == 1};
	int status = EXIT_SYSTEM;

	c.typing = c.terminal || !read_only;
	c.fd = console_connect(conf, name, &status);
	if (c.fd == -1)
		return status;
	c.signals = signals_open();
	if (c.signals == -1 || (c.terminal && raw_enter() == -1))
		return cli_fail(EXIT_SYSTEM, "the terminal: %s", remedy(errno, NULL));
	hello_send(&c);
	status = run(&c);
	raw_leave();
	if (c.terminal && status == EXIT_DONE)
		fprintf(stderr, "lodge: left %s\n", name);
	close(c.fd);
	close(c.signals);
	return status;
}

int
cmd_console(const struct said *said)
{
	struct conf conf;
	int status;

	if (!guest_load(said, &conf, &status))
		return status;
	status = attach(&conf, said->operands[0], said_has(said, "-r"));
	conf_free(&conf);
	return status;
}
