/* The links that open the page; see pass.h. */
#include "web/pass.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = LINKS_MAX * (CONF_GUEST_NAME_MAX + LINK_TOKEN + 3) };

struct pass {
	char *path;
	struct links links;
	struct stat seen; /* the file that was read */
	char why[160];
};

struct pass *
pass_open(const struct conf *conf)
{
	struct pass *p = calloc(1, sizeof(*p));

	if (p)
		p->path = conf_state_path(conf, LINKS_FILE);
	if (p && !p->path) {
		free(p);
		p = NULL;
	}
	return p;
}

void
pass_close(struct pass *p)
{
	links_free(&p->links);
	free(p->path);
	free(p);
}

void
pass_reload(struct pass *p, const struct conf *conf)
{
	char *path = conf_state_path(conf, LINKS_FILE);

	if (!path)
		return;
	free(p->path);
	p->path = path;
	p->seen = (struct stat){0};
}

/* All of it, into the links. */
static void
read_links(struct pass *p, int fd, size_t size)
{
	char *text = malloc(size + 1);
	size_t got = 0;
	ssize_t n;
	int bad;

	while (text && got < size && (n = read(fd, text + got, size - got)) > 0)
		got += (size_t)n;
	bad = text ? links_parse(span_of(text, got), &p->links) : -1;
	free(text);
	if (bad == 0)
		return;
	if (bad > 0)
		snprintf(
		    p->why, sizeof(p->why), "%.90s:%d: no link; lodge link writes them anew", p->path, bad);
	else
		snprintf(p->why, sizeof(p->why), "%.90s: too many links, or no memory", p->path);
	log_error("%s", p->why);
}

static bool
is_seen(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* Nobody's link is good any more, but those that the file has now. */
static void
look(struct pass *p)
{
	struct stat st = {0};
	int fd = open(p->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd == -1 && errno != ENOENT && !p->why[0]) {
		snprintf(p->why, sizeof(p->why), "%.90s: %s", p->path, strerror(errno));
		log_error("%s", p->why);
	}
	if (fd == -1) {
		links_free(&p->links);
		p->seen = st;
		return;
	}
	if (fstat(fd, &st) == 0 && is_seen(&st, &p->seen)) {
		close(fd);
		return;
	}
	links_free(&p->links);
	p->why[0] = '\0';
	p->seen = st;
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX)
		snprintf(p->why, sizeof(p->why), "%.90s: no file of links", p->path);
	else
		read_links(p, fd, (size_t)st.st_size);
	close(fd);
}

const char *
pass_find(struct pass *p, struct span token)
{
	if (!link_is_token(token))
		return NULL;
	look(p);
	return links_find(&p->links, token);
}

size_t
pass_count(const struct pass *p)
{
	return p->links.n;
}

const char *
pass_why(const struct pass *p)
{
	return p->why;
}
