/* What is handed over as text: what prints parses to the same, and nothing else parses. */
#include "proxy/handover.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static int
parse(const char *text, size_t n, struct handover *out)
{
	const char *copy = guard_copy(text, n);
	int result = handover_parse(span_of(copy, n), out);

	guard_free(copy, n);
	return result;
}

static const char *const good[] = {
    "1 4711",
    "1 1 share=7,32000,4000",
    "1 4711 share=7,32000,4000 listen=8,http,80,own listen=9,http,80,own listen=10,tls,443,all",
    "1 4711 share=7,32000,4000 listen=8,http,80,own worker=5123,0,11 worker=5124,255,12",
    "1 4711 share=7,32000,4000 worker=5123,0,11 inbox=0,13 worker=5124,255,12 inbox=255,14",
};

static void
there_and_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct handover h;
		size_t n = strlen(good[i]);
		char *text;

		assert_int_equal(parse(good[i], n, &h), 0);
		text = handover_print(&h);
		assert_string_equal(text, good[i]);
		free(text);
		handover_free(&h);
		/* Cut anywhere it is nothing, or what its words say and no more. */
		for (size_t cut = 0; cut < n; cut++) {
			if (parse(good[i], cut, &h) == -1)
				continue;
			text = handover_print(&h);
			assert_int_equal(strlen(text), cut);
			assert_memory_equal(text, good[i], cut);
			free(text);
			handover_free(&h);
		}
	}
}

static void
nonsense(void **state)
{
	static const char *const wrong[] = {"", " ", "1", "1 ", "2 4711", "1 0", "1 -4", "01 4711", "1 4711 ",
	    "1 4711  share=7,3,1", "1  4711", "1 4711 share=7", "1 4711 share=7,3", "1 4711 share=7,3,",
	    "1 4711 share=7,3,4,5", "1 4711 share=-1,3,1", "1 4711 share=7,3,1 share=8,3,1",
	    "1 4711 listen=8,gopher,70,own", "1 4711 listen=8,http,0,own", "1 4711 listen=8,http,65536,own",
	    "1 4711 listen=8,http,80", "1 4711 listen=8,http,80,own,", "1 4711 listen=,http,80,own",
	    "1 4711 listen=8,http,80,OWN", "1 4711 worker=5,0", "1 4711 worker=0,0,3", "1 4711 inbox=0,3",
	    "1 4711 worker=5,0,3 inbox=1,4", "1 4711 worker=5,0,3 inbox=0",
	    "1 4711 worker=5,0,3 inbox=0,4 inbox=0,4", "1 4711 worker=5,256,3",
	    "1 4711 worker=5,0,3 worker=6,0,4", "1 4711 worker=5,0,99999999999999999999", "1 4711 other=3",
	    "1 4711 share", "1 4711 =3", "1 4711\nshare=7,3,1", "LISTEN_FDS"};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct handover h;

		if (parse(wrong[i], strlen(wrong[i]), &h) != -1)
			fail_msg("taken: %s", wrong[i]);
		assert_null(h.listen);
	}
}

static void
too_many(void **state)
{
	char *text = NULL;
	struct handover h;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	(void)state;
	fprintf(out, "1 4711");
	for (int i = 0; i < HANDOVER_LISTEN_MAX; i++)
		fprintf(out, " listen=%d,tls,443,own", i);
	fflush(out);
	assert_int_equal(parse(text, n, &h), 0);
	assert_int_equal(h.n_listen, HANDOVER_LISTEN_MAX);
	handover_free(&h);
	fprintf(out, " listen=8,tls,443,own");
	fclose(out);
	assert_int_equal(parse(text, n, &h), -1);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(there_and_back),
	    cmocka_unit_test(nonsense),
	    cmocka_unit_test(too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
