/* A conf as a value: its memory, and finding things in it; see conf.h. */
#include "conf/parse.h"

#include <stdarg.h>
#include <stdlib.h>

/* Capacities are powers of two, so n alone says when a list is full. */
void *
value_grow(struct report *r, void *list, size_t n, size_t size)
{
	void *grown;

	if ((n & (n - 1)) != 0)
		return list;
	grown = reallocarray(list, n ? n * 2 : 1, size);
	if (!grown)
		r->no_memory = true;
	return grown;
}

void *
value_append(struct report *r, void *list, size_t *n, size_t size)
{
	void *items, *grown;

	memcpy(&items, list, sizeof(items));
	grown = value_grow(r, items, *n, size);
	if (!grown)
		return NULL;
	memcpy(list, &grown, sizeof(grown));
	return memset((char *)grown + (*n)++ * size, 0, size);
}

char *
value_text(struct report *r, struct span text)
{
	char *copy = malloc(text.len + 1);

	if (!copy) {
		r->no_memory = true;
		return NULL;
	}
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	return copy;
}

void
value_set(struct report *r, char **at, struct span text)
{
	char *copy = value_text(r, text);

	if (!copy)
		return;
	free(*at);
	*at = copy;
}

static void
texts_free(char **list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i]);
	free(list);
}

void
guest_free(struct guest *g)
{
	for (size_t i = 0; i < g->n_domains; i++)
		free(g->domains[i].name);
	free(g->domains);
	free(g->forwards);
	free(g->allows);
	texts_free(g->ssh_keys, g->n_ssh_keys);
	free(g->disk.image);
	free(g->disk.from);
	free(g->disk.base);
}

void
conf_free(struct conf *c)
{
	for (size_t i = 0; i < c->n_guests; i++)
		guest_free(&c->guests[i]);
	free(c->guests);
	texts_free(c->files, c->n_files);
	texts_free(c->includes, c->n_includes);
	free(c->state);
	free(c->run);
	free(c->kernel);
	free(c->user);
	free(c->host);
	free(c->reserve);
	free(c->time_zone);
	for (size_t i = 0; i < c->n_redis; i++)
		redis_free(&c->redis[i]);
	free(c->redis);
	free(c->proxy.http);
	free(c->proxy.tls);
	free(c->proxy.quic);
	free(c->proxy.proxy_in);
	free(c->web.name);
	free(c->web.cert);
	free(c->web.key);
	*c = (struct conf){0};
}

static int
name_cmp(const void *name, const void *guest)
{
	return strcmp(name, ((const struct guest *)guest)->name);
}

struct guest *
conf_guest(const struct conf *c, const char *name)
{
	return c->n_guests ? bsearch(name, c->guests, c->n_guests, sizeof(*c->guests), name_cmp) : NULL;
}

static char *
path_join(const char *folder, const char *relative)
{
	char *path = NULL;

	if (relative[0] == '/')
		return strdup(relative);
	return asprintf(&path, "%s/%s", folder, relative) == -1 ? NULL : path;
}

char *
conf_state_path(const struct conf *c, const char *relative)
{
	return path_join(c->state, relative);
}

char *
conf_run_path(const struct conf *c, const char *format, ...)
{
	char *relative = NULL, *path;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&relative, format, args);
	va_end(args);
	if (n == -1)
		return NULL;
	path = path_join(c->run, relative);
	free(relative);
	return path;
}
