/* Which flow a datagram belongs to, and who makes room. */
#include "proxy/flow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static struct flow_key
key(unsigned client)
{
	struct flow_key k = {.client = {.ip = {.family = 4, .b = {192, 0, 2, (uint8_t)client}}, .port = 5000},
	    .local = {.ip = {.family = 4, .b = {198, 51, 100, 1}}, .port = 443}};

	return k;
}

static struct quic_packet
packet(enum quic_kind kind, const char *dcid, const char *scid)
{
	return (struct quic_packet){.kind = kind,
	    .version = kind == QUIC_SHORT ? 0 : QUIC_V1,
	    .dcid = span_str(dcid),
	    .scid = span_str(scid)};
}

static struct quic_flow *
find(struct flow_table *t, unsigned client, enum quic_kind kind, const char *dcid)
{
	static double now = 100;
	struct flow_key k = key(client);
	struct quic_packet p = packet(kind, dcid, "");

	return flow_find(t, &k, &p, now++);
}

static void
answer(struct quic_flow *f, const char *scid)
{
	struct quic_packet p = packet(QUIC_INITIAL, "client", scid);

	flow_learn(f, &p);
}

static void
test_ids(void **state)
{
	struct flow_table *t = flow_table_new(8, 7);
	struct quic_flow a = {.key = key(1)}, b = {.key = key(1)}, c = {.key = key(2)};

	(void)state;
	assert_int_equal(flow_add(t, &a, FLOW_UNPROVEN, span_str("first--a"), 1), 0);
	assert_int_equal(flow_add(t, &b, FLOW_UNPROVEN, span_str("first--b"), 2), 0);
	assert_int_equal(flow_add(t, &c, FLOW_UNPROVEN, span_str("first--c"), 3), 0);
	assert_ptr_equal(find(t, 1, QUIC_INITIAL, "first--a"), &a);
	assert_ptr_equal(find(t, 1, QUIC_LONG, "first--b"), &b);
	assert_null(find(t, 1, QUIC_INITIAL, "first--c"));
	assert_null(find(t, 1, QUIC_LONG, "first--"));
	assert_null(find(t, 3, QUIC_INITIAL, "first--a"));
	answer(&a, "guest-a");
	answer(&b, "guest-ab");
	assert_ptr_equal(find(t, 1, QUIC_SHORT, "guest-a...payload"), &a);
	assert_ptr_equal(find(t, 1, QUIC_SHORT, "guest-ab..payload"), &b); /* the longer one */
	assert_ptr_equal(find(t, 1, QUIC_LONG, "guest-a"), &a);
	assert_ptr_equal(find(t, 1, QUIC_SHORT, "unknown"), &a); /* at work last */
	assert_ptr_equal(find(t, 1, QUIC_SHORT, "first--b"), &a); /* no id of a guest's */
	assert_ptr_equal(find(t, 2, QUIC_SHORT, "unknown"), &c);
	flow_remove(t, &a);
	assert_ptr_equal(find(t, 1, QUIC_SHORT, "guest-a...payload"), &b);
	flow_remove(t, &b);
	flow_remove(t, &c);
	assert_null(find(t, 1, QUIC_SHORT, "unknown"));
	assert_int_equal(t->n, 0);
	flow_table_free(t);
}

/* An id of no length is what all short headers begin with. */
static void
test_empty_id(void **state)
{
	struct flow_table *t = flow_table_new(8, 7);
	struct quic_flow a = {.key = key(1)}, b = {.key = key(1)};

	(void)state;
	flow_add(t, &a, FLOW_UNPROVEN, span_str("first--a"), 1);
	flow_add(t, &b, FLOW_UNPROVEN, span_str("first--b"), 2);
	answer(&a, "");
	answer(&b, "guest-b");
	assert_ptr_equal(find(t, 1, QUIC_SHORT, "anything"), &a);
	assert_ptr_equal(find(t, 1, QUIC_SHORT, "guest-b"), &b);
	assert_ptr_equal(find(t, 1, QUIC_LONG, ""), &a);
	answer(&a, "guest-b-and-more");
	assert_ptr_equal(find(t, 1, QUIC_SHORT, "guest-b-and-more"), &a);
	flow_table_free(t);
}

/* The last three of the guest's count, each once; what is no id of its own does not. */
static void
test_learn(void **state)
{
	static const char *const ids[] = {"one", "two", "two", "three", "four"};
	struct quic_flow f = {.n_ids = 1};
	struct quic_packet p;

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		p = packet(QUIC_LONG, "", ids[i]);
		assert_int_equal(flow_learn(&f, &p), i != 2);
	}
	assert_int_equal(f.n_ids, FLOW_IDS);
	assert_memory_equal(f.ids[1].b, "two", 3);
	assert_memory_equal(f.ids[3].b, "four", 4);
	p = packet(QUIC_SHORT, "five", "");
	assert_false(flow_learn(&f, &p));
	p = packet(QUIC_OTHER_VERSION, "", "six");
	p.version = 0; /* Version Negotiation: its ids are the client's */
	assert_false(flow_learn(&f, &p));
	p = packet(QUIC_OTHER_VERSION, "", "an id of twenty-one b");
	assert_false(flow_learn(&f, &p));
}

/* Only who sends to an id of the guest's has proven its address. */
static void
test_proof(void **state)
{
	struct flow_table *t = flow_table_new(8, 7);
	struct quic_flow f = {.key = key(1)};

	(void)state;
	flow_add(t, &f, FLOW_UNPROVEN, span_str("first--a"), 1);
	find(t, 1, QUIC_INITIAL, "first--a");
	answer(&f, "guest");
	find(t, 1, QUIC_INITIAL, "first--a");
	find(t, 1, QUIC_SHORT, "guess");
	assert_int_equal(f.class, FLOW_UNPROVEN);
	find(t, 1, QUIC_SHORT, "guest...");
	assert_int_equal(f.class, FLOW_PROVEN);
	assert_int_equal(t->of_class[FLOW_PROVEN], 1);
	flow_become(t, &f, FLOW_QUIET, 100);
	find(t, 1, QUIC_SHORT, "guess");
	assert_int_equal(f.class, FLOW_PROVEN);
	flow_table_free(t);
}

static void
test_room(void **state)
{
	static const double idle[FLOW_CLASSES] = {5, 5, 10, 50, 100};
	struct flow_table *t = flow_table_new(5, 7);
	struct quic_flow f[6];

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		f[i] = (struct quic_flow){.key = key(i)};
		assert_int_equal(
		    flow_add(t, &f[i], (enum flow_class)(4 - i % 5), span_str(""), i), i < 5 ? 0 : -1);
	}
	for (unsigned i = 4; i > 0; i--) {
		assert_ptr_equal(flow_victim(t), &f[i]);
		flow_remove(t, &f[i]);
	}
	assert_null(flow_victim(t)); /* proven ones stay */
	assert_null(flow_expired(t, 99.9, idle));
	assert_ptr_equal(flow_expired(t, 100, idle), &f[0]);
	flow_add(t, &f[1], FLOW_UNPROVEN, span_str(""), 100);
	flow_add(t, &f[2], FLOW_UNPROVEN, span_str(""), 101);
	flow_touch(t, &f[1], 102);
	flow_become(t, &f[0], FLOW_REFUSED, 103);
	assert_null(flow_expired(t, 107, idle));
	assert_ptr_equal(flow_expired(t, 108, idle), &f[0]);
	flow_remove(t, &f[0]);
	assert_ptr_equal(flow_expired(t, 111, idle), &f[2]);
	flow_table_free(t);
}

/* Whatever comes and goes: each is found as long as it is there, and the oldest of its class goes first. */
static void
test_any_order(void **state)
{
	enum { FLOWS = 64 };
	struct flow_table *t = flow_table_new(FLOWS, 3);
	struct quic_flow flows[FLOWS] = {0};
	bool in[FLOWS] = {0};

	(void)state;
	srand(1);
	for (unsigned round = 1; round < 20000; round++) {
		unsigned i = (unsigned)rand() % FLOWS;
		struct quic_flow *f = &flows[i], *victim;

		if (!in[i]) {
			*f = (struct quic_flow){.key = key(i % 16)};
			assert_int_equal(flow_add(t, f, (enum flow_class)(rand() % FLOW_CLASSES),
					     span_of(&i, sizeof(i)), round),
			    0);
			in[i] = true;
		} else if (rand() % 3 == 0) {
			flow_remove(t, f);
			in[i] = false;
		} else if (rand() % 2) {
			flow_become(t, f, (enum flow_class)(rand() % FLOW_CLASSES), round);
		} else {
			struct quic_packet p = {.kind = QUIC_INITIAL, .dcid = span_of(&i, sizeof(i))};

			assert_ptr_equal(flow_find(t, &f->key, &p, round), f);
		}
		victim = flow_victim(t);
		for (unsigned k = 0; k < FLOWS && victim; k++)
			assert_true(!in[k] || flows[k].class > victim->class ||
				    (flows[k].class == victim->class && flows[k].touched >= victim->touched));
	}
	flow_table_free(t);
}

static bool
is_answered(const struct quic_flow *f, const void *arg)
{
	(void)arg;
	return f->answered;
}

static void
test_other(void **state)
{
	struct flow_table *t = flow_table_new(8, 7);
	struct quic_flow a = {.key = key(1)}, b = {.key = key(1)}, c = {.key = key(2)};

	(void)state;
	flow_add(t, &a, FLOW_UNPROVEN, span_str("a"), 1);
	flow_add(t, &b, FLOW_UNPROVEN, span_str("b"), 1);
	flow_add(t, &c, FLOW_UNPROVEN, span_str("c"), 1);
	a.answered = c.answered = true;
	assert_ptr_equal(flow_other(t, &b, is_answered, NULL), &a);
	assert_null(flow_other(t, &a, is_answered, NULL));
	flow_table_free(t);
}

/* Another name for whatever differs. */
static void
test_name(void **state)
{
	struct flow_key keys[] = {key(1), key(2), key(1), key(1), key(1)};
	uint8_t names[2 * sizeof(keys) / sizeof(keys[0])][FLOW_NAME];
	size_t n = sizeof(names) / sizeof(names[0]);
	uint8_t again[FLOW_NAME];

	(void)state;
	keys[2].client.port++;
	keys[3].local.port++;
	keys[4].local.ip.b[3]++;
	for (size_t i = 0; i < n; i++)
		flow_name(7, &keys[i / 2], i % 2 ? span_str("first--a") : (struct span){0}, names[i]);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			assert_memory_not_equal(names[i], names[k], FLOW_NAME);
	flow_name(7, &keys[0], span_str("first--b"), again);
	assert_memory_not_equal(again, names[1], FLOW_NAME);
	flow_name(7, &keys[0], span_str("first--a"), again);
	assert_memory_equal(again, names[1], FLOW_NAME);
	flow_name(8, &keys[0], span_str("first--a"), again);
	assert_memory_not_equal(again, names[1], FLOW_NAME);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ids),
	    cmocka_unit_test(test_empty_id),
	    cmocka_unit_test(test_learn),
	    cmocka_unit_test(test_proof),
	    cmocka_unit_test(test_room),
	    cmocka_unit_test(test_any_order),
	    cmocka_unit_test(test_other),
	    cmocka_unit_test(test_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
