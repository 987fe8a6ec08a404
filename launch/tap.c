/* A guest's end of its tap; see tap.h. */
#include "launch/tap.h"
#include "launch/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { VIRTIO_HEADER = 10 };

/* A tap that another driver had before keeps its offloads: always say which. */
static int
set_shape(int fd, bool header)
{
	int size = VIRTIO_HEADER;

	if (!header)
		return ioctl(fd, TUNSETOFFLOAD, 0);
	if (ioctl(fd, TUNSETVNETHDRSZ, &size) == -1)
		return -1;
	return ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6);
}

static int
take(const char *name, bool header)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC), saved;

	if (fd == -1)
		return -1;
	if (header)
		request.ifr_flags |= IFF_VNET_HDR;
	memcpy(request.ifr_name, name, strlen(name));
	if (ioctl(fd, TUNSETIFF, &request) == 0 && set_shape(fd, header) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

int
tap_attach(const char *name, enum uplink uplink)
{
	/* TUNSETIFF would make the missing one, and lodge-natd's would then not be it. */
	if (strlen(name) >= IFNAMSIZ || if_nametoindex(name) == 0) {
		errno = ENODEV;
		return -1;
	}
	return take(name, uplink == UPLINK_VEC);
}

int
tap_try(void)
{
	return take("lodge-trial", true);
}

void
tap_explain(const char *name, int error, char *why)
{
	if (error == ENODEV)
		launch_why(why, "%s does not exist: start lodge-natd", name);
	else if (error == EBUSY)
		launch_why(why, "%s is held by another process: is this guest running already?", name);
	else if (error == EINVAL)
		launch_why(why, "%s is there, but is no tap; remove it and start lodge-natd", name);
	else
		launch_why(why, "%s: %s; /dev/net/tun and CAP_NET_ADMIN are needed", name, strerror(error));
}
