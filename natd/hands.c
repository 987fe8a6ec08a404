/* What is asked and ordered over the socket; see natd.h. */
#include "base/log.h"
#include "base/sys.h"
#include "natd/natd.h"

#include <errno.h>
#include <string.h>

void
hands_load(struct natd *natd)
{
	if (curbs_load(&natd->curbs, &natd->conf) == -1)
		log_error(
		    "%s/natd/curbs: %s; no guest is throttled or cut", natd->conf.state, strerror(errno));
	natd->host.curbs = &natd->curbs;
}

void
hands_prune(struct natd *natd)
{
	if (curbs_prune(&natd->curbs, &natd->conf) == -1)
		log_error("%s/natd/curbs: %s; a guest that is gone stays curbed there", natd->conf.state,
		    strerror(errno));
}

/* Root's, and that of the group of whoever lodge-acct becomes; what is nobody's is everybody's. */
unsigned
hands_gid(const struct conf *conf)
{
	unsigned uid, gid;

	return strcmp(conf->user, "nobody") != 0 && sys_account(conf->user, &uid, &gid) == 0 ? gid : 0;
}

/* Kept before it is in force: what was answered holds, whatever dies then. NULL, or why not. */
static const char *
order(struct natd *natd, const struct curb *curb)
{
	struct facts want;
	char text[CURB_TEXT];

	if (!conf_guest(&natd->conf, curb->guest))
		return "there is no such guest";
	if (curbs_set(&natd->curbs, &natd->conf, curb) == -1)
		return strerror(errno);
	log_info("ordered: %s", curb_print(curb, text));
	if (plan_facts(&natd->conf, &natd->host, &want) == -1)
		return strerror(ENOMEM);
	facts_free(&natd->want);
	natd->want = want;
	natd->status.refused = apply_facts(&natd->apply, &natd->want) == -1;
	return natd->status.refused ? "it is kept and not in force; the log says why" : NULL;
}

json_t *
hands_answer(void *arg, const char *word)
{
	struct natd *natd = arg;
	struct curb curb;
	const char *why;

	if (strcmp(word, "status") == 0)
		return status_json(&natd->status);
	why = curb_parse(span_str(word), &curb);
	if (!why)
		why = order(natd, &curb);
	return why ? json_pack("{s:s}", "error", why) : json_pack("{s:s}", "done", word);
}
