/* What a supervisor hands to its successor; see handover.h. */
#include "proxy/handover.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { FD_MAX = 1 << 30, PID_MAX = 1 << 30 };

char *
handover_print(const struct handover *h)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		return NULL;
	fprintf(out, "%d %d", HANDOVER_VERSION, h->pid);
	if (h->share != -1)
		fprintf(out, " share=%d,%zu,%zu", h->share, h->sessions, h->flows);
	for (size_t i = 0; i < h->n_listen; i++)
		fprintf(out, " listen=%d,%s,%u,%s", h->listen[i].fd, door_name(h->listen[i].door),
		    h->listen[i].port, h->listen[i].all ? "all" : "own");
	for (size_t i = 0; i < h->n_workers; i++) {
		const struct handover_worker *w = &h->workers[i];

		fprintf(out, " worker=%d,%u,%d", w->pid, w->slot, w->line);
		if (w->inbox != -1)
			fprintf(out, " inbox=%u,%d", w->slot, w->inbox);
	}
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/* Up to the mark, which is taken too; without one, all. */
static struct span
take(struct span *text, char mark)
{
	size_t n = span_find(*text, mark);
	struct span word = span_first(*text, n);

	*text = span_from(*text, n < text->len ? n + 1 : n);
	return word;
}

/* One way to write a number: no sign, no zero in front. */
static int
number(struct span word, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	if (word.len == 0 || word.len > 18 || (word.ptr[0] == '0' && word.len > 1))
		return -1;
	for (size_t i = 0; i < word.len; i++) {
		if (word.ptr[i] < '0' || word.ptr[i] > '9')
			return -1;
		n = n * 10 + (uint64_t)(word.ptr[i] - '0');
	}
	if (n > max)
		return -1;
	*out = n;
	return 0;
}

static int
take_share(struct span value, struct handover *h)
{
	uint64_t fd, sessions, flows;

	if (h->share != -1 || number(take(&value, ','), FD_MAX, &fd) == -1 ||
	    number(take(&value, ','), SIZE_MAX >> 16, &sessions) == -1 ||
	    number(value, SIZE_MAX >> 16, &flows) == -1)
		return -1;
	h->share = (int)fd;
	h->sessions = (size_t)sessions;
	h->flows = (size_t)flows;
	return 0;
}

static int
take_listen(struct span value, struct handover *h)
{
	struct handover_listen *l = &h->listen[h->n_listen];
	uint64_t fd, port;
	struct span door;
	int d = 0;

	if (h->n_listen == HANDOVER_LISTEN_MAX || number(take(&value, ','), FD_MAX, &fd) == -1)
		return -1;
	door = take(&value, ',');
	while (d < DOORS && !span_is(door, door_name((enum door)d)))
		d++;
	if (d == DOORS || number(take(&value, ','), UINT16_MAX, &port) == -1 || port == 0)
		return -1;
	if (!span_is(value, "own") && !span_is(value, "all"))
		return -1;
	*l = (struct handover_listen){(int)fd, (enum door)d, (uint16_t)port, span_is(value, "all")};
	h->n_listen++;
	return 0;
}

static int
take_worker(struct span value, struct handover *h)
{
	uint64_t pid, slot, line;

	if (h->n_workers == HANDOVER_WORKERS_MAX || number(take(&value, ','), PID_MAX, &pid) == -1 ||
	    pid == 0 || number(take(&value, ','), HANDOVER_WORKERS_MAX - 1, &slot) == -1 ||
	    number(value, FD_MAX, &line) == -1)
		return -1;
	for (size_t i = 0; i < h->n_workers; i++)
		if (h->workers[i].slot == slot)
			return -1;
	h->workers[h->n_workers++] = (struct handover_worker){(int)pid, (int)line, (unsigned)slot, -1};
	return 0;
}

static int
take_inbox(struct span value, struct handover *h)
{
	struct handover_worker *w = h->n_workers ? &h->workers[h->n_workers - 1] : NULL;
	uint64_t slot, fd;

	if (!w || w->inbox != -1 || number(take(&value, ','), HANDOVER_WORKERS_MAX - 1, &slot) == -1 ||
	    number(value, FD_MAX, &fd) == -1 || slot != w->slot)
		return -1;
	w->inbox = (int)fd;
	return 0;
}

static int
take_words(struct span text, struct handover *h)
{
	uint64_t version, pid;
	bool more = true;

	if (number(take(&text, ' '), UINT16_MAX, &version) == -1 || version != HANDOVER_VERSION)
		return -1;
	more = span_find(text, ' ') < text.len;
	if (number(take(&text, ' '), PID_MAX, &pid) == -1 || pid == 0)
		return -1;
	h->pid = (int)pid;
	while (more) {
		struct span word, key;
		int result;

		more = span_find(text, ' ') < text.len;
		word = take(&text, ' ');
		key = take(&word, '=');
		result = span_is(key, "share")	  ? take_share(word, h)
			 : span_is(key, "listen") ? take_listen(word, h)
			 : span_is(key, "worker") ? take_worker(word, h)
			 : span_is(key, "inbox")  ? take_inbox(word, h)
						  : -1;
		if (result == -1)
			return -1;
	}
	return 0;
}

int
handover_parse(struct span text, struct handover *h)
{
	*h = (struct handover){.share = -1};
	h->listen = calloc(HANDOVER_LISTEN_MAX, sizeof(*h->listen));
	h->workers = calloc(HANDOVER_WORKERS_MAX, sizeof(*h->workers));
	if (h->listen && h->workers && take_words(text, h) == 0)
		return 0;
	handover_free(h);
	return -1;
}

void
handover_free(struct handover *h)
{
	free(h->listen);
	free(h->workers);
	*h = (struct handover){.share = -1};
}
