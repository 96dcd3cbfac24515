/* torture.h - one call failing in turn, for every call: what the torture tests
 * share. With TORTURE=full every single one, else about TORTURE_POINTS, and
 * with TORTURE=few a third of these: where each costs many times as much. */
#ifndef UNIT_TORTURE_H
#define UNIT_TORTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/fault.h"
#include "lib/field.h"

#define TORTURE_POINTS 16
#define TORTURE_POINTS_FEW 5

/* How the nth call fails. */
struct torture_way {
	const char *name;
	enum fault fault;
	bool for_good; /* a crash: everything fails until it is opened again */
};

static const struct torture_way torture_ways[] = {
	{ "a store call stumbles", FAULT_STORE, false },
	{ "a crash between store calls", FAULT_STORE, true },
	{ "an allocation fails", FAULT_ALLOC, false },
	{ "an allocation for JSON fails", FAULT_JSON, false },
};
#define TORTURE_WAYS 4

/* One try: prepared, done under the armed fault, checked and mended. */
struct torture {
	void (*prepare)(void *ctx);
	enum rc (*act)(void *ctx, struct err *err);
	/* `rc` is what the act said; `crashed`: open everything again */
	void (*mend)(void *ctx, enum rc rc, bool crashed);
	void *ctx;
};

/* Answers whether a call was hit. */
static inline bool torture_try(const struct torture *t,
			       const struct torture_way *way, long nth,
			       long *calls)
{
	struct err err = { 0 };
	enum rc rc;

	t->prepare(t->ctx);
	fault_arm(way->fault, nth, way->for_good);
	rc = t->act(t->ctx, &err);
	*calls = fault_clear(way->fault);
	if (rc != RC_OK && *calls < nth)
		fail_msg("without a fault: %s (%s)", err.text, rc_name(rc));
	if (getenv("TORTURE_SHOW"))
		print_message("%s, call %ld: %s %s\n", way->name, nth,
			      rc_name(rc), err.text);
	t->mend(t->ctx, rc, way->for_good && *calls >= nth);
	return *calls >= nth;
}

static inline long torture_stride(long calls)
{
	const char *how = getenv("TORTURE");
	long points = TORTURE_POINTS;

	if (how && !strcmp(how, "full"))
		return 1;
	if (how && !strcmp(how, "few"))
		points = TORTURE_POINTS_FEW;
	return calls < points ? 1 : calls / points;
}

static inline void torture_run(const struct torture *t,
			       const struct torture_way *way)
{
	long calls, stride, tries = 0;

	/* how many calls there are */
	torture_try(t, way, INT32_MAX, &calls);
	assert_true(calls > 0);
	stride = torture_stride(calls);
	for (long nth = 1;; nth += stride, tries++)
		if (!torture_try(t, way, nth, &calls))
			break;
	assert_true(tries > 0);
}

#endif
