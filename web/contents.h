/* What stands in an answer: pages, JSON, CSV, text and metrics of what is read, or what goes with them. */
#ifndef WEB_CONTENTS_H
#define WEB_CONTENTS_H

#include "web/data.h"

struct contents {
	int status;
	const char *type;
	bool is_page;
	bool fixed; /* the same as long as the program is: a browser may keep it */
	struct out out; /* the caller's to free; it may have failed */
};

/*
 * Of something that this viewer may have (ask_status 200) and that takes no stream. guest: whose; "": all that they may
 * see.
 */
struct contents contents_make(struct data *, const struct ask *, const struct viewer *, const char *guest);
/* What has to be read for it; false: nothing. */
bool contents_need(const struct ask *, const char *guest, struct need *out);

#endif
