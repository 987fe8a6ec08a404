/* One life of a tap; see life.h. */
#include "acct/life.h"

#include <inttypes.h>
#include <stdio.h>

bool
life_is(const struct life *life, const char *boot, uint32_t ifindex)
{
	return life->ifindex == ifindex && strcmp(life->boot, boot) == 0;
}

bool
life_is_past(const struct life *life, const struct life *other)
{
	if (life->boot[0] == '\0' || other->boot[0] == '\0')
		return life->boot[0] != '\0';
	return life_is(life, other->boot, other->ifindex) && kernel_is_below(&other->done, &life->done);
}

const char *
life_print(const struct life *life, char out[LIFE_TEXT])
{
	const struct kernel *k = &life->done;

	snprintf(out, LIFE_TEXT, "%s %s %" PRIu32 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64,
	    life->boot[0] ? life->boot : "-", life->tap[0] ? life->tap : "-", life->ifindex,
	    k->bytes[TO_GUEST], k->bytes[FROM_GUEST], k->packets[TO_GUEST], k->packets[FROM_GUEST],
	    k->dropped);
	return out;
}

/* The next word up to a blank, which is passed; empty at the end. */
static struct span
word(struct span *text)
{
	size_t n = span_find(*text, ' ');
	struct span out = span_first(*text, n);

	*text = span_from(*text, n < text->len ? n + 1 : n);
	return out;
}

static int
copy_word(struct span in, char *out, size_t room)
{
	if (in.len == 0 || in.len >= room || memchr(in.ptr, '\0', in.len))
		return -1;
	if (!span_is(in, "-"))
		memcpy(out, in.ptr, in.len);
	return 0;
}

int
life_parse(struct span text, struct life *out)
{
	struct life life = {0};
	struct kernel *k = &life.done;
	uint64_t ifindex, *const numbers[] = {&ifindex, &k->bytes[TO_GUEST], &k->bytes[FROM_GUEST],
			      &k->packets[TO_GUEST], &k->packets[FROM_GUEST], &k->dropped};

	if (text.len > 0 && text.ptr[text.len - 1] == ' ')
		return -1;
	if (copy_word(word(&text), life.boot, sizeof(life.boot)) == -1 ||
	    copy_word(word(&text), life.tap, sizeof(life.tap)) == -1)
		return -1;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (number_parse(word(&text), numbers[i]) == -1)
			return -1;
	if (text.len > 0 || ifindex > UINT32_MAX)
		return -1;
	life.ifindex = (uint32_t)ifindex;
	*out = life;
	return 0;
}
