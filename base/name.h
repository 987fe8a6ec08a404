/*
 * Is this a name that may be routed? A core, and a strict one: a guest gets to see the same bytes, and must not
 * read another name in them than we did.
 */
#ifndef BASE_NAME_H
#define BASE_NAME_H

#include "base/span.h"

enum {
	NAME_MAX_BYTES = 253, /* RFC 1035 2.3.4, without the root's dot */
	NAME_LABEL_MAX = 63,
	NAME_ROOM = NAME_MAX_BYTES + 1,
};

/*
 * Lower case and without one trailing dot into out, NUL-terminated. Letters, digits, `-` and `_`, in labels that
 * are not empty. -1: no such name, or an address (a last label that reads as a number); out is then "".
 */
int name_judge(struct span text, char *out);

/* The same for the value of a Host field, RFC 9110 7.2: a `:port` behind the name is dropped. */
int name_judge_host(struct span text, char *out);

/* As name_judge_host, for people. NULL: a name. Else what is wrong with it, to follow «… is no name of a host: ». */
const char *name_fault(struct span text, char *out);

#endif
