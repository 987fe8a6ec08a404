/*
 * The book on disk, in DIR: totals.a totals.b closed.a closed.b. Of each pair the better one is left alone while
 * the other is written over and synced, so a cut at any moment leaves one whole.
 */
#ifndef ACCT_JOURNAL_H
#define ACCT_JOURNAL_H

#include "acct/book.h"

struct journal_status {
	bool damaged; /* at the start there were files and none was good: counting began without them */
	uint64_t written, failed;
	uint64_t number; /* of the last good TOTALS */
	char error[128]; /* "": the last write went well */
};

struct journal;

/*
 * Makes DIR for uid:gid, takes its lock and reads what is there into the empty book. What is not ours, or is all
 * there is and not whole, is kept aside as NAME.bad and told in the log. NULL: why, in one line.
 */
struct journal *journal_open(
    const char *dir, unsigned uid, unsigned gid, struct book *, char *why, size_t room);
void journal_close(struct journal *);

/* 0, or -1: status.error. The last good one stays as it was; call again when there is more to write. */
int journal_write(struct journal *, enum book_part, const struct book *);

const struct journal_status *journal_status(const struct journal *);

#endif
