/* The writer's beginning and end; see write.h. */
#include "base/sys.h"
#include "ledger/connect.h"

#include <signal.h>
#include <stdlib.h>

static char *
copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

/* False: no memory. */
static bool
add_seed(struct writer *w, const struct redis_conf *redis)
{
	size_t i = w->places.n;
	struct entrance *in = &w->seeds[i];

	*in = (struct entrance){.path = copy(redis->kind == REDIS_TCP ? NULL : redis->path),
	    .user = copy(redis->user),
	    .password = copy(redis->password),
	    .db = redis->db};
	w->like[i] = (uint8_t)i;
	places_seed(&w->places, redis->kind == REDIS_TCP ? redis->host : "", redis->port);
	w->at[i] = connection_new(w, i);
	return !in->path == (redis->kind == REDIS_TCP) && !in->user == !redis->user &&
	       !in->password == !redis->password && w->at[i];
}

struct writer *
write_open(struct ev_loop *loop, const struct conf *conf, const struct write_calls *calls, void *arg)
{
	struct writer *w = calloc(1, sizeof(*w));
	bool made;

	if (!w)
		return NULL;
	signal(SIGPIPE, SIG_IGN); /* hiredis writes without MSG_NOSIGNAL */
	places_begin(&w->places);
	w->loop = loop;
	w->calls = *calls;
	w->arg = arg;
	w->host = strdup(conf->host);
	made = w->host != NULL;
	for (size_t i = 0; i < conf->n_redis && made; i++)
		made = add_seed(w, &conf->redis[i]);
	if (!made) {
		write_close(w);
		return NULL;
	}
	return w;
}

void
write_close(struct writer *w)
{
	if (!w)
		return;
	w->closing = true;
	for (size_t i = 0; i < w->places.n; i++)
		connection_free(w->at[i]);
	for (size_t i = 0; i < w->places.n_seeds; i++) {
		free(w->seeds[i].path);
		free(w->seeds[i].user);
		free(w->seeds[i].password);
	}
	free(w->host);
	free(w);
}

const struct write_status *
write_status(struct writer *w)
{
	w->status.acked_age_s = w->acked_at > 0 ? sys_seconds() - w->acked_at : -1;
	return &w->status;
}
