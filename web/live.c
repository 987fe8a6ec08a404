/* Rates that go on; see live.h. */
#include "web/live.h"
#include "base/sys.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define TICK_S 1.0
#define LONG_S 2.5 /* without a new total nothing moves */

#define BEGIN "retry: 1000\n\n" /* a browser asks again so long after an end */

enum { EVENT_TEXT = 96, EVENT_BLOCK = 256 };

/* One guest that is looked at. */
struct source {
	char guest[CONF_GUEST_NAME_MAX + 1]; /* "": free */
	unsigned streams;
	bool known;
	uint64_t bytes[DIRECTIONS], rate[DIRECTIONS];
	double changed_s; /* when another total was seen */
	char event[EVENT_TEXT];
	unsigned number; /* of the event */
};

struct stream {
	struct live *live;
	struct source *source;
	struct MHD_Connection *connection;
	const struct seat *seat;
	char token[LINK_TOKEN + 1]; /* by which it was opened; "": none */
	unsigned sent; /* the last event's number */
	double begun_s;
	bool used, suspended, begun, over;
};

struct live {
	struct ev_loop *loop;
	struct data *data;
	struct live_calls calls;
	ev_timer tick;
	struct source sources[LIVE_STREAMS];
	struct stream streams[LIVE_STREAMS];
	unsigned n;
	bool closing;
};

uint64_t
live_rate(uint64_t before, uint64_t now, double seconds)
{
	return now <= before || seconds <= 0 ? 0 : (uint64_t)((double)(now - before) * 8 / seconds);
}

static void
put_event(struct live *l, struct source *s)
{
	if (data_why(l->data))
		snprintf(s->event, sizeof(s->event), ": the ledger does not answer\n\n");
	else
		snprintf(s->event, sizeof(s->event), "data: {\"to\":%" PRIu64 ",\"from\":%" PRIu64 "}\n\n",
		    s->rate[TO_GUEST], s->rate[FROM_GUEST]);
	s->number++;
}

/* A total changes once a second, where anything moves; a look may fall before or behind it. NULL: not known. */
static void
sample(struct source *s, const struct record *total)
{
	double now = sys_seconds(), since = now - s->changed_s;
	bool changed = false;

	for (int d = 0; total && d < DIRECTIONS; d++)
		changed |= total->v[REC_BYTES + d] != s->bytes[d];
	for (int d = 0; d < DIRECTIONS; d++) {
		uint64_t bytes = total ? total->v[REC_BYTES + d] : s->bytes[d];

		if (changed && s->known)
			s->rate[d] = live_rate(s->bytes[d], bytes, since > LONG_S ? TICK_S : since);
		else if (since > LONG_S)
			s->rate[d] = 0;
		s->bytes[d] = bytes;
	}
	if (changed)
		s->changed_s = now;
	s->known = total != NULL; /* what moved over a gap did not move in a second */
}

static void
resume(struct live *l)
{
	bool any = false;

	for (size_t i = 0; i < LIVE_STREAMS; i++) {
		if (!l->streams[i].used || !l->streams[i].suspended)
			continue;
		l->streams[i].suspended = false;
		MHD_resume_connection(l->streams[i].connection);
		any = true;
	}
	if (any)
		l->calls.resumed(l->calls.arg);
}

static void
on_totals(void *arg, const struct shown *list, size_t n)
{
	struct live *l = arg;

	for (size_t k = 0; k < LIVE_STREAMS; k++) {
		struct source *s = &l->sources[k];
		const struct shown *g = NULL;

		if (s->streams == 0)
			continue;
		for (size_t i = 0; i < n && !g; i++)
			if (strcmp(list[i].bill.guest, s->guest) == 0)
				g = &list[i];
		if (n > 0 && !g)
			continue; /* it came while the others were read */
		sample(s, g && g->read_at ? &g->total : NULL);
		put_event(l, s);
	}
	resume(l);
}

static void
ask(struct live *l)
{
	const char *names[LIVE_STREAMS];
	size_t n = 0;

	for (size_t i = 0; i < LIVE_STREAMS; i++)
		if (l->sources[i].streams > 0)
			names[n++] = l->sources[i].guest;
	if (n > 0)
		data_ask_totals(l->data, names, n);
}

/* Who may not look any more is not looked for in vain, either. */
static bool
end_those_who_may_not(struct live *l)
{
	bool any = false;

	for (size_t i = 0; i < LIVE_STREAMS; i++) {
		struct stream *s = &l->streams[i];

		if (s->used && !s->over && !l->calls.may(l->calls.arg, s->seat, s->token, s->source->guest))
			any = s->over = true;
	}
	return any;
}

/* Where Redis does not answer, that is an event of its own. */
static void
on_tick(struct ev_loop *loop, ev_timer *w, int events)
{
	struct live *l = w->data;
	bool any = end_those_who_may_not(l), silent = data_why(l->data) != NULL;

	(void)loop, (void)events;
	for (size_t i = 0; silent && i < LIVE_STREAMS; i++)
		if (l->sources[i].streams > 0)
			put_event(l, &l->sources[i]);
	if (any || silent)
		resume(l);
	ask(l);
}

static ssize_t
put(const char *text, char *out, size_t room)
{
	size_t n = strlen(text);

	n = n < room ? n : room;
	memcpy(out, text, n);
	return (ssize_t)n;
}

static ssize_t
on_room(void *arg, uint64_t at, char *out, size_t room)
{
	struct stream *s = arg;

	(void)at;
	if (s->over || s->live->closing || sys_seconds() - s->begun_s >= LIVE_S)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (!s->begun) {
		s->begun = true;
		return put(BEGIN, out, room);
	}
	if (s->sent == s->source->number) {
		s->suspended = true;
		MHD_suspend_connection(s->connection);
		return 0;
	}
	s->sent = s->source->number;
	return put(s->source->event, out, room);
}

static void
on_end(void *arg)
{
	struct stream *s = arg;
	struct live *l = s->live;

	if (--s->source->streams == 0)
		*s->source = (struct source){0};
	s->used = false;
	if (--l->n == 0)
		ev_timer_stop(l->loop, &l->tick);
}

static struct source *
find_source(struct live *l, const char *guest)
{
	struct source *empty = NULL;

	for (size_t i = 0; i < LIVE_STREAMS; i++) {
		if (l->sources[i].streams == 0)
			empty = empty ? empty : &l->sources[i];
		else if (strcmp(l->sources[i].guest, guest) == 0)
			return &l->sources[i];
	}
	if (empty) {
		*empty = (struct source){0};
		snprintf(empty->guest, sizeof(empty->guest), "%s", guest);
	}
	return empty;
}

static struct stream *
free_stream(struct live *l)
{
	for (size_t i = 0; i < LIVE_STREAMS; i++)
		if (!l->streams[i].used)
			return &l->streams[i];
	return NULL;
}

struct MHD_Response *
live_response(struct live *l, struct MHD_Connection *connection, const struct seat *seat, struct span token,
    const char *guest)
{
	struct source *source = find_source(l, guest);
	struct stream *s = free_stream(l);
	struct MHD_Response *response;

	if (!source || !s || source->streams >= LIVE_PER_GUEST)
		return NULL;
	*s = (struct stream){.live = l,
	    .source = source,
	    .connection = connection,
	    .seat = seat,
	    .begun_s = sys_seconds(),
	    .used = true};
	if (token.len == LINK_TOKEN)
		memcpy(s->token, token.ptr, token.len);
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, EVENT_BLOCK, on_room, s, on_end);
	if (!response) {
		s->used = false;
		return NULL;
	}
	if (l->n++ == 0)
		ev_timer_again(l->loop, &l->tick);
	source->streams++;
	s->sent = source->number;
	ask(l);
	return response;
}

struct live *
live_open(struct ev_loop *loop, struct data *data, const struct live_calls *calls)
{
	struct live *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	*l = (struct live){.loop = loop, .data = data, .calls = *calls};
	data_watch(data, on_totals, l);
	ev_timer_init(&l->tick, on_tick, 0, TICK_S);
	l->tick.data = l;
	return l;
}

void
live_end(struct live *l)
{
	for (size_t i = 0; i < LIVE_STREAMS; i++)
		l->streams[i].over = true;
	resume(l);
}

void
live_close(struct live *l)
{
	data_watch(l->data, NULL, NULL);
	ev_timer_stop(l->loop, &l->tick);
	l->closing = true;
	resume(l);
}

unsigned
live_streams(const struct live *l)
{
	return l->n;
}
