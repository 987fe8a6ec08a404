/* `lodge kernel [list]`: kernels for guests on this host: the file's, Debian's, and those that `kernel build` made. */
#include "base/log.h"
#include "base/sys.h"
#include "base/table.h"
#include "base/tool.h"
#include "cli/cli.h"

#include <dirent.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEBIANS "/usr/bin/linux.uml"

enum { KERNELS_VERSION = 1, KERNELS_MAX = 64 };

struct kernels {
	char *paths[KERNELS_MAX];
	size_t n;
	const char *used; /* the file's */
};

static void
add(struct kernels *k, const char *path)
{
	char *copy;

	for (size_t i = 0; i < k->n; i++)
		if (strcmp(k->paths[i], path) == 0)
			return;
	if (k->n == KERNELS_MAX || access(path, X_OK) == -1)
		return;
	copy = strdup(path);
	if (copy)
		k->paths[k->n++] = copy;
}

static int
is_kernel(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void
add_built(struct kernels *k, const struct conf *conf)
{
	struct dirent **entries;
	char *folder = conf_state_path(conf, "kernels"), path[TOOL_PATH_MAX];
	int n = folder ? scandir(folder, &entries, is_kernel, versionsort) : -1;

	for (int i = 0; i < n; i++) {
		add(k, tool_path(path, "%s/%s", folder, entries[i]->d_name));
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	free(folder);
}

static const char *
version_of(const char *path, char out[64])
{
	const char *argv[] = {path, "--version", NULL};

	return tool_line(argv, out, 64) == 0 ? out : "?";
}

static int
print(const struct kernels *k, bool json)
{
	struct table table = {.columns = 3};
	json_t *list = json_array();
	int status = EXIT_DONE;
	char version[64];

	table_add(&table, "KERNEL");
	table_add(&table, "VERSION");
	table_add(&table, "");
	for (size_t i = 0; i < k->n; i++) {
		bool used = strcmp(k->paths[i], k->used) == 0;

		version_of(k->paths[i], version);
		table_add(&table, k->paths[i]);
		table_add(&table, version);
		table_add(&table, used ? "the file's" : "");
		json_array_append_new(list, json_pack("{s:o, s:o, s:b}", "path", cli_json_text(k->paths[i]),
						"version", cli_json_text(version), "used", used));
	}
	if (json)
		status =
		    cli_json(status, json_pack("{s:i, s:O}", "version", KERNELS_VERSION, "kernels", list));
	else if (k->n)
		table_print(&table, stdout);
	json_decref(list);
	table_free(&table);
	return status;
}

int
cmd_kernel_list(const struct said *said)
{
	struct kernels k = {0};
	struct conf conf;
	int status;

	if (cli_load(said->file, &conf, &status) == -1)
		return status;
	k.used = conf.kernel;
	add(&k, conf.kernel);
	add(&k, DEBIANS);
	add_built(&k, &conf);
	status = print(&k, said_has(said, "--json"));
	if (access(conf.kernel, X_OK) == -1)
		status = cli_fail(EXIT_INPUT,
		    "kernel: %s of the file is not there; lodge kernel build makes one, or install "
		    "user-mode-linux",
		    conf.kernel);
	for (size_t i = 0; i < k.n; i++)
		free(k.paths[i]);
	conf_free(&conf);
	return status;
}
