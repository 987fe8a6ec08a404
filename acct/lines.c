/*
 * All lines: which is whose, and what becomes of them under another file; see count.h.
 */
#include "acct/count.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>

enum { ASK_S = 10 };

/* --- which line is whose -------------------------------------------------------------------------- */

static int
tap_to_line(const void *tap, const void *line)
{
	return strcmp(tap, (*(struct line *const *)line)->guest->tap);
}

struct line *
line_of_tap(struct count *count, const char *tap)
{
	struct line **found = bsearch(tap, count->by_tap, count->n_by_tap, sizeof(*found), tap_to_line);

	return found ? *found : NULL;
}

/* The kernel numbers interfaces one after the other, so a table of twice their number hardly has any meet. */
struct line *
line_of_ifindex(struct count *count, uint32_t ifindex)
{
	const struct living *at;

	for (size_t i = ifindex;; i++) {
		at = &count->living[i & (count->living_room - 1)];
		if (at->ifindex == ifindex || at->ifindex == 0)
			return at->line;
	}
}

static void
living_put(struct count *count, struct line *line)
{
	size_t i = line->ifindex, mask = count->living_room - 1;

	while (count->living[i & mask].ifindex != 0)
		i++;
	count->living[i & mask] = (struct living){line->ifindex, line};
}

static size_t
living_room(size_t n)
{
	size_t room = 2;

	while (room < 2 * n)
		room *= 2;
	return room;
}

static int
account_to_line(const void *account, const void *line)
{
	return strcmp(((const struct account *)account)->name, ((const struct line *)line)->account->name);
}

struct line *
line_of_account(struct count *count, const struct account *account)
{
	return bsearch(account, count->lines, count->n_lines, sizeof(*count->lines), account_to_line);
}

uint8_t
line_day(const struct count *count, const struct line *line)
{
	return line->guest ? line->guest->billing_day : count->conf->billing.day;
}

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

void
lines_watch(struct count *count)
{
	uint32_t *ifindexes = calloc(count->n_lines + 1, sizeof(*ifindexes));
	size_t n = 0;

	memset(count->living, 0, count->living_room * sizeof(*count->living));
	for (size_t i = 0; i < count->n_lines; i++) {
		struct line *line = &count->lines[i];

		if (line->ifindex == 0)
			continue;
		living_put(count, line);
		if (ifindexes)
			ifindexes[n++] = line->ifindex;
	}
	if (n > 0)
		qsort(ifindexes, n, sizeof(*ifindexes), by_number);
	if (!ifindexes || tap_watch(count->tap, ifindexes, n) == -1)
		log_warn("cannot filter the capture: %s", strerror(errno));
	free(ifindexes);
	count->taps_changed = false;
}

/* --- another file --------------------------------------------------------------------------------- */

static int
tap_order(const void *a, const void *b)
{
	return strcmp((*(struct line *const *)a)->guest->tap, (*(struct line *const *)b)->guest->tap);
}

int
lines_make(struct count *count, const struct conf *conf, struct line **lines)
{
	for (size_t i = 0; i < conf->n_guests; i++) {
		struct account *account = book_find(&count->book, conf->guests[i].name);

		if (account)
			continue;
		account = book_add(&count->book, conf->guests[i].name);
		if (account) {
			account->fresh = count->journal_good;
			continue;
		}
		count->trouble.full++;
		log_error(
		    "no room to count %s: the journal keeps %d guests that are or were; move it aside and "
		    "start again, redis holds the rest",
		    conf->guests[i].name, BOOK_ACCOUNTS_MAX);
	}
	*lines = calloc(count->book.n + 1, sizeof(**lines));
	if (!*lines)
		return -1;
	for (size_t i = 0; i < count->book.n; i++) {
		struct account *account = count->book.list[i];
		unsigned asking = account->fresh ? ASK_S : ASK_ALWAYS;

		if (count->n_lines == 0 || !line_of_account(count, account))
			unmet_begin(&account->unmet, account->seq, &account->life.done);
		(*lines)[i].account = account;
		(*lines)[i].asking = account->seq == 0 ? asking : 0;
		(*lines)[i].meta_due = true;
		(*lines)[i].guest = conf_guest(conf, account->name);
	}
	return 0;
}

/* A tap that is the guest's no more, though the interface lives on. */
static void
line_leave(struct count *count, struct line *line, const struct guest *guest)
{
	if (line->ifindex == 0 || (guest && strcmp(guest->tap, line->account->life.tap) == 0))
		return;
	line_end(count, line, &line->now);
}

/* What goes on under the new file keeps its tap, its frames and what is under way to Redis. */
static void
lines_carry(struct count *count, const struct conf *conf, struct line *lines)
{
	/* All before any is copied: frames that an end drains are still counted by the lines of the old file. */
	for (size_t i = 0; i < count->n_lines; i++)
		line_leave(count, &count->lines[i], conf_guest(conf, count->lines[i].account->name));
	for (size_t i = 0, k = 0; i < count->n_lines; i++, k++) {
		while (lines[k].account != count->lines[i].account)
			k++;
		count->lines[i].guest = lines[k].guest;
		lines[k] = count->lines[i];
	}
}

void
addresses_read(struct count *count)
{
	struct ip fresh[LINK_ADDRESSES_MAX];
	int n = link_addresses(count->link, fresh, LINK_ADDRESSES_MAX);

	count->addresses_changed = n == -1; /* asked again a second later; the old ones hold until then */
	if (n == -1)
		return;
	memcpy(count->addresses, fresh, (size_t)n * sizeof(*fresh));
	count->world.n_host = (size_t)n;
	count->trouble.addresses += n == LINK_ADDRESSES_MAX;
}

static void
world_turn(struct count *count, const struct conf *conf)
{
	count->world = (struct world){
	    .network = conf->network,
	    .network6 = conf->network6,
	    .host = count->addresses,
	    .n_host = count->world.n_host,
	};
	addresses_read(count);
}

int
lines_take(struct count *count, const struct conf *conf, struct line *lines)
{
	struct line **by_tap = calloc(count->book.n + 1, sizeof(struct line *));
	size_t room = living_room(count->book.n + 1);
	struct living *living = calloc(room, sizeof(*living));

	if (!by_tap || !living) {
		free(by_tap);
		free(living);
		free(lines);
		return -1;
	}
	lines_carry(count, conf, lines);
	free(count->by_tap);
	free(count->living);
	free(count->lines);
	count->lines = lines;
	count->n_lines = count->book.n;
	count->by_tap = by_tap;
	count->living = living;
	count->living_room = room;
	count->n_by_tap = 0;
	for (size_t i = 0; i < count->n_lines; i++) {
		if (!lines[i].guest)
			continue;
		lines[i].doors = world_doors(conf, lines[i].guest);
		by_tap[count->n_by_tap++] = &lines[i];
	}
	qsort(by_tap, count->n_by_tap, sizeof(*by_tap), tap_order);
	count->conf = conf;
	lines_watch(count);
	world_turn(count, conf);
	return 0;
}
