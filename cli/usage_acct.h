/* `lodge usage` where the ledger does not answer: what lodge-acct knows of the periods now, marked as that. */
#ifndef CLI_USAGE_ACCT_H
#define CLI_USAGE_ACCT_H

#include "ledger/usage.h"

/*
 * Whether it was shown: not where rows or another period are asked for, where lodge-acct does not answer, or knows
 * none of those asked for. usage: as usage_read wants it, and fills it.
 */
bool usage_acct(const struct conf *, const struct asked *, bool json, struct usage *);

#endif
