/* One UDP flow; see lane.h. */
#include "proxy/lane.h"
#include "base/log.h"
#include "proxy/cid.h"
#include "proxy/place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct lane_kept {
	struct lane_kept *next;
	uint8_t ecn;
	size_t n;
	char bytes[];
};

/* --- the end ---------------------------------------------------------------------------------------------- */

/* Milliseconds from the beginning, or "-". */
static const char *
since(const struct lane *l, double when, char out[24])
{
	if (!when)
		return "-";
	snprintf(out, 24, "%llu", (unsigned long long)((when - l->began) * 1000 + 0.5));
	return out;
}

static void
log_end(const struct lane *l)
{
	const char *end = l->refusal ? refusal_name((enum refusal)l->refusal) : l->cut ? "cut" : "done";
	char from[ADDR_TEXT], reached[24], first[24], all[24];

	if (l->flow.class < FLOW_QUIET && l->all->lines == 0) {
		l->all->count->unlogged++;
		return;
	}
	if (l->flow.class < FLOW_QUIET)
		l->all->lines--;
	log_info("%s client=%s name=%s guest=%s to_guest=%llu from_guest=%llu guest_ms=%s first_ms=%s ms=%s "
		 "end=%s%s%s%s",
	    door_name(DOOR_QUIC), addr_print(&l->flow.key.client, from), l->name[0] ? l->name : "-",
	    l->guest_name[0] ? l->guest_name : "-", (unsigned long long)l->to_guest_bytes,
	    (unsigned long long)l->from_guest_bytes, since(l, l->reached, reached), since(l, l->first, first),
	    since(l, relay_now(l->all->relay), all), end, l->why ? " why=\"" : "", l->why ? l->why : "",
	    l->why ? "\"" : "");
}

static void
drop_kept(struct lane *l)
{
	for (struct lane_kept *k = l->kept, *next; k; k = next) {
		next = k->next;
		free(k);
	}
	if (l->scan)
		quic_scan_free(l->scan);
	free(l->scan);
	l->all->held_bytes -= l->kept_bytes;
	l->scan = NULL;
	l->kept = NULL;
	l->kept_end = &l->kept;
	l->kept_bytes = 0;
}

static void
uncount(struct lane *l)
{
	struct share_worker *own = l->all->relay->own;
	struct limit_key client = limit_client(&l->flow.key.client.ip);

	if (!l->counted)
		return;
	limit_remove(l->all->relay->limits, &client);
	if (l->seat != SEAT_NONE)
		own->guests[l->seat].open--;
	l->counted = false;
}

static void
forget_guest(struct lane *l)
{
	place_withdraw(l);
	uncount(l);
	place_leave(l);
	if (l->guest.fd == -1)
		return;
	ev_io_stop(l->all->relay->loop, &l->guest);
	close(l->guest.fd);
	ev_io_set(&l->guest, -1, EV_READ);
}

void
lane_close(struct lane *l)
{
	if (l->flow.class != FLOW_REFUSED)
		log_end(l);
	drop_kept(l);
	forget_guest(l);
	flow_remove(l->all->flows, &l->flow);
	l->all->count->open--;
	free(l);
}

static void
note_refusal(struct lane *l, enum refusal refusal, const char *why)
{
	struct share_worker *own = l->all->relay->own;

	own->refused[refusal]++;
	own->guests[l->seat].refused[refusal]++;
	l->refusal = (uint8_t)refusal;
	l->why = why;
}

/* Without a guest: that it is refused is said now, and once. */
void
lane_refuse(struct lane *l, enum refusal refusal, const char *why)
{
	note_refusal(l, refusal, why);
	log_end(l);
	drop_kept(l);
	forget_guest(l);
	flow_become(l->all->flows, &l->flow, FLOW_REFUSED, relay_now(l->all->relay));
}

/* --- the guest's side --------------------------------------------------------------------------------------- */

/* Its socket to where the guest is supposed to be. false: errno. */
static bool
call_guest(struct lane *l)
{
	struct relay *r = l->all->relay;
	int fd = dial_guest(&l->reach, &l->flow.key.client, SOCK_DGRAM, r->share->transparent);

	if (fd == -1)
		return false;
	if (l->guest.fd != -1) {
		ev_io_stop(r->loop, &l->guest);
		close(l->guest.fd);
	}
	udp_prepare(fd, l->reach.to.ip.family);
	ev_io_set(&l->guest, fd, EV_READ);
	ev_io_start(r->loop, &l->guest);
	return true;
}

/* What the system says of a guest that is not there. One that was there may come back, and then knows what to do. */
static bool
is_gone(struct lane *l, int error)
{
	if (error == 0 || error == EAGAIN || error == ENOBUFS || error == EMSGSIZE ||
	    l->flow.class >= FLOW_QUIET)
		return false;
	/* What was sent there is lost, and sent again by the client. */
	if (!l->flow.answered && dial_is_refused(error) && reach_turn(&l->reach) && call_guest(l))
		return false;
	note_refusal(l, REFUSED_GUEST_DOWN, "the guest does not answer");
	return true;
}

bool
lane_send(struct lane *l, const struct udp_datagram *list, size_t n)
{
	struct share_worker *own = l->all->relay->own;
	uint64_t bytes = 0;
	int error;
	size_t sent = udp_send(l->guest.fd, l->reach.to.ip.family, list, n, NULL, NULL, &error);

	for (size_t i = 0; i < n; i++)
		bytes += list[i].bytes.len;
	if (sent == n) {
		l->reached = l->reached ? l->reached : relay_now(l->all->relay);
		l->to_guest_bytes += bytes;
		own->to_guest_bytes += bytes;
		own->guests[l->seat].to_guest_bytes += bytes;
	}
	l->all->count->to_guest += sent;
	l->all->count->dropped[DROP_TO_GUEST] += n - sent;
	if (!is_gone(l, error))
		return true;
	lane_close(l);
	return false;
}

/* Ids in long headers, which only a handshake has. */
static void
learn(struct lane *l, struct span bytes)
{
	const struct flow_id oldest = l->flow.ids[1];
	bool full = l->flow.n_ids == FLOW_IDS;
	struct quic_packet p;

	if (l->flow.class == FLOW_PROVEN && bytes.len && !((uint8_t)bytes.ptr[0] & 0x80))
		return;
	if (!quic_take(&bytes, &p) || !flow_learn(&l->flow, &p))
		return;
	/* However many ids a guest makes up, a flow has a few in the table: others' stay in it. */
	if (full)
		cid_drop(l->all->relay->cids, span_of(oldest.b, oldest.len), l->owner);
	cid_put(l->all->relay->cids, p.scid, &l->reach.to.ip, l->owner);
}

static void
answer(struct lane *l, const struct udp_datagram *list, size_t n)
{
	struct share_worker *own = l->all->relay->own;
	const struct flow_key *key = &l->flow.key;
	uint64_t bytes = 0;
	int error;
	size_t sent;

	l->first = l->first ? l->first : relay_now(l->all->relay);
	for (size_t i = 0; i < n; i++) {
		bytes += list[i].bytes.len;
		learn(l, list[i].bytes);
	}
	sent = udp_send(l->door->io.fd, l->door->family, list, n, &key->client, &key->local.ip, &error);
	if (sent == n) {
		l->from_guest_bytes += bytes;
		own->from_guest_bytes += bytes;
		own->guests[l->seat].from_guest_bytes += bytes;
	}
	l->all->count->from_guest += sent;
	l->all->count->dropped[DROP_TO_CLIENT] += n - sent;
}

static void
on_guest(struct ev_loop *loop, ev_io *w, int events)
{
	struct lane *l = w->data;
	struct udp_batch *out = &l->all->out;
	int n = UDP_BATCH;

	(void)loop, (void)events;
	for (int round = 0; round < DATAGRAM_ROUNDS && n == UDP_BATCH; round++) {
		n = udp_receive(w->fd, out);
		if (n > 0)
			answer(l, out->list, (size_t)n);
	}
	flow_touch(l->all->flows, &l->flow, relay_now(l->all->relay));
	if (n == -1 && is_gone(l, errno))
		lane_close(l);
}

bool
lane_lead(struct lane *l, const struct route_guest *guest)
{
	struct relay *r = l->all->relay;

	memcpy(l->guest_name, guest->name, sizeof(l->guest_name));
	l->seat = r->rules.seats[guest->number];
	if (r->rules.per_guest && l->seat != SEAT_NONE &&
	    share_guest_open(r->share, l->seat) >= r->rules.per_guest) {
		lane_refuse(l, REFUSED_PER_GUEST, "too many connections to this guest");
		return false;
	}
	if (!place_of_guest(l->all, l->seat)) {
		lane_refuse(l, REFUSED_PER_GUEST, "too many connections to this guest");
		return false;
	}
	l->reach = reach_choose(guest, guest->to_quic, &l->flow.key.client.ip);
	if (!call_guest(l)) {
		note_refusal(
		    l, dial_is_short(errno) ? REFUSED_FILES : REFUSED_GUEST_DOWN, "no socket to the guest");
		lane_close(l);
		return false;
	}
	flow_become(l->all->flows, &l->flow, FLOW_UNPROVEN, relay_now(r));
	place_take(l);
	r->own->routed++;
	r->own->guests[l->seat].routed[DOOR_QUIC]++;
	r->own->dialled[l->reach.from]++;
	return true;
}

bool
lane_prove(struct lane *l)
{
	struct relay *r = l->all->relay;
	struct limit_key client = limit_client(&l->flow.key.client.ip);

	if (r->rules.per_client && share_limit_count(r->share, &client) >= r->rules.per_client)
		lane_refuse(l, REFUSED_PER_CLIENT, "too many connections of this client");
	else if (r->rules.per_guest && l->seat != SEAT_NONE &&
		 share_guest_open(r->share, l->seat) >= r->rules.per_guest)
		lane_refuse(l, REFUSED_PER_GUEST, "too many connections to this guest");
	else if (limit_add(r->limits, &client) == -1)
		lane_refuse(l, REFUSED_TOTAL, "too many connections");
	else
		l->counted = true;
	if (l->counted)
		place_settle(l);
	if (l->counted && l->seat != SEAT_NONE)
		r->own->guests[l->seat].open++;
	return l->counted;
}

void
lane_rest(struct lane *l)
{
	uncount(l);
	flow_become(l->all->flows, &l->flow, FLOW_QUIET, relay_now(l->all->relay));
}

/* --- what waits ------------------------------------------------------------------------------------------------ */

bool
lane_keep(struct lane *l, const struct udp_datagram *d)
{
	struct lane_kept *k;
	size_t scan = sizeof(*l->scan) + l->scan->len, waiting = sizeof(*k) + d->bytes.len;

	for (const struct lane_kept *at = l->kept; at; at = at->next)
		waiting += sizeof(*at) + at->n;
	k = waiting > LANE_KEPT_BYTES ? NULL : malloc(sizeof(*k) + d->bytes.len);
	if (!k)
		return false;
	*k = (struct lane_kept){.ecn = d->ecn, .n = d->bytes.len};
	memcpy(k->bytes, d->bytes.ptr, d->bytes.len);
	*l->kept_end = k;
	l->kept_end = &k->next;
	l->all->held_bytes += scan + waiting - l->kept_bytes;
	l->kept_bytes = scan + waiting;
	return true;
}

bool
lane_flush(struct lane *from, struct lane *to)
{
	bool open = true;

	for (const struct lane_kept *k = from->kept; k && open; k = k->next) {
		struct udp_datagram d = {.bytes = span_of(k->bytes, k->n), .ecn = k->ecn};

		open = lane_send(to, &d, 1);
		if (!open && from == to)
			return false;
	}
	drop_kept(from);
	return open;
}

/* --- the beginning ------------------------------------------------------------------------------------------ */

struct lane *
lane_open(struct datagrams *all, const struct datagram_door *door, const struct flow_key *key,
    enum flow_class class, struct span dcid)
{
	struct lane *l = place_in_table(all, class) ? calloc(1, sizeof(*l)) : NULL;

	if (!l)
		return NULL;
	l->all = all;
	l->door = door;
	l->flow.key = *key;
	l->began = relay_now(all->relay);
	l->kept_end = &l->kept;
	l->owner = (uint64_t)(all->relay->own - all->relay->share->workers) << 56 |
		   (uint64_t)all->life << 32 | (uint32_t)++all->owners;
	ev_io_init(&l->guest, on_guest, -1, EV_READ);
	l->guest.data = l;
	if (flow_add(all->flows, &l->flow, class, dcid, l->began) == -1) {
		free(l);
		return NULL;
	}
	if (class != FLOW_REFUSED)
		place_announce(l);
	all->count->open++;
	all->count->opened++;
	return l;
}
