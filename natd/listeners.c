/* Who listens on guests' ports; see listeners.h. */
#include "natd/listeners.h"
#include "base/log.h"
#include "conf/host.h"
#include "natd/diff.h"

#include <linux/in.h>
#include <string.h>

enum { LINES_MAX = 4 }; /* anybody may open a thousand ports */

static bool
is_guests(const struct conf *conf, uint16_t port, uint8_t proto)
{
	for (size_t g = 0; g < conf->n_guests; g++)
		for (size_t i = 0; i < conf->guests[g].n_forwards; i++) {
			const struct forward *f = &conf->guests[g].forwards[i];

			if ((f->proto & proto) && port >= f->lo && port <= f->hi)
				return true;
		}
	return false;
}

static void
say_port(const struct conf *conf, const struct fact *fact, bool stays)
{
	uint16_t port = (uint16_t)(fact->key[4] << 8 | fact->key[5]);
	uint8_t proto = fact->key[0] == IPPROTO_TCP ? PROTO_TCP : PROTO_UDP;
	const char *name = proto == PROTO_TCP ? "tcp" : "udp";

	if (stays)
		log_warn(
		    "port %u/%s of a guest's stays with the host, where a program listens now; stop that, "
		    "or give the guest another port",
		    port, name);
	else if (is_guests(conf, port, proto)) /* the file may have taken it from the guest, too */
		log_info("port %u/%s is a guest's again", port, name);
}

/* The proxy's doors stay with the host, too, and nobody need be told. */
static bool
is_door(const struct facts *facts, const struct fact *fact)
{
	return plan_is_open(facts, fact->key[0], (uint16_t)(fact->key[4] << 8 | fact->key[5]));
}

void
listeners_say(const struct conf *conf, const struct facts *have, const struct facts *want)
{
	struct ops ops;

	if (diff_facts(have, want, &ops) == -1)
		return;
	for (size_t i = 0; i < ops.n; i++) {
		const struct fact *now = ops.list[i].want, *fact = now ? now : ops.list[i].have;

		if (fact->kind == FACT_ELEMENT && strcmp(fact->name, "stay") == 0 &&
		    !is_door(now ? want : have, fact))
			say_port(conf, fact, now != NULL);
	}
	ops_free(&ops);
}

static void
say_person(const struct guest *guest, uint16_t port, uint8_t proto)
{
	long long uid = listener_uid(port, proto);
	const char *name = proto == PROTO_TCP ? "tcp" : "udp";

	log_warn("port %u/%s is %s's, though a program of uid %lld listens there: what comes from outside "
		 "goes to the "
		 "guest; ss -ltunpe names the program",
	    port, name, guest->name, uid);
}

void
listeners_say_persons(const struct conf *conf, const struct plan_ports *before, const struct plan_ports *now)
{
	size_t n = 0;

	for (size_t g = 0; g < conf->n_guests; g++)
		for (size_t i = 0; i < conf->guests[g].n_forwards; i++) {
			const struct forward *f = &conf->guests[g].forwards[i];

			for (uint32_t port = f->lo; port <= f->hi; port++) {
				uint8_t is = now->of[port] / HOST_PERSONAL & f->proto;
				uint8_t was = before ? before->of[port] / HOST_PERSONAL & f->proto : 0;

				if ((is & ~was) && n++ < LINES_MAX)
					say_person(&conf->guests[g], (uint16_t)port,
					    is & ~was & PROTO_TCP ? PROTO_TCP : PROTO_UDP);
			}
		}
	if (n > LINES_MAX)
		log_warn("and %zu more ports of guests on which persons' programs listen", n - LINES_MAX);
}
