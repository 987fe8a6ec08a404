/* What a root tree must hold to live as a guest; see rootfs.h. */
#include "launch/rootfs.h"

#include <stdio.h>

#define INITTAB_NET "::sysinit:/usr/lib/lodge/lodge-net"

enum { NAMESERVERS_MAX = 3 };

static const char *const public_resolvers[] = {"9.9.9.9", "1.1.1.1"};

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
	return edit_text("127.0.0.1 localhost\n"
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
plan_own(const struct guest *guest, const struct rootfs_facts *facts, struct edits *edits)
{
	int bad = 0;

	bad |= edit_file(edits, "etc/hostname", 0644, edit_text("%s\n", guest->name));
	bad |= edit_file(edits, "etc/hosts", 0644, hosts_text(guest));
	bad |= edit_file(edits, "usr/lib/lodge/name", 0644, edit_text("%s\n", guest->name));
	bad |= edit_file(edits, "etc/resolv.conf", 0644, rootfs_resolv(facts->resolv));
	bad |= edit_dir(edits, "root/.ssh", 0700);
	bad |= edit_file(edits, "root/.ssh/authorized_keys", 0600, keys_text(guest));
	return bad;
}

int
rootfs_plan_own(const struct guest *guest, const struct rootfs_facts *facts, struct edits *edits)
{
	int bad;

	*edits = (struct edits){0};
	bad = plan_own(guest, facts, edits);
	if (bad)
		edits_free(edits);
	return bad ? -1 : 0;
}

int
rootfs_plan(const struct guest *guest, const struct rootfs_facts *facts, struct edits *edits)
{
	const char *fs = guest->disk.fs == DISK_XFS ? "xfs" : "ext4";
	int bad;

	*edits = (struct edits){0};
	bad = plan_own(guest, facts, edits);
	bad |= edit_file(edits, "etc/fstab", 0644, edit_text("/dev/ubda / %s defaults,noatime 0 0\n", fs));
	if (facts->systemd)
		bad |= rootfs_systemd(facts, edits);
	else if (!facts->small && facts->inittab.len > 0)
		bad |= edit_file(edits, "etc/inittab", 0644, rootfs_inittab(facts->inittab));
	if (bad)
		edits_free(edits);
	return bad ? -1 : 0;
}
