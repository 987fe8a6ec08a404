/* The answer to `status`; see status.h. */
#include "natd/status.h"
#include "natd/feature.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Whether one pattern is all taps'. */
static bool
are_alike(const struct conf *conf)
{
	bool alike = true;

	for (size_t i = 0; i < conf->n_guests; i++)
		alike &= strncmp(conf->guests[i].tap, "tap", 3) == 0;
	return alike;
}

/* Each tap, or all by one pattern, with the words around it. */
static void
print_each(const struct conf *conf, const char *all, const char *before, const char *between, FILE *out)
{
	if (are_alike(conf)) {
		fprintf(out, "%s%s", before, all);
		return;
	}
	for (size_t i = 0; i < conf->n_guests; i++)
		fprintf(out, "%s%s%s", i ? between : "", before, conf->guests[i].tap);
}

/* One transaction; a rule for each name, which natd knows again when it reads them. */
static void
help_nft(const struct conf *conf, const struct foreign_chain *at, FILE *out)
{
	static const char *const ways[] = {"iifname", "oifname"};
	size_t n = are_alike(conf) ? 1 : conf->n_guests;

	fputs("nft '", out);
	for (size_t i = 0; i < 2 * n; i++)
		fprintf(out, "%sinsert rule %s %s %s %s \"%s\" accept", i ? "; " : "", at->family, at->table,
		    at->chain, ways[i / n], are_alike(conf) ? "tap*" : conf->guests[i % n].tap);
	fputc('\'', out);
}

/* Both ways: our own chains still drop what may not pass. */
char *
status_help(const struct conf *conf, const struct foreign_drop *drop)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		return NULL;
	if (drop->tool == TOOL_FIREWALLD) {
		fputs("firewall-cmd --permanent --zone=trusted", out);
		print_each(conf, "tap+", " --add-interface=", "", out);
		fputs(" && firewall-cmd --reload", out);
	} else if (drop->tool == TOOL_UFW) {
		print_each(conf, "tap+", "ufw route allow in on ", "; ", out);
		print_each(conf, "tap+", "; ufw route allow out on ", "", out);
	} else {
		help_nft(conf, &drop->at, out);
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

	for (size_t i = 0; i < apply->n_foreign && i < FOREIGN_MAX; i++) {
		const struct foreign_drop *foreign = &apply->foreign[i];
		char *help = status_help(status->conf, foreign);

		json_array_append_new(
		    out, json_pack("{s:s, s:s, s:s, s:s, s:s}", "family", foreign->at.family, "table",
			     foreign->at.table, "chain", foreign->at.chain, "by", foreign->by, "help",
			     help ? help : ""));
		free(help);
	}
	return out;
}

static json_t *
missing_json(uint32_t missing)
{
	json_t *out = json_array();

	for (size_t i = 0; i < n_features; i++)
		if (missing & features[i].bit)
			json_array_append_new(out, json_string(features[i].name));
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
	return json_pack("{s:s, s:i, s:s, s:I, s:I, s:I, s:I, s:s, s:b, s:o, s:I, s:o, s:o, s:o}", "name",
	    "lodge-natd", "pid", (int)getpid(), "wan", status->wan, "generation",
	    (json_int_t)status->apply->generation, "repairs", (json_int_t)status->repairs, "reloads",
	    (json_int_t)status->reloads, "lost_events", (json_int_t)status->lost, "file",
	    status->conf->files[0], "complete", !status->refused, "missing", missing_json(*status->missing),
	    "foreign_found", (json_int_t)status->apply->n_foreign, "guests", guests, "drops",
	    drops ? drops : json_null(), "foreign", foreign_json(status));
}
