/* Lists of facts; see fact.h. */
#include "natd/fact.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct tap_value) <= FACT_VALUE, "a fact has no room for a tap");
_Static_assert(sizeof(struct chain_value) <= FACT_VALUE, "a fact has no room for a chain");
_Static_assert(sizeof(struct fact) == 3 + FACT_NAME + FACT_KEY + FACT_VALUE + 1, "facts compare as bytes");
_Static_assert(sizeof(struct ip) <= FACT_KEY, "a fact has no room for a neighbour");
_Static_assert(sizeof(struct route_key) <= FACT_KEY, "a fact has no room for a route");

struct fact
fact_of(enum fact_kind kind, uint8_t family, const char *name)
{
	struct fact fact;

	memset(&fact, 0, sizeof(fact));
	fact.kind = (uint8_t)kind;
	fact.family = family;
	memcpy(fact.name, name, strnlen(name, FACT_NAME - 1));
	return fact;
}

void
fact_key(struct fact *fact, const void *key, size_t len)
{
	if (len > FACT_KEY)
		len = FACT_KEY;
	memcpy(fact->key, key, len);
	fact->key_len = (uint8_t)len;
}

void
fact_value(struct fact *fact, const void *value, size_t len)
{
	if (len > FACT_VALUE)
		len = FACT_VALUE;
	memcpy(fact->value, value, len);
	fact->value_len = (uint8_t)len;
}

static bool
make_room(struct facts *facts, size_t n)
{
	size_t room = facts->room ? facts->room : 256;
	struct fact *list;

	while (room < facts->n + n)
		room *= 2;
	if (room == facts->room)
		return true;
	list = reallocarray(facts->list, room, sizeof(*list));
	if (!list) {
		facts->failed = true;
		return false;
	}
	facts->list = list;
	facts->room = room;
	return true;
}

void
facts_add(struct facts *facts, const struct fact *fact)
{
	if (facts->n < facts->room || make_room(facts, 1))
		facts->list[facts->n++] = *fact;
}

void
facts_join(struct facts *facts, const struct fact *list, size_t n)
{
	if (n == 0 || !make_room(facts, n))
		return;
	memcpy(&facts->list[facts->n], list, n * sizeof(*list));
	facts->n += n;
}

int
fact_cmp(const struct fact *a, const struct fact *b)
{
	return memcmp(a, b, offsetof(struct fact, value));
}

bool
fact_same(const struct fact *a, const struct fact *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct fact));
}

/* Most lists are: what was read before is put behind what was read now. */
static bool
in_order(const struct facts *facts)
{
	for (size_t i = 1; i < facts->n; i++)
		if (fact_cmp(&facts->list[i - 1], &facts->list[i]) >= 0)
			return false;
	return true;
}

void
facts_sort(struct facts *facts)
{
	size_t n = 0;

	if (in_order(facts))
		return;
	qsort(facts->list, facts->n, sizeof(*facts->list), compare);
	for (size_t i = 1; i < facts->n; i++)
		if (fact_cmp(&facts->list[n], &facts->list[i]) != 0)
			facts->list[++n] = facts->list[i];
	facts->n = n + 1;
}

void
facts_free(struct facts *facts)
{
	free(facts->list);
	memset(facts, 0, sizeof(*facts));
}

static uint32_t
table_flags(const struct fact *table)
{
	uint32_t flags;

	memcpy(&flags, table->value, sizeof(flags));
	return flags;
}

bool
fact_is_adoption(const struct fact *have, const struct fact *want)
{
	return have && want && have->kind == FACT_TABLE && want->kind == FACT_TABLE &&
	       table_flags(have) == TABLE_ORPHAN && table_flags(want) == TABLE_GUARDED;
}

bool
fact_is_late(const struct fact *fact)
{
	return fact->kind == FACT_SYSCTL && strcmp(fact->name, "net/ipv6/conf/all/forwarding") == 0;
}

uint64_t
rule_digest(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325; /* FNV-1a */

	hash = (hash ^ RULE_VERSION) * 0x100000001b3;
	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * 0x100000001b3;
	return hash;
}

uint64_t
rules_fold(uint64_t digest, uint64_t rule)
{
	for (int i = 0; i < 8; i++, rule >>= 8)
		digest = (digest ^ (rule & 0xff)) * 0x100000001b3 + 1;
	return digest;
}
