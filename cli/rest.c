/* A guest at rest; see rest.h. */
#include "cli/rest.h"
#include "base/ctl.h"
#include "base/hold.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/tool.h"
#include "cli/cli.h"
#include "cli/guest.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { ANSWER_MS = 5000 };

int
rest_runs(const struct conf *conf, const char *name)
{
	char *path = conf_run_path(conf, "guest-%s.sock", name);
	json_t *answer = path ? ctl_ask(path, "status", ANSWER_MS) : NULL;
	const char *state = json_string_value(json_object_get(answer, "state"));
	int result = -1, saved = answer ? EPROTO : errno;

	if (state)
		result = strcmp(state, "stopped") != 0 && strcmp(state, "failed") != 0;
	else if (ctl_is_down(saved))
		result = 0;
	json_decref(answer);
	free(path);
	errno = saved;
	return result;
}

/* A link is followed, here and never again. */
static int
find_image(struct rest *r, const struct guest *guest)
{
	char *path = conf_state_path(r->conf, guest->disk.image), *image = path ? realpath(path, NULL) : NULL;
	int status = EXIT_DONE;

	if (image)
		tool_path(r->image, "%s", image);
	else if (errno == ENOENT)
		status = cli_fail(
		    EXIT_INPUT, "%s has no image yet; lodge guest create %s makes it", r->name, r->name);
	else
		status = path ? cli_errno(path) : cli_no_memory();
	free(image);
	free(path);
	return status;
}

int
rest_take(struct rest *r)
{
	char why[PATH_MAX + 128];

	r->fd = hold_image(r->image, HOLD_FROM_KERNELS, why, sizeof(why));
	return r->fd == -1 ? cli_fail(EXIT_SYSTEM, "%s", why) : EXIT_DONE;
}

int
rest_find(struct rest *r, const struct conf *conf, const struct guest *guest)
{
	*r = (struct rest){.conf = conf, .name = guest->name, .fd = -1};
	if (geteuid() != 0)
		return cli_fail(EXIT_PERMISSION, "images are root's and their guests'; run it with sudo");
	return find_image(r, guest);
}

int
rest_begin(struct rest *r, const struct conf *conf, const struct guest *guest)
{
	int status = rest_find(r, conf, guest);

	if (status == EXIT_DONE && rest_runs(conf, guest->name) == 1) {
		log_info("%s is shut down meanwhile", guest->name);
		r->ran = true; /* also where the wait goes wrong: it may be down by then */
		status = guest_tell(conf, "stop", guest->name, WAIT);
	}
	return status == EXIT_DONE ? rest_take(r) : status;
}

int
rest_end(struct rest *r, int status)
{
	int started;

	if (r->fd != -1)
		close(r->fd);
	r->fd = -1;
	if (!r->ran)
		return status;
	started = guest_tell(r->conf, "start", r->name, status == EXIT_DONE ? WAIT_HEARING : WAIT_NOT);
	tool_interruptible(false);
	return status != EXIT_DONE ? status : started;
}
