/* What a list of facts is after operations, done the slow and obvious way: the oracle of diff's law. */
#ifndef TESTS_APPLIED_H
#define TESTS_APPLIED_H

#include "natd/diff.h"

static inline bool
applied_has(const struct facts *facts, const struct fact *fact)
{
	for (size_t i = 0; i < facts->n; i++)
		if (fact_cmp(&facts->list[i], fact) == 0)
			return true;
	return false;
}

static inline void
applied_remove(struct facts *facts, const struct fact *fact)
{
	for (size_t i = 0; i < facts->n; i++)
		if (fact_same(&facts->list[i], fact)) {
			facts->list[i] = facts->list[--facts->n];
			return;
		}
	abort(); /* an operation on what is not there */
}

/* Undoes all, then makes all: whoever is made must not be there, whoever is undone must. */
static inline struct facts
applied(const struct facts *have, const struct ops *ops)
{
	struct facts out = {0};

	for (size_t i = 0; i < have->n; i++)
		facts_add(&out, &have->list[i]);
	for (size_t i = 0; i < ops->n; i++)
		if (ops->list[i].have)
			applied_remove(&out, ops->list[i].have);
	for (size_t i = 0; i < ops->n; i++) {
		if (!ops->list[i].want)
			continue;
		if (applied_has(&out, ops->list[i].want))
			abort();
		facts_add(&out, ops->list[i].want);
	}
	facts_sort(&out);
	return out;
}

static inline bool
facts_equal(const struct facts *a, const struct facts *b)
{
	return a->n == b->n && (a->n == 0 || memcmp(a->list, b->list, a->n * sizeof(*a->list)) == 0);
}

/* A table is never touched in place, and one that is made anew takes all that was in it along. */
static inline bool
tables_are_whole(const struct facts *have, const struct ops *ops)
{
	for (size_t i = 0; i < ops->n; i++) {
		const struct op *op = &ops->list[i];
		size_t named = 0, there = 0;

		if (!op->have || !op->want || op->have->kind != FACT_TABLE)
			continue;
		for (size_t j = 0; j < have->n; j++)
			there += fact_is_nft(&have->list[j]) && have->list[j].family == op->have->family;
		for (size_t j = 0; j < ops->n; j++)
			named += ops->list[j].have && fact_is_nft(ops->list[j].have) &&
				 ops->list[j].have->family == op->have->family;
		if (named != there)
			return false;
	}
	return true;
}

/* The whole law for one pair of sorted lists. */
static inline bool
diff_holds(const struct facts *have, const struct facts *want)
{
	struct ops ops, none;
	struct facts out;
	bool good;

	if (diff_facts(have, want, &ops) == -1 || diff_facts(want, want, &none) == -1)
		abort();
	out = applied(have, &ops);
	good = facts_equal(&out, want) && none.n == 0 && tables_are_whole(have, &ops);
	facts_free(&out);
	ops_free(&ops);
	ops_free(&none);
	return good;
}

/* Facts from any bytes: few names and values, so that two lists often meet. */
static inline struct facts
facts_from(const uint8_t *b, size_t n)
{
	struct facts out = {0};

	for (size_t i = 0; i + 4 <= n; i += 4) {
		char name[2] = {(char)('a' + b[i + 1] % 4), '\0'};
		uint8_t family =
		    b[i] % FACT_KINDS >= FACT_TABLE ? (b[i + 1] & 0x10 ? FAMILY_ARP : FAMILY_INET) : 0;
		struct fact fact = fact_of((enum fact_kind)(b[i] % FACT_KINDS), family,
		    b[i] % FACT_KINDS == FACT_TABLE ? "lodge" : name);
		uint8_t key = b[i + 2] % 8, value = b[i + 3] % 4;

		if (fact.kind == FACT_ELEMENT || fact.kind == FACT_ROUTE)
			fact_key(&fact, &key, 1);
		fact_value(&fact, &value, value ? 1 : 0);
		facts_add(&out, &fact);
	}
	facts_sort(&out);
	return out;
}

#endif
