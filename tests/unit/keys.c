/* The names of the billing keys, the billing periods, and the numbers as text. */
#include "ledger/keys.h"
#include "ledger/meta.h"
#include "ledger/record.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

static int64_t
at(const char *text)
{
	struct tm tm = {0};

	assert_int_equal(sscanf(text, "%d-%d-%d %d:%d:%d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
			     &tm.tm_min, &tm.tm_sec),
	    6);
	tm.tm_year -= 1900;
	tm.tm_mon--;
	return timegm(&tm);
}

static void
names(void **state)
{
	char key[KEY_TEXT], suffix[KEY_SUFFIX];
	int64_t t = at("2026-11-22 03:47:12");

	(void)state;
	assert_string_equal(key_of(NULL, "alice", "cur", key), "lodge:{alice}:cur");
	assert_string_equal(key_of("vps1", "alice", "log", key), "lodge:src:vps1:{alice}:log");
	assert_string_equal(key_period(period_start(t, 1), suffix), "m:20261101");
	assert_string_equal(key_slot(SLOT_5M, t, suffix), "5m:20261122");
	assert_string_equal(key_slot(SLOT_HOUR, t, suffix), "h:20261122");
	assert_string_equal(key_slot(SLOT_DAY, t, suffix), "d:2026");
	assert_string_equal(key_slot_field(SLOT_5M, slot_start(SLOT_5M, t), suffix), "0345");
	assert_string_equal(key_slot_field(SLOT_HOUR, slot_start(SLOT_HOUR, t), suffix), "03");
	assert_string_equal(key_slot_field(SLOT_DAY, slot_start(SLOT_DAY, t), suffix), "1122");
}

/* A clock can say anything; a key stays a key. */
static void
wild_clocks(void **state)
{
	static const int64_t times[] = {INT64_MIN, -1, 0, 1ll << 40, INT64_MAX - 400};
	char suffix[KEY_SUFFIX];

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		assert_true(strlen(key_period(period_start(times[i], 31), suffix)) == 10);
		assert_true(strlen(key_slot(SLOT_5M, times[i], suffix)) == 11);
		assert_true(slot_start(SLOT_5M, times[i]) >= 0);
	}
}

static void
periods(void **state)
{
	static const struct {
		const char *now;
		uint8_t day;
		const char *start;
	} cases[] = {
	    {"2026-11-22 10:00:00", 1, "2026-11-01 00:00:00"},
	    {"2026-11-22 10:00:00", 22, "2026-11-22 00:00:00"},
	    {"2026-11-22 10:00:00", 23, "2026-10-23 00:00:00"},
	    {"2026-11-30 23:59:59", 31, "2026-11-30 00:00:00"},
	    {"2026-11-29 23:59:59", 31, "2026-10-31 00:00:00"},
	    {"2027-02-15 00:00:00", 31, "2027-01-31 00:00:00"},
	    {"2027-03-01 00:00:00", 31, "2027-02-28 00:00:00"},
	    {"2028-03-01 00:00:00", 30, "2028-02-29 00:00:00"},
	    {"2027-01-05 00:00:00", 10, "2026-12-10 00:00:00"},
	    {"2027-01-01 00:00:00", 1, "2027-01-01 00:00:00"},
	    {"2026-12-31 23:59:59", 1, "2026-12-01 00:00:00"},
	    {"2100-03-01 00:00:00", 29, "2100-02-28 00:00:00"},
	    /* leap years: of 4, of 100, of 400 */
	    {"2028-02-28 23:59:59", 29, "2028-01-29 00:00:00"},
	    {"2028-02-29 00:00:00", 29, "2028-02-29 00:00:00"},
	    {"2028-02-29 23:59:59", 30, "2028-02-29 00:00:00"},
	    {"2028-02-29 12:00:00", 31, "2028-02-29 00:00:00"},
	    {"2027-02-28 00:00:00", 29, "2027-02-28 00:00:00"},
	    {"2027-02-27 23:59:59", 29, "2027-01-29 00:00:00"},
	    {"2100-02-28 00:00:00", 30, "2100-02-28 00:00:00"},
	    {"2400-02-28 23:59:59", 30, "2400-01-30 00:00:00"},
	    {"2400-02-29 00:00:00", 30, "2400-02-29 00:00:00"},
	    /* ends of months and years */
	    {"2026-04-29 23:59:59", 30, "2026-03-30 00:00:00"},
	    {"2026-04-30 00:00:00", 31, "2026-04-30 00:00:00"},
	    {"2026-05-01 00:00:00", 31, "2026-04-30 00:00:00"},
	    {"2026-05-30 23:59:59", 31, "2026-04-30 00:00:00"},
	    {"2026-05-31 00:00:00", 31, "2026-05-31 00:00:00"},
	    {"2026-12-30 23:59:59", 31, "2026-11-30 00:00:00"},
	    {"2026-12-31 00:00:00", 31, "2026-12-31 00:00:00"},
	    {"2027-01-01 00:00:00", 31, "2026-12-31 00:00:00"},
	    {"2027-01-28 00:00:00", 29, "2026-12-29 00:00:00"},
	    {"2027-01-31 23:59:59", 31, "2027-01-31 00:00:00"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (period_start(at(cases[i].now), cases[i].day) != at(cases[i].start))
			fail_msg("%s with day %d", cases[i].now, cases[i].day);
}

static void
period_ends(void **state)
{
	static const struct {
		const char *now;
		uint8_t day;
		const char *end;
	} cases[] = {
	    {"2026-11-22 10:00:00", 1, "2026-12-01 00:00:00"},
	    {"2026-12-22 10:00:00", 1, "2027-01-01 00:00:00"},
	    {"2027-01-31 00:00:00", 31, "2027-02-28 00:00:00"},
	    {"2027-02-28 00:00:00", 31, "2027-03-31 00:00:00"},
	    {"2028-02-28 00:00:00", 30, "2028-02-29 00:00:00"},
	    {"2028-02-29 00:00:00", 29, "2028-03-29 00:00:00"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (period_end(at(cases[i].now), cases[i].day) != at(cases[i].end))
			fail_msg("%s with day %d", cases[i].now, cases[i].day);
}

/* A period's start lies in its own period, not after now, and periods follow each other without a gap. */
static void
period_law(void **state)
{
	(void)state;
	for (int day = 1; day <= 31; day++) {
		int64_t last = 0;

		for (int64_t t = at("2026-01-01 12:00:00"); t < at("2030-01-01 00:00:00"); t += 43200) {
			int64_t start = period_start(t, (uint8_t)day);

			assert_true(start <= t && t - start <= 32 * 86400);
			assert_int_equal(period_start(start, (uint8_t)day), start);
			assert_int_equal(start % 86400, 0);
			assert_true(start == last || last == 0 || start == period_end(last, (uint8_t)day));
			assert_true(period_end(t, (uint8_t)day) > t);
			assert_int_equal(period_start(period_end(t, (uint8_t)day) - 1, (uint8_t)day), start);
			last = start;
			assert_true(period_end(t, (uint8_t)day) > t);
			assert_int_equal(period_start(period_end(t, (uint8_t)day) - 1, (uint8_t)day), start);
			assert_int_equal(period_start(period_end(t, (uint8_t)day), (uint8_t)day),
			    period_end(t, (uint8_t)day));
		}
	}
}

/* What a slot's field says is where the slot began, and no other text is a field. */
static void
slot_fields(void **state)
{
	static const struct {
		enum slot_kind kind;
		const char *field;
		const char *start; /* in the hash of 2026-11-22; NULL: no field of one */
	} cases[] = {
	    {SLOT_DAY, "0101", "2026-01-01 00:00:00"},
	    {SLOT_DAY, "1231", "2026-12-31 00:00:00"},
	    {SLOT_DAY, "0229", NULL},
	    {SLOT_DAY, "0001", NULL},
	    {SLOT_DAY, "1301", NULL},
	    {SLOT_DAY, "0132", NULL},
	    {SLOT_HOUR, "00", "2026-11-22 00:00:00"},
	    {SLOT_HOUR, "23", "2026-11-22 23:00:00"},
	    {SLOT_HOUR, "24", NULL},
	    {SLOT_HOUR, "7", NULL},
	    {SLOT_HOUR, "0700", NULL},
	    {SLOT_HOUR, "-7", NULL},
	    {SLOT_5M, "0000", "2026-11-22 00:00:00"},
	    {SLOT_5M, "2355", "2026-11-22 23:55:00"},
	    {SLOT_5M, "2360", NULL},
	    {SLOT_5M, "2401", NULL},
	    {SLOT_5M, "0001", NULL},
	    {SLOT_5M, "", NULL},
	    {SLOT_5M, "00a0", NULL},
	};
	int64_t day = at("2026-11-22 12:34:56");

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t want = cases[i].start ? at(cases[i].start) : -1;

		if (key_slot_at(cases[i].kind, day, guarded(cases[i].field)) != want)
			fail_msg("%s", cases[i].field);
	}
	for (int kind = 0; kind < SLOT_KINDS; kind++) {
		for (int64_t t = at("2027-12-25 00:00:00"); t < at("2028-03-05 00:00:00"); t += 300) {
			char field[KEY_SUFFIX];
			int64_t start = slot_start(kind, t);

			key_slot_field(kind, start, field);
			assert_int_equal(key_slot_at(kind, t, guarded(field)), start);
		}
	}
}

/* The hashes follow each other without a gap, and an end of time is one. */
static void
slot_hashes(void **state)
{
	char key[KEY_SUFFIX];

	(void)state;
	assert_int_equal(key_slot_next(SLOT_DAY, at("2027-06-05 04:03:02")), at("2028-01-01 00:00:00"));
	assert_int_equal(key_slot_next(SLOT_HOUR, at("2028-02-28 04:03:02")), at("2028-02-29 00:00:00"));
	assert_int_equal(key_slot_next(SLOT_5M, at("2027-12-31 23:59:59")), at("2028-01-01 00:00:00"));
	assert_string_equal(key_slot(SLOT_DAY, key_slot_next(SLOT_DAY, INT64_MAX / 2), key), "d:9999");
}

static void
metas(void **state)
{
	static const struct {
		const char *billing;
		uint8_t day;
	} cases[] = {
	    {"wire wan both day 15", 15},
	    {"wire wan both day 31 zone UTC", 31},
	    {"wire wan both day 32", 0},
	    {"wire wan both day 0", 0},
	    {"wire wan both day", 0},
	    {"wire wan both day ", 0},
	    {"day  3", 0},
	    {"", 0},
	};
	struct meta meta = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		meta_take(&meta, span_str("billing"), guarded(cases[i].billing));
		assert_int_equal(meta.day, cases[i].day);
	}
	meta_take(&meta, span_str("quota"), guarded("200000000000"));
	meta_take(&meta, span_str("quota"), guarded(""));
	assert_int_equal(meta.quota, 200000000000);
	meta_take(&meta, span_str("tap"), guarded("tap2"));
	meta_take(&meta, span_str("tap"), guarded("a name that is far too long"));
	meta_take(&meta, span_str("host"), guarded("vps1"));
	assert_string_equal(meta.tap, "tap2");
	assert_string_equal(meta.host, "vps1");
}

static void
fields(void **state)
{
	(void)state;
	for (int i = 0; i < RECORD_FIELDS; i++) {
		assert_non_null(record_name(i));
		assert_int_equal(record_field(span_str(record_name(i))), i);
	}
	assert_int_equal(record_field(span_str("to_gues")), -1);
	assert_int_equal(record_field(span_str("")), -1);
}

static void
numbers(void **state)
{
	static const struct {
		const char *text;
		int status;
		uint64_t number;
	} cases[] = {
	    {"0", 0, 0},
	    {"18446744073709551615", 0, UINT64_MAX},
	    {"18446744073709551616", -1, 0},
	    {"99999999999999999999", -1, 0},
	    {"", -1, 0},
	    {"01", -1, 0},
	    {"-1", -1, 0},
	    {"1 ", -1, 0},
	    {"1e9", -1, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t n = strlen(cases[i].text);
		const char *copy = guard_copy(cases[i].text, n);
		uint64_t number = 0;

		assert_int_equal(number_parse(span_of(copy, n), &number), cases[i].status);
		assert_int_equal(number, cases[i].number);
		guard_free(copy, n);
	}
}

static void
slots(void **state)
{
	static const char *const wrong[] = {"", "1", "1 2 3 4 5", "1 2 3 4 5 6 7", "1  2 3 4 5 6",
	    " 1 2 3 4 5 6", "1 2 3 4 5 6 ", "1 2 3 4 5 x"};
	uint64_t v[SLOT_FIELDS] = {0, 1, UINT64_MAX, 3, 1ull << 53, 5}, back[SLOT_FIELDS];

	(void)state;
	assert_int_equal(slot_parse(span_str("0 1 18446744073709551615 3 9007199254740992 5"), back), 0);
	assert_memory_equal(v, back, sizeof(v));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		const char *copy = guard_copy(wrong[i], strlen(wrong[i]));

		assert_int_equal(slot_parse(span_of(copy, strlen(wrong[i])), back), -1);
		guard_free(copy, strlen(wrong[i]));
	}
	assert_memory_equal(v, back, sizeof(v));
}

/* What the script answers: the sequence held, and three numbers of other hosts, who may have written anything. */
static void
answers(void **state)
{
	static const char *const wrong[] = {"", " ", "x", " 7 1 2 3", "-7 1 2 3", "07 1 2 3", "7x 1 2 3"};
	static const char *const unknown[] = {"7", "7 ", "7 1", "7 1 2", "7 1 2 3 4", "7 1 2 3 ", "7 1 2 x",
	    "7 -1 2 3", "7 1 2 inf", "7 1 2 1000000000000000000000000000000", "7  1 2 3"};
	struct elsewhere e;
	uint64_t held = 9;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_equal(answer_parse(guarded(wrong[i]), 86400, &held, &e), -1);
	assert_int_equal(held, 9);
	for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++) {
		held = 9;
		assert_int_equal(answer_parse(guarded(unknown[i]), 86400, &held, &e), 0);
		assert_int_equal(held, 7);
		assert_int_equal(e.start, -1);
	}
	assert_int_equal(answer_parse(guarded("8 1 2 18446744073709551615"), 86400, &held, &e), 0);
	assert_int_equal(held, 8);
	assert_int_equal(e.start, 86400);
	assert_int_equal(e.billable[TO_GUEST], 1);
	assert_int_equal(e.billable[FROM_GUEST], 2);
	assert_true(e.billed == UINT64_MAX);
}

/* What others have is all less one's own, and never below nothing: the two are not read in the same moment. */
static void
elsewhere(void **state)
{
	struct record all = {0}, own = {0};
	struct elsewhere e;

	(void)state;
	all.v[REC_BILLED] = 100;
	own.v[REC_BILLED] = 40;
	all.v[REC_BILLABLE] = 70;
	own.v[REC_BILLABLE + FROM_GUEST] = 1;
	e = record_elsewhere(86400, &all, &own);
	assert_int_equal(e.start, 86400);
	assert_int_equal(e.billed, 60);
	assert_int_equal(e.billable[TO_GUEST], 70);
	assert_int_equal(e.billable[FROM_GUEST], 0);
}

static void
a_key_s_fields(void **state)
{
	struct record record = {0};

	(void)state;
	for (int i = 0; i < RECORD_FIELDS; i++)
		assert_int_equal(record_take(&record, span_str(record_name(i)), span_str("7")), 1);
	for (int i = 0; i < RECORD_FIELDS; i++)
		assert_int_equal(record.v[i], 7);
	assert_int_equal(record_take(&record, span_str("ts"), span_str("1795305600")), 1);
	assert_int_equal(record.ts, 1795305600);
	assert_int_equal(record_take(&record, span_str("another"), span_str("-")), 0);
	assert_int_equal(record_take(&record, span_str("billed"), span_str("-1")), -1);
	assert_int_equal(record_take(&record, span_str("ts"), span_str("")), -1);
	assert_int_equal(record.v[REC_BILLED], 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names),
	    cmocka_unit_test(wild_clocks),
	    cmocka_unit_test(periods),
	    cmocka_unit_test(period_ends),
	    cmocka_unit_test(period_law),
	    cmocka_unit_test(slot_fields),
	    cmocka_unit_test(slot_hashes),
	    cmocka_unit_test(metas),
	    cmocka_unit_test(fields),
	    cmocka_unit_test(numbers),
	    cmocka_unit_test(slots),
	    cmocka_unit_test(answers),
	    cmocka_unit_test(elsewhere),
	    cmocka_unit_test(a_key_s_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
