/* The keys of a guest's quota. */
#include "conf/parse.h"

static void
take_month(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	struct guest *g = into;
	uint64_t bytes = 0;
	const char *why;
	struct span text;

	if (!node_text(p, key->name, node, &text))
		return;
	why = scalar_traffic(text, &bytes);
	if (!why && bytes == 0)
		why = "would allow nothing; leave quota: out for no limit";
	if (why)
		take_wrong(p, key, node, why);
	else
		g->quota.month_bytes = bytes;
}

/* warn, cut, or throttle RATE */
static void
take_then(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	static const char throttle[] = "throttle ";
	struct guest *g = into;
	const char *why = NULL;
	uint64_t rate;
	struct span text;

	if (!node_text(p, key->name, node, &text))
		return;
	if (span_is(text, "warn")) {
		g->quota.then = QUOTA_WARN;
	} else if (span_is(text, "cut")) {
		g->quota.then = QUOTA_CUT;
	} else if (text.len > strlen(throttle) && memcmp(text.ptr, throttle, strlen(throttle)) == 0) {
		g->quota.then = QUOTA_THROTTLE;
		why = scalar_rate(span_from(text, strlen(throttle)), &rate);
		if (!why && (rate < 8000 || rate > UINT64_C(1000000000000)))
			why = "is outside 8kbit to 1000Gbit";
		if (!why)
			g->quota.throttle_bit_s = rate;
	} else {
		why = "is none of warn, cut, throttle 1Mbit";
	}
	if (why)
		take_wrong(p, key, node, why);
}

void
take_quota(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	static const struct key keys[] = {
	    {.name = "month", .take = take_month},
	    {.name = "then", .take = take_then},
	};
	size_t before = p->report->errors->n_fatal;
	struct guest *g = into;

	if (node_is_empty(node))
		return;
	g->quota.place = node_place(p, node);
	g->quota.then = QUOTA_WARN;
	node_map(p, key->name, node, keys, COUNT(keys), NULL, into);
	if (g->quota.month_bytes == 0 && p->report->errors->n_fatal == before)
		error_add(
		    p->report, g->quota.place, "quota: how much a month is missing; write month: 200GB");
}
