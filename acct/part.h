/* Inside the book: what the writing of a part (part.c) and its reading (unpart.c) share. */
#ifndef ACCT_PART_H
#define ACCT_PART_H

#include "acct/book.h"

enum {
	PART_VERSION = 4,
	PART_OLDEST = 2, /* that is still read: without what the later ones added, which is then zero */
	PART_QUOTAS = 3, /* from here on with quotas, and with what is unknown */
	PART_UNMET = 4, /* and with what hangs on Redis and on other hosts */
	PART_CHECKSUM_AT = 32,
};

#define PART_MAGIC "lodgebok"

/* Of all but the checksum itself; len >= BOOK_HEADER. */
uint64_t part_checksum(const uint8_t *part, size_t len);

#endif
