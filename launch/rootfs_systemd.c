/* What a systemd in a tree is told, so that it boots as a guest's and boots soon; see rootfs.h. */
#include "launch/rootfs.h"

#include <stdio.h>

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
    "systemd-random-seed.service", /* the guest's kernel asks the host's */
    "systemd-repart.service", /* one disk, one filesystem; and it would load modules before it sees that */
    "dev-hugepages.mount",
    "sys-fs-fuse-connections.mount", /* would load fuse into every guest; who mounts one gets it */
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "sys-kernel-config.mount",
    "modprobe@configfs.service",
    "modprobe@dm_mod.service",
    "modprobe@drm.service",
    "modprobe@efi_pstore.service",
};

/*
 * Programs that systemd runs at each boot and each reload to look for what no guest has: another disk, a disk to wake
 * up from, a boot loader, words of the kernel's command line, which is the host's. Its consoles are told below.
 */
static const char *const generators[] = {
    "systemd-bless-boot-generator",
    "systemd-debug-generator",
    "systemd-getty-generator",
    "systemd-gpt-auto-generator",
    "systemd-hibernate-resume-generator",
    "systemd-integritysetup-generator",
    "systemd-run-generator",
    "systemd-veritysetup-generator",
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

static const struct {
	const char *path, *text;
} files[] = {
    {"etc/modules-load.d/lodge.conf", "ipv6\nautofs4\n"},
    {"etc/systemd/logind.conf.d/lodge.conf", "[Login]\nNAutoVTs=0\n"},
    /* The console is reached from the host only, by those who own the disk anyway: it asks for no password. */
    {"etc/systemd/system/getty@tty0.service.d/lodge.conf",
	"[Service]\n"
	"ExecStart=\n"
	"ExecStart=-/sbin/agetty --autologin root --noclear %I $TERM\n"
	"Environment=TERM=linux\n"},
    /* All that coldplug finds otherwise are 600 terminals: three seconds of a guest's boot. */
    {"etc/systemd/system/systemd-udev-trigger.service.d/lodge.conf",
	"[Service]\n"
	"ExecStart=\n"
	"ExecStart=-udevadm trigger --action=add --subsystem-match=block "
	"--subsystem-match=net --subsystem-match=misc\n"},
    /* Of a mistake in its file sshd tells at its start, too: no second one that only looks for it. */
    {"etc/systemd/system/ssh.service.d/lodge.conf", "[Service]\nExecStartPre=\n"},
    /* Nobody logs in before there is a door. */
    {"etc/systemd/system/systemd-logind.service.d/lodge.conf", "[Unit]\nAfter=ssh.service sshd.service\n"},
};

static int
to_nothing(struct edits *edits, const char *folder, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return edit_link(edits, path, "/dev/null");
}

int
rootfs_systemd(const struct rootfs_facts *facts, struct edits *edits)
{
	int bad = edit_file(
	    edits, "etc/machine-id", 0444, edit_text(*facts->machine_id ? "%s\n" : "", facts->machine_id));

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		bad |= edit_file(edits, files[i].path, 0644, edit_text("%s", files[i].text));
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++)
		bad |= edit_link(edits, links[i].path, links[i].target);
	for (size_t i = 0; i < sizeof(masked) / sizeof(*masked); i++)
		bad |= to_nothing(edits, "etc/systemd/system", masked[i]);
	for (size_t i = 0; i < sizeof(generators) / sizeof(*generators); i++)
		bad |= to_nothing(edits, "etc/systemd/system-generators", generators[i]);
	if (facts->dpkg) /* packages make their users when they are installed, not at each boot */
		bad |= to_nothing(edits, "etc/systemd/system", "systemd-sysusers.service");
	return bad | edit_remove(edits, "etc/systemd/system/getty.target.wants/getty@tty1.service");
}
