/* have × want → operations; see diff.h. */
#include "natd/diff.h"

#include <stdlib.h>
#include <string.h>

/* Families whose table must be made anew, as bits. */
static unsigned
misshapen(const struct facts *have, const struct facts *want)
{
	unsigned families = 0;
	size_t h = 0, w = 0;

	while (h < have->n && w < want->n && have->list[h].kind <= FACT_CHAIN) {
		const struct fact *a = &have->list[h], *b = &want->list[w];
		int order = fact_cmp(a, b);

		if (order == 0 && (a->kind == FACT_TABLE || a->kind == FACT_SET || a->kind == FACT_CHAIN) &&
		    !fact_same(a, b) && !fact_is_adoption(a, b))
			families |= 1u << (a->family & 31);
		h += order <= 0;
		w += order >= 0;
	}
	return families;
}

static void
add_op(struct ops *ops, const struct fact *have, const struct fact *want)
{
	ops->list[ops->n++] = (struct op){have, want};
}

int
diff_facts(const struct facts *have, const struct facts *want, struct ops *ops)
{
	unsigned anew = misshapen(have, want);
	size_t h = 0, w = 0;

	*ops = (struct ops){0};
	if (have->n + want->n == 0)
		return 0;
	ops->list = calloc(have->n + want->n, sizeof(*ops->list));
	if (!ops->list)
		return -1;
	while (h < have->n || w < want->n) {
		const struct fact *a = h < have->n ? &have->list[h] : NULL;
		const struct fact *b = w < want->n ? &want->list[w] : NULL;
		int order = !a ? 1 : !b ? -1 : fact_cmp(a, b);

		if (order != 0 || !fact_same(a, b) || (fact_is_nft(a) && (anew >> (a->family & 31) & 1)))
			add_op(ops, order <= 0 ? a : NULL, order >= 0 ? b : NULL);
		h += order <= 0;
		w += order >= 0;
	}
	return 0;
}

void
ops_free(struct ops *ops)
{
	free(ops->list);
	*ops = (struct ops){0};
}
