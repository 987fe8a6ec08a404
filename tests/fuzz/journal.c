/*
 * Any bytes as a journal: read safely, and what is read prints as what reads to the same. A payload alone is also
 * put under a good header, past the checksum that would hide it.
 */
#include "acct/part.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
same_again(const struct book *book, enum book_part part)
{
	struct bytes once = {0}, twice = {0};
	struct book back = {0};
	uint64_t number = 0;

	assert(book_encode(book, part, 9, &once) == 0);
	assert(book_check(span_of(once.ptr, once.len), part, &number) == BOOK_GOOD && number == 9);
	if (part == BOOK_CLOSED) {
		struct bytes totals = {0};

		assert(book_encode(book, BOOK_TOTALS, 9, &totals) == 0);
		assert(book_decode(span_of(totals.ptr, totals.len), &back) == 0);
		free(totals.ptr);
	}
	assert(book_decode(span_of(once.ptr, once.len), &back) == 0);
	assert(book_encode(&back, part, 9, &twice) == 0);
	if (part == BOOK_TOTALS)
		assert(once.len == twice.len && memcmp(once.ptr, twice.ptr, once.len) == 0);
	free(once.ptr);
	free(twice.ptr);
	book_free(&back);
}

static void
read_payload(enum book_part part, uint8_t version, const uint8_t *payload, size_t n)
{
	uint8_t *whole = calloc(1, BOOK_HEADER + n);
	struct book book = {0};

	/* book_decode is promised a good header, not a good payload. */
	whole[8] = version;
	whole[12] = part;
	for (int i = 0; i < 8; i++)
		whole[24 + i] = (uint8_t)((uint64_t)n >> (8 * i));
	if (n > 0)
		memcpy(whole + BOOK_HEADER, payload, n);
	if (part == BOOK_CLOSED)
		book_add(&book, "alice");
	if (book_decode(span_of(whole, BOOK_HEADER + n), &book) == 0)
		same_again(&book, part);
	free(whole);
	book_free(&book);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct book book = {0};
	uint64_t number;

	for (enum book_part part = BOOK_TOTALS; part <= BOOK_CLOSED; part++) {
		if (book_check(span_of(bytes, n), part, &number) == BOOK_GOOD &&
		    book_decode(span_of(bytes, n), &book) == 0)
			same_again(&book, part);
		book_free(&book);
	}
	if (n > 0)
		read_payload(bytes[0] & 1 ? BOOK_CLOSED : BOOK_TOTALS,
		    bytes[0] & 2 ? PART_VERSION : PART_OLDEST, bytes + 1, n - 1);
	return 0;
}
