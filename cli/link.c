/* `lodge link`: who may open the usage page from elsewhere; the file is conf/links.h's. */
#include "base/sys.h"
#include "cli/cli.h"
#include "cli/links_file.h"

#include <stdlib.h>
#include <sys/random.h>

enum verb { LINK_SHOW, LINK_NEW, LINK_REVOKE };

/* --- links ------------------------------------------------------------------------------------------------------ */

static struct link *
link_of(struct links *links, const char *name)
{
	for (size_t i = 0; i < links->n; i++)
		if (strcmp(links->list[i].name, name) == 0)
			return &links->list[i];
	return NULL;
}

static struct link *
add(struct links *links, const char *name)
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
	int status = links_file_read(path, links);

	if (status != EXIT_DONE)
		return status;
	link = link_of(links, name);
	if (verb == LINK_SHOW && link) {
		print_url(conf, link->token);
		return EXIT_DONE;
	}
	if (verb == LINK_REVOKE && !link)
		return cli_fail(EXIT_INPUT, "%s has no link; lodge link lists those there are", name);
	links_take_back(links, name);
	link = verb == LINK_REVOKE ? NULL : add(links, name);
	if (verb != LINK_REVOKE && !link)
		return cli_fail(EXIT_SYSTEM, "out of memory");
	status = links_file_write(conf, path, links);
	if (status == EXIT_DONE && link)
		print_url(conf, link->token);
	return status;
}

static int
list(const struct conf *conf, const char *path, struct links *links)
{
	int status = links_file_read(path, links);

	for (size_t i = 0; i < links->n; i++) {
		printf("%s ", strcmp(links->list[i].name, LINK_OWNER) == 0 ? "--owner" : links->list[i].name);
		print_url(conf, links->list[i].token);
	}
	return status;
}

/* --- the command ------------------------------------------------------------------------------------------------ */

static int
take_words(const struct said *said, const char **name, enum verb *verb)
{
	bool new = said_has(said, "--new"), revoke = said_has(said, "--revoke");
	bool owner = said_has(said, "--owner");

	*name = owner ? LINK_OWNER : said->n_operands ? said->operands[0] : NULL;
	*verb = new ? LINK_NEW : revoke ? LINK_REVOKE : LINK_SHOW;
	if (new &&revoke)
		return cli_fail(
		    EXIT_INPUT, "--new and --revoke exclude each other; --new alone ends the old link, too");
	if (owner && said->n_operands)
		return cli_fail(
		    EXIT_INPUT, "whose link? lodge link %s, or lodge link --owner", said->operands[0]);
	if (!*name && *verb != LINK_SHOW)
		return cli_fail(
		    EXIT_INPUT, "whose link? lodge link NAME %s, or --owner", new ? "--new" : "--revoke");
	return EXIT_DONE;
}

int
cmd_link(const struct said *said)
{
	struct links links = {0};
	struct conf conf;
	enum verb verb;
	const char *name;
	char *path;
	int status = take_words(said, &name, &verb);

	if (status != EXIT_DONE || cli_load(said->file, &conf, &status) == -1)
		return status;
	path = conf_state_path(&conf, LINKS_FILE);
	if (!path)
		status = cli_fail(EXIT_SYSTEM, "out of memory");
	else if (!ip_is_set(&conf.web.listen.ip))
		status = cli_fail(
		    EXIT_INPUT, "there is no page; write web: {listen: 127.0.0.1:8077} in %s", said->file);
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
