/* What the kernel tells nobody of is looked at from time to time; see natd.h. */
#include "base/log.h"
#include "natd/diff.h"
#include "natd/natd.h"

static const double pulse_s = 2;

/* Which ports of guests programs of the host took since the last plan, or gave back. */
static void
say_listening(const struct natd *natd, const struct facts *want)
{
	struct ops ops;

	if (diff_facts(&natd->want, want, &ops) == -1)
		return;
	for (size_t i = 0; i < ops.n; i++) {
		const struct fact *fact = ops.list[i].want ? ops.list[i].want : ops.list[i].have;

		if (fact->kind != FACT_ELEMENT || strcmp(fact->name, "stay") != 0)
			continue;
		if (ops.list[i].want)
			log_warn("port %u/%s of a guest's stays with the host, where a program listens now; "
				 "stop that, "
				 "or give the guest another port",
			    fact->key[4] << 8 | fact->key[5], fact->key[0] == IPPROTO_TCP ? "tcp" : "udp");
		else
			log_info("port %u/%s is a guest's again", fact->key[4] << 8 | fact->key[5],
			    fact->key[0] == IPPROTO_TCP ? "tcp" : "udp");
	}
	ops_free(&ops);
}

/* Programs of the host begin and end to listen, and the kernel tells nobody. */
static void
follow_listening(struct natd *natd)
{
	struct facts want;

	if (sock_listening(natd->apply.sock, &natd->heard) == -1 ||
	    memcmp(&natd->heard, &natd->apply.listening, sizeof(natd->heard)) == 0)
		return;
	natd->apply.listening = natd->heard;
	natd->host.listening = &natd->apply.listening;
	if (plan_facts(&natd->conf, &natd->host, &want) == -1)
		return;
	say_listening(natd, &want);
	facts_free(&natd->want);
	natd->want = want;
	natd->status.refused = apply_facts(&natd->apply, &natd->want) == -1;
}

static void
on_pulse(struct ev_loop *loop, ev_timer *w, int events)
{
	struct natd *natd = w->data;

	(void)loop, (void)events;
	follow_listening(natd);
	full_check(&natd->full);
}

void
pulse_start(struct ev_loop *loop, struct natd *natd)
{
	ev_timer_init(&natd->pulse, on_pulse, pulse_s, pulse_s);
	natd->pulse.data = natd;
	ev_timer_start(loop, &natd->pulse);
}
