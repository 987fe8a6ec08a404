/* A guest → its kernel's argument vector; see cmdline.h. */
#include "launch/cmdline.h"

#include <stdarg.h>
#include <stdio.h>

enum uplink
cmdline_uplink(const struct ability *ability)
{
	if (ability->vec)
		return ability->dynamic ? UPLINK_VEC : UPLINK_FD;
	return ability->tuntap && ability->dynamic ? UPLINK_ETH : UPLINK_NONE;
}

int
cmdline_add(struct cmdline *out, const char *format, ...)
{
	size_t room = sizeof(out->bytes) - out->used;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(out->bytes + out->used, room, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= room || out->n + 1 >= CMDLINE_WORDS)
		return -1;
	out->words[out->n++] = out->bytes + out->used;
	out->words[out->n] = NULL;
	out->used += (size_t)n + 1;
	return 0;
}

static int
add_uplink(struct cmdline *out, const struct guest *guest, enum uplink uplink)
{
	char mac[MAC_TEXT];

	mac_print(&guest->mac, mac);
	switch (uplink) {
	case UPLINK_VEC:
		return cmdline_add(
		    out, "vec0:transport=tap,ifname=%s,depth=128,gro=1,mac=%s", guest->tap, mac);
	case UPLINK_FD:
		return cmdline_add(out, "vec0:transport=fd,fd=%d,vec=0,mac=%s", CMDLINE_TAP_FD, mac);
	case UPLINK_ETH:
		return cmdline_add(out, "eth0=tuntap,%s,%s", guest->tap, mac);
	case UPLINK_NONE:
		break;
	}
	return -1;
}

static int
add_address(struct cmdline *out, const char *suffix, const struct ip *address, const struct net *network)
{
	struct ip gateway = net_nth(network, 1);
	char text[IP_TEXT];

	if (!ip_is_set(address))
		return 0;
	if (cmdline_add(out, "LODGE_ADDRESS%s=%s", suffix, ip_print(address, text)) == -1)
		return -1;
	return cmdline_add(out, "LODGE_GATEWAY%s=%s", suffix, ip_print(&gateway, text));
}

int
cmdline_build(
    const struct conf *conf, const struct guest *guest, const struct ability *ability, struct cmdline *out)
{
	unsigned long long kib = guest->memory_bytes >> 10;

	*out = (struct cmdline){0};
	if (cmdline_add(out, JAIL_KERNEL) == -1 || cmdline_add(out, "mem=%lluK", kib) == -1 ||
	    cmdline_add(out, guest->disk.base ? "ubd0=" JAIL_IMAGE "," JAIL_BASE : "ubd0=" JAIL_IMAGE) ==
		-1 ||
	    cmdline_add(out, "root=/dev/ubda") == -1 || cmdline_add(out, "rw") == -1 ||
	    cmdline_add(out, "noreboot") == -1 || cmdline_add(out, "uml_dir=" JAIL_UML_DIR) == -1 ||
	    cmdline_add(out, "umid=" JAIL_UMID) == -1 || cmdline_add(out, "con=null") == -1 ||
	    cmdline_add(out, "con0=fd:0,fd:1") == -1 || cmdline_add(out, "ssl=null") == -1 ||
	    cmdline_add(out, "mconsole=notify:" JAIL_NOTIFY) == -1)
		return -1;
	if (guest->seccomp && (!ability->seccomp || cmdline_add(out, "seccomp=on") == -1))
		return -1;
	if (add_uplink(out, guest, cmdline_uplink(ability)) == -1 ||
	    cmdline_add(out, "LODGE_NAME=%s", guest->name) == -1 ||
	    add_address(out, "", &guest->address, &conf->network) == -1 ||
	    add_address(out, "6", &guest->address6, &conf->network6) == -1)
		return -1;
	return 0;
}

int
cmdline_environment(const struct ability *ability, bool padding, struct cmdline *out)
{
	*out = (struct cmdline){0};
	if (cmdline_add(out, "TMPDIR=" JAIL_MEMORY) == -1 || cmdline_add(out, "HOME=/") == -1 ||
	    cmdline_add(out, "PATH=/") == -1)
		return -1;
	if (!ability->dynamic)
		return 0;
	if (cmdline_add(out, "LD_LIBRARY_PATH=" JAIL_LIBRARIES) == -1 ||
	    cmdline_add(out, "LD_PRELOAD=" JAIL_PRELOAD) == -1 ||
	    cmdline_add(out, "LODGE_TAP_FD=%d", CMDLINE_TAP_FD) == -1)
		return -1;
	return padding ? cmdline_add(out, "LODGE_XSTATE=1") : 0;
}
