/* A guest → the lines of its keys: all of them, or those that say something. */
#include "conf/parse.h"

static void
domains_print(const struct guest *g, FILE *out)
{
	fputs("    domains: [", out);
	for (size_t i = 0; i < g->n_domains; i++)
		fprintf(out, "%s\"%s%s\"", i ? ", " : "", conf_domain_prefix(g->domains[i].kind),
		    g->domains[i].name);
	fputs("]\n", out);
}

static void
forwards_print(const struct guest *g, FILE *out)
{
	static const char *const after[] = {[PROTO_TCP] = "/tcp", [PROTO_UDP] = "/udp", [PROTO_BOTH] = ""};

	fputs("    ports: [", out);
	for (size_t i = 0; i < g->n_forwards; i++) {
		const struct forward *f = &g->forwards[i];

		fprintf(out, "%s\"%u", i ? ", " : "", f->lo);
		if (f->hi != f->lo)
			fprintf(out, "-%u", f->hi);
		if (f->to != f->lo)
			fprintf(out, ":%u", f->to);
		fprintf(out, "%s\"", after[f->proto]);
	}
	if (g->rest)
		fputs(g->n_forwards ? ", rest" : "rest", out);
	fputs("]\n", out);
}

static void
quota_print(const struct quota *q, FILE *out)
{
	char month[VALUE_TEXT], rate[VALUE_TEXT];

	if (q->then == QUOTA_NONE)
		return;
	fprintf(out, "    quota: {month: %s, then: ", scalar_traffic_print(q->month_bytes, month));
	if (q->then == QUOTA_THROTTLE)
		fprintf(out, "throttle %s}\n", scalar_rate_print(q->throttle_bit_s, rate));
	else
		fputs(q->then == QUOTA_WARN ? "warn}\n" : "cut}\n", out);
}

static void
disk_print(const struct disk *d, bool brief, FILE *out)
{
	char size[VALUE_TEXT];

	fputs("    disk:\n", out);
	line_print(out, "      image", d->image);
	fprintf(out, "      size: %s\n", scalar_size_print(d->size_bytes, size));
	if (d->from)
		line_print(out, "      from", d->from);
	if (d->base)
		line_print(out, "      base", d->base);
	if (!brief || d->fs != DISK_EXT4)
		fprintf(out, "      fs: %s\n", word_filesystems[d->fs]);
}

static void
keys_print(const struct guest *g, FILE *out)
{
	fputs("    ssh-keys:", out);
	fputs(g->n_ssh_keys ? "\n" : " []\n", out);
	for (size_t i = 0; i < g->n_ssh_keys; i++) {
		fputs("      - ", out);
		text_print(g->ssh_keys[i], out);
		fputc('\n', out);
	}
}

static void
addresses_print(const struct guest *g, bool brief, FILE *out)
{
	char ip[IP_TEXT], mac[MAC_TEXT];

	fprintf(out, "    address: %s\n", ip_print(&g->address, ip));
	if (ip_is_set(&g->address6))
		fprintf(out, "    address6: \"%s\"\n", ip_print(&g->address6, ip));
	if (!brief || g->mac_place.line > 0)
		fprintf(out, "    mac: \"%s\"\n", mac_print(&g->mac, mac));
	if (!brief || g->tap_place.line > 0)
		line_print(out, "    tap", g->tap);
}

static bool
is_proxy_to_default(const struct guest *g)
{
	return g->to_http == 80 && g->to_tls == 443 && g->to_quic == 443;
}

/* When it is up, and how it is stopped. */
static void
control_print(const struct guest *g, const struct conf *brief, FILE *out)
{
	char text[VALUE_TEXT];

	if (g->health_port == 0)
		fputs("    health: none\n", out);
	else if (!brief || g->health_port != CONF_HEALTH_PORT)
		fprintf(out, "    health: %u\n", g->health_port);
	if (!brief || g->grace_ms != CONF_GRACE_MS)
		fprintf(out, "    grace: %s\n", scalar_duration_print(g->grace_ms, text));
	if (!brief || g->seccomp)
		fprintf(out, "    seccomp: %s\n", g->seccomp ? "yes" : "no");
}

void
guest_print(const struct guest *g, const struct conf *brief, FILE *out)
{
	char size[VALUE_TEXT];

	fprintf(out, "  %s:\n", g->name);
	addresses_print(g, brief, out);
	domains_print(g, out);
	forwards_print(g, out);
	allow_print(g, out);
	if (!brief || !is_proxy_to_default(g))
		fprintf(
		    out, "    proxy-to: {http: %u, tls: %u, quic: %u}\n", g->to_http, g->to_tls, g->to_quic);
	if (g->client_address != CLIENT_DEFAULT)
		fprintf(out, "    client-address: %s\n", conf_client_address(g->client_address));
	if (!brief || g->redirect_https)
		fprintf(out, "    redirect-https: %s\n", g->redirect_https ? "yes" : "no");
	fprintf(out, "    memory: %s\n", scalar_size_print(g->memory_bytes, size));
	disk_print(&g->disk, brief, out);
	keys_print(g, out);
	quota_print(&g->quota, out);
	if (!brief || g->billing_day != brief->billing.day)
		fprintf(out, "    billing-day: %u\n", g->billing_day);
	if (!brief || !g->autostart)
		fprintf(out, "    autostart: %s\n", g->autostart ? "yes" : "no");
	control_print(g, brief, out);
}
