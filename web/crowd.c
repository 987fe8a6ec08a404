/* Who has too many seats; see crowd.h. */
#include "web/crowd.h"

#include <string.h>

static bool
same_client(const struct ip *a, const struct ip *b)
{
	return a->family == b->family && memcmp(a->b, b->b, a->family == 4 ? 4 : 8) == 0;
}

bool
crowd_too_many(const struct seat *seats, size_t n, const struct seat *of)
{
	size_t sit = 0;

	if (!of->told && of->here)
		return false;
	for (size_t i = 0; i < n; i++)
		sit += seats[i].fd != -1 && !seats[i].leaving &&
		       same_client(&seats[i].client.ip, &of->client.ip);
	return sit > DOOR_PER_CLIENT;
}

struct seat *
crowd_eldest_stranger(struct seat *seats, size_t n, const struct seat *like)
{
	struct seat *eldest = NULL;

	for (size_t i = 0; i < n; i++) {
		struct seat *s = &seats[i];

		if (s->fd == -1 || s->known || s->leaving)
			continue;
		if (like && (s == like || !same_client(&s->client.ip, &like->client.ip)))
			continue;
		if (!eldest || s->since_s < eldest->since_s)
			eldest = s;
	}
	return eldest;
}

bool
crowd_keeps_enough(const struct seat *seats, size_t n, const char *tenant)
{
	size_t keeps = 0;

	for (size_t i = 0; i < n; i++)
		keeps += seats[i].fd != -1 && seats[i].known && strcmp(seats[i].tenant, tenant) == 0;
	return keeps >= DOOR_PER_TENANT;
}
