/* The answer to `status`; see status.h. */
#include "natd/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What nft matches all taps by: "tap*" where it does, else each by name. */
static void
print_taps(const struct conf *conf, FILE *out)
{
	bool alike = true;

	for (size_t i = 0; i < conf->n_guests; i++)
		alike &= strncmp(conf->guests[i].tap, "tap", 3) == 0;
	if (alike) {
		fputs("\"tap*\"", out);
		return;
	}
	for (size_t i = 0; i < conf->n_guests; i++)
		fprintf(out, "%s\"%s\"", i ? ", " : "{ ", conf->guests[i].tap);
	fputs(" }", out);
}

/* Both ways: our own chains still drop what may not pass. */
char *
status_help(const struct conf *conf, const struct nft_foreign *foreign)
{
	static const char *const ways[] = {"iifname", "oifname"};
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		return NULL;
	for (size_t i = 0; i < 2; i++) {
		fprintf(out, "%snft 'insert rule %s %s %s %s ", i ? "; " : "", foreign->family,
		    foreign->table, foreign->chain, ways[i]);
		print_taps(conf, out);
		fputs(" accept'", out);
	}
	fclose(out);
	return text;
}

static json_t *
curb_json(const struct curb *curb)
{
	const char *by = curb->by == CURB_QUOTA ? "quota" : "hand";

	if (curb->then == QUOTA_CUT)
		return json_pack("{s:s, s:s}", "then", "cut", "by", by);
	return json_pack("{s:s, s:I, s:s}", "then", "throttle", "bit_s", (json_int_t)curb->bit_s, "by", by);
}

static json_t *
guest_json(const struct guest *guest, const struct curb *curb)
{
	char four[IP_TEXT], six[IP_TEXT], mac[MAC_TEXT];
	size_t ports = 0;
	json_t *out;

	for (size_t i = 0; i < guest->n_forwards; i++)
		ports += (size_t)(guest->forwards[i].hi - guest->forwards[i].lo) + 1;
	out = json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:I, s:b}", "name", guest->name, "tap", guest->tap,
	    "address", ip_print(&guest->address, four), "mac", mac_print(&guest->mac, mac), "uid",
	    (int)guest->uid, "forwards", (int)guest->n_forwards, "ports", (json_int_t)ports, "rest",
	    guest->rest);
	if (out && ip_is_set(&guest->address6))
		json_object_set_new(out, "address6", json_string(ip_print(&guest->address6, six)));
	if (out && curb)
		json_object_set_new(out, "curb", curb_json(curb));
	return out;
}

static json_t *
foreign_json(const struct status *status)
{
	const struct apply *apply = status->apply;
	json_t *out = json_array();

	for (size_t i = 0; i < apply->n_foreign && i < NFT_FOREIGN_MAX; i++) {
		const struct nft_foreign *foreign = &apply->foreign[i];
		char *help = status_help(status->conf, foreign);

		json_array_append_new(
		    out, json_pack("{s:s, s:s, s:s, s:s}", "family", foreign->family, "table", foreign->table,
			     "chain", foreign->chain, "help", help ? help : ""));
		free(help);
	}
	return out;
}

json_t *
status_json(const struct status *status)
{
	json_t *guests = json_array(), *drops = nft_counters(status->apply->nft);

	for (size_t i = 0; i < status->conf->n_guests; i++) {
		const struct guest *guest = &status->conf->guests[i];

		json_array_append_new(guests, guest_json(guest, curbs_find(status->curbs, guest->name)));
	}
	return json_pack("{s:s, s:i, s:s, s:I, s:I, s:I, s:I, s:b, s:I, s:o, s:o, s:o}", "name", "lodge-natd",
	    "pid", (int)getpid(), "wan", status->wan, "generation", (json_int_t)status->apply->generation,
	    "repairs", (json_int_t)status->repairs, "reloads", (json_int_t)status->reloads, "lost_events",
	    (json_int_t)status->lost, "complete", !status->refused, "foreign_found",
	    (json_int_t)status->apply->n_foreign, "guests", guests, "drops", drops ? drops : json_null(),
	    "foreign", foreign_json(status));
}
