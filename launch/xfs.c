/*
 * A tree → an XFS, by a prototype for mkfs.xfs(8): a text of names, modes, owners and the files to copy.
 *
 * It holds directories, files, links, devices and pipes with their owners and modes. It splits at blanks and has no way
 * to quote, so a name with one is refused. Sticky bits are set afterwards (xfs_db). Times are those of the making, files
 * with several names become several files, extended attributes are left behind, with a warning that names them.
 */
#include "base/log.h"
#include "base/tool.h"
#include "launch/mkfs.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { STICKY_MAX = 64, COMMAND_MAX = 512 };

struct prototype {
	const struct guest *guest;
	FILE *out;
	size_t strip; /* bytes of a path before the tree's own */
	char *sticky[STICKY_MAX]; /* commands for xfs_db, two each */
	size_t n_sticky;
	size_t n_attributes;
	char attribute[128]; /* the first file that has one */
};

static int
refuse(const struct prototype *p, const char *path, const char *why)
{
	log_error("guest %s: %s: %s, which the making of an XFS cannot carry; rename it, or use fs: ext4",
	    p->guest->name, path, why);
	return -1;
}

/* What mkfs.xfs would take for something else. */
static const char *
name_fault(const char *name)
{
	if (name[strcspn(name, " \t\n")])
		return "a blank in its name";
	if (name[0] == ':')
		return "a name that begins with a colon";
	return strcmp(name, "$") == 0 ? "its name" : NULL;
}

static void
note_attributes(struct prototype *p, const FTSENT *entry)
{
	char names[1024];
	ssize_t n = llistxattr(entry->fts_path, names, sizeof(names));

	if (n == 0 || (n == -1 && errno != ERANGE))
		return;
	if (p->n_attributes++ == 0)
		snprintf(p->attribute, sizeof(p->attribute), "%s", entry->fts_path + p->strip);
}

static int
note_sticky(struct prototype *p, const FTSENT *entry)
{
	const char *path = entry->fts_path + p->strip;
	unsigned mode = entry->fts_statp->st_mode;
	char *words[2];

	if (!(mode & S_ISVTX))
		return 0;
	if (p->n_sticky + 2 > STICKY_MAX || strpbrk(path, "\"'\\"))
		return refuse(p, path, "one more sticky folder");
	if (asprintf(&words[0], "path %s", path[0] ? path : "/") == -1)
		return -1;
	p->sticky[p->n_sticky++] = words[0];
	if (asprintf(&words[1], "write core.mode 0%o", mode) == -1)
		return -1;
	p->sticky[p->n_sticky++] = words[1];
	return 0;
}

static int
print_link(struct prototype *p, const FTSENT *entry)
{
	char target[PATH_MAX];
	ssize_t n = readlink(entry->fts_accpath, target, sizeof(target) - 1);

	if (n == -1)
		return refuse(p, entry->fts_path + p->strip, strerror(errno));
	target[n] = '\0';
	if (name_fault(target))
		return refuse(
		    p, entry->fts_path + p->strip, "a link to a name with a blank or an odd beginning");
	fprintf(p->out, " %s", target);
	return 0;
}

/* Its line; a directory's ends when it has been walked. */
static int
print_entry(struct prototype *p, const FTSENT *entry)
{
	const struct stat *st = entry->fts_statp;
	const char *why = entry->fts_level > 0 ? name_fault(entry->fts_name) : NULL;
	char type = S_ISDIR(st->st_mode)   ? 'd'
		    : S_ISREG(st->st_mode) ? '-'
		    : S_ISLNK(st->st_mode) ? 'l'
		    : S_ISCHR(st->st_mode) ? 'c'
		    : S_ISBLK(st->st_mode) ? 'b'
					   : 'p';

	if (why)
		return refuse(p, entry->fts_path + p->strip, why);
	if (S_ISSOCK(st->st_mode))
		return 0;
	if (entry->fts_level > 0)
		fprintf(p->out, "%s ", entry->fts_name);
	fprintf(p->out, "%c%c%c%03o %u %u", type, st->st_mode & S_ISUID ? 'u' : '-',
	    st->st_mode & S_ISGID ? 'g' : '-', st->st_mode & 0777, st->st_uid, st->st_gid);
	if (type == '-')
		fprintf(p->out, " %s", entry->fts_path);
	else if (type == 'b' || type == 'c')
		fprintf(p->out, " %u %u", major(st->st_rdev), minor(st->st_rdev));
	else if (type == 'l' && print_link(p, entry) == -1)
		return -1;
	fputc('\n', p->out);
	note_attributes(p, entry);
	return note_sticky(p, entry);
}

static int
walk(struct prototype *p)
{
	char root[] = "tree", *const roots[] = {root, NULL};
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *entry;
	int result = fts ? 0 : -1;

	p->strip = strlen(root);
	while (result == 0 && (entry = fts_read(fts))) {
		if (entry->fts_info == FTS_DP)
			fputs("$\n", p->out);
		else if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR ||
			 entry->fts_info == FTS_NS)
			result = refuse(p, entry->fts_path + p->strip, strerror(entry->fts_errno));
		else
			result = print_entry(p, entry);
	}
	if (fts)
		fts_close(fts);
	return result;
}

/* In the folder of the tree, so that no blank of the paths above it comes into the prototype. */
static int
write_prototype(struct prototype *p, const char *work)
{
	int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), result = -1;

	if (here == -1 || chdir(work) == -1) {
		log_error("%s: %s", work, strerror(errno));
	} else {
		p->out = fopen("prototype", "we");
		if (p->out) {
			fputs("/none\n0 0\n", p->out);
			result = walk(p);
			if (fclose(p->out) == EOF && result == 0) {
				log_error("%s/prototype: %s", work, strerror(errno));
				result = -1;
			}
		}
		if (fchdir(here) == -1)
			result = -1;
	}
	if (here != -1)
		close(here);
	return result;
}

static int
make(const struct prototype *p, const char *work, const char *image, const char *label, const char *uuid)
{
	const char *argv[STICKY_MAX * 2 + 8] = {"xfs_db", "-x"};
	char metadata[64] = "crc=1";
	int at = open(work, O_RDONLY | O_DIRECTORY | O_CLOEXEC), result;
	size_t n = 2;

	if (at == -1)
		return -1;
	if (uuid)
		snprintf(metadata, sizeof(metadata), "uuid=%s", uuid);
	result = tool_run(at, work,
	    (const char *[]){
		"mkfs.xfs", "-q", "-f", "-m", metadata, "-L", label, "-p", "prototype", image, NULL});
	close(at);
	for (size_t i = 0; i < p->n_sticky; i++) {
		argv[n++] = "-c";
		argv[n++] = p->sticky[i];
	}
	argv[n++] = image;
	if (result == 0 && p->n_sticky > 0)
		result = tool_run(-1, NULL, argv);
	/* Its log is written out as zeros: back to a hole. */
	return result == 0 ? tool_run(-1, NULL, (const char *[]){"fallocate", "-d", image, NULL}) : -1;
}

int
mkfs_xfs(const struct guest *guest, const char *work, const char *image, const char *label, const char *uuid)
{
	struct prototype p = {.guest = guest};
	int result = write_prototype(&p, work);

	if (result == 0)
		result = make(&p, work, image, label, uuid);
	if (result == 0 && p.n_attributes > 0)
		log_warn(
		    "guest %s: extended attributes of %zu file%s (%s first) do not come along into an XFS",
		    guest->name, p.n_attributes, p.n_attributes == 1 ? "" : "s", p.attribute);
	for (size_t i = 0; i < p.n_sticky; i++)
		free(p.sticky[i]);
	return result;
}
