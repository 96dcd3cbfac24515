/* base/fault.h - make the nth call of a kind fail, for the tests that fail
 * every call in turn. Without WITH_FAULTS fault_hit() is the constant false. */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stdbool.h>

enum fault {
	FAULT_ALLOC, /* what base allocates: arena, buf, deflate, jcs */
	FAULT_STORE, /* every statement step, begin and commit in db */
	FAULT_NET, /* every request of a transport */
	FAULT_JSON, /* what jansson allocates, after json_memory_setup */
	FAULT_FILE, /* what blob asks of the file system */
	FAULT__MAX
};

#ifdef WITH_FAULTS
/* True when this call is the one to fail. After it, all calls of the kind fail
 * until fault_clear() when `for_good` was set: a crash rather than a hiccup. */
bool fault_hit(enum fault kind);
/* Arm: the nth call from now (1 is the next) fails. */
void fault_arm(enum fault kind, long nth, bool for_good);
/* Disarm; answers how many calls were made since fault_arm. */
long fault_clear(enum fault kind);
#else
static inline bool fault_hit(enum fault kind)
{
	(void)kind;
	return false;
}
#endif

#endif
