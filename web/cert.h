/* The certificate and its key, from files: read when the program begins, and again when they changed. */
#ifndef WEB_CERT_H
#define WEB_CERT_H

#include "conf/conf.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

struct cert;

/* NULL: why says it. */
struct cert *cert_open(const struct web_conf *, char *why, size_t room);
void cert_close(struct cert *);
/* Reads them again if they changed, or are others. What cannot be read leaves what is there, with one line. */
void cert_look(struct cert *, const struct web_conf *);

/* For gnutls_certificate_set_retrieve_function2: the certificate as it is now. */
int cert_now(gnutls_session_t, const gnutls_datum_t *, int, const gnutls_pk_algorithm_t *, int,
    gnutls_pcert_st **, unsigned int *, gnutls_privkey_t *);

/* When it ends, as unix time; and how often it was read. */
int64_t cert_until(const struct cert *);
unsigned cert_reads(const struct cert *);
const char *cert_why(const struct cert *); /* "": the last reading was good */

#endif
