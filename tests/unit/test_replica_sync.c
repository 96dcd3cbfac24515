/* A replica against the real ledger, without a socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

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
static void ok(struct world *w, enum rc rc)
{
	if (rc != RC_OK)
		fail_msg("%s", w->err.text);
}

static void refused(struct world *w, enum rc rc, enum rc expected,
		    const char *word)
{
	assert_int_equal(rc, expected);
	if (!strstr(w->err.text, word))
		fail_msg("'%s' does not say '%s'", w->err.text, word);
	err_clear(&w->err);
}

static enum rc before(void *ctx, const struct exchange_request *q,
		      struct err *err)
{
	struct world *w = ctx;

	(void)q;
	if (w->fail > 0 && w->fail--)
		return err_set(err, RC_IO, "cannot reach the server");
	return RC_OK;
}

static enum rc after(void *ctx, struct exchange_reply *reply, struct err *err)
{
	struct world *w = ctx;

	if (w->cut_after < 0 || reply->sink)
		return RC_OK;
	if (reply->body.len > (size_t)w->cut_after)
		reply->body.len = (size_t)w->cut_after;
	w->cut_after = -1;
	return err_set(err, RC_IO, "the connection broke");
}

static void replica_make(struct world *w, struct replica **r, const char *name,
			 const char *officer)
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

static void office(struct world *w, const char *kind, const char *id,
		   const char *json)
{
	ok(w, loop_write(&w->loop, "330106", kind, id, json, &w->err));
}

static int world_make(void **state)
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

static int world_free(void **state)
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

static void edit(struct world *w, const char *sql)
{
	ok(w, replica_exec(w->r, sql, &w->err));
}

static void commit(struct world *w)
{
	int packets, records;

	ok(w, replica_commit(w->r, "a test", &packets, &records, &w->err));
}

static void sync_ok(struct world *w)
{
	ok(w, replica_sync(w->r, &w->x, &w->sum, &w->err));
	assert_true(w->sum.all_equal);
	ok(w, replica_verify(w->r, &w->err));
}

/* The halves are laid together. */
static void same_root(struct world *w, struct replica *r, const char *scope)
{
	struct head head;
	struct oid root;

	ok(w, ledger_head(w->loop.store, scope, &head, &w->err));
	ok(w, replica_root(r, scope, &root, &w->err));
	assert_memory_equal(&head.root, &root, sizeof(root));
}

static void main_is(struct world *w, const char *kind, const char *id,
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
static bool holds(struct world *w, const char *condition)
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

	for (int cut = 1; cut < 1500; cut += 37) {
		char sql[160];

		snprintf(sql, sizeof(sql),
			 "UPDATE assignment SET accept_note='%d' WHERE id='a1'",
			 cut);
		edit(w, sql);
		snprintf(sql, sizeof(sql),
			 "{\"subject\":\"s1\",\"state\":\"issued\","
			 "\"instructions\":\"%d\"}",
			 cut);
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

#ifdef WITH_FAULTS
/* What both sides changed before each try, and what must be everywhere after
 * the next good sync. */
static void both_sides_edit(struct world *w, long nth)
{
	char sql[160];

	snprintf(sql, sizeof(sql),
		 "UPDATE assignment SET accept_note='%ld' WHERE id='a1'", nth);
	edit(w, sql);
	snprintf(sql, sizeof(sql),
		 "{\"subject\":\"s1\",\"state\":\"issued\","
		 "\"instructions\":\"%ld\"}",
		 nth);
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
	for (long nth = 1, calls = nth; nth <= calls; nth += 1 + nth / 20) {
		both_sides_edit(w, nth);
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
#endif

#define T(name) cmocka_unit_test_setup_teardown(name, world_make, world_free)

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
#ifdef WITH_FAULTS
		T(a_failing_store_never_harms_the_replica),
		T(a_store_that_dies_never_harms_the_replica),
		T(lack_of_memory_never_harms_the_replica),
		T(local_work_survives_a_failing_store),
		T(local_work_survives_lack_of_memory),
		T(enrol_and_clone_may_be_repeated_until_they_succeed),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
