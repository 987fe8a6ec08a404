/* One line a guest; see glance.h. */
#include "cli/glance.h"
#include "base/colour.h"
#include "base/figure.h"

#include <inttypes.h>
#include <string.h>

enum { BAR = 10, NEAR_PERCENT = 80, FULL_PERCENT = 100, MIB_SHIFT = 20, GIB_SHIFT = 30 };

enum column {
	GUEST,
	STATE,
	FOR,
	MEMORY,
	CPU,
	DISK,
	TO,
	FROM,
	BILLED,
	QUOTA,
	USED,
	SSH,
	ADDRESS,
	NAMES,
	COLUMNS
};

_Static_assert((int)COLUMNS <= (int)TABLE_COLUMNS, "more columns than a table has");
_Static_assert(USED == QUOTA + 1, "they go together");

static const char *
state_colour(const char *state)
{
	static const char *const good[] = {"up"},
				 *const on_the_way[] = {"starting", "stopping", "restarting", "ending"},
				 *const rests[] = {"stopped", "?"};

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (strcmp(state, good[i]) == 0)
			return COLOUR_GREEN;
	for (size_t i = 0; i < sizeof(on_the_way) / sizeof(*on_the_way); i++)
		if (strcmp(state, on_the_way[i]) == 0)
			return COLOUR_YELLOW;
	for (size_t i = 0; i < sizeof(rests) / sizeof(*rests); i++)
		if (strcmp(state, rests[i]) == 0)
			return "";
	return COLOUR_RED;
}

const char *
glance_state(const char *state, bool colours, char out[ROOM_TEXT])
{
	const char *colour = colours ? state_colour(state) : "";

	snprintf(out, ROOM_TEXT, "%s%.24s%s", colour, state, *colour ? COLOUR_END : "");
	return out;
}

/* One digit behind the point, and that only where it says something. */
static void
tenths(uint64_t n, unsigned shift, char out[ROOM_TEXT])
{
	uint64_t whole = n >> shift, tenth = (n & ((1ull << shift) - 1)) * 10 >> shift;

	if (tenth)
		snprintf(out, ROOM_TEXT, "%" PRIu64 ".%" PRIu64, whole, tenth);
	else
		snprintf(out, ROOM_TEXT, "%" PRIu64, whole);
}

const char *
glance_room(bool known, uint64_t used, uint64_t whole, char out[ROOM_TEXT])
{
	unsigned shift = whole >> GIB_SHIFT ? GIB_SHIFT : MIB_SHIFT;
	char a[ROOM_TEXT], b[ROOM_TEXT], unit = shift == GIB_SHIFT ? 'G' : 'M';

	if (shift == MIB_SHIFT)
		snprintf(a, sizeof(a), "%" PRIu64, used >> shift);
	else
		tenths(used, shift, a);
	tenths(whole, shift, b);
	if (known)
		snprintf(out, ROOM_TEXT, "%.20s/%.20s%c", a, b, unit);
	else
		snprintf(out, ROOM_TEXT, "%.20s%c", b, unit);
	return out;
}

static int
add_size(struct table *table, bool known, uint64_t bytes, const char *else_text)
{
	char text[SIZE_TEXT];

	return table_add(table, known ? size_print(bytes, text) : else_text);
}

static int
add_rate(struct table *table, bool known, uint64_t bit_s)
{
	char text[RATE_TEXT];

	return table_add(table, known ? rate_print(bit_s, text) : "-");
}

static int
add_used(struct table *table, const struct glance *g, const struct glass *glass)
{
	unsigned percent = percent_of(g->billed, g->quota);
	const char *colour = !glass->colours	       ? ""
			     : percent >= FULL_PERCENT ? COLOUR_RED
			     : percent >= NEAR_PERCENT ? COLOUR_YELLOW
						       : "";
	char bar[BAR_TEXT] = "", text[BAR_TEXT + 48];

	if (g->quota == 0 || !g->billed_known)
		return table_add(table, "");
	if (glass->bars)
		bar_print(g->billed, g->quota, BAR, bar);
	snprintf(text, sizeof(text), "%s%s%s%3u %%%s", colour, bar, glass->bars ? " " : "", percent,
	    *colour ? COLOUR_END : "");
	return table_add(table, text);
}

static int
add_row(struct table *table, const struct glance *g, const struct glass *glass)
{
	char text[ROOM_TEXT];
	int made = table_add(table, g->name);

	made |= table_add(table, glance_state(g->state, glass->colours, text));
	made |= table_add(table, g->since_known ? span_print(g->for_s, text) : "-");
	made |= table_add(table, glance_room(g->memory_known, g->memory_used, g->memory, text));
	snprintf(text, sizeof(text), "%u %%", g->cpu_percent);
	made |= table_add(table, g->cpu_known ? text : "-");
	made |= table_add(table, g->disk_known ? glance_room(true, g->disk_used, g->disk_size, text) : "-");
	made |= add_rate(table, g->rate_known, g->to_bit_s) | add_rate(table, g->rate_known, g->from_bit_s);
	made |=
	    add_size(table, g->billed_known, g->billed, "?") | add_size(table, g->quota > 0, g->quota, "-");
	made |= add_used(table, g, glass);
	snprintf(text, sizeof(text), "ssh -p %u", g->ssh_port);
	made |= table_add(table, g->ssh_port ? text : "-");
	return made | table_add(table, g->address) | table_add(table, g->names);
}

static int
add_more(struct table *table, size_t n)
{
	char text[40];
	int made;

	snprintf(text, sizeof(text), "%zu more", n);
	made = table_add(table, text);
	for (size_t i = 1; i < table->columns; i++)
		made |= table_add(table, "");
	return made;
}

/* The heading is a row, and so is the one that says how many more there are. */
static size_t
shown_of(size_t n, size_t rows)
{
	return rows == 0 || n + 1 <= rows ? n : rows > 2 ? rows - 2 : 0;
}

int
glance_table(struct table *table, const struct glance *list, size_t n, const struct glass *glass)
{
	static const char *const headings[COLUMNS] = {"GUEST", "STATE", "FOR", "MEMORY", "CPU", "DISK",
	    "TO GUEST", "FROM GUEST", "BILLED", "QUOTA", "USED", "SSH", "ADDRESS", "NAMES"};
	static const unsigned char less[] = {
	    NAMES, ADDRESS, QUOTA, SSH, DISK, CPU, FROM, TO, FOR, MEMORY, USED};
	static const unsigned char less_without[] = {
	    NAMES - 2, ADDRESS - 2, SSH - 2, DISK, CPU, FROM, TO, FOR, MEMORY};
	size_t shown = shown_of(n, glass->rows), quotas = 0;
	int made = 0;

	*table = (struct table){.columns = COLUMNS,
	    .right = 1u << MEMORY | 1u << CPU | 1u << DISK | 1u << TO | 1u << FROM | 1u << BILLED |
		     1u << QUOTA | (glass->bars ? 0 : 1u << USED)};
	for (size_t i = 0; i < COLUMNS; i++)
		made |= table_add(table, headings[i]);
	for (size_t i = 0; i < shown; i++) {
		made |= add_row(table, &list[i], glass);
		quotas += list[i].quota > 0;
	}
	if (shown < n)
		made |= add_more(table, n - shown);
	if (made != 0)
		return -1;
	if (quotas == 0) {
		table_drop(table, USED);
		table_drop(table, QUOTA);
	}
	table_fit(
	    table, glass->width, quotas ? less : less_without, quotas ? sizeof(less) : sizeof(less_without));
	return 0;
}
