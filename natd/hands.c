/* What is asked and ordered over the socket; see natd.h. */
#include "base/ctl.h"
#include "base/log.h"
#include "natd/feature.h"
#include "natd/renew.h"

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

/* Kept before it is in force: what was answered holds, whatever dies then. NULL, or why not. */
static const char *
order(struct natd *natd, const struct curb *curb, enum curb_change *change)
{
	struct facts want;
	char text[CURB_TEXT];

	if (!conf_guest(&natd->conf, curb->guest))
		return "there is no such guest";
	if (curbs_set(&natd->curbs, &natd->conf, curb, change) == -1)
		return strerror(errno);
	if (*change != CURB_CHANGED && !natd->status.refused)
		return NULL;
	log_info("ordered: %s", curb_print(curb, text));
	if (plan_facts(&natd->conf, &natd->host, &want) == -1)
		return strerror(ENOMEM);
	facts_free(&natd->want);
	natd->want = want;
	if (!natd_apply(natd))
		return "it is kept and not in force; the log says why";
	if (curb->then == QUOTA_THROTTLE && (natd->host.missing & FEATURE_LIMIT))
		return "the kernel lacks named limits: it is kept and not in force; `cut` would be";
	return NULL;
}

/* As SIGHUP does, but who asks is told how it went. */
static json_t *
reload(struct natd *natd, const char *word)
{
	json_t *answer = ctl_answer_reload(word, renew_file, natd);

	if (strcmp(word, "reload") != 0 || !json_object_get(answer, "done"))
		return answer;
	if (natd->status.refused) {
		json_decref(answer);
		return json_pack("{s:s}", "error",
		    CTL_IN_PART
		    "; the log of lodge-natd says what stands in the way, and it tries the rest again");
	}
	json_object_set_new(answer, "changes", json_integer((json_int_t)natd->apply.n_ops));
	json_object_set_new(
	    answer, "forgotten", json_integer(natd->apply.n_forgotten > 0 ? natd->apply.n_forgotten : 0));
	return answer;
}

json_t *
hands_answer(void *arg, const char *word)
{
	struct natd *natd = arg;
	enum curb_change change = CURB_SAME;
	struct curb curb;
	const char *why;
	json_t *answer;

	if (strcmp(word, "status") == 0)
		return status_json(&natd->status);
	answer = reload(natd, word);
	if (answer)
		return answer;
	why = curb_parse(span_str(word), &curb);
	if (!why)
		why = order(natd, &curb, &change);
	if (why)
		return json_pack("{s:s}", "error", why);
	return json_pack("{s:s, s:b}", "done", word, "lifted", change == CURB_LIFTED);
}
