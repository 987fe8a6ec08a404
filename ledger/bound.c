/* A ceiling of what one answer holds; see bound.h. */
#include "ledger/bound.h"

#if HIREDIS_MAJOR == 0
typedef int element_count;
#else
typedef size_t element_count;
#endif

static void *
make_array(const redisReadTask *task, element_count n)
{
	struct bound *b = task->privdata;

	b->met = (size_t)n > 2 * BOUND_FIELDS;
	return b->met ? NULL : b->usual.createArray(task, n);
}

void
bound_set(struct bound *b, redisContext *redis)
{
	b->usual = b->bounded = *redis->reader->fn;
	b->bounded.createArray = make_array;
	redis->reader->fn = &b->bounded;
	redis->reader->privdata = b;
}
