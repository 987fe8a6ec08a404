/* `lodge usage -j`; see usage.h, and lodge(8) for the shape. */
#include "ledger/usage.h"

enum { USAGE_VERSION = 1 };

json_t *
usage_json_number(uint64_t n)
{
	return json_integer(n < INT64_MAX ? (json_int_t)n : INT64_MAX);
}

json_t *
usage_json_known(bool is, uint64_t n)
{
	return is ? usage_json_number(n) : json_null();
}

static const char *
then_word(enum quota_then then)
{
	return then == QUOTA_CUT ? "cut" : then == QUOTA_THROTTLE ? "throttle" : "warn";
}

static json_t *
quota_json(const struct bill *b)
{
	if (b->quota.then == QUOTA_NONE)
		return json_null();
	return json_pack("{s:o, s:o, s:s}", "bytes", usage_json_number(b->quota.month_bytes), "left",
	    usage_json_number(bill_left(b)), "then", then_word(b->quota.then));
}

static json_t *
bill_json(const struct bill *b)
{
	char from[WHEN_TEXT], until[WHEN_TEXT];
	json_t *json = json_pack("{s:s, s:s, s:s}", "name", b->guest, "from",
	    when_iso(b->from, zone_utc, from), "until", when_iso(b->until, zone_utc, until));

	for (int i = 0; i < RECORD_FIELDS; i++)
		json_object_set_new(json, record_name(i), usage_json_number(b->sum.v[i]));
	json_object_set_new(json, "ts", json_integer(b->sum.ts));
	json_object_set_new(json, "in_file", json_boolean(!b->gone));
	json_object_set_new(json, "quota", quota_json(b));
	json_object_set_new(json, "projected", usage_json_known(b->projected_known, b->projected));
	json_object_set_new(json, "p95_to_guest_bit_s", usage_json_known(b->p95_known, b->p95[TO_GUEST]));
	json_object_set_new(json, "p95_from_guest_bit_s", usage_json_known(b->p95_known, b->p95[FROM_GUEST]));
	return json;
}

static json_t *
row_json(const struct usage *u, const struct dated *row)
{
	char start[WHEN_TEXT];
	json_t *json =
	    json_pack("{s:s}", "start", when_iso(row->start, u->by == BY_MONTH ? zone_utc : u->zone, start));

	for (int i = 0; i < SLOT_FIELDS; i++)
		json_object_set_new(json, slot_name((enum slot_field)i), usage_json_number(row->v[i]));
	return json;
}

json_t *
usage_json(const struct usage *u)
{
	json_t *guests = json_array(), *rows;
	json_t *all = json_pack("{s:i, s:I, s:s, s:o}", "version", USAGE_VERSION, "now", (json_int_t)u->now,
	    "time_zone", u->zone_name, "guests", guests);

	for (size_t i = 0; i < u->n; i++)
		json_array_append_new(guests, bill_json(&u->bills[i]));
	if (u->by == BY_NOTHING)
		return all;
	rows = json_array();
	for (size_t i = 0; i < u->rows.n; i++)
		json_array_append_new(rows, row_json(u, &u->rows.list[i]));
	json_object_set_new(all, "by", json_string(by_word(u->by)));
	json_object_set_new(all, "rows", rows);
	return all;
}
