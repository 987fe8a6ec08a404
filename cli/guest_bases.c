/* `lodge guest bases list|check|sweep`: the images that several guests share. */
#include "base/bases.h"
#include "base/log.h"
#include "base/scrap.h"
#include "base/sys.h"
#include "base/table.h"
#include "cli/cli.h"
#include "cli/guest.h"
#include "cli/stands.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAMES = 256, TEXT = 512 };

struct bases {
	const struct conf *conf;
	char names[NAMES][CONF_GUEST_NAME_MAX + 1];
	size_t n;
};

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
	if (all->n < NAMES && !name_guest(span_of(entry, len)))
		snprintf(all->names[all->n++], sizeof(*all->names), "%.*s", (int)len, entry);
}

static int
find(struct bases *all)
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

/* Who stands on it, by the file; "" for nobody. */
static const char *
guests_of(const struct conf *conf, const char *name, char out[TEXT])
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < conf->n_guests && n < TEXT; i++)
		if (conf->guests[i].disk.base && strcmp(conf->guests[i].disk.base, name) == 0)
			n += (size_t)snprintf(out + n, TEXT - n, "%s%s", n ? " " : "", conf->guests[i].name);
	return out;
}

static int
read_base(const struct bases *all, const char *name, struct base *b)
{
	*b = (struct base){0};
	if (bases_path(all->conf->state, name, b) == -1)
		return cli_errno(name);
	if (bases_read(b) == 0)
		return EXIT_DONE;
	if (errno == EINVAL)
		return cli_fail(EXIT_SYSTEM, "%s: what stands there is not what lodge writes", b->about);
	return cli_errno(b->about);
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
		char size[SIZE_TEXT], used[SIZE_TEXT], guests[TEXT];
		struct stat st = {0};
		struct base b;
		bool same;

		if (read_base(all, all->names[i], &b) != EXIT_DONE) {
			status = EXIT_SYSTEM;
			continue;
		}
		if (bases_changed(&b, &same))
			status = cli_fail(EXIT_SYSTEM, "base %s: %s; lodge guest bases check says more",
			    all->names[i], bases_changed(&b, &same));
		if (stat(b.path, &st) == -1)
			st.st_blocks = 0;
		table_add(&table, all->names[i]);
		table_add(&table, size_print(b.size_bytes, size));
		table_add(&table, size_print((uint64_t)st.st_blocks * 512, used));
		table_add(&table, b.from);
		table_add(&table, *guests_of(all->conf, all->names[i], guests) ? guests : "-");
	}
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
	char sum[BASES_SUM + 1], guests[TEXT];
	struct stat st;
	struct base b;
	bool same;
	const char *why;
	int fd, status = read_base(all, name, &b);

	if (status != EXIT_DONE)
		return status;
	why = bases_changed(&b, &same);
	fd = open(b.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd == -1 || fstat(fd, &st) == -1 || bases_sum(fd, sum) == -1)
		status = cli_errno(b.path);
	else if (strcmp(sum, b.sum) != 0)
		status = cli_fail(EXIT_SYSTEM,
		    "base %s is not what it was%s%s; bring %s back as it was, or restore each guest on it "
		    "from its backup: "
		    "%s",
		    name, why ? ": " : "", why ? why : "", b.path,
		    *guests_of(all->conf, name, guests) ? guests : "nobody");
	else if ((uint64_t)st.st_size != b.size_bytes)
		status = cli_fail(EXIT_SYSTEM,
		    "base %s has %llu bytes and had %llu; its content is what it was: truncate -s %llu %s, "
		    "and "
		    "check it again",
		    name, (unsigned long long)st.st_size, (unsigned long long)b.size_bytes,
		    (unsigned long long)b.size_bytes, b.path);
	else if (why)
		status = know_again(&b, fd);
	if (fd != -1)
		close(fd);
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

/* --- sweep ----------------------------------------------------------------------------------------- */

/* A kernel that reads it holds a lock, whatever the file says of its guest. */
static bool
is_read(const char *path)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool held = fd != -1 && fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;

	if (fd != -1)
		close(fd);
	return held;
}

/* What is known goes first: who is killed between leaves an image that nobody stands on, and the next sweep or maker has it. */
static int
sweep_one(const struct bases *all, const char *name)
{
	char guests[TEXT], disk[PATH_MAX];
	struct base b = {0};
	int found;

	if (*guests_of(all->conf, name, guests) || bases_path(all->conf->state, name, &b) == -1)
		return EXIT_DONE;
	if (is_read(b.path)) {
		log_warn("base %s: a kernel reads it, whose guest is not in the file; it stays", name);
		return EXIT_DONE;
	}
	found = stands_find(all->conf->state, &b, disk);
	if (found == -1)
		return cli_errno(disk);
	if (found == 1) {
		log_warn("base %s: %s stands on it, whose guest is not in the file; it stays", name, disk);
		return EXIT_DONE;
	}
	if ((unlink(b.about) == -1 && errno != ENOENT) || (unlink(b.path) == -1 && errno != ENOENT))
		return cli_errno(b.path);
	log_info("base %s is gone: no guest stood on it", name);
	return EXIT_DONE;
}

/* By the file as it is now that no guest is being made. */
static int
sweep_all(const struct said *said, const char *state)
{
	struct bases all = {0};
	struct conf conf;
	int status;

	if (cli_load(said->file, &conf, &status) == -1)
		return status;
	all.conf = &conf;
	if (strcmp(conf.state, state) != 0)
		status = cli_fail(EXIT_SYSTEM, "%s names another state now; try again", said->file);
	else
		status = find(&all);
	for (size_t i = 0; i < all.n && status == EXIT_DONE; i++)
		status = sweep_one(&all, all.names[i]);
	conf_free(&conf);
	return status;
}

static int
sweep(const struct bases *all, const struct said *said)
{
	char lock[PATH_MAX];
	int fd, status;

	snprintf(lock, sizeof(lock), "%s/bases/.lock", all->conf->state);
	fd = open(lock, O_RDWR | O_CLOEXEC);
	if (fd == -1)
		return errno == ENOENT ? EXIT_DONE : cli_errno(lock);
	if (flock(fd, LOCK_EX | LOCK_NB) == -1 || scrap_busy(all->conf->state))
		status = cli_fail(
		    EXIT_SYSTEM, "a guest is being made, which may stand on one of them; try again later");
	else
		status = sweep_all(said, all->conf->state);
	close(fd);
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
	status = find(&all);
	if (status == EXIT_DONE)
		status = strcmp(word, "list") == 0    ? list(&all)
			 : strcmp(word, "check") == 0 ? check(&all)
						      : sweep(&all, said);
	conf_free(&conf);
	return status;
}
