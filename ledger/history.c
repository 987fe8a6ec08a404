/* Whole hashes and sets of the ledger: who is in it, what hangs on a guest, slots over a time; see ledger.h. */
#include "ledger/meta.h"
#include "ledger/percentile.h"
#include "ledger/reader.h"
#include "ledger/reply.h"

#include <stdlib.h>

/* --- who ------------------------------------------------------------------------------------------------- */

static int
by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

int
ledger_guests(struct ledger *l, struct names *out)
{
	redisReply *reply = reader_ask(l, 2, (const char *[]){"SMEMBERS", KEY_GUESTS});

	*out = (struct names){0};
	if (!reply)
		return -1;
	out->list = calloc(reply->elements + 1, sizeof(*out->list));
	for (size_t i = 0; out->list && i < reply->elements; i++) {
		struct span name = reply_text(reply->element[i]);

		if (name_guest(name) != NULL)
			continue;
		memcpy(out->list[out->n++], name.ptr, name.len);
	}
	freeReplyObject(reply);
	if (!out->list) {
		reader_fault(l, "no memory");
		return -1;
	}
	qsort(out->list, out->n, sizeof(*out->list), by_name);
	return 0;
}

void
names_free(struct names *names)
{
	free(names->list);
	*names = (struct names){0};
}

int
ledger_meta(struct ledger *l, const char *guest, struct meta *out)
{
	char key[KEY_TEXT];
	redisReply *reply = reader_ask(l, 2, (const char *[]){"HGETALL", key_of(NULL, guest, "meta", key)});
	int found;

	*out = (struct meta){0};
	if (!reply)
		return -1;
	for (size_t i = 0; i + 1 < reply->elements; i += 2)
		meta_take(out, reply_text(reply->element[i]), reply_text(reply->element[i + 1]));
	found = reply->elements > 0;
	freeReplyObject(reply);
	return found;
}

/* --- when ------------------------------------------------------------------------------------------------- */

static int
by_start(const void *a, const void *b)
{
	const struct dated *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

/* One hash's slots into the list, those outside [from, to) left out. */
static int
take_slots(struct ledger *l, const redisReply *reply, enum slot_kind kind, int64_t at, int64_t from,
    int64_t to, struct history *out)
{
	struct dated *list = realloc(out->list, (out->n + reply->elements / 2 + 1) * sizeof(*list));

	if (!list) {
		reader_fault(l, "no memory");
		return -1;
	}
	out->list = list;
	for (size_t i = 0; i + 1 < reply->elements; i += 2) {
		struct span field = reply_text(reply->element[i]);
		int64_t start = key_slot_at(kind, at, field);

		if (start == -1 || slot_parse(reply_text(reply->element[i + 1]), list[out->n].v) == -1) {
			char suffix[KEY_SUFFIX];

			reader_spoilt(l, "%s %.*s is no slot: somebody else writes this key",
			    key_slot(kind, at, suffix), (int)(field.len < 32 ? field.len : 32), field.ptr);
			return -1;
		}
		if (start < from || start >= to)
			continue;
		list[out->n++].start = start;
	}
	return 0;
}

static int
read_slots(struct ledger *l, const char *guest, enum slot_kind kind, int64_t at, int64_t from, int64_t to,
    struct history *out)
{
	char key[KEY_TEXT], suffix[KEY_SUFFIX];
	redisReply *reply = reader_ask(
	    l, 2, (const char *[]){"HGETALL", key_of(NULL, guest, key_slot(kind, at, suffix), key)});
	int taken;

	if (!reply)
		return -1;
	taken = take_slots(l, reply, kind, at, from, to, out);
	freeReplyObject(reply);
	return taken;
}

int
ledger_history(
    struct ledger *l, const char *guest, enum slot_kind kind, int64_t from, int64_t to, struct history *out)
{
	*out = (struct history){0};
	for (int64_t at = slot_start(kind, from), last = -1; at < to && at > last;
	     last = at, at = key_slot_next(kind, at)) {
		if (read_slots(l, guest, kind, at, from, to, out) == -1) {
			history_free(out);
			return -1;
		}
	}
	if (out->n > 0)
		qsort(out->list, out->n, sizeof(*out->list), by_start);
	return 0;
}

void
history_free(struct history *history)
{
	free(history->list);
	*history = (struct history){0};
}

int
ledger_percentile(struct ledger *l, const char *guest, int64_t from, int64_t to, struct percentile *out)
{
	struct history history;
	int made;

	*out = (struct percentile){0};
	if (ledger_history(l, guest, SLOT_5M, from, to, &history) == -1)
		return -1;
	made = percentile_of(&history, from, to, out);
	history_free(&history);
	if (made == -1)
		reader_fault(l, "no memory");
	return made;
}
