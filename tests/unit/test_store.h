/* What the tests of identity and of the audit log share: an empty store in a
 * folder of its own, whose clock the test sets. */
#ifndef UNIT_TEST_STORE_H
#define UNIT_TEST_STORE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "store/audit.h"

#define NOW INT64_C(1790000000000)
#define DAY INT64_C(86400000)
#define ALL_ROLES (ROLE_ADMINISTRATOR | ROLE_COORDINATOR | ROLE_ANALYST)

static struct desk {
	struct host host;
	struct store *s;
	char top[40], dir[64];
	int64_t now_ms;
	struct account admin;
	struct err err;
} desk;

static int64_t desk_ms(void *ctx)
{
	(void)ctx;
	return desk.now_ms;
}

static const struct audit_by by_test = { .who = "admin", .via = VIA_API };

static inline void ok(enum rc rc)
{
	if (rc != RC_OK)
		fail_msg("%s (%s)", desk.err.text, rc_name(rc));
}

/* The call fails with this code and these words. */
static inline void refused(enum rc rc, enum rc want, const char *words)
{
	if (rc != want || !strstr(desk.err.text, words))
		fail_msg("%s: '%s', not %s: '%s'", rc_name(rc), desk.err.text,
			 rc_name(want), words);
	err_clear(&desk.err);
}

static inline void sql(const char *text)
{
	ok(db_script(desk.s->db, text, &desk.err));
}

static inline int64_t number(const char *text)
{
	int64_t n = -1;

	ok(db_int(desk.s->db, text, -1, &n, &desk.err));
	return n;
}

static inline int desk_begin(void **state)
{
	(void)state;
	memset(&desk, 0, sizeof(desk));
	desk.host = host_system;
	desk.host.wall_ms = desk_ms;
	desk.host.monotonic_ms = desk_ms;
	desk.now_ms = NOW;
	snprintf(desk.top, sizeof(desk.top), "/tmp/hufu-desk-XXXXXX");
	assert_non_null(mkdtemp(desk.top));
	snprintf(desk.dir, sizeof(desk.dir), "%s/data", desk.top);
	ok(seal_setup(&desk.err));
	ok(object_setup(&desk.err));
	ok(store_init(desk.dir, &desk.host, true, &desk.err));
	ok(store_open(&desk.s, desk.dir, &desk.host, true, &desk.err));
	ok(account_add(desk.s, "admin", ALL_ROLES, "*", NULL, &desk.err));
	ok(account_get(desk.s, "admin", &desk.admin, &desk.err));
	return 0;
}

static inline int desk_end(void **state)
{
	char command[96];

	(void)state;
	store_close(desk.s);
	snprintf(command, sizeof(command), "rm -rf %s", desk.top);
	return system(command);
}

static inline void desk_reopen(void)
{
	store_close(desk.s);
	desk.s = NULL;
	ok(store_open(&desk.s, desk.dir, &desk.host, true, &desk.err));
}

#endif
