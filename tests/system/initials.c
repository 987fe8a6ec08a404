/*
 * First packets of QUIC clients that never say a second word, each from an address of its own in 127.0.0.0/8.
 * usage: initials PORT NAME COUNT whole|part|forged|print. Prints how many datagrams came back within half a second, or
 * the datagram that was to be sent.
 */
#include "tests/unit/hello.h"
#include "tests/unit/initial.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { AT_ONCE = 500 };

static struct hello exts, message;

static int
client(unsigned number, uint16_t port)
{
	struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f010000u + number)};
	struct sockaddr_in to = {
	    .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	initial_check(fd != -1 && bind(fd, (struct sockaddr *)&from, sizeof(from)) == 0 &&
		      connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0);
	return fd;
}

/* What came back so far, to any of these. */
static unsigned
answers(const int *fds, unsigned n, int wait_ms)
{
	char bytes[2048];
	unsigned got = 0;

	for (unsigned i = 0; i < n; i++) {
		struct pollfd p = {fds[i], POLLIN, 0};

		while (poll(&p, 1, i == 0 && got == 0 ? wait_ms : 0) == 1 &&
		       recv(fds[i], bytes, sizeof(bytes), 0) > 0)
			got++;
		close(fds[i]);
	}
	return got;
}

int
main(int argc, char **argv)
{
	struct quic_crypto *crypto = quic_crypto_new();
	unsigned count, got = 0, n = 0;
	int fds[AT_ONCE];
	uint16_t port;

	initial_check(argc == 5 && crypto != NULL);
	port = (uint16_t)atoi(argv[1]);
	count = (unsigned)atoi(argv[3]);
	hello_sni(&exts, argv[2], strlen(argv[2]));
	hello_message(&message, 0x0303, &exts);
	for (unsigned i = 0; i < count; i++) {
		char dcid[8];
		struct initial p = {
		    .version = i % 2 ? QUIC_V1 : QUIC_V2, .dcid = dcid, .dcid_len = sizeof(dcid)};
		uint8_t wire[INITIAL_ROOM];
		size_t len;

		snprintf(dcid, sizeof(dcid), "%07u", i);
		initial_crypto(&p, 0, message.b, strcmp(argv[4], "part") == 0 ? message.n - 1 : message.n);
		len = initial_write(&p, crypto, QUIC_DATAGRAM_MIN, wire);
		wire[len - 1] ^= strcmp(argv[4], "forged") == 0;
		if (strcmp(argv[4], "print") == 0) {
			fwrite(wire, 1, len, stdout);
			continue;
		}
		fds[n] = client(i, port);
		initial_check(send(fds[n++], wire, len, 0) == (ssize_t)len);
		if (n == AT_ONCE || i + 1 == count) {
			got += answers(fds, n, 500);
			n = 0;
		}
	}
	if (strcmp(argv[4], "print") != 0)
		printf("%u\n", got);
	quic_crypto_free(crypto);
	return 0;
}
