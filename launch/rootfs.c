/* What a root tree must hold to live as a guest; see rootfs.h. */
#include "launch/rootfs.h"

#include <stdarg.h>
#include <stdlib.h>

#define INITTAB_NET "::sysinit:/usr/lib/lodge/lodge-net"

enum { NAMESERVERS_MAX = 3 };

static const char *const public_resolvers[] = {"9.9.9.9", "1.1.1.1"};

/* Units for hardware, clocks and addresses that a guest does not have, or that wake idle guests for nothing. */
static const char *const masked[] = {
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
    "man-db.timer",
    "getty@tty1.service",
    "hwclock-save.service",
    "systemd-networkd.service",
    "systemd-networkd.socket",
    "systemd-networkd-wait-online.service",
    "systemd-network-generator.service",
    "systemd-timesyncd.service", /* the guest reads the host's clock */
    "systemd-rfkill.socket",
    "systemd-vconsole-setup.service",
    "dev-hugepages.mount",
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "sys-kernel-config.mount",
    "modprobe@configfs.service",
    "modprobe@dm_mod.service",
    "modprobe@drm.service",
    "modprobe@efi_pstore.service",
};

static const struct {
	const char *path, *target;
} links[] = {
    {"etc/systemd/system/ctrl-alt-del.target", "/lib/systemd/system/poweroff.target"},
    {"etc/systemd/system/default.target", "/lib/systemd/system/multi-user.target"},
    {"etc/systemd/system/getty.target.wants/getty@tty0.service", "/lib/systemd/system/getty@.service"},
    {"etc/systemd/system/multi-user.target.wants/lodge-net.service", "/etc/systemd/system/lodge-net.service"},
    {"etc/systemd/system/multi-user.target.wants/lodge-up.service", "/etc/systemd/system/lodge-up.service"},
};

/* The console is reached from the host only, by those who own the disk anyway: it asks for no password. */
static const char autologin[] = "[Service]\n"
				"ExecStart=\n"
				"ExecStart=-/sbin/agetty --autologin root --noclear %I $TERM\n"
				"Environment=TERM=linux\n";

/* All that coldplug finds otherwise are 600 terminals: three seconds of a guest's boot. */
static const char coldplug[] = "[Service]\n"
			       "ExecStart=\n"
			       "ExecStart=-udevadm trigger --action=add --subsystem-match=block "
			       "--subsystem-match=net --subsystem-match=misc\n";

static char *
text_of(const char *format, ...)
{
	char *text;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	return n == -1 ? NULL : text;
}

/* Takes path and text, which may be NULL only for want of memory. */
static int
edit_add(struct edits *edits, enum edit_kind kind, unsigned mode, char *path, char *text)
{
	struct edit *list = realloc(edits->list, (edits->n + 1) * sizeof(*list));

	if (list)
		edits->list = list;
	if (!list || !path || !text) {
		free(path);
		free(text);
		return -1;
	}
	list[edits->n++] = (struct edit){kind, mode, path, text};
	return 0;
}

static int
file(struct edits *edits, const char *path, unsigned mode, char *text)
{
	return edit_add(edits, EDIT_FILE, mode, text_of("%s", path), text);
}

static int
link_to(struct edits *edits, const char *path, const char *target)
{
	return edit_add(edits, EDIT_LINK, 0, text_of("%s", path), text_of("%s", target));
}

static struct span
next_line(struct span *rest)
{
	size_t n = span_find(*rest, '\n');
	struct span line = span_first(*rest, n);

	*rest = span_from(*rest, n < rest->len ? n + 1 : n);
	return line;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct span
next_word(struct span *line)
{
	size_t from = 0, to;

	while (from < line->len && is_blank(line->ptr[from]))
		from++;
	for (to = from; to < line->len && !is_blank(line->ptr[to]); to++)
		;
	struct span word = {line->ptr + from, to - from};
	*line = span_from(*line, to);
	return word;
}

size_t
rootfs_swap_line(struct span fstab)
{
	for (size_t n = 1; fstab.len > 0; n++) {
		struct span line = next_line(&fstab);
		struct span device = next_word(&line);

		if (device.len == 0 || device.ptr[0] == '#')
			continue;
		next_word(&line);
		if (span_is(next_word(&line), "swap"))
			return n;
	}
	return 0;
}

static bool
is_reachable(const struct ip *ip)
{
	static const uint8_t loopback6[16] = {[15] = 1};

	if (ip->family == 4)
		return ip->b[0] != 127 && ip->b[0] != 0 && !(ip->b[0] == 169 && ip->b[1] == 254);
	return memcmp(ip->b, loopback6, 16) != 0 && !(ip->b[0] == 0xfe && (ip->b[1] & 0xc0) == 0x80);
}

static size_t
nameservers(struct span text, FILE *out)
{
	size_t n = 0;

	while (text.len > 0 && n < NAMESERVERS_MAX) {
		struct span line = next_line(&text);
		char printed[IP_TEXT];
		struct ip ip;

		if (!span_is(next_word(&line), "nameserver") || ip_parse(next_word(&line), &ip) == -1 ||
		    !is_reachable(&ip))
			continue;
		fprintf(out, "nameserver %s\n", ip_print(&ip, printed));
		n++;
	}
	return n;
}

char *
rootfs_resolv(const struct span resolv[2])
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (nameservers(resolv[0], out) == 0 && nameservers(resolv[1], out) == 0)
		for (size_t i = 0; i < sizeof(public_resolvers) / sizeof(*public_resolvers); i++)
			fprintf(out, "nameserver %s\n", public_resolvers[i]);
	return fclose(out) == 0 ? text : NULL;
}

/* id:levels:action:process. Kept is what concerns neither a terminal of its own nor the three keys. */
static bool
inittab_keeps(struct span line)
{
	size_t colon = span_find(line, ':');
	struct span id = span_first(line, colon), rest = line;

	if ((id.len >= 3 && memcmp(id.ptr, "tty", 3) == 0) || span_is(line, INITTAB_NET))
		return false;
	for (int i = 0; i < 2; i++) {
		colon = span_find(rest, ':');
		rest = span_from(rest, colon < rest.len ? colon + 1 : colon);
	}
	return !span_is(span_first(rest, span_find(rest, ':')), "ctrlaltdel");
}

char *
rootfs_inittab(struct span old)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	while (old.len > 0) {
		struct span line = next_line(&old);

		if (line.len > 0 && line.ptr[0] != '#' && !inittab_keeps(line))
			continue;
		fwrite(line.ptr, 1, line.len, out);
		fputs("\n", out);
	}
	fputs(INITTAB_NET "\n"
			  "tty0::respawn:-/bin/sh\n"
			  "::ctrlaltdel:/sbin/poweroff\n",
	    out);
	return fclose(out) == 0 ? text : NULL;
}

static char *
hosts_text(const struct guest *guest)
{
	return text_of("127.0.0.1 localhost\n"
		       "127.0.1.1 %s\n"
		       "::1 localhost ip6-localhost ip6-loopback\n",
	    guest->name);
}

static char *
keys_text(const struct guest *guest)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i < guest->n_ssh_keys; i++)
		fprintf(out, "%s\n", guest->ssh_keys[i]);
	return fclose(out) == 0 ? text : NULL;
}

static int
plan_systemd(const struct rootfs_facts *facts, struct edits *edits)
{
	int bad = 0;

	bad |= file(edits, "etc/machine-id", 0444, text_of("%s\n", facts->machine_id));
	bad |= file(edits, "etc/modules-load.d/lodge.conf", 0644, text_of("ipv6\nautofs4\n"));
	bad |=
	    file(edits, "etc/systemd/system/getty@tty0.service.d/lodge.conf", 0644, text_of("%s", autologin));
	bad |= file(edits, "etc/systemd/logind.conf.d/lodge.conf", 0644, text_of("[Login]\nNAutoVTs=0\n"));
	bad |= file(edits, "etc/systemd/system/systemd-udev-trigger.service.d/lodge.conf", 0644,
	    text_of("%s", coldplug));
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++)
		bad |= link_to(edits, links[i].path, links[i].target);
	for (size_t i = 0; i < sizeof(masked) / sizeof(*masked); i++)
		bad |= edit_add(
		    edits, EDIT_LINK, 0, text_of("etc/systemd/system/%s", masked[i]), text_of("/dev/null"));
	bad |= edit_add(edits, EDIT_REMOVE, 0,
	    text_of("etc/systemd/system/getty.target.wants/getty@tty1.service"), text_of(""));
	return bad;
}

int
rootfs_plan(const struct guest *guest, const struct rootfs_facts *facts, struct edits *edits)
{
	int bad = 0;

	*edits = (struct edits){0};
	bad |= file(edits, "etc/hostname", 0644, text_of("%s\n", guest->name));
	bad |= file(edits, "etc/hosts", 0644, hosts_text(guest));
	bad |= file(edits, "usr/lib/lodge/name", 0644, text_of("%s\n", guest->name));
	bad |= file(edits, "etc/fstab", 0644,
	    text_of("/dev/ubda / %s defaults,noatime 0 0\n", guest->disk.fs == DISK_XFS ? "xfs" : "ext4"));
	bad |= file(edits, "etc/resolv.conf", 0644, rootfs_resolv(facts->resolv));
	bad |= edit_add(edits, EDIT_DIR, 0700, text_of("root/.ssh"), text_of(""));
	bad |= file(edits, "root/.ssh/authorized_keys", 0600, keys_text(guest));
	if (facts->systemd)
		bad |= plan_systemd(facts, edits);
	else if (!facts->small && facts->inittab.len > 0)
		bad |= file(edits, "etc/inittab", 0644, rootfs_inittab(facts->inittab));
	if (bad)
		rootfs_free(edits);
	return bad ? -1 : 0;
}

void
rootfs_free(struct edits *edits)
{
	for (size_t i = 0; i < edits->n; i++) {
		free(edits->list[i].path);
		free(edits->list[i].text);
	}
	free(edits->list);
	*edits = (struct edits){0};
}
