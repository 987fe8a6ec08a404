/* Counting by key: like a plain array would, whatever comes and goes in whatever order. */
#include "proxy/limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include <pthread.h>

static struct limit_table *
table(size_t keys)
{
	struct limit_table *t = calloc(1, limit_bytes(keys));

	limit_init(t, keys, 42);
	return t;
}

static struct ip
ip(const char *text)
{
	struct ip out;

	assert_int_equal(ip_parse(span_str(text), &out), 0);
	return out;
}

static void
test_keys(void **state)
{
	struct limit_table *t = table(10);
	struct ip a = ip("2001:db8:0:1::1"), b = ip("2001:db8:0:1:ffff::2"), c = ip("2001:db8:0:2::1");
	struct ip d = ip("192.0.2.1"), e = ip("192.0.2.2");
	struct limit_key ka = limit_client(&a), kb = limit_client(&b), kc = limit_client(&c);
	struct limit_key kd = limit_client(&d), ke = limit_client(&e);

	(void)state;
	assert_int_equal(limit_add(t, &ka), 0);
	assert_int_equal(limit_count(t, &kb), 1); /* one /64 */
	assert_int_equal(limit_count(t, &kc), 0);
	assert_int_equal(limit_add(t, &kd), 0);
	assert_int_equal(limit_count(t, &ke), 0);
	limit_remove(t, &kb);
	assert_int_equal(limit_count(t, &ka), 0);
	limit_remove(t, &ka); /* never below nothing */
	assert_int_equal(limit_count(t, &ka), 0);
	free(t);
}

static void
test_random(void **state)
{
	enum { KEYS = 300 };
	struct limit_table *t = table(KEYS);
	uint32_t want[KEYS] = {0};
	unsigned seed = 7;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		unsigned k = (unsigned)rand_r(&seed) % KEYS;
		struct ip at = {.family = 4, .b = {10, 0, (uint8_t)(k >> 8), (uint8_t)k}};
		struct limit_key key = limit_client(&at);

		/* Phases of more adds, then of more removes. */
		if ((unsigned)rand_r(&seed) % 100 < (i / 5000 % 2 ? 70 : 30)) {
			assert_int_equal(limit_add(t, &key), 0);
			want[k]++;
		} else if (want[k]) {
			limit_remove(t, &key);
			want[k]--;
		}
		assert_int_equal(limit_count(t, &key), want[k]);
	}
	for (unsigned k = 0; k < KEYS; k++) {
		struct ip at = {.family = 4, .b = {10, 0, (uint8_t)(k >> 8), (uint8_t)k}};
		struct limit_key key = limit_client(&at);

		assert_int_equal(limit_count(t, &key), want[k]);
		while (want[k]-- > 0)
			limit_remove(t, &key);
	}
	assert_int_equal(t->used, 0);
	for (uint32_t i = 0; i <= t->mask; i++)
		assert_int_equal(t->slots[i].key.ip.family, 0);
	free(t);
}

static void
test_full(void **state)
{
	struct limit_table *t = table(100);
	uint32_t n = 0;

	(void)state;
	for (unsigned k = 0; k < 1000; k++) {
		struct ip at = {.family = 4, .b = {10, 0, (uint8_t)(k >> 8), (uint8_t)k}};
		struct limit_key key = limit_client(&at);

		n += limit_add(t, &key) == 0;
	}
	assert_true(n >= 100 && n < 1000);
	free(t);
}

/* Three keys that want one place: when the first goes, the others move up. */
enum { CYCLES = 200000, MANY = 50 };

static struct limit_table *shared;
static struct limit_key three[3];
static int over;

static void
find_three(void)
{
	unsigned n = 0;

	for (unsigned i = 0; n < 3; i++) {
		struct ip at = {.family = 4, .b = {10, 0, (uint8_t)(i >> 8), (uint8_t)i}};
		struct limit_key key = limit_client(&at);

		if ((limit_hash(&key, shared->seed) & shared->mask) == 3)
			three[n++] = key;
	}
}

static void *
move(void *arg)
{
	for (int i = 0; i < CYCLES; i++) {
		limit_add(shared, &three[0]);
		for (int k = 0; k < MANY; k++)
			limit_add(shared, &three[1]);
		limit_add(shared, &three[2]);
		limit_remove(shared, &three[0]);
		limit_remove(shared, &three[2]);
		for (int k = 0; k < MANY; k++)
			limit_remove(shared, &three[1]);
	}
	__atomic_store_n((bool *)arg, true, __ATOMIC_RELEASE);
	return NULL;
}

/* Whoever reads while slots move may miss a key, but never sees more than there ever was. */
static void
test_moving(void **state)
{
	bool done = false;
	pthread_t writer;

	(void)state;
	shared = table(4);
	find_three();
	assert_int_equal(pthread_create(&writer, NULL, move, &done), 0);
	while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE)) {
		over += limit_count(shared, &three[2]) > 1;
		over += limit_count(shared, &three[1]) > MANY;
	}
	pthread_join(writer, NULL);
	assert_int_equal(over, 0);
	assert_int_equal(shared->used, 0);
	free(shared);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_keys),
	    cmocka_unit_test(test_random),
	    cmocka_unit_test(test_full),
	    cmocka_unit_test(test_moving),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
