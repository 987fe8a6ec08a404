/* `lodge link`: who may open the usage page from elsewhere; the file is conf/links.h's. */
#include "base/sys.h"
#include "cli/cli.h"
#include "cli/links_file.h"

#include <stdlib.h>
#include <unistd.h>

enum { LINKS_VERSION = 1 };

enum verb { LINK_SHOW, LINK_NEW, LINK_REVOKE };

struct asked {
	const char *name; /* NULL: all */
	enum verb verb;
	bool json;
};

/* --- links ------------------------------------------------------------------------------------------------------ */

static bool
is_owner(const struct link *link)
{
	return strcmp(link->name, LINK_OWNER) == 0;
}

static int
print_json(const struct conf *conf, const struct link *list, size_t n)
{
	json_t *links = json_array();
	char url[LINKS_URL];

	for (size_t i = 0; i < n; i++)
		json_array_append_new(
		    links, json_pack("{s:s?, s:b, s:s}", "name", is_owner(&list[i]) ? NULL : list[i].name,
			       "owner", is_owner(&list[i]), "url", links_url(conf, &list[i], url)));
	return cli_json(EXIT_DONE, json_pack("{s:i, s:o}", "version", LINKS_VERSION, "links", links));
}

/* The one that was asked for, which may be gone, or all. */
static int
print(const struct conf *conf, const struct link *list, size_t n, const struct asked *asked)
{
	char url[LINKS_URL];

	if (asked->json)
		return print_json(conf, list, n);
	for (size_t i = 0; i < n; i++)
		printf("%s%s%s\n",
		    asked->name		 ? ""
		    : is_owner(&list[i]) ? "--owner"
					 : list[i].name,
		    asked->name ? "" : " ", links_url(conf, &list[i], url));
	return EXIT_DONE;
}

static int
change(const struct conf *conf, const char *path, const struct asked *asked, struct links *links)
{
	struct link *link = links_of(links, asked->name);
	int status = EXIT_DONE;

	if (asked->verb == LINK_REVOKE && !link)
		return cli_fail(EXIT_INPUT, "%s has no link; lodge link lists those there are", asked->name);
	if (asked->verb != LINK_SHOW || !link) {
		links_take_back(links, asked->name);
		link = asked->verb == LINK_REVOKE ? NULL : links_add(links, asked->name);
		if (asked->verb != LINK_REVOKE && !link)
			return cli_no_memory();
		status = links_file_write(conf, path, links);
	}
	if (status == EXIT_DONE)
		status = print(conf, link, link != NULL, asked);
	return status;
}

static int
show_or_change(const struct conf *conf, const char *path, const struct asked *asked)
{
	struct links links = {0};
	int lock = asked->name ? links_file_lock(conf) : -1;
	int status = links_file_read(path, &links);

	if (status == EXIT_DONE && asked->name)
		status = change(conf, path, asked, &links);
	else if (status == EXIT_DONE)
		status = print(conf, links.list, links.n, asked);
	links_free(&links);
	if (lock != -1)
		close(lock);
	return status;
}

/* --- the command ------------------------------------------------------------------------------------------------ */

static int
take_words(const struct said *said, struct asked *asked)
{
	bool new = said_has(said, "--new"), revoke = said_has(said, "--revoke");
	bool owner = said_has(said, "--owner");

	asked->name = owner ? LINK_OWNER : said->n_operands ? said->operands[0] : NULL;
	asked->verb = new ? LINK_NEW : revoke ? LINK_REVOKE : LINK_SHOW;
	asked->json = said_has(said, "--json");
	if (new &&revoke)
		return cli_fail(
		    EXIT_INPUT, "--new and --revoke exclude each other; --new alone ends the old link, too");
	if (owner && said->n_operands)
		return cli_fail(
		    EXIT_INPUT, "whose link? lodge link %s, or lodge link --owner", said->operands[0]);
	if (!asked->name && asked->verb != LINK_SHOW)
		return cli_fail(
		    EXIT_INPUT, "whose link? lodge link NAME %s, or --owner", new ? "--new" : "--revoke");
	return EXIT_DONE;
}

int
cmd_link(const struct said *said)
{
	struct asked asked;
	struct conf conf;
	char *path;
	int status = take_words(said, &asked);

	if (status != EXIT_DONE || cli_load(said->file, &conf, &status) == -1)
		return status;
	path = conf_state_path(&conf, LINKS_FILE);
	if (!path)
		status = cli_no_memory();
	else if (!ip_is_set(&conf.web.listen.ip))
		status = cli_fail(
		    EXIT_INPUT, "there is no page; write web: {listen: 127.0.0.1:8077} in %s", said->file);
	/* A link may be taken from who left the file. */
	else if (asked.name && asked.verb != LINK_REVOKE && strcmp(asked.name, LINK_OWNER) != 0 &&
		 !cli_guest(&conf, asked.name))
		status = EXIT_NO_GUEST;
	else
		status = show_or_change(&conf, path, &asked);
	free(path);
	conf_free(&conf);
	return status;
}
