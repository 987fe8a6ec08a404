/* A request, answered: who asks, whether they may have it, and what they get. */
#ifndef WEB_REQUEST_H
#define WEB_REQUEST_H

#include "web/answer.h"
#include "web/door.h"
#include "web/live.h"
#include "web/pass.h"

struct handler {
	const struct conf *conf;
	struct data *data;
	struct answers *answers;
	struct pass *pass;
	struct live *live;
	uint64_t asked[WHOS], refused;
};

/* A whole GET or HEAD of that path. */
enum MHD_Result request_answer(struct handler *, struct MHD_Connection *, struct seat *, struct span path);
enum MHD_Result request_refuse(struct handler *, struct MHD_Connection *, int status);

#endif
