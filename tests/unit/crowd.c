/* Seats: one client has so many and no more, and who goes is a stranger, the eldest of them. */
#include "web/crowd.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

enum { N = 2 * DOOR_PER_TENANT };

static struct seat seats[N];

static struct seat *
sit(size_t at, const char *ip)
{
	struct seat *s = &seats[at];

	*s = (struct seat){.fd = (int)at + 3, .since_s = 100 + (double)at};
	assert_int_equal(ip_parse(span_str(ip), &s->client.ip), 0);
	return s;
}

static void
all_free(void)
{
	for (size_t i = 0; i < N; i++)
		seats[i] = (struct seat){.fd = -1};
}

static void
one_client_has_so_many(void **state)
{
	static const struct {
		const char *theirs, *other;
		bool same;
	} cases[] = {
	    {"192.0.2.1", "192.0.2.1", true},
	    {"192.0.2.1", "192.0.2.2", false},
	    {"2001:db8::1", "2001:db8::2", true}, /* one /64 */
	    {"2001:db8::1", "2001:db8:0:1::1", false},
	    {"0.0.0.0", "::", false},
	};

	(void)state;
	for (size_t c = 0; c < sizeof(cases) / sizeof(*cases); c++) {
		struct seat *last = NULL;

		all_free();
		for (size_t i = 0; i < DOOR_PER_CLIENT; i++)
			last = sit(i, cases[c].theirs);
		assert_false(crowd_too_many(seats, N, last));
		last = sit(DOOR_PER_CLIENT, cases[c].other);
		assert_int_equal(crowd_too_many(seats, N, last), cases[c].same);
		last->here = true; /* programs of the host … */
		assert_false(crowd_too_many(seats, N, last));
		last->told = true; /* … but not those for whom the proxy asks */
		assert_int_equal(crowd_too_many(seats, N, last), cases[c].same);
		seats[7].leaving = true; /* who goes is not counted */
		assert_false(crowd_too_many(seats, N, last));
	}
}

static void
the_eldest_stranger_goes(void **state)
{
	(void)state;
	all_free();
	assert_null(crowd_eldest_stranger(seats, N, NULL));
	for (size_t i = 10; i < 20; i++)
		sit(i, "192.0.2.1");
	assert_ptr_equal(crowd_eldest_stranger(seats, N, NULL), &seats[10]);
	seats[17].since_s = 1;
	assert_ptr_equal(crowd_eldest_stranger(seats, N, NULL), &seats[17]);
	seats[17].known = true; /* who may sit stays */
	assert_ptr_equal(crowd_eldest_stranger(seats, N, NULL), &seats[10]);
	seats[10].leaving = true; /* and nobody is sent away twice */
	assert_ptr_equal(crowd_eldest_stranger(seats, N, NULL), &seats[11]);
	for (size_t i = 10; i < 20; i++)
		seats[i].known = true;
	assert_null(crowd_eldest_stranger(seats, N, NULL));
}

/* Of a client who has too many: their own stranger, and not the newcomer. */
static void
the_same_clients_stranger_goes(void **state)
{
	struct seat *newcomer;

	(void)state;
	all_free();
	sit(0, "192.0.2.7");
	for (size_t i = 1; i <= DOOR_PER_CLIENT; i++)
		sit(i, "192.0.2.1");
	newcomer = sit(DOOR_PER_CLIENT, "192.0.2.1");
	assert_ptr_equal(crowd_eldest_stranger(seats, N, newcomer), &seats[1]);
	for (size_t i = 1; i < DOOR_PER_CLIENT; i++)
		seats[i].known = true;
	assert_null(crowd_eldest_stranger(seats, N, newcomer));
	assert_ptr_equal(crowd_eldest_stranger(seats, N, NULL), &seats[0]);
}

static void
a_tenant_keeps_so_many(void **state)
{
	(void)state;
	all_free();
	for (size_t i = 0; i < DOOR_PER_TENANT; i++) {
		assert_false(crowd_keeps_enough(seats, N, "alice"));
		sit(i, "192.0.2.1")->known = true;
		snprintf(seats[i].tenant, sizeof(seats[i].tenant), "alice");
		sit(N - 1 - i, "192.0.2.1")->known = i % 2; /* strangers, and the owner's */
	}
	assert_true(crowd_keeps_enough(seats, N, "alice"));
	assert_false(crowd_keeps_enough(seats, N, "bob"));
	seats[3].fd = -1;
	assert_false(crowd_keeps_enough(seats, N, "alice"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_client_has_so_many),
	    cmocka_unit_test(the_eldest_stranger_goes),
	    cmocka_unit_test(the_same_clients_stranger_goes),
	    cmocka_unit_test(a_tenant_keeps_so_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
