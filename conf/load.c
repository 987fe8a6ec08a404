/* Paths and includes to texts: together with host.c the only I/O of this room. */
#include "conf/host.h"
#include "conf/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file that was read, and which one included it. */
struct loaded {
	char *bytes;
	dev_t device;
	ino_t inode;
	size_t parent; /* of the first: itself */
	unsigned depth;
};

struct load {
	struct report report;
	struct loaded *files;
	struct conf_text *texts; /* the same files, as the parser sees them */
	size_t n, bytes;
	char **includes; /* whole patterns */
	size_t n_includes;
};

static const char too_large[] = "larger than 16 MiB; is this the right file?";

/* All of an open file into fresh memory. NULL: why says it. A file may grow meanwhile, or lie about its size. */
static char *
file_read(int fd, size_t *len, const char **why)
{
	size_t room = 0, n = 0;
	char *bytes = NULL, *grown;
	ssize_t got;

	do {
		if (n == room) {
			room = room ? room * 2 : 65536;
			grown = realloc(bytes, room);
			if (!grown)
				goto failed;
			bytes = grown;
		}
		got = read(fd, bytes + n, room - n);
		if (got == -1)
			goto failed;
		n += (size_t)got;
	} while (got > 0 && n <= CONF_FILE_BYTES);
	*len = n;
	if (n <= CONF_FILE_BYTES)
		return bytes;
	*why = too_large;
	free(bytes);
	return NULL;
failed:
	*why = strerror(errno);
	free(bytes);
	return NULL;
}

/* Looks before it opens: opening a FIFO waits, and opening a device may do something. */
static char *
path_read(const char *path, struct stat *st, size_t *len, const char **why)
{
	char *bytes = NULL;
	int fd = -1;

	*why = NULL;
	if (stat(path, st) == -1)
		*why = strerror(errno);
	else if (S_ISDIR(st->st_mode))
		*why = "it is a directory";
	else if (!S_ISREG(st->st_mode))
		*why = "it is not a regular file";
	else if (st->st_size > CONF_FILE_BYTES)
		*why = too_large;
	if (*why)
		return NULL;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd == -1) {
		*why = strerror(errno);
		return NULL;
	}
	bytes = file_read(fd, len, why);
	close(fd);
	return bytes;
}

static bool
load_grow(struct load *l)
{
	struct loaded *files = value_grow(&l->report, l->files, l->n, sizeof(*files));
	struct conf_text *texts;

	if (!files)
		return false;
	l->files = files;
	texts = value_grow(&l->report, l->texts, l->n, sizeof(*texts));
	if (!texts)
		return false;
	l->texts = texts;
	l->report.texts = texts;
	return true;
}

/* "lodge.yaml → a.yaml → lodge.yaml", from the file met twice down to the one that includes it. */
static void
cycle_refuse(struct load *l, struct place at, size_t from, size_t to)
{
	char *chain = value_text(&l->report, span_str(l->texts[to].name)), *longer;

	for (size_t i = from; chain; i = l->files[i].parent) {
		if (asprintf(&longer, "%s → %s", l->texts[i].name, chain) == -1)
			longer = NULL;
		free(chain);
		chain = longer;
		if (i == to)
			break;
	}
	error_add(&l->report, at, "include: files include one another: %s", chain ? chain : "");
	error_hint(&l->report, "keep the files of guests in a folder of their own, like guests.d/*.yaml");
	free(chain);
}

static bool
is_same(const struct loaded *file, const struct stat *st)
{
	return file->device == st->st_dev && file->inode == st->st_ino;
}

/* Whether the file need not be read: it was, or it includes itself, which is refused. */
static bool
is_known(struct load *l, const struct stat *st, struct place at)
{
	size_t met = 0, i = at.file;

	while (met < l->n && !is_same(&l->files[met], st))
		met++;
	if (met == l->n)
		return false;
	while (i != met && l->files[i].parent != i)
		i = l->files[i].parent;
	if (i == met) {
		cycle_refuse(l, at, at.file, i);
		l->report.incomplete = true;
	}
	return true;
}

static void
refuse(struct load *l, struct place at, const char *path, const char *why)
{
	l->report.incomplete = true;
	if (at.line > 0)
		error_add(&l->report, at, "include: cannot read %s: %s", path, why);
	else
		error_add(&l->report, at, "cannot read the configuration: %s", why);
}

/* at: where it is included; line 0 for the first. */
static void
file_add(struct load *l, const char *path, struct place at)
{
	bool first = l->n == 0;
	struct stat st = {0};
	const char *why;
	size_t len = 0;
	char *bytes, *name;

	if (!first && stat(path, &st) == 0 && is_known(l, &st, at))
		return;
	if (l->n == CONF_FILES_MAX) {
		refuse(l, at, path, "more than 4096 files");
		return;
	}
	name = value_text(&l->report, span_str(path));
	if (!name || !load_grow(l)) {
		free(name);
		return;
	}
	bytes = path_read(path, &st, &len, &why);
	if (bytes && l->bytes + len > CONF_TOTAL_BYTES)
		why = "all files together are larger than 64 MiB";
	if (!why || first) {
		l->files[l->n] = (struct loaded){
		    bytes, st.st_dev, st.st_ino, at.file, first ? 0 : l->files[at.file].depth + 1};
		l->texts[l->n] = (struct conf_text){name, span_of(bytes ? bytes : "", len)};
		l->report.n_texts = ++l->n;
		l->bytes += len;
	}
	if (why)
		refuse(l, at, path, why);
	if (why && !first) {
		free(bytes);
		free(name);
	}
}

/* A directory that is not there matches nothing; one that may not be read hides something. */
static int
on_glob_error(const char *path, int error)
{
	(void)path;
	errno = error;
	return error != ENOENT;
}

/* The folder of the including file with what glob(3) would take for a pattern escaped, then the pattern. */
static char *
pattern_below(const char *file, const char *pattern, bool escape)
{
	const char *slash = strrchr(file, '/');
	size_t n = slash && pattern[0] != '/' ? (size_t)(slash - file) + 1 : 0;
	char *path = malloc(n * 2 + strlen(pattern) + 1), *to = path;

	for (size_t i = 0; path && i < n; i++) {
		if (escape && strchr("*?[\\", file[i]))
			*to++ = '\\';
		*to++ = file[i];
	}
	if (path)
		strcpy(to, pattern);
	else
		errno = ENOMEM;
	return path;
}

/* For who wants to add a file: where it is found. */
static void
keep_pattern(struct load *l, const char *path)
{
	char **slot = path ? value_append(&l->report, &l->includes, &l->n_includes, sizeof(*slot)) : NULL;

	if (slot)
		*slot = value_text(&l->report, span_str(path));
}

static void
pattern_load(struct load *l, const struct include *include)
{
	struct place at = include->place;
	bool wild = strpbrk(include->pattern, "*?[") != NULL;
	char *path = pattern_below(l->texts[at.file].name, include->pattern, wild);
	glob_t found = {0};
	int result;

	keep_pattern(l, path);
	if (!path) {
		l->report.no_memory = true;
	} else if (!wild) {
		file_add(l, path, at);
	} else {
		result = glob(path, 0, on_glob_error, &found);
		if (result != 0 && result != GLOB_NOMATCH)
			refuse(l, at, path, result == GLOB_NOSPACE ? strerror(ENOMEM) : strerror(errno));
		for (size_t i = 0; result == 0 && i < found.gl_pathc; i++)
			file_add(l, found.gl_pathv[i], at);
		globfree(&found);
	}
	free(path);
}

static void
includes_load(struct load *l, uint32_t file)
{
	struct conf_errors errors = {0};
	/* What is wrong in the text itself is told when it is parsed. */
	struct report scratch = {.texts = l->texts, .n_texts = l->n, .errors = &errors};
	struct include *list;
	size_t n = includes_find(&scratch, file, &list);

	report_end(&scratch);
	conf_errors_free(&errors);
	for (size_t i = 0; i < n; i++) {
		if (l->files[file].depth == CONF_NESTING_MAX)
			refuse(l, list[i].place, list[i].pattern, "more than 8 files include one another");
		else
			pattern_load(l, &list[i]);
		free(list[i].pattern);
	}
	free(list);
}

static void
load_free(struct load *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->files[i].bytes);
		free((char *)l->texts[i].name);
	}
	free(l->files);
	free(l->texts);
}

static int
load(const char *path, bool running, struct conf *c, struct conf_errors *errors)
{
	struct load l = {.report.errors = errors};
	struct host_facts facts;
	int result;

	*errors = (struct conf_errors){0};
	*c = (struct conf){0};
	file_add(&l, path, (struct place){0});
	for (uint32_t i = 0; i < l.n; i++)
		includes_load(&l, i);
	host_learn(&facts);
	facts.host.running = running;
	if (l.n > 0 && l.files[0].bytes)
		parse_texts(&l.report, &facts.host, c);
	zone_check(&l.report, c);
	host_free(&facts);
	c->includes = l.includes;
	c->n_includes = l.n_includes;
	result = report_end(&l.report);
	if (result == -1)
		conf_free(c);
	load_free(&l);
	return result;
}

int
conf_load(const char *path, struct conf *c, struct conf_errors *errors)
{
	return load(path, true, c, errors);
}

int
conf_load_strict(const char *path, struct conf *c, struct conf_errors *errors)
{
	return load(path, false, c, errors);
}

int
conf_load_any(const char *path, struct conf *c, struct conf_errors *errors)
{
	const struct conf_text empty = {path, {"", 0}};
	struct host_facts facts;
	int result;

	if (access(path, F_OK) == 0 || errno != ENOENT)
		return conf_load(path, c, errors);
	host_learn(&facts);
	facts.host.running = true;
	result = conf_parse(&empty, 1, &facts.host, c, errors);
	host_free(&facts);
	return result;
}
