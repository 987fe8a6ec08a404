/*
 * Answers: what is asked, of what is read, as a response that is ready to be sent, plain and packed by gzip. One is kept
 * as long as a reading is, and serves all who may see the same.
 */
#ifndef WEB_ANSWER_H
#define WEB_ANSWER_H

#include "web/data.h"

#include <microhttpd.h>

enum { ANSWERS_KEPT = 64 };

struct answers;

struct answers *answers_open(struct data *); /* NULL: no memory */
void answers_close(struct answers *);
/* Another file: nothing that was kept is good any more. */
void answers_forget(struct answers *);

/* Whose numbers it shows: the name that is asked for, or the tenant's own; "": all. */
const char *answer_guest(const struct ask *, const struct viewer *);
/* There is one that is good still, so that nothing has to be read. */
bool answer_is_kept(struct answers *, const struct ask *, const struct viewer *);

/*
 * Of something that this viewer may have (ask_status 200) and that takes no stream: the status, and the response, which
 * is borrowed until the next call. NULL: no memory.
 */
struct MHD_Response *answer_make(
    struct answers *, const struct ask *, const struct viewer *, bool packed, int *status);
/* For whom there is nothing. */
struct MHD_Response *answer_refused(struct answers *, int status);

struct answer_counts {
	uint64_t made, kept;
};
const struct answer_counts *answer_counts(const struct answers *);

#endif
