/*
 * A tree → an XFS, by a prototype for mkfs.xfs(8): a text of names, modes, owners and the files to copy.
 *
 * It holds directories, files, links, devices and pipes with their owners and modes. It splits at blanks, takes a colon
 * for a comment and has no way to quote. What it cannot hold, extended attributes included, goes along as a tarball
 * that lodge-net unpacks at the guest's first boot; a tree that could not do that is refused. Sticky bits are set
 * afterwards (xfs_db). Times are those of the making, and a file of several names becomes several files.
 */
#include "base/log.h"
#include "base/remedy.h"
#include "base/tool.h"
#include "launch/mkfs.h"
#include "launch/tree.h"

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
	FILE *rest; /* paths of what goes along as a tarball, each ended by NUL */
	size_t n_rest;
	bool can_unpack;
};

#define REST "usr/lib/lodge/rest.tar"

static int
refuse(const struct prototype *p, const char *path, const char *why)
{
	log_error("guest %s: %s: %s, which the making of an XFS cannot carry; rename it, or use fs: ext4",
	    p->guest->name, path, why);
	return -1;
}

/* It goes along as a tarball, with all below it. */
static int
put_off(struct prototype *p, const char *path, const char *why)
{
	if (!p->can_unpack)
		return refuse(p, path, why);
	fprintf(p->rest, ".%s%c", path, '\0');
	p->n_rest++;
	return 0;
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

/* Of files; a folder's would take all that is in it along. */
static int
note_attributes(struct prototype *p, const FTSENT *entry)
{
	char names[1024];
	ssize_t n =
	    S_ISREG(entry->fts_statp->st_mode) ? llistxattr(entry->fts_path, names, sizeof(names)) : 0;

	if (n == 0 || (n == -1 && errno != ERANGE))
		return 0;
	if (p->can_unpack)
		return put_off(p, entry->fts_path + p->strip, "its extended attributes");
	log_warn("guest %s: the extended attributes of %s do not come along into an XFS", p->guest->name,
	    entry->fts_path + p->strip);
	return 0;
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

/* The target, or NULL with what is wrong with it. */
static const char *
link_target(const FTSENT *entry, char target[PATH_MAX], const char **why)
{
	ssize_t n = readlink(entry->fts_accpath, target, PATH_MAX - 1);

	*why = NULL;
	if (n == -1) {
		*why = strerror(errno);
		return NULL;
	}
	target[n] = '\0';
	if (name_fault(target))
		*why = "a link to a name with a blank or an odd beginning";
	return *why ? NULL : target;
}

static char
type_of(unsigned mode)
{
	return S_ISDIR(mode)   ? 'd'
	       : S_ISREG(mode) ? '-'
	       : S_ISLNK(mode) ? 'l'
	       : S_ISCHR(mode) ? 'c'
	       : S_ISBLK(mode) ? 'b'
			       : 'p';
}

/* Its line; a directory's ends when it has been walked. */
static int
print_entry(struct prototype *p, FTS *fts, FTSENT *entry)
{
	const struct stat *st = entry->fts_statp;
	const char *why = entry->fts_level > 0 ? name_fault(entry->fts_name) : NULL;
	char type = type_of(st->st_mode), target[PATH_MAX] = "";

	if (S_ISSOCK(st->st_mode))
		return 0;
	if (!why && type == 'l')
		link_target(entry, target, &why);
	if (why) {
		fts_set(fts, entry, FTS_SKIP);
		entry->fts_number = 1; /* its end is none of the prototype's */
		return put_off(p, entry->fts_path + p->strip, why);
	}
	if (entry->fts_level > 0)
		fprintf(p->out, "%s ", entry->fts_name);
	fprintf(p->out, "%c%c%c%03o %u %u", type, st->st_mode & S_ISUID ? 'u' : '-',
	    st->st_mode & S_ISGID ? 'g' : '-', st->st_mode & 0777, st->st_uid, st->st_gid);
	if (type == '-')
		fprintf(p->out, " %s", entry->fts_path);
	else if (type == 'b' || type == 'c')
		fprintf(p->out, " %u %u", major(st->st_rdev), minor(st->st_rdev));
	else if (type == 'l')
		fprintf(p->out, " %s", target);
	fputc('\n', p->out);
	return note_attributes(p, entry) == -1 ? -1 : note_sticky(p, entry);
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
			fputs(entry->fts_number ? "" : "$\n", p->out);
		else if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR ||
			 entry->fts_info == FTS_NS)
			result = refuse(p, entry->fts_path + p->strip, strerror(entry->fts_errno));
		else
			result = print_entry(p, fts, entry);
	}
	if (fts)
		fts_close(fts);
	return result;
}

static int
write_prototype(struct prototype *p)
{
	int result = -1;

	p->out = fopen("prototype", "we");
	p->rest = fopen("rest", "we");
	p->n_rest = 0;
	while (p->n_sticky > 0)
		free(p->sticky[--p->n_sticky]);
	if (p->out && p->rest) {
		fputs("/none\n0 0\n", p->out);
		result = walk(p);
	}
	if ((p->out && fclose(p->out) == EOF) || (p->rest && fclose(p->rest) == EOF) || !p->out || !p->rest) {
		log_error("guest %s: its prototype: %s", p->guest->name, remedy(errno, NULL));
		result = -1;
	}
	return result;
}

/* What is left over, into the tree: the prototype is written once more with it. */
static int
pack_rest(struct prototype *p, int tree)
{
	if (tool_run(-1, NULL,
		(const char *[]){"tar", "--create", "--xattrs", "--xattrs-include=*", "--numeric-owner", "-f",
		    "rest.tar", "-C", "tree", "--null", "--verbatim-files-from", "-T", "rest", NULL}) == -1)
		return -1;
	if (tree_copy(tree, REST, 0600, "rest.tar") == 0)
		return write_prototype(p);
	log_error("guest %s: what an XFS cannot be made with (%zu files) cannot be packed: %s; use fs: ext4",
	    p->guest->name, p->n_rest, strerror(errno));
	return -1;
}

/* In the folder of the tree, so that no blank of the paths above it comes into the prototype. */
static int
prepare(struct prototype *p, const char *work)
{
	int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), tree = -1, result = -1;

	if (here == -1 || chdir(work) == -1 || (tree = tree_open("tree")) == -1) {
		log_error("%s: %s", work, remedy(errno, work));
	} else {
		p->can_unpack = tree_has(tree, "bin/tar") &&
				(tree_has(tree, "usr/lib/systemd/systemd") ||
				    tree_has(tree, "lib/systemd/systemd") || tree_has(tree, "etc/inittab"));
		result = write_prototype(p);
		if (result == 0 && p->n_rest > 0)
			result = pack_rest(p, tree);
		if (fchdir(here) == -1)
			result = -1;
	}
	if (tree != -1)
		close(tree);
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
	if (result == -1)
		mkfs_explain(p->guest, image);
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
	int result = prepare(&p, work);

	if (result == 0)
		result = make(&p, work, image, label, uuid);
	while (p.n_sticky > 0)
		free(p.sticky[--p.n_sticky]);
	return result;
}
