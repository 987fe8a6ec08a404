/*
 * Behind a balancer; see connection.h. Its connections begin with a PROXY header, without fail: one that is missing
 * would let anybody behind it write one. From everybody else such bytes are only a malformed request.
 */
#include "proxy/connection.h"
#include "base/haproxy.h"

bool
trusted_has(const struct relay_rules *rules, const struct ip *ip)
{
	for (size_t i = 0; i < rules->n_proxy_in; i++)
		if (net_has(&rules->proxy_in[i], ip))
			return true;
	return false;
}

/* Nothing is said to a balancer that breaks the rule. */
static struct session_choice
refuse(enum refusal refusal, const char *why)
{
	return (struct session_choice){.choice = CHOICE_REFUSE, .refusal = refusal, .why = why};
}

/* The client is known: it counts from now on. */
static struct session_choice
admit(struct connection *c)
{
	struct relay *r = c->relay;
	struct limit_key client = limit_client(&c->from.ip);
	enum refusal refusal = relay_admit_client(r, &c->from.ip);

	if (refusal != REFUSED_NOT)
		return refuse(refusal, "too many connections of this client");
	if (limit_add(r->limits, &client) == -1)
		return refuse(REFUSED_TOTAL, "too many clients");
	c->header_due = false;
	return (struct session_choice){.choice = CHOICE_MORE};
}

struct session_choice
trusted_take(struct connection *c, struct span *in)
{
	struct haproxy header = haproxy_read(*in);

	switch (header.verdict) {
	case SNIFF_MORE:
		return (struct session_choice){.choice = CHOICE_MORE};
	case SNIFF_BAD:
		return refuse(REFUSED_MALFORMED, header.why);
	case SNIFF_HOST:
		c->from = header.from;
		c->called = header.to;
		break;
	case SNIFF_NONE:
		break;
	}
	*in = span_from(*in, header.length);
	if (c->ahead.len) {
		gather_cut(&c->ahead, header.length, &c->relay->own->held_bytes);
		*in = gather_span(&c->ahead);
	}
	return admit(c);
}
