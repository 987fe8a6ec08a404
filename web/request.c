/* A request, answered; see request.h. */
#include "web/request.h"
#include "web/caller.h"
#include "web/contents.h"

#include <stdio.h>

enum { COOKIE_TEXT = 160, COOKIE_DAYS_S = 365 * 86400, MOVED = 301 };

#define COOKIE "lodge"

static struct span
token_of(struct MHD_Connection *c)
{
	const char *field = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Authorization");
	const char *cookie = MHD_lookup_connection_value(c, MHD_COOKIE_KIND, COOKIE);

	if (field)
		return ask_bearer(span_str(field));
	return cookie ? span_str(cookie) : span_of("", 0);
}

enum MHD_Result
request_refuse(struct handler *h, struct MHD_Connection *c, int status)
{
	struct MHD_Response *r = answer_refused(h->answers, status);

	h->refused++;
	return r ? MHD_queue_response(c, (unsigned)status, r) : MHD_NO;
}

/* To another place; cookie: what the browser is to keep, or NULL. */
static enum MHD_Result
send_to(struct MHD_Connection *c, unsigned status, const char *location, const char *cookie)
{
	struct MHD_Response *r =
	    MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
	enum MHD_Result done = MHD_NO;

	if (!r)
		return MHD_NO;
	if (MHD_add_response_header(r, "Location", location) == MHD_YES &&
	    MHD_add_response_header(r, "Cache-Control", "no-store") == MHD_YES &&
	    MHD_add_response_header(r, "Referrer-Policy", "no-referrer") == MHD_YES &&
	    (!cookie || MHD_add_response_header(r, "Set-Cookie", cookie) == MHD_YES) &&
	    (status != MOVED || MHD_add_response_header(r, "Connection", "close") == MHD_YES))
		done = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return done;
}

static enum MHD_Result
enter(struct handler *h, struct MHD_Connection *c, const struct seat *seat, const char *token)
{
	char cookie[COOKIE_TEXT];

	if (!pass_find(h->pass, span_str(token)))
		return request_refuse(h, c, 403);
	snprintf(cookie, sizeof(cookie), COOKIE "=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Lax%s", token,
	    COOKIE_DAYS_S, seat->tls ? "; Secure" : "");
	return send_to(c, 303, "/", cookie);
}

/* The same over TLS. */
static enum MHD_Result
send_to_tls(struct handler *h, struct MHD_Connection *c, const struct ask *ask)
{
	char url[CONF_DOMAIN_MAX + LINK_TOKEN + 16];

	if (!h->conf->web.name)
		return request_refuse(h, c, 403);
	snprintf(url, sizeof(url), "https://%s/%s%s", h->conf->web.name, ask->want == WANT_ENTER ? "k/" : "",
	    ask->token);
	return send_to(c, MOVED, url, NULL);
}

static enum MHD_Result
send_live(struct handler *h, struct MHD_Connection *c, const struct seat *seat, const char *guest)
{
	struct MHD_Response *r = live_response(h->live, c, seat, token_of(c), guest);
	enum MHD_Result done;

	if (!r)
		return request_refuse(h, c, 503);
	MHD_add_response_header(r, "Content-Type", "text/event-stream");
	MHD_add_response_header(r, "Cache-Control", "no-store");
	MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
	done = MHD_queue_response(c, 200, r);
	MHD_destroy_response(r);
	return done;
}

bool
request_may(struct handler *h, const struct seat *seat, const char *token, const char *guest)
{
	struct viewer v = caller_of(h->conf, h->pass, seat, span_str(token));

	return v.who == WHO_OWNER || (v.who == WHO_TENANT && strcmp(v.guest, guest) == 0);
}

enum MHD_Result
request_refuse_method(struct handler *h, struct MHD_Connection *c, const struct seat *seat)
{
	struct viewer v = caller_of(h->conf, h->pass, seat, token_of(c));

	return request_refuse(h, c, v.who == WHO_NOBODY ? 403 : 405);
}

static bool
takes_gzip(struct MHD_Connection *c)
{
	const char *takes = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Accept-Encoding");

	return takes && strstr(takes, "gzip") && !strstr(takes, "gzip;q=0");
}

/* Whether who asks may have it. A stranger learns nothing, and nobody reads anything for them. */
static int
status_of(struct handler *h, struct ask *ask, const struct viewer *viewer)
{
	bool known = viewer->who >= WHO_TENANT && ask->name[0] && data_knows(h->data, ask->name, ask->tap);

	return ask_status(ask, viewer, known);
}

/* What has to be read first, where that is worth waiting for. */
static bool
has_to_wait(struct handler *h, struct MHD_Connection *c, const struct ask *ask, const struct viewer *viewer,
    struct wait **wait)
{
	const char *guest = answer_guest(ask, viewer);
	struct need need;

	return contents_need(ask, guest, &need) && !answer_is_kept(h->answers, ask, viewer) &&
	       wait_for(h->waits, wait, c, &need);
}

static enum MHD_Result
put(struct handler *h, struct MHD_Connection *c, const struct seat *seat, const struct ask *ask,
    const struct viewer *viewer)
{
	struct MHD_Response *r;
	int status = 200;

	if (ask->want == WANT_LEAVE)
		return send_to(c, 303, "/", COOKIE "=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
	if (ask->want == WANT_LIVE)
		return send_live(h, c, seat, ask->name);
	if (!data_has_part(h->data, ask->part))
		return request_refuse(h, c, 404);
	r = answer_make(h->answers, ask, viewer, takes_gzip(c), &status);
	return r ? MHD_queue_response(c, (unsigned)status, r) : request_refuse(h, c, 503);
}

enum MHD_Result
request_answer(
    struct handler *h, struct MHD_Connection *c, struct seat *seat, struct span path, struct wait **wait)
{
	struct ask ask = ask_parse(path);
	struct viewer viewer = caller_of(h->conf, h->pass, seat, token_of(c));
	int status;

	h->asked[viewer.who] += *wait == NULL;
	if (viewer.who == WHO_NOBODY && caller_in_the_open(h->conf, seat))
		return send_to_tls(h, c, &ask);
	if (ask.want == WANT_ENTER)
		return enter(h, c, seat, ask.token);
	status = status_of(h, &ask, &viewer);
	/* Who there is may have to be read first; others than these two are refused by now. */
	if (status == 404 && ask.name[0] && !ask.tap &&
	    wait_for(h->waits, wait, c, &(struct need){.work = WORK_WHO}))
		return MHD_YES;
	if (status != 200)
		return request_refuse(h, c, status);
	if (viewer.who >= WHO_TENANT) /* a local user may ask how it is, and keeps no seat by that */
		door_known(seat, viewer.guest);
	if (has_to_wait(h, c, &ask, &viewer, wait))
		return MHD_YES;
	return put(h, c, seat, &ask, &viewer);
}
