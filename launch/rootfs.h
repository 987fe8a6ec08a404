/*
 * What a root tree must hold to live as a guest, as a list of edits. A core: it is told what the tree and the host
 * look like and answers with what to write; tree.h does it.
 */
#ifndef LAUNCH_ROOTFS_H
#define LAUNCH_ROOTFS_H

#include "base/span.h"
#include "conf/conf.h"
#include "launch/edit.h"

/* What the tree and the host look like. */
struct rootfs_facts {
	bool systemd;
	bool dpkg; /* its programs come as Debian's packages */
	bool small; /* the built-in guest, whose own inittab is made for lodge */
	struct span inittab; /* of a tree without systemd; empty: it has none */
	struct span resolv[2]; /* the host's resolv.conf, and the one behind a local resolver */
	const char *machine_id; /* 32 hex digits, fresh; "" for a base: each guest's first boot finds one */
};

/* In the order to be done. -1: no memory; *edits is then empty. */
int rootfs_plan(const struct guest *, const struct rootfs_facts *, struct edits *);
/* Of these what no two guests have alike, for one whose base has the rest. */
int rootfs_plan_own(const struct guest *, const struct rootfs_facts *, struct edits *);
/* Of it, what a systemd is told. */
int rootfs_systemd(const struct rootfs_facts *, struct edits *);

/* Line of the first swap entry of an fstab (type swap), counted from 1; 0: none. */
size_t rootfs_swap_line(struct span fstab);

/*
 * A resolv.conf for a guest: the first text's nameservers that a guest can reach (no loopback, no link-local), else the
 * second's, else public ones; at most three, as resolv.conf(5) has it. The caller frees; NULL: no memory.
 */
char *rootfs_resolv(const struct span resolv[2]);

/* The inittab without consoles other than tty0, with lodge-net at boot and ctrl-alt-del as poweroff. */
char *rootfs_inittab(struct span);

#endif
