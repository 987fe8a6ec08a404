/* `lodge link`: who may open the usage page from elsewhere; the file is conf/links.h's. */
#include "base/sys.h"
#include "cli/cli.h"
#include "conf/links.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = LINKS_MAX * (CONF_GUEST_NAME_MAX + LINK_TOKEN + 3) };

enum verb { LINK_SHOW, LINK_NEW, LINK_REVOKE };

/* --- the file ------------------------------------------------------------------------------------------------- */

/* One that is not there holds nothing. An error is told. */
static int
read_links(const char *path, struct links *out)
{
	static char text[FILE_MAX];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), bad;
	size_t n = 0;
	ssize_t got = 0;

	*out = (struct links){0};
	if (fd == -1 && errno == ENOENT)
		return EXIT_DONE;
	if (fd == -1)
		return cli_fail(errno == EACCES ? EXIT_PERMISSION : EXIT_SYSTEM, "%s: %s%s", path,
		    strerror(errno), errno == EACCES ? "; try as root" : "");
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
		return cli_fail(errno == EACCES ? EXIT_PERMISSION : EXIT_SYSTEM, "%s: %s%s", fresh,
		    strerror(errno), errno == EACCES ? "; try as root" : "");
	fputs("# Who may open the usage page; made by lodge link.\n", to);
	for (size_t i = 0; i < links->n; i++)
		if (links->list[i].name[0])
			fprintf(to, "%s %s\n", links->list[i].name, links->list[i].token);
	if (fflush(to) == EOF || fsync(fd) == -1 || (geteuid() == 0 && fchown(fd, 0, gid) == -1) ||
	    fchmod(fd, 0640) == -1 || rename(fresh, path) == -1) {
		int status = cli_fail(EXIT_SYSTEM, "%s: %s", path, strerror(errno));

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
		return cli_fail(EXIT_SYSTEM, "out of memory");
	if (uid == 0 && sys_account(conf->user, &uid, gid) == -1)
		status = cli_fail(EXIT_INPUT, "user %s: no such account; name one with `user:`", conf->user);
	else if (sys_mkdir(dir, 0750, geteuid(), *gid) == -1)
		status = cli_fail(errno == EACCES || errno == EPERM ? EXIT_PERMISSION : EXIT_SYSTEM,
		    "%s: %s%s", dir, strerror(errno),
		    errno == EACCES   ? "; try as root"
		    : errno == ENOENT ? "; lodge up makes the state directory"
				      : "");
	free(dir);
	return status;
}

/* --- links ------------------------------------------------------------------------------------------------------ */

static struct link *
link_of(struct links *links, const char *name)
{
	for (size_t i = 0; i < links->n; i++)
		if (strcmp(links->list[i].name, name) == 0)
			return &links->list[i];
	return NULL;
}

static void
take_back(struct links *links, const char *name)
{
	for (size_t i = 0; i < links->n; i++)
		if (strcmp(links->list[i].name, name) == 0)
			links->list[i].name[0] = '\0';
}

static struct link *
add(struct links *links, const char *name)
{
	struct link *more = realloc(links->list, (links->n + 1) * sizeof(*more));
	uint8_t random[LINK_RANDOM];

	if (!more || getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return NULL;
	links->list = more;
	more += links->n++;
	snprintf(more->name, sizeof(more->name), "%s", name);
	link_token(random, more->token);
	return more;
}

static void
print_url(const struct conf *conf, const char *token)
{
	const struct web_conf *w = &conf->web;
	char listen[ADDR_TEXT];

	if (w->name)
		printf("http%s://%s/k/%s\n", w->cert ? "s" : "", w->name, token);
	else
		printf("http%s://%s/k/%s\n", w->cert ? "s" : "", addr_print(&w->listen, listen), token);
}

static int
change(const struct conf *conf, const char *path, const char *name, enum verb verb, struct links *links)
{
	struct link *link;
	unsigned gid;
	int status = read_links(path, links);

	if (status != EXIT_DONE)
		return status;
	link = link_of(links, name);
	if (verb == LINK_SHOW && link) {
		print_url(conf, link->token);
		return EXIT_DONE;
	}
	if (verb == LINK_REVOKE && !link)
		return cli_fail(EXIT_INPUT, "%s has no link; lodge link lists those there are", name);
	take_back(links, name);
	link = verb == LINK_REVOKE ? NULL : add(links, name);
	if (verb != LINK_REVOKE && !link)
		return cli_fail(EXIT_SYSTEM, "out of memory");
	status = make_folder(conf, &gid);
	if (status == EXIT_DONE)
		status = write_links(path, gid, links);
	if (status == EXIT_DONE && link)
		print_url(conf, link->token);
	return status;
}

static int
list(const struct conf *conf, const char *path, struct links *links)
{
	int status = read_links(path, links);

	for (size_t i = 0; i < links->n; i++) {
		printf("%s ", strcmp(links->list[i].name, LINK_OWNER) == 0 ? "--owner" : links->list[i].name);
		print_url(conf, links->list[i].token);
	}
	return status;
}

/* --- the command ------------------------------------------------------------------------------------------------ */

static int
take_words(int argc, char **argv, const char **name, enum verb *verb)
{
	*name = NULL;
	*verb = LINK_SHOW;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--new") == 0 && *verb == LINK_SHOW)
			*verb = LINK_NEW;
		else if (strcmp(argv[i], "--revoke") == 0 && *verb == LINK_SHOW)
			*verb = LINK_REVOKE;
		else if (strcmp(argv[i], "--owner") == 0 && !*name)
			*name = LINK_OWNER;
		else if (argv[i][0] != '-' && !*name)
			*name = argv[i];
		else
			return cli_fail(EXIT_INPUT,
			    "link takes NAME or --owner, and --new or --revoke; not «%s»", argv[i]);
	}
	if (!*name && *verb != LINK_SHOW)
		return cli_fail(EXIT_INPUT, "whose link? lodge link NAME %s, or --owner", argv[1]);
	return EXIT_DONE;
}

int
cmd_link(const char *file, int argc, char **argv)
{
	struct links links = {0};
	struct conf conf;
	enum verb verb;
	const char *name;
	char *path;
	int status = take_words(argc, argv, &name, &verb);

	if (status != EXIT_DONE || cli_load(file, &conf, &status) == -1)
		return status;
	path = conf_state_path(&conf, LINKS_FILE);
	if (!path)
		status = cli_fail(EXIT_SYSTEM, "out of memory");
	else if (!ip_is_set(&conf.web.listen.ip))
		status =
		    cli_fail(EXIT_INPUT, "there is no page; write web: {listen: 127.0.0.1:8077} in %s", file);
	else if (!name)
		status = list(&conf, path, &links);
	/* A link may be taken from who left the file. */
	else if (verb != LINK_REVOKE && strcmp(name, LINK_OWNER) != 0 && !cli_guest(&conf, name))
		status = EXIT_NO_GUEST;
	else
		status = change(&conf, path, name, verb, &links);
	links_free(&links);
	free(path);
	conf_free(&conf);
	return status;
}
