/* The wanted facts of a file that has no mistake. */
#ifndef TESTS_PLANNED_H
#define TESTS_PLANNED_H

#include "natd/plan.h"

static inline struct facts
plan_of(const char *text, const struct plan_host *on)
{
	struct conf_text texts = {"test", span_str(text)};
	struct conf_host none = {.hostname = "h"};
	struct conf_errors errors = {0};
	struct facts facts;
	struct conf conf;

	if (conf_parse(&texts, 1, &none, &conf, &errors) == -1)
		fail_msg("%s%s", errors.list[0].text, text);
	assert_int_equal(plan_facts(&conf, on, &facts), 0);
	conf_free(&conf);
	conf_errors_free(&errors);
	return facts;
}

#endif
