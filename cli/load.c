/* What a guest's processes take of the host; see load.h. */
#include "cli/load.h"
#include "ledger/record.h"

/* proc_pid_stat(5), counted from the word behind the name. */
enum { STAT_UTIME = 11, STAT_CSTIME = 14, STAT_RSS = 21 };

/* The next word; false: there is none. */
static bool
next_word(struct span *text, struct span *word)
{
	size_t end;

	while (text->len > 0 && text->ptr[0] == ' ')
		*text = span_from(*text, 1);
	end = span_find(*text, ' ');
	*word = span_first(*text, end);
	*text = span_from(*text, end);
	return word->len > 0;
}

bool
load_take(struct span text, struct load *load)
{
	uint64_t ticks = 0, n;
	struct span word;
	size_t name = text.len;

	/* The name may hold anything but ends at the last bracket. */
	while (name > 0 && text.ptr[name - 1] != ')')
		name--;
	if (name == 0)
		return false;
	text = span_from(text, name);
	for (int i = 0; i <= STAT_RSS; i++) {
		if (!next_word(&text, &word))
			return false;
		if (i < STAT_UTIME || (i > STAT_CSTIME && i < STAT_RSS))
			continue;
		if (number_parse(word, &n) == -1)
			return false;
		ticks += i <= STAT_CSTIME ? n : 0;
	}
	if (text.len == 0) /* the number may be cut */
		return false;
	load->there = true;
	load->ticks += ticks;
	load->pages = n > load->pages ? n : load->pages;
	return true;
}

bool
load_percent(const struct load *before, const struct load *now, double seconds, long ticks_s, unsigned *out)
{
	double percent;

	if (!before->there || !now->there || now->ticks < before->ticks || seconds <= 0 || ticks_s <= 0)
		return false;
	percent = (double)(now->ticks - before->ticks) * 100 / (double)ticks_s / seconds + 0.5;
	*out = percent < 9999 ? (unsigned)percent : 9999;
	return true;
}
