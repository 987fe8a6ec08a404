/* The file of the links to the usage page, as commands change it; see links_file.h. */
#include "cli/links_file.h"
#include "base/sys.h"
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = LINKS_MAX * (CONF_GUEST_NAME_MAX + LINK_TOKEN + 3) };

int
links_file_read(const char *path, struct links *out)
{
	static char text[FILE_MAX];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), bad;
	size_t n = 0;
	ssize_t got = 0;

	*out = (struct links){0};
	if (fd == -1 && errno == ENOENT)
		return EXIT_DONE;
	if (fd == -1)
		return cli_errno(path);
	while (n < sizeof(text) && (got = read(fd, text + n, sizeof(text) - n)) > 0)
		n += (size_t)got;
	close(fd);
	bad = got == -1 ? -1 : links_parse(span_of(text, n), out);
	if (bad == 0)
		return EXIT_DONE;
	return cli_fail(EXIT_SYSTEM,
	    "%s:%d: this line is no link; take it out, or remove the file and make new links", path,
	    bad > 0 ? bad : 1);
}

/* The whole of it beside the old one, then in its place. */
static int
write_links(const char *path, unsigned gid, const struct links *links)
{
	char fresh[4096];
	FILE *to;
	int fd;

	snprintf(fresh, sizeof(fresh), "%s.new", path);
	unlink(fresh);
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
	to = fd == -1 ? NULL : fdopen(fd, "w");
	if (!to)
		return cli_errno(fresh);
	fputs("# Who may open the usage page; made by lodge link.\n", to);
	for (size_t i = 0; i < links->n; i++)
		if (links->list[i].name[0])
			fprintf(to, "%s %s\n", links->list[i].name, links->list[i].token);
	if (fflush(to) == EOF || fsync(fd) == -1 || (geteuid() == 0 && fchown(fd, 0, gid) == -1) ||
	    fchmod(fd, 0640) == -1 || rename(fresh, path) == -1) {
		int status = cli_errno(path);

		fclose(to);
		unlink(fresh);
		return status;
	}
	fclose(to);
	return EXIT_DONE;
}

/* Its folder, which the page's user may read and nobody else. */
static int
make_folder(const struct conf *conf, unsigned *gid)
{
	char *dir = conf_state_path(conf, "web");
	unsigned uid = geteuid();
	int status = EXIT_DONE;

	*gid = getegid();
	if (!dir)
		return cli_no_memory();
	if (uid == 0 && sys_account(conf->user, &uid, gid) == -1)
		status = cli_fail(EXIT_INPUT, "user %s: no such account; name one with `user:`", conf->user);
	else if (sys_mkdir(dir, 0750, geteuid(), *gid) == -1)
		status = errno == ENOENT ? cli_fail(EXIT_SYSTEM, "%s: %s; lodge up makes the state directory",
					       dir, strerror(errno))
					 : cli_errno(dir);
	free(dir);
	return status;
}

int
links_file_write(const struct conf *conf, const char *path, const struct links *links)
{
	unsigned gid;
	int status = make_folder(conf, &gid);

	return status == EXIT_DONE ? write_links(path, gid, links) : status;
}

int
links_file_lock(const struct conf *conf)
{
	int dir = open(conf->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir != -1 && flock(dir, LOCK_EX) == -1) {
		close(dir);
		return -1;
	}
	return dir;
}

struct link *
links_of(struct links *links, const char *name)
{
	for (size_t i = 0; i < links->n; i++)
		if (strcmp(links->list[i].name, name) == 0)
			return &links->list[i];
	return NULL;
}

struct link *
links_add(struct links *links, const char *name)
{
	uint8_t random[LINK_RANDOM];
	struct link *more = NULL;

	if (getrandom(random, sizeof(random), 0) == (ssize_t)sizeof(random))
		more = realloc(links->list, (links->n + 1) * sizeof(*more));
	if (!more)
		return NULL;
	links->list = more;
	more += links->n++;
	snprintf(more->name, sizeof(more->name), "%s", name);
	link_token(random, more->token);
	return more;
}

const char *
links_url(const struct conf *conf, const struct link *link, char out[LINKS_URL])
{
	const struct web_conf *w = &conf->web;
	char listen[ADDR_TEXT];

	snprintf(out, LINKS_URL, "http%s://%s/k/%s", w->cert ? "s" : "",
	    w->name ? w->name : addr_print(&w->listen, listen), link->token);
	return out;
}

int
links_file_url(const struct conf *conf, const char *name, char out[LINKS_URL])
{
	struct links links = {0};
	struct link *link = NULL;
	char *path = conf_state_path(conf, LINKS_FILE);
	int lock = links_file_lock(conf);
	int status = path ? links_file_read(path, &links) : cli_no_memory();

	if (status == EXIT_DONE && !(link = links_of(&links, name))) {
		link = links_add(&links, name);
		status = link ? links_file_write(conf, path, &links) : cli_no_memory();
	}
	if (status == EXIT_DONE)
		links_url(conf, link, out);
	links_free(&links);
	free(path);
	if (lock != -1)
		close(lock);
	return status;
}

bool
links_take_back(struct links *links, const char *name)
{
	bool any = false;

	for (size_t i = 0; i < links->n; i++)
		if (strcmp(links->list[i].name, name) == 0) {
			links->list[i].name[0] = '\0';
			any = true;
		}
	return any;
}

int
links_file_forget(const struct conf *conf, const char *name)
{
	struct links links = {0};
	char *path = conf_state_path(conf, LINKS_FILE);
	int lock = links_file_lock(conf);
	int status = path ? links_file_read(path, &links) : cli_no_memory();

	if (status == EXIT_DONE && links_take_back(&links, name))
		status = links_file_write(conf, path, &links);
	links_free(&links);
	free(path);
	if (lock != -1)
		close(lock);
	return status;
}
