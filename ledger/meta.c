/* What hangs on a guest beside numbers; see meta.h. */
#include "ledger/meta.h"

static void
take_text(struct span text, char *out, size_t room)
{
	if (text.len >= room || memchr(text.ptr, '\0', text.len))
		return;
	memcpy(out, text.ptr, text.len);
	out[text.len] = '\0';
}

/* The number behind the word "day" in "wire wan both day 1". */
static uint8_t
billing_day(struct span text)
{
	bool next = false;

	while (text.len > 0) {
		size_t n = span_find(text, ' ');
		struct span word = span_first(text, n);
		uint64_t day;

		if (next)
			return number_parse(word, &day) == 0 && day >= 1 && day <= 31 ? (uint8_t)day : 0;
		next = span_is(word, "day");
		text = span_from(text, n < text.len ? n + 1 : n);
	}
	return 0;
}

void
meta_take(struct meta *meta, struct span name, struct span text)
{
	uint64_t quota;

	if (span_is(name, "host"))
		take_text(text, meta->host, sizeof(meta->host));
	else if (span_is(name, "tap"))
		take_text(text, meta->tap, sizeof(meta->tap));
	else if (span_is(name, "billing"))
		meta->day = billing_day(text);
	else if (span_is(name, "quota") && number_parse(text, &quota) == 0)
		meta->quota = quota;
}
