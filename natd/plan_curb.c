/* What holds a guest's traffic back → facts; see planned.h. A core. */
#include "natd/element.h"
#include "natd/planned.h"
#include "natd/ruleset.h"

#include <stdio.h>
#include <string.h>

_Static_assert(CONF_GUEST_NAME_MAX + sizeof("_from_100000000000") - 1 <= FACT_VALUE, "a limit's name is cut");

/* The rate is in the limit's name: the kernel does not change a limit that is there. */
static void
add_limit(struct facts *out, const char *map, const char *way, const struct guest *guest, uint64_t bit_s)
{
	/* Beyond, the kernel's arithmetic overflows; no tap is that fast. */
	uint64_t most = UINT64_C(100000000000), rate = bit_s < most ? bit_s : most;
	struct limit_value value = {.bytes_s = rate / 8, .burst = THROTTLE_BURST};
	struct bytes tap = {0};
	char name[FACT_NAME];
	struct fact limit, element;

	snprintf(name, sizeof(name), "%s_%s_%llu", guest->name, way, (unsigned long long)rate);
	limit = fact_of(FACT_LIMIT, FAMILY_INET, name);
	fact_value(&limit, &value, sizeof(value));
	facts_add(out, &limit);
	element_put_name(&tap, guest->tap);
	element = fact_of(FACT_ELEMENT, FAMILY_INET, map);
	fact_key(&element, tap.b, tap.n);
	fact_value(&element, name, strlen(name));
	facts_add(out, &element);
}

void
planned_curb(struct facts *out, const struct guest *guest, const struct curbs *curbs)
{
	const struct curb *curb = curbs ? curbs_find(curbs, guest->name) : NULL;
	struct bytes tap = {0};

	if (!curb)
		return;
	if (curb->then == QUOTA_THROTTLE) {
		add_limit(out, "slow_from", "from", guest, curb->bit_s);
		add_limit(out, "slow_to", "to", guest, curb->bit_s);
		return;
	}
	element_put_name(&tap, guest->tap);
	element_add(out, FAMILY_INET, "cut", &tap, NULL);
}
