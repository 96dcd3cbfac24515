/* A replica against the real ledger, without a socket. */
#include "unit/test_replica_harness.h"

static void a_clone_has_the_servers_roots(void **state)
{
	struct world *w = *state;

	same_root(w, w->r, "catalog");
	same_root(w, w->r, "330106");
	ok(w, replica_verify(w->r, &w->err));
	assert_true(holds(w, "SELECT count(*)=40 FROM subject"));
}

static void a_second_clone_is_refused(void **state)
{
	struct world *w = *state;

	refused(w, replica_clone(w->r, &w->x, NULL, NULL, &w->err), RC_INVALID,
		"has data already");
}

/* An exchange that breaks snapshots off after some bytes, and notes from where
 * they were asked for. */
struct breaking {
	struct world *w;
	int64_t bytes; /* that still come through */
	int64_t asked_from;
	struct exchange_reply *outer, *inner;
};

static enum rc breaking_sink(void *ctx, const void *p, size_t n,
			     struct err *err)
{
	struct breaking *b = ctx;
	size_t part = (int64_t)n > b->bytes ? (size_t)b->bytes : n;
	enum rc rc;

	/* status and etag are known before the first byte */
	b->outer->status = b->inner->status;
	memcpy(b->outer->etag, b->inner->etag, sizeof(b->outer->etag));
	rc = part ? b->outer->sink(b->outer->sink_ctx, p, part, err) : RC_OK;

	b->bytes -= (int64_t)part;
	return rc == RC_OK && part < n
		       ? err_set(err, RC_IO, "the connection broke")
		       : rc;
}

static enum rc breaking_perform(void *ctx, const struct exchange_request *q,
				struct exchange_reply *reply, struct err *err)
{
	struct breaking *b = ctx;
	struct exchange_reply inner = *reply;
	enum rc rc;

	if (!reply->sink)
		return b->w->x.perform(b->w->x.ctx, q, reply, err);
	if (q->range_from > b->asked_from)
		b->asked_from = q->range_from;
	b->outer = reply;
	b->inner = &inner;
	inner.sink = breaking_sink;
	inner.sink_ctx = b;
	rc = b->w->x.perform(b->w->x.ctx, q, &inner, err);
	reply->status = inner.status;
	return rc;
}

static void a_clone_goes_on_where_it_broke_off(void **state)
{
	struct world *w = *state;
	struct breaking b = { .w = w };
	const struct exchange x = { .perform = breaking_perform, .ctx = &b };
	char path[128], code[ENROL_CODE_SIZE], part[160];
	struct account admin;
	struct op op = loop_op(&w->loop, &admin, &w->err);
	struct replica *r;
	int tries = 0;
	enum rc rc;

	snprintf(path, sizeof(path), "%s/resumed.db", w->dir);
	snprintf(part, sizeof(part), "%s.330106.part", path);
	ok(w, enrol_code_new(&op, "o2", "330106", code));
	ok(w, replica_create(&r, path, &host_system, &w->err));
	ok(w, replica_enroll(r, &x, "http://127.0.0.1:1", code, PIN, &w->err));
	do {
		replica_close(r);
		ok(w, replica_open(&r, path, &host_system, &w->err));
		b.bytes = 700;
		rc = replica_clone(r, &x, NULL, NULL, &w->err);
		assert_true(rc == RC_OK || rc == RC_IO);
		err_clear(&w->err);
		assert_true(++tries < 100);
	} while (rc != RC_OK);
	assert_true(tries > 3);
	assert_true(b.asked_from > 0);
	assert_int_not_equal(access(part, F_OK), 0);
	same_root(w, r, "330106");
	ok(w, replica_verify(r, &w->err));
	replica_close(r);
}

static void an_edit_reaches_the_main_line(void **state)
{
	struct world *w = *state;

	edit(w, "UPDATE assignment SET state='accepted' WHERE id='a1'");
	edit(w, "INSERT INTO visit(id,town,subject,state,officers) "
		"VALUES('v1','001','s1','open','[\"o2\",\"o1\"]')");
	sync_ok(w);
	same_root(w, w->r, "330106");
	assert_int_equal(w->sum.packets_sent, 1);
	assert_int_equal(w->sum.records_sent, 2);
	assert_int_equal(w->sum.requests, 1);
	main_is(w, "assignment", "a1", "state", "accepted");
	assert_true(holds(w, "SELECT officers='[\"o1\",\"o2\"]' FROM visit "
			     "WHERE id='v1'"));
	sync_ok(w);
	assert_int_equal(w->sum.records_received, 0);
}

static void edits_of_different_fields_merge(void **state)
{
	struct world *w = *state;

	edit(w, "UPDATE assignment SET accept_note='mine' WHERE id='a1'");
	office(w, "assignment", "a1",
	       "{\"subject\":\"s1\",\"state\":\"issued\",\"due\":\"2027-01-"
	       "01\"}");
	sync_ok(w);
	assert_int_equal(w->sum.merged, 1);
	assert_true(holds(w, "SELECT accept_note='mine' AND due='2027-01-01' "
			     "FROM assignment WHERE id='a1'"));
	same_root(w, w->r, "330106");
}

static enum rc count_state(void *ctx, const struct status_entry *e,
			   struct err *err)
{
	int *counts = ctx;
	static const char *const states[] = {
		"new", "edited", "local", "sent", "conflict", "quarantined"
	};

	(void)err;
	for (int i = 0; i < 6; i++)
		counts[i] += !strcmp(e->state, states[i]);
	return RC_OK;
}

static int status_of(struct world *w, int which)
{
	int counts[6] = { 0 };

	ok(w, replica_status(w->r, count_state, counts, &w->err));
	return counts[which];
}

static void edits_of_one_field_conflict_and_the_server_stands(void **state)
{
	struct world *w = *state;

	edit(w, "UPDATE assignment SET decline_reason='far' WHERE id='a1'");
	office(w, "assignment", "a1",
	       "{\"subject\":\"s1\",\"state\":\"issued\",\"decline_reason\":"
	       "\"ill\",\"due\":\"2026-12-"
	       "01\"}");
	sync_ok(w);
	assert_int_equal(w->sum.conflicts, 1);
	main_is(w, "assignment", "a1", "decline_reason", "ill");
	assert_true(holds(w, "SELECT decline_reason='ill' FROM assignment "
			     "WHERE id='a1'"));
	assert_int_equal(status_of(w, 4), 1);
	same_root(w, w->r, "330106");
}

static void a_write_beyond_the_role_is_quarantined_and_taken_back(void **state)
{
	struct world *w = *state;

	edit(w, "UPDATE subject SET name='forged' WHERE id='s1'");
	edit(w, "INSERT INTO subject(id,name) VALUES('s999','new one')");
	edit(w, "INSERT INTO hufu_meta(key,value) VALUES"
		"('former subject/s1','1'),('former subject/s999','1')");
	edit(w, "UPDATE assignment SET state='accepted' WHERE id='a1'");
	sync_ok(w);
	assert_int_equal(w->sum.quarantined, 2);
	assert_true(holds(w, "SELECT name='subject 1' FROM subject "
			     "WHERE id='s1'"));
	assert_true(holds(w, "SELECT count(*)=0 FROM subject WHERE id='s999'"));
	assert_int_equal(status_of(w, 5), 2);
	main_is(w, "assignment", "a1", "state", "accepted");
	same_root(w, w->r, "330106");
}

static void a_lost_answer_changes_nothing_twice(void **state)
{
	struct world *w = *state;

	edit(w, "UPDATE assignment SET state='accepted' WHERE id='a1'");
	w->cut_after = 0;
	refused(w, replica_sync(w->r, &w->x, &w->sum, &w->err), RC_IO, "broke");
	assert_int_equal(status_of(w, 3), 1);
	sync_ok(w);
	assert_int_equal(w->sum.packets_sent, 1);
	same_root(w, w->r, "330106");
}

/* Cut the answer at every length: receipts that came whole count, and the next
 * sync always brings the halves together. */
static void a_cut_answer_is_made_good_wherever_it_was_cut(void **state)
{
	struct world *w = *state;

	edit(w, "UPDATE assignment SET accept_note='-36' WHERE id='a1'");
	sync_ok(w);
	for (int cut = 1; cut < 1500; cut += 37) {
		char sql[160];

		snprintf(sql, sizeof(sql),
			 "UPDATE assignment SET accept_note='%d' WHERE id='a1'",
			 cut);
		edit(w, sql);
		snprintf(sql, sizeof(sql),
			 "{\"subject\":\"s1\",\"state\":\"issued\","
			 "\"instructions\":\"%d\",\"accept_note\":\"%d\"}",
			 cut, cut - 37);
		office(w, "assignment", "a1", sql);
		w->cut_after = cut;
		replica_sync(w->r, &w->x, &w->sum, &w->err);
		err_clear(&w->err);
		w->cut_after = -1;
		ok(w, replica_verify(w->r, &w->err));
		sync_ok(w);
		same_root(w, w->r, "330106");
		snprintf(sql, sizeof(sql),
			 "SELECT accept_note='%d' AND instructions='%d' FROM "
			 "assignment WHERE id='a1'",
			 cut, cut);
		assert_true(holds(w, sql));
	}
}

static void edits_after_a_cut_answer_do_not_fight_their_own_past(void **state)
{
	struct world *w = *state;

	edit(w, "UPDATE assignment SET accept_note='one' WHERE id='a1'");
	w->cut_after = 900;
	replica_sync(w->r, &w->x, &w->sum, &w->err);
	err_clear(&w->err);
	w->cut_after = -1;
	edit(w, "UPDATE assignment SET accept_note='two',state='accepted' "
		"WHERE id='a1'");
	sync_ok(w);
	assert_int_equal(w->sum.conflicts, 0);
	main_is(w, "assignment", "a1", "accept_note", "two");
	same_root(w, w->r, "330106");
}

static void a_chain_of_packets_has_no_conflict_with_itself(void **state)
{
	struct world *w = *state;

	edit(w, "UPDATE assignment SET state='accepted' WHERE id='a1'");
	commit(w);
	edit(w, "UPDATE assignment SET state='in_progress' WHERE id='a1'");
	commit(w);
	edit(w, "UPDATE assignment SET state='done' WHERE id='a1'");
	office(w, "assignment", "a1",
	       "{\"subject\":\"s1\",\"state\":\"issued\",\"due\":\"2027-01-"
	       "01\"}");
	sync_ok(w);
	assert_int_equal(w->sum.packets_sent, 3);
	assert_int_equal(w->sum.conflicts, 0);
	assert_true(holds(w, "SELECT state='done' AND due='2027-01-01' FROM "
			     "assignment WHERE id='a1'"));
	same_root(w, w->r, "330106");
}

static void an_uncommitted_edit_outlives_a_pull(void **state)
{
	struct world *w = *state;
	unsigned char seed[SIGN_SEED_BYTES] = { 0 };
	char path[128];

	snprintf(path, sizeof(path), "%s/one.db", w->dir);
	edit(w, "UPDATE assignment SET accept_note='mine' WHERE id='a1'");
	replica_close(w->r); /* which locks the officer's key */
	ok(w, replica_open(&w->r, path, &host_system, &w->err));
	office(w, "assignment", "a1",
	       "{\"subject\":\"s1\",\"state\":\"issued\",\"due\":\"2027-02-"
	       "02\"}");
	sync_ok(w);
	same_root(w, w->r, "330106");
	main_is(w, "assignment", "a1", "due", "2027-02-02");
	assert_true(holds(w, "SELECT accept_note='mine' AND due='2026-12-01' "
			     "FROM assignment WHERE id='a1'"));
	refused(w, replica_unlock(w->r, "000000", &w->err), RC_DENIED, "pin");
	refused(w, replica_unlock_seed(w->r, seed, &w->err), RC_DENIED, "key");
	ok(w, replica_unlock(w->r, PIN, &w->err));
	sync_ok(w);
	assert_int_equal(w->sum.conflicts, 0);
	assert_true(holds(w, "SELECT accept_note='mine' AND due='2027-02-02' "
			     "FROM assignment WHERE id='a1'"));
}

static void undo_after_a_pull_shows_what_main_has(void **state)
{
	struct world *w = *state;
	int records;

	edit(w, "UPDATE assignment SET state='accepted' WHERE id='a1'");
	commit(w);
	w->fail = 1;
	refused(w, replica_sync(w->r, &w->x, &w->sum, &w->err), RC_IO, "reach");
	edit(w, "UPDATE assignment SET state='done' WHERE id='a1'");
	ok(w, replica_undo(w->r, "assignment", "a1", &records, &w->err));
	assert_int_equal(records, 1);
	assert_true(holds(w, "SELECT state='accepted' FROM assignment "
			     "WHERE id='a1'"));
	sync_ok(w);
	main_is(w, "assignment", "a1", "state", "accepted");
	refused(w, replica_undo(w->r, "assignment", "a1", &records, &w->err),
		RC_NOT_FOUND, "no uncommitted edit");
}

static void two_replicas_meet(void **state)
{
	struct world *w = *state;
	struct replica *two;

	replica_make(w, &two, "two", "o2");
	edit(w, "UPDATE assignment SET state='accepted' WHERE id='a1'");
	ok(w, replica_exec(two,
			   "UPDATE assignment SET accept_note='b' "
			   "WHERE id='a1'",
			   &w->err));
	sync_ok(w);
	ok(w, replica_sync(two, &w->x, &w->sum, &w->err));
	assert_int_equal(w->sum.merged, 1);
	sync_ok(w);
	same_root(w, w->r, "330106");
	same_root(w, two, "330106");
	assert_true(holds(w, "SELECT state='accepted' AND accept_note='b' "
			     "FROM assignment WHERE id='a1'"));
	replica_close(two);
}

static void copy_file(const char *from, const char *to)
{
	char command[300];

	snprintf(command, sizeof(command), "cp %s %s", from, to);
	assert_int_equal(system(command), 0);
}

/* A tablet restored from a copy goes on in a journal that the server has in
 * another form: it begins a new one. */
static void a_restored_file_forks_its_journal_and_loses_nothing(void **state)
{
	struct world *w = *state;
	char path[128], copy[128];

	snprintf(path, sizeof(path), "%s/one.db", w->dir);
	snprintf(copy, sizeof(copy), "%s/copy.db", w->dir);
	edit(w, "UPDATE assignment SET accept_note='0' WHERE id='a1'");
	sync_ok(w);
	copy_file(path, copy);
	edit(w, "UPDATE assignment SET accept_note='1' WHERE id='a1'");
	sync_ok(w);
	replica_close(w->r);
	copy_file(copy, path);
	ok(w, replica_open(&w->r, path, &host_system, &w->err));
	ok(w, replica_unlock(w->r, PIN, &w->err));
	edit(w, "INSERT INTO visit(id,subject,state) VALUES('v7','s1','open')");
	sync_ok(w);
	assert_true(w->sum.fork);
	same_root(w, w->r, "330106");
	assert_true(holds(w, "SELECT count(*)=1 FROM visit WHERE id='v7'"));
	main_is(w, "visit", "v7", "state", "open");
}

static void a_new_kind_and_a_new_field_arrive_by_sync(void **state)
{
	struct world *w = *state;
	struct account admin;
	struct op op = loop_op(&w->loop, &admin, &w->err);
	char path[128], command[512];
	bool changed;

	snprintf(path, sizeof(path), "%s/assignment.json", w->dir);
	snprintf(command, sizeof(command),
		 "python3 - <<'E'\nimport json\n"
		 "k=json.load(open('schema/kinds/assignment.json'))\n"
		 "k['fields'].append({'name':'urgency','type':'int','label':"
		 "{'zh':'x','en':'x'}})\n"
		 "json.dump(k,open('%s','w'))\nE",
		 path);
	assert_int_equal(system(command), 0);
	edit(w, "UPDATE assignment SET accept_note='kept' WHERE id='a1'");
	ok(w, ledger_kind_load(&op, path, &changed));
	assert_true(changed);
	office(w, "assignment", "a2",
	       "{\"subject\":\"s2\",\"state\":\"issued\",\"urgency\":3}");
	sync_ok(w);
	same_root(w, w->r, "catalog");
	same_root(w, w->r, "330106");
	ok(w, replica_check_capture(w->r, &w->err));
	assert_true(holds(w, "SELECT urgency=3 FROM assignment WHERE id='a2'"));
	main_is(w, "assignment", "a1", "accept_note", "kept");
}

static void sealed_rows_come_with_their_keys_and_go_without(void **state)
{
	struct world *w = *state;

	office(w, "subject_private", "s1", "{\"phone\":\"13800000001\"}");
	office(w, "subject_private", "s2", "{\"phone\":\"13800000002\"}");
	sync_ok(w);
	same_root(w, w->r, "330106");
	assert_true(holds(w, "SELECT phone='13800000001' FROM subject_private "
			     "WHERE id='s1'"));
	edit(w, "UPDATE subject_private SET note='lilac' WHERE id='s1'");
	sync_ok(w);
	assert_int_equal(w->sum.quarantined, 0);
	same_root(w, w->r, "330106");
	edit(w, "UPDATE subject_private SET note='orchid' WHERE id='s1'");
	ok(w, store_key_destroy(w->loop.store, "330106", "s1", "admin", "law",
				&w->err));
	sync_ok(w);
	assert_true(holds(w, "SELECT count(*)=0 FROM subject_private "
			     "WHERE id='s1'"));
	assert_true(holds(w, "SELECT count(*)=1 FROM subject_private "
			     "WHERE id='s2'"));
	same_root(w, w->r, "330106");
}

static void a_packet_above_a_thousand_records_is_split(void **state)
{
	struct world *w = *state;

	edit(w, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n "
		"WHERE i<2500) INSERT INTO answer(visit,point,value,state) "
		"SELECT 'v1','p'||i,'yes','draft' FROM n");
	sync_ok(w);
	assert_int_equal(w->sum.packets_sent, 3);
	assert_int_equal(w->sum.records_sent, 2500);
	same_root(w, w->r, "330106");
}

static void much_news_comes_in_pages(void **state)
{
	struct world *w = *state;
	enum { N = 1500 };
	struct office_record *records = calloc(N, sizeof(*records));
	char(*ids)[16] = calloc(N, sizeof(*ids));
	char *long_text = calloc(1, 8001);
	struct office_write write = { .scope = "330106",
				      .operation = "import",
				      .message = "many",
				      .records = records,
				      .n = N };
	struct account admin;
	struct op op = loop_op(&w->loop, &admin, &w->err);

	for (int i = 0; i < N; i++) {
		for (int k = 0; k < 8000; k++)
			long_text[k] = (char)('a' + (i * 31 + k * k) % 26);
		snprintf(ids[i], sizeof(*ids), "n%d", i);
		records[i].kind = "assignment";
		records[i].id = ids[i];
		records[i].record =
			json_pack("{s:s, s:s, s:s}", "subject", "s1", "state",
				  "issued", "instructions", long_text);
	}
	ok(w, ledger_office(&op, &write));
	edit(w, "UPDATE assignment SET accept_note='x' WHERE id='a1'");
	sync_ok(w);
	assert_true(w->sum.requests > 1);
	assert_int_equal(w->sum.packets_sent, 1);
	same_root(w, w->r, "330106");
	for (int i = 0; i < N; i++)
		json_decref((json_t *)(uintptr_t)records[i].record);
	free(records);
	free(ids);
	free(long_text);
}

static void a_revoked_terminal_is_told_so(void **state)
{
	struct world *w = *state;
	struct account admin;
	struct op op = loop_op(&w->loop, &admin, &w->err);
	json_t *info;

	ok(w, replica_info(w->r, &info, &w->err));
	ok(w,
	   enrol_revoke(&op, "330106", json_text(info, "enrolment"), "lost"));
	edit(w, "UPDATE assignment SET accept_note='x' WHERE id='a1'");
	assert_int_equal(replica_sync(w->r, &w->x, &w->sum, &w->err),
			 RC_DENIED);
	err_clear(&w->err);
	json_decref(info);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_clone_has_the_servers_roots),
		T(a_second_clone_is_refused),
		T(a_clone_goes_on_where_it_broke_off),
		T(an_edit_reaches_the_main_line),
		T(edits_of_different_fields_merge),
		T(edits_of_one_field_conflict_and_the_server_stands),
		T(a_write_beyond_the_role_is_quarantined_and_taken_back),
		T(a_lost_answer_changes_nothing_twice),
		T(a_cut_answer_is_made_good_wherever_it_was_cut),
		T(edits_after_a_cut_answer_do_not_fight_their_own_past),
		T(a_chain_of_packets_has_no_conflict_with_itself),
		T(an_uncommitted_edit_outlives_a_pull),
		T(undo_after_a_pull_shows_what_main_has),
		T(two_replicas_meet),
		T(a_restored_file_forks_its_journal_and_loses_nothing),
		T(a_new_kind_and_a_new_field_arrive_by_sync),
		T(sealed_rows_come_with_their_keys_and_go_without),
		T(a_packet_above_a_thousand_records_is_split),
		T(much_news_comes_in_pages),
		T(a_revoked_terminal_is_told_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
