/* Answers; see answer.h. */
#include "web/answer.h"
#include "base/sys.h"
#include "web/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <zlib.h>

enum {
	KEY_ROOM = 128,
	KEEP_MS = 1000, /* at least; or twenty times what it took to make */
	KEEP_SHARE = 20,
	GZIP = 15 + 16,
	PACK_LEVEL = 6,
	REFUSED_KINDS = 4,
};

struct answer {
	char key[KEY_ROOM]; /* "": none */
	double until_s;
	int status;
	struct MHD_Response *plain, *packed;
};

struct answers {
	struct data *data;
	const struct conf *conf;
	struct answer kept[ANSWERS_KEPT], refused[REFUSED_KINDS];
	struct answer_counts counts;
};

/* --- a response ------------------------------------------------------------------------------------------------- */

static void
add_headers(struct MHD_Response *r, const char *type, bool page, int64_t max_age)
{
	char cache[40] = "no-store";

	if (max_age > 0)
		snprintf(cache, sizeof(cache), "private, max-age=%d", (int)max_age);
	MHD_add_response_header(r, "Content-Type", type);
	MHD_add_response_header(r, "Cache-Control", cache);
	MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(r, "Referrer-Policy", "no-referrer");
	MHD_add_response_header(r, "Cross-Origin-Resource-Policy", "same-origin");
	MHD_add_response_header(r, "Vary", "Accept-Encoding, Authorization, Cookie");
	if (page)
		MHD_add_response_header(r, "Content-Security-Policy", page_policy());
}

static struct MHD_Response *
response_of(const char *bytes, size_t n)
{
	return MHD_create_response_from_buffer(n, (void *)(uintptr_t)bytes, MHD_RESPMEM_MUST_COPY);
}

static struct MHD_Response *
pack(const char *bytes, size_t n)
{
	z_stream z = {0};
	struct MHD_Response *r = NULL;
	size_t room;
	unsigned char *out;

	if (deflateInit2(&z, PACK_LEVEL, Z_DEFLATED, GZIP, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return NULL;
	room = deflateBound(&z, n);
	out = malloc(room);
	z.next_in = (unsigned char *)(uintptr_t)bytes;
	z.avail_in = (unsigned)n;
	z.next_out = out;
	z.avail_out = (unsigned)room;
	if (out && deflate(&z, Z_FINISH) == Z_STREAM_END) {
		r = response_of((char *)out, room - z.avail_out);
		if (r)
			MHD_add_response_header(r, "Content-Encoding", "gzip");
	}
	free(out);
	deflateEnd(&z);
	return r;
}

static void
answer_clear(struct answer *a)
{
	if (a->plain)
		MHD_destroy_response(a->plain);
	if (a->packed)
		MHD_destroy_response(a->packed);
	*a = (struct answer){0};
}

/* --- what stands in it --------------------------------------------------------------------------------------------- */

struct making {
	struct answers *answers;
	const struct ask *ask;
	const struct viewer *viewer;
	const char *guest; /* whose; "": all */
	struct page page;
	struct out out;
	const char *type;
	bool is_page;
	int64_t max_age;
	int status;
};

static void
make_page(struct making *m)
{
	struct data *d = m->answers->data;
	const struct shown *const *list;
	const struct shown *g;
	size_t n;

	m->type = "text/html; charset=utf-8";
	m->is_page = true;
	if (m->guest[0]) {
		g = data_guest(d, m->guest);
		data_page(d, &m->page);
		if (g)
			page_guest(&m->out, &m->page, g);
		else
			page_empty(&m->out, &m->page);
		m->status = g ? 200 : 503;
		return;
	}
	n = data_all(d, &list);
	data_page(d, &m->page);
	m->status = m->page.read_at ? 200 : 503;
	if (m->page.read_at)
		page_home(&m->out, &m->page, list, n);
	else
		page_empty(&m->out, &m->page);
}

static void
make_metrics(struct making *m)
{
	const struct shown *const *list;
	size_t n = data_all(m->answers->data, &list), own = 0;

	m->type = "text/plain; version=0.0.4; charset=utf-8";
	data_page(m->answers->data, &m->page);
	if (m->guest[0]) {
		while (own < n && strcmp(list[own]->bill.guest, m->guest) != 0)
			own++;
		list += own;
		n = own < n;
	}
	metrics_put(&m->out, &m->page, list, n);
}

static void
make_health(struct making *m)
{
	data_look(m->answers->data);
	data_page(m->answers->data, &m->page);
	m->type = "text/plain; charset=utf-8";
	m->status = m->page.why ? 503 : 200;
	out_plain(&m->out, m->page.why ? "the ledger does not answer\n" : "ok\n");
}

static void
put_usage(struct making *m, const struct usage *u)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to;
	json_t *json;

	if (m->ask->want == WANT_JSON) {
		json = usage_json(u);
		text = json_dumps(json, JSON_INDENT(2));
		json_decref(json);
		m->type = "application/json";
		out_plain(&m->out, "%s\n", text);
		free(text);
		return;
	}
	to = open_memstream(&text, &size);
	if (!to) {
		m->out.failed = true;
		return;
	}
	if (m->ask->want == WANT_CSV)
		usage_csv(u, to);
	else if (usage_show(u, to) == -1)
		m->out.failed = true;
	fclose(to);
	m->type = m->ask->want == WANT_CSV ? "text/csv; charset=utf-8" : "text/plain; charset=utf-8";
	out_plain(&m->out, "%s", text);
	free(text);
}

/* Read for this answer alone: JSON, CSV and text have the rows that `lodge usage` has. */
static void
make_usage(struct making *m)
{
	struct data *d = m->answers->data;
	const struct asked asked = {
	    .name = m->guest[0] ? m->guest : NULL, .by = m->ask->by, .month = -1, .from = -1, .to = -1};
	struct usage u = {.now = m->page.now};
	struct ledger *l = data_ledger(d);
	enum usage_read done = USAGE_FAILED;

	data_page(d, &m->page);
	u.zone = m->page.zone;
	u.zone_name = m->page.zone_name;
	if (l)
		done = usage_read(l, m->answers->conf, &asked, &u);
	if (l)
		data_told(d, done != USAGE_FAILED);
	if (done == USAGE_READ) {
		put_usage(m, &u);
	} else {
		m->status = done == USAGE_NO_GUEST ? 404 : 503;
		m->type = m->ask->want == WANT_JSON ? "application/json" : "text/plain; charset=utf-8";
		out_plain(&m->out,
		    m->ask->want == WANT_JSON ? "{\"version\": 1, \"error\": \"%s\"}\n" : "%s\n",
		    done == USAGE_NO_GUEST ? "no such guest" : "the ledger does not answer");
	}
	usage_free(&u);
}

static void
make(struct making *m)
{
	switch (m->ask->want) {
	case WANT_HOME:
	case WANT_GUEST:
		make_page(m);
		break;
	case WANT_CSV:
	case WANT_JSON:
	case WANT_TEXT:
		make_usage(m);
		break;
	case WANT_METRICS:
		make_metrics(m);
		break;
	case WANT_HEALTH:
		make_health(m);
		break;
	case WANT_STYLE:
		m->type = "text/css; charset=utf-8";
		m->max_age = 600;
		out_plain(&m->out, "%s", page_style);
		break;
	default:
		m->type = "text/javascript; charset=utf-8";
		m->max_age = 600;
		out_plain(&m->out, "%s", page_script);
	}
}

static bool
seal(struct answer *a, struct making *m, double took_s)
{
	double keep = took_s * KEEP_SHARE > KEEP_MS / 1000.0 ? took_s * KEEP_SHARE : KEEP_MS / 1000.0;

	answer_clear(a);
	if (m->out.failed)
		return false;
	a->plain = response_of(m->out.ptr, m->out.len);
	a->packed = pack(m->out.ptr, m->out.len);
	if (!a->plain || !a->packed) {
		answer_clear(a);
		return false;
	}
	add_headers(a->plain, m->type, m->is_page, m->max_age);
	add_headers(a->packed, m->type, m->is_page, m->max_age);
	a->status = m->status;
	a->until_s = sys_seconds() + keep;
	return true;
}

/* --- kept ------------------------------------------------------------------------------------------------------ */

/* All that an answer depends on but the time. */
static void
key_of_answer(const struct making *m, char out[KEY_ROOM])
{
	snprintf(out, KEY_ROOM, "%d %d %d %s", m->ask->want, m->ask->by,
	    m->viewer->who * 2 + m->viewer->inside, m->guest);
}

/* The one of that key, or the one that has been there longest. */
static struct answer *
place_for(struct answers *all, const char *key)
{
	struct answer *oldest = &all->kept[0];

	for (size_t i = 0; i < ANSWERS_KEPT; i++) {
		struct answer *a = &all->kept[i];

		if (strcmp(a->key, key) == 0)
			return a;
		if (a->until_s < oldest->until_s)
			oldest = a;
	}
	return oldest;
}

struct MHD_Response *
answer_make(struct answers *all, const struct ask *ask, const struct viewer *viewer, bool packed, int *status)
{
	struct making m = {.answers = all, .ask = ask, .viewer = viewer, .status = 200};
	double begun = sys_seconds();
	char key[KEY_ROOM];
	struct answer *a;

	m.guest = ask->name[0] || viewer->who != WHO_TENANT ? ask->name : viewer->guest;
	m.page = (struct page){.now = (int64_t)time(NULL), .viewer = viewer};
	key_of_answer(&m, key);
	a = place_for(all, key);
	if (strcmp(a->key, key) != 0 || a->until_s <= begun) {
		bool made;

		make(&m);
		made = seal(a, &m, sys_seconds() - begun);
		out_free(&m.out);
		if (!made)
			return NULL;
		snprintf(a->key, sizeof(a->key), "%s", key);
		all->counts.made++;
	} else {
		all->counts.kept++;
	}
	*status = a->status;
	return packed ? a->packed : a->plain;
}

struct MHD_Response *
answer_refused(struct answers *all, int status)
{
	struct answer *a = NULL;
	struct out out = {0};

	for (size_t i = 0; i < REFUSED_KINDS && !a; i++)
		if (all->refused[i].status == status || !all->refused[i].plain)
			a = &all->refused[i];
	if (!a || a->plain)
		return a ? a->plain : all->refused[0].plain;
	page_refused(&out, status);
	if (!out.failed)
		a->plain = response_of(out.ptr, out.len);
	out_free(&out);
	if (!a->plain)
		return NULL;
	add_headers(a->plain, "text/html; charset=utf-8", true, 0);
	MHD_add_response_header(a->plain, "Connection", "close");
	a->status = status;
	return a->plain;
}

struct answers *
answers_open(struct data *data)
{
	struct answers *all = calloc(1, sizeof(*all));

	if (all)
		all->data = data;
	return all;
}

void
answers_forget(struct answers *all, const struct conf *conf)
{
	all->conf = conf;
	for (size_t i = 0; i < ANSWERS_KEPT; i++)
		answer_clear(&all->kept[i]);
}

void
answers_close(struct answers *all)
{
	answers_forget(all, NULL);
	for (size_t i = 0; i < REFUSED_KINDS; i++)
		answer_clear(&all->refused[i]);
	free(all);
}

const struct answer_counts *
answer_counts(const struct answers *all)
{
	return &all->counts;
}
