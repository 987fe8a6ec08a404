/* What the proxy says of itself; see status.h. */
#include "proxy/status.h"
#include "base/log.h"

#include <unistd.h>

static json_t *
number_json(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static uint64_t
refused_sum(const struct share *share, int k)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < share->n_workers; i++)
		n += share->workers[i].refused[k];
	return n;
}

static json_t *
refused_json(const struct share *share)
{
	json_t *out = json_object();

	for (int k = REFUSED_NOT + 1; k < REFUSALS; k++)
		if (k != REFUSED_REDIRECTED)
			json_object_set_new(
			    out, refusal_name((enum refusal)k), number_json(refused_sum(share, k)));
	return out;
}

/* Connections to guests, by whose address they came from. */
static json_t *
dialled_json(const struct share *share)
{
	json_t *out = json_object();

	for (int k = 0; k < FROMS; k++) {
		uint64_t n = 0;

		for (unsigned i = 0; i < share->n_workers; i++)
			n += share->workers[i].dialled[k];
		json_object_set_new(out, reach_name((enum reach_from)k), number_json(n));
	}
	return out;
}

/* Those that accept, or those of before an upgrade and those that drain. */
static json_t *
workers_json(const struct share *share, const struct workers *workers, bool serving)
{
	json_t *out = json_array();

	for (unsigned i = 0; i < share->n_workers; i++) {
		enum worker_state state = workers_state(workers, i);

		if (state == WORKER_NONE || (state == WORKER_SERVES) != serving)
			continue;
		json_array_append_new(out, json_pack("{s:i, s:I, s:I}", "pid", workers_pid(workers, i),
					       "open", (json_int_t)share->workers[i].open, "generation",
					       (json_int_t)share->workers[i].generation));
	}
	return out;
}

static json_t *
guest_json(const struct share *share, size_t number, bool left)
{
	struct share_guest sum = share_guest_sum(share, number);
	json_t *out = json_object(), *routed = json_object(), *refused = json_object();

	for (int k = 0; k < DOORS; k++)
		json_object_set_new(routed, door_name((enum door)k), number_json(sum.routed[k]));
	for (int k = REFUSED_NOT + 1; k < REFUSALS; k++)
		if (sum.refused[k] && k != REFUSED_REDIRECTED)
			json_object_set_new(
			    refused, refusal_name((enum refusal)k), number_json(sum.refused[k]));
	json_object_set_new(out, "open", number_json(sum.open));
	json_object_set_new(out, "routed", routed);
	json_object_set_new(out, "to_guest", number_json(sum.to_guest_bytes));
	json_object_set_new(out, "from_guest", number_json(sum.from_guest_bytes));
	json_object_set_new(out, "redirected", number_json(sum.refused[REFUSED_REDIRECTED]));
	json_object_set_new(out, "refused", refused);
	if (left)
		json_object_set_new(out, "left", json_true());
	return out;
}

/* Those of the file, then those that left it and are still counted. */
static json_t *
guests_json(const struct conf *conf, const struct share *share, const struct seats *seats)
{
	json_t *out = json_object();

	for (size_t i = 0; i < conf->n_guests; i++)
		json_object_set_new(out, conf->guests[i].name, guest_json(share, seats->of_guest[i], false));
	for (size_t i = SEAT_NONE + 1; i < seats->n; i++)
		if (seats->list[i].left)
			json_object_set_new(out, seats->list[i].name, guest_json(share, i, true));
	return out;
}

static json_t *
quic_json(const struct share *share)
{
	json_t *out = json_object(), *dropped = json_object();
	struct share_quic sum = {0};

	for (unsigned i = 0; i < share->n_workers; i++) {
		const struct share_quic *one = &share->workers[i].quic;

		sum.open += one->open;
		sum.opened += one->opened;
		sum.followed += one->followed;
		sum.passed_on += one->passed_on;
		sum.evicted += one->evicted;
		sum.unlogged += one->unlogged;
		sum.to_guest += one->to_guest;
		sum.from_guest += one->from_guest;
		for (int k = 0; k < DROPS; k++)
			sum.dropped[k] += one->dropped[k];
	}
	for (int k = 0; k < DROPS; k++)
		json_object_set_new(dropped, drop_name((enum drop)k), number_json(sum.dropped[k]));
	json_object_set_new(out, "open", number_json(sum.open));
	json_object_set_new(out, "opened", number_json(sum.opened));
	json_object_set_new(out, "followed", number_json(sum.followed));
	json_object_set_new(out, "passed_on", number_json(sum.passed_on));
	json_object_set_new(out, "evicted", number_json(sum.evicted));
	json_object_set_new(out, "unlogged", number_json(sum.unlogged));
	json_object_set_new(out, "datagrams_to_guest", number_json(sum.to_guest));
	json_object_set_new(out, "datagrams_from_guest", number_json(sum.from_guest));
	json_object_set_new(out, "dropped", dropped);
	return out;
}

static size_t
count_names(const struct conf *conf)
{
	size_t n = 0;

	for (size_t i = 0; i < conf->n_guests; i++)
		n += conf->guests[i].n_domains;
	return n;
}

json_t *
status_json(const struct conf *conf, const struct share *share, const struct seats *seats,
    const struct workers *workers, double since, unsigned reloads, unsigned refused_reloads)
{
	json_t *out = json_pack("{s:s, s:i}", "name", "lodge-proxy", "pid", (int)getpid());
	struct share_worker sum = {0};

	for (unsigned i = 0; i < share->n_workers; i++) {
		sum.accepted += share->workers[i].accepted;
		sum.routed += share->workers[i].routed;
		sum.answered += share->workers[i].answered;
		sum.stalls += share->workers[i].stalls;
		sum.pipe_shortages += share->workers[i].pipe_shortages;
		sum.log_lost += share->workers[i].log_lost;
		sum.held_bytes += share->workers[i].held_bytes;
		sum.to_guest_bytes += share->workers[i].to_guest_bytes;
		sum.from_guest_bytes += share->workers[i].from_guest_bytes;
	}
	json_object_set_new(out, "since", json_real(since));
	json_object_set_new(out, "open", number_json(share_open_count(share)));
	json_object_set_new(out, "accepted", number_json(sum.accepted));
	json_object_set_new(out, "routed", number_json(sum.routed));
	json_object_set_new(out, "answered", number_json(sum.answered));
	json_object_set_new(out, "redirected", number_json(refused_sum(share, REFUSED_REDIRECTED)));
	json_object_set_new(out, "transparent", json_boolean(share->transparent));
	json_object_set_new(out, "dialled", dialled_json(share));
	json_object_set_new(out, "to_guest", number_json(sum.to_guest_bytes));
	json_object_set_new(out, "from_guest", number_json(sum.from_guest_bytes));
	json_object_set_new(out, "refused", refused_json(share));
	json_object_set_new(out, "held_bytes", number_json(sum.held_bytes));
	json_object_set_new(out, "accept_stalls", number_json(sum.stalls));
	json_object_set_new(out, "pipe_shortages", number_json(sum.pipe_shortages));
	json_object_set_new(out, "log_lines_lost", number_json(sum.log_lost + log_lost()));
	json_object_set_new(out, "quic", quic_json(share));
	json_object_set_new(out, "names", number_json(count_names(conf)));
	json_object_set_new(out, "guests", guests_json(conf, share, seats));
	json_object_set_new(out, "generation", number_json(share->generation));
	json_object_set_new(out, "reloads", number_json(reloads));
	json_object_set_new(out, "refused_reloads", number_json(refused_reloads));
	json_object_set_new(out, "workers", workers_json(share, workers, true));
	json_object_set_new(out, "old_workers", workers_json(share, workers, false));
	json_object_set_new(out, "upgrades", number_json(share->upgrades));
	json_object_set_new(out, "workers_replaced", number_json(workers_replaced(workers)));
	return out;
}
