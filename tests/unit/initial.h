/* Building client Initials for tests: right by default, wrong where asked. The protection is done here once more. */
#ifndef TESTS_INITIAL_H
#define TESTS_INITIAL_H

#include "proxy/quic_keys.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

enum { INITIAL_ROOM = 2048 };

struct initial {
	uint32_t version;
	const char *dcid;
	size_t dcid_len;
	uint32_t number;
	uint8_t first_bits; /* into the low four bits of the first byte, beside the number's length */
	uint8_t payload[INITIAL_ROOM];
	size_t n;
};

static inline void
initial_check(bool good)
{
	if (!good)
		abort();
}

static inline void
initial_put(struct initial *p, const void *bytes, size_t n)
{
	initial_check(p->n + n <= sizeof(p->payload));
	if (n)
		memcpy(p->payload + p->n, bytes, n);
	p->n += n;
}

/* A CRYPTO frame; both numbers in four bytes. */
static inline void
initial_crypto(struct initial *p, size_t offset, const void *bytes, size_t n)
{
	const uint8_t head[] = {6, (uint8_t)(0x80 | offset >> 24), (uint8_t)(offset >> 16),
	    (uint8_t)(offset >> 8), (uint8_t)offset, 0x80, 0, (uint8_t)(n >> 8), (uint8_t)n};

	initial_put(p, head, sizeof(head));
	initial_put(p, bytes, n);
}

static inline void
initial_seal(const struct quic_keys *k, uint8_t *packet, size_t at, size_t len)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	uint8_t nonce[QUIC_IV_BYTES], mask[16];
	size_t head = at + 4;
	int out;

	memcpy(nonce, k->iv, sizeof(nonce));
	for (size_t i = 0; i < 4; i++)
		nonce[8 + i] ^= packet[at + i];
	initial_check(EVP_EncryptInit_ex(c, EVP_aes_128_gcm(), NULL, k->key, nonce) == 1 &&
		      EVP_EncryptUpdate(c, NULL, &out, packet, (int)head) == 1 &&
		      EVP_EncryptUpdate(c, packet + head, &out, packet + head, (int)len) == 1 &&
		      EVP_EncryptFinal_ex(c, packet + head + len, &out) == 1 &&
		      EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16, packet + head + len) == 1);
	initial_check(EVP_EncryptInit_ex(c, EVP_aes_128_ecb(), NULL, k->hp, NULL) == 1 &&
		      EVP_EncryptUpdate(c, mask, &out, packet + at + 4, 16) == 1);
	packet[0] ^= mask[0] & 0x0f;
	for (size_t i = 0; i < 4; i++)
		packet[at + i] ^= mask[1 + i];
	EVP_CIPHER_CTX_free(c);
}

/* The packet, padded to at least so many bytes, into out (INITIAL_ROOM); its length. */
static inline size_t
initial_write(const struct initial *p, struct quic_crypto *crypto, size_t at_least, uint8_t *out)
{
	struct quic_keys keys;
	size_t at = 0, len, fixed = 7 + p->dcid_len + 1 + 2, payload = p->n;

	if (fixed + 4 + payload + 16 < at_least)
		payload = at_least - 16 - 4 - fixed;
	len = 4 + payload + 16;
	initial_check(fixed + len <= INITIAL_ROOM);
	initial_check(quic_keys_client(crypto, p->version, span_of(p->dcid, p->dcid_len), &keys) == 0);
	out[at++] = (uint8_t)((p->version == QUIC_V2 ? 0xd3 : 0xc3) | p->first_bits);
	for (int shift = 24; shift >= 0; shift -= 8)
		out[at++] = (uint8_t)(p->version >> shift);
	out[at++] = (uint8_t)p->dcid_len;
	memcpy(out + at, p->dcid, p->dcid_len);
	at += p->dcid_len;
	out[at++] = 0; /* scid */
	out[at++] = 0; /* token */
	out[at++] = (uint8_t)(0x40 | len >> 8);
	out[at++] = (uint8_t)len;
	for (int shift = 24; shift >= 0; shift -= 8)
		out[at + (size_t)(24 - shift) / 8] = (uint8_t)(p->number >> shift);
	memset(out + at + 4, 0, payload);
	memcpy(out + at + 4, p->payload, p->n);
	initial_seal(&keys, out, at, payload);
	return fixed + len;
}

#endif
