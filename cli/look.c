/* What moves now, looked at again and again; see look.h. */
#include "cli/look.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
	LEDGER_AGAIN_S = 5, /* after it did not answer */
	NETDEV_ROOM = 65536, /* of one read */
};

int
look_open(struct look *l, const struct conf *conf)
{
	*l = (struct look){.conf = conf};
	l->before = calloc(conf->n_guests + 1, sizeof(*l->before));
	l->now = calloc(conf->n_guests + 1, sizeof(*l->now));
	l->movers = calloc(conf->n_guests + 1, sizeof(*l->movers));
	l->periods = calloc(conf->n_guests + 1, sizeof(*l->periods));
	return l->before && l->now && l->movers && l->periods ? 0 : -1;
}

void
look_close(struct look *l)
{
	ledger_close(l->ledger);
	free(l->before);
	free(l->now);
	free(l->movers);
	free(l->periods);
}

bool
look_any(const struct look *l)
{
	for (size_t i = 0; i < l->conf->n_guests; i++)
		if (l->now[i].there)
			return true;
	return false;
}

static int
read_netdev(struct look *l)
{
	char *text = NULL;
	size_t room = 0, n = 0;
	ssize_t got = 0;
	int fd = open(NETDEV, O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return -1;
	do {
		n += (size_t)got;
		if (room - n < NETDEV_ROOM) {
			char *more = realloc(text, room += 4 * NETDEV_ROOM);

			if (!more) {
				got = -1;
				break;
			}
			text = more;
		}
		got = read(fd, text + n, room - n);
	} while (got > 0);
	close(fd);
	l->seconds = sys_seconds() - l->at_s;
	l->at_s += l->seconds;
	for (size_t i = 0; got == 0 && i < l->conf->n_guests; i++)
		l->now[i].there = netdev_find(span_of(text, n), l->conf->guests[i].tap, &l->now[i].at);
	free(text);
	return got == 0 ? 0 : -1;
}

int
look_rates(struct look *l)
{
	memcpy(l->before, l->now, l->conf->n_guests * sizeof(*l->now));
	if (read_netdev(l) == -1)
		return -1;
	for (size_t i = 0; i < l->conf->n_guests; i++)
		l->movers[i] = (struct mover){
		    .guest = l->conf->guests[i].name, .rate = rate_between(&l->before[i], &l->now[i])};
	return 0;
}

static void
ledger_lost(struct look *l)
{
	snprintf(l->why, sizeof(l->why), "%s", ledger_why(l->ledger));
	ledger_close(l->ledger);
	l->ledger = NULL;
	l->ledger_at = sys_seconds() + LEDGER_AGAIN_S;
}

/* A ledger that does not answer costs its two seconds only now and then. */
void
look_billed(struct look *l)
{
	int64_t now = (int64_t)time(NULL);

	if (!l->ledger && sys_seconds() >= l->ledger_at) {
		l->ledger = ledger_open(l->conf, l->why, sizeof(l->why));
		l->ledger_at = sys_seconds() + LEDGER_AGAIN_S;
	}
	l->n_refused = 0;
	for (size_t i = 0; i < l->conf->n_guests; i++) {
		const struct guest *g = &l->conf->guests[i];
		struct mover *m = &l->movers[i];
		struct record *period = &l->periods[i];

		m->billed_known =
		    l->ledger && ledger_period(l->ledger, g->name, now, g->billing_day, period) != -1;
		m->billed = m->billed_known ? period->v[REC_BILLED] : 0;
		if (!l->ledger || m->billed_known)
			continue;
		if (!l->n_refused++)
			snprintf(
			    l->refused, sizeof(l->refused), "%s: %.200s", g->name, ledger_why(l->ledger));
		if (!ledger_spoilt(l->ledger))
			ledger_lost(l);
	}
}

int
look_again(struct look *l)
{
	if (look_rates(l) == -1)
		return -1;
	look_billed(l);
	return 0;
}
