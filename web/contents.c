/* What stands in an answer; see contents.h. */
#include "web/contents.h"
#include "web/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct making {
	struct data *data;
	const struct conf *conf;
	const struct ask *ask;
	const char *guest;
	struct page page;
	struct contents made;
};

static void
make_page(struct making *m)
{
	struct data *d = m->data;
	const struct shown *const *list;
	const struct shown *g;
	size_t n;

	m->made.type = "text/html; charset=utf-8";
	m->made.is_page = true;
	if (m->guest[0]) {
		g = data_guest(d, m->guest);
		data_page(d, &m->page);
		if (g)
			page_guest(&m->made.out, &m->page, g);
		else
			page_empty(&m->made.out, &m->page);
		m->made.status = g ? 200 : 503;
		return;
	}
	n = data_all(d, &list);
	data_page(d, &m->page);
	m->made.status = m->page.read_at ? 200 : 503;
	if (m->page.read_at)
		page_home(&m->made.out, &m->page, list, n);
	else
		page_empty(&m->made.out, &m->page);
}

static void
make_metrics(struct making *m)
{
	const struct shown *const *list;
	size_t n = data_all(m->data, &list), own = 0;

	m->made.type = "text/plain; version=0.0.4; charset=utf-8";
	data_page(m->data, &m->page);
	if (m->guest[0]) {
		while (own < n && strcmp(list[own]->bill.guest, m->guest) != 0)
			own++;
		list += own;
		n = own < n;
	}
	metrics_put(&m->made.out, &m->page, list, n);
}

static void
make_health(struct making *m)
{
	data_look(m->data);
	data_page(m->data, &m->page);
	m->made.type = "text/plain; charset=utf-8";
	m->made.status = m->page.why ? 503 : 200;
	out_plain(&m->made.out, m->page.why ? "the ledger does not answer\n" : "ok\n");
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
		m->made.type = "application/json";
		out_plain(&m->made.out, "%s\n", text);
		free(text);
		return;
	}
	to = open_memstream(&text, &size);
	if (!to) {
		m->made.out.failed = true;
		return;
	}
	if (m->ask->want == WANT_CSV)
		usage_csv(u, to);
	else if (usage_show(u, to) == -1)
		m->made.out.failed = true;
	fclose(to);
	m->made.type = m->ask->want == WANT_CSV ? "text/csv; charset=utf-8" : "text/plain; charset=utf-8";
	out_plain(&m->made.out, "%s", text);
	free(text);
}

/* Read for this answer alone: JSON, CSV and text have the rows that `lodge usage` has. */
static void
make_usage(struct making *m)
{
	struct data *d = m->data;
	const struct asked asked = {
	    .name = m->guest[0] ? m->guest : NULL, .by = m->ask->by, .month = -1, .from = -1, .to = -1};
	struct usage u = {.now = m->page.now};
	struct ledger *l = data_ledger(d);
	enum usage_read done = USAGE_FAILED;

	data_page(d, &m->page);
	u.zone = m->page.zone;
	u.zone_name = m->page.zone_name;
	if (l)
		done = usage_read(l, m->conf, &asked, &u);
	if (l)
		data_told(d, done != USAGE_FAILED);
	if (done == USAGE_READ) {
		put_usage(m, &u);
	} else {
		m->made.status = done == USAGE_NO_GUEST ? 404 : 503;
		m->made.type = m->ask->want == WANT_JSON ? "application/json" : "text/plain; charset=utf-8";
		out_plain(&m->made.out,
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
		m->made.type = "text/css; charset=utf-8";
		m->made.max_age = 600;
		out_plain(&m->made.out, "%s", page_style);
		break;
	default:
		m->made.type = "text/javascript; charset=utf-8";
		m->made.max_age = 600;
		out_plain(&m->made.out, "%s", page_script);
	}
}

struct contents
contents_make(struct data *data, const struct conf *conf, const struct ask *ask, const struct viewer *viewer,
    const char *guest)
{
	struct making m = {.data = data, .conf = conf, .ask = ask, .guest = guest, .made = {.status = 200}};

	m.page = (struct page){.now = (int64_t)time(NULL), .viewer = viewer};
	make(&m);
	return m.made;
}
