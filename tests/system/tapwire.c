/*
 * A guest's other end for tests: carries frames between the tap of a guest and a tap of a namespace that plays the
 * guest, offloads on, so that the two stacks send each other whole super-frames. Until it is killed.
 * usage: tapwire TAP NAMESPACE NAME	makes NAME inside NAMESPACE
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Whole UDP super-frames, from Linux 6.2 on. */
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

static void
die(const char *what)
{
	fprintf(stderr, "tapwire: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int
tap_attach(const char *name)
{
	struct ifreq ifr = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), size = 10;
	unsigned tcp = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;

	strncpy(ifr.ifr_name, name, IFNAMSIZ - 1);
	if (fd == -1 || ioctl(fd, TUNSETIFF, &ifr) == -1 || ioctl(fd, TUNSETVNETHDRSZ, &size) == -1 ||
	    (ioctl(fd, TUNSETOFFLOAD, tcp | TUN_F_USO4 | TUN_F_USO6) == -1 &&
		ioctl(fd, TUNSETOFFLOAD, tcp) == -1))
		die(name);
	return fd;
}

static void
carry(int from, int to)
{
	static char frame[1 << 17];

	for (;;) {
		ssize_t n = read(from, frame, sizeof(frame));

		if (n <= 0)
			return;
		if (write(to, frame, (size_t)n) == -1 && errno != EINVAL && errno != EAGAIN && errno != EIO)
			die("write");
	}
}

int
main(int argc, char **argv)
{
	struct pollfd fds[2] = {{.events = POLLIN}, {.events = POLLIN}};
	int ns;

	if (argc != 4) {
		fputs("usage: tapwire TAP NAMESPACE NAME\n", stderr);
		return 2;
	}
	fds[0].fd = tap_attach(argv[1]);
	ns = open(argv[2], O_RDONLY | O_CLOEXEC);
	if (ns == -1 || setns(ns, CLONE_NEWNET) == -1)
		die(argv[2]);
	fds[1].fd = tap_attach(argv[3]);
	for (;;) {
		if (poll(fds, 2, -1) == -1 && errno != EINTR)
			die("poll");
		carry(fds[0].fd, fds[1].fd);
		carry(fds[1].fd, fds[0].fd);
	}
}
