/* Any two lists of facts: the operations between them make one the other. The first byte says where one ends. */
#include <stdlib.h>

#include "tests/unit/applied.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct facts have, want;
	size_t cut;

	if (n == 0 || n > 2048)
		return 0;
	cut = 1 + (n - 1) * bytes[0] / 255;
	have = facts_from(bytes + 1, cut - 1);
	want = facts_from(bytes + cut, n - cut);
	if (!diff_holds(&have, &want))
		abort();
	facts_free(&have);
	facts_free(&want);
	return 0;
}
