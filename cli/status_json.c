/* `lodge status -j`; see status.h, and lodge(8) for the shape. */
#include "cli/status.h"
#include "cli/ways.h"
#include "conf/draft.h"
#include "ledger/usage.h"

#include <time.h>

static json_t *
sum_json(const struct guest *guest, const struct sum *sum)
{
	static const char *const sources[] = {
	    [SOURCE_REDIS] = "redis", [SOURCE_ACCT] = "lodge-acct", [SOURCE_KEPT] = "kept"};
	json_t *json;

	if (sum->source == SOURCE_NONE)
		return json_null();
	json = json_pack("{s:o, s:o, s:o, s:s, s:o}", "billed", usage_json_number(sum->billed), "to_guest",
	    usage_json_number(sum->to_guest), "from_guest", usage_json_number(sum->from_guest), "source",
	    sources[sum->source], "age_s", usage_json_known(sum->age_s >= 0, (uint64_t)sum->age_s));
	if (guest->quota.then != QUOTA_NONE)
		json_object_set_new(json, "quota", usage_json_number(guest->quota.month_bytes));
	return json;
}

static json_t *
rate_json(const struct rate *rate, double seconds)
{
	if (!rate->known)
		return json_null();
	return json_pack("{s:f, s:o, s:o}", "seconds", seconds, "to_guest_bytes_s",
	    usage_json_number(per_second(rate->moved.bytes[TO_GUEST], seconds)), "from_guest_bytes_s",
	    usage_json_number(per_second(rate->moved.bytes[FROM_GUEST], seconds)));
}

json_t *
status_guest_json(const struct survey *s, const struct sight *sight)
{
	const struct guest *guest = sight->guest;
	json_t *json =
	    sight->said ? json_copy(sight->said) : json_pack("{s:s}", "state", survey_state(sight->error));
	const json_t *curb = survey_curb(s, guest);
	char address[IP_TEXT];

	json_object_set_new(json, "name", json_string(guest->name));
	json_object_set_new(json, "address", json_string(ip_print(&guest->address, address)));
	json_object_set_new(json, "tap", json_string(guest->tap));
	json_object_set_new(json, "memory_bytes", usage_json_number(guest->memory_bytes));
	json_object_set_new(json, "memory_used_bytes", usage_json_known(sight->has_load, sight->memory_used));
	json_object_set_new(json, "cpu_percent", usage_json_known(sight->cpu_known, sight->cpu_percent));
	json_object_set_new(json, "disk_bytes", usage_json_known(sight->disk_known, sight->disk_size));
	json_object_set_new(json, "disk_used_bytes", usage_json_known(sight->disk_known, sight->disk_used));
	json_object_set_new(json, "rate", rate_json(&sight->rate, s->seconds));
	json_object_set_new(json, "ssh_port", json_integer(draft_ssh_port(guest)));
	json_object_set_new(json, "domains", ways_domains_json(guest));
	json_object_set_new(json, "period", sum_json(guest, &sight->sum));
	json_object_set_new(json, "curb", curb ? json_deep_copy(curb) : json_null());
	return json;
}

json_t *
status_json(const struct survey *s)
{
	static const char *const names[PARTS] = {
	    [PART_NATD] = "natd", [PART_PROXY] = "proxy", [PART_ACCT] = "acct", [PART_WEB] = "web"};
	json_t *guests = json_array(), *redis = json_pack("{s:s}", "state", survey_redis(s));
	json_t *all = json_pack("{s:i, s:I, s:o, s:o}", "version", STATUS_VERSION, "now",
	    (json_int_t)time(NULL), "guests", guests, "redis", redis);
	const char *why = s->look.ledger ? s->look.refused : s->look.why;

	if (!s->look.ledger || s->look.n_refused)
		json_object_set_new(redis, "why", json_string(why) ?: json_null());
	for (size_t i = s->first; i < s->end; i++)
		json_array_append_new(guests, status_guest_json(s, &s->sights[i]));
	for (int i = 0; i < PARTS; i++)
		if (s->parts[i])
			json_object_set(all, names[i], s->parts[i]);
	return all;
}
