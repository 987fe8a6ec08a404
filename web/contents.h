/* What stands in an answer: pages, JSON, CSV, text and metrics of what is read, or what goes with them. */
#ifndef WEB_CONTENTS_H
#define WEB_CONTENTS_H

#include "web/data.h"

struct contents {
	int status;
	const char *type;
	bool is_page;
	int64_t max_age; /* seconds that a browser may keep it; 0: none */
	struct out out; /* the caller's to free; it may have failed */
};

/*
 * Of something that this viewer may have (ask_status 200) and that takes no stream. guest: whose; "": all that they may
 * see.
 */
struct contents contents_make(
    struct data *, const struct conf *, const struct ask *, const struct viewer *, const char *guest);

#endif
