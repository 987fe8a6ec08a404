/* The reading side of the ledger: one call, one answer; see ledger.h. */
#include "ledger/reader.h"
#include "ledger/reply.h"

#include <stdio.h>
#include <stdlib.h>

/* Fields that this program does not know are another version's and are passed over. */
static int
take_record(struct ledger *l, const redisReply *reply, struct record *out)
{
	for (size_t i = 0; i + 1 < reply->elements; i += 2) {
		struct span name = reply_text(reply->element[i]),
			    text = reply_text(reply->element[i + 1]);

		if (record_take(out, name, text) == -1) {
			reader_fault(
			    l, "%.*s is no number: somebody else writes this key", (int)name.len, name.ptr);
			return -1;
		}
	}
	return reply->elements > 0;
}

static int
read_record(struct ledger *l, const char *guest, const char *suffix, struct record *out)
{
	char key[KEY_TEXT];
	redisReply *reply = reader_ask(l, 2, (const char *[]){"HGETALL", key_of(NULL, guest, suffix, key)});
	int found;

	*out = (struct record){0};
	if (!reply)
		return -1;
	found = take_record(l, reply, out);
	freeReplyObject(reply);
	return found;
}

int
ledger_totals(struct ledger *l, const char *guest, struct record *out)
{
	return read_record(l, guest, "cur", out);
}

int
ledger_period(struct ledger *l, const char *guest, int64_t now, uint8_t day, struct record *out)
{
	char suffix[KEY_SUFFIX];

	return read_record(l, guest, key_period(period_start(now, day), suffix), out);
}

int
ledger_period_at(struct ledger *l, const char *guest, int64_t start, struct record *out)
{
	char suffix[KEY_SUFFIX];

	return read_record(l, guest, key_period(start, suffix), out);
}

int
ledger_slot(struct ledger *l, const char *guest, enum slot_kind kind, int64_t at, uint64_t v[SLOT_FIELDS])
{
	char key[KEY_TEXT], suffix[KEY_SUFFIX], field[KEY_SUFFIX];
	int64_t start = slot_start(kind, at);
	redisReply *reply;
	int found = 0;

	key_of(NULL, guest, key_slot(kind, start, suffix), key);
	memset(v, 0, SLOT_FIELDS * sizeof(*v));
	reply = reader_ask(l, 3, (const char *[]){"HGET", key, key_slot_field(kind, start, field)});
	if (!reply)
		return -1;
	if (reply->type == REDIS_REPLY_STRING)
		found = slot_parse(reply_text(reply), v) == 0 ? 1 : -1;
	if (found == -1)
		reader_fault(l, "%s %s is no slot: somebody else writes this key", suffix, field);
	freeReplyObject(reply);
	return found;
}
