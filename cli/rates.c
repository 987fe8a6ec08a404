/* What moves now; see rates.h. */
#include "cli/rates.h"

#include <inttypes.h>
#include <stdlib.h>

/* Its place in a line: eight columns received, from the guest, then eight sent, to it. */
enum { NETDEV_FROM = 0, NETDEV_TO = 8, NETDEV_COLUMNS = 16 };

static struct span
word(struct span *line)
{
	struct span got;
	size_t n = 0;

	while (line->len > 0 && line->ptr[0] == ' ')
		*line = span_from(*line, 1);
	while (n < line->len && line->ptr[n] != ' ')
		n++;
	got = span_first(*line, n);
	*line = span_from(*line, n);
	return got;
}

static bool
line_take(struct span line, struct counters *out)
{
	uint64_t columns[NETDEV_COLUMNS];

	for (int i = 0; i < NETDEV_COLUMNS; i++)
		if (number_parse(word(&line), &columns[i]) == -1)
			return false;
	out->bytes[FROM_GUEST] = columns[NETDEV_FROM];
	out->packets[FROM_GUEST] = columns[NETDEV_FROM + 1];
	out->bytes[TO_GUEST] = columns[NETDEV_TO];
	out->packets[TO_GUEST] = columns[NETDEV_TO + 1];
	return true;
}

bool
netdev_find(struct span text, const char *name, struct counters *out)
{
	while (text.len > 0) {
		size_t n = span_find(text, '\n'), colon;
		struct span line = span_first(text, n), found;

		text = span_from(text, n < text.len ? n + 1 : n);
		colon = span_find(line, ':');
		if (colon == line.len)
			continue;
		found = span_first(line, colon);
		line = span_from(line, colon + 1);
		if (span_is(word(&found), name))
			return line_take(line, out);
	}
	return false;
}

static uint64_t
moved(uint64_t before, uint64_t now, bool fell)
{
	return fell ? now : now - before;
}

struct rate
rate_between(const struct reading *before, const struct reading *now)
{
	struct rate rate = {.known = now->there};
	const struct counters *a = &before->at, *b = &now->at;
	bool fell = !before->there;

	if (!now->there)
		return rate;
	for (int d = 0; d < DIRECTIONS; d++)
		fell |= b->bytes[d] < a->bytes[d] || b->packets[d] < a->packets[d];
	for (int d = 0; d < DIRECTIONS; d++) {
		rate.moved.bytes[d] = moved(a->bytes[d], b->bytes[d], fell);
		rate.moved.packets[d] = moved(a->packets[d], b->packets[d], fell);
	}
	return rate;
}

uint64_t
per_second(uint64_t n, double seconds)
{
	double rate = seconds > 0 ? (double)n / seconds + 0.5 : 0;

	return rate < 1.8e19 ? (uint64_t)rate : UINT64_MAX;
}

/* --- lines -------------------------------------------------------------------------------------------------- */

static int
busier(const void *a, const void *b)
{
	const struct mover *x = a, *y = b;
	uint64_t n = x->rate.moved.bytes[TO_GUEST] + x->rate.moved.bytes[FROM_GUEST],
		 m = y->rate.moved.bytes[TO_GUEST] + y->rate.moved.bytes[FROM_GUEST];

	return n != m ? (n < m) - (n > m) : strcmp(x->guest, y->guest);
}

void
movers_sort(struct mover *list, size_t n)
{
	if (n > 0)
		qsort(list, n, sizeof(*list), busier);
}

/* Of several: what moved is what is known to, what is billed is known when each is. */
static struct mover
mover_sum(const struct mover *list, size_t n)
{
	struct mover sum = {.guest = "", .billed_known = true};

	for (size_t i = 0; i < n; i++) {
		const struct mover *m = &list[i];

		sum.rate.known |= m->rate.known;
		sum.billed_known &= m->billed_known;
		sum.billed += m->billed;
		for (int d = 0; d < DIRECTIONS; d++) {
			sum.rate.moved.bytes[d] += m->rate.moved.bytes[d];
			sum.rate.moved.packets[d] += m->rate.moved.packets[d];
		}
	}
	return sum;
}

static int
add_mover(struct table *table, const char *name, const struct mover *m, double seconds)
{
	char text[SIZE_TEXT + NUMBER_TEXT], size[SIZE_TEXT];
	int made = table_add(table, name);

	for (int d = 0; d < DIRECTIONS; d++) {
		if (!m->rate.known) {
			made |= table_add(table, "-") | table_add(table, "-");
			continue;
		}
		snprintf(text, sizeof(text), "%s/s",
		    size_print(per_second(m->rate.moved.bytes[d], seconds), size));
		made |= table_add(table, text);
		snprintf(text, sizeof(text), "%" PRIu64, per_second(m->rate.moved.packets[d], seconds));
		made |= table_add(table, text);
	}
	return made | table_add(table, m->billed_known ? size_print(m->billed, size) : "-");
}

int
movers_table(struct table *table, const struct mover *list, size_t n, double seconds, size_t room)
{
	static const char *const headings[] = {
	    "GUEST", "TO GUEST", "PACKETS/S", "FROM GUEST", "PACKETS/S", "BILLED"};
	size_t shown = room == 0 || n <= room ? n : room - 1;
	struct mover rest = mover_sum(list + shown, n - shown), sum = mover_sum(list, n);
	char text[40];
	int made = 0;

	*table = (struct table){.columns = 6, .right = 0x3e};
	for (size_t i = 0; i < table->columns; i++)
		made |= table_add(table, headings[i]);
	for (size_t i = 0; i < shown; i++)
		made |= add_mover(table, list[i].guest, &list[i], seconds);
	snprintf(text, sizeof(text), "%zu more", n - shown);
	if (shown < n)
		made |= add_mover(table, text, &rest, seconds);
	return n > 1 ? made | add_mover(table, "all", &sum, seconds) : made;
}

void
mover_line(const struct mover *m, const char *time, double seconds, FILE *to)
{
	static const char *const ways[] = {[TO_GUEST] = "to", [FROM_GUEST] = "from"};

	fprintf(to, "%s %s", time, m->guest);
	for (int d = 0; d < DIRECTIONS; d++) {
		if (m->rate.known)
			fprintf(to, " %s %" PRIu64 " B/s %" PRIu64 " packets/s", ways[d],
			    per_second(m->rate.moved.bytes[d], seconds),
			    per_second(m->rate.moved.packets[d], seconds));
		else
			fprintf(to, " %s - B/s - packets/s", ways[d]);
	}
	if (m->billed_known)
		fprintf(to, " billed %" PRIu64 "\n", m->billed);
	else
		fputs(" billed -\n", to);
}
