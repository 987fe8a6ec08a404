/* One record of the ledger, read; see ledger.h. */
#include "ledger/reader.h"
#include "ledger/reply.h"

/* Fields that this program does not know are another version's and are passed over. */
static int
take_record(struct ledger *l, const redisReply *reply, struct record *out)
{
	for (size_t i = 0; i + 1 < reply->elements; i += 2) {
		struct span name = reply_text(reply->element[i]), text = reply_text(reply->element[i + 1]);

		if (record_take(out, name, text) == -1) {
			reader_spoilt(
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
ledger_period_at(struct ledger *l, const char *guest, int64_t start, struct record *out)
{
	char suffix[KEY_SUFFIX];

	return read_record(l, guest, key_period(start, suffix), out);
}

int
ledger_total(struct ledger *l, const char *guest, struct record *out)
{
	return read_record(l, guest, "cur", out);
}

int
ledger_period(struct ledger *l, const char *guest, int64_t now, uint8_t day, struct record *out)
{
	return ledger_period_at(l, guest, period_start(now, day), out);
}
