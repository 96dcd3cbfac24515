#include "base/json_memory.h"

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>

#include "base/fault.h"

static _Thread_local bool has_failed;
static _Thread_local uint64_t failures;

/* What a program that we are part of may have set before. */
static json_malloc_t inner_malloc;
static json_free_t inner_free;

static void *watched_malloc(size_t n)
{
	void *p = fault_hit(FAULT_JSON) ? NULL : inner_malloc(n);

	if (!p) {
		has_failed = true;
		failures++;
	}
	return p;
}

static void setup(void)
{
	json_get_alloc_funcs(&inner_malloc, &inner_free);
	json_set_alloc_funcs(watched_malloc, inner_free);
}

void json_memory_setup(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, setup);
}

void json_memory_begin(void)
{
	has_failed = false;
}

uint64_t json_memory_failures(void)
{
	return failures;
}

enum rc json_memory_end(enum rc rc, struct err *err)
{
	if (!has_failed)
		return rc;
	err_clear(err);
	return err_set(err, RC_NOMEM, "out of memory");
}
