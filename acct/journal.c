/* The book on disk; see journal.h. */
#include "acct/half.h"
#include "acct/journal.h"
#include "base/log.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

struct pair {
	struct half half[2];
	int next; /* which to write over */
	uint64_t number;
};

struct journal {
	int lock;
	struct pair totals, closed;
	struct bytes bytes;
	struct journal_status status;
};

static int
pair_open(struct pair *pair, const char *dir, const char *name, unsigned uid, unsigned gid)
{
	for (int i = 0; i < 2; i++) {
		struct half *half = &pair->half[i];
		int n = snprintf(half->path, sizeof(half->path), "%s/%s.%c", dir, name, 'a' + i);

		if (n < 0 || n >= (int)sizeof(half->path)) {
			errno = ENAMETOOLONG;
			return -1;
		}
		if (half_open(half, uid, gid) == -1)
			return -1;
	}
	return 0;
}

static const char *
verdict_text(enum book_verdict verdict)
{
	return verdict == BOOK_TORN    ? "is not whole"
	       : verdict == BOOK_OTHER ? "is a journal of another version than this program's"
				       : "is no journal of lodge-acct";
}

/* What lies in a pair: the bytes of each half, and which of them is the better good one, if any. */
struct found {
	struct bytes bytes[2];
	enum book_verdict verdict[2];
	int best; /* -1: none is good */
};

/* -1: errno. */
static int
pair_find(struct pair *pair, enum book_part part, struct found *f)
{
	f->best = -1;
	for (int i = 0; i < 2; i++) {
		uint64_t number = 0;

		if (half_read(&pair->half[i], &f->bytes[i]) == -1)
			return -1;
		f->verdict[i] = book_check(span_of(f->bytes[i].ptr, f->bytes[i].len), part, &number);
		if (f->verdict[i] == BOOK_GOOD && (f->best == -1 || number > pair->number)) {
			f->best = i;
			pair->number = number;
		}
	}
	return 0;
}

/* Why a half is not to be written over, or NULL. */
static const char *
half_fault(const struct found *f, int i, bool nonsense)
{
	switch (f->verdict[i]) {
	case BOOK_NOTHING:
		return NULL;
	case BOOK_GOOD:
		return nonsense && i == f->best ? "makes no sense" : NULL;
	case BOOK_TORN:
		return f->best == -1 ? verdict_text(BOOK_TORN) : NULL;
	default:
		return verdict_text(f->verdict[i]);
	}
}

/* True: something was kept aside; -1: errno. */
static int
pair_aside(struct pair *pair, const struct found *f, bool nonsense, unsigned uid, unsigned gid)
{
	int kept = 0;

	for (int i = 0; i < 2; i++) {
		const char *fault = half_fault(f, i, nonsense);

		if (fault && half_aside(&pair->half[i], uid, gid, fault) == -1)
			return -1;
		if (!fault && f->verdict[i] == BOOK_TORN)
			log_info("%s was cut while it was written; the other one holds", pair->half[i].path);
		kept |= fault != NULL;
	}
	return kept;
}

/* 1: read; 0: there was nothing; -1: errno; -2: what there was is no good. */
static int
pair_read(struct pair *pair, enum book_part part, unsigned uid, unsigned gid, struct book *book)
{
	struct found f = {0};
	int status = pair_find(pair, part, &f), kept;

	if (status == 0 && f.best != -1) {
		const struct bytes *best = &f.bytes[f.best];

		pair->next = 1 - f.best;
		status = book_decode(span_of(best->ptr, best->len), book) == 0 ? 1 : -2;
	}
	if (status != -1) {
		kept = pair_aside(pair, &f, status == -2, uid, gid);
		if (kept == -1)
			status = -1;
		else if (kept == 1 && f.best == -1)
			status = -2;
	}
	free(f.bytes[0].ptr);
	free(f.bytes[1].ptr);
	return status;
}

static int
journal_read(struct journal *j, unsigned uid, unsigned gid, struct book *book)
{
	int totals = pair_read(&j->totals, BOOK_TOTALS, uid, gid, book), closed;

	if (totals == -2)
		book_free(book);
	closed = totals == -1 ? -1 : pair_read(&j->closed, BOOK_CLOSED, uid, gid, book);
	if (totals == -1 || closed == -1)
		return -1;
	j->status.damaged = totals == -2 || closed == -2;
	j->status.number = j->totals.number;
	if (totals == -2)
		log_error(
		    "the journal is lost: each guest goes on from what redis holds, where it holds nothing "
		    "from its tap's beginning; or put a good copy back and start again");
	return 0;
}

/* The lock is a file of its own: the others may be renamed. */
static int
lock_take(struct journal *j, const char *dir, unsigned uid, unsigned gid)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/lock", dir);
	j->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (j->lock == -1 && errno == EROFS)
		j->lock = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (j->lock == -1)
		return -1;
	/* One that root made is to be had without it next time, too. */
	if (geteuid() == 0 && uid != 0 && fchown(j->lock, uid, gid) == -1 && errno != EROFS)
		return -1;
	return flock(j->lock, LOCK_EX | LOCK_NB);
}

struct journal *
journal_open(const char *dir, unsigned uid, unsigned gid, struct book *book, char *why, size_t room)
{
	struct journal *j = calloc(1, sizeof(*j));

	if (!j) {
		snprintf(why, room, "no memory");
		return NULL;
	}
	j->lock = j->totals.half[0].fd = j->totals.half[1].fd = j->closed.half[0].fd = j->closed.half[1].fd =
	    -1;
	if (sys_mkdir(dir, 0750, uid, gid) == -1 && errno != EROFS)
		snprintf(why, room, "cannot make %s: %s; run as root, or see state: in the file", dir,
		    strerror(errno));
	else if (lock_take(j, dir, uid, gid) == -1)
		snprintf(why, room,
		    errno == EWOULDBLOCK ? "%s is in use: another lodge-acct runs; stop it first%s"
					 : "cannot lock %s: %s",
		    dir, errno == EWOULDBLOCK ? "" : strerror(errno));
	else if (pair_open(&j->totals, dir, "totals", uid, gid) == -1 ||
		 pair_open(&j->closed, dir, "closed", uid, gid) == -1 ||
		 journal_read(j, uid, gid, book) == -1)
		snprintf(why, room, "cannot read the journal in %s: %s", dir, strerror(errno));
	else
		return j;
	journal_close(j);
	return NULL;
}

void
journal_close(struct journal *j)
{
	int fds[] = {
	    j->totals.half[0].fd, j->totals.half[1].fd, j->closed.half[0].fd, j->closed.half[1].fd, j->lock};

	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (fds[i] != -1)
			close(fds[i]);
	free(j->bytes.ptr);
	free(j);
}

int
journal_write(struct journal *j, enum book_part part, const struct book *book)
{
	struct pair *pair = part == BOOK_TOTALS ? &j->totals : &j->closed;
	struct half *half = &pair->half[pair->next];
	bool well = j->status.error[0] == '\0';

	if (book_encode(book, part, pair->number + 1, &j->bytes) == -1) {
		errno = ENOMEM;
		goto fail;
	}
	if (half_write(half, &j->bytes) == -1)
		goto fail;
	pair->number++;
	pair->next = 1 - pair->next;
	j->status.written++;
	if (part == BOOK_TOTALS)
		j->status.number = pair->number;
	if (!well)
		log_info("%s can be written again", half->path);
	j->status.error[0] = '\0';
	return 0;
fail:
	snprintf(j->status.error, sizeof(j->status.error), "%.90s: %s", strrchr(half->path, '/') + 1,
	    strerror(errno));
	if (well)
		log_error("cannot write %s: %s; counting goes on in memory", half->path, strerror(errno));
	j->status.failed++;
	return -1;
}

const struct journal_status *
journal_status(const struct journal *j)
{
	return &j->status;
}
