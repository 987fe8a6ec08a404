/*
 * Which flows a change left behind: those of a guest that is gone, those led to a guest that the wanted maps do not
 * lead there, those that an entry of `allow` let pass which is gone, and UDP that reached the host itself on ports
 * which now are a guest's. All others stay. Shell for one question alone, whether a socket of the host's has a flow.
 */
#ifndef NATD_STALE_H
#define NATD_STALE_H

#include "natd/diff.h"
#include "natd/sock.h"

struct flow {
	uint8_t protocol;
	bool six, translated;
	uint16_t from_port, port, guest_port; /* the client's, asked for, and in the guest */
	struct ip from, to, answers;
};

struct stale;

/* What is wanted and had is only pointed to, and has to stay. addresses: the host's own; sock: or NULL. NULL: errno. */
struct stale *stale_open(
    const struct ops *, const struct facts *want, const struct ip *addresses, size_t n, struct sock *);
void stale_close(struct stale *);

/* Whether there may be any; else no flow need be asked about. */
bool stale_any(const struct stale *);
bool stale_is(const struct stale *, const struct flow *);

#endif
