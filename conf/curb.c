/* The text of a curb; see curb.h. */
#include "conf/curb.h"
#include "conf/parse.h"

#include <inttypes.h>

static const struct {
	const char *word;
	enum quota_then then;
} acts[] = {{"throttle", QUOTA_THROTTLE}, {"cut", QUOTA_CUT}, {"lift", QUOTA_NONE}};

/* The next word, taken off the front. */
static struct span
take_word(struct span *from)
{
	size_t n = span_find(*from, ' ');
	struct span word = span_first(*from, n);

	*from = span_from(*from, n < from->len ? n + 1 : n);
	return word;
}

static const char *
take_rate(struct span word, uint64_t *bit_s)
{
	const char *why = NULL;
	bool bare = word.len > 0 && word.len < 18;

	*bit_s = 0;
	for (size_t i = 0; bare && i < word.len; i++) {
		bare = word.ptr[i] >= '0' && word.ptr[i] <= '9';
		*bit_s = *bit_s * 10 + (uint64_t)(word.ptr[i] - '0');
	}
	if (!bare)
		why = scalar_rate(word, bit_s);
	if (!why && (*bit_s < 8000 || *bit_s > UINT64_C(1000000000000)))
		why = "is outside 8kbit to 1000Gbit";
	return why ? "the rate is none between 8kbit and 1000Gbit, like 1Mbit" : NULL;
}

/* The mark that may stand before the act: digits and dots. */
static const char *
take_mark(struct span *line, char out[CURB_MARK])
{
	struct span mark;

	if (line->len == 0 || line->ptr[0] < '0' || line->ptr[0] > '9')
		return NULL;
	mark = take_word(line);
	if (mark.len >= CURB_MARK)
		return "the mark is longer than 31 bytes";
	for (size_t i = 0; i < mark.len; i++)
		if (mark.ptr[i] != '.' && (mark.ptr[i] < '0' || mark.ptr[i] > '9'))
			return "the mark is none of digits and dots";
	memcpy(out, mark.ptr, mark.len);
	return NULL;
}

static const char *
take_quota_word(struct span *line, struct curb *out)
{
	struct span rest = *line, word = take_word(&rest);

	if (!span_is(word, "quota"))
		return NULL;
	*line = rest;
	out->by = CURB_QUOTA;
	return take_mark(line, out->mark);
}

const char *
curb_parse(struct span line, struct curb *out)
{
	struct span act, name;
	const char *why;
	size_t i = 0;

	*out = (struct curb){0};
	why = take_quota_word(&line, out);
	if (why)
		return why;
	act = take_word(&line);
	name = take_word(&line);
	while (i < sizeof(acts) / sizeof(*acts) && !span_is(act, acts[i].word))
		i++;
	if (i == sizeof(acts) / sizeof(*acts))
		return "an order is throttle NAME RATE, cut NAME or lift NAME";
	if (name.len == 0 || name.len > CONF_GUEST_NAME_MAX || memchr(name.ptr, 0, name.len))
		return "the name of a guest is missing";
	memcpy(out->guest, name.ptr, name.len);
	out->then = acts[i].then;
	if (out->by == CURB_QUOTA && out->then != QUOTA_NONE && out->mark[0] == '\0')
		return "the mark of a quota is missing";
	if (out->then == QUOTA_THROTTLE)
		return take_rate(line, &out->bit_s);
	return line.len > 0 ? "there is more than a name" : NULL;
}

const char *
curb_print(const struct curb *curb, char out[CURB_TEXT])
{
	int n = 0;

	if (curb->by == CURB_QUOTA)
		n = snprintf(out, CURB_TEXT, "quota %s%s", curb->mark, curb->mark[0] ? " " : "");
	if (curb->then == QUOTA_THROTTLE)
		snprintf(out + n, CURB_TEXT - (size_t)n, "throttle %s %" PRIu64, curb->guest, curb->bit_s);
	else
		snprintf(out + n, CURB_TEXT - (size_t)n, "%s %s", curb->then == QUOTA_CUT ? "cut" : "lift",
		    curb->guest);
	return out;
}
