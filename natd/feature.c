/* What a kernel may lack; see feature.h. */
#include "natd/feature.h"

#include <stdio.h>
#include <string.h>

const struct feature features[] = {
    {FEATURE_GUARD, "tables with an owner that persist", "Linux 6.9",
	"other programs can change lodge's tables in spite of `guard: yes`", false},
    {FEATURE_COUNT, "ct count", "Linux 4.18, CONFIG_NFT_CONNLIMIT",
	"a guest's connections are not bounded, and one guest can fill the table of tracked connections",
	false},
    {FEATURE_ARP, "the arp family", "Linux 3.13, CONFIG_NF_TABLES_ARP",
	"a guest can claim other addresses than its own by ARP", false},
    {FEATURE_LIMIT, "named limits", "Linux 4.14, CONFIG_NFT_LIMIT",
	"no guest is throttled, whatever is ordered; it can be cut off", false},
    {FEATURE_SOCKET, "socket transparent", "Linux 4.18, CONFIG_NFT_SOCKET",
	"guests get no answers to `client-address: transparent`, so set it to none or proxy-v2, and "
	"`ports: [rest]` gets nothing",
	false},
    {FEATURE_FIB, "fib daddr type", "Linux 4.10, CONFIG_NFT_FIB_INET", "no port can lead to a guest", true},
    {FEATURE_NAT, "nat chains in the inet family", "Linux 5.2, CONFIG_NFT_NAT", "no port can lead to a guest",
	true},
    {FEATURE_MASQUERADE, "masquerade in the inet family", "Linux 5.2, CONFIG_NFT_MASQ",
	"no guest gets out by IPv4", true},
};
const size_t n_features = sizeof(features) / sizeof(*features);

const char *
feature_print(const struct feature *feature, char *text)
{
	snprintf(text, FEATURE_TEXT, "the kernel lacks %s (%s): %s; %s", feature->name, feature->since,
	    feature->lost, feature->needed ? "boot a kernel that has it" : "going on without");
	return text;
}

uint32_t
feature_used(const struct conf *conf)
{
	return conf->guard ? FEATURE_ALL : FEATURE_ALL & ~(uint32_t)FEATURE_GUARD;
}

bool
feature_has_rule(const char *rule, uint32_t missing)
{
	static const struct {
		const char *words;
		uint32_t needs;
	} list[] = {
	    {"ct count over", FEATURE_COUNT}, {"limit name", FEATURE_LIMIT},
	    {"socket transparent", FEATURE_SOCKET},
	    {"jump rest", FEATURE_SOCKET}, /* which else took what a program of the host waits for */
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++)
		if ((missing & list[i].needs) && strstr(rule, list[i].words))
			return false;
	return true;
}

/* Of the limits' maps, which are called slow_from and slow_to. */
static bool
is_of_limits(const struct fact *fact)
{
	return fact->kind == FACT_LIMIT || ((fact->kind == FACT_SET || fact->kind == FACT_ELEMENT) &&
					       strncmp(fact->name, "slow_", 5) == 0);
}

bool
feature_has_fact(const struct fact *fact, uint32_t missing)
{
	if ((missing & FEATURE_ARP) && fact_is_nft(fact) && fact->family == FAMILY_ARP)
		return false;
	return !(missing & FEATURE_LIMIT) || !is_of_limits(fact);
}
