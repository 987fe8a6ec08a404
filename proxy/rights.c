/* What the supervisor keeps of its privilege; see rights.h. */
#include "proxy/rights.h"
#include "base/log.h"
#include "base/sys.h"
#include "proxy/dial.h"

#include <cap-ng.h>
#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

bool
rights_wanted(const struct conf *conf)
{
	for (size_t i = 0; i < conf->n_guests; i++) {
		enum client_address how = conf->guests[i].client_address;

		if ((how == CLIENT_DEFAULT ? conf->proxy.client_address : how) == CLIENT_TRANSPARENT)
			return true;
	}
	return false;
}

/* Of what a supervisor may still need, those that it has, ended by -1. */
static void
kept(const int *wanted, int *out)
{
	bool known = capng_get_caps_process() == 0;

	for (; *wanted != -1; wanted++)
		if (known && capng_have_capability(CAPNG_PERMITTED, (unsigned)*wanted))
			*out++ = *wanted;
	*out = -1;
}

/* Ambient ones outlive an exec. */
static void
drop_as_user(const int *keep)
{
	log_debug("not root: running as uid %d", (int)geteuid());
	capng_clear(CAPNG_SELECT_CAPS);
	for (const int *cap = keep; *cap != -1; cap++)
		capng_update(
		    CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_INHERITABLE, (unsigned)*cap);
	if (capng_apply(CAPNG_SELECT_CAPS) != 0)
		fatal("giving up privilege: %s", strerror(errno));
	for (const int *cap = keep; *cap != -1; cap++)
		prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, *cap, 0, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		fatal("giving up privilege: %s", strerror(errno));
}

/*
 * Started by root, the supervisor stays root to read the file again, and keeps of root's powers those of becoming
 * the workers' user when it replaces one, of ending one that does not hear, and of what an upgrade may find in the
 * file: a new port, and guests that see their clients' addresses. Started by anybody else, it keeps the last two.
 */
void
rights_drop(const struct conf *conf, struct workers_plan *plan)
{
	static const int roots[] = {
	    CAP_SETUID, CAP_SETGID, CAP_SETPCAP, CAP_KILL, CAP_NET_BIND_SERVICE, CAP_NET_RAW, -1};
	static const int others[] = {CAP_NET_BIND_SERVICE, CAP_NET_RAW, -1};
	int keep[sizeof(roots) / sizeof(roots[0])];

	plan->drop = geteuid() == 0;
	kept(plan->drop ? roots : others, keep);
	plan->keep_raw = rights_wanted(conf) && capng_have_capability(CAPNG_PERMITTED, CAP_NET_RAW);
	if (!plan->drop) {
		drop_as_user(keep);
		return;
	}
	if (sys_account(conf->user, &plan->uid, &plan->gid) == -1)
		fatal("user %s: %s; make the account, or set user: in %s", conf->user, strerror(errno),
		    conf->files[0]);
	if (sys_drop_over_exec(keep) == -1)
		fatal("giving up privilege: %s", strerror(errno));
}

/* What guests then see instead is said once, not with every connection. */
bool
rights_try(const struct conf *conf)
{
	bool able = rights_wanted(conf) && dial_able();

	if (rights_wanted(conf) && !able)
		log_warn(
		    "client-address: transparent needs CAP_NET_RAW, which is missing, so guests see the "
		    "host's address; start lodge-proxy as root or with AmbientCapabilities=CAP_NET_RAW, or "
		    "write client-address: none");
	return able;
}
