/* The terminal as a wire to another one; see raw.h. */
#include "cli/raw.h"

#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* Colours off, cursor on, lines wrap, no mouse, no marks around what is pasted, keys as usual. */
#define PLAIN "\033[0m\033[?25h\033[?7h\033[?1000;1002;1003;1006l\033[?2004l\033[?1l\033>"
#define MAIN_SCREEN "\033[?1049l"
#define OTHER_SCREEN "\033[?1049h"

static struct termios before;
static bool entered, is_raw, other_screen;

static int
set_raw(void)
{
	struct termios raw = before;

	cfmakeraw(&raw);
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) == -1)
		return -1;
	is_raw = true;
	return 0;
}

int
raw_enter(void)
{
	if (tcgetattr(STDIN_FILENO, &before) == -1)
		return -1;
	entered = true;
	return set_raw();
}

void
raw_again(void)
{
	if (entered)
		set_raw();
}

static void
show(const char *text)
{
	if (write(STDOUT_FILENO, text, strlen(text)) == -1)
		return; /* whoever closed the terminal needs it no more */
}

void
raw_leave(void)
{
	if (!is_raw)
		return;
	is_raw = false;
	if (isatty(STDOUT_FILENO)) {
		if (other_screen)
			show(MAIN_SCREEN);
		show(PLAIN "\r\n");
	}
	other_screen = false;
	tcflush(STDIN_FILENO,
	    TCIFLUSH); /* answers of the terminal that the guest asked for, and nobody wants now */
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

void
raw_watch(const char *bytes, size_t n)
{
	static const size_t len = sizeof(OTHER_SCREEN) - 1;

	for (const char *at = bytes; (at = memmem(at, n - (size_t)(at - bytes), "\033[?1049", len - 1));
	     at += len - 1)
		if ((size_t)(at - bytes) + len <= n)
			other_screen = at[len - 1] == 'h';
}

bool
raw_size(unsigned *rows, unsigned *columns)
{
	struct winsize size = {0};

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == -1 || size.ws_row == 0 || size.ws_col == 0)
		return false;
	*rows = size.ws_row;
	*columns = size.ws_col;
	return true;
}
