/* What every guest moved, for Prometheus; see metrics.h. A guest's name needs no escape in a label. */
#include "web/metrics.h"

#include <inttypes.h>

static const char *const ways[] = {[TO_GUEST] = "to_guest", [FROM_GUEST] = "from_guest"};

static void
put_type(struct out *o, const char *name, const char *type, const char *help)
{
	out_plain(o, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A counter of two directions. */
static void
put_pair(struct out *o, const char *name, const struct shown *g, enum record_field field, const char *class)
{
	for (int d = 0; g->read_at && d < DIRECTIONS; d++) {
		out_plain(o, "%s{guest=\"%s\",direction=\"%s\"", name, g->bill.guest, ways[d]);
		if (class)
			out_plain(o, ",class=\"%s\"", class);
		out_plain(o, "} %" PRIu64 "\n", g->total.v[(int)field + d]);
	}
}

static void
put_one(struct out *o, const char *name, const struct shown *g, uint64_t value)
{
	if (g->read_at)
		out_plain(o, "%s{guest=\"%s\"} %" PRIu64 "\n", name, g->bill.guest, value);
}

static void
put_totals(struct out *o, const struct shown *const *list, size_t n)
{
	static const struct {
		enum record_field field;
		const char *class;
	} classes[] = {
	    {REC_WAN, "wan"}, {REC_HOST, "host"}, {REC_GUESTS, "guests"}, {REC_UNCLASSIFIED, "unclassified"}};

	put_type(
	    o, "lodge_guest_bytes_total", "counter", "Bytes over the guest's tap, as the kernel counts.");
	for (size_t i = 0; i < n; i++)
		for (size_t c = 0; c < sizeof(classes) / sizeof(*classes); c++)
			put_pair(o, "lodge_guest_bytes_total", list[i], classes[c].field, classes[c].class);
	put_type(o, "lodge_guest_wire_bytes_total", "counter", "Bytes with the headers that offload hides.");
	for (size_t i = 0; i < n; i++)
		put_pair(o, "lodge_guest_wire_bytes_total", list[i], REC_WIRE, NULL);
	put_type(o, "lodge_guest_packets_total", "counter", "Packets over the guest's tap.");
	for (size_t i = 0; i < n; i++)
		put_pair(o, "lodge_guest_packets_total", list[i], REC_PACKETS, NULL);
	put_type(o, "lodge_guest_billed_bytes_total", "counter", "Bytes billed since the beginning.");
	for (size_t i = 0; i < n; i++)
		put_one(o, "lodge_guest_billed_bytes_total", list[i], list[i]->total.v[REC_BILLED]);
}

static void
put_periods(struct out *o, const struct shown *const *list, size_t n)
{
	put_type(o, "lodge_guest_period_billed_bytes", "gauge", "Bytes billed in the billing period.");
	for (size_t i = 0; i < n; i++)
		put_one(o, "lodge_guest_period_billed_bytes", list[i], list[i]->bill.sum.v[REC_BILLED]);
	put_type(o, "lodge_guest_period_start_timestamp_seconds", "gauge", "When the billing period began.");
	for (size_t i = 0; i < n; i++)
		put_one(
		    o, "lodge_guest_period_start_timestamp_seconds", list[i], (uint64_t)list[i]->bill.from);
	put_type(o, "lodge_guest_quota_bytes", "gauge", "The quota of a billing period; none: no sample.");
	for (size_t i = 0; i < n; i++)
		if (list[i]->bill.quota.then != QUOTA_NONE)
			put_one(o, "lodge_guest_quota_bytes", list[i], list[i]->bill.quota.month_bytes);
	put_type(o, "lodge_guest_last_byte_timestamp_seconds", "gauge", "When something moved last.");
	for (size_t i = 0; i < n; i++)
		if (list[i]->total.ts > 0)
			put_one(o, "lodge_guest_last_byte_timestamp_seconds", list[i],
			    (uint64_t)list[i]->total.ts);
}

void
metrics_put(struct out *o, const struct page *p, const struct shown *const *list, size_t n)
{
	put_type(
	    o, "lodge_ledger_up", "gauge", "1: Redis answers; 0: what follows is the last that was known.");
	out_plain(o, "lodge_ledger_up %d\n", p->why == NULL);
	put_type(o, "lodge_ledger_read_timestamp_seconds", "gauge", "When the ledger was read.");
	out_plain(o, "lodge_ledger_read_timestamp_seconds %" PRId64 "\n", p->read_at);
	put_type(
	    o, "lodge_guest_readable", "gauge", "1: all of it is read; 0: what is there is the last known.");
	for (size_t i = 0; i < n; i++)
		out_plain(o, "lodge_guest_readable{guest=\"%s\"} %d\n", list[i]->bill.guest,
		    !list[i]->spoilt[0] && !(p->spoilt && p->spoilt[0]));
	put_totals(o, list, n);
	put_periods(o, list, n);
}
