/* One line a call, to stderr; see log.h. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

enum { LINE_BYTES = 2048 };

static const char *program = "lodge";
static bool debugging, journal;

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

static size_t
printable(const char *text, char *out, size_t room)
{
	size_t n = 0;

	while (*text && n + 9 < room) {
		size_t bytes = control((const unsigned char *)text);

		if (bytes == 0)
			out[n++] = *text++;
		for (; bytes > 0; bytes--)
			n += (size_t)snprintf(out + n, room - n, "\\x%02x", (unsigned char)*text++);
	}
	return n;
}

/* One write, so that lines of several processes do not mix. */
static void
line(int level, const char *format, va_list args)
{
	char text[LINE_BYTES], out[LINE_BYTES + 64];
	size_t n;

	vsnprintf(text, sizeof(text), format, args);
	if (journal)
		n = (size_t)snprintf(out, sizeof(out), "<%d>", level);
	else
		n = (size_t)snprintf(out, sizeof(out), "%s: ", program);
	n += printable(text, out + n, sizeof(out) - n - 1);
	out[n++] = '\n';
	if (write(STDERR_FILENO, out, n) == -1)
		return; /* nobody is left to tell */
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
	exit(1);
}

void
fatal_input(const char *format, ...)
{
	LINE(LOG_ERR);
	exit(2);
}
