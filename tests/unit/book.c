/* The journal's shape on disk: what goes in comes out, and no byte can turn without being noticed. */
#include "acct/book.h"
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
	for (uint64_t i = 0; i < 5; i++) {
		slots_turn(&a->slots, 1795305600 + (int64_t)i * 4000, 1, seed + i);
		slots_add(&a->slots, &a->total);
	}
	return a;
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
	encode(&book, BOOK_TOTALS, 42, &part);
	assert_int_equal(check(part.ptr, 0, BOOK_TOTALS, &number), BOOK_NOTHING);
	for (size_t n = 1; n < part.len; n++)
		assert_int_equal(check(part.ptr, n, BOOK_TOTALS, &number), BOOK_TORN);
	free(part.ptr);
	book_free(&book);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(comes_back),
	    cmocka_unit_test(every_flipped_byte),
	    cmocka_unit_test(every_prefix),
	    cmocka_unit_test(what_is_not_ours),
	    cmocka_unit_test(an_old_tail),
	    cmocka_unit_test(totals_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
