/* `lodge guest [list]`: the guests of the file, and what each one's launcher says of it. */
#include "base/ctl.h"
#include "base/sys.h"
#include "base/table.h"
#include "cli/cli.h"
#include "cli/guest.h"
#include "conf/draft.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LIST_VERSION = 1, ANSWER_MS = 2000 };

static json_t *
one(const struct conf *conf, const struct guest *guest)
{
	char *path = conf_run_path(conf, "guest-%s.sock", guest->name), address[IP_TEXT];
	json_t *answer = path ? ctl_ask(path, "status", ANSWER_MS) : NULL;
	int error = errno;
	const char *state = guest_text(answer, "state");
	json_int_t since = json_integer_value(json_object_get(answer, "since"));
	json_t *json;

	if (!answer)
		state = error == EACCES ? "no permission" : ctl_is_down(error) ? "down" : strerror(error);
	json = json_pack("{s:s, s:s, s:s, s:s, s:b}", "name", guest->name, "state", state, "why",
	    guest_text(answer, "why"), "address", ip_print(&guest->address, address), "autostart",
	    guest->autostart);
	json_object_set_new(json, "since", since ? json_integer(since) : json_null());
	json_object_set_new(
	    json, "ssh_port", draft_ssh_port(guest) ? json_integer(draft_ssh_port(guest)) : json_null());
	json_decref(answer);
	free(path);
	return json;
}

static void
add_row(struct table *table, const json_t *guest)
{
	int64_t now = (int64_t)time(NULL), since = json_integer_value(json_object_get(guest, "since"));
	json_int_t port = json_integer_value(json_object_get(guest, "ssh_port"));
	char text[32];

	table_add(table, guest_text(guest, "name"));
	table_add(table, guest_text(guest, "state"));
	table_add(table, since ? span_print(since < now ? (uint64_t)(now - since) : 0, text) : "-");
	table_add(table, guest_text(guest, "address"));
	snprintf(text, sizeof(text), port ? "%d" : "-", (int)port);
	table_add(table, text);
}

static void
print_table(const json_t *guests)
{
	static const char *const headings[] = {"GUEST", "STATE", "FOR", "ADDRESS", "SSH PORT"};
	struct table table = {.columns = 5, .right = 1u << 4};
	const json_t *guest;
	size_t i;

	for (i = 0; i < table.columns; i++)
		table_add(&table, headings[i]);
	json_array_foreach (guests, i, guest)
		add_row(&table, guest);
	table_print(&table, stdout);
	table_free(&table);
}

int
cmd_guest_list(const struct said *said)
{
	json_t *guests = json_array();
	struct conf conf;
	int status;

	if (cli_load(said->file, &conf, &status) == -1)
		return status;
	for (size_t i = 0; i < conf.n_guests; i++)
		json_array_append_new(guests, one(&conf, &conf.guests[i]));
	if (said_has(said, "--json")) {
		status = cli_json(status, json_pack("{s:i, s:O}", "version", LIST_VERSION, "guests", guests));
	} else if (conf.n_guests) {
		print_table(guests);
	} else {
		fprintf(stderr, "no guest yet; lodge guest create NAME makes one\n");
	}
	json_decref(guests);
	conf_free(&conf);
	return status;
}
