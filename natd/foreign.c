/* Whether another tool's chains drop what guests send and get; see foreign.h. */
#include "natd/foreign.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 16, STEPS_MAX = 20000 };

/* What becomes of a packet at the end of a chain. */
enum fate { GOES_ON, ACCEPTED, DROPPED };

enum way { FROM_GUEST, TO_GUEST };

struct walk {
	const struct foreign *foreign;
	const char *tap;
	enum way way;
	unsigned steps;
	struct foreign_chain by; /* where it was dropped */
};

bool
foreign_same(const struct foreign_chain *a, const struct foreign_chain *b)
{
	return strcmp(a->chain, b->chain) == 0 && strcmp(a->table, b->table) == 0 &&
	       strcmp(a->family, b->family) == 0;
}

void
foreign_add_base(struct foreign *foreign, const struct foreign_base *base)
{
	if (foreign->n_bases < FOREIGN_BASES_MAX)
		foreign->bases[foreign->n_bases++] = *base;
}

void
foreign_add_rule(struct foreign *foreign, const struct foreign_rule *rule)
{
	if (foreign->n_rules == FOREIGN_RULES_MAX)
		return;
	if (foreign->n_rules == foreign->room) {
		size_t room = foreign->room ? foreign->room * 2 : 32;
		struct foreign_rule *rules = reallocarray(foreign->rules, room, sizeof(*rules));

		if (!rules)
			return;
		foreign->rules = rules;
		foreign->room = room;
	}
	foreign->rules[foreign->n_rules++] = *rule;
}

void
foreign_free(struct foreign *foreign)
{
	free(foreign->rules);
	*foreign = (struct foreign){0};
}

static bool
is_named(const char *pattern, const char *device)
{
	size_t n = strlen(pattern);

	if (n && pattern[n - 1] == '*')
		return strncmp(pattern, device, n - 1) == 0;
	return strcmp(pattern, device) == 0;
}

/* Whether the rule is about this packet, for certain. */
static bool
concerns(const struct walk *walk, const struct foreign_rule *rule)
{
	const char *ours = walk->way == FROM_GUEST ? rule->in : rule->out;
	const char *others = walk->way == FROM_GUEST ? rule->out : rule->in;

	if (*others || (*ours && !is_named(ours, walk->tap)))
		return false;
	return !rule->translated || walk->way == TO_GUEST;
}

static enum fate
walk_chain(struct walk *walk, const struct foreign_chain *chain, int depth)
{
	struct foreign_chain next = *chain;

	for (size_t i = 0; i < walk->foreign->n_rules && depth < DEPTH_MAX; i++) {
		const struct foreign_rule *rule = &walk->foreign->rules[i];
		enum fate fate;

		if (walk->steps++ > STEPS_MAX)
			return GOES_ON;
		if (!foreign_same(&rule->at, chain) || !concerns(walk, rule))
			continue;
		if (rule->verdict == FOREIGN_ACCEPT)
			return ACCEPTED;
		if (rule->verdict == FOREIGN_DROP) {
			walk->by = *chain;
			return DROPPED;
		}
		if (rule->verdict == FOREIGN_RETURN)
			return GOES_ON;
		memcpy(next.chain, rule->target, sizeof(next.chain));
		fate = walk_chain(walk, &next, depth + 1);
		if (fate != GOES_ON || rule->verdict == FOREIGN_GOTO)
			return fate;
	}
	return GOES_ON;
}

static bool
base_drops(const struct foreign *foreign, const struct foreign_base *base, const char *tap, enum way way,
    struct foreign_drop *drop)
{
	struct walk walk = {.foreign = foreign, .tap = tap, .way = way};
	enum fate fate = walk_chain(&walk, &base->at, 0);

	if (fate == ACCEPTED || (fate == GOES_ON && !base->drops))
		return false;
	*drop = (struct foreign_drop){.at = base->at};
	if (fate == DROPPED && !foreign_same(&walk.by, &base->at))
		memcpy(drop->by, walk.by.chain, sizeof(drop->by));
	return true;
}

/* Two tools make their chains anew at each reload: a rule of nft's would be gone with it. */
static enum foreign_tool
tool_of(const struct foreign *foreign, const struct foreign_chain *base)
{
	if (strcmp(base->table, "firewalld") == 0)
		return TOOL_FIREWALLD;
	for (size_t i = 0; i < foreign->n_rules; i++)
		if (foreign_same(&foreign->rules[i].at, base) &&
		    (strncmp(foreign->rules[i].target, "ufw-", 4) == 0 ||
			strncmp(foreign->rules[i].target, "ufw6-", 5) == 0))
			return TOOL_UFW;
	return TOOL_NFT;
}

/* For any tap, either way. */
static bool
drops_some(const struct foreign *foreign, const struct foreign_base *base, const struct facts *want,
    struct foreign_drop *drop)
{
	for (size_t i = 0; i < want->n && want->list[i].kind == FACT_TAP; i++)
		if (base_drops(foreign, base, want->list[i].name, FROM_GUEST, drop) ||
		    base_drops(foreign, base, want->list[i].name, TO_GUEST, drop))
			return true;
	return false;
}

size_t
foreign_judge(const struct foreign *foreign, const struct facts *want, struct foreign_drop out[FOREIGN_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < foreign->n_bases; i++) {
		struct foreign_drop drop;

		if (!drops_some(foreign, &foreign->bases[i], want, &drop))
			continue;
		drop.tool = tool_of(foreign, &foreign->bases[i].at);
		if (n++ < FOREIGN_MAX)
			out[n - 1] = drop;
	}
	return n;
}
