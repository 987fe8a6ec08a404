/* The book's shape on disk, written: a failure sticks in room 0; see book.h. */
#include "acct/part.h"

#include <endian.h>
#include <stdlib.h>

enum { ROOM_FIRST = 4096 };

static bool
grow(struct bytes *out, size_t n)
{
	size_t room = out->room;
	uint8_t *more;

	while (room != 0 && room - out->len < n)
		room *= 2;
	more = room == 0 ? NULL : realloc(out->ptr, room);
	if (!more) {
		out->len = out->room = 0;
		return false;
	}
	out->ptr = more;
	out->room = room;
	return true;
}

static void
put(struct bytes *out, const void *ptr, size_t n)
{
	if (out->room - out->len < n && !grow(out, n))
		return;
	memcpy(out->ptr + out->len, ptr, n);
	out->len += n;
}

static void
put_number(struct bytes *out, uint64_t number, size_t n)
{
	number = htole64(number);
	put(out, &number, n);
}

static void
put8(struct bytes *out, uint64_t number)
{
	put_number(out, number, sizeof(number));
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
	put_number(out, slot->unknown, 1);
	for (int i = 0; i < SLOT_FIELDS; i++)
		put8(out, slot->v[i]);
}

static void
put_period(struct bytes *out, const struct period *period)
{
	put8(out, (uint64_t)period->start);
	put8(out, period->seq);
	put_number(out, period->unknown, 1);
	put_number(out, period->told, 1);
	put8(out, period->quota);
	put_record(out, &period->sum);
}

static void
put_kernel(struct bytes *out, const struct kernel *kernel)
{
	for (int d = 0; d < DIRECTIONS; d++) {
		put8(out, kernel->bytes[d]);
		put8(out, kernel->packets[d]);
	}
	put8(out, kernel->dropped);
}

static void
put_life(struct bytes *out, const struct life *life)
{
	put_text(out, life->boot);
	put_text(out, life->tap);
	put_number(out, life->ifindex, 4);
	put_kernel(out, &life->done);
}

static void
put_event(struct bytes *out, const struct event *event)
{
	put8(out, event->seq);
	put8(out, (uint64_t)event->at);
	put8(out, (uint64_t)event->period);
	put_number(out, event->percent, 1);
	put8(out, event->quota);
	put8(out, event->billed);
	put_number(out, event->then, 1);
	put8(out, event->bit_s);
}

static void
put_unmet(struct bytes *out, const struct account *a)
{
	const struct unmet *u = &a->unmet;

	put_number(out, u->is, 1);
	if (u->is) {
		put8(out, u->seq);
		put_kernel(out, &u->from);
		put_life(out, &u->ended);
		put_kernel(out, &u->ended_from);
		put_kernel(out, &u->rest);
	}
	put8(out, (uint64_t)a->elsewhere.start);
	for (int d = 0; d < DIRECTIONS; d++)
		put8(out, a->elsewhere.billable[d]);
	put8(out, a->elsewhere.billed);
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
	for (int kind = 0; kind < SLOT_KINDS; kind++)
		put8(out, (uint64_t)a->slots.gone[kind]);
	put8(out, (uint64_t)a->slots.gone_period);
	put_number(out, a->n_events, 1);
	for (size_t i = 0; i < a->n_events; i++)
		put_event(out, &a->events[i]);
	put_unmet(out, a);
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
	put(out, PART_MAGIC, strlen(PART_MAGIC));
	put_number(out, PART_VERSION, 4);
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
	put8(&late, part_checksum(out->ptr, out->len));
	return 0;
}
