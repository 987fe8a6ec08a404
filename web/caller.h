/* Who asks: by a token, by a guest's own address, or as a program of this host. */
#ifndef WEB_CALLER_H
#define WEB_CALLER_H

#include "web/ask.h"
#include "web/door.h"
#include "web/pass.h"

/* token: what the request carries, or empty. */
struct viewer caller_of(const struct conf *, struct pass *, const struct seat *, struct span token);

/*
 * What came without TLS from elsewhere than this host and its guests may have been read on its way: where the page has a
 * certificate, nothing counts that came so.
 */
bool caller_in_the_open(const struct conf *, const struct seat *);

#endif
