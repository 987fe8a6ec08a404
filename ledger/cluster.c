/*
 * Which connection a key is for; see connect.h. A server alone is a cluster that says nothing of itself.
 *
 * The seeds are dialled always. Of servers that are no cluster the first in the file that answers is written to. Of a
 * cluster's other nodes only those are dialled that a key is for, and, while no seed answers, one after the other. A key
 * whose node is down is asked for at any other, which says who took over.
 */
#include "base/sys.h"
#include "ledger/connect.h"
#include "ledger/reply.h"

#include <stdarg.h>
#include <stdio.h>

#define TROUBLE_S 2.0 /* one guest's success does not hide another's trouble at once */

void
cluster_trouble(struct writer *w, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(w->status.error, sizeof(w->status.error), format, args);
	va_end(args);
	w->troubled_at = sys_seconds();
}

void
cluster_well(struct writer *w)
{
	w->acked_at = sys_seconds();
	if (w->acked_at - w->troubled_at >= TROUBLE_S)
		w->status.error[0] = '\0';
}

static struct connection *
connection_to(struct writer *w, size_t place)
{
	if (!w->at[place])
		w->at[place] = connection_new(w, place);
	return w->at[place];
}

/* The best that any connection is. */
static void
look(struct writer *w)
{
	w->status.state = WRITE_WAITING;
	w->status.nodes = 0;
	for (size_t i = 0; i < w->places.n; i++) {
		if (w->at[i] && w->at[i]->state > w->status.state)
			w->status.state = w->at[i]->state;
		w->status.nodes += w->at[i] && w->at[i]->state == WRITE_READY;
	}
}

/*
 * Of servers that are no cluster, one before it may be there in a moment: whoever is asked first says what was counted
 * before, and of two that only seem to race it has to be the first in the file.
 */
static bool
is_early(const struct writer *w, size_t place)
{
	for (size_t i = 0; i < place && i < w->places.n_seeds && !w->cluster; i++)
		if (w->at[i] && !w->at[i]->tried)
			return true;
	return false;
}

/* Of servers that are no cluster: the first that answers and may be written to, else the first that answers. */
static void
settle(struct writer *w)
{
	size_t best = PLACES_MAX;

	for (size_t i = w->places.n_seeds; i-- > 0 && !w->cluster;)
		if (w->at[i] && w->at[i]->state == WRITE_READY &&
		    (best == PLACES_MAX || !w->at[i]->readonly || w->at[best]->readonly))
			best = i;
	if (best != PLACES_MAX && !is_early(w, best))
		places_serve(&w->places, 0, PLACE_SLOTS - 1, best);
}

void
cluster_ready(struct connection *c)
{
	struct writer *w = c->writer;

	look(w);
	settle(w);
	w->status.connects++;
	if (w->troubled_at < c->since) /* else it is of what this server said of itself */
		w->status.error[0] = '\0';
	w->calls.on_ready(w->arg);
}

void
cluster_lost(struct connection *c)
{
	struct writer *w = c->writer;
	struct connection *other;
	size_t others;

	look(w);
	settle(w);
	others = w->places.n - w->places.n_seeds;
	if (c->place >= w->places.n_seeds || others == 0 || w->status.state == WRITE_READY)
		return;
	other = connection_to(w, w->places.n_seeds + w->turn++ % others);
	if (other)
		connection_want(other);
}

struct connection *
cluster_connection(struct writer *w, const char *key)
{
	struct connection *c = connection_to(w, w->places.of_slot[place_slot(span_str(key))]);

	if (!c)
		return NULL;
	connection_want(c);
	if (c->state != WRITE_WAITING)
		return c->state == WRITE_READY ? c : NULL;
	for (size_t i = 0; i < w->places.n; i++)
		if (w->at[i] && w->at[i]->state == WRITE_READY)
			return is_early(w, i) ? NULL : w->at[i];
	return NULL;
}

static int
place_of(struct connection *c, struct span host, uint16_t port)
{
	struct writer *w = c->writer;
	size_t n = w->places.n;
	int place = places_add(&w->places, c->place, host, port);

	if (w->places.n > n)
		w->like[n] = w->like[c->place];
	if (place == -1 && w->places.n < PLACES_MAX) {
		cluster_trouble(
		    w, "the cluster does not say by which name its node at port %u is reached", port);
	} else if (place == -1) {
		w->status.places_full++;
		cluster_trouble(w, "no room for node %.*s:%u: %d are the most", (int)host.len, host.ptr, port,
		    PLACES_MAX);
	}
	return place;
}

struct connection *
cluster_asked(struct connection *c, const struct refusal *asked)
{
	int place = place_of(c, asked->host, asked->port);
	struct connection *other = place == -1 ? NULL : connection_to(c->writer, (size_t)place);

	if (other)
		connection_want(other);
	return other && other->state == WRITE_READY ? other : NULL;
}

/* Takes nothing. Where all are said to, what was said before of the others is old: one may have been promoted since. */
static void
mark(struct connection *c)
{
	struct writer *w = c->writer;

	c->readonly = true;
	for (size_t i = 0; i < w->places.n_seeds; i++)
		if (w->at[i] && w->at[i]->state == WRITE_READY && !w->at[i]->readonly)
			return;
	for (size_t i = 0; i < w->places.n_seeds; i++)
		if (w->at[i] && w->at[i] != c)
			w->at[i]->readonly = false;
}

struct refusal
cluster_refused(struct connection *c, const redisReply *reply)
{
	struct writer *w = c->writer;
	struct refusal refusal = refusal_parse(span_of(reply->str, (size_t)reply->len));
	int place;

	c->script_lost |= refusal.kind == REFUSED_SCRIPT;
	if (refusal.kind != REFUSED_MOVED) {
		cluster_trouble(w, "%s", reply->str);
		if (strncmp(reply->str, "READONLY", strlen("READONLY")) == 0) {
			mark(c);
			settle(w);
		}
		return refusal;
	}
	w->cluster = true;
	w->status.moved++;
	place = place_of(c, refusal.host, refusal.port);
	if (place != -1)
		places_serve(&w->places, refusal.slot, refusal.slot, (size_t)place);
	return refusal;
}

static bool
is_slot(const redisReply *reply)
{
	return reply->type == REDIS_REPLY_INTEGER && reply->integer >= 0 && reply->integer < PLACE_SLOTS;
}

/* HOST PORT …, HOST being nil where the node does not know how it is reached. */
static int
learn_node(struct connection *c, const redisReply *node)
{
	const redisReply *port;
	struct span name;

	if (node->type != REDIS_REPLY_ARRAY || node->elements < 2)
		return -1;
	name = reply_text(node->element[0]);
	port = node->element[1];
	if (span_is(name, "?") || port->type != REDIS_REPLY_INTEGER || port->integer < 1 ||
	    port->integer > UINT16_MAX)
		return -1;
	return place_of(c, name, (uint16_t)port->integer);
}

/* An array of: first slot, last slot, its master, its replicas. */
void
cluster_learn(struct connection *c, const redisReply *reply)
{
	if (reply->type != REDIS_REPLY_ARRAY)
		return;
	c->writer->cluster |= reply->elements > 0;
	for (size_t i = 0; i < reply->elements; i++) {
		const redisReply *range = reply->element[i];

		if (range->type != REDIS_REPLY_ARRAY || range->elements < 3 || !is_slot(range->element[0]) ||
		    !is_slot(range->element[1]))
			continue;
		for (size_t k = 2; k < range->elements; k++) {
			int place = learn_node(c, range->element[k]);

			if (k == 2 && place != -1)
				places_serve(&c->writer->places, (uint16_t)range->element[0]->integer,
				    (uint16_t)range->element[1]->integer, (size_t)place);
		}
	}
}
