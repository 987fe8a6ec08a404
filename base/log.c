/* One line a call, to stderr; see log.h. */
#include "base/log.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

enum {
	LINE_BYTES = 2048,
	LINE_MAX_BYTES = LINE_BYTES + 64,
	HELD_BYTES = 64 << 10, /* of gathered lines */
};
_Static_assert((int)LINE_MAX_BYTES <= (int)PIPE_BUF, "a pipe takes a line whole or not at all");

enum patience {
	PATIENT, /* wait for who reads */
	NOT_WAITING, /* the descriptor does not wait */
	SOCKET,
	ASKING, /* ask before each write, which is the next best */
};

static const char *program = "lodge";
static bool debugging, journal;
static int out_fd = STDERR_FILENO;
static enum patience patience;
static char *held; /* lines that are gathered; NULL: each goes out at once */
static size_t n_held;
static uint64_t lost, lost_told;
static double wait_until; /* 0: for nobody */

/* The variable is inherited by what writes elsewhere, too: it names the journal's own "DEVICE:INODE". */
static bool
is_journal(const char *stream)
{
	unsigned long long device, inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

/* Bytes of the control character that stands next: an ASCII one, or one of U+0080 to U+009F. 0: none. */
static size_t
control(const unsigned char *text)
{
	if (text[0] < 0x20 || text[0] == 0x7f)
		return 1;
	return text[0] == 0xc2 && text[1] >= 0x80 && text[1] < 0xa0 ? 2 : 0;
}

void
log_open(const char *name, bool debug)
{
	program = name;
	debugging = debug;
	journal = is_journal(getenv("JOURNAL_STREAM"));
}

size_t
log_printable(const char *text, char *out, size_t room)
{
	size_t n = 0;

	while (*text && n + 9 < room) {
		size_t bytes = control((const unsigned char *)text);

		if (bytes == 0)
			out[n++] = *text++;
		for (; bytes > 0; bytes--)
			n += (size_t)snprintf(out + n, room - n, "\\x%02x", (unsigned char)*text++);
	}
	out[n] = '\0';
	return n;
}

/* One write, so that lines of several processes do not mix. False: nobody takes it now, or ever. */
static bool
put_now(const char *bytes, size_t n)
{
	struct pollfd room = {.fd = out_fd, .events = POLLOUT};

	if (patience == SOCKET)
		return send(out_fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL) != -1;
	if (patience == ASKING && poll(&room, 1, 0) != 1) {
		errno = EAGAIN;
		return false;
	}
	return write(out_fd, bytes, n) != -1;
}

/* The same; where it may wait, until it is taken or the time is over. */
static bool
put(const char *bytes, size_t n)
{
	struct pollfd room = {.fd = out_fd, .events = POLLOUT};

	while (!put_now(bytes, n)) {
		int error = errno;
		double left = wait_until ? wait_until - sys_seconds() : 0;

		if (left <= 0 || (error != EAGAIN && error != EINTR))
			return false;
		poll(&room, 1, (int)(left * 1000) + 1);
	}
	return true;
}

static size_t
compose(int level, char *out, const char *text)
{
	size_t n;

	if (journal)
		n = (size_t)snprintf(out, LINE_MAX_BYTES, "<%d>", level);
	else
		n = (size_t)snprintf(out, LINE_MAX_BYTES, "%s: ", program);
	n += log_printable(text, out + n, LINE_MAX_BYTES - n - 1);
	out[n++] = '\n';
	return n;
}

/* How many lines were lost is told before the next one. */
static bool
tell_lost(void)
{
	char text[96], out[LINE_MAX_BYTES];

	if (lost == lost_told)
		return true;
	snprintf(text, sizeof(text), "%llu lines of this log were lost, for nobody read it",
	    (unsigned long long)(lost - lost_told));
	if (!put(out, compose(LOG_WARNING, out, text)))
		return false;
	lost_told = lost;
	return true;
}

/* As many whole lines as a pipe takes at once; 0: none is held. */
static size_t
piece(void)
{
	size_t n = n_held < PIPE_BUF ? n_held : PIPE_BUF;

	while (n > 0 && held[n - 1] != '\n')
		n--;
	return n;
}

bool
log_flush(void)
{
	size_t n;

	while ((n = piece()) > 0 && put(held, n)) {
		n_held -= n;
		memmove(held, held + n, n_held);
	}
	return n_held == 0 && tell_lost();
}

static void
line(int level, const char *format, va_list args)
{
	char text[LINE_BYTES], out[LINE_MAX_BYTES];
	size_t n;

	vsnprintf(text, sizeof(text), format, args);
	n = compose(level, out, text);
	if (held && n_held + n > HELD_BYTES)
		log_flush();
	if (held && n_held + n <= HELD_BYTES) {
		memcpy(held + n_held, out, n);
		n_held += n;
		return;
	}
	if (held || !tell_lost() || !put(out, n))
		lost++;
}

/* A description of our own of the same pipe or terminal: what is set on it is nobody else's. */
static int
reopen(void)
{
	return open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void
log_no_wait(void)
{
	struct stat st;
	int fd;

	if (fstat(STDERR_FILENO, &st) == -1 || S_ISREG(st.st_mode))
		return; /* a file takes everything */
	if (S_ISSOCK(st.st_mode)) {
		patience = SOCKET;
		return;
	}
	fd = reopen();
	patience = fd == -1 ? ASKING : NOT_WAITING;
	out_fd = fd == -1 ? STDERR_FILENO : fd;
}

int
log_descriptor(void)
{
	return out_fd;
}

int
log_gather(void)
{
	held = malloc(HELD_BYTES);
	n_held = 0;
	lost = lost_told = 0;
	return held ? 0 : -1;
}

void
log_wait(double seconds)
{
	wait_until = sys_seconds() + seconds;
}

void
log_last(void)
{
	log_flush();
	for (size_t i = 0; i < n_held; i++)
		lost += held[i] == '\n';
	n_held = 0;
	tell_lost();
}

uint64_t
log_lost(void)
{
	return lost;
}

#define LINE(level)                                                                                          \
	do {                                                                                                 \
		va_list args;                                                                                \
		va_start(args, format);                                                                      \
		line(level, format, args);                                                                   \
		va_end(args);                                                                                \
	} while (0)

void
log_error(const char *format, ...)
{
	LINE(LOG_ERR);
}

void
log_warn(const char *format, ...)
{
	LINE(LOG_WARNING);
}

void
log_info(const char *format, ...)
{
	LINE(LOG_INFO);
}

void
log_debug(const char *format, ...)
{
	if (debugging)
		LINE(LOG_DEBUG);
}

void
fatal(const char *format, ...)
{
	LINE(LOG_ERR);
	log_flush();
	exit(1);
}

void
fatal_input(const char *format, ...)
{
	LINE(LOG_ERR);
	log_flush();
	exit(2);
}
