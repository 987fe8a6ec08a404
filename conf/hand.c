/* Ordering a curb, and who may; see curb.h. */
#include "base/ctl.h"
#include "base/remedy.h"
#include "base/sys.h"
#include "conf/curb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NOGROUP = 65534 }; /* everybody's */

int
curb_order(const struct conf *conf, const struct curb *curb, int timeout_ms, char *why, size_t room)
{
	char *path = conf_run_path(conf, "natd.sock"), text[CURB_TEXT];
	json_t *answer = path ? ctl_ask(path, curb_print(curb, text), timeout_ms) : NULL;
	const char *error = answer ? json_string_value(json_object_get(answer, "error")) : NULL;
	int saved = path ? errno : ENOMEM;

	if (error)
		saved = EINVAL;
	if (!answer || error)
		snprintf(why, room, "%s", error ? error : remedy(saved, path));
	free(path);
	if (answer && !error) {
		json_decref(answer);
		return 0;
	}
	json_decref(answer);
	errno = saved;
	return -1;
}

unsigned
curb_gid(const struct conf *conf)
{
	unsigned uid, gid;

	if (sys_account(conf->user, &uid, &gid) == -1)
		return 0;
	return gid == NOGROUP ? conf->uids + 1 : gid;
}
