/* What lodge-acct counts itself; see acct.h. */
#include "cli/acct.h"
#include "ledger/keys.h"

static int64_t
number_in(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

bool
acct_sum(const json_t *status, const struct guest *guest, int64_t now, struct sum *out)
{
	const json_t *line = json_object_get(json_object_get(status, "guests"), guest->name);
	const json_t *period = json_object_get(line, "period");

	if (!period || number_in(period, "start") != period_start(now, guest->billing_day))
		return false;
	*out = (struct sum){SOURCE_ACCT, (uint64_t)number_in(period, "billed"),
	    (uint64_t)number_in(period, "to_guest"), (uint64_t)number_in(period, "from_guest"), 0};
	return true;
}

int64_t
acct_told_s(const json_t *status)
{
	const json_t *age = json_object_get(json_object_get(status, "redis"), "last_ack_age_s");

	return json_is_number(age) && json_number_value(age) >= 0 ? (int64_t)json_number_value(age) : -1;
}
