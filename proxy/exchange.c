/* One HTTP/1 request and its answer; see exchange.h. */
#include "proxy/exchange.h"

enum { CONTINUE_LAST = 199, SWITCHING = 101 };

void
exchange_begin(struct exchange *x, const struct http_head *head)
{
	*x = (struct exchange){
	    .request = body_of((enum body_framing)head->framing, head->body_bytes),
	    .keep = head->keep,
	    .upgrade = head->upgrade,
	    .to_head = head->is_head,
	};
}

static void
become_opaque(struct exchange *x)
{
	x->phase = EXCHANGE_OPAQUE;
	x->keep = false;
}

/* A whole head; how long it was. */
static size_t
take_head(struct exchange *x)
{
	const struct reply reply = x->reply;

	x->reply = (struct reply){0};
	if (reply.status == SWITCHING && x->upgrade) {
		x->phase = EXCHANGE_SWITCHED;
	} else if (reply.status == SWITCHING) {
		become_opaque(x);
	} else if (reply.status > CONTINUE_LAST) {
		x->answer = body_of((enum body_framing)reply.framing, reply.body_bytes);
		x->keep = x->keep && reply.keep;
		x->phase = body_done(&x->answer) ? EXCHANGE_OVER : EXCHANGE_BODY;
	}
	return reply.length;
}

static size_t
take_heads(struct exchange *x, struct span in)
{
	size_t n = 0;

	while (x->phase == EXCHANGE_HEAD && n < in.len) {
		enum reply_verdict verdict = reply_sniff(span_from(in, n), x->to_head, &x->reply);

		if (verdict == REPLY_MORE)
			break;
		if (verdict == REPLY_OPAQUE)
			become_opaque(x);
		else
			n += take_head(x);
	}
	return n;
}

size_t
exchange_answer(struct exchange *x, struct span in)
{
	size_t n = take_heads(x, in);
	ptrdiff_t body;

	if (x->phase == EXCHANGE_BODY) {
		body = body_take(&x->answer, span_from(in, n));
		if (body == -1)
			become_opaque(x);
		else if (body_done(&x->answer))
			x->phase = EXCHANGE_OVER;
		n += body > 0 ? (size_t)body : 0;
	}
	return x->phase == EXCHANGE_OPAQUE || x->phase == EXCHANGE_SWITCHED ? in.len : n;
}
