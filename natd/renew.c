/* The plan made anew: the file is read again, or the way out changed; see renew.h. */
#include "natd/renew.h"
#include "base/ctl.h"
#include "base/log.h"
#include "natd/complain.h"
#include "natd/listeners.h"
#include "natd/watch.h"

#include <errno.h>
#include <net/if.h>

enum { LOST_CALM_S = 60 };

int
renew_host(struct apply *apply, const struct conf *conf, struct plan_host *host, const char **why)
{
	static char missing[128];
	char path[FACT_NAME];
	ssize_t n;

	*host = (struct plan_host){.ipv6 = sysctl_read("net/ipv6/conf/all/forwarding") != -1,
	    .curbs = host->curbs,
	    .missing = host->missing};
	memcpy(host->wan, conf->wan, sizeof(host->wan));
	if (!*conf->wan && link_default_device(apply->link, host->wan) == -1) {
		*why = errno == ENOENT ? "wan: there is no default route; name the outside device as `wan:`"
				       : strerror(errno);
		return -1;
	}
	if (if_nametoindex(host->wan) == 0) {
		snprintf(missing, sizeof(missing),
		    "wan: no device %s; correct it, or leave it out for that of the default route",
		    host->wan);
		*why = missing;
		return -1;
	}
	snprintf(path, sizeof(path), "net/ipv6/conf/%s/accept_ra", host->wan);
	host->wan_accept_ra = sysctl_read(path);
	n = link_prefixes(apply->link, host->wan, host->wan_prefixes, PLAN_PREFIXES);
	host->n_wan_prefixes = n == -1 ? 0 : (size_t)n;
	return 0;
}

int
renew_plan(struct apply *apply, const struct conf *conf, struct plan_host *host, struct facts *want,
    const char **why)
{
	static struct plan_ports listening;

	if (renew_host(apply, conf, host, why) == -1)
		return -1;
	if (sock_listening(&listening) == 0)
		host->listening = &listening;
	*why = strerror(ENOMEM);
	if (plan_facts(conf, host, want) == -1)
		return -1;
	if (apply_check(apply, want) == 0) {
		apply->listening = listening;
		host->listening = host->listening ? &apply->listening : NULL;
		return 0;
	}
	*why = apply_why(apply);
	facts_free(want);
	return -1;
}

/* The new file in force, and all that is kept beside it. */
static void
take_over(struct natd *natd, struct conf *conf, struct plan_host *host, struct facts *want)
{
	conf_free(&natd->conf);
	facts_free(&natd->want);
	natd->conf = *conf;
	natd->want = *want;
	natd->host = *host;
	natd->wan_lost = false;
	hands_prune(natd);
	complain_anew();
	natd_apply(natd);
	natd->status.reloads++;
	natd_say_foreign(natd);
	log_info("reloaded%s: %zu changes, %d flows forgotten", natd->status.refused ? " in part" : "",
	    natd->apply.n_ops, natd->apply.n_forgotten > 0 ? natd->apply.n_forgotten : 0);
}

static bool
read_again(const struct natd *natd, struct conf *conf, char *why, size_t room)
{
	struct conf_errors errors;
	int loaded = conf_load(natd->file, conf, &errors);

	if (loaded == -1)
		conf_first_error(&errors, why, room);
	conf_errors_free(&errors);
	return loaded == 0;
}

bool
renew_file(void *arg, bool only_try, char *why, size_t room)
{
	struct natd *natd = arg;
	struct plan_host host = {.curbs = &natd->curbs};
	static struct plan_ports before;
	struct facts want;
	struct conf conf;
	const char *reason = NULL;

	if (!read_again(natd, &conf, why, room))
		return false;
	before = natd->apply.listening;
	if (renew_plan(&natd->apply, &conf, &host, &want, &reason) == -1) {
		snprintf(why, room, "%s", reason);
		conf_free(&conf);
		return false;
	}
	if (only_try) {
		natd->apply.listening = before;
		apply_unread(&natd->apply);
		facts_free(&want);
		conf_free(&conf);
		return true;
	}
	if (host.listening) {
		listeners_say(&conf, &natd->want, &want);
		listeners_say_persons(&conf, &before, host.listening);
	}
	take_over(natd, &conf, &host, &want);
	return true;
}

void
renew_on_signal(void *arg)
{
	ctl_reload_now(renew_file, arg);
}

/* Whether the way out is there; said once when it is lost, and when it is back. */
static bool
find_wan(struct natd *natd, struct plan_host *host)
{
	const char *why;

	if (renew_host(&natd->apply, &natd->conf, host, &why) == -1) {
		if (!natd->wan_lost)
			log_error("%s; until then guests have no way out", why);
		natd->wan_lost = true;
		return false;
	}
	if (natd->wan_lost)
		log_info("wan: %s is there again", host->wan);
	natd->wan_lost = false;
	return true;
}

static bool
is_same_outside(const struct plan_host *a, const struct plan_host *b)
{
	return strcmp(a->wan, b->wan) == 0 && a->wan_accept_ra == b->wan_accept_ra &&
	       a->n_wan_prefixes == b->n_wan_prefixes &&
	       memcmp(a->wan_prefixes, b->wan_prefixes, a->n_wan_prefixes * sizeof(*a->wan_prefixes)) == 0;
}

/*
 * The device is another, as the default route may be without `wan:` in the file, or a new one of that name, or has
 * other prefixes.
 */
static bool
follow_wan(struct natd *natd)
{
	struct plan_host host = {.curbs = &natd->curbs, .missing = natd->host.missing};
	struct facts want;

	if (!find_wan(natd, &host)) {
		host = natd->host; /* but for what went with the device */
		host.wan_accept_ra = -1;
		host.n_wan_prefixes = 0;
	}
	host.listening = natd->host.listening;
	if (is_same_outside(&host, &natd->host) || plan_facts(&natd->conf, &host, &want) == -1)
		return false;
	if (strcmp(host.wan, natd->host.wan) != 0)
		log_info("the default route moved from %s to %s", natd->host.wan, host.wan);
	facts_free(&natd->want);
	natd->want = want;
	natd->host = host;
	return true;
}

/* Messages of the kernel's may be lost many times on end: one line, and the number in the status. */
static void
say_lost(struct natd *natd)
{
	unsigned long lost = watch_lost(natd->watch);

	if (lost > natd->status.lost && ev_now(EV_DEFAULT) - natd->lost_told > LOST_CALM_S) {
		log_warn("the kernel told more changes than there was room for: all is read and compared");
		natd->lost_told = ev_now(EV_DEFAULT);
	}
	natd->status.lost = lost;
}

void
renew_on_change(void *arg)
{
	struct natd *natd = arg;

	say_lost(natd);
	if (follow_wan(natd))
		natd_apply(natd);
	else
		natd_repair(natd);
}
