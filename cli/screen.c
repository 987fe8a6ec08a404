/* The terminal as a screen of its own; see screen.h. */
#include "cli/screen.h"

#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* The other screen, no cursor, no lines that go on in the next; and the way back. */
#define ENTER "\033[?1049h\033[?25l\033[?7l"
#define LEAVE "\033[?7h\033[?25h\033[?1049l"

static struct termios before, keys;
static bool is_open, has_keys;

int
screen_open(void)
{
	has_keys = tcgetattr(STDIN_FILENO, &before) == 0;
	keys = before;
	keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	keys.c_cc[VMIN] = 1;
	keys.c_cc[VTIME] = 0;
	if (has_keys && tcsetattr(STDIN_FILENO, TCSANOW, &keys) == -1)
		return -1;
	is_open = true;
	fputs(ENTER, stdout);
	fflush(stdout);
	return 0;
}

void
screen_again(void)
{
	if (!is_open)
		return;
	if (has_keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &keys);
	fputs(ENTER, stdout);
	fflush(stdout);
}

void
screen_close(void)
{
	if (!is_open)
		return;
	is_open = false;
	fputs(LEAVE, stdout);
	fflush(stdout);
	if (has_keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

void
screen_size(size_t *rows, size_t *columns)
{
	struct winsize size = {0};

	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	*rows = size.ws_row ? size.ws_row : 24;
	*columns = size.ws_col ? size.ws_col : 80;
}

void
screen_draw(const char *text, size_t len)
{
	fputs("\033[H", stdout);
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n')
			fputs("\033[K\r\n", stdout);
		else
			fputc(text[i], stdout);
	}
	fputs("\033[J", stdout);
	fflush(stdout);
}
