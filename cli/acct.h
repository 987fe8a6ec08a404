/* What lodge-acct counts itself, where the ledger does not say it: by its answer to "status". */
#ifndef CLI_ACCT_H
#define CLI_ACCT_H

#include "conf/conf.h"

#include <jansson.h>

/* Whose word a sum is. */
enum source { SOURCE_NONE, SOURCE_REDIS, SOURCE_ACCT, SOURCE_KEPT };

/* What a guest moved and is billed in the period now. */
struct sum {
	enum source source;
	uint64_t billed, to_guest, from_guest; /* bytes */
	int64_t age_s; /* so old are the numbers; -1: not known */
};

/* False: it knows nothing of the guest's period in which now lies. */
bool acct_sum(const json_t *status, const struct guest *, int64_t now, struct sum *out);
/* So long ago redis took what it was told; -1: not since lodge-acct began, or it does not say. */
int64_t acct_told_s(const json_t *status);

#endif
