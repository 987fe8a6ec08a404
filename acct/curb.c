/*
 * What quotas lead to: lines of the log, and curbs that lodge-natd is told of; see count.h.
 *
 * What is to hold follows from the period's numbers alone, this host's and what the others told last (event_curb), so it is told whenever it differs from what
 * lodge-natd took last, at the start for everybody, and every 15 seconds for whoever is held back: natd may have lost it.
 * An order that is repeated changes nothing, and one that was lifted by hand stays lifted (natd/curbs.h).
 */
#include "acct/count.h"
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

enum { AGAIN_S = 15 };

#define RETRY_FIRST_S 1.0
#define RETRY_MAX_S 10.0

/* --- lines of the log ----------------------------------------------------------------------------- */

void
line_warn(struct count *count, struct line *line)
{
	struct account *a = line->account;
	struct event event;

	if (!line->guest || line->asking != 0)
		return;
	while (event_next(&line->guest->quota, &a->slots.period, account_used(a), &event)) {
		event.at = time(NULL);
		event.seq = ++a->seq;
		event_keep(a->events, &a->n_events, &event);
		count->dirty_totals = true;
		log_info("%s: %u %% of its quota of %" PRIu64 " bytes are used: %" PRIu64, a->name,
		    event.percent, event.quota, event.billed);
	}
}

/* --- curbs ---------------------------------------------------------------------------------------- */

/* False: there is nothing to say, or nothing is known yet. */
static bool
is_due(const struct line *line, struct curb *want, char text[CURB_TEXT])
{
	const struct account *a = line->account;

	if (!line->guest || line->asking != 0 || a->slots.period.unknown)
		return false;
	*want = event_curb(line->guest, &a->slots.period, account_used(a));
	if (line->curb.sure && line->curb.then == QUOTA_NONE && want->then == QUOTA_NONE)
		return false;
	return strcmp(curb_print(want, text), line->curb.text) != 0 || !line->curb.sure;
}

/* Said once for each change, not when it is repeated. */
static void
tell_taken(const struct line *line, const struct curb *want, bool lifted)
{
	const char *name = line->account->name;

	if (want->then == line->curb.then && want->bit_s == line->curb.bit_s && lifted == line->curb.lifted)
		return;
	if (want->then == QUOTA_NONE && line->curb.text[0] && !line->curb.lifted)
		log_info("%s: no quota holds it back any more", name);
	else if (lifted)
		log_info(
		    "%s: its quota is used up, and it was lifted by hand: so it stays until the period ends "
		    "or the quota is another",
		    name);
	else if (want->then == QUOTA_CUT)
		log_info("%s: cut off, its quota is used up", name);
	else if (want->then == QUOTA_THROTTLE)
		log_info("%s: throttled to %" PRIu64 " bit/s, its quota is used up", name, want->bit_s);
}

static void
on_refused(struct count *count, const char *why)
{
	struct curbing *c = &count->curbing;

	/* Who has nobody to hold back can do without. */
	if (!c->error[0] && c->want.then != QUOTA_NONE)
		log_warn("%s is to be %s and lodge-natd does not do it: %s; trying on", c->want.guest,
		    c->want.then == QUOTA_CUT ? "cut off" : "throttled", why);
	if (!c->error[0] && c->want.then == QUOTA_NONE)
		log_debug("lodge-natd: %s: %s", c->want.guest, why);
	if (!c->error[0] || c->want.then != QUOTA_NONE)
		snprintf(c->error, sizeof(c->error), "%s", why);
	c->failed++;
	c->retry_s = c->retry_s == 0 ? RETRY_FIRST_S : c->retry_s * 2;
	if (c->retry_s > RETRY_MAX_S)
		c->retry_s = RETRY_MAX_S;
	c->retry_at = c->ticks + c->retry_s;
}

void
curb_done(void *arg, const char *why, bool lifted)
{
	struct count *count = arg;
	struct curbing *c = &count->curbing;
	struct account *account = book_find(&count->book, c->want.guest);
	struct line *line = account ? line_of_account(count, account) : NULL;

	if (why) {
		on_refused(count, why);
		return;
	}
	c->done++;
	c->error[0] = '\0';
	c->retry_s = 0;
	if (line) {
		tell_taken(line, &c->want, lifted);
		line->curb = (struct line_curb){
		    .sure = true, .lifted = lifted, .then = c->want.then, .bit_s = c->want.bit_s};
		curb_print(&c->want, line->curb.text);
	}
	curb_next(count);
}

void
curb_next(struct count *count)
{
	struct curbing *c = &count->curbing;
	char *path, text[CURB_TEXT];

	/* No order: it is going down. The ticks count, for the clock may be set back. */
	if (!c->order || order_is_busy(c->order) || (c->retry_s > 0 && c->ticks < c->retry_at))
		return;
	for (size_t i = 0; i < count->n_lines; i++) {
		struct line *line = &count->lines[(c->turn + i) % count->n_lines];

		if (!is_due(line, &c->want, text))
			continue;
		c->turn = (c->turn + i + 1) % count->n_lines;
		path = conf_run_path(count->conf, "natd.sock");
		if (!path || order_send(c->order, path, text) == -1)
			on_refused(count, path ? strerror(errno) : "no memory");
		free(path);
		return;
	}
}

void
curb_tick(struct count *count)
{
	struct curbing *c = &count->curbing;

	if (++c->ticks % AGAIN_S == 0)
		for (size_t i = 0; i < count->n_lines; i++)
			if (count->lines[i].curb.then != QUOTA_NONE)
				count->lines[i].curb.sure = false;
	curb_next(count);
}
