/* Seats of guests' counts: kept over reloads, never two guests in one, given back only when freed. */
#include "proxy/seat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

enum { NAMES = 400 };

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct guest *)a)->name, ((const struct guest *)b)->name);
}

static struct conf
conf_of(struct guest *guests, size_t n)
{
	qsort(guests, n, sizeof(*guests), by_name);
	return (struct conf){.guests = guests, .n_guests = n};
}

static void
test_life(void **state)
{
	struct seats *s = calloc(1, sizeof(*s));
	struct guest both[] = {{.name = "alice"}, {.name = "bob"}}, bob[] = {{.name = "bob"}},
		     three[] = {{.name = "aaron"}, {.name = "alice"}, {.name = "bob"}};
	struct conf conf = conf_of(both, 2);
	uint16_t alice, bobs;

	(void)state;
	seats_take(s, &conf, 1);
	alice = s->of_guest[0];
	bobs = s->of_guest[1];
	assert_true(alice != SEAT_NONE && bobs != SEAT_NONE && alice != bobs);
	conf = conf_of(bob, 1);
	seats_take(s, &conf, 2);
	assert_int_equal(s->of_guest[0], bobs);
	assert_int_equal(s->list[bobs].left, 0);
	seats_take(s, &conf, 3);
	assert_int_equal(s->list[alice].left, 2); /* the first generation without it */
	conf = conf_of(three, 3);
	seats_take(s, &conf, 4);
	assert_int_equal(s->of_guest[1], alice);
	assert_int_equal(s->list[alice].left, 0);
	assert_true(s->of_guest[0] != alice && s->of_guest[0] != bobs);
	conf = conf_of(bob, 1);
	seats_take(s, &conf, 5);
	seats_free(s, alice);
	conf = conf_of(three, 3);
	seats_take(s, &conf, 6);
	assert_int_equal(s->n, 4); /* what was freed is used again */
	free(s);
}

/* Whatever comes and goes: each guest has a seat with its name on it, the one it had before. */
static void
test_random(void **state)
{
	struct seats *s = calloc(1, sizeof(*s));
	static struct guest guests[NAMES];
	uint16_t had[NAMES] = {0};
	unsigned seed = 7;

	(void)state;
	for (uint64_t generation = 1; generation < 200; generation++) {
		struct conf conf;
		size_t n = 0;

		for (unsigned i = 0; i < NAMES; i++)
			if (rand_r(&seed) % 2)
				snprintf(guests[n++].name, sizeof(guests[0].name), "g%u", i);
		conf = conf_of(guests, n);
		seats_take(s, &conf, generation);
		for (size_t i = 0; i < n; i++) {
			unsigned name = (unsigned)atoi(guests[i].name + 1);

			assert_string_equal(s->list[s->of_guest[i]].name, guests[i].name);
			assert_true(had[name] == SEAT_NONE || had[name] == s->of_guest[i]);
			had[name] = s->of_guest[i];
		}
		for (unsigned i = 0; i < NAMES; i++) {
			if (!had[i] || !s->list[had[i]].left || rand_r(&seed) % 4)
				continue;
			seats_free(s, had[i]);
			had[i] = SEAT_NONE;
		}
	}
	assert_true(s->n <= NAMES + 1);
	free(s);
}

/* All that a file may name and the page behind them have a seat each, and lie within the table. */
static void
test_most(void **state)
{
	struct seats *s = calloc(1, sizeof(*s));
	struct guest *guests = calloc(CONF_GUESTS_MAX + 1, sizeof(*guests));
	struct conf conf = {.guests = guests, .n_guests = CONF_GUESTS_MAX + 1};

	(void)state;
	assert_int_equal(sizeof(s->of_guest) / sizeof(s->of_guest[0]), conf.n_guests);
	for (unsigned i = 0; i < CONF_GUESTS_MAX; i++)
		snprintf(guests[i].name, sizeof(guests[i].name), "g%04u", i);
	snprintf(guests[CONF_GUESTS_MAX].name, sizeof(guests[0].name), "~web");
	seats_take(s, &conf, 1);
	assert_int_equal(s->n, CONF_GUESTS_MAX + 2); /* from 1 on */
	assert_string_equal(s->list[s->of_guest[CONF_GUESTS_MAX]].name, "~web");
	assert_string_equal(s->list[1].name, "g0000");
	s->of_guest[CONF_GUESTS_MAX] = SEATS_MAX;
	seats_mend(s);
	assert_int_equal(s->of_guest[CONF_GUESTS_MAX], SEAT_NONE);
	free(guests);
	free(s);
}

/* More than there are seats for get none, and nobody loses theirs. */
static void
test_full(void **state)
{
	struct seats *s = calloc(1, sizeof(*s));
	struct guest *guests = calloc(SEAT_GUESTS_MAX, sizeof(*guests));
	struct conf conf = {.guests = guests, .n_guests = SEAT_GUESTS_MAX};

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < SEAT_GUESTS_MAX; i++)
			snprintf(guests[i].name, sizeof(guests[i].name), "g%u-%04u", round, i);
		seats_take(s, &conf, round + 1);
	}
	assert_int_equal(s->n, SEATS_MAX);
	assert_int_equal(s->of_guest[0], SEAT_NONE);
	assert_string_equal(s->list[1].name, "g0-0000");
	assert_int_equal(s->list[1].left, 2);
	free(guests);
	free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_life),
	    cmocka_unit_test(test_random),
	    cmocka_unit_test(test_most),
	    cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
