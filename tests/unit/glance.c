/* One line a guest: what is in it, what goes on a narrow terminal, colours and bars. */
#include "cli/glance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct glance guests[] = {
    {"alice", "up", true, true, true, true, true, true, 273600, 321912832, 536870912, 12, 1288490189,
	10737418240, 1234567, 34567, 42000000000, 200000000000, 2201, "192.168.77.2",
	"alice.example.org .alice.dev"},
    {"bob", "down", false, false, false, false, false, false, 0, 0, 100663296, 0, 0, 0, 0, 0, 0, 0, 0,
	"192.168.77.3", ""},
    {"名字", "failed", true, false, false, true, true, true, 5, 0, 1610612736, 0, 1048576, 134217728, 0, 0,
	500, 500, 2203, "192.168.77.4", "例.example"},
};

static char *
shown(const struct glance *list, size_t n, const struct glass *glass)
{
	struct table table;
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	assert_int_equal(glance_table(&table, list, n, glass), 0);
	table_print(&table, to);
	table_free(&table);
	fclose(to);
	return text;
}

static void
lines(void **state)
{
	static const struct {
		struct glass glass;
		size_t n;
		const char *text;
	} cases[] = {
	    {{0}, 3,
		"GUEST  STATE   FOR     MEMORY   CPU     DISK    TO GUEST  FROM GUEST  BILLED   QUOTA   USED "
		" SSH          ADDRESS       NAMES\n"
		"alice  up      3d4h  307/512M  12 %  1.2/10G  1.2 Mbit/s   35 kbit/s   42 GB  200 GB   21 % "
		" ssh -p 2201  192.168.77.2  alice.example.org .alice.dev\n"
		"bob    down    -          96M     -        -           -           -       ?       -        "
		" -            192.168.77.3\n"
		"名字   failed  5s        1.5G     -   1/128M     0 bit/s     0 bit/s   500 B   500 B  100 % "
		" ssh -p 2203  192.168.77.4  例.example\n"},
	    {{.width = 80, .bars = true}, 1,
		"GUEST  STATE  FOR     MEMORY    TO GUEST  FROM GUEST  BILLED  USED\n"
		"alice  up     3d4h  307/512M  1.2 Mbit/s   35 kbit/s   42 GB  ██░░░░░░░░  21 %\n"},
	    {{.width = 60, .bars = true}, 3,
		"GUEST  STATE   FOR     MEMORY  BILLED  USED\n"
		"alice  up      3d4h  307/512M   42 GB  ██░░░░░░░░  21 %\n"
		"bob    down    -          96M       ?\n"
		"名字   failed  5s        1.5G   500 B  ██████████ 100 %\n"},
	    {{.width = 20, .bars = true}, 3,
		"GUEST  STATE   BILLED\n"
		"alice  up       42 GB\n"
		"bob    down         ?\n"
		"名字   failed   500 B\n"},
	    {{.width = 100, .rows = 3, .colours = true, .bars = true}, 3,
		"GUEST   STATE  FOR     MEMORY   CPU     DISK    TO GUEST  FROM GUEST  BILLED  USED\n"
		"alice   \033[32mup\033[0m     3d4h  307/512M  12 %  1.2/10G  1.2 Mbit/s   35 kbit/s   42 GB "
		" ██░░░░░░░░  21 %\n"
		"2 more\n"},
	    {{.width = 80}, 0,
		"GUEST  STATE  FOR  MEMORY  CPU  DISK  TO GUEST  FROM GUEST  BILLED  SSH  ADDRESS\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = shown(guests, cases[i].n, &cases[i].glass);

		assert_string_equal(text, cases[i].text);
		free(text);
	}
}

/* Of bob alone: nobody has a quota, and no column says so. */
static void
no_quota(void **state)
{
	char *text = shown(&guests[1], 1, &(struct glass){.width = 60});

	(void)state;
	assert_string_equal(text, "GUEST  STATE  FOR  MEMORY  CPU  TO GUEST  FROM GUEST  BILLED\n"
				  "bob    down   -       96M    -         -           -       ?\n");
	free(text);
}

static void
rooms(void **state)
{
	static const struct {
		bool known;
		uint64_t used, whole;
		const char *text;
	} cases[] = {
	    {true, 0, 100663296, "0/96M"},
	    {true, 63963136, 100663296, "61/96M"},
	    {false, 63963136, 100663296, "96M"},
	    {true, 1288490189, 10737418240, "1.2/10G"},
	    {true, 1073741824, 1610612736, "1/1.5G"},
	    {true, 5, 0, "0/0M"},
	    {true, UINT64_MAX, UINT64_MAX, "17179869183.9/17179869183.9G"},
	};
	char out[ROOM_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(
		    glance_room(cases[i].known, cases[i].used, cases[i].whole, out), cases[i].text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines), cmocka_unit_test(no_quota), cmocka_unit_test(rooms)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
