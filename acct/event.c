/* Quotas; see event.h. */
#include "acct/event.h"

#include <inttypes.h>

static const uint8_t thresholds[] = {80, 100};

/* Bytes from which on so many per cent are reached: rounded up, without a product that could overflow. */
static uint64_t
bytes_at(uint64_t quota, uint8_t percent)
{
	return quota / 100 * percent + (quota % 100 * percent + 99) / 100;
}

/* The lowest threshold that is reached and was not told of, or 0. */
static uint8_t
due(const struct quota *quota, struct period *period, uint64_t used)
{
	if (quota->then == QUOTA_NONE || period->unknown)
		return 0;
	if (period->quota != quota->month_bytes) {
		period->quota = quota->month_bytes;
		period->told = 0;
	}
	for (size_t i = 0; i < sizeof(thresholds); i++)
		if (period->told < thresholds[i] && used >= bytes_at(quota->month_bytes, thresholds[i]))
			return thresholds[i];
	return 0;
}

bool
event_next(const struct quota *quota, struct period *period, uint64_t used, struct event *out)
{
	uint8_t percent = due(quota, period, used);

	if (percent == 0)
		return false;
	period->told = percent;
	*out = (struct event){
	    .period = period->start,
	    .quota = quota->month_bytes,
	    .billed = used,
	    .bit_s = quota->throttle_bit_s,
	    .percent = percent,
	    .then = quota->then,
	};
	return true;
}

void
event_pass(const struct quota *quota, struct period *period, uint64_t used)
{
	struct event event;

	while (event_next(quota, period, used, &event))
		;
}

void
event_keep(struct event list[EVENTS_KEEP], size_t *n, const struct event *event)
{
	if (*n == EVENTS_KEEP)
		memmove(list, list + 1, --*n * sizeof(*list));
	list[(*n)++] = *event;
}

struct curb
event_curb(const struct guest *guest, const struct period *period, uint64_t used)
{
	const struct quota *quota = &guest->quota;
	struct curb curb = {.by = CURB_QUOTA};
	char day[KEY_SUFFIX];

	memcpy(curb.guest, guest->name, sizeof(curb.guest));
	if ((quota->then != QUOTA_THROTTLE && quota->then != QUOTA_CUT) || used < quota->month_bytes)
		return curb;
	curb.then = quota->then;
	curb.bit_s = quota->then == QUOTA_THROTTLE ? quota->throttle_bit_s : 0;
	snprintf(curb.mark, sizeof(curb.mark), "%s.%" PRIu64, key_period(period->start, day) + 2,
	    quota->month_bytes);
	return curb;
}
