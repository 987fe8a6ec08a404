/* Bytes that wait; see gather.h. */
#include "proxy/gather.h"

#include <stdlib.h>

bool
gather_add(struct gather *g, struct span fresh, uint64_t *held)
{
	uint32_t room = g->room ? g->room : GATHER_ROOM_FIRST;
	char *bytes;

	while (room < g->len + fresh.len)
		room *= 2;
	if (room != g->room) {
		if (*held + room - g->room > GATHER_HELD_MAX)
			return false;
		bytes = realloc(g->bytes, room);
		if (!bytes)
			return false;
		*held += room - g->room;
		g->bytes = bytes;
		g->room = room;
	}
	memcpy(g->bytes + g->len, fresh.ptr, fresh.len);
	g->len += (uint32_t)fresh.len;
	return true;
}

void
gather_cut(struct gather *g, size_t n, uint64_t *held)
{
	g->len -= (uint32_t)n;
	if (g->len > 0) {
		memmove(g->bytes, g->bytes + n, g->len);
		return;
	}
	*held -= g->room;
	free(g->bytes);
	*g = (struct gather){0};
}
