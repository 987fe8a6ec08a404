/* Where the counts of each guest lie; see seat.h. */
#include "proxy/seat.h"

#include <stdlib.h>

static int
by_name(const void *a, const void *b)
{
	const struct seat *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static int
named(const void *name, const void *seat)
{
	return strcmp(name, (*(const struct seat *const *)seat)->name);
}

/* The next free seat from *at on. */
static uint16_t
free_seat(struct seats *s, size_t *at, const struct guest *guest)
{
	while (*at < SEATS_MAX && s->list[*at].name[0])
		(*at)++;
	if (*at == SEATS_MAX)
		return SEAT_NONE;
	s->list[*at] = (struct seat){0};
	memcpy(s->list[*at].name, guest->name, sizeof(guest->name));
	s->n = *at + 1 > s->n ? *at + 1 : s->n;
	return (uint16_t)*at;
}

void
seats_take(struct seats *s, const struct conf *conf, uint64_t generation)
{
	struct seat *order[SEATS_MAX], **known;
	size_t n = 0, at = SEAT_NONE + 1;

	for (size_t i = at; i < s->n; i++) {
		if (!s->list[i].name[0])
			continue;
		order[n++] = &s->list[i];
		s->list[i].left = s->list[i].left ? s->list[i].left : generation;
	}
	qsort(order, n, sizeof(order[0]), by_name);
	for (size_t i = 0; i < conf->n_guests; i++) {
		known = bsearch(conf->guests[i].name, order, n, sizeof(order[0]), named);
		s->of_guest[i] = known ? (uint16_t)(*known - s->list) : SEAT_NONE;
		if (known)
			(*known)->left = 0;
	}
	for (size_t i = 0; i < conf->n_guests; i++)
		if (s->of_guest[i] == SEAT_NONE)
			s->of_guest[i] = free_seat(s, &at, &conf->guests[i]);
}

void
seats_free(struct seats *s, size_t seat)
{
	s->list[seat] = (struct seat){0};
}

void
seats_mend(struct seats *s)
{
	if (s->n > SEATS_MAX)
		s->n = SEATS_MAX;
	for (size_t i = 0; i < SEATS_MAX; i++)
		s->list[i].name[sizeof(s->list[i].name) - 1] = '\0';
	s->list[SEAT_NONE] = (struct seat){0};
	for (size_t i = 0; i < SEAT_GUESTS_MAX; i++)
		if (s->of_guest[i] >= SEATS_MAX)
			s->of_guest[i] = SEAT_NONE;
}
