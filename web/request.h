/* A request, answered: who asks, whether they may have it, and what they get. */
#ifndef WEB_REQUEST_H
#define WEB_REQUEST_H

#include "web/answer.h"
#include "web/door.h"
#include "web/live.h"
#include "web/pass.h"
#include "web/wait.h"

struct handler {
	const struct conf *conf;
	struct data *data;
	struct answers *answers;
	struct pass *pass;
	struct live *live;
	struct waits *waits;
	uint64_t asked[WHOS], refused;
};

/*
 * A whole GET or HEAD of that path. Where it waits for what is being read it comes again, with the same *wait, which is
 * NULL at first.
 */
enum MHD_Result request_answer(
    struct handler *, struct MHD_Connection *, struct seat *, struct span path, struct wait **wait);
/* Of any other method. */
enum MHD_Result request_refuse_method(struct handler *, struct MHD_Connection *, const struct seat *);
/* May they still look who came on that seat, with that token ("": none)? */
bool request_may(struct handler *, const struct seat *, const char *token, const char *guest);
enum MHD_Result request_refuse(struct handler *, struct MHD_Connection *, int status);

#endif
