/* What the kernel counted and nobody saw is told, and nothing else. */
#include "acct/proof.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>

static struct kernel
packets(uint64_t to, uint64_t from)
{
	return (struct kernel){.packets = {[TO_GUEST] = to, [FROM_GUEST] = from}};
}

static void
poll_at(struct proof *p, uint64_t to, uint64_t from)
{
	struct kernel now = packets(to, from);

	proof_poll(p, &now);
}

static void
a_missing_packet(void **state)
{
	struct proof p = {0};

	(void)state;
	poll_at(&p, 100, 50); /* read before the capture looked */
	poll_at(&p, 110, 50);
	p.seen += 3;
	poll_at(&p, 112, 51);
	assert_int_equal(proof_counted(&p), 3);
	assert_int_equal(proof_missing(&p), 0);
	poll_at(&p, 113, 51); /* the fourth may still be in the ring */
	assert_int_equal(proof_missing(&p), 0);
	poll_at(&p, 113, 51);
	assert_int_equal(proof_counted(&p), 4);
	assert_int_equal(proof_missing(&p), 1);
	p.seen++;
	assert_int_equal(proof_missing(&p), 0);
}

/* Traffic at any time, polls at any time, a ring as slow as it may be: missing is what was lost, once all is quiet. */
static void
any_traffic(void **state)
{
	(void)state;
	srand(5);
	for (int round = 0; round < 500; round++) {
		uint64_t counted = (uint64_t)rand() % 1000, ring = 0, lost = 0;
		struct proof p = {0};

		for (int step = 0; step < 300; step++) {
			bool watched = step >= 5; /* between the first two polls */

			if (step % 10 == 0) {
				/* What was counted by the poll before has come through the ring. */
				p.seen += ring;
				ring = 0;
				poll_at(&p, counted, 0);
				assert_true(proof_missing(&p) <= lost);
			}
			counted++;
			if (watched && step >= 30 && rand() % 50 == 0)
				lost++;
			else if (watched)
				ring++;
		}
		p.seen += ring;
		poll_at(&p, counted, 0);
		poll_at(&p, counted, 0);
		/* Five were seen between the look and the base. */
		assert_int_equal(proof_missing(&p), lost < 5 ? 0 : lost - 5);
	}
}

static void
sums(void **state)
{
	struct record r = {0};

	(void)state;
	assert_true(proof_sums(&r));
	for (int d = 0; d < DIRECTIONS; d++) {
		static const enum record_field parts[] = {REC_WAN, REC_HOST, REC_GUESTS, REC_UNCLASSIFIED};

		for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
			r.v[parts[i] + d] += 7;
			assert_false(proof_sums(&r));
			r.v[REC_BYTES + d] += 7;
			assert_true(proof_sums(&r));
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_missing_packet),
	    cmocka_unit_test(any_traffic),
	    cmocka_unit_test(sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
