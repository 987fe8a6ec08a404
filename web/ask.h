/*
 * What a request asks for, and whether who asks may have it. A core; front door of the room.
 *
 *   ask.h out.h chart.h page.h metrics.h confine.h  what is asked, and what is answered	(cores)
 *   data.h	  what is known of Redis (store.h reports.h: of each guest, roster.h), and what of it is to be read anew
 *   reader.h work.h reading.h  who reads it: a thread of its own, so that a Redis that hangs holds nobody
 *   wait.h	  requests that wait a moment for what is being read
 *   serve.h door.h engine.h  who connects, and what goes over it
 *   request.h caller.h contents.h answer.h  who asks, and what they get
 *   live.h	  rates that go on
 */
#ifndef WEB_ASK_H
#define WEB_ASK_H

#include "conf/links.h"
#include "ledger/usage.h"

enum want {
	WANT_NOTHING, /* there is no such thing */
	WANT_HOME, /* /, /page/2 */
	WANT_GUEST, /* /NAME, /g/NAME */
	WANT_TEXT, /* /tapN, /g/NAME/text */
	WANT_LIVE, /* /g/NAME/live */
	WANT_CSV, /* /g/NAME/hour.csv; /guests.csv, with no name */
	WANT_JSON, /* /api/v1/guests/NAME/hour; /api/v1/guests, with no name */
	WANT_METRICS, /* /metrics */
	WANT_HEALTH, /* /healthz */
	WANT_STYLE, /* /style.css */
	WANT_SCRIPT, /* /live.js */
	WANT_ENTER, /* /k/TOKEN */
	WANT_LEAVE, /* /leave */
	WANTS,
};

enum { ASK_PARTS = 99 };

struct ask {
	enum want want;
	char name[CONF_GUEST_NAME_MAX + 1]; /* "": all */
	bool tap; /* name is a tap's */
	enum by by; /* CSV and JSON */
	unsigned part; /* HOME: of a list that is long, from 0 */
	char token[LINK_TOKEN + 1]; /* ENTER */
};

/* Of a path without its query. */
struct ask ask_parse(struct span path);

enum who {
	WHO_NOBODY, /* a stranger */
	WHO_LOCAL, /* a program of this host, of which nothing else is known */
	WHO_TENANT, /* of one guest */
	WHO_OWNER,
	WHOS,
};

struct viewer {
	enum who who;
	char guest[CONF_GUEST_NAME_MAX + 1]; /* TENANT */
	bool inside; /* … who asks from inside the guest */
};

/*
 * The status: 200; 403 for what is not theirs, whether it is there or not; 404 for what is not there, which only those
 * learn who may see all. Of a tenant who asks for all it is 200, for they are shown what is theirs of it.
 */
int ask_status(const struct ask *, const struct viewer *, bool known);

/* "Bearer TOKEN" of an Authorization field; empty where it is none. */
struct span ask_bearer(struct span field);

#endif
