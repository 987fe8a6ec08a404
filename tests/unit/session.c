/* The next step: every verdict, every state and event, and what a connection waits for. */
#include "proxy/session.h"
#include "proxy/answer.h"
#include "proxy/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct domain domains[] = {{DOMAIN_EXACT, (char[]){"a.example"}, {0, 1, 1}}};
static struct guest guests[] = {{.name = "alice", .domains = domains, .n_domains = 1}};
static struct conf conf = {.guests = guests, .n_guests = 1, .proxy.client_address = CLIENT_NONE};

static void
test_choices(void **state)
{
	static const struct {
		enum door door;
		enum verdict verdict;
		const char *host, *name;
		enum choice strict, with_default;
		enum refusal refusal;
		unsigned answer;
	} cases[] = {
	    {DOOR_TLS, SNIFF_MORE, "", "", CHOICE_MORE, CHOICE_MORE, 0, 0},
	    {DOOR_TLS, SNIFF_HOST, "A.Example.", "a.example", CHOICE_ROUTE, CHOICE_ROUTE, 0, 0},
	    {DOOR_TLS, SNIFF_HOST, "a.example:443", "", CHOICE_REFUSE, CHOICE_REFUSE, REFUSED_MALFORMED,
		ALERT_UNRECOGNIZED_NAME},
	    {DOOR_TLS, SNIFF_HOST, "b.example", "b.example", CHOICE_REFUSE, CHOICE_ROUTE,
		REFUSED_UNKNOWN_NAME, ALERT_UNRECOGNIZED_NAME},
	    {DOOR_TLS, SNIFF_NONE, "", "", CHOICE_REFUSE, CHOICE_ROUTE, REFUSED_NO_NAME, 77},
	    {DOOR_TLS, SNIFF_BAD, "", "", CHOICE_REFUSE, CHOICE_REFUSE, REFUSED_MALFORMED, 77},
	    {DOOR_HTTP, SNIFF_HOST, "a.example:8080", "a.example", CHOICE_ROUTE, CHOICE_ROUTE, 0, 0},
	    {DOOR_HTTP, SNIFF_HOST, "127.0.0.1", "", CHOICE_REFUSE, CHOICE_REFUSE, REFUSED_MALFORMED, 400},
	    {DOOR_HTTP, SNIFF_HOST, "b.example", "b.example", CHOICE_REFUSE, CHOICE_ROUTE,
		REFUSED_UNKNOWN_NAME, 421},
	};
	struct conf with = conf;
	struct routes *strict = routes_plan(&conf), *all;

	(void)state;
	with.proxy.fallback = &guests[0];
	all = routes_plan(&with);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sniff sniff = {cases[i].verdict, 77, span_str(cases[i].host), "why"};
		char name[NAME_ROOM];
		struct session_choice got = session_choose(cases[i].door, &sniff, strict, name);

		assert_int_equal(got.choice, cases[i].strict);
		assert_string_equal(name, cases[i].name);
		if (got.choice == CHOICE_REFUSE) {
			assert_int_equal(got.refusal, cases[i].refusal);
			assert_int_equal(got.answer, cases[i].answer);
			assert_non_null(got.why);
		}
		got = session_choose(cases[i].door, &sniff, all, name);
		assert_int_equal(got.choice, cases[i].with_default);
		assert_int_equal(got.choice == CHOICE_ROUTE, got.route != NULL);
	}
	routes_free(strict);
	routes_free(all);
}

static void
test_answers(void **state)
{
	(void)state;
	for (int r = REFUSED_NOT + 1; r < REFUSALS; r++) {
		unsigned http = refusal_answer((enum refusal)r, DOOR_HTTP);
		unsigned tls = refusal_answer((enum refusal)r, DOOR_TLS);

		assert_true(http >= 400 && http < 600);
		assert_true(tls > 0 && tls < 128);
		assert_non_null(refusal_name((enum refusal)r));
	}
	assert_int_equal(refusal_answer(REFUSED_SLOW, DOOR_HTTP), ANSWER_TIMEOUT);
	assert_int_equal(refusal_answer(REFUSED_GUEST_DOWN, DOOR_HTTP), ANSWER_UNAVAILABLE);
}

/* Laws of the table. */
static void
test_steps(void **state)
{
	(void)state;
	for (int s = 0; s < SESSION_STATES; s++) {
		for (int e = 0; e < SESSION_EVENTS; e++) {
			struct session_step step = session_step((enum session_state)s, (enum session_event)e);
			bool closes = step.act == ACT_CLOSE || step.act == ACT_RESET;

			/* What closes is closed, and only then; closed stays closed and does nothing. */
			if (s == SESSION_CLOSED) {
				assert_int_equal(step.next, SESSION_CLOSED);
				assert_int_equal(step.act, ACT_NONE);
				continue;
			}
			assert_int_equal(closes, step.next == SESSION_CLOSED);
			/* No event is swallowed, and none leads back but to the next request. */
			assert_true(step.next > s || (s == SESSION_RELAY && e == ON_NEXT));
			if (e == ON_STOP)
				assert_int_equal(step.act, ACT_CLOSE);
		}
	}
	assert_int_equal(session_step(SESSION_HELLO, ON_ROUTE).act, ACT_WAIT);
	assert_int_equal(
	    session_step(SESSION_HELLO, ON_ANSWERED).act, ACT_LINGER); /* kept, and the proxy drains */
	assert_int_equal(session_step(SESSION_DIAL, ON_DIALLED).act, ACT_RELAY);
	assert_int_equal(session_step(SESSION_DIAL, ON_TIMEOUT).act, ACT_ANSWER);
	assert_int_equal(session_step(SESSION_RELAY, ON_BREAK).act, ACT_RESET);
	assert_int_equal(session_step(SESSION_RELAY, ON_END).act, ACT_CLOSE);
}

enum { EOF_ = 1, PENDING = 2, SHUT = 4, BROKEN = 8, CUT = 16 };

static struct flow
flow(unsigned bits)
{
	return (struct flow){.eof = bits & EOF_,
	    .pending = bits & PENDING,
	    .shut = bits & SHUT,
	    .broken = bits & BROKEN,
	    .cut = bits & CUT};
}

static void
test_settle(void **state)
{
	static const struct {
		enum gate gate;
		unsigned to_guest, from_guest;
		enum settle want;
		enum answer answer;
		bool keep;
	} cases[] = {
	    {GATE_OPEN, 0, 0, SETTLED, ANSWER_OPEN, false},
	    {GATE_OPEN, EOF_, 0, SETTLE_SHUT_GUEST, ANSWER_OPEN, false},
	    {GATE_OPEN, EOF_ | PENDING, 0, SETTLED, ANSWER_OPEN, false},
	    {GATE_OPEN, EOF_ | SHUT, 0, SETTLED, ANSWER_OPEN, false},
	    {GATE_OPEN, 0, EOF_, SETTLE_SHUT_CLIENT, ANSWER_OPEN, false},
	    {GATE_OPEN, 0, EOF_ | SHUT, SETTLED, ANSWER_OPEN, false},
	    {GATE_OPEN, EOF_ | SHUT, EOF_, SETTLE_END, ANSWER_OPEN, false},
	    {GATE_OPEN, EOF_, EOF_ | PENDING, SETTLE_SHUT_GUEST, ANSWER_OPEN, false},
	    {GATE_OPEN, BROKEN, 0, SETTLED, ANSWER_OPEN, false}, /* the guest may still be talking */
	    {GATE_OPEN, BROKEN, EOF_, SETTLE_BREAK, ANSWER_OPEN, false},
	    {GATE_OPEN, EOF_ | CUT, BROKEN, SETTLE_BREAK, ANSWER_OPEN, false},
	    {GATE_OPEN, EOF_ | CUT | PENDING, BROKEN, SETTLED, ANSWER_OPEN, false},
	    {GATE_OPEN, EOF_ | CUT, EOF_, SETTLE_BREAK, ANSWER_OPEN, false},
	    {GATE_SHUT, 0, EOF_, SETTLE_ANSWERED, ANSWER_OPEN, false},
	    {GATE_BODY, PENDING, EOF_, SETTLE_ANSWERED, ANSWER_OPEN,
		false}, /* answered before all was asked */
	    {GATE_BODY, BROKEN, EOF_, SETTLE_ANSWERED, ANSWER_OPEN, false},
	    {GATE_SHUT, 0, EOF_ | PENDING, SETTLED, ANSWER_OPEN, false},
	    {GATE_SHUT, EOF_, 0, SETTLED, ANSWER_DUE, true},
	    {GATE_BODY, EOF_, 0, SETTLE_SHUT_GUEST, ANSWER_DUE, true},
	    {GATE_SHUT, 0, 0, SETTLED, ANSWER_DUE, true},
	    {GATE_SHUT, 0, 0, SETTLE_NEXT, ANSWER_OVER, true},
	    {GATE_HELD, 0, 0, SETTLE_NEXT, ANSWER_OVER, true},
	    {GATE_SHUT, EOF_, 0, SETTLE_NEXT, ANSWER_OVER, true}, /* more may have come before its end */
	    {GATE_SHUT, 0, PENDING, SETTLED, ANSWER_OVER, true},
	    {GATE_BODY, 0, 0, SETTLED, ANSWER_OVER, true}, /* the rest of the request goes on */
	    {GATE_SHUT, PENDING, 0, SETTLED, ANSWER_OVER, true},
	    {GATE_BODY, BROKEN, 0, SETTLE_ANSWERED, ANSWER_OVER, true},
	    {GATE_SHUT, 0, EOF_, SETTLE_ANSWERED, ANSWER_OVER, true},
	    {GATE_BODY, 0, 0, SETTLED, ANSWER_OVER, false}, /* … also when it is the last one */
	    {GATE_BODY, PENDING, 0, SETTLED, ANSWER_OVER, false},
	    {GATE_BODY, EOF_ | PENDING, 0, SETTLED, ANSWER_OVER, false},
	    {GATE_BODY, EOF_, 0, SETTLE_ANSWERED, ANSWER_OVER, false}, /* there is no rest */
	    {GATE_BODY, EOF_ | SHUT, 0, SETTLE_ANSWERED, ANSWER_OVER, false},
	    {GATE_BODY, BROKEN, 0, SETTLE_ANSWERED, ANSWER_OVER, false},
	    {GATE_SHUT, PENDING, 0, SETTLED, ANSWER_OVER, false},
	    {GATE_SHUT, 0, 0, SETTLE_ANSWERED, ANSWER_OVER, false},
	    {GATE_HELD, 0, 0, SETTLE_ANSWERED, ANSWER_OVER, false},
	    {GATE_SHUT, 0, EOF_, SETTLE_ANSWERED, ANSWER_OPEN, false},
	    {GATE_SHUT, 0, BROKEN, SETTLE_BREAK, ANSWER_DUE, true},
	    {GATE_SHUT, PENDING, BROKEN, SETTLED, ANSWER_DUE, true},
	    {GATE_SHUT, BROKEN, EOF_ | CUT, SETTLE_BREAK, ANSWER_OPEN, false}, /* half an answer */
	    {GATE_SHUT, EOF_ | CUT, BROKEN, SETTLE_BREAK, ANSWER_OPEN, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct session s = {SESSION_RELAY, DOOR_HTTP, (uint8_t)cases[i].gate,
		    (uint8_t)cases[i].answer, cases[i].keep, flow(cases[i].to_guest),
		    flow(cases[i].from_guest)};

		assert_int_equal(session_settle(&s), cases[i].want);
	}
}

/* Flows that cannot be: stream.h drops what waits for a broken destination, and so on. */
static bool
possible(unsigned bits)
{
	if ((bits & BROKEN && bits & PENDING) || (bits & CUT && !(bits & EOF_)))
		return false;
	return !(bits & SHUT) || (bits & (EOF_ | PENDING)) == EOF_;
}

/* A relay either has something to do, or waits for something, or it would be there for ever. */
static void
test_watch(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits < 1024 * 4 * 3 * 2; bits++) {
		struct session s = {SESSION_RELAY, DOOR_TLS, (uint8_t)(bits >> 10 & 3),
		    (uint8_t)((bits >> 12) % 3), (bits >> 12) / 3, flow(bits & 31), flow(bits >> 5 & 31)};
		struct session_watch w = session_watch(&s);

		if (!possible(bits & 31) || !possible(bits >> 5 & 31))
			continue;
		if ((s.to_guest.cut && !s.from_guest.broken) || (s.from_guest.cut && !s.to_guest.broken))
			continue; /* who was cut off takes no more either */
		if (session_settle(&s) == SETTLED)
			assert_true(w.client_read || w.client_write || w.guest_read || w.guest_write);
		/* Nobody is read from for whom there is no room. */
		assert_false(w.client_read && (s.to_guest.pending || s.to_guest.eof));
		assert_false(w.guest_read && (s.from_guest.pending || s.from_guest.eof));
		assert_false(w.client_read && s.gate == GATE_HELD);
	}
	for (int st = 0; st < SESSION_CLOSED; st++) {
		struct session s = {.state = (uint8_t)st};
		struct session_watch w = session_watch(&s);

		assert_true(w.client_read || w.client_write || w.guest_read || w.guest_write);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_choices),
	    cmocka_unit_test(test_answers),
	    cmocka_unit_test(test_steps),
	    cmocka_unit_test(test_settle),
	    cmocka_unit_test(test_watch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
