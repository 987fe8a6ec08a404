/* `lodge guest bases list|check|sweep`: the images that several guests share. */
#include "base/log.h"
#include "base/sys.h"
#include "base/table.h"
#include "cli/guest.h"
#include "cli/guest_bases.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BASES_VERSION = 1 };

static int
name_cmp(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* NAME.img and NAME.base are one; either may have been lost. */
static void
note(struct bases *all, const char *entry)
{
	const char *dot = strrchr(entry, '.');
	size_t len = dot ? (size_t)(dot - entry) : 0;

	if (len == 0 || len > CONF_GUEST_NAME_MAX || (strcmp(dot, ".base") != 0 && strcmp(dot, ".img") != 0))
		return;
	for (size_t i = 0; i < all->n; i++)
		if (strlen(all->names[i]) == len && memcmp(all->names[i], entry, len) == 0)
			return;
	if (all->n < BASES_NAMES && !name_guest(span_of(entry, len)))
		snprintf(all->names[all->n++], sizeof(*all->names), "%.*s", (int)len, entry);
}

int
bases_find(struct bases *all)
{
	char dir[PATH_MAX];
	struct dirent *entry;
	DIR *d;

	snprintf(dir, sizeof(dir), "%s/bases", all->conf->state);
	d = opendir(dir);
	if (!d)
		return errno == ENOENT ? EXIT_DONE : cli_errno(dir);
	while ((entry = readdir(d)))
		note(all, entry->d_name);
	closedir(d);
	qsort(all->names, all->n, sizeof(*all->names), name_cmp);
	return EXIT_DONE;
}

const char *
bases_guests(const struct conf *conf, const char *name, char out[BASES_TEXT])
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < conf->n_guests && n < BASES_TEXT; i++)
		if (conf->guests[i].disk.base && strcmp(conf->guests[i].disk.base, name) == 0)
			n += (size_t)snprintf(
			    out + n, BASES_TEXT - n, "%s%s", n ? " " : "", conf->guests[i].name);
	return out;
}

static json_t *
guests_json(const struct conf *conf, const char *name)
{
	json_t *out = json_array();

	for (size_t i = 0; i < conf->n_guests; i++)
		if (conf->guests[i].disk.base && strcmp(conf->guests[i].disk.base, name) == 0)
			json_array_append_new(out, json_string(conf->guests[i].name));
	return out;
}

/* Bytes that it takes on the host's disk; 0: it is not there. */
static uint64_t
used_bytes(const struct base *b)
{
	struct stat st;

	return stat(b->path, &st) == -1 ? 0 : (uint64_t)st.st_blocks * 512;
}

void
bases_tell(struct bases *all, const char *name, const struct base *b, const char *found, const char *why)
{
	if (!all->json)
		return;
	json_array_append_new(
	    all->json, json_pack("{s:o, s:o, s:o, s:o, s:o, s:s, s:o}", "name", cli_json_text(name),
			   "size_bytes", b ? json_integer((json_int_t)b->size_bytes) : json_null(),
			   "used_bytes", b ? json_integer((json_int_t)used_bytes(b)) : json_null(), "from",
			   cli_json_text(b ? b->from : NULL), "guests", guests_json(all->conf, name), "found",
			   found, "why", cli_json_text(why)));
}

/* Where it is not known, that is said and told. */
static int
read_base(struct bases *all, const char *name, struct base *b)
{
	int status;

	*b = (struct base){0};
	if (bases_path(all->conf->state, name, b) == 0 && bases_read(b) == 0)
		return EXIT_DONE;
	if (errno == EINVAL)
		status = cli_fail(EXIT_SYSTEM,
		    "%s: what stands there is not what lodge writes; bring it back from a copy, or restore "
		    "each guest on it from its backup",
		    b->about);
	else
		status = cli_errno(b->about[0] ? b->about : name);
	bases_tell(all, name, NULL, "unknown", "what is known of it cannot be read");
	return status;
}

static int
list(struct bases *all)
{
	static const char *const headings[] = {"BASE", "SIZE", "USED", "FROM", "GUESTS"};
	struct table table = {.columns = 5, .right = 1u << 1 | 1u << 2};
	int status = EXIT_DONE;

	for (size_t i = 0; i < 5; i++)
		table_add(&table, headings[i]);
	for (size_t i = 0; i < all->n; i++) {
		char size[SIZE_TEXT], used[SIZE_TEXT], guests[BASES_TEXT];
		const char *why;
		struct base b;
		bool same;

		if (read_base(all, all->names[i], &b) != EXIT_DONE) {
			status = EXIT_SYSTEM;
			continue;
		}
		why = bases_changed(&b, &same);
		if (why)
			status = cli_fail(EXIT_SYSTEM, "base %s: %s; lodge guest bases check says more",
			    all->names[i], why);
		bases_tell(all, all->names[i], &b, why ? "changed" : "ok", why);
		table_add(&table, all->names[i]);
		table_add(&table, size_print(b.size_bytes, size));
		table_add(&table, size_print(used_bytes(&b), used));
		table_add(&table, b.from);
		table_add(&table, *bases_guests(all->conf, all->names[i], guests) ? guests : "-");
	}
	if (!all->json)
		table_print(&table, stdout);
	table_free(&table);
	return status;
}

/* --- check ----------------------------------------------------------------------------------------- */

/* It has its rights and its time again, and is known as it lies now. */
static int
know_again(struct base *b, int fd)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {b->mtime_s, b->mtime_ns}};

	if (fchown(fd, 0, 0) == -1 || fchmod(fd, 0444) == -1 || futimens(fd, times) == -1 ||
	    bases_write(b) == -1)
		return cli_errno(b->path);
	return EXIT_DONE;
}

static int
check_one(struct bases *all, const char *name)
{
	char sum[BASES_SUM + 1], guests[BASES_TEXT];
	const char *why, *found = "changed";
	struct stat st;
	struct base b;
	bool same;
	int fd, status = read_base(all, name, &b);

	if (status != EXIT_DONE)
		return status;
	why = bases_changed(&b, &same);
	fd = open(b.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd == -1 || fstat(fd, &st) == -1 || bases_sum(fd, sum) == -1) {
		found = fd == -1 && errno == ENOENT ? "changed" : "unknown";
		status = cli_errno(b.path);
		why = why ? why : "its content cannot be read";
	} else if (strcmp(sum, b.sum) != 0) {
		status = cli_fail(EXIT_SYSTEM,
		    "base %s is not what it was%s%s; bring %s back as it was, or restore each guest on it "
		    "from its backup: "
		    "%s",
		    name, why ? ": " : "", why ? why : "", b.path,
		    *bases_guests(all->conf, name, guests) ? guests : "nobody");
	} else if ((uint64_t)st.st_size != b.size_bytes) {
		status = cli_fail(EXIT_SYSTEM,
		    "base %s has %llu bytes and had %llu; its content is what it was: truncate -s %llu %s, "
		    "and "
		    "check it again",
		    name, (unsigned long long)st.st_size, (unsigned long long)b.size_bytes,
		    (unsigned long long)b.size_bytes, b.path);
	} else {
		found = "ok";
		status = why ? know_again(&b, fd) : EXIT_DONE;
	}
	if (fd != -1)
		close(fd);
	bases_tell(all, name, &b, found, why);
	if (status == EXIT_DONE)
		log_info("base %s: its content is what it was%s%s", name, why ? "; known again, though " : "",
		    why ? why : "");
	return status;
}

static int
check(struct bases *all)
{
	int status = EXIT_DONE;

	for (size_t i = 0; i < all->n; i++) {
		int one = check_one(all, all->names[i]);

		if (one != EXIT_DONE)
			status = one;
	}
	return status;
}

int
guest_bases(const struct said *said)
{
	const char *word = said->operands[0];
	struct bases all = {0};
	struct conf conf;
	int status;

	if (geteuid() != 0)
		return cli_fail(EXIT_PERMISSION, "bases are root's; run it with sudo");
	if (cli_load(said->file, &conf, &status) == -1)
		return status;
	all.conf = &conf;
	all.json = said_has(said, "--json") ? json_array() : NULL;
	status = bases_find(&all);
	if (status == EXIT_DONE)
		status = strcmp(word, "list") == 0    ? list(&all)
			 : strcmp(word, "check") == 0 ? check(&all)
						      : bases_sweep(said, &all);
	if (all.json)
		status =
		    cli_json(status, json_pack("{s:i, s:o}", "version", BASES_VERSION, "bases", all.json));
	conf_free(&conf);
	return status;
}
