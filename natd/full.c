/* Whether the kernel's table of tracked connections is full; see full.h. */
#include "natd/full.h"
#include "base/log.h"

#include <stdio.h>

enum { FULL_PERCENT = 95, CALM_PERCENT = 80 };

static uint32_t
number_in(const char *path)
{
	FILE *in = fopen(path, "re");
	unsigned n = 0;

	if (in && fscanf(in, "%u", &n) != 1)
		n = 0;
	if (in)
		fclose(in);
	return n;
}

/* Of every processor's line the columns drop and early_drop; the first line names them. */
static uint64_t
read_dropped(void)
{
	FILE *in = fopen("/proc/net/stat/nf_conntrack", "re");
	uint64_t dropped = 0;
	unsigned drop, early;
	char line[512];

	while (in && fgets(line, sizeof(line), in))
		if (sscanf(line, "%*x %*x %*x %*x %*x %*x %*x %*x %*x %*x %x %x", &drop, &early) == 2)
			dropped += drop + early;
	if (in)
		fclose(in);
	return dropped;
}

void
full_check(struct full *full)
{
	uint64_t dropped = read_dropped();
	uint32_t entries = number_in("/proc/sys/net/netfilter/nf_conntrack_count");
	uint32_t most = number_in("/proc/sys/net/netfilter/nf_conntrack_max");
	bool full_now = most && (uint64_t)entries * 100 >= (uint64_t)most * FULL_PERCENT;
	bool calm = (uint64_t)entries * 100 < (uint64_t)most * CALM_PERCENT;

	full_now |= full->known && dropped > full->dropped;
	if (full_now && !full->told)
		log_error(
		    "the table of tracked connections is full (%u of %u): the kernel drops what is new, also "
		    "the host's own; give it room: sysctl -w net.netfilter.nf_conntrack_max=%u",
		    entries, most, most * 2);
	else if (full->told && calm && !full_now)
		log_info("the table of tracked connections has room again (%u of %u)", entries, most);
	full->told = full_now || (full->told && !calm);
	full->dropped = dropped;
	full->entries = entries;
	full->most = most;
	full->known = true;
}
