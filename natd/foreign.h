/*
 * Chains of other tools that drop forwarded packets: no accept of ours saves what another's chain drops. What was read
 * of them → whether a packet out of a tap, or into one, gets through. A core.
 *
 * Rules are kept only where what they ask is understood: nothing at all, the tap by its name, or whether the
 * destination was translated (which all that is new towards a guest was). Others are taken not to match: who lets
 * guests through by a rule more subtle is told too much, not too little.
 */
#ifndef NATD_FOREIGN_H
#define NATD_FOREIGN_H

#include "natd/fact.h"

enum {
	FOREIGN_NAME = 128, /* of a table or chain */
	FOREIGN_MAX = 16, /* chains that drop and are told; those beyond are counted */
	FOREIGN_BASES_MAX = 64,
	FOREIGN_RULES_MAX = 4096,
};

enum foreign_verdict { FOREIGN_ACCEPT, FOREIGN_DROP, FOREIGN_RETURN, FOREIGN_JUMP, FOREIGN_GOTO };

struct foreign_chain {
	char family[8], table[FOREIGN_NAME], chain[FOREIGN_NAME];
};

/* One at hook forward. */
struct foreign_base {
	struct foreign_chain at;
	bool drops; /* by its policy */
};

struct foreign_rule {
	struct foreign_chain at;
	enum foreign_verdict verdict;
	char target[FOREIGN_NAME]; /* of JUMP and GOTO */
	char in[17], out[17]; /* a device's name, or with '*' behind it how it begins; "": any */
	bool translated; /* only what goes to a translated destination */
};

struct foreign {
	struct foreign_base bases[FOREIGN_BASES_MAX];
	size_t n_bases;
	struct foreign_rule *rules; /* of one chain in their order */
	size_t n_rules, room;
};

/* Whose words help. */
enum foreign_tool { TOOL_NFT, TOOL_UFW, TOOL_FIREWALLD };

/* A base chain that drops what a guest sends or gets. */
struct foreign_drop {
	struct foreign_chain at;
	char by[FOREIGN_NAME]; /* the chain whose rule does it; "": the base chain itself, or its policy */
	enum foreign_tool tool;
};

bool foreign_same(const struct foreign_chain *, const struct foreign_chain *);

/* A base that is beyond the ceiling, or a rule, is forgotten. */
void foreign_add_base(struct foreign *, const struct foreign_base *);
void foreign_add_rule(struct foreign *, const struct foreign_rule *);
void foreign_free(struct foreign *);

/* How many there are for the taps that are wanted; the first FOREIGN_MAX into out. */
size_t foreign_judge(const struct foreign *, const struct facts *want, struct foreign_drop out[FOREIGN_MAX]);

#endif
