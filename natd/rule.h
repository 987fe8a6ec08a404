/*
 * A rule in nft's words → the kernel's expressions, for the words this house uses:
 *
 *   rule   match… statement
 *   match  FIELD {" . " FIELD} ["!="] @SET
 *          FIELD VALUE[,VALUE…]   |   FIELD ADDRESS/BITS   |   FIELD ! BIT
 *          limit name FIELD map @MAP   |   ct count over N
 *   statement: counter name N · add @SET { FIELD ct count over N } · meta mark set N · masquerade ·
 *   dnat ip|ip6 to FIELD {" . " FIELD} map @MAP · jump CHAIN · accept · drop · return
 */
#ifndef NATD_RULE_H
#define NATD_RULE_H

#include <libnftnl/rule.h>
#include <stdint.h>

/* A new rule of that chain, its digest as its comment. NULL: a word it does not know (errno EINVAL). */
struct nftnl_rule *rule_make(uint8_t family, const char *chain, const char *text);

/* The digest a rule's comment holds; 0: it is none of ours. */
uint64_t rule_read_digest(const struct nftnl_rule *);

#endif
