#include "base/fault.h"

#ifdef WITH_FAULTS

#include <assert.h>
#include <stdatomic.h>

/* nth is 0 while disarmed. Several threads may call; exactly one of them gets
 * the nth call. */
static struct {
	atomic_long calls;
	atomic_long nth;
	atomic_bool for_good;
} faults[FAULT__MAX];

bool fault_hit(enum fault kind)
{
	long call, nth;

	assert(kind < FAULT__MAX);
	nth = atomic_load(&faults[kind].nth);
	if (nth == 0)
		return false;
	call = atomic_fetch_add(&faults[kind].calls, 1) + 1;
	return call == nth ||
	       (call > nth && atomic_load(&faults[kind].for_good));
}

void fault_arm(enum fault kind, long nth, bool for_good)
{
	assert(kind < FAULT__MAX && nth > 0);
	atomic_store(&faults[kind].nth, 0);
	atomic_store(&faults[kind].calls, 0);
	atomic_store(&faults[kind].for_good, for_good);
	atomic_store(&faults[kind].nth, nth);
}

long fault_clear(enum fault kind)
{
	assert(kind < FAULT__MAX);
	atomic_store(&faults[kind].nth, 0);
	return atomic_exchange(&faults[kind].calls, 0);
}

#endif
