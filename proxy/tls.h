/*
 * The server name in a TLS ClientHello. A core.
 *
 * Read are RFC 8446 5.1 (records), 4 and 4.1.2 (handshake, ClientHello), 4.2 (extensions; RFC 5246 7.4.1.2
 * before it) and RFC 6066 3 (server_name). The hello may come in any number of records and segments; what the
 * client sends behind it (0-RTT) is not looked at. Extensions that are not server_name are only measured, so
 * GREASE, post-quantum key shares and the encrypted inner hello of ECH pass: of ECH, the outer name counts.
 *
 * Refused beyond malformed lengths: SSL 2 and 3, records that are no handshake or empty, anything behind the
 * hello inside its last record, an extension that comes twice, and a server_name that is empty, holds a NUL,
 * or lists anything but one host_name.
 */
#ifndef PROXY_TLS_H
#define PROXY_TLS_H

#include "base/sniff.h"

/* Alerts, RFC 8446 6. */
enum tls_alert {
	ALERT_UNEXPECTED_MESSAGE = 10,
	ALERT_RECORD_OVERFLOW = 22,
	ALERT_ILLEGAL_PARAMETER = 47,
	ALERT_DECODE_ERROR = 50,
	ALERT_PROTOCOL_VERSION = 70,
	ALERT_INTERNAL_ERROR = 80,
	ALERT_MISSING_EXTENSION = 109,
	ALERT_UNRECOGNIZED_NAME = 112,
};

/* How far a hello was looked at; zero before the first call. */
struct tls_scan {
	uint32_t next; /* where the next record begins */
	uint32_t have; /* handshake bytes in the whole records before it */
	uint8_t head[4]; /* the first of them: type and length */
};

/*
 * in: all bytes so far. room: SNIFF_BYTES of anybody's memory, only written when the hello is whole and lies in
 * several records; host then points there. A call costs what is new, not what came before.
 */
struct sniff tls_sniff(struct span in, struct tls_scan *, uint8_t *room);

/* The handshake message alone, header included and whole: what the records carried (QUIC carries it bare). */
struct sniff tls_hello(struct span message);

#endif
