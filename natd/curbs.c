/* The curbs in force; see curbs.h. */
#include "natd/curbs.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char place[] = "natd/curbs", place_new[] = "natd/curbs.new", folder[] = "natd";

static void
replace(struct curbs *curbs, const struct curbs *by)
{
	free(curbs->list);
	*curbs = *by;
}

static int
write_lines(FILE *out, const struct curbs *curbs)
{
	char text[CURB_TEXT];

	for (size_t i = 0; i < curbs->n; i++)
		fprintf(out, "%s\n", curb_print(&curbs->list[i], text));
	return fflush(out) == 0 && !ferror(out) && fsync(fileno(out)) == 0 ? 0 : -1;
}

/* Whole or not at all. */
static int
save(const struct curbs *curbs, const struct conf *conf)
{
	char *path = conf_state_path(conf, place), *fresh = conf_state_path(conf, place_new);
	FILE *out = path && fresh ? fopen(fresh, "we") : NULL;
	int error = out ? write_lines(out, curbs) : -1, saved = errno;

	if (out && fclose(out) != 0 && error == 0) {
		saved = errno;
		error = -1;
	}
	if (error == 0 && rename(fresh, path) == -1) {
		saved = errno;
		error = -1;
	}
	if (error == -1 && out)
		unlink(fresh);
	free(path);
	free(fresh);
	errno = saved;
	return error;
}

int
curbs_prepare(const struct conf *conf)
{
	char *path = conf_state_path(conf, folder);
	int error;

	if (access(conf->state, F_OK) == -1 && sys_mkdir(conf->state, 0755, 0, 0) == -1) {
		free(path);
		return -1;
	}
	error = path ? sys_mkdir(path, 0755, 0, 0) : -1;
	free(path);
	return error;
}

int
curbs_load(struct curbs *curbs, const struct conf *conf)
{
	char *path = conf_state_path(conf, place), line[CURB_TEXT + 2];
	FILE *in = path ? fopen(path, "re") : NULL;
	int error = in || errno == ENOENT ? 0 : -1;
	enum curb_change change;
	struct curbs fresh;
	struct curb curb;

	*curbs = (struct curbs){0};
	free(path);
	while (in && error == 0 && fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = '\0';
		if (curb_parse(span_str(line), &curb) || !conf_guest(conf, curb.guest))
			continue;
		error = curbs_after(curbs, &curb, &fresh, &change);
		if (error == 0)
			replace(curbs, &fresh);
	}
	if (in)
		fclose(in);
	return error;
}

int
curbs_set(struct curbs *curbs, const struct conf *conf, const struct curb *order, enum curb_change *change)
{
	struct curbs fresh;

	if (curbs_after(curbs, order, &fresh, change) == -1)
		return -1;
	if (*change == CURB_CHANGED && save(&fresh, conf) == -1) {
		free(fresh.list);
		return -1;
	}
	replace(curbs, &fresh);
	return 0;
}

int
curbs_prune(struct curbs *curbs, const struct conf *conf)
{
	size_t n = 0;

	for (size_t i = 0; i < curbs->n; i++)
		if (conf_guest(conf, curbs->list[i].guest))
			curbs->list[n++] = curbs->list[i];
	if (n == curbs->n)
		return 0;
	curbs->n = n;
	return save(curbs, conf);
}
