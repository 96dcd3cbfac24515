/* unit/test_replica_harness.h - a server and one replica in this process, and
 * what both say of each other. */
#ifndef UNIT_TEST_REPLICA_HARNESS_H
#define UNIT_TEST_REPLICA_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/jcs.h"
#include "ledger/enrol.h"
#include "lib/loop.h"
#include "replica/replica.h"

#define PIN "246813"

struct world {
	struct loop loop;
	char dir[64];
	struct replica *r;
	struct exchange x;
	struct sync_summary sum;
	struct err err;
	int cut_after; /* bytes of the next answer that arrive; -1: all */
	int fail; /* the next requests that fail before the server */
};

/* Fail with the message rather than with a number. */
static inline void ok(struct world *w, enum rc rc)
{
	if (rc != RC_OK)
		fail_msg("%s", w->err.text);
}

static inline void refused(struct world *w, enum rc rc, enum rc expected,
			   const char *word)
{
	assert_int_equal(rc, expected);
	if (!strstr(w->err.text, word))
		fail_msg("'%s' does not say '%s'", w->err.text, word);
	err_clear(&w->err);
}

static inline enum rc before(void *ctx, const struct exchange_request *q,
			     struct err *err)
{
	struct world *w = ctx;

	(void)q;
	if (w->fail > 0 && w->fail--)
		return err_set(err, RC_IO, "cannot reach the server");
	return RC_OK;
}

static inline enum rc after(void *ctx, struct exchange_reply *reply,
			    struct err *err)
{
	struct world *w = ctx;

	if (w->cut_after < 0 || reply->sink)
		return RC_OK;
	if (reply->body.len > (size_t)w->cut_after)
		reply->body.len = (size_t)w->cut_after;
	w->cut_after = -1;
	return err_set(err, RC_IO, "the connection broke");
}

static inline void replica_make(struct world *w, struct replica **r,
				const char *name, const char *officer)
{
	char path[128], code[ENROL_CODE_SIZE];
	struct account admin;
	struct op op = loop_op(&w->loop, &admin, &w->err);

	snprintf(path, sizeof(path), "%s/%s.db", w->dir, name);
	ok(w, enrol_code_new(&op, officer, "330106", code));
	ok(w, replica_create(r, path, &host_system, &w->err));
	ok(w,
	   replica_enroll(*r, &w->x, "http://127.0.0.1:1", code, PIN, &w->err));
	ok(w, replica_clone(*r, &w->x, NULL, NULL, &w->err));
}

static inline void office(struct world *w, const char *kind, const char *id,
			  const char *json)
{
	ok(w, loop_write(&w->loop, "330106", kind, id, json, &w->err));
}

static inline int world_make(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	char data[80], json[160], id[33];

	w->cut_after = -1;
	snprintf(w->dir, sizeof(w->dir), "/tmp/hufu-replica-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(data, sizeof(data), "%s/server", w->dir);
	ok(w, seal_setup(&w->err));
	ok(w, object_setup(&w->err));
	ok(w, loop_init(&w->loop, data, &host_system, &w->err));
	w->loop.before = before;
	w->loop.after = after;
	w->loop.ctx = w;
	w->x = loop_exchange(&w->loop);
	office(w, "officer", "o1", "{\"name\":\"An\",\"state\":\"active\"}");
	office(w, "officer", "o2", "{\"name\":\"Bo\",\"state\":\"active\"}");
	for (int i = 0; i < 100; i++) {
		snprintf(id, sizeof(id), "s%d", i);
		snprintf(json, sizeof(json),
			 "{\"name\":\"subject %d\",\"town\":\"00%d\","
			 "\"state\":\"in_business\"}",
			 i, i % 3);
		if (i < 40)
			office(w, "subject", id, json);
	}
	office(w, "assignment", "a1",
	       "{\"subject\":\"s1\",\"state\":\"issued\",\"due\":\"2026-12-"
	       "01\"}");
	replica_make(w, &w->r, "one", "o1");
	*state = w;
	return 0;
}

static inline int world_free(void **state)
{
	struct world *w = *state;
	char command[128];

	replica_close(w->r);
	loop_release(&w->loop);
	snprintf(command, sizeof(command), "rm -rf %s", w->dir);
	assert_int_equal(system(command), 0);
	free(w);
	return 0;
}

static inline void edit(struct world *w, const char *sql)
{
	ok(w, replica_exec(w->r, sql, &w->err));
}

static inline void commit(struct world *w)
{
	int packets, records;

	ok(w, replica_commit(w->r, "a test", &packets, &records, &w->err));
}

static inline void sync_ok(struct world *w)
{
	ok(w, replica_sync(w->r, &w->x, &w->sum, &w->err));
	assert_true(w->sum.all_equal);
	ok(w, replica_verify(w->r, &w->err));
}

/* The halves are laid together. */
static inline void same_root(struct world *w, struct replica *r,
			     const char *scope)
{
	struct head head;
	struct oid root;

	ok(w, ledger_head(w->loop.store, scope, &head, &w->err));
	ok(w, replica_root(r, scope, &root, &w->err));
	assert_memory_equal(&head.root, &root, sizeof(root));
}

static inline void main_is(struct world *w, const char *kind, const char *id,
			   const char *field, const char *value)
{
	json_t *record = NULL;
	char *text;

	ok(w, replica_main(w->r, kind, id, &text, &w->err));
	ok(w, jcs_read(text, strlen(text), &record, &w->err));
	assert_string_equal(json_text(record, field), value);
	json_decref(record);
	free(text);
}

/* A query whose one integer is 1. */
static inline bool holds(struct world *w, const char *condition)
{
	char sql[512];
	enum rc rc;

	snprintf(sql, sizeof(sql),
		 "CREATE TEMP TABLE IF NOT EXISTS asked(x CHECK(x)); "
		 "INSERT INTO asked SELECT coalesce((%s),0)",
		 condition);
	rc = replica_exec(w->r, sql, &w->err);
	if (rc != RC_OK)
		print_error("%s: %s\n", condition, w->err.text);
	err_clear(&w->err);
	return rc == RC_OK;
}

#define T(name) cmocka_unit_test_setup_teardown(name, world_make, world_free)

#endif
