/* Taps: made, changed and deleted; see tap.h. */
#include "natd/tap.h"
#include "base/log.h"
#include "natd/complain.h"
#include "natd/linksock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int
set_link(struct link *link, const char *name, const struct tap_value *value, bool up)
{
	struct nlmsghdr *request = link_request(link, RTM_NEWLINK, NLM_F_ACK);
	struct ifinfomsg *head = mnl_nlmsg_put_extra_header(request, sizeof(*head));

	head->ifi_flags = up ? IFF_UP : 0;
	head->ifi_change = up ? IFF_UP : 0;
	mnl_attr_put_strz(request, IFLA_IFNAME, name);
	mnl_attr_put_strz(request, IFLA_IFALIAS, value->alias);
	return link_ask(link, NULL, NULL);
}

/*
 * Attached to the tap, new or there. The flags are those with which the launcher attaches: a guest may then
 * use segmentation offload. -1: errno, EBUSY when somebody else is attached.
 */
static int
attach(const char *name)
{
	struct ifreq ifr = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	int saved;

	if (fd == -1)
		return -1;
	memcpy(ifr.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
	if (ioctl(fd, TUNSETIFF, &ifr) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/* Persistence comes last: until then the tap goes with the descriptor, so none is left without its alias. */
int
tap_add(struct link *link, const struct fact *fact)
{
	struct tap_value value;
	int fd = attach(fact->name), saved;

	memcpy(&value, fact->value, sizeof(value));
	if (fd == -1)
		return -1;
	if (set_link(link, fact->name, &value, false) == 0 &&
	    ioctl(fd, TUNSETOWNER, (unsigned long)value.uid) == 0 && ioctl(fd, TUNSETPERSIST, 1UL) == 0) {
		close(fd);
		return set_link(link, fact->name, &value, true);
	}
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static int
change_owner(struct link *link, const char *name, uint32_t uid)
{
	int fd = attach(name), error;

	if (fd == -1 && errno == EBUSY) {
		complain(log_warn, "%s keeps its owner until its guest stops", name);
		link->n_waiting++;
		return 0;
	}
	if (fd == -1)
		return -1;
	error = ioctl(fd, TUNSETOWNER, (unsigned long)uid);
	close(fd);
	return error;
}

int
tap_change(struct link *link, const struct fact *have, const struct fact *want)
{
	struct tap_value old, new;

	memcpy(&old, have->value, sizeof(old));
	memcpy(&new, want->value, sizeof(new));
	if (old.uid != new.uid && change_owner(link, want->name, new.uid) == -1)
		return -1;
	/* The kernel tells of each setting, also of one that changes nothing: we would wake ourselves for ever. */
	if (old.up == new.up && strcmp(old.alias, new.alias) == 0)
		return 0;
	return set_link(link, want->name, &new, true);
}

int
tap_delete(struct link *link, const struct fact *fact)
{
	struct nlmsghdr *request = link_request(link, RTM_DELLINK, NLM_F_ACK);

	mnl_nlmsg_put_extra_header(request, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(request, IFLA_IFNAME, fact->name);
	return link_ask(link, NULL, NULL);
}
