/* Whose a connection id is: the guest that has it, in whichever worker's table, and nobody by half an id. */
#include "proxy/cid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static struct cid_table *
table(size_t ids)
{
	struct cid_table *t = calloc(1, cid_bytes(ids));

	cid_init(t, ids, 42);
	return t;
}

static struct ip
guest(unsigned n)
{
	return (struct ip){.family = 4, .b = {10, 0, (uint8_t)(n >> 8), (uint8_t)n}};
}

static void
put(struct cid_table *t, const char *id, unsigned whose, uint64_t owner)
{
	struct ip ip = guest(whose);

	cid_put(t, span_str(id), &ip, owner);
}

/* The guest's number; 0: nobody's. */
static unsigned
find(struct cid_table *const *tables, size_t n, const char *dcid, size_t *len)
{
	struct ip ip;

	if (!cid_find(tables, n, span_str(dcid), &ip, len))
		return 0;
	return (unsigned)ip.b[2] << 8 | ip.b[3];
}

static void
test_find(void **state)
{
	struct cid_table *tables[2] = {table(100), table(100)};
	size_t len;

	(void)state;
	assert_int_equal(find(tables, 2, "abcdefgh", &len), 0);
	put(tables[0], "abcd", 1, 1);
	put(tables[1], "abcdef", 2, 2);
	put(tables[0], "abc", 3, 3); /* too short to mean anything */
	assert_int_equal(find(tables, 2, "abcdefgh", &len), 2);
	assert_int_equal(len, 6);
	assert_int_equal(find(tables, 2, "abcdeXgh", &len), 1);
	assert_int_equal(len, 4);
	assert_int_equal(find(tables, 1, "abcdefgh", &len), 1);
	assert_int_equal(find(tables, 2, "abc", &len), 0);
	assert_int_equal(find(tables, 2, "", &len), 0);
	put(tables[0], "abcd", 4, 5);
	assert_int_equal(find(tables, 2, "abcd", &len), 4);
	cid_drop(tables[0], span_str("abcd"), 1); /* not its any more */
	assert_int_equal(find(tables, 2, "abcd", &len), 4);
	cid_drop(tables[0], span_str("abcd"), 5);
	assert_int_equal(find(tables, 2, "abcd", &len), 0);
	free(tables[0]);
	free(tables[1]);
}

/* As many as it is made for are all found; beyond that the oldest go, and nothing is found wrong. */
static void
test_room(void **state)
{
	enum { IDS = 1000 };
	struct cid_table *t = table(IDS);
	char id[16];
	size_t len;
	unsigned found = 0;

	(void)state;
	for (unsigned i = 1; i <= 20 * IDS; i++) {
		snprintf(id, sizeof(id), "id-%08u", i);
		put(t, id, i, i);
		assert_int_equal(find(&t, 1, id, &len), i & 0xffff);
		if (i != IDS)
			continue;
		for (unsigned k = 1; k <= IDS; k++) {
			snprintf(id, sizeof(id), "id-%08u", k);
			found += find(&t, 1, id, &len) == k;
		}
		assert_true(found > IDS * 98 / 100);
	}
	snprintf(id, sizeof(id), "id-%08u", 1);
	assert_int_equal(find(&t, 1, id, &len), 0);
	free(t);
}

/* A writer that died in the middle hides its bucket until the next one writes there. */
static void
test_torn(void **state)
{
	struct cid_table *t = table(1);
	size_t len;

	(void)state;
	put(t, "abcdef", 1, 1);
	t->buckets[0].writes++;
	assert_int_equal(find(&t, 1, "abcdef", &len), 0);
	put(t, "ghijkl", 2, 2);
	assert_int_equal(find(&t, 1, "abcdef", &len), 1);
	assert_int_equal(find(&t, 1, "ghijkl", &len), 2);
	t->buckets[0].entries[0].len = 255; /* what a reader may meet */
	assert_int_equal(find(&t, 1, "abcdef", &len), 0);
	free(t);
}

/* Who put it there, and only for the whole id. */
static void
test_owner(void **state)
{
	struct cid_table *tables[2] = {table(100), table(100)};
	uint64_t owner = 0;

	(void)state;
	put(tables[0], "abcdef", 1, 7);
	put(tables[1], "uvwxyz", 1, 8);
	assert_true(cid_owner(tables, 2, span_str("uvwxyz"), &owner));
	assert_int_equal(owner, 8);
	assert_false(cid_owner(tables, 1, span_str("uvwxyz"), &owner));
	assert_false(cid_owner(tables, 2, span_str("abcdefg"), &owner));
	assert_false(cid_owner(tables, 2, span_str("abcde"), &owner));
	put(tables[0], "abcdef", 1, 9);
	assert_true(cid_owner(tables, 2, span_str("abcdef"), &owner));
	assert_int_equal(owner, 9);
	free(tables[0]);
	free(tables[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_find),
	    cmocka_unit_test(test_room),
	    cmocka_unit_test(test_torn),
	    cmocka_unit_test(test_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
