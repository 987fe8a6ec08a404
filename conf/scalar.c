/* Texts with a type: numbers, sizes, durations, ports. All that YAML gives us is text; see parse.h. */
#include "conf/parse.h"

#include <inttypes.h>

/* What a Lua number and a signed 64-bit one both hold exactly. */
#define VALUE_MAX (UINT64_C(1) << 53)

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit binary[] = {
    {"T", UINT64_C(1) << 40}, {"G", 1 << 30}, {"M", 1 << 20}, {"K", 1 << 10}, {0}};
static const struct unit traffic[] = {{"TB", UINT64_C(1000000000000)}, {"TiB", UINT64_C(1) << 40},
    {"GB", 1000000000}, {"GiB", 1 << 30}, {"MB", 1000000}, {"MiB", 1 << 20}, {0}};
static const struct unit rates[] = {{"Gbit", 1000000000}, {"Mbit", 1000000}, {"kbit", 1000}, {0}};
static const struct unit durations[] = {
    {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}, {0}};

const char *
scalar_number(struct span s, uint64_t *out)
{
	uint64_t n = 0;

	if (s.len == 0)
		return "is not a whole number";
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return "is not a whole number";
		n = n * 10 + (uint64_t)(s.ptr[i] - '0');
		if (n > VALUE_MAX)
			return "is too large";
	}
	if (s.len > 1 && s.ptr[0] == '0')
		return "begins with 0; write the number without it";
	*out = n;
	return NULL;
}

/* Digits and one of the units. bare: what to say of digits alone, other: of anything else. */
static const char *
unit_parse(struct span s, const struct unit *units, const char *bare, const char *other, uint64_t *out)
{
	size_t digits = 0;
	const char *why;
	uint64_t n;

	while (digits < s.len && s.ptr[digits] >= '0' && s.ptr[digits] <= '9')
		digits++;
	if (digits == 0)
		return other;
	why = scalar_number(span_first(s, digits), &n);
	if (why)
		return why;
	if (digits == s.len)
		return bare;
	for (; units->name; units++) {
		if (!span_is(span_from(s, digits), units->name))
			continue;
		if (n > VALUE_MAX / units->factor)
			return "is too large";
		*out = n * units->factor;
		return NULL;
	}
	return other;
}

const char *
scalar_size(struct span s, uint64_t *out)
{
	return unit_parse(s, binary, "has no unit; write M or G after it",
	    "is no size; write a whole number and K, M, G or T, like 512M", out);
}

const char *
scalar_traffic(struct span s, uint64_t *out)
{
	static const char which[] = "does not say which unit; write GB for 10^9 bytes or GiB for 2^30";

	if (s.len > 0 && memchr("MGT", s.ptr[s.len - 1], 3))
		return which;
	return unit_parse(s, traffic, which,
	    "is no amount of traffic; write a whole number and MB, GB, TB, MiB, GiB or TiB, like 200GB", out);
}

const char *
scalar_rate(struct span s, uint64_t *out)
{
	static const char other[] = "is no rate; write a whole number and kbit, Mbit or Gbit, like 1Mbit";

	return unit_parse(s, rates, other, other, out);
}

const char *
scalar_duration(struct span s, uint64_t *ms)
{
	uint64_t n;
	const char *why = unit_parse(s, durations, "has no unit; write ms, s, m or h after it",
	    "is no duration; write a whole number and ms, s, m, h or d, like 5s", &n);

	if (!why && n > UINT32_MAX)
		why = "is too long";
	if (!why)
		*ms = n;
	return why;
}

/* In the largest unit that divides the value. */
static const char *
unit_print(uint64_t n, const struct unit *unit, char *out)
{
	while (unit[1].name && (n == 0 || n % unit->factor != 0))
		unit++;
	snprintf(out, VALUE_TEXT, "%" PRIu64 "%s", n / unit->factor, unit->name);
	return out;
}

const char *
scalar_number_print(uint64_t n, char *out)
{
	snprintf(out, VALUE_TEXT, "%" PRIu64, n);
	return out;
}

const char *
scalar_size_print(uint64_t n, char *out)
{
	return unit_print(n, binary, out);
}

const char *
scalar_traffic_print(uint64_t n, char *out)
{
	return unit_print(n, traffic, out);
}

const char *
scalar_rate_print(uint64_t n, char *out)
{
	return unit_print(n, rates, out);
}

const char *
scalar_duration_print(uint64_t ms, char *out)
{
	return unit_print(ms, durations, out);
}

const char *
scalar_bool(struct span s, bool *out)
{
	bool yes = span_is(s, "yes") || span_is(s, "true");

	if (!yes && !span_is(s, "no") && !span_is(s, "false"))
		return "is neither yes nor no";
	*out = yes;
	return NULL;
}

const char *
scalar_port(struct span s, uint16_t *out)
{
	uint64_t n;

	if (scalar_number(s, &n) || n == 0 || n > UINT16_MAX)
		return "is no port; ports are 1 to 65535";
	*out = (uint16_t)n;
	return NULL;
}

const char *
scalar_ports(struct span s, uint16_t *lo, uint16_t *hi)
{
	size_t dash = span_find(s, '-');
	uint16_t low = 0, high;
	const char *why = scalar_port(span_first(s, dash), &low);

	high = low;
	if (!why && dash < s.len)
		why = scalar_port(span_from(s, dash + 1), &high);
	if (why)
		return why;
	if (low > high)
		return "is a range that ends before it begins";
	*lo = low;
	*hi = high;
	return NULL;
}

/* HOST[:GUEST][/PROTO]; HOST may be a range where there is no GUEST. */
const char *
scalar_forward(struct span s, struct forward *out)
{
	size_t slash = span_find(s, '/'), colon;
	struct forward f = {.proto = PROTO_BOTH};
	const char *why;

	if (slash < s.len) {
		struct span proto = span_from(s, slash + 1);

		f.proto = span_is(proto, "tcp") ? PROTO_TCP : span_is(proto, "udp") ? PROTO_UDP : 0;
		if (!f.proto)
			return "ends in no protocol; write /tcp or /udp, or nothing for both";
	}
	s = span_first(s, slash);
	colon = span_find(s, ':');
	why = scalar_ports(span_first(s, colon), &f.lo, &f.hi);
	f.to = f.lo;
	if (why)
		return why;
	if (colon < s.len) {
		if (f.lo != f.hi)
			return "moves a range; only a single port can become another one in the guest";
		why = scalar_port(span_from(s, colon + 1), &f.to);
	}
	if (!why)
		*out = f;
	return why;
}

const char *const word_counts[] = {[COUNT_WIRE] = "wire", [COUNT_TAP] = "tap", NULL};
const char *const word_filesystems[] = {[DISK_EXT4] = "ext4", [DISK_XFS] = "xfs", NULL};
const char *const word_scopes[] = {[SCOPE_WAN] = "wan", [SCOPE_ALL] = "all", NULL};
const char *const word_directions[] = {
    [DIRECTION_BOTH] = "both",
    [DIRECTION_TO_GUEST] = "to-guest",
    [DIRECTION_FROM_GUEST] = "from-guest",
    [DIRECTION_MAX] = "max",
    NULL,
};
const char *const word_clients[] = {
    [CLIENT_TRANSPARENT - CLIENT_TRANSPARENT] = "transparent",
    [CLIENT_PROXY_V1 - CLIENT_TRANSPARENT] = "proxy-v1",
    [CLIENT_PROXY_V2 - CLIENT_TRANSPARENT] = "proxy-v2",
    [CLIENT_NONE - CLIENT_TRANSPARENT] = "none",
    NULL,
};
