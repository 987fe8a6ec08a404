/* The journal's shape on disk: what goes in comes out, and no byte can turn without being noticed. */
#include "acct/part.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>

static struct account *
account(struct book *book, const char *name, uint64_t seed)
{
	struct account *a = book_add(book, name);

	assert_non_null(a);
	a->seq = seed;
	snprintf(a->life.boot, sizeof(a->life.boot), "boot-%u/1", (unsigned)seed);
	snprintf(a->life.tap, sizeof(a->life.tap), "tap%u", (unsigned)seed);
	a->life.ifindex = (uint32_t)seed * 7;
	a->life.done = (struct kernel){{seed, seed + 1}, {seed + 2, seed + 3}, seed + 4};
	for (int i = 0; i < RECORD_FIELDS; i++)
		a->total.v[i] = seed << i;
	a->total.ts = 1795305600;
	a->slots.period.told = 80;
	for (uint64_t i = 0; i < 3; i++) {
		struct event event = {
		    seed + i, 1795305600, 1793491200, seed, seed / 2, 8000, 80, QUOTA_THROTTLE};

		event_keep(a->events, &a->n_events, &event);
	}
	for (int kind = 0; kind < SLOT_KINDS; kind++)
		a->slots.gone[kind] = (int64_t)seed + kind;
	a->slots.gone_period = (int64_t)seed + 9;
	for (uint64_t i = 0; i < 5; i++) {
		slots_turn(&a->slots, 1795305600 + (int64_t)i * 4000, 1, seed + i);
		slots_add(&a->slots, &a->total);
	}
	a->slots.may_be_unknown = a->slots.open[SLOT_HOUR].unknown = a->slots.closed_5m[0].unknown = true;
	a->slots.period.told = 100;
	a->slots.period.quota = seed;
	a->elsewhere = (struct elsewhere){(int64_t)seed, {seed + 1, seed + 2}, seed + 3};
	a->owed_on_disk = true;
	unmet_begin(&a->unmet, seed / 2, &a->life.done);
	for (unsigned i = 1; i <= 2; i++) {
		struct life ended = a->life;

		ended.done.bytes[0] += seed << i;
		unmet_end(&a->unmet, &ended);
	}
	return a;
}

static struct life
life(const char *boot, uint32_t ifindex, uint64_t counted)
{
	struct life l = {
	    .tap = "tap7", .ifindex = ifindex, .done = {{counted, counted}, {counted, counted}, 0}};

	strcpy(l.boot, boot);
	return l;
}

static void
encode(const struct book *book, enum book_part part, uint64_t number, struct bytes *out)
{
	*out = (struct bytes){0};
	assert_int_equal(book_encode(book, part, number, out), 0);
}

static enum book_verdict
check(const uint8_t *bytes, size_t n, enum book_part part, uint64_t *number)
{
	const char *copy = guard_copy(bytes, n);
	enum book_verdict verdict = book_check(span_of(copy, n), part, number);

	guard_free(copy, n);
	return verdict;
}

static void
comes_back(void **state)
{
	struct book book = {0}, back = {0};
	struct bytes totals, closed, again;
	uint64_t number = 0;

	(void)state;
	account(&book, "bob", 1000);
	account(&book, "alice", 5);
	account(&book, "carol", 1ull << 40);
	strcpy(book.host, "host.example.org");
	for (uint32_t i = 1; i <= 3; i++) {
		struct life l = life("boot", i, i * 100);

		assert_int_equal(book_leave(&book, &l), 0);
	}
	encode(&book, BOOK_TOTALS, 42, &totals);
	encode(&book, BOOK_CLOSED, 43, &closed);
	assert_int_equal(check(totals.ptr, totals.len, BOOK_TOTALS, &number), BOOK_GOOD);
	assert_int_equal(number, 42);
	assert_int_equal(book_decode(span_of(totals.ptr, totals.len), &back), 0);
	assert_int_equal(book_decode(span_of(closed.ptr, closed.len), &back), 0);
	assert_int_equal(back.n, 3);
	assert_string_equal(back.list[0]->name, "alice");
	for (size_t i = 0; i < 3; i++)
		assert_memory_equal(back.list[i], book.list[i], sizeof(struct account));
	assert_string_equal(back.host, "host.example.org");
	assert_int_equal(back.n_left, 3);
	assert_memory_equal(back.left, book.left, 3 * sizeof(*book.left));
	encode(&back, BOOK_TOTALS, 42, &again);
	assert_int_equal(again.len, totals.len);
	assert_memory_equal(again.ptr, totals.ptr, totals.len);
	free(totals.ptr);
	free(closed.ptr);
	free(again.ptr);
	book_free(&book);
	book_free(&back);
}

static void
every_flipped_byte(void **state)
{
	struct book book = {0};
	struct bytes part;
	uint64_t number;

	(void)state;
	account(&book, "alice", 5);
	for (enum book_part kind = BOOK_TOTALS; kind <= BOOK_CLOSED; kind++) {
		encode(&book, kind, 42, &part);
		for (size_t i = 0; i < part.len; i++)
			for (unsigned flip = 1; flip < 256; flip = flip * 2 + 1) {
				part.ptr[i] ^= (uint8_t)flip;
				assert_int_not_equal(
				    book_check(span_of(part.ptr, part.len), kind, &number), BOOK_GOOD);
				part.ptr[i] ^= (uint8_t)flip;
			}
		free(part.ptr);
	}
	book_free(&book);
}

static void
every_prefix(void **state)
{
	struct book book = {0};
	struct bytes part;
	uint64_t number;

	(void)state;
	account(&book, "alice", 5);
	for (enum book_part kind = BOOK_TOTALS; kind <= BOOK_CLOSED; kind++) {
		encode(&book, kind, 42, &part);
		assert_int_equal(check(part.ptr, 0, kind, &number), BOOK_NOTHING);
		for (size_t n = 1; n < part.len; n++)
			assert_int_equal(check(part.ptr, n, kind, &number), BOOK_TORN);
		free(part.ptr);
	}
	book_free(&book);
}

/* A payload that ends too soon under a header that says so: nonsense, and not a byte is read behind it. */
static void
every_shorter_payload(void **state)
{
	struct book book = {0};
	struct bytes part;

	(void)state;
	account(&book, "alice", 5);
	for (enum book_part kind = BOOK_TOTALS; kind <= BOOK_CLOSED; kind++) {
		encode(&book, kind, 42, &part);
		for (size_t n = BOOK_HEADER; n < part.len; n++) {
			struct book back = {0};
			const char *copy;

			for (int b = 0; b < 8; b++)
				part.ptr[24 + b] = (uint8_t)((uint64_t)(n - BOOK_HEADER) >> (8 * b));
			if (kind == BOOK_CLOSED)
				assert_non_null(book_add(&back, "alice"));
			copy = guard_copy(part.ptr, n);
			assert_int_equal(book_decode(span_of(copy, n), &back), -1);
			guard_free(copy, n);
			book_free(&back);
		}
		free(part.ptr);
	}
	book_free(&book);
}

static struct bytes
file_bytes(const char *path)
{
	struct bytes out = {malloc(1 << 16), 0, 1 << 16};
	FILE *in = fopen(path, "r");

	assert_non_null(in);
	out.len = fread(out.ptr, 1, out.room, in);
	fclose(in);
	return out;
}

/* What the version before wrote is read, every number of it, and what it did not have is zero. */
static void
an_older_version(void **state)
{
	struct bytes totals = file_bytes("tests/fuzz/corpus/journal/version-2-totals"),
		     closed = file_bytes("tests/fuzz/corpus/journal/version-2-closed"), again;
	struct book book = {0}, back = {0};
	struct account *a;
	uint64_t number;

	(void)state;
	assert_int_equal(check(totals.ptr, totals.len, BOOK_TOTALS, &number), BOOK_GOOD);
	assert_int_equal(number, 42);
	assert_int_equal(check(closed.ptr, closed.len, BOOK_CLOSED, &number), BOOK_GOOD);
	for (size_t n = 1; n < totals.len; n++)
		assert_int_equal(check(totals.ptr, n, BOOK_TOTALS, &number), BOOK_TORN);
	assert_int_equal(book_decode(span_of(totals.ptr, totals.len), &book), 0);
	assert_int_equal(book_decode(span_of(closed.ptr, closed.len), &book), 0);
	assert_string_equal(book.host, "vps1");
	assert_int_equal(book.n, 2);
	assert_int_equal(book.n_left, 1);
	a = book_find(&book, "bob");
	assert_int_equal(a->seq, 101);
	assert_int_equal(a->life.ifindex, 8);
	assert_int_equal(a->life.done.bytes[FROM_GUEST], 20);
	assert_int_equal(a->total.v[REC_BILLED], 4 * 2 * 20);
	assert_int_equal(a->slots.n_closed[SLOT_5M], 3);
	assert_int_equal(a->slots.closed_5m[2].v[SLOT_TO_GUEST], 2);
	assert_int_equal(a->slots.period.sum.v[REC_BYTES], 4 * 2);
	assert_int_equal(a->slots.period.told, 0);
	assert_int_equal(a->n_events, 0);
	assert_int_equal(slots_unknown(&a->slots), -1);
	assert_false(a->unmet.is);
	/* Written again it is of this version and says the same. */
	encode(&book, BOOK_TOTALS, 43, &again);
	assert_int_equal(book_decode(span_of(again.ptr, again.len), &back), 0);
	assert_int_equal(back.list[1]->total.v[REC_BILLED], a->total.v[REC_BILLED]);
	free(totals.ptr);
	free(closed.ptr);
	free(again.ptr);
	book_free(&book);
	book_free(&back);
}

/* The one in between, which knew of quotas. */
static void
the_version_before(void **state)
{
	struct bytes totals = file_bytes("tests/fuzz/corpus/journal/version-3-totals"),
		     closed = file_bytes("tests/fuzz/corpus/journal/version-3-closed");
	struct book book = {0};
	struct account *a;
	uint64_t number;

	(void)state;
	assert_int_equal(check(totals.ptr, totals.len, BOOK_TOTALS, &number), BOOK_GOOD);
	assert_int_equal(check(closed.ptr, closed.len, BOOK_CLOSED, &number), BOOK_GOOD);
	assert_int_equal(book_decode(span_of(totals.ptr, totals.len), &book), 0);
	assert_int_equal(book_decode(span_of(closed.ptr, closed.len), &book), 0);
	a = book_find(&book, "bob");
	assert_int_equal(a->seq, 73);
	assert_int_equal(a->total.v[REC_BILLED], 560);
	assert_int_equal(a->slots.period.told, 80);
	assert_int_equal(a->slots.period.quota, 7000);
	assert_int_equal(a->n_events, 1);
	assert_int_equal(a->events[0].billed, 5600);
	assert_int_equal(a->slots.n_closed[SLOT_5M], 3);
	assert_true(a->slots.closed_5m[0].unknown);
	assert_int_equal(a->slots.gone_period, 1790000000);
	assert_false(a->unmet.is);
	assert_int_equal(a->elsewhere.billed, 0);
	free(totals.ptr);
	free(closed.ptr);
	book_free(&book);
}

/* Whole and of another version: neither ours to read nor torn, and never nothing. */
static void
another_version(void **state)
{
	static const uint8_t versions[] = {0, 1, 5, 255};
	struct book book = {0};
	struct bytes part;
	uint64_t number;

	(void)state;
	account(&book, "alice", 5);
	encode(&book, BOOK_TOTALS, 42, &part);
	for (size_t i = 0; i < sizeof(versions); i++) {
		uint64_t sum;

		part.ptr[8] = versions[i];
		assert_int_equal(check(part.ptr, part.len, BOOK_TOTALS, &number), BOOK_TORN);
		sum = part_checksum(part.ptr, part.len);
		for (int b = 0; b < 8; b++)
			part.ptr[32 + b] = (uint8_t)(sum >> (8 * b));
		assert_int_equal(check(part.ptr, part.len, BOOK_TOTALS, &number), BOOK_OTHER);
	}
	free(part.ptr);
	book_free(&book);
}

static uint64_t
bit_by_bit(uint64_t crc, const uint8_t *p, size_t n)
{
	crc = ~crc;
	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xc96c5795d7870f42 : 0);
	}
	return ~crc;
}

/* Of every length, and never of itself. */
static void
the_checksum(void **state)
{
	uint8_t part[BOOK_HEADER + 50];

	(void)state;
	assert_true(bit_by_bit(0, (const uint8_t *)"123456789", 9) == 0x995dc9bbdf1939fa);
	for (size_t i = 0; i < sizeof(part); i++)
		part[i] = (uint8_t)(i * i + 7);
	for (size_t n = BOOK_HEADER; n <= sizeof(part); n++) {
		uint64_t head = bit_by_bit(0, part, PART_CHECKSUM_AT);

		assert_true(part_checksum(part, n) == bit_by_bit(head, part + BOOK_HEADER, n - BOOK_HEADER));
		part[PART_CHECKSUM_AT + n % 8]++;
	}
}

static void
what_is_not_ours(void **state)
{
	struct book book = {0};
	struct bytes part;
	uint64_t number;
	uint8_t zeros[4096] = {0};

	(void)state;
	assert_int_equal(check((const uint8_t *)"#!/bin/sh\n", 10, BOOK_TOTALS, &number), BOOK_FOREIGN);
	assert_int_equal(check(zeros, sizeof(zeros), BOOK_TOTALS, &number), BOOK_FOREIGN);
	encode(&book, BOOK_TOTALS, 1, &part);
	assert_int_equal(check(part.ptr, part.len, BOOK_CLOSED, &number), BOOK_FOREIGN);
	free(part.ptr);
}

/* A longer part was there before: its tail is not this one's. */
static void
an_old_tail(void **state)
{
	struct book book = {0}, back = {0};
	struct bytes part;
	uint64_t number;

	(void)state;
	account(&book, "alice", 5);
	encode(&book, BOOK_TOTALS, 42, &part);
	part.ptr = realloc(part.ptr, part.len + 100);
	memset(part.ptr + part.len, 0x5a, 100);
	assert_int_equal(check(part.ptr, part.len + 100, BOOK_TOTALS, &number), BOOK_GOOD);
	assert_int_equal(book_decode(span_of(part.ptr, part.len + 100), &back), 0);
	assert_int_equal(back.n, 1);
	free(part.ptr);
	book_free(&book);
	book_free(&back);
}

/* CLOSED was written, TOTALS not yet: the slot is still open there, and its bytes are not there twice. */
static void
totals_rule(void **state)
{
	struct book book = {0}, back = {0};
	struct bytes totals, closed;
	struct account *a = book_add(&book, "alice"), *b;
	struct record delta = {.ts = 1795305600};

	(void)state;
	delta.v[REC_BYTES] = 100;
	slots_turn(&a->slots, 1795305600, 1, 1);
	slots_add(&a->slots, &delta);
	encode(&book, BOOK_TOTALS, 1, &totals);
	slots_add(&a->slots, &delta);
	assert_true(slots_turn(&a->slots, 1795305600 + 300, 1, 2));
	encode(&book, BOOK_CLOSED, 1, &closed);
	assert_int_equal(book_decode(span_of(totals.ptr, totals.len), &back), 0);
	assert_int_equal(book_decode(span_of(closed.ptr, closed.len), &back), 0);
	b = book_find(&back, "alice");
	assert_int_equal(b->slots.n_closed[SLOT_5M], 0);
	assert_int_equal(b->slots.open[SLOT_5M].v[SLOT_TO_GUEST], 100);
	free(totals.ptr);
	free(closed.ptr);
	book_free(&book);
	book_free(&back);
}

/* Whoever has an interface next goes on where it is counted up to, once, and nobody else has it any more. */
static void
an_interface_has_one_life(void **state)
{
	struct book book = {0};
	struct account *alice = book_add(&book, "alice"), *bob = book_add(&book, "bob");
	struct life left = life("boot", 9, 50), elsewhere = life("other", 2, 70);
	const struct kernel now = {{1000, 1000}, {1000, 1000}, 0}, less = {{99, 1000}, {1000, 1000}, 0};
	struct kernel done = now;

	(void)state;
	alice->life = life("boot", 2, 100);
	bob->life = life("boot", 3, 200);
	assert_int_equal(book_leave(&book, &left), 0);
	assert_int_equal(book_leave(&book, &elsewhere), 0);
	assert_int_equal(book_leave(&book, &(struct life){0}), 0); /* none */
	assert_int_equal(book.n_left, 2);

	assert_false(book_take(&book, "boot", 4, &now, &done));
	assert_int_equal(done.bytes[0], 0);
	/* The two swap: bob begins on alice's, and leaves his own for her. */
	assert_int_equal(book_leave(&book, &bob->life), 0);
	assert_true(book_take(&book, "boot", 2, &now, &done));
	assert_int_equal(done.bytes[0], 100);
	assert_string_equal(alice->life.boot, "");
	bob->life = life("boot", 2, 100);
	assert_true(book_take(&book, "boot", 3, &now, &done));
	assert_int_equal(done.bytes[0], 200);
	assert_false(book_take(&book, "boot", 3, &now, &done));
	/* Counters below what was counted are another interface's. */
	assert_false(book_take(&book, "boot", 2, &less, &done));
	assert_int_equal(done.bytes[0], 0);
	assert_true(book_take(&book, "boot", 9, &now, &done));
	assert_int_equal(done.bytes[0], 50);
	assert_int_equal(book.n_left, 1);
	book_boot(&book, "boot");
	assert_int_equal(book.n_left, 0);
	book_free(&book);
}

static void
what_was_left_has_a_ceiling(void **state)
{
	struct book book = {0};

	(void)state;
	for (uint32_t i = 1; i <= BOOK_LEFT_MAX + 10; i++) {
		struct life l = life("boot", i, i);

		assert_int_equal(book_leave(&book, &l), i > BOOK_LEFT_MAX);
		l.done.bytes[0]++; /* again: the later one holds */
		assert_int_equal(book_leave(&book, &l), 0);
	}
	assert_int_equal(book.n_left, BOOK_LEFT_MAX);
	assert_int_equal(book.left[0].ifindex, 11);
	assert_int_equal(book.left[0].done.bytes[0], 12);
	book_forget(&book, "boot", 11);
	assert_int_equal(book.left[0].ifindex, 12);
	book_forget(&book, "other", 12);
	assert_int_equal(book.n_left, BOOK_LEFT_MAX - 1);
	book_free(&book);
}

static void
another_name(void **state)
{
	struct book book = {0};
	struct account *a = account(&book, "alice", 5);
	const struct kernel now = {{1000, 1000}, {1000, 1000}, 1000};
	struct kernel done;
	char boot[LIFE_BOOT_TEXT], long_name[KEY_HOST_MAX + 2];

	(void)state;
	strcpy(boot, a->life.boot);
	assert_int_equal(book_rename(&book, "b"), 0);
	assert_string_equal(book.host, "b");
	assert_string_equal(a->name, "alice");
	assert_int_equal(a->seq, 0);
	assert_true(record_is_zero(&a->total));
	assert_int_equal(a->slots.n_closed[SLOT_HOUR], 0);
	assert_true(book_take(&book, boot, 35, &now, &done));
	assert_int_equal(done.bytes[TO_GUEST], 5);
	memset(long_name, 'x', sizeof(long_name));
	long_name[KEY_HOST_MAX + 1] = '\0';
	assert_int_equal(book_rename(&book, long_name), -1);
	assert_string_equal(book.host, "b");
	book_free(&book);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(comes_back),
	    cmocka_unit_test(the_checksum),
	    cmocka_unit_test(every_flipped_byte),
	    cmocka_unit_test(every_prefix),
	    cmocka_unit_test(every_shorter_payload),
	    cmocka_unit_test(what_is_not_ours),
	    cmocka_unit_test(an_older_version),
	    cmocka_unit_test(the_version_before),
	    cmocka_unit_test(another_version),
	    cmocka_unit_test(an_old_tail),
	    cmocka_unit_test(totals_rule),
	    cmocka_unit_test(an_interface_has_one_life),
	    cmocka_unit_test(what_was_left_has_a_ceiling),
	    cmocka_unit_test(another_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
