/*
 * What the files of this room share: the report that mistakes go to, the walk over YAML nodes, typed scalars.
 * Nothing outside conf/ includes this.
 */
#ifndef CONF_PARSE_H
#define CONF_PARSE_H

#include "conf/conf.h"
#include "conf/text.h"

#include <stdio.h>
#include <yaml.h>

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

enum {
	CONF_DEPTH_MAX = 16, /* collections inside one another */
	CONF_NODES_MAX = 1 << 20, /* values of one file */
	CONF_NESTING_MAX = 8, /* files that include one another */
	CONF_TOTAL_BYTES = 64 << 20, /* of all files */
	CONF_SHOWN = 64, /* bytes of a wrong value that a message repeats */
	CONF_DOORS_MAX = 64, /* ports of one kind that the proxy listens on */
	CONF_RUN_BYTES = 54, /* of `run`, so that run/guests/NAME/console.sock fits into a socket's address */
};

/* ---- errors.c ---- */

/* Mistakes as they are met. Memory that ran out is remembered here and is a mistake of its own at the end. */
struct report {
	const struct conf_text *texts;
	size_t n_texts;
	struct conf_errors *errors;
	struct lines *lines; /* of texts, found when first needed */
	size_t n_lines;
	bool open; /* the last mistake was kept: notes and hints go to it */
	bool no_memory;
	bool incomplete; /* a text is missing: do not judge the whole */
};

/* line 0 in a place: the file as a whole. */
void error_add(struct report *, struct place, const char *format, ...) __attribute__((format(printf, 3, 4)));
void error_warn(struct report *, struct place, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* More on the last mistake: another place, and what to do. */
void error_note(struct report *, struct place, const char *format, ...) __attribute__((format(printf, 3, 4)));
void error_hint(struct report *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Refuses a text that is none, with the place. */
bool report_text(struct report *, uint32_t file);
void conf_error_free(struct conf_error *); /* what it owns (mistakes.c) */
struct place place_or(struct place given, struct place other);
/* File order. */
int place_cmp(const struct place *, const struct place *);
/* Sorts what was found by place. 0, or -1 when something was fatal. The report is then empty. */
int report_end(struct report *);

/* ---- value.c: memory ---- */

/* Room for one more in a list of n; NULL (and the report knows) where there is none and nothing was changed. */
void *value_grow(struct report *, void *list, size_t n, size_t size);
/* The same, and counts it: list is where the list's pointer is; the new one is zero. */
void *value_append(struct report *, void *list, size_t *n, size_t size);
char *value_text(struct report *, struct span);
/* Frees what the pointer holds and puts a copy there. */
void value_set(struct report *, char **, struct span);
void guest_free(struct guest *); /* what it owns */

/* ---- nodes.c: what a document holds ---- */

struct document {
	yaml_node_t *nodes; /* the first is the root; nodes know one another by number, from 1 on */
	size_t n;
	char *text; /* of all scalars, which are not ended by NUL */
	size_t used, room;
};

/* A list or mapping that is not over yet. */
struct level {
	int node, key; /* key: of a mapping, waiting for its value; 0: none does */
};

/* len: of the text. False: no memory, and there is nothing to close. */
bool document_open(struct report *, size_t len, struct document *);
void document_close(struct document *);
yaml_node_t *document_node(const struct document *, int number); /* NULL: no such */
/* The number of a scalar's, list's or mapping's node; 0: no memory. */
int document_add(struct report *, struct document *, const yaml_event_t *);
/* Into the list or mapping that it stands in. */
void document_join(struct report *, struct document *, struct level *in, int number);

/* ---- document.c: YAML ---- */

struct place document_place(uint32_t file, yaml_mark_t);
/* Loads a text as one document. False: reported, and there is nothing to close. */
bool document_load(struct report *, uint32_t file, struct document *);

/* ---- node.c: the walk over a document ---- */

struct parse {
	struct report *report;
	const struct conf_host *host;
	struct conf *conf;
	struct document *doc; /* the one walked */
	uint32_t file;
	char *fallback; /* proxy.default: a guest's name, or NULL */
};

/* A key of a mapping: what takes its value, where it goes, and what the taker wants to know. */
struct key {
	const char *name;
	void (*take)(struct parse *, const struct key *, yaml_node_t *, void *into);
	size_t offset;
	uint64_t min, max;
	const char *const *words; /* of a choice; NULL ends */
	const char *(*fault)(struct span); /* of a text: what is wrong with it, or NULL */
};

struct place node_place(const struct parse *, const yaml_node_t *);
bool node_is_empty(const yaml_node_t *); /* nothing was written */
bool node_is(const yaml_node_t *, const char *word);
yaml_node_t *node_get(const struct parse *, int index);

/* Gives each key's value to its taker. seen: places of keys already met, or NULL for a fresh mapping. */
void node_map(struct parse *, const char *what, yaml_node_t *, const struct key *, size_t n,
    struct place *seen, void *into);
/* Items of a list, or the one value itself; each is given to take. */
void node_list(struct parse *, const struct key *, yaml_node_t *, void *into,
    void (*take)(struct parse *, const struct key *, yaml_node_t *, void *into));
/* The one text of a value, borrowed from the document. False: it has none that may be used; reported. */
bool node_text(struct parse *, const char *what, const yaml_node_t *, struct span *);

/* ---- scalar.c: texts with a type. NULL: good; else what is wrong, and *out is untouched. ---- */

const char *scalar_number(struct span, uint64_t *out);
const char *scalar_size(struct span, uint64_t *out); /* 512M: binary */
const char *scalar_traffic(struct span, uint64_t *out); /* 200GB, 200GiB */
const char *scalar_rate(struct span, uint64_t *out); /* 1Mbit, per second */
const char *scalar_duration(struct span, uint64_t *ms); /* 500ms 5s 10m 1h 1d; below 2^32 */
const char *scalar_bool(struct span, bool *out);
const char *scalar_port(struct span, uint16_t *out);
const char *scalar_ports(struct span, uint16_t *lo, uint16_t *hi); /* 22 or 10000-10999 */
const char *scalar_forward(struct span, struct forward *out);

/* The other way; into out of VALUE_TEXT. */
enum { VALUE_TEXT = 32 };
const char *scalar_number_print(uint64_t, char *out);
const char *scalar_size_print(uint64_t, char *out);
const char *scalar_traffic_print(uint64_t, char *out);
const char *scalar_rate_print(uint64_t, char *out);
const char *scalar_duration_print(uint64_t ms, char *out);

/* What a choice may be, in the order of its enum; NULL ends. */
extern const char *const word_counts[], *const word_scopes[], *const word_directions[];
extern const char *const word_filesystems[]; /* of a disk */
extern const char *const word_clients[]; /* from CLIENT_TRANSPARENT on */

/* ---- name.c: names with a grammar, likewise ---- */

const char *name_interface(struct span);
const char *name_user(struct span);
const char *name_host(struct span);
const char *name_path(struct span); /* absolute, no "..", no empty part */
const char *name_domain(struct span, enum domain_kind *, char out[CONF_DOMAIN_MAX + 1]);
const char *name_ssh_key(struct span);
const char *name_from(struct span); /* what a disk can be made from */
const char *name_base(struct span);
const char *name_zone(struct span); /* as of a time zone; whether there is one, zone.c sees */

/* ---- take.c: takers of keys with a simple type; the name says which, the key where ---- */

void take_wrong(struct parse *, const struct key *, const yaml_node_t *, const char *why);
/* The text of a value in which fault finds nothing. False: reported. */
bool take_value(struct parse *, const struct key *, const yaml_node_t *, const char *(*fault)(struct span),
    struct span *);
void take_number16(struct parse *, const struct key *, yaml_node_t *, void *into); /* min … max */
void take_number8(struct parse *, const struct key *, yaml_node_t *, void *into);
void take_number(struct parse *, const struct key *, yaml_node_t *, void *into); /* unsigned */
void take_size(struct parse *, const struct key *, yaml_node_t *, void *into);
void take_duration(struct parse *, const struct key *, yaml_node_t *, void *into);
void take_bool(struct parse *, const struct key *, yaml_node_t *, void *into);
void take_choice(struct parse *, const struct key *, yaml_node_t *, void *into); /* an int from words */
void take_client_address(struct parse *, const struct key *, yaml_node_t *, void *into);
void take_interface(struct parse *, const struct key *, yaml_node_t *, void *into);
void take_text(struct parse *, const struct key *, yaml_node_t *, void *into); /* without fault */

/* ---- redis.c, proxy.c, web.c, guest.c, disk.c, quota.c, check*.c ---- */

const char *redis_parse(struct report *, struct span, struct redis_conf *out); /* as those of scalar.c */
void redis_free(struct redis_conf *);
void take_redis(struct parse *, const struct key *, yaml_node_t *, void *into);
void take_proxy(struct parse *, const struct key *, yaml_node_t *, void *into);

void take_web(struct parse *, const struct key *, yaml_node_t *, void *into);
void take_disk(struct parse *, const struct key *, yaml_node_t *, void *into); /* of a guest */
void take_allow(struct parse *, const struct key *, yaml_node_t *, void *into); /* of a guest */
void take_quota(struct parse *, const struct key *, yaml_node_t *, void *into); /* of a guest */
void take_guests(struct parse *, const struct key *, yaml_node_t *, void *into);
/* What only the whole file tells: defaults that depend on other keys. */
void guests_complete(struct parse *);
/* Of which the file says nothing. */
struct guest guest_default(void);
void check_all(struct parse *);
void check_allow(struct parse *);
void check_things(struct parse *);
void check_bases(struct parse *);
void check_names(struct parse *);
void check_ports(struct parse *);

/* ---- print.c, print_guest.c ---- */

/* Plain where YAML cannot take it for anything else, else in double quotes. */
void text_print(const char *, FILE *);
void line_print(FILE *, const char *key, const char *value);
/* brief: without what its address, its name or that file gives it anyway; NULL: everything. */
void guest_print(const struct guest *, const struct conf *brief, FILE *);

/* ---- zone.c: what only the host can tell ---- */
void zone_check(struct report *, const struct conf *);

/* ---- includes.c, parse.c ---- */

/* The name of a guest that is nearest to one that is none, or NULL. */
const char *guest_near(const struct conf *, const char *name);
/* The line of the normal form; nothing where nothing is allowed. */
void allow_print(const struct guest *, FILE *);

struct include {
	char *pattern;
	struct place place;
};

struct include_list {
	struct include *list;
	size_t n;
};

/* What a text includes; the caller frees list and patterns. Mistakes go to the report. */
size_t includes_find(struct report *, uint32_t file, struct include **);
/* All of conf_parse but the report's beginning and end. */
void parse_texts(struct report *, const struct conf_host *, struct conf *);

#endif
