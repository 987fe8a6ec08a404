/* One line a call, to stderr; see log.h. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <unistd.h>

enum { LINE_BYTES = 2048 };

static const char *program = "lodge";
static bool debugging, journal;

void
log_open(const char *name, bool debug)
{
	program = name;
	debugging = debug;
	journal = getenv("JOURNAL_STREAM") != NULL;
}

static size_t
printable(const char *text, char *out, size_t room)
{
	size_t n = 0;

	for (; *text && n + 5 < room; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f)
			n += (size_t)snprintf(out + n, room - n, "\\x%02x", c);
		else
			out[n++] = (char)c;
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

#define LINE(level)                                                                                        \
	do {                                                                                               \
		va_list args;                                                                              \
		va_start(args, format);                                                                    \
		line(level, format, args);                                                                 \
		va_end(args);                                                                              \
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
