/* `lodge guest bases sweep`: bases that nobody stands on are removed. */
#include "base/log.h"
#include "base/scrap.h"
#include "base/sys.h"
#include "cli/guest_bases.h"
#include "cli/stands.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

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

/* It could not be looked at, or be removed. */
static int
keep(struct bases *all, const char *name, const struct base *known, const char *path)
{
	int error = errno, status = cli_errno(path);
	char why[PATH_MAX + 64];

	snprintf(why, sizeof(why), "%s: %s", path, strerror(error));
	bases_tell(all, name, known, "kept", why);
	return status;
}

/* What is known goes first: who is killed between leaves an image that nobody stands on, and the next sweep or maker has it. */
static int
sweep_one(struct bases *all, const char *name)
{
	static const char a_kernel[] = "a kernel reads it, whose guest is not in the file";
	char guests[BASES_TEXT], disk[PATH_MAX], why[PATH_MAX + 64];
	struct base b = {0};
	const struct base *known;
	int found;

	if (bases_path(all->conf->state, name, &b) == -1)
		return EXIT_DONE;
	known = bases_read(&b) == 0 ? &b : NULL;
	if (*bases_guests(all->conf, name, guests)) {
		bases_tell(all, name, known, "ok", NULL);
		return EXIT_DONE;
	}
	if (is_read(b.path)) {
		log_warn("base %s: %s; it stays", name, a_kernel);
		bases_tell(all, name, known, "kept", a_kernel);
		return EXIT_DONE;
	}
	found = stands_find(all->conf->state, &b, disk);
	if (found == -1)
		return keep(all, name, known, disk);
	if (found == 1) {
		snprintf(why, sizeof(why), "%s stands on it, whose guest is not in the file", disk);
		log_warn("base %s: %s; it stays", name, why);
		bases_tell(all, name, known, "kept", why);
		return EXIT_DONE;
	}
	if (unlink(b.about) == -1 && errno != ENOENT)
		return keep(all, name, known, b.about);
	if (unlink(b.path) == -1 && errno != ENOENT)
		return keep(all, name, known, b.path);
	bases_tell(all, name, known, "gone", NULL);
	log_info("base %s is gone: no guest stood on it", name);
	return EXIT_DONE;
}

/* By the file as it is now that no guest is being made. */
static int
sweep_all(const struct said *said, const struct bases *before)
{
	struct bases all = {.json = before->json};
	struct conf conf;
	int status;

	if (cli_load(said->file, &conf, &status) == -1)
		return status;
	all.conf = &conf;
	if (strcmp(conf.state, before->conf->state) != 0)
		status = cli_fail(EXIT_SYSTEM, "%s names another state now; try again", said->file);
	else
		status = bases_find(&all);
	for (size_t i = 0; i < all.n && status == EXIT_DONE; i++)
		status = sweep_one(&all, all.names[i]);
	conf_free(&conf);
	return status;
}

int
bases_sweep(const struct said *said, struct bases *all)
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
		status = sweep_all(said, all);
	close(fd);
	return status;
}
