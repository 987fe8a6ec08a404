/* `lodge init`: looks at this host and writes a first file for it; what to write decides first.h. */
#include "base/log.h"
#include "base/sys.h"
#include "cli/cli.h"
#include "cli/first.h"
#include "conf/host.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEBIANS_KERNEL "/usr/bin/linux.uml"
#define BUILT_KERNELS "/var/lib/lodge/kernels"

enum { REDIS_PORT = 6379 };

static void
add_net(struct site *site, uint32_t address, uint32_t mask)
{
	struct net *net = &site->nets[site->n_nets];

	if (site->n_nets == SITE_NETS || !mask)
		return;
	*net = (struct net){.ip = {.family = 4}, .bits = (uint8_t)__builtin_popcount(mask)};
	address &= mask;
	memcpy(net->ip.b, &address, sizeof(address));
	site->n_nets++;
}

/* All routes of the main table, in the kernel's byte order. */
static void
look_at_routes(struct site *site)
{
	FILE *routes = fopen("/proc/net/route", "re");
	char line[256], device[CONF_IFNAME];
	unsigned to, mask;

	while (routes && fgets(line, sizeof(line), routes)) {
		if (sscanf(line, "%15s %x %*s %*s %*s %*s %*s %x", device, &to, &mask) != 3)
			continue;
		if (to == 0 && mask == 0 && !site->wan[0])
			strcpy(site->wan, device);
		add_net(site, to, mask);
	}
	if (routes)
		fclose(routes);
}

static void
look_at_address6(struct site *site, const struct ifaddrs *i)
{
	const struct in6_addr *address = &((struct sockaddr_in6 *)i->ifa_addr)->sin6_addr;
	const struct in6_addr *mask = &((struct sockaddr_in6 *)i->ifa_netmask)->sin6_addr;
	struct ip own = {.family = 6};
	unsigned bits = 0;

	/* 2000::/3, what the world routes. */
	if (strcmp(i->ifa_name, site->wan) != 0 || (address->s6_addr[0] & 0xe0) != 0x20 ||
	    ip_is_set(&site->net6.ip))
		return;
	memcpy(own.b, address, sizeof(*address));
	for (int k = 0; k < 16; k++)
		bits += (unsigned)__builtin_popcount(mask->s6_addr[k]);
	if (bits > 64)
		return;
	site->own6 = own;
	site->net6 = (struct net){.ip = own, .bits = 64};
	memset(site->net6.ip.b + 8, 0, 8);
}

static void
look_at_addresses(struct site *site)
{
	struct ifaddrs *list = NULL;

	if (getifaddrs(&list) == -1)
		return;
	for (struct ifaddrs *i = list; i; i = i->ifa_next) {
		if (!i->ifa_addr || !i->ifa_netmask)
			continue;
		if (i->ifa_addr->sa_family == AF_INET)
			add_net(site, ((struct sockaddr_in *)i->ifa_addr)->sin_addr.s_addr,
			    ((struct sockaddr_in *)i->ifa_netmask)->sin_addr.s_addr);
		else if (i->ifa_addr->sa_family == AF_INET6)
			look_at_address6(site, i);
	}
	freeifaddrs(list);
}

static bool
is_redis(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(REDIS_PORT)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool yes;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	yes = fd != -1 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0;
	if (fd != -1)
		close(fd);
	return yes;
}

static int
is_kernel(const struct dirent *entry)
{
	return strncmp(entry->d_name, "linux-", 6) == 0;
}

/* The newest that `kernel build` made, else Debian's. */
static void
look_for_kernel(struct site *site)
{
	struct dirent **entries;
	int n = scandir(BUILT_KERNELS, &entries, is_kernel, versionsort);

	if (n > 0)
		snprintf(site->kernel, sizeof(site->kernel), BUILT_KERNELS "/%s", entries[n - 1]->d_name);
	for (int i = 0; i < n; i++)
		free(entries[i]);
	if (n >= 0)
		free(entries);
	if (access(site->kernel, X_OK) == -1)
		snprintf(site->kernel, sizeof(site->kernel), "%s",
		    access(DEBIANS_KERNEL, X_OK) == 0 ? DEBIANS_KERNEL : "");
}

static void
look(struct site *site)
{
	static const uint8_t protos[DOORS] = {PROTO_TCP, PROTO_TCP, PROTO_UDP};
	static const unsigned ports[DOORS] = {80, 443, 443};
	struct host_facts facts;

	*site = (struct site){0};
	host_learn(&facts);
	look_at_routes(site);
	look_at_addresses(site);
	for (size_t i = 0; i < facts.host.n_listening; i++)
		for (int door = 0; door < DOORS; door++)
			site->held[door] |= facts.listening[i].lo <= ports[door] &&
					    ports[door] <= facts.listening[i].hi &&
					    (facts.listening[i].proto & protos[door]);
	site->redis = is_redis();
	site->redis_server = access("/usr/bin/redis-server", X_OK) == 0;
	site->account = facts.host.account != NULL;
	site->memory_bytes = facts.host.guest_room_bytes && facts.host.guest_room_bytes < facts.host.ram_bytes
				 ? facts.host.guest_room_bytes
				 : facts.host.ram_bytes;
	look_for_kernel(site);
	host_free(&facts);
}

/* Whole, readable for all, and never over another one. */
static int
write_file(const char *path, const struct site *site, const struct first *first)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	FILE *to = fd == -1 ? NULL : fdopen(fd, "w");
	bool good;

	if (!to && errno == EEXIST)
		return cli_fail(EXIT_INPUT,
		    "%s is there already and stays as it is; lodge init -n shows what would be new", path);
	if (!to && (errno == EACCES || errno == EPERM))
		return cli_fail(
		    EXIT_PERMISSION, "%s is root's to write; sudo lodge init, or lodge init -n", path);
	if (!to && errno == ENOENT)
		return cli_fail(
		    EXIT_SYSTEM, "%s: its folder is not there; make it, or name another file with -c", path);
	if (!to)
		return cli_errno(path);
	first_print(site, first, to);
	good = fflush(to) == 0 && fsync(fd) == 0;
	if (fclose(to) == 0 && good)
		return EXIT_DONE;
	unlink(path);
	return cli_errno(path);
}

static int
check(const char *path)
{
	struct conf_errors errors;
	struct conf conf;
	int bad = conf_load_strict(path, &conf, &errors), status = cli_report(&errors);

	conf_errors_free(&errors);
	conf_free(&conf);
	if (bad != -1)
		return EXIT_DONE;
	unlink(path);
	return status;
}

int
cmd_init(const struct said *said)
{
	bool dry = said_has(said, "--dry-run");
	struct first first;
	struct site site;
	int status;

	look(&site);
	first_plan(&site, &first);
	if (!ip_is_set(&first.network.ip))
		return cli_fail(EXIT_SYSTEM,
		    "every private network is routed here; write network: by hand, man lodge.yaml");
	if (dry) {
		first_tell(&site, &first, stderr);
		first_print(&site, &first, stdout);
		return EXIT_DONE;
	}
	if (strcmp(said->file, SYS_CONF_FILE) == 0 && mkdir("/etc/lodge", 0755) == -1 && errno == EACCES)
		return cli_fail(
		    EXIT_PERMISSION, "/etc/lodge is root's to make; sudo lodge init, or lodge init -n");
	status = write_file(said->file, &site, &first);
	if (status == EXIT_DONE)
		status = check(said->file);
	if (status != EXIT_DONE)
		return status;
	first_tell(&site, &first, stderr);
	printf("%s is written\n%s\n", said->file,
	    site.kernel[0] ? "next: lodge doctor, then lodge guest create NAME" : "next: lodge kernel build");
	return EXIT_DONE;
}
