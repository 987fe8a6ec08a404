/* What lodge-natd needs of the kernel; see tried.h. */
#include "natd/tried.h"
#include "base/finding.h"
#include "natd/feature.h"
#include "natd/link.h"
#include "natd/nft.h"

#include <errno.h>

/* What is lost, each with its reason; the worst decides. */
static void
say_missing(const struct conf *conf, uint32_t missing, struct findings *f)
{
	uint32_t used = feature_used(conf);
	bool whole = true;

	for (size_t i = 0; i < n_features; i++) {
		if (!(missing & used & features[i].bit))
			continue;
		whole = false;
		findings_add(f, features[i].needed ? FOUND_BROKEN : FOUND_DEGRADED, "nft",
		    features[i].needed ? "boot a kernel that has it" : "nothing, if you can do without",
		    "the kernel lacks %s (%s): %s", features[i].name, features[i].since, features[i].lost);
	}
	if (whole)
		findings_add(f, FOUND_OK, "nft", NULL, "all that the tables are made of");
}

static void
try_nft(const struct conf *conf, struct findings *f)
{
	struct nft *nft = nft_open();
	int error = nft ? nft_refusal(nft) : errno;

	if (error == EPERM || error == EACCES)
		findings_add(f, FOUND_BROKEN, "nft", "run it as root, with CAP_NET_ADMIN",
		    "no rules can be made: %s", strerror(error));
	else if (error)
		findings_add(f, FOUND_BROKEN, "nft",
		    "boot a kernel with CONFIG_NF_TABLES_INET and CONFIG_NF_CONNTRACK (modprobe nf_tables)",
		    "no port can lead to a guest and nothing keeps guests apart: nf_tables: %s",
		    strerror(error));
	else
		say_missing(conf, nft_missing(nft), f);
	if (nft)
		nft_close(nft);
}

static void
try_wan(const struct conf *conf, struct findings *f)
{
	struct link *link = link_open();
	char device[16] = "";

	if (conf->wan[0])
		findings_add(f, FOUND_OK, "wan", NULL, "%s, by the file", conf->wan);
	else if (link && link_default_device(link, device) == 0)
		findings_add(f, FOUND_OK, "wan", NULL, "%s, of the default route", device);
	else
		findings_add(f, FOUND_BROKEN, "wan", "set `wan:` to the device that leads out",
		    "no device has a default route");
	if (link)
		link_close(link);
}

int
tried(const struct sys_options *options)
{
	struct conf_errors errors;
	struct findings findings;
	struct conf conf;
	int result = conf_load_any(options->file, &conf, &errors), status = conf_report(&errors, stderr);

	conf_errors_free(&errors);
	if (result == -1)
		return status;
	findings_begin(&findings, stdout, options->json);
	try_wan(&conf, &findings);
	try_nft(&conf, &findings);
	conf_free(&conf);
	return findings_end(&findings);
}
