/* Opening a client's Initial packets; see quic_keys.h. */
#include "proxy/quic_keys.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>

enum {
	HASH_BYTES = 32,
	SALT_BYTES = 20,
	SAMPLE_AT = 4, /* behind the beginning of the packet number, RFC 9001 5.4.2 */
	SAMPLE_BYTES = 16,
	LONG_MASKED = 0x0f,
	RESERVED_BITS = 0x0c,
	NUMBER_LENGTH_BITS = 0x03,
};

static const struct {
	uint32_t version;
	uint8_t salt[SALT_BYTES];
	const char *key, *iv, *hp;
} versions[] = {
    {QUIC_V1,
	{0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc,
	    0xbb, 0x7f, 0x0a},
	"tls13 quic key", "tls13 quic iv", "tls13 quic hp"},
    {QUIC_V2,
	{0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9,
	    0xbd, 0x2e, 0xd9},
	"tls13 quicv2 key", "tls13 quicv2 iv", "tls13 quicv2 hp"},
};

struct quic_crypto {
	EVP_MAC *mac;
	EVP_MAC_CTX *hmac;
	EVP_CIPHER *gcm, *ecb;
	EVP_CIPHER_CTX *open, *mask;
};

void
quic_crypto_free(struct quic_crypto *c)
{
	if (!c)
		return;
	EVP_MAC_CTX_free(c->hmac);
	EVP_MAC_free(c->mac);
	EVP_CIPHER_CTX_free(c->open);
	EVP_CIPHER_CTX_free(c->mask);
	EVP_CIPHER_free(c->gcm);
	EVP_CIPHER_free(c->ecb);
	free(c);
}

struct quic_crypto *
quic_crypto_new(void)
{
	struct quic_crypto *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	c->gcm = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
	c->ecb = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
	c->hmac = c->mac ? EVP_MAC_CTX_new(c->mac) : NULL;
	c->open = EVP_CIPHER_CTX_new();
	c->mask = EVP_CIPHER_CTX_new();
	if (c->gcm && c->ecb && c->hmac && c->open && c->mask)
		return c;
	quic_crypto_free(c);
	return NULL;
}

static bool
hmac(struct quic_crypto *c, const uint8_t *key, size_t key_len, struct span data, uint8_t *out)
{
	char sha[] = "SHA256";
	const OSSL_PARAM params[] = {
	    OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_DIGEST, sha, sizeof(sha) - 1), OSSL_PARAM_END};
	size_t n;

	return EVP_MAC_init(c->hmac, key, key_len, params) == 1 &&
	       EVP_MAC_update(c->hmac, (const unsigned char *)data.ptr, data.len) == 1 &&
	       EVP_MAC_final(c->hmac, out, &n, HASH_BYTES) == 1 && n == HASH_BYTES;
}

/* HKDF-Expand-Label, RFC 8446 7.1, of no more than one block (RFC 5869 2.3). */
static bool
expand(struct quic_crypto *c, const uint8_t *secret, const char *label, uint8_t *out, size_t n)
{
	uint8_t info[64] = {0, (uint8_t)n, (uint8_t)strlen(label)}, block[HASH_BYTES];
	size_t len = 3 + strlen(label);

	memcpy(info + 3, label, strlen(label));
	info[len++] = 0; /* no context */
	info[len++] = 1; /* the first block */
	if (!hmac(c, secret, HASH_BYTES, span_of(info, len), block))
		return false;
	memcpy(out, block, n);
	return true;
}

int
quic_keys_client(struct quic_crypto *c, uint32_t version, struct span dcid, struct quic_keys *k)
{
	uint8_t initial[HASH_BYTES], client[HASH_BYTES];

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		if (versions[i].version != version)
			continue;
		if (hmac(c, versions[i].salt, SALT_BYTES, dcid, initial) &&
		    expand(c, initial, "tls13 client in", client, sizeof(client)) &&
		    expand(c, client, versions[i].key, k->key, sizeof(k->key)) &&
		    expand(c, client, versions[i].iv, k->iv, sizeof(k->iv)) &&
		    expand(c, client, versions[i].hp, k->hp, sizeof(k->hp)))
			return 0;
	}
	return -1;
}

/* RFC 9001 5.4: the header as it was, into room; how long its packet number is. 0: too short to say. */
static size_t
unmask(struct quic_crypto *c, const struct quic_keys *k, const struct quic_packet *p, uint8_t *room)
{
	uint8_t mask[SAMPLE_BYTES];
	size_t at = p->number_at, n;
	int out;

	if (p->whole.len < at + SAMPLE_AT + SAMPLE_BYTES ||
	    EVP_EncryptInit_ex(c->mask, c->ecb, NULL, k->hp, NULL) != 1 ||
	    EVP_EncryptUpdate(
		c->mask, mask, &out, (const unsigned char *)p->whole.ptr + at + SAMPLE_AT, SAMPLE_BYTES) != 1)
		return 0;
	memcpy(room, p->whole.ptr, at + SAMPLE_AT);
	room[0] ^= mask[0] & LONG_MASKED;
	n = (room[0] & NUMBER_LENGTH_BITS) + 1u;
	for (size_t i = 0; i < n; i++)
		room[at + i] ^= mask[1 + i];
	return n;
}

/* A client's first packet numbers are small, so that what is left out of them is zero (RFC 9000 12.3, A.3). */
static void
make_nonce(const struct quic_keys *k, const uint8_t *number, size_t n, uint8_t *nonce)
{
	memcpy(nonce, k->iv, QUIC_IV_BYTES);
	for (size_t i = 0; i < n; i++)
		nonce[QUIC_IV_BYTES - n + i] ^= number[i];
}

bool
quic_open(struct quic_crypto *c, const struct quic_keys *k, const struct quic_packet *p, uint8_t *room,
    struct span *payload)
{
	size_t n = unmask(c, k, p, room), head = p->number_at + n, sealed;
	const unsigned char *in = (const unsigned char *)p->whole.ptr;
	uint8_t nonce[QUIC_IV_BYTES], tag[QUIC_TAG_BYTES];
	int len;

	if (n == 0 || p->whole.len < head + QUIC_TAG_BYTES)
		return false;
	sealed = p->whole.len - head - QUIC_TAG_BYTES;
	make_nonce(k, room + p->number_at, n, nonce);
	memcpy(tag, in + head + sealed, QUIC_TAG_BYTES);
	if (EVP_DecryptInit_ex(c->open, c->gcm, NULL, k->key, nonce) != 1 ||
	    EVP_DecryptUpdate(c->open, NULL, &len, room, (int)head) != 1 ||
	    EVP_DecryptUpdate(c->open, room + head, &len, in + head, (int)sealed) != 1 ||
	    EVP_CIPHER_CTX_ctrl(c->open, EVP_CTRL_AEAD_SET_TAG, QUIC_TAG_BYTES, tag) != 1 ||
	    EVP_DecryptFinal_ex(c->open, room + head + sealed, &len) != 1)
		return false;
	*payload = span_of(room + head, sealed);
	return sealed > 0 && (room[0] & RESERVED_BITS) == 0;
}
