/* Elements of sets as facts; see element.h. */
#include "natd/element.h"

#include <stdlib.h>

void
element_put(struct bytes *to, const void *bytes, size_t n)
{
	memcpy(to->b + to->n, bytes, n);
	to->n += (n + 3) & ~(size_t)3;
}

void
element_put_name(struct bytes *to, const char *device)
{
	char name[16] = {0};

	memcpy(name, device, strnlen(device, sizeof(name) - 1));
	element_put(to, name, sizeof(name));
}

void
element_put_port(struct bytes *to, uint16_t port)
{
	uint8_t b[2] = {(uint8_t)(port >> 8), (uint8_t)port};

	element_put(to, b, 2);
}

void
element_put_ip(struct bytes *to, const struct ip *ip)
{
	element_put(to, ip->b, ip_len(ip));
}

void
element_add(
    struct facts *out, uint8_t family, const char *set, const struct bytes *key, const struct bytes *value)
{
	struct fact fact = fact_of(FACT_ELEMENT, family, set);

	fact_key(&fact, key->b, key->n);
	if (value)
		fact_value(&fact, value->b, value->n);
	facts_add(out, &fact);
}

static int
by_which(const void *a, const void *b)
{
	return fact_cmp(a, b);
}

bool
element_is(const struct facts *sorted, const char *set, const struct bytes *key)
{
	struct fact fact = fact_of(FACT_ELEMENT, FAMILY_INET, set);

	fact_key(&fact, key->b, key->n);
	return sorted->n && bsearch(&fact, sorted->list, sorted->n, sizeof(fact), by_which);
}

void
element_add_range(struct facts *out, const char *set, uint16_t lo, uint16_t hi, const struct ip *to)
{
	struct bytes key = {{(uint8_t)(lo >> 8), (uint8_t)lo, (uint8_t)(hi >> 8), (uint8_t)hi}, 4};
	struct bytes value = {0};

	if (to)
		element_put_ip(&value, to);
	element_add(out, FAMILY_INET, set, &key, to ? &value : NULL);
}
