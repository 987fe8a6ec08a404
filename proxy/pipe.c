/* Pipes for splice(2); see pipe.h. */
#include "proxy/pipe.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static struct pipe *idle;
static size_t n_pipes, max_pipes = PIPES_MAX;
static uint64_t unreported, *shortages = &unreported;

void
pipe_limit(size_t pipes)
{
	max_pipes = pipes < PIPES_MAX ? pipes : PIPES_MAX;
}

void
pipe_report(uint64_t *count)
{
	shortages = count;
}

/* Of the kernel's own size where it gives no more. */
static size_t
size_of(int fd)
{
	int bytes = n_pipes < PIPES_LARGE ? fcntl(fd, F_SETPIPE_SZ, PIPE_LARGE_BYTES) : -1;

	return bytes == -1 ? PIPE_BYTES : (size_t)bytes;
}

struct pipe *
pipe_take(void)
{
	struct pipe *p = idle;
	int fds[2];

	if (p) {
		idle = p->next;
		return p;
	}
	if (n_pipes == max_pipes || pipe2(fds, O_NONBLOCK | O_CLOEXEC) == -1) {
		++*shortages;
		return NULL;
	}
	p = malloc(sizeof(*p));
	if (!p) {
		close(fds[0]);
		close(fds[1]);
		return NULL;
	}
	*p = (struct pipe){.out = fds[0], .in = fds[1], .room = size_of(fds[1])};
	n_pipes++;
	return p;
}

void
pipe_give(struct pipe *p, size_t bytes_left)
{
	if (bytes_left == 0) {
		p->next = idle;
		idle = p;
		return;
	}
	close(p->out);
	close(p->in);
	free(p);
	n_pipes--;
}
