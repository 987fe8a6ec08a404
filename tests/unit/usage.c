/* `lodge usage` as people and programs read it. */
#include "ledger/usage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

/* 2026-11-20 12:00:00 UTC in the period of November. */
static const int64_t now = 1795176000, from = 1793491200, until = 1796083200;

static int64_t
tokyo(int64_t at)
{
	(void)at;
	return 9 * 3600;
}

static int64_t
honolulu(int64_t at)
{
	(void)at;
	return -10 * 3600;
}

static struct bill
alice(void)
{
	struct bill b = {.guest = "alice",
	    .found = true,
	    .from = from,
	    .until = until,
	    .quota = {QUOTA_THROTTLE, .month_bytes = 10000, .throttle_bit_s = 1000000},
	    .projected_known = true,
	    .projected = 7500,
	    .p95_known = true,
	    .p95 = {800, 90}};

	for (int i = 0; i < RECORD_FIELDS; i++)
		b.sum.v[i] = 100 + (uint64_t)i;
	b.sum.v[REC_BILLED] = 5000;
	b.sum.ts = now - 61;
	return b;
}

static void
expect(const struct usage *u, bool csv, const char *want)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	if (csv)
		usage_csv(u, to);
	else
		assert_int_equal(usage_show(u, to), 0);
	fclose(to);
	assert_string_equal(text, want);
	free(text);
}

static void
of_all(void **state)
{
	struct bill list[2] = {alice(), {.guest = "zoe", .from = from, .until = until, .gone = true}};
	struct usage u = {
	    .now = now, .zone = zone_utc, .zone_name = "UTC", .bills = list, .n = 2, .width = 40};

	(void)state;
	expect(&u, false,
	    "GUEST  BILLED  USED              PROJECTED\n"
	    "alice  5.0 kB  █████░░░░░  50 %     7.5 kB\n"
	    "zoe       0 B                            -\n"
	    "all    5.0 kB                            -\n"
	    "1 to 30 November 2026 by UTC, 19 of 30 days over; projected at the pace of the last days\n"
	    "not in the file: zoe\n");
	u.now = until;
	u.n = 1;
	expect(&u, false,
	    "GUEST  BILLED  USED              PROJECTED\n"
	    "alice  5.0 kB  █████░░░░░  50 %     7.5 kB\n"
	    "1 to 30 November 2026 by UTC\n");
	u.n = 2;
	list[1].from = 1;
	list[1].gone = false;
	expect(&u, false,
	    "GUEST  BILLED  USED              PROJECTED\n"
	    "alice  5.0 kB  █████░░░░░  50 %     7.5 kB\n"
	    "zoe       0 B                            -\n"
	    "all    5.0 kB                            -\n"
	    "each guest's own billing period; lodge usage NAME says which\n");
	u.n = 0;
	u.width = 0;
	expect(&u, false,
	    "GUEST  TO GUEST  FROM GUEST  BILLED  QUOTA  LEFT  USED  PROJECTED  95% TO  95% FROM\n");
}

static void
of_one(void **state)
{
	struct bill bill = alice();
	struct dated rows[2] = {
	    {from, {1000, 20, 1040, 21, 1061, 0}},
	    {from + 86400, {3000, 60, 3120, 62, 3182, 0}},
	};
	struct usage u = {.now = now,
	    .zone = zone_utc,
	    .zone_name = "UTC",
	    .bills = &bill,
	    .n = 1,
	    .by = BY_DAY,
	    .with_bill = true,
	    .rows = {rows, 2}};

	(void)state;
	expect(&u, false,
	    "alice, 1 to 30 November 2026 by UTC, 19 of 30 days over\n"
	    "billed     5.0 kB, 5000 bytes\n"
	    "quota      10 kB, ████████░░░░░░░░ 50 % used, 5.0 kB left; then 1.0 Mbit/s each way\n"
	    "projected  7.5 kB at the pace of the last days\n"
	    "95%        800 bit/s to the guest, 90 bit/s from it\n"
	    "last byte  1m1s ago\n"
	    "\n"
	    "                TO GUEST  FROM GUEST\n"
	    "bytes                100         101\n"
	    "  wan                106         107\n"
	    "  host               110         111\n"
	    "  guests             112         113\n"
	    "  unclassified       114         115\n"
	    "packets              102         103\n"
	    "wire bytes           104         105\n"
	    "  wan                108         109\n"
	    "billable             116         117\n"
	    "undelivered          118\n"
	    "\n"
	    "DAY         TO GUEST  FROM GUEST  BILLED\n"
	    "2026-11-01    1.0 kB        20 B  1.1 kB  █████░░░░░░░░░░░\n"
	    "2026-11-02    3.0 kB        60 B  3.2 kB  ████████████████\n"
	    "all           4.0 kB        80 B  4.2 kB\n"
	    "days of UTC\n");
	u.with_bill = false;
	u.by = BY_HOUR;
	u.zone = tokyo;
	u.zone_name = "Asia/Tokyo";
	u.width = 60;
	rows[1].v[SLOT_UNCLASSIFIED] = 5;
	expect(&u, false,
	    "HOUR              TO GUEST  FROM GUEST  BILLED  UNCLASSIFIED\n"
	    "2026-11-01 09:00    1.0 kB        20 B  1.1 kB           0 B\n"
	    "2026-11-02 09:00    3.0 kB        60 B  3.2 kB           5 B\n"
	    "all                 4.0 kB        80 B  4.2 kB           5 B\n"
	    "hours of Asia/Tokyo\n");
	u.by = BY_MONTH;
	u.zone = honolulu; /* which is still in October then */
	u.rows.n = 1;
	u.width = 0;
	expect(&u, false,
	    "PERIOD FROM  TO GUEST  FROM GUEST  BILLED\n"
	    "2026-11-01     1.0 kB        20 B  1.1 kB  ████████████████\n"
	    "all            1.0 kB        20 B  1.1 kB\n");
}

static void
as_csv(void **state)
{
	struct bill bill = alice();
	struct dated rows[1] = {{from, {1000, 20, 1040, 21, UINT64_MAX, 0}}};
	struct usage u = {
	    .now = now, .zone = tokyo, .bills = &bill, .n = 1, .by = BY_HOUR, .rows = {rows, 1}};

	(void)state;
	expect(&u, true,
	    "guest,start,to_guest,from_guest,wire_to_guest,wire_from_guest,billed,unclassified\r\n"
	    "alice,2026-11-01T09:00:00+09:00,1000,20,1040,21,18446744073709551615,0\r\n");
	u.by = BY_MONTH;
	expect(&u, true,
	    "guest,start,to_guest,from_guest,wire_to_guest,wire_from_guest,billed,unclassified\r\n"
	    "alice,2026-11-01T00:00:00Z,1000,20,1040,21,18446744073709551615,0\r\n");
	u.by = BY_NOTHING;
	bill.projected_known = false;
	bill.quota.then = QUOTA_NONE;
	expect(&u, true,
	    "guest,from,until,to_guest,from_guest,packets_to_guest,packets_from_guest,wire_to_guest,"
	    "wire_from_guest,wan_to_guest,wan_from_guest,wan_wire_to_guest,wan_wire_from_guest,host_to_guest,"
	    "host_from_guest,guests_to_guest,guests_from_guest,unclassified_to_guest,unclassified_from_guest,"
	    "billable_to_guest,billable_from_guest,undelivered_to_guest,billed,quota,projected,"
	    "p95_to_guest_bit_s,p95_from_guest_bit_s\r\n"
	    "alice,2026-11-01T00:00:00Z,2026-12-01T00:00:00Z,100,101,102,103,104,105,106,107,108,109,110,111,"
	    "112,113,114,115,116,117,118,5000,,,800,90\r\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(of_all),
	    cmocka_unit_test(of_one),
	    cmocka_unit_test(as_csv),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
