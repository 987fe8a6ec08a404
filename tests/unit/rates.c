/* The kernel's table of interfaces, what moved between two readings, and the lines of it. */
#include "cli/rates.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static const char table[] = "Inter-|   Receive                                                |  Transmit\n"
			    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    "
			    "packets errs drop fifo colls carrier compressed\n"
			    "    lo:       0       0    0    0    0     0          0         0        0      "
			    " 0    0    0    0     0       0          0\n"
			    "  tap2:    1234      11    0    0    0     0          0         0     5678      "
			    "22    0    3    0     0       0          0\n"
			    " tap22: 18446744073709551615 7 0 0 0 0 0 0 9 8 0 0 0 0 0 0\n"
			    " short: 1 2 3\n"
			    "wrong: 1 x 0 0 0 0 0 0 9 8 0 0 0 0 0 0\n";

static void
interfaces(void **state)
{
	struct counters c;

	(void)state;
	assert_true(netdev_find(guarded(table), "tap2", &c));
	assert_int_equal(c.bytes[FROM_GUEST], 1234);
	assert_int_equal(c.packets[FROM_GUEST], 11);
	assert_int_equal(c.bytes[TO_GUEST], 5678);
	assert_int_equal(c.packets[TO_GUEST], 22);
	assert_true(netdev_find(guarded(table), "tap22", &c));
	assert_true(c.bytes[FROM_GUEST] == UINT64_MAX);
	assert_false(netdev_find(guarded(table), "tap", &c));
	assert_false(netdev_find(guarded(table), "ap2", &c));
	assert_false(netdev_find(guarded(table), "", &c));
	assert_false(netdev_find(guarded(table), "short", &c));
	assert_false(netdev_find(guarded(table), "wrong", &c));
	assert_false(netdev_find(guarded(""), "tap2", &c));
}

/* Cut anywhere, the table has either the whole line or none. */
static void
every_prefix(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof(table); n++) {
		const char *copy = guard_copy(table, n);
		struct counters c = {0};

		if (netdev_find(span_of(copy, n), "tap2", &c))
			assert_int_equal(c.packets[TO_GUEST], 22);
		guard_free(copy, n);
	}
}

static void
moves(void **state)
{
	static const struct {
		struct reading before, now;
		bool known;
		struct counters moved;
	} cases[] = {
	    {{true, {{10, 20}, {1, 2}}}, {true, {{15, 20}, {2, 2}}}, true, {{5, 0}, {1, 0}}},
	    /* it came between */
	    {{false, {{10, 20}, {1, 2}}}, {true, {{15, 20}, {2, 2}}}, true, {{15, 20}, {2, 2}}},
	    /* it was made again */
	    {{true, {{10, 20}, {1, 2}}}, {true, {{30, 7}, {3, 1}}}, true, {{30, 7}, {3, 1}}},
	    {{true, {{10, 20}, {1, 2}}}, {true, {{30, 27}, {3, 1}}}, true, {{30, 27}, {3, 1}}},
	    /* it went */
	    {{true, {{10, 20}, {1, 2}}}, {false, {{30, 27}, {3, 1}}}, false, {{0, 0}, {0, 0}}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct rate rate = rate_between(&cases[i].before, &cases[i].now);

		assert_int_equal(rate.known, cases[i].known);
		assert_memory_equal(&rate.moved, &cases[i].moved, sizeof(rate.moved));
	}
	assert_int_equal(per_second(1000, 2), 500);
	assert_int_equal(per_second(1001, 2), 501);
	assert_int_equal(per_second(1000, 0.1), 10000);
	assert_int_equal(per_second(1000, 0), 0);
	assert_true(per_second(UINT64_MAX, 0.1) == UINT64_MAX);
}

static void
expect_lines(struct mover *list, size_t n, size_t room, const char *want)
{
	struct table lines;
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	movers_sort(list, n);
	assert_int_equal(movers_table(&lines, list, n, 2, room), 0);
	table_print(&lines, to);
	table_free(&lines);
	fclose(to);
	assert_string_equal(text, want);
	free(text);
}

static void
lines(void **state)
{
	struct mover list[] = {
	    {"alice", {true, {{200, 20}, {2, 2}}}, true, 5000},
	    {"bob", {false, {{0, 0}, {0, 0}}}, false, 0},
	    {"carol", {true, {{100, 4000}, {10, 4}}}, true, 7000},
	    {"dora", {true, {{10, 210}, {2, 4}}}, true, 100},
	};
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	(void)state;
	mover_line(&list[0], "2026-11-22T03:47:12Z", 2, to);
	mover_line(&list[1], "2026-11-22T03:47:12Z", 2, to);
	fclose(to);
	assert_string_equal(text,
	    "2026-11-22T03:47:12Z alice to 100 B/s 1 packets/s from 10 B/s 1 packets/s billed 5000\n"
	    "2026-11-22T03:47:12Z bob to - B/s - packets/s from - B/s - packets/s billed -\n");
	free(text);
	expect_lines(list, 4, 0,
	    "GUEST  TO GUEST  PACKETS/S  FROM GUEST  PACKETS/S  BILLED\n"
	    "carol    50 B/s          5    2.0 kB/s          2  7.0 kB\n"
	    "alice   100 B/s          1      10 B/s          1  5.0 kB\n"
	    "dora      5 B/s          1     105 B/s          2   100 B\n"
	    "bob           -          -           -          -       -\n"
	    "all     155 B/s          7    2.1 kB/s          5       -\n");
	expect_lines(list, 4, 3,
	    "GUEST   TO GUEST  PACKETS/S  FROM GUEST  PACKETS/S  BILLED\n"
	    "carol     50 B/s          5    2.0 kB/s          2  7.0 kB\n"
	    "alice    100 B/s          1      10 B/s          1  5.0 kB\n"
	    "2 more     5 B/s          1     105 B/s          2       -\n"
	    "all      155 B/s          7    2.1 kB/s          5       -\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(interfaces),
	    cmocka_unit_test(every_prefix),
	    cmocka_unit_test(moves),
	    cmocka_unit_test(lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
