/*
 * have × want → operations: the least that makes one the other. A core.
 *
 * Law: have with the operations done is want, byte for byte; between want and want there are none.
 */
#ifndef NATD_DIFF_H
#define NATD_DIFF_H

#include "natd/fact.h"

struct op {
	const struct fact *have; /* NULL: add want */
	const struct fact *want; /* NULL: delete have; both: have becomes want */
};

struct ops {
	struct op *list; /* borrows the facts of both lists */
	size_t n;
};

/*
 * Both lists sorted. An nft table whose sets or chains are of another shape than wanted cannot be changed in
 * place: there are operations for all that is in it, the table first, also for what stays the same. 0, or -1:
 * no memory.
 */
int diff_facts(const struct facts *have, const struct facts *want, struct ops *);
void ops_free(struct ops *);

#endif
