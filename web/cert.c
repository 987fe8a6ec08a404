/* The certificate and its key; see cert.h. */
#include "web/cert.h"
#include "base/log.h"
#include "base/sys.h"

#include <gnutls/x509.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>

enum {
	CHAIN_MAX = 16,
	KEPT_S = 60, /* a handshake ends within DOOR_HELLO_S and DOOR_REQUEST_S */
};

/* One that was read. */
struct pair {
	gnutls_pcert_st chain[CHAIN_MAX];
	unsigned n;
	gnutls_privkey_t key;
	int64_t until;
	double left_s; /* when another took its place */
	struct pair *next;
};

struct cert {
	struct pair *now;
	struct pair *left; /* those before it that a handshake may still use, the last first */
	struct stat seen[2];
	unsigned reads;
	char why[256];
};

/* What handshakes get. GnuTLS hands its callback nothing of ours. */
static struct cert *current;

static void
pair_free(struct pair *p)
{
	if (!p)
		return;
	for (unsigned i = 0; i < p->n; i++)
		gnutls_pcert_deinit(&p->chain[i]);
	if (p->key)
		gnutls_privkey_deinit(p->key);
	free(p);
}

/* Those that left before then. */
static void
free_left(struct cert *c, double before_s)
{
	struct pair **at = &c->left, *old;

	while (*at && (*at)->left_s >= before_s)
		at = &(*at)->next;
	old = *at;
	*at = NULL;
	while (old) {
		struct pair *next = old->next;

		pair_free(old);
		old = next;
	}
}

/* How long the first of the chain is good, and that the key is its own. */
static const char *
check(struct pair *p)
{
	gnutls_pubkey_t of_key;
	gnutls_x509_crt_t crt;
	unsigned char a[64], b[64];
	size_t n = sizeof(a), m = sizeof(b);
	const char *why = "the key is not the certificate's";

	if (gnutls_pubkey_init(&of_key) < 0)
		return "no memory";
	if (gnutls_pubkey_import_privkey(of_key, p->key, 0, 0) == 0 &&
	    gnutls_pubkey_get_key_id(of_key, 0, a, &n) == 0 &&
	    gnutls_pubkey_get_key_id(p->chain[0].pubkey, 0, b, &m) == 0 && n == m && memcmp(a, b, n) == 0)
		why = NULL;
	gnutls_pubkey_deinit(of_key);
	if (!why && gnutls_pcert_export_x509(&p->chain[0], &crt) == 0) {
		p->until = (int64_t)gnutls_x509_crt_get_expiration_time(crt);
		gnutls_x509_crt_deinit(crt);
	}
	return why;
}

static struct pair *
read_pair(const struct web_conf *web, char *why, size_t room)
{
	struct pair *p = calloc(1, sizeof(*p));
	gnutls_datum_t cert = {0}, key = {0};
	const char *file = web->cert, *fault = NULL;
	int status = p ? gnutls_load_file(web->cert, &cert) : GNUTLS_E_MEMORY_ERROR;

	if (status == 0) {
		p->n = CHAIN_MAX;
		status = gnutls_pcert_list_import_x509_raw(p->chain, &p->n, &cert, GNUTLS_X509_FMT_PEM, 0);
		if (status < 0)
			p->n = 0;
	}
	if (status >= 0) {
		file = web->key;
		status = gnutls_load_file(web->key, &key);
	}
	if (status >= 0)
		status = gnutls_privkey_init(&p->key);
	if (status >= 0)
		status = gnutls_privkey_import_x509_raw(p->key, &key, GNUTLS_X509_FMT_PEM, NULL, 0);
	if (status >= 0 && p->n > 0)
		fault = check(p);
	if (key.data)
		gnutls_memset(key.data, 0, key.size);
	gnutls_free(cert.data);
	gnutls_free(key.data);
	if (status >= 0 && p->n > 0 && !fault)
		return p;
	snprintf(why, room, "%s: %s", file,
	    fault			    ? fault
	    : status == GNUTLS_E_FILE_ERROR ? "cannot be read by the user that lodge-web runs as"
	    : status < 0		    ? gnutls_strerror(status)
					    : "holds no certificate");
	pair_free(p);
	return NULL;
}

static void
look(const struct web_conf *web, struct stat out[2])
{
	memset(out, 0, 2 * sizeof(*out));
	stat(web->cert, &out[0]);
	stat(web->key, &out[1]);
}

static bool
same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

struct cert *
cert_open(const struct web_conf *web, char *why, size_t room)
{
	struct cert *c = calloc(1, sizeof(*c));

	if (!c) {
		snprintf(why, room, "no memory");
		return NULL;
	}
	look(web, c->seen);
	c->now = read_pair(web, why, room);
	if (!c->now) {
		free(c);
		return NULL;
	}
	c->reads = 1;
	current = c;
	return c;
}

void
cert_close(struct cert *c)
{
	if (!c)
		return;
	if (current == c)
		current = NULL;
	free_left(c, INFINITY);
	pair_free(c->now);
	free(c);
}

void
cert_look(struct cert *c, const struct web_conf *web)
{
	struct stat seen[2];
	struct pair *fresh;

	free_left(c, sys_seconds() - KEPT_S);
	look(web, seen);
	if (same(&seen[0], &c->seen[0]) && same(&seen[1], &c->seen[1]))
		return;
	memcpy(c->seen, seen, sizeof(seen));
	fresh = read_pair(web, c->why, sizeof(c->why));
	if (!fresh) {
		log_error("%s; the certificate that was there stays", c->why);
		return;
	}
	/* GnuTLS does not copy it: a handshake in progress has pointers into it. */
	c->now->left_s = sys_seconds();
	c->now->next = c->left;
	c->left = c->now;
	c->now = fresh;
	c->why[0] = '\0';
	c->reads++;
	log_info("read the certificate again: %s", web->cert);
}

int
cert_now(gnutls_session_t session, const gnutls_datum_t *cas, int n_cas,
    const gnutls_pk_algorithm_t *algorithms, int n_algorithms, gnutls_pcert_st **chain, unsigned int *n,
    gnutls_privkey_t *key)
{
	(void)session, (void)cas, (void)n_cas, (void)algorithms, (void)n_algorithms;
	if (!current)
		return -1;
	*chain = current->now->chain;
	*n = current->now->n;
	*key = current->now->key;
	return 0;
}

int64_t
cert_until(const struct cert *c)
{
	return c->now->until;
}

unsigned
cert_reads(const struct cert *c)
{
	return c->reads;
}

const char *
cert_why(const struct cert *c)
{
	return c->why;
}
