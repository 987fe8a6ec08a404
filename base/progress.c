/* What takes a while, on a terminal; see progress.h. */
#include "base/progress.h"
#include "base/sys.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BAR = 20, LARGE = 1 << 20, WIDTH_MIN = 20 };

static struct {
	bool shown, drawn;
	const char *what, *step;
	unsigned n, steps; /* the one that runs, from 1 */
	double since, share; /* of the step's file; one that is read twice takes nothing back */
} now;

void
progress_open(const char *what, unsigned steps)
{
	const char *term = getenv("TERM");

	memset(&now, 0, sizeof(now));
	now.shown = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
	now.what = what;
	now.steps = steps;
}

void
progress_step(const char *name)
{
	now.step = name;
	now.n++;
	now.since = sys_seconds();
	now.share = 0;
}

void
progress_close(void)
{
	progress_clear();
	now.shown = false;
}

bool
progress_shown(void)
{
	return now.shown;
}

/* How far a descriptor is in the file that it reads; false: it reads no large regular file. */
static bool
offset_of(pid_t pid, const char *fd, double *share)
{
	char path[64 + NAME_MAX];
	unsigned long long at = 0;
	unsigned flags = O_RDWR;
	struct stat st;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/fd/%s", pid, fd);
	if (stat(path, &st) == -1 || !S_ISREG(st.st_mode) || st.st_size < LARGE)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%s", pid, fd);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (fscanf(f, "pos: %llu flags: %o", &at, &flags) != 2 || (flags & O_ACCMODE) != O_RDONLY)
		at = 0;
	fclose(f);
	*share = (double)at / (double)st.st_size;
	return at > 0 && *share <= 1;
}

/* The share of the largest file that the program has gone through; 0 where it has none. */
static double
share_of(pid_t pid)
{
	char path[64];
	struct dirent *entry;
	double share = 0;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir)))
		found = entry->d_name[0] != '.' && offset_of(pid, entry->d_name, &share);
	if (dir)
		closedir(dir);
	return found ? share : 0;
}

static size_t
width(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == -1 || size.ws_col < WIDTH_MIN)
		return 79;
	return size.ws_col - 1u;
}

void
progress_draw(pid_t pid)
{
	char line[256], bar[BAR + 1];
	double done, share = share_of(pid);
	size_t full;

	if (!now.shown || now.n == 0)
		return;
	now.share = share > now.share ? share : now.share;
	done = (now.n - 1 + now.share) / now.steps;
	full = (size_t)(done * BAR);
	for (size_t i = 0; i < BAR; i++)
		bar[i] = i < full ? '#' : '.';
	bar[BAR] = '\0';
	snprintf(line, sizeof(line), "%s [%s] %3.0f %% %s, %.0f s", now.what, bar, done * 100, now.step,
	    sys_seconds() - now.since);
	fprintf(stderr, "\r\033[K%.*s", (int)width(), line);
	fflush(stderr);
	now.drawn = true;
}

void
progress_clear(void)
{
	if (now.drawn)
		fputs("\r\033[K", stderr);
	now.drawn = false;
}
