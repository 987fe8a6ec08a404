/* The book's shape on disk, read: a failure sticks in bad; see book.h. */
#include "acct/part.h"

#include <stdlib.h>

struct input {
	struct span left;
	unsigned version;
	bool bad;
};

static uint64_t
get_number(struct input *in, size_t n)
{
	uint64_t number = 0;

	if (in->left.len < n) {
		in->bad = true;
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		number |= (uint64_t)(uint8_t)in->left.ptr[i] << (8 * i);
	in->left = span_from(in->left, n);
	return number;
}

static uint64_t
get8(struct input *in)
{
	return get_number(in, 8);
}

static void
get_text(struct input *in, char *out, size_t room)
{
	size_t n = get_number(in, 1);

	out[0] = '\0';
	if (n >= room || in->left.len < n || (n > 0 && memchr(in->left.ptr, '\0', n))) {
		in->bad = true;
		return;
	}
	memcpy(out, in->left.ptr, n);
	out[n] = '\0';
	in->left = span_from(in->left, n);
}

/* Of a set, and 0 in a part that is older than the field. */
static unsigned
get_later(struct input *in, unsigned max)
{
	unsigned number = in->version >= PART_QUOTAS ? (unsigned)get_number(in, 1) : 0;

	in->bad |= number > max;
	return number;
}

static void
get_record(struct input *in, struct record *record)
{
	record->ts = (int64_t)get8(in);
	for (int i = 0; i < RECORD_FIELDS; i++)
		record->v[i] = get8(in);
}

static struct slot
get_slot(struct input *in)
{
	struct slot slot = {.start = (int64_t)get8(in)};

	slot.seq = get8(in);
	slot.unknown = get_later(in, 1) == 1;
	for (int i = 0; i < SLOT_FIELDS; i++)
		slot.v[i] = get8(in);
	return slot;
}

static struct period
get_period(struct input *in)
{
	struct period period = {.start = (int64_t)get8(in)};

	period.seq = get8(in);
	period.unknown = get_later(in, 1) == 1;
	period.told = (uint8_t)get_later(in, 100);
	if (in->version >= PART_QUOTAS)
		period.quota = get8(in);
	get_record(in, &period.sum);
	return period;
}

static void
get_kernel(struct input *in, struct kernel *kernel)
{
	for (int d = 0; d < DIRECTIONS; d++) {
		kernel->bytes[d] = get8(in);
		kernel->packets[d] = get8(in);
	}
	kernel->dropped = get8(in);
}

static void
get_life(struct input *in, struct life *life)
{
	get_text(in, life->boot, sizeof(life->boot));
	get_text(in, life->tap, sizeof(life->tap));
	life->ifindex = (uint32_t)get_number(in, 4);
	get_kernel(in, &life->done);
}

static void
get_unmet(struct input *in, struct account *a)
{
	struct unmet *u = &a->unmet;
	unsigned is;

	if (in->version < PART_UNMET)
		return;
	is = (unsigned)get_number(in, 1);
	in->bad |= is > 1;
	u->is = is == 1;
	if (u->is) {
		u->seq = get8(in);
		get_kernel(in, &u->from);
		get_life(in, &u->ended);
		get_kernel(in, &u->ended_from);
		get_kernel(in, &u->rest);
	}
	a->owed_on_disk = unmet_owes(u);
	a->elsewhere.start = (int64_t)get8(in);
	for (int d = 0; d < DIRECTIONS; d++)
		a->elsewhere.billable[d] = get8(in);
	a->elsewhere.billed = get8(in);
}

/* -1: no memory. */
static int
get_head(struct input *in, struct book *book)
{
	size_t n;

	get_text(in, book->host, sizeof(book->host));
	n = get_number(in, 4);
	in->bad |= n > BOOK_LEFT_MAX;
	for (size_t i = 0; i < n && !in->bad; i++) {
		struct life life = {0};

		get_life(in, &life);
		if (!in->bad && book_leave(book, &life) == -1)
			return -1;
	}
	in->bad |= book->n_left != n; /* one interface twice, or of no boot */
	return 0;
}

static void
get_events(struct input *in, struct account *a)
{
	a->n_events = get_later(in, EVENTS_KEEP);
	for (size_t i = 0; i < a->n_events && !in->bad; i++) {
		struct event *event = &a->events[i];

		event->seq = get8(in);
		event->at = (int64_t)get8(in);
		event->period = (int64_t)get8(in);
		event->percent = (unsigned)get_number(in, 1);
		event->quota = get8(in);
		event->billed = get8(in);
		event->then = get_number(in, 1);
		event->bit_s = get8(in);
		in->bad |= event->percent > 100 || event->then > QUOTA_CUT;
	}
}

static void
get_totals(struct input *in, struct account *a)
{
	unsigned begun;

	a->seq = get8(in);
	get_life(in, &a->life);
	get_record(in, &a->total);
	begun = get_number(in, 1);
	in->bad |= begun > 1;
	a->slots.begun = begun == 1;
	a->slots.may_be_unknown = true;
	for (int kind = 0; kind < SLOT_KINDS; kind++)
		a->slots.open[kind] = get_slot(in);
	a->slots.period = get_period(in);
	for (int kind = 0; kind < SLOT_KINDS && in->version >= PART_QUOTAS; kind++)
		a->slots.gone[kind] = (int64_t)get8(in);
	if (in->version >= PART_QUOTAS)
		a->slots.gone_period = (int64_t)get8(in);
	get_events(in, a);
	get_unmet(in, a);
}

/* What TOTALS holds open was written after this part was: its numbers rule. a NULL: nobody's. */
static void
get_closed(struct input *in, struct account *a)
{
	size_t n;

	for (int kind = 0; kind < SLOT_KINDS; kind++) {
		n = get_number(in, 4);
		in->bad |= n > slots_keep(kind);
		for (size_t i = 0; i < n && !in->bad; i++) {
			struct slot slot = get_slot(in);

			if (a && !in->bad && !(a->slots.begun && slot.start == a->slots.open[kind].start))
				slots_keep_closed(&a->slots, kind, &slot);
		}
	}
	n = get_number(in, 4);
	in->bad |= n > KEEP_PERIOD;
	for (size_t i = 0; i < n && !in->bad; i++) {
		struct period period = get_period(in);

		if (a && !in->bad && !(a->slots.begun && period.start == a->slots.period.start))
			slots_keep_period(&a->slots, &period);
	}
}

enum book_verdict
book_check(struct span part, enum book_part want, uint64_t *number)
{
	struct input in = {.left = part};
	uint64_t version, kind, count, length, sum;
	const size_t n = strlen(PART_MAGIC);

	if (part.len == 0)
		return BOOK_NOTHING;
	if (memcmp(part.ptr, PART_MAGIC, part.len < n ? part.len : n) != 0)
		return BOOK_FOREIGN;
	if (part.len < BOOK_HEADER)
		return BOOK_TORN;
	in.left = span_from(part, n);
	version = get_number(&in, 4);
	kind = get_number(&in, 4);
	count = get8(&in);
	length = get8(&in);
	sum = get8(&in);
	if (length > in.left.len || part_checksum((const uint8_t *)part.ptr, BOOK_HEADER + length) != sum)
		return BOOK_TORN;
	if (version < PART_OLDEST || version > PART_VERSION)
		return BOOK_OTHER;
	if (kind != want)
		return BOOK_FOREIGN;
	*number = count;
	return BOOK_GOOD;
}

int
book_decode(struct span part, struct book *book)
{
	struct input in = {.left = span_from(part, strlen(PART_MAGIC))};
	enum book_part kind;
	char name[CONF_GUEST_NAME_MAX + 1];
	size_t n;

	in.version = (unsigned)get_number(&in, 4);
	kind = get_number(&in, 4);
	get8(&in);
	n = get8(&in);
	get8(&in);
	in.left = span_first(in.left, n);
	if (kind == BOOK_TOTALS && get_head(&in, book) == -1)
		return -1;
	n = get_number(&in, 4);
	for (size_t i = 0; i < n && !in.bad; i++) {
		struct account *a;

		get_text(&in, name, sizeof(name));
		if (in.bad)
			break;
		a = book_find(book, name);
		if (kind == BOOK_CLOSED) {
			get_closed(&in, a);
			continue;
		}
		a = a ? NULL : book_add(book, name);
		if (!a)
			return -1;
		get_totals(&in, a);
	}
	return in.bad || in.left.len > 0 ? -1 : 0;
}
