/* Any datagram out of a guest: the text lies inside it, and what it was cut from never says more. */
#include "launch/mcmsg.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct span in = span_of(bytes, n);
	struct mcmsg_reply whole, cut;
	struct mcmsg_notice notice;

	if (mcmsg_notice(in, &notice) == 0 && (notice.kind >= MCMSG_KINDS || notice.text.ptr < in.ptr + 16 ||
						  notice.text.ptr + notice.text.len > in.ptr + in.len))
		abort();

	if (mcmsg_reply(in, &whole) == -1)
		return 0;
	if (whole.text.ptr < in.ptr + 12 || whole.text.ptr + whole.text.len > in.ptr + in.len)
		abort();
	if (whole.text.len && whole.text.ptr[whole.text.len - 1] == '\n')
		abort();
	for (size_t i = 0; i < n; i++)
		if (mcmsg_reply(span_first(in, i), &cut) == 0 && !span_eq(cut.text, whole.text))
			abort();
	return 0;
}
