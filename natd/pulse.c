/* What the kernel tells nobody of is looked at from time to time; see natd.h. */
#include "base/log.h"
#include "natd/listeners.h"
#include "natd/natd.h"
#include "natd/watch.h"

#include <stdlib.h>

static const double pulse_s = 2;

/* Programs of the host begin and end to listen, and the kernel tells nobody. */
static void
follow_listening(struct natd *natd)
{
	static struct plan_ports before;
	struct facts want;

	if (sock_listening(&natd->heard) == -1 ||
	    memcmp(&natd->heard, &natd->apply.listening, sizeof(natd->heard)) == 0)
		return;
	before = natd->apply.listening;
	natd->apply.listening = natd->heard;
	natd->host.listening = &natd->apply.listening;
	if (plan_facts(&natd->conf, &natd->host, &want) == -1)
		return;
	listeners_say(&natd->conf, &natd->want, &want);
	listeners_say_persons(&natd->conf, &before, &natd->heard);
	facts_free(&natd->want);
	natd->want = want;
	natd_apply(natd);
}

static bool
is_among(const struct foreign_drop *list, size_t n, const struct foreign_chain *at)
{
	for (size_t i = 0; i < n; i++)
		if (foreign_same(&list[i].at, at))
			return true;
	return false;
}

void
natd_say_foreign(struct natd *natd)
{
	const struct apply *apply = &natd->apply;
	size_t n = apply->n_foreign < FOREIGN_MAX ? apply->n_foreign : FOREIGN_MAX;

	for (size_t i = 0; i < n; i++) {
		const struct foreign_drop *foreign = &apply->foreign[i];
		char *help;

		if (is_among(natd->told, natd->n_told, &foreign->at))
			continue;
		help = status_help(&natd->conf, foreign);
		log_warn(
		    "chain %s of table %s %s drops what it does not accept, the guests' packets too%s%s; "
		    "let them pass: %s",
		    foreign->at.chain, foreign->at.family, foreign->at.table,
		    *foreign->by ? ", in its chain " : "", foreign->by, help ? help : "");
		free(help);
	}
	for (size_t i = 0; i < natd->n_told; i++)
		if (!is_among(apply->foreign, n, &natd->told[i].at))
			log_info("chain %s of table %s %s no longer drops the guests' packets",
			    natd->told[i].at.chain, natd->told[i].at.family, natd->told[i].at.table);
	memcpy(natd->told, apply->foreign, n * sizeof(*natd->told));
	natd->n_told = n;
}

void
natd_repair(struct natd *natd)
{
	bool again = natd->status.refused;

	if (!natd_apply(natd) || natd->apply.n_ops == 0)
		return;
	if (again) {
		log_info("done now, what was refused: %zu changes", natd->apply.n_ops);
		return;
	}
	natd->status.repairs++;
	log_warn(
	    "put right what %s changed: %zu of lodge's facts", watch_who(natd->watch), natd->apply.n_ops);
}

/*
 * Another tool changed tables of its own, which may drop now what they did not; or ours, before the watch acts. And
 * what was refused is tried again: nobody tells when its cause is gone.
 */
static void
follow_foreign(struct natd *natd)
{
	uint32_t generation;

	if (!natd->status.refused &&
	    (nft_generation(natd->apply.nft, &generation) == -1 || generation == natd->apply.generation))
		return;
	natd_repair(natd);
}

static size_t
first_neighbour(const struct facts *facts)
{
	size_t i = 0;

	while (i < facts->n && facts->list[i].kind < FACT_NEIGHBOUR)
		i++;
	return i;
}

/* Somebody else removed one, or a device went down and came up again. */
static void
follow_neighbours(struct natd *natd)
{
	const struct facts *want = &natd->want;
	size_t at = first_neighbour(want), n = at;
	struct facts have = {0};

	while (n < want->n && want->list[n].kind == FACT_NEIGHBOUR)
		n++;
	n -= at;
	if (n && link_neighbours(natd->apply.link, &have) == 0 &&
	    (have.n != n || memcmp(have.list, &want->list[at], n * sizeof(*have.list)) != 0))
		natd_repair(natd);
	facts_free(&have);
}

static void
on_pulse(struct ev_loop *loop, ev_timer *w, int events)
{
	struct natd *natd = w->data;

	(void)loop, (void)events;
	follow_listening(natd);
	follow_foreign(natd);
	natd_say_foreign(natd); /* also what was read by the way, for another reason */
	follow_neighbours(natd);
	full_check(&natd->full);
}

void
pulse_start(struct ev_loop *loop, struct natd *natd)
{
	ev_timer_init(&natd->pulse, on_pulse, pulse_s, pulse_s);
	natd->pulse.data = natd;
	ev_timer_start(loop, &natd->pulse);
}
