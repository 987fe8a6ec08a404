/* What the kernel lacks is found out when it refuses, said, and gone without; see natd.h. */
#include "base/log.h"
#include "natd/feature.h"
#include "natd/natd.h"

/* Another plan, which does without. False: it cannot be done without, or that is not what was refused. */
static bool
go_without(struct natd *natd)
{
	uint32_t lacks = natd->apply.missing; /* beyond what the plan does without already */
	struct plan_host host = natd->host;
	char text[FEATURE_TEXT];
	struct facts want;

	for (size_t i = 0; i < n_features; i++)
		if ((lacks & features[i].bit) && features[i].needed)
			return false;
	host.missing |= lacks;
	if (!lacks || plan_facts(&natd->conf, &host, &want) == -1)
		return false;
	for (size_t i = 0; i < n_features; i++)
		if (lacks & features[i].bit & feature_used(&natd->conf))
			log_warn("%s", feature_print(&features[i], text));
	facts_free(&natd->want);
	natd->want = want;
	natd->host = host;
	return true;
}

bool
natd_apply(struct natd *natd)
{
	do {
		natd->apply.without = natd->host.missing;
		natd->status.refused = apply_facts(&natd->apply, &natd->want) == -1;
	} while (natd->status.refused && go_without(natd));
	return !natd->status.refused;
}
