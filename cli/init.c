/* `lodge init`: looks at this host and writes a first file for it; what to write decides first.h. */
#include "base/log.h"
#include "base/remedy.h"
#include "base/sys.h"
#include "cli/cli.h"
#include "cli/first.h"
#include "cli/next.h"
#include "conf/host.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <limits.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEBIANS_KERNEL "/usr/bin/linux.uml"
#define BUILT_KERNELS "/var/lib/lodge/kernels"

enum { INIT_VERSION = 1, REDIS_PORT = 6379 };

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
look(struct site *site, const struct host_facts *facts)
{
	const struct conf_host *host = &facts->host;

	*site = (struct site){.listening = host->listening, .n_listening = host->n_listening};
	look_at_routes(site);
	look_at_addresses(site);
	site->redis = is_redis();
	site->redis_server = access("/usr/bin/redis-server", X_OK) == 0;
	site->account = host->account != NULL;
	site->memory_bytes = host->guest_room_bytes && host->guest_room_bytes < host->ram_bytes
				 ? host->guest_room_bytes
				 : host->ram_bytes;
	look_for_kernel(site);
}

/* "lodge", with the file where that is not the usual one: what the next commands begin with. */
static const char *
lodge_with(const char *file, char out[PATH_MAX])
{
	snprintf(out, PATH_MAX, strcmp(file, SYS_CONF_FILE) == 0 ? "lodge" : "lodge -c %s", file);
	return out;
}

static int
fail_to_write(const char *file, const char *path)
{
	char lodge[PATH_MAX];
	int error = errno;

	lodge_with(file, lodge);
	if (error == EEXIST)
		return cli_fail(EXIT_INPUT,
		    "%s is there already and stays as it is; %s init -n shows what would be new", path,
		    lodge);
	if (remedy_is_right(error) && geteuid() != 0)
		return cli_fail(EXIT_PERMISSION, "%s is not yours to write; sudo %s init, or %s init -n",
		    path, lodge, lodge);
	if (error == ENOENT)
		return cli_fail(
		    EXIT_SYSTEM, "%s: its folder is not there; make it, or name another file with -c", path);
	return cli_fail(EXIT_SYSTEM, "%s: %s; name another file with -c", path, strerror(error));
}

/* Whole, readable for all, and never over another one. */
static int
write_file(const char *path, const struct site *site, const struct first *first)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	FILE *to = fd == -1 ? NULL : fdopen(fd, "w");
	bool good;

	if (!to)
		return fail_to_write(path, path);
	first_print(site, first, to);
	good = fflush(to) == 0 && fsync(fd) == 0;
	if (fclose(to) == 0 && good)
		return EXIT_DONE;
	fail_to_write(path, path);
	unlink(path);
	return EXIT_SYSTEM;
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

static void
tell_next(const char *file, const struct site *site, FILE *to)
{
	char lodge[PATH_MAX], unit[NEXT_TEXT];

	lodge_with(file, lodge);
	fprintf(to, "%s is written\nnext: ", file);
	if (!site->kernel[0])
		fprintf(to, "%s kernel build, then ", lodge);
	if (next_units_read(file))
		fprintf(to,
		    "%s doctor; %s starts the programs, %s guest create NAME makes a guest, and %s starts "
		    "it\n"
		    "the page: take the # from web: in %s, then systemctl enable --now lodge-web\n",
		    lodge, next_command(true), lodge, next_guest_unit("NAME", unit), file);
	else
		fprintf(to, "%s doctor; %s up starts all, and %s guest create NAME makes a guest\n", lodge,
		    lodge, lodge);
}

static int
write_first(const char *file, const struct site *site, const struct first *first, FILE *to)
{
	int status;

	if (strcmp(file, SYS_CONF_FILE) == 0 && mkdir("/etc/lodge", 0755) == -1 && errno != EEXIST)
		return fail_to_write(file, "/etc/lodge");
	status = write_file(file, site, first);
	if (status == EXIT_DONE)
		status = check(file);
	if (status != EXIT_DONE)
		return status;
	first_tell(site, first, stderr);
	tell_next(file, site, to);
	return EXIT_DONE;
}

static json_t *
net_json(const struct net *net)
{
	char text[NET_TEXT];

	return ip_is_set(&net->ip) ? json_string(net_print(net, text)) : json_null();
}

static json_t *
port_json(unsigned port)
{
	return port ? json_integer(port) : json_null();
}

static int
print_json(int status, const char *file, bool written, const struct site *site, const struct first *first)
{
	return cli_json(status,
	    json_pack("{s:i, s:o, s:b, s:s?, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:s, s:I}", "version",
		INIT_VERSION, "file", cli_json_text(file), "written", written, "wan",
		site->wan[0] ? site->wan : NULL, "network", net_json(&first->network), "network6",
		net_json(&first->network6), "http", port_json(first->ports[DOOR_HTTP]), "tls",
		port_json(first->ports[DOOR_TLS]), "quic", port_json(first->ports[DOOR_QUIC]), "redis_server",
		site->redis_server, "kernel", cli_json_text(site->kernel[0] ? site->kernel : NULL), "user",
		site->account ? "lodge" : "nobody", "guests", (json_int_t)first->guests));
}

int
cmd_init(const struct said *said)
{
	bool dry = said_has(said, "--dry-run"), json = said_has(said, "--json");
	int status = EXIT_DONE;
	struct host_facts facts;
	struct first first;
	struct site site;

	host_learn(&facts);
	look(&site, &facts);
	first_plan(&site, &first);
	if (!ip_is_set(&first.network.ip)) {
		status = cli_fail(EXIT_SYSTEM,
		    "every private network is routed here; write network: by hand, man lodge.yaml");
	} else if (dry) {
		first_tell(&site, &first, stderr);
		if (!json)
			first_print(&site, &first, stdout);
	} else {
		status = write_first(said->file, &site, &first, json ? stderr : stdout);
	}
	if (json)
		status = print_json(status, said->file, status == EXIT_DONE && !dry, &site, &first);
	host_free(&facts);
	return status;
}
