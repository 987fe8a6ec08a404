/* Does the capture see what the kernel counts; see proof.h. */
#include "acct/proof.h"

enum { BASE = 2 }; /* the poll whose counters were read when the capture looked already */

void
proof_poll(struct proof *proof, const struct kernel *now)
{
	uint64_t packets = now->packets[TO_GUEST] + now->packets[FROM_GUEST];

	if (proof->polls < BASE) {
		proof->polls++;
		proof->base = proof->last = packets;
	}
	proof->settled = proof->last;
	proof->last = packets;
}

uint64_t
proof_counted(const struct proof *proof)
{
	return proof->last - proof->base;
}

uint64_t
proof_missing(const struct proof *proof)
{
	uint64_t must = proof->settled - proof->base;

	return must > proof->seen ? must - proof->seen : 0;
}

bool
proof_sums(const struct record *record)
{
	const uint64_t *v = record->v;

	for (int d = 0; d < DIRECTIONS; d++)
		if (v[REC_BYTES + d] !=
		    v[REC_WAN + d] + v[REC_HOST + d] + v[REC_GUESTS + d] + v[REC_UNCLASSIFIED + d])
			return false;
	return true;
}
