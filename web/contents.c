/* What stands in an answer; see contents.h. */
#include "web/contents.h"
#include "base/table.h"
#include "web/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct making {
	struct data *data;
	const struct ask *ask;
	const char *guest;
	struct page page;
	struct contents made;
};

/* Where nothing was ever read there is nothing to show, which is no answer that somebody should keep. */
static void
make_page(struct making *m)
{
	struct data *d = m->data;
	const struct shown *const *list = NULL;
	const struct shown *g = NULL;
	size_t n = 0;

	m->made.type = "text/html; charset=utf-8";
	m->made.is_page = true;
	if (m->guest[0])
		g = data_guest(d, m->guest, &m->page.spoilt);
	else
		n = data_all(d, &list);
	data_page(d, &m->page);
	m->made.status = m->page.read_at ? 200 : 503;
	if (!m->page.read_at)
		page_empty(&m->made.out, &m->page);
	else if (g)
		page_guest(&m->made.out, &m->page, g);
	else
		page_home(&m->made.out, &m->page, list, n, m->ask->part);
}

/* A tenant's: of the guest alone, who has been read for it alone. */
static void
make_metrics(struct making *m)
{
	struct shown unread = {0};
	const struct shown *const *list;
	const struct shown *own;
	size_t n;

	m->made.type = "text/plain; version=0.0.4; charset=utf-8";
	if (m->guest[0]) {
		own = data_guest(m->data, m->guest, &m->page.spoilt);
		if (!own && m->page.spoilt[0]) {
			snprintf(unread.bill.guest, sizeof(unread.bill.guest), "%s", m->guest);
			own = &unread; /* of whom there is nothing to say but that */
		}
		list = &own;
		n = own != NULL;
	} else {
		n = data_all(m->data, &list);
	}
	data_page(m->data, &m->page);
	metrics_put(&m->made.out, &m->page, list, n);
}

static void
make_health(struct making *m)
{
	bool good = data_answers(m->data);

	m->made.type = "text/plain; charset=utf-8";
	m->made.status = good ? 200 : 503;
	out_plain(&m->made.out, good ? "ok\n" : "the ledger does not answer\n");
}

/* --- what `lodge usage` has ---------------------------------------------------------------------------------------- */

/* How the numbers stand: of when they are, and what is wrong. */
static const char *
fault_of(const struct making *m)
{
	if (m->page.why)
		return "the ledger does not answer";
	if (m->page.spoilt && m->page.spoilt[0])
		return "a key of the ledger cannot be read";
	return NULL;
}

static json_t *
unreadable(const struct names *names)
{
	json_t *list = json_array();

	for (size_t i = 0; names && i < names->n; i++)
		json_array_append_new(list, json_string(names->list[i]));
	return list;
}

static void
put_json(struct making *m, const struct usage *u)
{
	const char *fault = fault_of(m);
	int64_t age = m->page.now - m->page.read_at;
	json_t *json = usage_json(u);
	json_t *ledger = json_pack("{s:b, s:I, s:I}", "up", fault == NULL, "read",
	    (json_int_t)m->page.read_at, "age_s", (json_int_t)(age > 0 ? age : 0));
	char *text;

	if (fault)
		json_object_set_new(ledger, "error", json_string(fault));
	if (!m->guest[0])
		json_object_set_new(ledger, "unreadable", unreadable(data_left_out(m->data)));
	json_object_set_new(json, "ledger", ledger);
	text = json_dumps(json, JSON_INDENT(2));
	json_decref(json);
	m->made.type = "application/json";
	out_plain(&m->made.out, "%s\n", text);
	free(text);
}

static void
put_text(struct making *m, const struct usage *u)
{
	const char *fault = fault_of(m);
	char *text = NULL, age[SPAN_TEXT], time[WHEN_TEXT];
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	if (!to || (m->ask->want == WANT_TEXT && usage_show(u, to) == -1))
		m->made.out.failed = true;
	if (to && m->ask->want == WANT_CSV)
		usage_csv(u, to);
	if (to)
		fclose(to);
	m->made.type = m->ask->want == WANT_CSV ? "text/csv; charset=utf-8" : "text/plain; charset=utf-8";
	if (fault)
		out_plain(&m->made.out, "%s: these are the last known numbers, of %s %s, %s old\n\n", fault,
		    when_hour(m->page.read_at, m->page.zone, time), m->page.zone_name,
		    span_print(
			(uint64_t)(m->page.now > m->page.read_at ? m->page.now - m->page.read_at : 0), age));
	out_plain(&m->made.out, "%s", text);
	free(text);
}

static void
put_error(struct making *m, int status, const char *what)
{
	bool json = m->ask->want == WANT_JSON;

	m->made.status = status;
	m->made.type = json ? "application/json" : "text/plain; charset=utf-8";
	out_plain(&m->made.out, json ? "{\"version\": 1, \"error\": \"%s\"}\n" : "%s\n", what);
}

/* JSON and text tell how old they are. CSV cannot: who reads that is better told that there is none now. */
static void
make_usage(struct making *m)
{
	enum usage_read done;
	const struct usage *u = data_usage(m->data, m->guest, m->ask->by, &done, &m->page.spoilt);
	const char *fault;

	data_page(m->data, &m->page);
	fault = fault_of(m);
	if (u && done == USAGE_NO_GUEST)
		put_error(m, 404, "no such guest");
	else if (!u || (fault && m->ask->want == WANT_CSV))
		put_error(m, 503, fault ? fault : "the ledger has not answered yet");
	else if (m->ask->want == WANT_JSON)
		put_json(m, u);
	else
		put_text(m, u);
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
		m->made.type = "text/css; charset=utf-8";
		m->made.fixed = true;
		out_plain(&m->made.out, "%s", page_style);
		break;
	default:
		m->made.type = "text/javascript; charset=utf-8";
		m->made.fixed = true;
		out_plain(&m->made.out, "%s", page_script);
	}
}

struct contents
contents_make(struct data *data, const struct ask *ask, const struct viewer *viewer, const char *guest)
{
	struct making m = {.data = data, .ask = ask, .guest = guest, .made = {.status = 200}};

	m.page = (struct page){.now = (int64_t)time(NULL), .viewer = viewer, .spoilt = ""};
	make(&m);
	return m.made;
}

bool
contents_need(const struct ask *ask, const char *guest, struct need *out)
{
	*out = (struct need){.guest = guest, .by = ask->by};
	switch (ask->want) {
	case WANT_HOME:
	case WANT_GUEST:
	case WANT_METRICS:
		out->work = guest[0] ? WORK_GUEST : WORK_ALL;
		return true;
	case WANT_CSV:
	case WANT_JSON:
	case WANT_TEXT:
		out->work = WORK_USAGE;
		return true;
	case WANT_HEALTH:
		out->work = WORK_WHO;
		return true;
	default:
		return false;
	}
}
