/* The book's shape on disk; see book.h. */
#include "acct/book.h"

#include <stdlib.h>

enum { VERSION = 2, CHECKSUM_AT = 32, ROOM_FIRST = 4096 };

static const char magic[8] = {'l', 'o', 'd', 'g', 'e', 'b', 'o', 'k'};

/* --- checksum ------------------------------------------------------------------------------------ */

/* CRC-64/XZ, four bits at a time. */
static uint64_t
crc64(uint64_t crc, const uint8_t *p, size_t n)
{
	uint64_t table[16];

	for (unsigned i = 0; i < 16; i++) {
		table[i] = i;
		for (int bit = 0; bit < 4; bit++)
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xc96c5795d7870f42 : 0);
	}
	crc = ~crc;
	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

static uint64_t
checksum(const uint8_t *part, size_t len)
{
	return crc64(crc64(0, part, CHECKSUM_AT), part + BOOK_HEADER, len - BOOK_HEADER);
}

/* --- writing: a failure sticks in room 0 ---------------------------------------------------------- */

static void
put(struct bytes *out, const void *ptr, size_t n)
{
	size_t room = out->room;
	uint8_t *more;

	while (room != 0 && room - out->len < n)
		room *= 2;
	if (room != out->room) {
		more = realloc(out->ptr, room);
		out->room = more ? room : 0;
		out->ptr = more ? more : out->ptr;
	}
	if (out->room == 0)
		return;
	memcpy(out->ptr + out->len, ptr, n);
	out->len += n;
}

static void
put_number(struct bytes *out, uint64_t number, size_t n)
{
	uint8_t b[8];

	for (size_t i = 0; i < n; i++)
		b[i] = (uint8_t)(number >> (8 * i));
	put(out, b, n);
}

static void
put8(struct bytes *out, uint64_t number)
{
	put_number(out, number, 8);
}

static void
put_text(struct bytes *out, const char *text)
{
	put_number(out, strlen(text), 1);
	put(out, text, strlen(text));
}

static void
put_record(struct bytes *out, const struct record *record)
{
	put8(out, (uint64_t)record->ts);
	for (int i = 0; i < RECORD_FIELDS; i++)
		put8(out, record->v[i]);
}

static void
put_slot(struct bytes *out, const struct slot *slot)
{
	put8(out, (uint64_t)slot->start);
	put8(out, slot->seq);
	for (int i = 0; i < SLOT_FIELDS; i++)
		put8(out, slot->v[i]);
}

static void
put_period(struct bytes *out, const struct period *period)
{
	put8(out, (uint64_t)period->start);
	put8(out, period->seq);
	put_record(out, &period->sum);
}

static void
put_life(struct bytes *out, const struct life *life)
{
	put_text(out, life->boot);
	put_text(out, life->tap);
	put_number(out, life->ifindex, 4);
	for (int d = 0; d < DIRECTIONS; d++) {
		put8(out, life->done.bytes[d]);
		put8(out, life->done.packets[d]);
	}
	put8(out, life->done.dropped);
}

static void
put_head(struct bytes *out, const struct book *book)
{
	put_text(out, book->host);
	put_number(out, book->n_left, 4);
	for (size_t i = 0; i < book->n_left; i++)
		put_life(out, &book->left[i]);
}

static void
put_totals(struct bytes *out, const struct account *a)
{
	put8(out, a->seq);
	put_life(out, &a->life);
	put_record(out, &a->total);
	put_number(out, a->slots.begun, 1);
	for (int kind = 0; kind < SLOT_KINDS; kind++)
		put_slot(out, &a->slots.open[kind]);
	put_period(out, &a->slots.period);
}

static void
put_closed(struct bytes *out, struct account *a)
{
	for (int kind = 0; kind < SLOT_KINDS; kind++) {
		put_number(out, a->slots.n_closed[kind], 4);
		for (size_t i = 0; i < a->slots.n_closed[kind]; i++)
			put_slot(out, &slots_closed(&a->slots, kind)[i]);
	}
	put_number(out, a->slots.n_periods, 4);
	for (size_t i = 0; i < a->slots.n_periods; i++)
		put_period(out, &a->slots.periods[i]);
}

int
book_encode(const struct book *book, enum book_part part, uint64_t number, struct bytes *out)
{
	struct bytes late;

	if (out->room == 0) {
		free(out->ptr);
		out->ptr = malloc(ROOM_FIRST);
		out->room = out->ptr ? ROOM_FIRST : 0;
	}
	out->len = 0;
	put(out, magic, sizeof(magic));
	put_number(out, VERSION, 4);
	put_number(out, part, 4);
	put8(out, number);
	put8(out, 0);
	put8(out, 0);
	if (part == BOOK_TOTALS)
		put_head(out, book);
	put_number(out, book->n, 4);
	for (size_t i = 0; i < book->n; i++) {
		put_text(out, book->list[i]->name);
		if (part == BOOK_TOTALS)
			put_totals(out, book->list[i]);
		else
			put_closed(out, book->list[i]);
	}
	if (out->room == 0 || out->len > BOOK_BYTES_MAX)
		return -1;
	late = (struct bytes){out->ptr, 24, out->room};
	put8(&late, out->len - BOOK_HEADER);
	put8(&late, checksum(out->ptr, out->len));
	return 0;
}

/* --- reading: a failure sticks in bad ------------------------------------------------------------- */

struct input {
	struct span left;
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
	for (int i = 0; i < SLOT_FIELDS; i++)
		slot.v[i] = get8(in);
	return slot;
}

static struct period
get_period(struct input *in)
{
	struct period period = {.start = (int64_t)get8(in)};

	period.seq = get8(in);
	get_record(in, &period.sum);
	return period;
}

static void
get_life(struct input *in, struct life *life)
{
	get_text(in, life->boot, sizeof(life->boot));
	get_text(in, life->tap, sizeof(life->tap));
	life->ifindex = (uint32_t)get_number(in, 4);
	for (int d = 0; d < DIRECTIONS; d++) {
		life->done.bytes[d] = get8(in);
		life->done.packets[d] = get8(in);
	}
	life->done.dropped = get8(in);
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
get_totals(struct input *in, struct account *a)
{
	unsigned begun;

	a->seq = get8(in);
	get_life(in, &a->life);
	get_record(in, &a->total);
	begun = get_number(in, 1);
	in->bad |= begun > 1;
	a->slots.begun = begun == 1;
	for (int kind = 0; kind < SLOT_KINDS; kind++)
		a->slots.open[kind] = get_slot(in);
	a->slots.period = get_period(in);
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

	if (part.len == 0)
		return BOOK_NOTHING;
	if (memcmp(part.ptr, magic, part.len < sizeof(magic) ? part.len : sizeof(magic)) != 0)
		return BOOK_FOREIGN;
	if (part.len < BOOK_HEADER)
		return BOOK_TORN;
	in.left = span_from(part, sizeof(magic));
	version = get_number(&in, 4);
	kind = get_number(&in, 4);
	count = get8(&in);
	length = get8(&in);
	sum = get8(&in);
	if (length > in.left.len || checksum((const uint8_t *)part.ptr, BOOK_HEADER + length) != sum)
		return BOOK_TORN;
	if (version != VERSION || kind != want)
		return BOOK_FOREIGN;
	*number = count;
	return BOOK_GOOD;
}

int
book_decode(struct span part, struct book *book)
{
	struct input in = {.left = span_from(part, 12)};
	enum book_part kind = get_number(&in, 4);
	char name[CONF_GUEST_NAME_MAX + 1];
	size_t n;

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
