/*
 * The one configuration file as one plain value: the vocabulary of the whole house.
 *
 *   load.c  paths and includes → texts     (the only I/O)
 *   parse.c texts → struct conf, or every mistake with file:line:col
 *   check.c what only the whole can tell: conflicts, with both places
 *   print.c struct conf → text that parses to the same
 *
 * A conf owns everything it points to and is never changed after it was loaded: a reload makes a new one.
 * Every list is in file order unless it says otherwise. What the file leaves out has its default here, so
 * nobody else knows a default; what only the running host can tell (the device of the default route) is "".
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include "base/addr.h"

#include <stdint.h>
#include <stdio.h>

enum {
	CONF_GUEST_NAME_MAX = 32, /* bytes of a guest's name: a-z 0-9 -, a letter first */
	CONF_DOMAIN_MAX = 253, /* RFC 1035 2.3.4 */
	CONF_HEALTH_PORT = 22, /* a guest's, unless it says otherwise */
	CONF_GRACE_MS = 20000, /* likewise */
	CONF_GUESTS_MAX = 4096,
	CONF_FILES_MAX = 4096, /* the file and its includes */
	CONF_FILE_BYTES = 16 << 20, /* of one file */
	CONF_ERRORS_MAX = 100, /* kept; the rest is counted */
	CONF_TRUSTED_MAX = 64, /* networks in proxy-in */
	CONF_REDIS_MAX = 16, /* places of redis: */
	CONF_WORKERS_MAX = 64,
	CONF_ALLOWS_MAX = 64, /* entries of one guest's allow */
	CONF_ALLOW_PORTS = 1024, /* of one of them */
	CONF_IFNAME = 16, /* IFNAMSIZ */
	CONF_ZONE_MAX = 64, /* bytes of a time zone's name */
};

/* Where a value stands. line and col count from 1 (col in characters); line 0: nowhere, a default. */
struct place {
	uint32_t file; /* index into conf.files */
	uint32_t line, col;
};

enum proto { PROTO_TCP = 1, PROTO_UDP = 2, PROTO_BOTH = 3 };

struct port_range {
	uint16_t lo, hi; /* both inside */
	struct place place;
	uint8_t proto; /* PROTO_* bits; what is reserved is reserved for both */
	bool passing; /* listening on a port the kernel may have picked: only a warning */
	bool personal; /* listening: a person's program, which keeps no guest from its port */
};

/* One entry of a guest's `ports`. A range keeps its ports (to == lo); a single port may be remapped. */
struct forward {
	uint16_t lo, hi; /* on the host */
	uint16_t to; /* in the guest: port p arrives at p - lo + to */
	uint8_t proto; /* PROTO_* bits */
	struct place place;
};

/* One entry of a guest's `allow`: whom it may call. */
struct allow {
	char who[CONF_GUEST_NAME_MAX + 1];
	bool host; /* the host itself, else a guest of that name */
	uint16_t lo, hi; /* ports there; 0: all, and every protocol */
	uint8_t proto; /* PROTO_* bits, where there are ports */
	struct place place;
};

enum domain_kind {
	DOMAIN_EXACT, /* "x": x only */
	DOMAIN_SUFFIX, /* ".x": x and all below it */
	DOMAIN_BELOW, /* "*.x": only below x */
};

struct domain {
	enum domain_kind kind;
	char *name; /* lower case, no leading "." or "*.", no trailing dot */
	struct place place;
};

enum client_address {
	CLIENT_DEFAULT, /* a guest's: as the proxy's */
	CLIENT_TRANSPARENT,
	CLIENT_PROXY_V1,
	CLIENT_PROXY_V2,
	CLIENT_NONE,
};

enum quota_then { QUOTA_NONE, QUOTA_WARN, QUOTA_THROTTLE, QUOTA_CUT };

struct quota {
	enum quota_then then;
	uint64_t month_bytes;
	uint64_t throttle_bit_s; /* QUOTA_THROTTLE */
	struct place place;
};

enum disk_fs { DISK_EXT4, DISK_XFS };

struct disk {
	char *image; /* absolute, or relative to conf.state */
	uint64_t size_bytes;
	char *from; /* "debian-12", …, or the path of a directory or root tarball; NULL: the image is yours */
	enum disk_fs fs;
	char *base; /* of several guests, whose image is what this one wrote; NULL: it is whole */
	struct place place, base_place;
};

struct guest {
	char name[CONF_GUEST_NAME_MAX + 1];
	struct place place;
	struct ip address, address6; /* address6 may be unset */
	struct place address_place, address6_place;
	struct mac mac; /* given or derived */
	struct place mac_place;
	char tap[CONF_IFNAME]; /* default tapN, N the address's number in the network */
	struct place tap_place;
	uint32_t uid; /* conf.uids + the address's number in the network; gid is the same */
	struct domain *domains;
	size_t n_domains;
	struct forward *forwards;
	size_t n_forwards;
	struct allow *allows;
	size_t n_allows;
	bool rest; /* ports: [rest] */
	struct place rest_place;
	uint16_t to_http, to_tls, to_quic; /* proxy-to */
	bool redirect_https; /* plain HTTP is answered with where to go */
	enum client_address client_address;
	uint64_t memory_bytes;
	struct place memory_place;
	struct disk disk;
	char **ssh_keys;
	size_t n_ssh_keys;
	struct quota quota;
	uint8_t billing_day; /* 1–31; the default is conf.billing.day */
	bool autostart;
	uint16_t health_port; /* a TCP port that answers once it is up; 0: its own word is enough */
	uint32_t grace_ms; /* from being asked to power off until it is killed */
	bool
	    seccomp; /* its kernel watches its processes by seccomp: faster, with a weaker wall inside the guest */
};

enum redis_kind { REDIS_PRIVATE, REDIS_UNIX, REDIS_TCP };

/* One place where a Redis may be. */
struct redis_conf {
	enum redis_kind kind;
	char *path; /* UNIX, and PRIVATE: run/redis/redis.sock, a folder of the daemons' user */
	char *host; /* TCP */
	uint16_t port;
	uint16_t db;
	char *user, *password; /* or NULL */
};

enum count_unit { COUNT_WIRE, COUNT_TAP };
enum count_scope { SCOPE_WAN, SCOPE_ALL };
enum count_direction { DIRECTION_BOTH, DIRECTION_TO_GUEST, DIRECTION_FROM_GUEST, DIRECTION_MAX };

struct billing {
	enum count_unit count;
	enum count_scope scope;
	enum count_direction direction;
	uint8_t day;
};

struct proxy_conf {
	uint16_t *http, *tls, *quic; /* ports; an empty list closes that door */
	size_t n_http, n_tls, n_quic;
	struct place http_place, tls_place, quic_place;
	enum client_address client_address; /* never CLIENT_DEFAULT */
	struct guest *fallback; /* `default:`; NULL: reject */
	struct place fallback_place;
	unsigned workers; /* 0: auto, one per core */
	struct net *proxy_in; /* whose connections begin with a PROXY header that says for whom */
	size_t n_proxy_in;
	unsigned per_client, per_guest, total; /* connections; 0: no ceiling */
	unsigned client_rate; /* new connections per second of one client; 0: no ceiling */
	uint32_t hello_ms, connect_ms, idle_ms, half_open_ms, drain_ms;
};

struct web_conf {
	struct addr listen; /* family 0: no page */
	char *name, *cert, *key; /* or NULL */
	struct place place, name_place;
};

struct conf {
	char **files; /* paths as given or globbed; [0] is the one asked for */
	size_t n_files;
	char wan[CONF_IFNAME]; /* "": the device of the default route */
	bool guard; /* the tables belong to lodge-natd alone */
	bool masquerade6; /* IPv6 leaves with the host's address, as IPv4 does */
	struct net network;
	struct net network6; /* family 0: no IPv6 */
	struct place network_place, network6_place;
	char *state, *run, *kernel;
	char *user; /* whom lodge-proxy and lodge-acct become */
	char *host; /* the name this host's keys carry; default: its hostname's first label */
	uint32_t uids; /* first uid of the guests' */
	struct port_range *reserve;
	size_t n_reserve;
	struct redis_conf *redis; /* the first that answers is asked; one at least */
	size_t n_redis;
	struct proxy_conf proxy;
	struct billing billing;
	char *time_zone; /* in which times are shown; "UTC", or a name below /usr/share/zoneinfo */
	struct place time_zone_place;
	struct web_conf web;
	char **includes; /* whole patterns, as the files include them; of a conf that was loaded */
	size_t n_includes;
	struct guest *guests; /* sorted by name */
	size_t n_guests;
};

/* What the checks need to know of the host and cannot ask, being a core. All zero: check the text alone. */
struct conf_host {
	uint64_t ram_bytes; /* 0: unknown */
	uint64_t guest_room_bytes; /* room of the filesystem that holds guest memory; 0: unknown */
	const struct port_range *listening; /* ports with a listener on a non-loopback address */
	size_t n_listening;
	bool running; /* a daemon asks: who listens is told, and is no mistake */
	const char *hostname; /* for conf.host */
	const char *account; /* for conf.user, which else is nobody */
};

/* One text to parse. name is what errors call it. */
struct conf_text {
	const char *name;
	struct span bytes;
};

enum remark { REMARK_ERROR, REMARK_WARNING, REMARK_NOTE, REMARK_HINT };

/* One thing that is said of a mistake; file and text as they may be shown. */
struct conf_remark {
	enum remark kind;
	char *file; /* NULL: a hint has no place */
	struct place place; /* line 0: the file as a whole */
	char *text;
};

struct conf_error {
	bool warning;
	char *text; /* "FILE:LINE:COL: error: …\n" + the line + the caret line, ready to print */
	struct place place;
	struct conf_remark *said; /* the same in parts: the mistake, then its notes and its hint */
	size_t n_said;
};

struct conf_errors {
	struct conf_error *list;
	size_t n, n_fatal, n_dropped; /* dropped: beyond CONF_ERRORS_MAX */
	bool no_memory; /* fatal, too, and needs no memory to say */
};

/*
 * Reads the file, its includes and the host's facts, parses and checks.
 * 0: *conf is good (errors may hold warnings). -1: errors says why, *conf is empty. Either way the caller
 * frees both.
 */
int conf_load(const char *path, struct conf *, struct conf_errors *);

/*
 * The same for a person who asks whether the file is right: a guest's port on which a service of the host listens is a
 * mistake then. To a daemon it is none, for whoever starts to listen could keep all of them from starting.
 */
int conf_load_strict(const char *path, struct conf *, struct conf_errors *);

/* The same where there may be no file yet: then all is as an empty one has it. */
int conf_load_any(const char *path, struct conf *, struct conf_errors *);

/* The same for texts already read: the core of conf_load. texts[0] is the main one. */
int conf_parse(
    const struct conf_text *texts, size_t n, const struct conf_host *, struct conf *, struct conf_errors *);

/* The whole in its normal form: every default written out, what was included in its place, guests by name. */
void conf_print(const struct conf *, FILE *);

/* All mistakes and a closing count to the file. Returns the exit status: 2 with a fatal one, else 0. */
int conf_report(const struct conf_errors *, FILE *);
/* The first fatal mistake's first line without its newline, for `reload refused: …`; "" where none. */
const char *conf_first_error(const struct conf_errors *, char *out, size_t room);

void conf_free(struct conf *);
void conf_errors_free(struct conf_errors *);

/* The words of the file: "", "." or "*.", and what client-address: says (not for CLIENT_DEFAULT). */
const char *conf_domain_prefix(enum domain_kind);
const char *conf_client_address(enum client_address);

/* What is wrong with the name of a guest, or NULL. A core. */
const char *name_guest(struct span);

struct guest *conf_guest(const struct conf *, const char *name); /* NULL: no such guest */

/* Path of the image (or anything below state) and of a file in run; the caller frees. */
char *conf_state_path(const struct conf *, const char *relative);
char *conf_run_path(const struct conf *, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
