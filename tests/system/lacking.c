/*
 * For tests/system/old_kernel: the host's kernel without some of its features. A message to nf_tables that uses one has
 * the word for it changed into one that no kernel knows, so that the refusal is the kernel's own and its transaction,
 * whole, is the one that fails. LACKS, words with spaces between:
 *
 *   connlimit fib socket masq   these expressions
 *   nat                         chains of that type
 *   limit                       objects of that type
 *   arp                         this family
 *   persist                     this flag of a table
 */
#include <dlfcn.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { PERSIST = 4, UNKNOWN_FLAG = 0x80, UNKNOWN_TYPE = 0x7f, UNKNOWN_FAMILY = 99 };

static bool
lacks(const char *word)
{
	const char *all = getenv("LACKS");
	size_t n = strlen(word);

	for (const char *at = all; at && (at = strstr(at, word)); at += n)
		if ((at == all || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
			return true;
	return false;
}

/* Every attribute of this type and text, however deep, begins with another letter. */
static void
rename_text(unsigned char *b, size_t n, uint16_t type, const char *text)
{
	struct nlattr head = {.nla_len = (uint16_t)(sizeof(head) + strlen(text) + 1), .nla_type = type};

	for (size_t i = 0; lacks(text) && i + head.nla_len <= n; i += 4)
		if (memcmp(b + i, &head, sizeof(head)) == 0 &&
		    memcmp(b + i + sizeof(head), text, strlen(text) + 1) == 0)
			b[i + sizeof(head)] = 'x';
}

/* The first attribute of this type at the top, a number in network order: its last byte; NULL: there is none. */
static unsigned char *
last_byte(unsigned char *b, size_t n, uint16_t type)
{
	struct nlattr head;

	for (size_t i = 0; i + sizeof(head) <= n; i += NLA_ALIGN(head.nla_len)) {
		memcpy(&head, b + i, sizeof(head));
		if (head.nla_len < sizeof(head))
			return NULL;
		if (head.nla_type == type && head.nla_len == 8)
			return b + i + 7;
	}
	return NULL;
}

static void
age(struct nlmsghdr *message)
{
	static const char *const expressions[] = {"connlimit", "fib", "socket", "masq"};
	struct nfgenmsg *general = NLMSG_DATA(message);
	unsigned char *b = (unsigned char *)(general + 1), *value;
	size_t n = message->nlmsg_len - NLMSG_LENGTH(sizeof(*general));
	int type = message->nlmsg_type & 0xff;

	if (message->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES)
		return;
	for (size_t i = 0; type == NFT_MSG_NEWRULE && i < sizeof(expressions) / sizeof(*expressions); i++)
		rename_text(b, n, NFTA_EXPR_NAME, expressions[i]);
	if (type == NFT_MSG_NEWCHAIN)
		rename_text(b, n, NFTA_CHAIN_TYPE, "nat");
	if (type == NFT_MSG_NEWOBJ && lacks("limit") && (value = last_byte(b, n, NFTA_OBJ_TYPE)) &&
	    *value == NFT_OBJECT_LIMIT)
		*value = UNKNOWN_TYPE;
	if (type == NFT_MSG_NEWTABLE && lacks("persist") && (value = last_byte(b, n, NFTA_TABLE_FLAGS)) &&
	    (*value & PERSIST))
		*value |= UNKNOWN_FLAG;
	if (general->nfgen_family == 3 && lacks("arp"))
		general->nfgen_family = UNKNOWN_FAMILY;
}

ssize_t
sendto(int fd, const void *bytes, size_t n, int flags, const struct sockaddr *to, socklen_t room)
{
	ssize_t (*real)(int, const void *, size_t, int, const struct sockaddr *, socklen_t) =
	    dlsym(RTLD_NEXT, "sendto");
	int domain = 0, protocol = 0;
	socklen_t len = sizeof(int);
	ssize_t sent;
	void *copy;

	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len);
	getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len);
	if (domain != AF_NETLINK || protocol != NETLINK_NETFILTER)
		return real(fd, bytes, n, flags, to, room);
	copy = malloc(n);
	if (!copy)
		abort();
	memcpy(copy, bytes, n);
	for (size_t i = 0; i + sizeof(struct nlmsghdr) <= n;) {
		struct nlmsghdr *message = (struct nlmsghdr *)((char *)copy + i);

		if (message->nlmsg_len < sizeof(*message) || i + message->nlmsg_len > n)
			break;
		age(message);
		i += NLMSG_ALIGN(message->nlmsg_len);
	}
	sent = real(fd, copy, n, flags, to, room);
	free(copy);
	return sent;
}
