/*
 * A daemon's control socket: RUNDIR/NAME.sock, one word asked, one JSON object answered, then closed.
 * Every daemon answers "status"; those that read the file again also "reload", and "try": whether they would. Clients
 * beyond CTL_CLIENTS or slower than five seconds are closed.
 */
#ifndef BASE_CTL_H
#define BASE_CTL_H

#include <ev.h>
#include <jansson.h>
#include <stdbool.h>

enum {
	CTL_CLIENTS = 16,
	CTL_WORD = 256, /* longest request, newline included */
	CTL_WHY = 1024, /* room that holds any reason */
	CTL_CALLS = 512, /* of many calls, open at a time */
};

/* The error of every version, from the first on, to a word that it does not know begins so. */
#define CTL_UNKNOWN "unknown word"
/* So begins that of a reload which took the file, while the system refused some of what it wants. */
#define CTL_IN_PART "done in part"

/* What to answer to a word; a new reference, or NULL for a word it does not know. */
typedef json_t *ctl_answer(void *arg, const char *word);

/* Reads the file again and does what it says, or only looks whether it could. False: not, and why, in a line. */
typedef bool ctl_reload(void *arg, bool only_try, char *why, size_t room);

struct ctl;

/*
 * Binds before privilege is dropped (mode 0660, owner uid:gid), replaces a stale socket, refuses one that is
 * answered. A link of root's is followed: the socket is made where it points (ctl_place.h). NULL: errno. Everything it owns goes
 * with ctl_close, which also removes the path if it may.
 */
struct ctl *ctl_open(struct ev_loop *, const char *path, unsigned uid, unsigned gid, ctl_answer *, void *arg);
void ctl_close(struct ctl *);

/* The answer to "reload" and "try"; NULL for any other word. A reload that is refused is logged, too. */
json_t *ctl_answer_reload(const char *word, ctl_reload *, void *arg);

/* A reload that nobody asked for by word; a refusal is logged. */
void ctl_reload_now(ctl_reload *, void *arg);

/*
 * The other side (ctl_ask.c): ask and wait at most timeout_ms. NULL: errno (ENOENT or ECONNREFUSED: not running,
 * ETIMEDOUT: it does not answer).
 */
json_t *ctl_ask(const char *path, const char *word, int timeout_ms);

/* By the errno of one that gave no answer: it does not run. */
bool ctl_is_down(int error);

/*
 * The same of many at once; of more than CTL_CALLS the first, and another whenever one has answered. path and word are
 * the caller's until the answer is there. One without a path is not asked, and its error stays.
 */
struct ctl_call {
	const char *path, *word;
	json_t *answer; /* after ctl_await; or NULL, and … */
	int error; /* … errno */
	int fd; /* from here on inside */
	char *text;
	size_t got, room;
};

void ctl_begin(struct ctl_call *, size_t n); /* does not wait */
/* What is there and comes within so long, which is less where all have answered. */
void ctl_gather(struct ctl_call *, size_t n, int timeout_ms);
/* The same, and whoever has not answered then is not waited for any more. */
void ctl_await(struct ctl_call *, size_t n, int timeout_ms);

/* A connection that is taken at once. -1: errno; EAGAIN: bound, and too many wait. */
int ctl_connect(const char *path);

#endif
