/* A replica whose store, memory or server fails at every single call: its file
 * always verifies, and a later sync ends equal with all that was written. */
#include "unit/test_replica_harness.h"

#ifdef WITH_FAULTS
/* What both sides changed before each try, and what must be everywhere after
 * the next good sync. */
static void both_sides_edit(struct world *w, long nth, long before)
{
	char sql[160];

	snprintf(sql, sizeof(sql),
		 "UPDATE assignment SET accept_note='%ld' WHERE id='a1'", nth);
	edit(w, sql);
	snprintf(sql, sizeof(sql),
		 "{\"subject\":\"s1\",\"state\":\"issued\","
		 "\"instructions\":\"%ld\",\"accept_note\":\"%ld\"}",
		 nth, before);
	office(w, "assignment", "a1", sql);
}

static void both_edits_arrived(struct world *w, long nth)
{
	char sql[160];

	snprintf(sql, sizeof(sql),
		 "SELECT accept_note='%ld' AND instructions='%ld' FROM "
		 "assignment WHERE id='a1'",
		 nth, nth);
	assert_true(holds(w, sql));
	same_root(w, w->r, "330106");
}

/* Every call of a kind fails in turn during a sync, until none does: the file
 * always verifies and a later sync always ends equal. */
static void syncs_under(struct world *w, enum fault kind, bool for_good)
{
	long before = 0;

	both_sides_edit(w, 0, 0);
	sync_ok(w);
	for (long nth = 1, calls = nth; nth <= calls; nth += 1 + nth / 20) {
		both_sides_edit(w, nth, before);
		before = nth;
		fault_arm(kind, nth, for_good);
		replica_sync(w->r, &w->x, &w->sum, &w->err);
		calls = fault_clear(kind);
		err_clear(&w->err);
		ok(w, replica_verify(w->r, &w->err));
		sync_ok(w);
		both_edits_arrived(w, nth);
	}
}

static void a_failing_store_never_harms_the_replica(void **state)
{
	syncs_under(*state, FAULT_STORE, false);
}

static void a_store_that_dies_never_harms_the_replica(void **state)
{
	syncs_under(*state, FAULT_STORE, true);
}

static void lack_of_memory_never_harms_the_replica(void **state)
{
	syncs_under(*state, FAULT_ALLOC, false);
}

static enum rc status_ignore(void *ctx, const struct status_entry *e,
			     struct err *err)
{
	(void)ctx;
	(void)e;
	(void)err;
	return RC_OK;
}

static enum rc diff_ignore(void *ctx, const struct diff_entry *e,
			   struct err *err)
{
	(void)ctx;
	(void)e;
	(void)err;
	return RC_OK;
}

static enum rc json_ignore(void *ctx, const json_t *o, struct err *err)
{
	(void)ctx;
	(void)o;
	(void)err;
	return RC_OK;
}

/* One of everything that needs no server. */
static enum rc local_work(struct world *w)
{
	int packets, records;
	json_t *info = NULL;
	char *text = NULL;
	enum rc rc = replica_status(w->r, status_ignore, NULL, &w->err);

	if (rc == RC_OK)
		rc = replica_diff(w->r, diff_ignore, NULL, &w->err);
	if (rc == RC_OK)
		rc = replica_undo(w->r, "subject", "s3", &records, &w->err);
	if (rc == RC_OK)
		rc = replica_commit(w->r, "a test", &packets, &records,
				    &w->err);
	if (rc == RC_OK)
		rc = replica_log(w->r, json_ignore, NULL, &w->err);
	if (rc == RC_OK)
		rc = replica_conflicts(w->r, json_ignore, NULL, &w->err);
	if (rc == RC_OK)
		rc = replica_info(w->r, &info, &w->err);
	if (rc == RC_OK)
		rc = replica_main(w->r, "assignment", "a1", &text, &w->err);
	if (rc == RC_OK)
		rc = replica_verify(w->r, &w->err);
	json_decref(info);
	free(text);
	return rc;
}

static void local_work_under(struct world *w, enum fault kind)
{
	for (long nth = 1, calls = nth; nth <= calls; nth += 1 + nth / 30) {
		char sql[160];
		enum rc rc;

		snprintf(sql, sizeof(sql),
			 "UPDATE assignment SET accept_note='%ld' WHERE "
			 "id='a1'; UPDATE subject SET name='%ld' WHERE id='s3'",
			 nth, nth);
		edit(w, sql);
		fault_arm(kind, nth, false);
		rc = local_work(w);
		calls = fault_clear(kind);
		/* status and conflicts may fail in silence nowhere */
		assert_true(rc != RC_OK || nth > calls || kind == FAULT_ALLOC);
		err_clear(&w->err);
		ok(w, replica_verify(w->r, &w->err));
	}
	edit(w, "UPDATE subject SET name='subject 3' WHERE id='s3'");
	sync_ok(w);
	same_root(w, w->r, "330106");
}

static void local_work_survives_a_failing_store(void **state)
{
	local_work_under(*state, FAULT_STORE);
}

static void local_work_survives_lack_of_memory(void **state)
{
	local_work_under(*state, FAULT_ALLOC);
}

/* Enrolment and clone, interrupted at every store call and repeated until they
 * succeed, each with the same code. */
static void enrol_and_clone_may_be_repeated_until_they_succeed(void **state)
{
	struct world *w = *state;
	char path[128], code[ENROL_CODE_SIZE];
	struct account admin;
	struct op op = loop_op(&w->loop, &admin, &w->err);
	struct replica *r = NULL;
	enum rc rc = RC_IO;
	int tries = 0;

	snprintf(path, sizeof(path), "%s/tried.db", w->dir);
	ok(w, enrol_code_new(&op, "o1", "330106", code));
	while (rc != RC_OK) {
		assert_true(++tries < 400);
		fault_arm(FAULT_STORE, tries * 7, false);
		rc = r ? RC_OK
		       : replica_create(&r, path, &host_system, &w->err);
		if (rc == RC_OK)
			rc = replica_enroll(r, &w->x, "http://127.0.0.1:1",
					    code, PIN, &w->err);
		if (rc == RC_OK)
			rc = replica_clone(r, &w->x, NULL, NULL, &w->err);
		fault_clear(FAULT_STORE);
		/* the clone stands, only its sync failed */
		if (rc == RC_INVALID && strstr(w->err.text, "has data"))
			rc = RC_OK;
		err_clear(&w->err);
	}
	assert_true(tries > 3);
	ok(w, replica_verify(r, &w->err));
	ok(w, replica_sync(r, &w->x, &w->sum, &w->err));
	same_root(w, r, "330106");
	same_root(w, r, "catalog");
	replica_close(r);
}
#else
static void nothing_fails_in_this_build(void **state)
{
	(void)state;
	skip(); /* this build makes no call fail */
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
#ifdef WITH_FAULTS
		T(a_failing_store_never_harms_the_replica),
		T(a_store_that_dies_never_harms_the_replica),
		T(lack_of_memory_never_harms_the_replica),
		T(local_work_survives_a_failing_store),
		T(local_work_survives_lack_of_memory),
		T(enrol_and_clone_may_be_repeated_until_they_succeed),
#else
		cmocka_unit_test(nothing_fails_in_this_build),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
