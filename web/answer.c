/* Answers; see answer.h. */
#include "web/answer.h"
#include "base/sys.h"
#include "web/contents.h"

#include <stdio.h>
#include <stdlib.h>
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
	struct answer kept[ANSWERS_KEPT], refused[REFUSED_KINDS];
	struct answer_counts counts;
};

/* --- a response ------------------------------------------------------------------------------------------------- */

static void
add_headers(struct MHD_Response *r, const char *type, bool page, bool fixed)
{
	MHD_add_response_header(r, "Content-Type", type);
	/* What is fixed is asked for by a name that its text has a part in. */
	MHD_add_response_header(
	    r, "Cache-Control", fixed ? "private, max-age=31536000, immutable" : "no-store");
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

static bool
seal(struct answer *a, const struct contents *c, double took_s)
{
	double keep = took_s * KEEP_SHARE > KEEP_MS / 1000.0 ? took_s * KEEP_SHARE : KEEP_MS / 1000.0;

	answer_clear(a);
	if (c->out.failed)
		return false;
	a->plain = response_of(c->out.ptr, c->out.len);
	a->packed = pack(c->out.ptr, c->out.len);
	if (!a->plain || !a->packed) {
		answer_clear(a);
		return false;
	}
	add_headers(a->plain, c->type, c->is_page, c->fixed);
	add_headers(a->packed, c->type, c->is_page, c->fixed);
	a->status = c->status;
	a->until_s = sys_seconds() + keep;
	return true;
}

/* --- kept ------------------------------------------------------------------------------------------------------ */

/* All that an answer depends on but the time: what goes with a page, and how Redis is, is the same for all. */
static void
key_of_answer(const struct ask *ask, const struct viewer *viewer, const char *guest, char out[KEY_ROOM])
{
	if (ask->want == WANT_STYLE || ask->want == WANT_SCRIPT || ask->want == WANT_HEALTH)
		snprintf(out, KEY_ROOM, "%d", ask->want);
	else
		snprintf(out, KEY_ROOM, "%d %d %u %d %s", ask->want, ask->by, ask->part,
		    viewer->who * 2 + viewer->inside, guest);
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

const char *
answer_guest(const struct ask *ask, const struct viewer *viewer)
{
	return ask->name[0] || viewer->who != WHO_TENANT ? ask->name : viewer->guest;
}

bool
answer_is_kept(struct answers *all, const struct ask *ask, const struct viewer *viewer)
{
	char key[KEY_ROOM];
	const struct answer *a;

	key_of_answer(ask, viewer, answer_guest(ask, viewer), key);
	a = place_for(all, key);
	return strcmp(a->key, key) == 0 && a->until_s > sys_seconds();
}

struct MHD_Response *
answer_make(struct answers *all, const struct ask *ask, const struct viewer *viewer, bool packed, int *status)
{
	const char *guest = answer_guest(ask, viewer);
	double begun = sys_seconds();
	char key[KEY_ROOM];
	struct answer *a;

	key_of_answer(ask, viewer, guest, key);
	a = place_for(all, key);
	if (strcmp(a->key, key) != 0 || a->until_s <= begun) {
		struct contents c = contents_make(all->data, ask, viewer, guest);
		bool sealed = seal(a, &c, sys_seconds() - begun);

		out_free(&c.out);
		if (!sealed)
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
	add_headers(a->plain, "text/html; charset=utf-8", true, false);
	MHD_add_response_header(a->plain, "Connection", "close");
	if (status == 405)
		MHD_add_response_header(a->plain, "Allow", "GET, HEAD");
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
answers_forget(struct answers *all)
{
	for (size_t i = 0; i < ANSWERS_KEPT; i++)
		answer_clear(&all->kept[i]);
}

void
answers_close(struct answers *all)
{
	answers_forget(all);
	for (size_t i = 0; i < REFUSED_KINDS; i++)
		answer_clear(&all->refused[i]);
	free(all);
}

const struct answer_counts *
answer_counts(const struct answers *all)
{
	return &all->counts;
}
