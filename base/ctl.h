/*
 * A daemon's control socket: RUNDIR/NAME.sock, one word asked, one JSON object answered, then closed.
 * Every daemon answers "status"; natd, the proxy, acct and lodge up also "reload". Clients beyond CTL_CLIENTS or slower
 * than five seconds are closed.
 */
#ifndef BASE_CTL_H
#define BASE_CTL_H

#include <ev.h>
#include <jansson.h>
#include <stdbool.h>

enum {
	CTL_CLIENTS = 16,
	CTL_WORD = 256, /* longest request, newline included */
};

/* What to answer to a word; a new reference, or NULL for a word it does not know. */
typedef json_t *ctl_answer(void *arg, const char *word);

struct ctl;

/*
 * Binds before privilege is dropped (mode 0660, owner uid:gid), replaces a stale socket, refuses one that is
 * answered. NULL: errno. Everything it owns goes with ctl_close, which also removes the path if it may.
 */
struct ctl *ctl_open(struct ev_loop *, const char *path, unsigned uid, unsigned gid, ctl_answer *, void *arg);
void ctl_close(struct ctl *);

/* The other side: ask and wait at most timeout_ms. NULL: errno (ENOENT or ECONNREFUSED: not running). */
json_t *ctl_ask(const char *path, const char *word, int timeout_ms);

#endif
