/* A guest at rest; see rest.h. */
#include "cli/rest.h"
#include "base/ctl.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/tool.h"
#include "cli/cli.h"
#include "cli/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { ANSWER_MS = 5000 };

/* Whether a launcher has it and lets it run. */
static bool
runs(const struct conf *conf, const char *name)
{
	char *path = conf_run_path(conf, "guest-%s.sock", name);
	json_t *answer = path ? ctl_ask(path, "status", ANSWER_MS) : NULL;
	const char *state = json_string_value(json_object_get(answer, "state"));
	bool yes = state && strcmp(state, "stopped") != 0 && strcmp(state, "failed") != 0;

	json_decref(answer);
	free(path);
	return yes;
}

static int
take_image(struct rest *r)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	r->fd = open(r->image, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (r->fd == -1 && errno == ENOENT)
		return cli_fail(
		    EXIT_INPUT, "%s has no image yet; lodge guest create %s makes it", r->name, r->name);
	if (r->fd == -1)
		return cli_fail(EXIT_SYSTEM, "%s: %s", r->image, strerror(errno));
	if (fcntl(r->fd, F_SETLK, &lock) == 0)
		return EXIT_DONE;
	if (errno != EAGAIN && errno != EACCES)
		return cli_fail(EXIT_SYSTEM, "%s: %s", r->image, strerror(errno));
	return cli_fail(
	    EXIT_SYSTEM, "%s is in use by a program that is no launcher of ours; end it first", r->image);
}

int
rest_begin(struct rest *r, const struct conf *conf, const struct guest *guest)
{
	char *image = conf_state_path(conf, guest->disk.image);
	int status = EXIT_DONE;

	*r = (struct rest){.conf = conf, .name = guest->name, .fd = -1};
	tool_path(r->image, "%s", image ? image : "");
	free(image);
	if (geteuid() != 0)
		return cli_fail(EXIT_PERMISSION, "images are root's and their guests'; run it with sudo");
	if (runs(conf, guest->name)) {
		log_info("%s is shut down meanwhile", guest->name);
		status = guest_tell(conf, "stop", guest->name, true);
		r->ran = status == EXIT_DONE;
	}
	return status == EXIT_DONE ? take_image(r) : status;
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
	started = guest_tell(r->conf, "start", r->name, status == EXIT_DONE);
	return status != EXIT_DONE ? status : started;
}
