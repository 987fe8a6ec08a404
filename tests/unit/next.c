/* What to type next: by the units where systemd starts lodge, else by hand, and whole with the longest name. */
#include "cli/next.h"
#include "conf/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void
test_words(void **state)
{
	static const struct {
		bool by_units;
		const char *command, *all, *guest;
	} cases[] = {
	    {true, "systemctl enable --now lodge.target", "systemctl enable --now lodge.target",
		"systemctl enable --now lodge-guest@alice"},
	    {false, "lodge up", "start lodge up", "start lodge up, or lodge-guest alice"},
	};
	char text[NEXT_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(next_command(cases[i].by_units), cases[i].command);
		assert_string_equal(next_all(cases[i].by_units), cases[i].all);
		assert_string_equal(next_guest(cases[i].by_units, "alice", text), cases[i].guest);
	}
}

static void
test_longest(void **state)
{
	char name[CONF_GUEST_NAME_MAX + 1], text[NEXT_TEXT];

	(void)state;
	memset(name, 'a', CONF_GUEST_NAME_MAX);
	name[CONF_GUEST_NAME_MAX] = '\0';
	for (int by_units = 0; by_units <= 1; by_units++) {
		const char *said = next_guest(by_units, name, text);

		assert_string_equal(said + strlen(said) - CONF_GUEST_NAME_MAX, name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
