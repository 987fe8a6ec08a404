/* The words before a rule's verdict: fields and what they are compared with. Shell, rule.c only. */
#ifndef NATD_FIELD_H
#define NATD_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h> /* libnftnl/expr.h wants FILE */
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>

struct field;

/* A rule in the making. */
struct maker {
	struct nftnl_rule *rule;
	const char *at; /* what is left of the text */
	unsigned depends; /* what was already checked that fields need, as bits */
	bool bad;
};

/* A register so many bytes from the first. */
static inline uint32_t
field_register(size_t bytes)
{
	return 8 /* NFT_REG32_00 */ + (uint32_t)(bytes / 4);
}

/* A new expression; of the rule, unless maker is NULL. */
struct nftnl_expr *field_expr(struct maker *, const char *name);

/* Skips the words and the space after them, when they stand next. */
bool field_take(struct maker *, const char *words);
/* The next word, without the "@" of a set. */
void field_take_word(struct maker *, char *out, size_t room);

/* FIELD {" . " FIELD}: checks what they need, then loads them side by side. -1: no field stands next. */
int field_load(struct maker *, const struct field **first);
/* What the field just loaded is to equal, or share a bit with. */
void field_compare(struct maker *, const struct field *);
/* Of a field of one byte: the bit is not set. */
void field_compare_none(struct maker *, const struct field *);

#endif
