/*
 * The 95th percentile of a time's 5 minutes, as transit is billed. A core.
 *
 * There is one sample for each 5 minutes that lie in the time as a whole: the bytes that moved in them, in one
 * direction. A slot that is not recorded is a sample of 0, for nothing moved in it. Of n samples in rising order the
 * percentile is the one of rank ceil(95 n / 100), counted from 1 ("nearest rank", no interpolation): the top n / 20,
 * rounded down, do not count. As a rate it is those bytes' bits by 300 seconds, rounded down, in bit/s.
 */
#ifndef LEDGER_PERCENTILE_H
#define LEDGER_PERCENTILE_H

#include "ledger/ledger.h"

/* Of a history of SLOT_5M, of which slots outside [from, until) are passed over. -1: no memory. */
int percentile_of(const struct history *, int64_t from, int64_t until, struct percentile *out);

/* Whole 5 minutes from one time to another; a slot that is cut by either end is none. */
size_t percentile_samples(int64_t from, int64_t until);

/* Of that many samples, n of which are given and the rest 0; sorts them. 0 where there is none. */
uint64_t percentile_95(uint64_t *bytes, size_t n, size_t samples);

/* Bytes of 5 minutes in bit/s. */
uint64_t percentile_rate(uint64_t bytes);

#endif
