/* How a guest is reached for a client; see reach.h. */
#include "proxy/reach.h"

static bool
is_nowhere(const struct ip *ip)
{
	static const struct ip none6 = {.family = 6}, loopback6 = {6, {[15] = 1}};
	const uint8_t *b = ip->b;

	if (ip->family == 4)
		return b[0] == 0 || b[0] == 127 || b[0] >= 224;
	if (b[0] == 0xff || (b[0] == 0xfe && (b[1] & 0xc0) == 0x80))
		return true;
	return ip_cmp(ip, &none6) == 0 || ip_cmp(ip, &loopback6) == 0;
}

struct reach
reach_choose(const struct route_guest *guest, uint16_t to_port, const struct ip *client)
{
	bool six = client->family == 6 && ip_is_set(&guest->address6);
	struct reach reach = {.to = {six ? guest->address6 : guest->address, to_port}, .from = FROM_CLIENT};

	if (ip_is_set(&guest->address6))
		reach.other = six ? guest->address : guest->address6;
	if (guest->client_address != CLIENT_TRANSPARENT)
		reach.from = FROM_HOST;
	else if (is_nowhere(client))
		reach.from = FROM_NOWHERE;
	else if (client->family != reach.to.ip.family)
		reach.from = FROM_OTHER_FAMILY;
	else if (ip_cmp(client, &reach.to.ip) == 0)
		reach.from = FROM_ITSELF;
	return reach;
}

bool
reach_turn(struct reach *reach)
{
	if (reach->from != FROM_HOST || !ip_is_set(&reach->other))
		return false;
	reach->to.ip = reach->other;
	reach->other = (struct ip){0};
	return true;
}

const char *
reach_name(enum reach_from from)
{
	static const char *const names[FROMS] = {
	    [FROM_HOST] = "host",
	    [FROM_CLIENT] = "client",
	    [FROM_CLIENT_ADDRESS] = "client_other_port",
	    [FROM_ITSELF] = "guest_itself",
	    [FROM_OTHER_FAMILY] = "other_family",
	    [FROM_NOWHERE] = "nowhere",
	    [FROM_UNABLE] = "unable",
	};

	return names[from];
}
