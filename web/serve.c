/* The page, served; see serve.h. */
#include "web/serve.h"
#include "base/log.h"
#include "base/sys.h"
#include "web/cert.h"
#include "web/engine.h"
#include "web/request.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { CERT_LOOK_S = 5 };

struct serve {
	struct ev_loop *loop;
	struct handler handler;
	struct cert *cert; /* NULL: no TLS */
	struct door *door;
	struct engine plain, tls; /* tls: not started without cert */
	ev_timer cert_look;
	int begun; /* its address: a request whose head is there */
};

/* --- libmicrohttpd calls -------------------------------------------------------------------------------------------- */

static struct seat *
seat_of(struct serve *s, struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info ? door_seat(s->door, info->connect_fd) : NULL;
}

static enum MHD_Result
on_request(void *arg, struct MHD_Connection *c, const char *url, const char *method, const char *version,
    const char *upload, size_t *upload_n, void **state)
{
	struct serve *s = arg;
	struct seat *seat = seat_of(s, c);
	struct wait *wait;
	enum MHD_Result done;

	(void)version, (void)upload;
	if (!seat)
		return MHD_NO;
	if (!*state) { /* its head is there; its body, if any, comes next */
		*state = &s->begun;
		if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
			return request_refuse_method(&s->handler, c, seat);
		return MHD_YES;
	}
	if (*upload_n) {
		*upload_n = 0;
		return MHD_NO;
	}
	door_asked(seat);
	wait = *state == &s->begun ? NULL : *state;
	done = request_answer(&s->handler, c, seat, span_str(url), &wait);
	if (wait)
		*state = wait;
	return done;
}

static void
on_completed(void *arg, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode code)
{
	struct serve *s = arg;
	struct seat *seat = seat_of(s, c);

	(void)code;
	if (*state && *state != &s->begun)
		wait_over(*state);
	if (seat)
		door_answered(seat);
}

static void
on_connection(void *arg, struct MHD_Connection *c, void **state, enum MHD_ConnectionNotificationCode code)
{
	struct serve *s = arg;
	struct seat *seat = code == MHD_CONNECTION_NOTIFY_CLOSED ? seat_of(s, c) : NULL;

	(void)state;
	if (seat)
		door_gone(seat);
}

static void
on_resumed(void *arg)
{
	struct serve *s = arg;

	engine_run(&s->plain);
	engine_run(&s->tls);
}

static bool
on_may(void *arg, const struct seat *seat, const char *token, const char *guest)
{
	struct serve *s = arg;

	return request_may(&s->handler, seat, token, guest);
}

static bool
on_taken(void *arg, struct seat *seat)
{
	struct serve *s = arg;
	struct engine *e = seat->tls ? &s->tls : &s->plain;
	int fd = seat->fd;

	if (!e->daemon)
		return false;
	if (!engine_take(e, fd, &seat->client) && seat->fd == fd)
		door_gone(seat);
	return true;
}

/* --- begin, change, end -------------------------------------------------------------------------------------------- */

static void
on_cert_look(struct ev_loop *loop, ev_timer *w, int events)
{
	struct serve *s = w->data;

	(void)loop, (void)events;
	cert_look(s->cert, &s->handler.conf->web);
}

/* All but the door. false: why says it; what there is then goes with the program. */
static bool
begin(struct serve *s, const struct conf *conf, char *why, size_t room)
{
	const struct engine_calls calls = {on_request, on_completed, on_connection, s};
	const struct live_calls live_calls = {on_resumed, on_may, s};
	struct handler *h = &s->handler;

	if (conf->web.cert && !(s->cert = cert_open(&conf->web, why, room)))
		return false;
	snprintf(why, room, "out of memory");
	h->conf = conf;
	h->data = data_open(s->loop, conf);
	h->pass = pass_open(conf);
	h->answers = h->data ? answers_open(h->data) : NULL;
	h->waits = h->data ? waits_open(s->loop, h->data, on_resumed, s) : NULL;
	h->live = h->data ? live_open(s->loop, h->data, &live_calls) : NULL;
	if (!h->pass || !h->answers || !h->waits || !h->live)
		return false;
	snprintf(why, room, "libmicrohttpd does not start%s", s->cert ? "; is it built with TLS?" : "");
	return engine_start(&s->plain, s->loop, &calls, DOOR_SEATS, false) == 0 &&
	       (!s->cert || engine_start(&s->tls, s->loop, &calls, DOOR_SEATS, true) == 0);
}

struct serve *
serve_open(struct ev_loop *loop, const struct conf *conf, int fd, unsigned uid, char *why, size_t room)
{
	struct serve *s = calloc(1, sizeof(*s));

	snprintf(why, room, "out of memory");
	if (!s)
		return NULL;
	s->loop = loop;
	if (!begin(s, conf, why, room)) {
		free(s);
		return NULL;
	}
	s->door = door_open(loop, fd, uid, on_taken, s);
	if (!s->door) {
		snprintf(why, room, "the kernel does not tell whose a connection is: %s", strerror(errno));
		return NULL;
	}
	ev_timer_init(&s->cert_look, on_cert_look, CERT_LOOK_S, CERT_LOOK_S);
	s->cert_look.data = s;
	if (s->cert)
		ev_timer_start(loop, &s->cert_look);
	return s;
}

void
serve_reload(struct serve *s, const struct conf *conf, struct conf *old)
{
	struct handler *h = &s->handler;

	h->conf = conf;
	pass_reload(h->pass, conf);
	answers_forget(h->answers);
	data_reload(h->data, conf, old);
	live_end(h->live);
	if (s->cert)
		cert_look(s->cert, &conf->web);
}

int
serve_start(struct serve *s)
{
	return data_start(s->handler.data);
}

bool
serve_close(struct serve *s)
{
	struct handler *h = &s->handler;

	ev_timer_stop(s->loop, &s->cert_look);
	waits_close(h->waits);
	live_close(h->live);
	engine_stop(&s->plain);
	engine_stop(&s->tls);
	door_close(s->door);
	answers_close(h->answers);
	free(h->live);
	free(h->waits);
	pass_close(h->pass);
	cert_close(s->cert);
	if (!data_close(h->data))
		return false;
	free(s);
	return true;
}

static json_t *
cert_status(const struct serve *s)
{
	if (!s->cert)
		return json_null();
	return json_pack("{s:I, s:i, s:s}", "until", (json_int_t)cert_until(s->cert), "reads",
	    (int)cert_reads(s->cert), "error", cert_why(s->cert));
}

json_t *
serve_status(const struct serve *s)
{
	const struct door_counts *d = door_counts(s->door);
	const struct data_counts *r = data_counts(s->handler.data);
	const struct answer_counts *a = answer_counts(s->handler.answers);
	const char *why = data_why(s->handler.data);
	json_t *door = json_pack("{s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "open", (int)d->open, "accepted",
	    (json_int_t)d->accepted, "full", (json_int_t)d->full, "per_client", (json_int_t)d->per_client,
	    "displaced", (json_int_t)d->displaced, "slow", (json_int_t)d->slow, "liars", (json_int_t)d->liars,
	    "no_tls", (json_int_t)d->refused);
	json_t *asked =
	    json_pack("{s:I, s:I, s:I, s:I}", "stranger", (json_int_t)s->handler.asked[WHO_NOBODY], "local",
		(json_int_t)s->handler.asked[WHO_LOCAL], "tenant", (json_int_t)s->handler.asked[WHO_TENANT],
		"owner", (json_int_t)s->handler.asked[WHO_OWNER]);
	json_t *ledger = json_pack("{s:b, s:s, s:I, s:I, s:f}", "up", why == NULL, "error", why ? why : "",
	    "reads", (json_int_t)r->reads, "failed", (json_int_t)r->failed, "reading_s", r->spent_s);

	return json_pack("{s:s, s:i, s:o, s:o, s:I, s:I, s:I, s:i, s:i, s:s, s:o, s:o}", "name", "lodge-web",
	    "pid", (int)getpid(), "connections", door, "requests", asked, "refused",
	    (json_int_t)s->handler.refused, "made", (json_int_t)a->made, "kept", (json_int_t)a->kept,
	    "streams", (int)live_streams(s->handler.live), "links", (int)pass_count(s->handler.pass),
	    "links_error", pass_why(s->handler.pass), "ledger", ledger, "certificate", cert_status(s));
}
