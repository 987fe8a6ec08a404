/* The page, served; see serve.h. */
#include "web/serve.h"
#include "base/log.h"
#include "base/sys.h"
#include "web/answer.h"
#include "web/cert.h"
#include "web/door.h"
#include "web/live.h"
#include "web/pass.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	IDLE_S = 30, /* of a connection on which nothing moves */
	REQUEST_BYTES = 16 << 10, /* of a request's head, and room for an answer's */
	CERT_LOOK_S = 5,
	COOKIE_TEXT = 160,
	COOKIE_DAYS_S = 365 * 86400,
};

#define COOKIE "lodge"

/* One of libmicrohttpd's daemons in our loop. */
struct engine {
	struct serve *serve;
	struct MHD_Daemon *daemon; /* NULL: no TLS */
	ev_io io;
	ev_timer timer;
};

struct serve {
	struct ev_loop *loop;
	const struct conf *conf;
	struct data *data;
	struct answers *answers;
	struct pass *pass;
	struct live *live;
	struct cert *cert; /* NULL: no TLS */
	struct door *door;
	struct engine plain, tls;
	ev_timer cert_look;
	uint64_t asked[WHOS], refused;
};

/* --- the engines ------------------------------------------------------------------------------------------------- */

static void
run(struct engine *e)
{
	MHD_UNSIGNED_LONG_LONG ms;

	if (!e->daemon)
		return;
	MHD_run(e->daemon);
	ev_timer_stop(e->serve->loop, &e->timer);
	if (MHD_get_timeout(e->daemon, &ms) == MHD_NO)
		return;
	ev_timer_set(&e->timer, (double)ms / 1000.0, 0);
	ev_timer_start(e->serve->loop, &e->timer);
}

static void
on_engine(struct ev_loop *loop, ev_io *w, int events)
{
	(void)loop, (void)events;
	run(w->data);
}

static void
on_engine_time(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop, (void)events;
	run(w->data);
}

static void
on_resumed(void *arg)
{
	struct serve *s = arg;

	run(&s->plain);
	run(&s->tls);
}

/* --- who asks ----------------------------------------------------------------------------------------------------- */

static struct seat *
seat_of(struct serve *s, struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info ? door_seat(s->door, info->connect_fd) : NULL;
}

static struct span
token_of(struct MHD_Connection *c)
{
	const char *field = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Authorization");
	const char *cookie = MHD_lookup_connection_value(c, MHD_COOKIE_KIND, COOKIE);

	if (field)
		return ask_bearer(span_str(field));
	return cookie ? span_str(cookie) : span_of("", 0);
}

static void
as_link(struct viewer *v, const char *name)
{
	if (strcmp(name, LINK_OWNER) == 0) {
		v->who = WHO_OWNER;
		return;
	}
	v->who = WHO_TENANT;
	snprintf(v->guest, sizeof(v->guest), "%s", name);
}

/* A guest's own address says who asks: natd keeps each guest from the others' addresses. */
static bool
by_address(const struct conf *conf, const struct ip *ip, struct viewer *v)
{
	for (size_t i = 0; i < conf->n_guests; i++) {
		const struct guest *g = &conf->guests[i];

		if (ip_cmp(ip, &g->address) != 0 &&
		    (!ip_is_set(&g->address6) || ip_cmp(ip, &g->address6) != 0))
			continue;
		as_link(v, g->name);
		v->inside = true;
		return true;
	}
	return false;
}

/* What came without TLS from elsewhere than this host and its guests may have been read on its way. */
static bool
is_open_air(const struct serve *s, const struct seat *seat)
{
	struct viewer inside;

	return s->cert && !seat->tls && (seat->told || !seat->here) &&
	       !by_address(s->conf, &seat->client.ip, &inside);
}

static struct viewer
viewer_of(struct serve *s, struct MHD_Connection *c, const struct seat *seat)
{
	struct viewer v = {WHO_NOBODY, "", false};
	const char *name = is_open_air(s, seat) ? NULL : pass_find(s->pass, token_of(c));

	if (name)
		as_link(&v, name);
	else if (!by_address(s->conf, &seat->client.ip, &v) && !seat->told && seat->here)
		v.who = WHO_LOCAL;
	return v;
}

/* --- what they get -------------------------------------------------------------------------------------------------- */

static enum MHD_Result
refuse(struct serve *s, struct MHD_Connection *c, int status)
{
	struct MHD_Response *r = answer_refused(s->answers, status);

	s->refused++;
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
	    (!cookie || MHD_add_response_header(r, "Set-Cookie", cookie) == MHD_YES))
		done = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return done;
}

static enum MHD_Result
enter(struct serve *s, struct MHD_Connection *c, const struct seat *seat, const char *token)
{
	char cookie[COOKIE_TEXT];

	if (!pass_find(s->pass, span_str(token)))
		return refuse(s, c, 403);
	snprintf(cookie, sizeof(cookie), COOKIE "=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Lax%s", token,
	    COOKIE_DAYS_S, seat->tls ? "; Secure" : "");
	return send_to(c, 303, "/", cookie);
}

/* The same over TLS. */
static enum MHD_Result
send_to_tls(struct serve *s, struct MHD_Connection *c, const struct ask *ask)
{
	char url[CONF_DOMAIN_MAX + LINK_TOKEN + 16];

	if (!s->conf->web.name)
		return refuse(s, c, 403);
	snprintf(url, sizeof(url), "https://%s/%s%s", s->conf->web.name, ask->want == WANT_ENTER ? "k/" : "",
	    ask->token);
	return send_to(c, 301, url, NULL);
}

static enum MHD_Result
send_live(struct serve *s, struct MHD_Connection *c, struct seat *seat, const char *guest)
{
	struct MHD_Response *r = live_response(s->live, c, guest);
	enum MHD_Result done;

	if (!r)
		return refuse(s, c, 503);
	seat->streams = true;
	MHD_add_response_header(r, "Content-Type", "text/event-stream");
	MHD_add_response_header(r, "Cache-Control", "no-store");
	MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
	done = MHD_queue_response(c, 200, r);
	MHD_destroy_response(r);
	return done;
}

static bool
takes_gzip(struct MHD_Connection *c)
{
	const char *takes = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Accept-Encoding");

	return takes && strstr(takes, "gzip") && !strstr(takes, "gzip;q=0");
}

static enum MHD_Result
serve(struct serve *s, struct MHD_Connection *c, struct seat *seat, struct span path)
{
	struct ask ask = ask_parse(path);
	struct viewer viewer = viewer_of(s, c, seat);
	struct MHD_Response *r;
	bool known = false;
	int status;

	s->asked[viewer.who]++;
	if (viewer.who == WHO_NOBODY && is_open_air(s, seat))
		return send_to_tls(s, c, &ask);
	if (ask.want == WANT_ENTER)
		return enter(s, c, seat, ask.token);
	/* A stranger learns nothing, and nobody reads anything for them. */
	if (viewer.who == WHO_OWNER && ask.name[0])
		known = data_knows(s->data, ask.name, ask.tap);
	else if (viewer.who == WHO_TENANT && ask.name[0])
		known = data_knows_own(s->data, viewer.guest, ask.name, ask.tap);
	status = ask_status(&ask, &viewer, known);
	if (status != 200)
		return refuse(s, c, status);
	if (ask.want == WANT_LEAVE)
		return send_to(c, 303, "/", COOKIE "=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
	if (ask.want == WANT_LIVE)
		return send_live(s, c, seat, ask.name);
	r = answer_make(s->answers, &ask, &viewer, takes_gzip(c), &status);
	return r ? MHD_queue_response(c, (unsigned)status, r) : refuse(s, c, 503);
}

/* --- libmicrohttpd calls -------------------------------------------------------------------------------------------- */

static enum MHD_Result
on_request(void *arg, struct MHD_Connection *c, const char *url, const char *method, const char *version,
    const char *upload, size_t *upload_n, void **state)
{
	static int begun;
	struct serve *s = arg;
	struct seat *seat = seat_of(s, c);
	enum MHD_Result done;

	(void)version, (void)upload;
	if (!seat)
		return MHD_NO;
	if (!*state) { /* its head is there; its body, if any, comes next */
		*state = &begun;
		if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
			return refuse(s, c, 405);
		return MHD_YES;
	}
	if (*upload_n) {
		*upload_n = 0;
		return MHD_NO;
	}
	door_asked(seat);
	done = serve(s, c, seat, span_str(url));
	ev_now_update(s->loop); /* a reading takes its time */
	return done;
}

static void
on_completed(void *arg, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode code)
{
	struct seat *seat = seat_of(arg, c);

	(void)state, (void)code;
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

/* Its words are of strangers' bytes, and count for nothing here. */
static void
on_words(void *arg, const char *format, va_list args)
{
	char text[256];

	(void)arg;
	vsnprintf(text, sizeof(text), format, args);
	text[strcspn(text, "\n")] = '\0';
	log_debug("%s", text);
}

static int
engine_start(struct serve *s, struct engine *e, bool tls)
{
	const union MHD_DaemonInfo *info;
	unsigned flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME |
			 MHD_USE_ERROR_LOG | (tls ? MHD_USE_TLS : 0);
	struct MHD_OptionItem more[] = {
	    {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)cert_now},
	    {MHD_OPTION_END, 0, NULL},
	};

	e->serve = s;
	e->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, s, MHD_OPTION_EXTERNAL_LOGGER,
	    on_words, s, MHD_OPTION_CONNECTION_LIMIT, (unsigned)DOOR_SEATS, MHD_OPTION_CONNECTION_TIMEOUT,
	    (unsigned)IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_BYTES,
	    MHD_OPTION_NOTIFY_COMPLETED, on_completed, s, MHD_OPTION_NOTIFY_CONNECTION, on_connection, s,
	    MHD_OPTION_ARRAY, tls ? more : more + 1, MHD_OPTION_END);
	info = e->daemon ? MHD_get_daemon_info(e->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (!info)
		return -1;
	ev_io_init(&e->io, on_engine, info->epoll_fd, EV_READ);
	ev_timer_init(&e->timer, on_engine_time, 0, 0);
	e->io.data = e->timer.data = e;
	ev_io_start(s->loop, &e->io);
	return 0;
}

static void
engine_stop(struct serve *s, struct engine *e)
{
	if (!e->daemon)
		return;
	ev_io_stop(s->loop, &e->io);
	ev_timer_stop(s->loop, &e->timer);
	MHD_stop_daemon(e->daemon);
	e->daemon = NULL;
}

static bool
on_taken(void *arg, struct seat *seat)
{
	struct serve *s = arg;
	struct engine *e = seat->tls ? &s->tls : &s->plain;
	struct sockaddr_storage sa;
	socklen_t n = addr_to_sockaddr(&seat->client, &sa);
	int fd = seat->fd;

	if (!e->daemon)
		return false;
	if (MHD_add_connection(e->daemon, fd, (struct sockaddr *)&sa, n) != MHD_YES) {
		/* It closed the descriptor already. */
		if (seat->fd == fd)
			door_gone(seat);
		return true;
	}
	run(e);
	return true;
}

/* --- begin, change, end -------------------------------------------------------------------------------------------- */

static void
on_cert_look(struct ev_loop *loop, ev_timer *w, int events)
{
	struct serve *s = w->data;

	(void)loop, (void)events;
	if (s->cert && s->conf->web.cert)
		cert_look(s->cert, &s->conf->web);
}

struct serve *
serve_open(struct ev_loop *loop, const struct conf *conf, int fd, unsigned uid, char *why, size_t room)
{
	struct serve *s = calloc(1, sizeof(*s));
	bool good;

	if (!s)
		return NULL;
	*s = (struct serve){.loop = loop, .conf = conf};
	if (conf->web.cert && !(s->cert = cert_open(&conf->web, why, room))) {
		free(s);
		return NULL;
	}
	s->data = data_open(conf);
	s->pass = pass_open(conf);
	s->answers = s->data ? answers_open(s->data) : NULL;
	s->live = s->data ? live_open(loop, s->data, on_resumed, s) : NULL;
	good = s->data && s->pass && s->answers && s->live;
	snprintf(why, room, "out of memory");
	if (good) {
		answers_forget(s->answers, conf);
		snprintf(
		    why, room, "libmicrohttpd does not start%s", s->cert ? "; is it built with TLS?" : "");
		good = engine_start(s, &s->plain, false) == 0 &&
		       (!s->cert || engine_start(s, &s->tls, true) == 0);
	}
	s->door = good ? door_open(loop, fd, uid, on_taken, s) : NULL;
	if (!s->door)
		return NULL; /* the program ends */
	ev_timer_init(&s->cert_look, on_cert_look, CERT_LOOK_S, CERT_LOOK_S);
	s->cert_look.data = s;
	ev_timer_start(loop, &s->cert_look);
	return s;
}

void
serve_reload(struct serve *s, const struct conf *conf)
{
	s->conf = conf;
	data_reload(s->data, conf);
	pass_reload(s->pass, conf);
	answers_forget(s->answers, conf);
	live_end(s->live);
	if (s->cert && conf->web.cert)
		cert_look(s->cert, &conf->web);
}

void
serve_close(struct serve *s)
{
	ev_timer_stop(s->loop, &s->cert_look);
	live_close(s->live);
	engine_stop(s, &s->plain);
	engine_stop(s, &s->tls);
	door_close(s->door);
	answers_close(s->answers);
	free(s->live);
	pass_close(s->pass);
	data_close(s->data);
	cert_close(s->cert);
	free(s);
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
	const struct data_counts *r = data_counts(s->data);
	const struct answer_counts *a = answer_counts(s->answers);
	const char *why = data_why(s->data);
	json_t *door = json_pack("{s:i, s:I, s:I, s:I, s:I, s:I, s:I}", "open", (int)d->open, "accepted",
	    (json_int_t)d->accepted, "full", (json_int_t)d->full, "per_client", (json_int_t)d->per_client,
	    "slow", (json_int_t)d->slow, "liars", (json_int_t)d->liars, "no_tls", (json_int_t)d->refused);
	json_t *asked = json_pack("{s:I, s:I, s:I, s:I}", "stranger", (json_int_t)s->asked[WHO_NOBODY],
	    "local", (json_int_t)s->asked[WHO_LOCAL], "tenant", (json_int_t)s->asked[WHO_TENANT], "owner",
	    (json_int_t)s->asked[WHO_OWNER]);
	json_t *ledger = json_pack("{s:b, s:s, s:I, s:I, s:f}", "up", why == NULL, "error", why ? why : "",
	    "reads", (json_int_t)r->reads, "failed", (json_int_t)r->failed, "reading_s", r->spent_s);

	return json_pack("{s:s, s:i, s:o, s:o, s:I, s:I, s:I, s:i, s:i, s:s, s:o, s:o}", "name", "lodge-web",
	    "pid", (int)getpid(), "connections", door, "requests", asked, "refused", (json_int_t)s->refused,
	    "made", (json_int_t)a->made, "kept", (json_int_t)a->kept, "streams", (int)live_streams(s->live),
	    "links", (int)pass_count(s->pass), "links_error", pass_why(s->pass), "ledger", ledger,
	    "certificate", cert_status(s));
}
