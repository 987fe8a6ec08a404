/* Any text as a name. Laws: a good one judges to itself, and its bytes are those a name may have. */
#include "base/name.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char out[NAME_ROOM], again[NAME_ROOM], host[NAME_ROOM];
	struct span in = span_of(bytes, n);
	int judged = name_judge(in, out), as_host = name_judge_host(in, host);

	if (as_host != (name_fault(in, again) ? -1 : 0) || strcmp(again, host) != 0)
		abort();
	if (judged == -1) {
		if (out[0])
			abort();
		if (as_host == -1)
			return 0;
		memcpy(out, host, sizeof(out));
	} else if (as_host == -1 || strcmp(out, host) != 0) {
		abort();
	}
	if (strlen(out) == 0 || strlen(out) > NAME_MAX_BYTES || strstr(out, "..") || out[0] == '.')
		abort();
	if (strspn(out, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != strlen(out))
		abort();
	if (name_judge(span_str(out), again) == -1 || strcmp(out, again) != 0)
		abort();
	return 0;
}
