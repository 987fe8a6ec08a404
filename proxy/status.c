/* What the proxy says of itself; see status.h. */
#include "proxy/status.h"

#include <unistd.h>

static json_t *
number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *
refused_json(const struct share *share)
{
	json_t *out = json_object();

	for (int k = REFUSED_NOT + 1; k < REFUSALS; k++) {
		uint64_t n = 0;

		for (unsigned i = 0; i < share->n_workers; i++)
			n += share->workers[i].refused[k];
		json_object_set_new(out, refusal_name((enum refusal)k), number(n));
	}
	return out;
}

static json_t *
workers_json(const struct share *share, const struct workers *workers)
{
	json_t *out = json_array();

	for (unsigned i = 0; i < share->n_workers; i++)
		json_array_append_new(out, json_pack("{s:i, s:I, s:I}", "pid", workers_pid(workers, i),
					       "open", (json_int_t)share->workers[i].open, "generation",
					       (json_int_t)share->workers[i].generation));
	return out;
}

/* Connections each guest has now. */
static json_t *
guests_json(const struct conf *conf, const struct share *share)
{
	json_t *out = json_object();

	for (size_t i = 0; i < conf->n_guests; i++) {
		struct limit_key key = limit_guest(&conf->guests[i].address);

		json_object_set_new(out, conf->guests[i].name,
		    json_pack("{s:i}", "open", (int)share_limit_count(share, &key)));
	}
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
status_json(const struct conf *conf, const struct share *share, const struct workers *workers,
    unsigned reloads, unsigned refused_reloads)
{
	json_t *out = json_pack("{s:s, s:i}", "name", "lodge-proxy", "pid", (int)getpid());
	struct share_worker sum = {0};

	for (unsigned i = 0; i < share->n_workers; i++) {
		sum.accepted += share->workers[i].accepted;
		sum.routed += share->workers[i].routed;
		sum.answered += share->workers[i].answered;
		sum.stalls += share->workers[i].stalls;
		sum.pipe_shortages += share->workers[i].pipe_shortages;
		sum.held_bytes += share->workers[i].held_bytes;
		sum.to_guest_bytes += share->workers[i].to_guest_bytes;
		sum.from_guest_bytes += share->workers[i].from_guest_bytes;
	}
	json_object_set_new(out, "open", number(share_open_count(share)));
	json_object_set_new(out, "accepted", number(sum.accepted));
	json_object_set_new(out, "routed", number(sum.routed));
	json_object_set_new(out, "answered", number(sum.answered));
	json_object_set_new(out, "to_guest", number(sum.to_guest_bytes));
	json_object_set_new(out, "from_guest", number(sum.from_guest_bytes));
	json_object_set_new(out, "refused", refused_json(share));
	json_object_set_new(out, "held_bytes", number(sum.held_bytes));
	json_object_set_new(out, "accept_stalls", number(sum.stalls));
	json_object_set_new(out, "pipe_shortages", number(sum.pipe_shortages));
	json_object_set_new(out, "names", number(count_names(conf)));
	json_object_set_new(out, "guests", guests_json(conf, share));
	json_object_set_new(out, "generation", number(share->generation));
	json_object_set_new(out, "reloads", number(reloads));
	json_object_set_new(out, "refused_reloads", number(refused_reloads));
	json_object_set_new(out, "workers", workers_json(share, workers));
	json_object_set_new(out, "workers_replaced", number(workers_replaced(workers)));
	return out;
}
