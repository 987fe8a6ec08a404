/* How a guest is reached from outside; see ways.h. */
#include "cli/ways.h"
#include "conf/draft.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

/* The device of the default route; "" where there is none. */
static void
default_device(char out[CONF_IFNAME])
{
	FILE *routes = fopen("/proc/net/route", "re");
	char line[256], device[CONF_IFNAME];
	unsigned long destination;

	out[0] = '\0';
	while (routes && !out[0] && fgets(line, sizeof(line), routes))
		if (sscanf(line, "%15s %lx", device, &destination) == 2 && destination == 0)
			strcpy(out, device);
	if (routes)
		fclose(routes);
}

/* Where the world finds this host: the address of the device towards it, else its name. */
static void
host_text(const struct conf *conf, char *out, size_t room)
{
	char device[CONF_IFNAME];
	struct ifaddrs *list = NULL;
	bool found = false;

	strcpy(device, conf->wan);
	if (!device[0])
		default_device(device);
	if (getifaddrs(&list) == 0) {
		for (struct ifaddrs *i = list; i && !found; i = i->ifa_next) {
			struct ip ip = {.family = 4};

			if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET ||
			    strcmp(i->ifa_name, device) != 0)
				continue;
			memcpy(ip.b, &((struct sockaddr_in *)i->ifa_addr)->sin_addr, 4);
			ip_print(&ip, out);
			found = true;
		}
		freeifaddrs(list);
	}
	if (!found && gethostname(out, room) == -1)
		snprintf(out, room, "%s", conf->host);
}

const char *
ways_domain(const struct guest *guest)
{
	for (size_t i = 0; i < guest->n_domains; i++)
		if (guest->domains[i].kind != DOMAIN_BELOW)
			return guest->domains[i].name;
	return NULL;
}

json_t *
ways_domains_json(const struct guest *guest)
{
	json_t *names = json_array();

	for (size_t i = 0; i < guest->n_domains; i++)
		json_array_append_new(names,
		    json_sprintf("%s%s", conf_domain_prefix(guest->domains[i].kind), guest->domains[i].name));
	return names;
}

const char *
ways_ssh(const struct conf *conf, const struct guest *guest, char out[WAYS_TEXT])
{
	const char *domain = ways_domain(guest);
	unsigned port = draft_ssh_port(guest);
	char host[256];

	out[0] = '\0';
	if (port == 0)
		return out;
	host_text(conf, host, sizeof(host));
	snprintf(out, WAYS_TEXT, "ssh -p %u root@%s", port, domain ? domain : host);
	return out;
}
