/* Fits a root tree to one guest; see fit.h. */
#include "launch/fit.h"
#include "base/log.h"
#include "base/remedy.h"
#include "launch/rootfs.h"
#include "launch/source.h"
#include "base/tool.h"
#include "launch/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#define MODULES_DIR "/usr/lib/uml/modules"

enum { MODULE_ARGS = 64, INSIDE_MAX = 128 };

struct fit {
	const struct conf *conf;
	const struct guest *guest;
	int tree;
	const char *keys;
	bool small;
	struct fit_ssh ssh;
	bool own, base; /* only what is one guest's own; all but that */
};

/* What lies inside the tree is named from there, and is no path of the host. */
static int
failed(const struct fit *fit, const char *what)
{
	log_error("guest %s: %s: %s", fit->guest->name, what, remedy(errno, *what == '/' ? what : NULL));
	return -1;
}

/* Makes one key pair of the host outside the tree, then puts it in. */
static int
key_openssh(const struct fit *fit, const char *type)
{
	char from[TOOL_PATH_MAX], public[TOOL_PATH_MAX], to[INSIDE_MAX];

	tool_path(from, "%s/ssh_host_%s_key", fit->keys, type);
	tool_path(public, "%s.pub", from);
	if (tool_run(-1, NULL,
		(const char *[]){"ssh-keygen", "-q", "-t", type, "-N", "", "-C", fit->guest->name, "-f", from,
		    NULL}) == -1)
		return -1;
	snprintf(to, sizeof(to), "etc/ssh/ssh_host_%s_key", type);
	if (tree_copy(fit->tree, to, 0600, from) == -1)
		return failed(fit, to);
	snprintf(to, sizeof(to), "etc/ssh/ssh_host_%s_key.pub", type);
	return tree_copy(fit->tree, to, 0644, public) == -1 ? failed(fit, to) : 0;
}

static int
key_dropbear(const struct fit *fit, const char *type)
{
	char from[TOOL_PATH_MAX], to[INSIDE_MAX];

	tool_path(from, "%s/dropbear_%s_host_key", fit->keys, type);
	snprintf(to, sizeof(to), "etc/dropbear/dropbear_%s_host_key", type);
	if (tool_run(-1, NULL, (const char *[]){"dropbearkey", "-t", type, "-f", from, NULL}) == -1)
		return -1;
	return tree_copy(fit->tree, to, 0600, from) == -1 ? failed(fit, to) : 0;
}

static struct fit_ssh
ssh_of(int tree)
{
	return (struct fit_ssh){
	    .openssh = tree_has(tree, "usr/sbin/sshd") || tree_has(tree, "usr/bin/sshd"),
	    .dropbear = tree_has(tree, "usr/sbin/dropbear"),
	};
}

static int
fit_keys(const struct fit *fit)
{
	static const char *const types[] = {"ed25519", "ecdsa", "rsa"};

	if (!fit->ssh.dropbear && !fit->ssh.openssh)
		log_warn("guest %s: neither OpenSSH nor dropbear in the tree: nobody can log in by SSH",
		    fit->guest->name);
	if (fit->guest->n_ssh_keys == 0)
		log_warn("guest %s: no ssh-keys in the file: nobody can log in by SSH", fit->guest->name);
	for (size_t i = 0; fit->ssh.openssh && i < 3; i++)
		if (key_openssh(fit, types[i]) == -1)
			return -1;
	for (size_t i = 0; fit->ssh.dropbear && i < 2; i++) /* an RSA key takes dropbear seconds */
		if (key_dropbear(fit, types[i]) == -1)
			return -1;
	return 0;
}

/* Parts of the kernel's modules that a guest has a use for; the rest drives hardware it has not. */
static const char *const useful[] = {"kernel/net/ipv4", "kernel/net/ipv6", "kernel/net/netfilter",
    "kernel/net/bridge", "kernel/net/8021q", "kernel/net/802", "kernel/net/llc", "kernel/net/sched",
    "kernel/net/key", "kernel/net/xfrm", "kernel/drivers/net/wireguard", "kernel/drivers/net/tun.ko",
    "kernel/drivers/net/veth.ko", "kernel/drivers/net/dummy.ko", "kernel/drivers/net/macvlan.ko",
    "kernel/drivers/net/vxlan", "kernel/fs/autofs", "kernel/fs/fuse", "kernel/fs/overlayfs",
    "kernel/fs/squashfs", "kernel/fs/isofs", "kernel/fs/nls", "kernel/drivers/block/loop.ko", "kernel/lib",
    "kernel/crypto", "kernel/arch", NULL};
static const char *const useful_small[] = {"kernel/net/ipv6/ipv6.ko", "kernel/lib/crc-ccitt.ko", NULL};
static const char *const indexes[] = {"modules.dep", "modules.dep.bin", "modules.alias", "modules.alias.bin",
    "modules.symbols", "modules.symbols.bin", "modules.softdep", "modules.order", "modules.devname",
    "modules.builtin", "modules.builtin.bin", "modules.builtin.modinfo", "modules.builtin.alias.bin", NULL};

_Static_assert(
    (sizeof(useful) + sizeof(indexes)) / sizeof(*useful) + 4 <= MODULE_ARGS, "room for all arguments of cp");

/* Those of the parts that this kernel has. */
static size_t
add_existing(int source, const char *const *parts, const char **argv, size_t n)
{
	for (; *parts; parts++)
		if (faccessat(source, *parts, F_OK, 0) == 0)
			argv[n++] = *parts;
	return n;
}

/* An empty directory for them, whatever lay there: links below it could lead cp out of the tree. */
static int
modules_dir(const struct fit *fit, const char *version)
{
	char to[INSIDE_MAX];
	int parent = tree_mkdir(fit->tree, "usr/lib/modules"), result;

	if (parent == -1)
		return -1;
	result =
	    tool_run(parent, NULL, (const char *[]){"rm", "-rf", "--one-file-system", "--", version, NULL});
	close(parent);
	if (result == -1)
		return -1;
	snprintf(to, sizeof(to), "usr/lib/modules/%s", version);
	return tree_mkdir(fit->tree, to);
}

static int
modules_copy(const struct fit *fit, int source, const char *version)
{
	const char *argv[MODULE_ARGS] = {"cp", "-a", "--parents"};
	char target[64];
	size_t n = 3;
	int dir = modules_dir(fit, version), result;

	if (dir == -1)
		return failed(fit, "usr/lib/modules");
	n = add_existing(source, fit->small ? useful_small : useful, argv, n);
	n = add_existing(source, indexes, argv, n);
	/* By descriptor: a path through the tree may go anywhere. */
	snprintf(target, sizeof(target), "/proc/%d/fd/%d", getpid(), dir);
	argv[n] = target;
	result = tool_run(source, NULL, argv);
	close(dir);
	return result;
}

static int
fit_modules(const struct fit *fit)
{
	char version[64], from[TOOL_PATH_MAX];
	int source, result;

	if (tool_line((const char *[]){fit->conf->kernel, "--version", NULL}, version, sizeof(version)) ==
		-1 ||
	    strchr(version, '/') || version[0] == '.') {
		log_warn("guest %s: %s does not tell its version: the image gets no kernel modules",
		    fit->guest->name, fit->conf->kernel);
		return 0;
	}
	tool_path(from, "%s/%s", MODULES_DIR, version);
	source = tree_open(from);
	if (source == -1)
		return errno == ENOENT ? 0 : failed(fit, from); /* a kernel with everything built in */
	result = modules_copy(fit, source, version);
	close(source);
	return result;
}

static int
machine_id(char out[33])
{
	unsigned char b[16];

	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		return -1;
	for (size_t i = 0; i < sizeof(b); i++)
		snprintf(out + 2 * i, 3, "%02x", b[i]);
	return 0;
}

static int
edits_do(const struct fit *fit, const struct rootfs_facts *facts)
{
	struct edits edits;
	int result =
	    fit->own ? rootfs_plan_own(fit->guest, facts, &edits) : rootfs_plan(fit->guest, facts, &edits);

	if (result == -1)
		return failed(fit, "planning its files");
	for (size_t i = 0; i < edits.n && result == 0; i++)
		if (tree_edit(fit->tree, &edits.list[i]) == -1)
			result = failed(fit, edits.list[i].path);
	edits_free(&edits);
	return result;
}

/* Empty where it cannot be read; *text is the caller's to free. */
static struct span
text_of(int at, const char *path, char **text)
{
	size_t len = 0;

	*text = tree_read(at, path, &len);
	return span_of(*text ? *text : "", *text ? len : 0);
}

static int
fit_files(const struct fit *fit)
{
	struct rootfs_facts facts = {.small = fit->small};
	char id[33], *texts[3];
	int host = tree_open("/"), result;

	if (host == -1 || machine_id(id) == -1)
		return failed(fit, "reading the host");
	facts.machine_id = fit->base ? "" : id;
	facts.systemd =
	    tree_has(fit->tree, "usr/lib/systemd/systemd") || tree_has(fit->tree, "lib/systemd/systemd");
	facts.dpkg = tree_has(fit->tree, "var/lib/dpkg/status");
	facts.inittab = text_of(fit->tree, "etc/inittab", &texts[0]);
	facts.resolv[0] = text_of(host, "etc/resolv.conf", &texts[1]);
	facts.resolv[1] = text_of(host, "run/systemd/resolve/resolv.conf", &texts[2]);
	if (!fit->own && !facts.systemd && facts.inittab.len == 0)
		log_warn("guest %s: no systemd and no /etc/inittab in the tree: let its init run "
			 "/usr/lib/lodge/lodge-net at boot",
		    fit->guest->name);
	result = edits_do(fit, &facts);
	for (size_t i = 0; i < 3; i++)
		free(texts[i]);
	close(host);
	return result;
}

/* What lies in launch/base and goes into guests as it is. */
static int
fit_scripts(const struct fit *fit)
{
	static const struct {
		const char *name, *to;
		unsigned mode;
	} files[] = {
	    {"lodge-net", "usr/lib/lodge/lodge-net", 0755},
	    {"lodge-net.service", "etc/systemd/system/lodge-net.service", 0644},
	    {"lodge-up.service", "etc/systemd/system/lodge-up.service", 0644},
	};
	const char *base = source_base();
	char from[TOOL_PATH_MAX];

	if (!base)
		return -1;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		if (i > 0 && !tree_has(fit->tree, "etc/systemd/system"))
			continue;
		if (tree_copy(fit->tree, files[i].to, files[i].mode,
			tool_path(from, "%s/%s", base, files[i].name)) == -1)
			return failed(fit, from);
	}
	return 0;
}

int
fit_tree(const struct conf *conf, const struct guest *guest, int tree, const char *keys)
{
	bool small = source_of(guest->disk.from) == SOURCE_SMALL;
	struct fit fit = {conf, guest, tree, keys, small, .ssh = ssh_of(tree)};

	if (fit_files(&fit) == -1 || fit_scripts(&fit) == -1 || fit_keys(&fit) == -1)
		return -1;
	return fit_modules(&fit);
}

int
fit_base(const struct conf *conf, const struct guest *guest, int tree, struct fit_ssh *ssh)
{
	struct fit fit = {
	    conf, guest, tree, .small = source_of(guest->disk.from) == SOURCE_SMALL, .base = true};

	*ssh = ssh_of(tree);
	if (fit_files(&fit) == -1 || fit_scripts(&fit) == -1)
		return -1;
	return fit_modules(&fit);
}

int
fit_own(const struct conf *conf, const struct guest *guest, int tree, const char *keys, struct fit_ssh ssh)
{
	struct fit fit = {conf, guest, tree, keys, .ssh = ssh, .own = true};

	return fit_files(&fit) == -1 ? -1 : fit_keys(&fit);
}
