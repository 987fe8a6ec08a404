/* What is counted of one guest; see record.h. */
#include "ledger/record.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const names[RECORD_FIELDS] = {
    [REC_BYTES] = "to_guest",
    [REC_BYTES + FROM_GUEST] = "from_guest",
    [REC_PACKETS] = "packets_to_guest",
    [REC_PACKETS + FROM_GUEST] = "packets_from_guest",
    [REC_WIRE] = "wire_to_guest",
    [REC_WIRE + FROM_GUEST] = "wire_from_guest",
    [REC_WAN] = "wan_to_guest",
    [REC_WAN + FROM_GUEST] = "wan_from_guest",
    [REC_WAN_WIRE] = "wan_wire_to_guest",
    [REC_WAN_WIRE + FROM_GUEST] = "wan_wire_from_guest",
    [REC_HOST] = "host_to_guest",
    [REC_HOST + FROM_GUEST] = "host_from_guest",
    [REC_GUESTS] = "guests_to_guest",
    [REC_GUESTS + FROM_GUEST] = "guests_from_guest",
    [REC_UNCLASSIFIED] = "unclassified_to_guest",
    [REC_UNCLASSIFIED + FROM_GUEST] = "unclassified_from_guest",
    [REC_BILLABLE] = "billable_to_guest",
    [REC_BILLABLE + FROM_GUEST] = "billable_from_guest",
    [REC_UNDELIVERED] = "undelivered_to_guest",
    [REC_BILLED] = "billed",
};

const char *
record_name(enum record_field field)
{
	return names[field];
}

int
record_field(struct span name)
{
	for (int i = 0; i < RECORD_FIELDS; i++)
		if (span_is(name, names[i]))
			return i;
	return -1;
}

void
record_add(struct record *sum, const struct record *delta)
{
	for (int i = 0; i < RECORD_FIELDS; i++)
		sum->v[i] += delta->v[i];
	if (delta->ts > sum->ts)
		sum->ts = delta->ts;
}

bool
record_is_zero(const struct record *record)
{
	for (int i = 0; i < RECORD_FIELDS; i++)
		if (record->v[i] != 0)
			return false;
	return true;
}

void
record_to_slot(const struct record *delta, uint64_t slot[SLOT_FIELDS])
{
	slot[SLOT_TO_GUEST] += delta->v[REC_BYTES];
	slot[SLOT_FROM_GUEST] += delta->v[REC_BYTES + FROM_GUEST];
	slot[SLOT_WIRE_TO_GUEST] += delta->v[REC_WIRE];
	slot[SLOT_WIRE_FROM_GUEST] += delta->v[REC_WIRE + FROM_GUEST];
	slot[SLOT_BILLED] += delta->v[REC_BILLED];
	slot[SLOT_UNCLASSIFIED] += delta->v[REC_UNCLASSIFIED] + delta->v[REC_UNCLASSIFIED + FROM_GUEST];
}

int
number_parse(struct span text, uint64_t *out)
{
	uint64_t n = 0;

	if (text.len == 0 || (text.len > 1 && text.ptr[0] == '0'))
		return -1;
	for (size_t i = 0; i < text.len; i++) {
		unsigned digit = (unsigned char)text.ptr[i] - '0';

		if (digit > 9 || n > (UINT64_MAX - digit) / 10)
			return -1;
		n = n * 10 + digit;
	}
	*out = n;
	return 0;
}

int
record_take(struct record *record, struct span name, struct span text)
{
	int field = record_field(name);
	uint64_t number;

	if (field == -1 && !span_is(name, "ts"))
		return 0;
	if (number_parse(text, &number) == -1)
		return -1;
	if (field == -1)
		record->ts = (int64_t)number;
	else
		record->v[field] = number;
	return 1;
}

int
numbers_parse(struct span text, uint64_t *v, size_t count)
{
	uint64_t got[SLOT_FIELDS] = {0};

	for (size_t i = 0; i < count; i++) {
		size_t n = span_find(text, ' ');

		if ((n == text.len) != (i == count - 1) || number_parse(span_first(text, n), &got[i]) == -1)
			return -1;
		text = span_from(text, n < text.len ? n + 1 : n);
	}
	memcpy(v, got, count * sizeof(*v));
	return 0;
}

int
slot_parse(struct span text, uint64_t v[SLOT_FIELDS])
{
	return numbers_parse(text, v, SLOT_FIELDS);
}

static uint64_t
less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

struct elsewhere
record_elsewhere(int64_t start, const struct record *all, const struct record *own)
{
	struct elsewhere e = {.start = start, .billed = less(all->v[REC_BILLED], own->v[REC_BILLED])};

	for (int d = 0; d < DIRECTIONS; d++)
		e.billable[d] = less(all->v[REC_BILLABLE + d], own->v[REC_BILLABLE + d]);
	return e;
}

int
answer_parse(struct span text, int64_t start, uint64_t *held, struct elsewhere *out)
{
	size_t n = span_find(text, ' ');
	uint64_t v[3] = {0};

	if (number_parse(span_first(text, n), held) == -1)
		return -1;
	if (numbers_parse(span_from(text, n < text.len ? n + 1 : n), v, 3) == -1)
		start = -1;
	*out = (struct elsewhere){start, {v[0], v[1]}, v[2]};
	return 0;
}
