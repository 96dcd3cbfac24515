/* base/json_memory.h - did memory run out while JSON was built?
 *
 * jansson tells of each failed allocation where it happens, in dozens of calls
 * that build one record or answer; one of them overlooked, and a record lacks a
 * member that is then signed. So its allocations are watched (they go on to the
 * functions that a program set before): a stretch of work that keeps or sends
 * what it builds calls json_memory_begin first and json_memory_end before it
 * does. Per thread; stretches do not nest. */
#ifndef BASE_JSON_MEMORY_H
#define BASE_JSON_MEMORY_H

#include <stdint.h>

#include "base/err.h"

/* Before the first stretch; any number of times, from any thread. */
void json_memory_setup(void);
void json_memory_begin(void);
/* The outcome of the stretch: rc, but RC_NOMEM where an allocation of this
 * thread failed since json_memory_begin: what a record without a member breaks
 * is another matter then. */
enum rc json_memory_end(enum rc rc, struct err *err);
/* How many allocations of this thread have failed since it began: for a stretch
 * around others. */
uint64_t json_memory_failures(void);

#endif
