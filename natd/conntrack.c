/* The kernel's flows, each asked about and forgotten; see conntrack.h. */
#include "natd/conntrack.h"
#include "natd/stale.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <sys/socket.h>

struct forgetting {
	const struct stale *stale;
	struct nfct_handle *killer; /* a second socket: the first is in the middle of its dump */
	int forgotten;
};

static struct ip
address_of(struct nf_conntrack *entry, bool six, enum nf_conntrack_attr four, enum nf_conntrack_attr other)
{
	const void *bytes = nfct_get_attr(entry, six ? other : four);
	struct ip ip = {.family = six ? 6 : 4};

	if (!bytes)
		return (struct ip){0};
	memcpy(ip.b, bytes, ip_len(&ip));
	return ip;
}

static struct flow
flow_of(struct nf_conntrack *entry)
{
	bool six = nfct_get_attr_u8(entry, ATTR_ORIG_L3PROTO) == AF_INET6;

	return (struct flow){
	    .protocol = nfct_get_attr_u8(entry, ATTR_ORIG_L4PROTO),
	    .six = six,
	    .translated = nfct_get_attr_u32(entry, ATTR_STATUS) & IPS_DST_NAT,
	    .from_port = ntohs(nfct_get_attr_u16(entry, ATTR_ORIG_PORT_SRC)),
	    .port = ntohs(nfct_get_attr_u16(entry, ATTR_ORIG_PORT_DST)),
	    .guest_port = ntohs(nfct_get_attr_u16(entry, ATTR_REPL_PORT_SRC)),
	    .from = address_of(entry, six, ATTR_ORIG_IPV4_SRC, ATTR_ORIG_IPV6_SRC),
	    .to = address_of(entry, six, ATTR_ORIG_IPV4_DST, ATTR_ORIG_IPV6_DST),
	    .answers = address_of(entry, six, ATTR_REPL_IPV4_SRC, ATTR_REPL_IPV6_SRC),
	};
}

static int
on_flow(enum nf_conntrack_msg_type type, struct nf_conntrack *entry, void *arg)
{
	struct forgetting *forgetting = arg;
	struct flow flow = flow_of(entry);

	(void)type;
	if (stale_is(forgetting->stale, &flow) && nfct_query(forgetting->killer, NFCT_Q_DESTROY, entry) == 0)
		forgetting->forgotten++;
	return NFCT_CB_CONTINUE;
}

static int
forget(const struct stale *stale)
{
	struct nfct_handle *dump = nfct_open(CONNTRACK, 0);
	struct forgetting forgetting = {.stale = stale, .killer = nfct_open(CONNTRACK, 0)};
	uint32_t family = AF_UNSPEC;
	int error = -1, saved;

	if (dump && forgetting.killer) {
		nfct_callback_register(dump, NFCT_T_ALL, on_flow, &forgetting);
		error = nfct_query(dump, NFCT_Q_DUMP, &family);
	}
	saved = errno;
	if (dump)
		nfct_close(dump);
	if (forgetting.killer)
		nfct_close(forgetting.killer);
	errno = saved;
	return error == -1 ? -1 : forgetting.forgotten;
}

int
conntrack_forget(
    const struct ops *ops, const struct facts *want, const struct ip *addresses, size_t n, struct sock *sock)
{
	struct stale *stale = stale_open(ops, want, addresses, n, sock);
	int result, saved;

	if (!stale)
		return -1;
	result = stale_any(stale) ? forget(stale) : 0;
	saved = errno;
	stale_close(stale);
	errno = saved;
	return result;
}
