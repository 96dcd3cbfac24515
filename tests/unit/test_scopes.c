/* A replica of several counties: two records of one id, where new records
 * belong, counties that come and go. */
#include "unit/test_replica_harness.h"

#include "wire/message.h"

#define HERE "330106"
#define THERE "330108"

static void there(struct world *w, const char *kind, const char *id,
		  const char *json)
{
	ok(w, loop_write(&w->loop, THERE, kind, id, json, &w->err));
}

static struct op admin_op(struct world *w, struct account *account)
{
	return loop_op(&w->loop, account, &w->err);
}

/* Subject s1 is in both counties, t1 only there; officer o1 works in both. */
static int pair_make(void **state)
{
	const char *const scopes[] = { HERE, THERE };
	char path[128], code[ENROL_CODE_SIZE];
	struct account admin;
	struct world *w;
	struct op op;

	assert_int_equal(world_make(state), 0);
	w = *state;
	there(w, "officer", "o1", "{\"name\":\"An\",\"state\":\"active\"}");
	there(w, "officer", "o2", "{\"name\":\"Else\",\"state\":\"active\"}");
	there(w, "subject", "s1",
	      "{\"name\":\"one there\",\"town\":\"007\",\"state\":\"in_"
	      "business\"}");
	there(w, "subject", "t1",
	      "{\"name\":\"tenant\",\"town\":\"007\",\"state\":\"in_"
	      "business\"}");
	replica_close(w->r);
	op = admin_op(w, &admin);
	ok(w, enrol_code_for(&op, "o1", scopes, 2, code));
	snprintf(path, sizeof(path), "%s/two.db", w->dir);
	ok(w, replica_create(&w->r, path, &host_system, &w->err));
	ok(w, replica_enroll(w->r, &w->x, "http://127.0.0.1:1", code, PIN,
			     &w->err));
	ok(w, replica_clone(w->r, &w->x, NULL, NULL, &w->err));
	return 0;
}

#define P(name) cmocka_unit_test_setup_teardown(name, pair_make, world_free)

/* As after a start: nobody has typed the PIN. */
static void locked(struct world *w)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/two.db", w->dir);
	replica_close(w->r);
	ok(w, replica_open(&w->r, path, &host_system, &w->err));
}

static void both_same(struct world *w)
{
	same_root(w, w->r, HERE);
	same_root(w, w->r, THERE);
	ok(w, replica_verify(w->r, &w->err));
}

static void part(struct world *w, bool joins)
{
	char id[33] = "";
	struct account admin;
	struct op op = admin_op(w, &admin);
	json_t *info = NULL, *enrolment = NULL;

	ok(w, replica_info(w->r, &info, &w->err));
	snprintf(id, sizeof(id), "%s", json_text(info, "terminal"));
	json_decref(info);
	ok(w, joins ? enrol_join(&op, THERE, id, &enrolment)
		    : enrol_leave(&op, THERE, id, "moved", &enrolment));
	assert_int_equal(json_array_size(json_object_get(enrolment, "scopes")),
			 joins ? 2 : 1);
	json_decref(enrolment);
}

static void a_clone_holds_two_records_of_one_id(void **state)
{
	struct world *w = *state;

	both_same(w);
	assert_true(holds(w, "(SELECT scope FROM subject WHERE id='s1')='" HERE
			     "'"));
	assert_true(holds(w, "(SELECT count(*) FROM hufu_twin WHERE kind IN "
			     "('subject','officer'))=3"));
}

static void each_of_them_follows_its_own_county(void **state)
{
	struct world *w = *state;

	there(w, "subject", "s1", "{\"name\":\"renamed there\"}");
	sync_ok(w);
	both_same(w);
	main_is(w, "subject", "s1", "name", "subject 1");
	assert_true(holds(w, "(SELECT body LIKE '%renamed there%' FROM "
			     "hufu_twin WHERE kind='subject')"));
	office(w, "subject", "s1", "{\"name\":\"renamed here\"}");
	sync_ok(w);
	both_same(w);
	main_is(w, "subject", "s1", "name", "renamed here");
}

/* A page and a change by key of the one never touch the other. */
static void they_come_by_sync_as_by_clone(void **state)
{
	struct world *w = *state;

	part(w, false);
	sync_ok(w);
	assert_int_equal(w->sum.scopes_went, 1);
	assert_true(holds(w, "(SELECT count(*) FROM hufu_twin)=0"));
	part(w, true);
	wire_limits_for_tests(400, 0);
	sync_ok(w);
	wire_limits_for_tests(0, 0);
	assert_int_equal(w->sum.scopes_came, 1);
	both_same(w);
	assert_true(holds(w, "(SELECT count(*) FROM hufu_twin WHERE kind IN "
			     "('subject','officer'))=3"));
}

/* An inspector's new record has the place until the office's word of it. */
static void a_place_that_becomes_free_is_taken(void **state)
{
	struct world *w = *state;
	int records;

	edit(w, "INSERT INTO visit(id,subject,summary,state) VALUES('x','s2',"
		"'mine','open')");
	there(w, "visit", "x",
	      "{\"subject\":\"t1\",\"town\":\"007\",\"summary\":\"theirs\","
	      "\"state\":\"open\"}");
	locked(w);
	(void)replica_sync(w->r, &w->x, &w->sum, &w->err);
	err_clear(&w->err);
	assert_true(
		holds(w, "(SELECT summary FROM visit WHERE id='x')='mine'"));
	assert_true(holds(w, "(SELECT count(*) FROM hufu_twin WHERE "
			     "kind='visit')=1"));
	ok(w, replica_undo(w->r, "visit", "x", &records, &w->err));
	assert_true(
		holds(w, "(SELECT summary FROM visit WHERE id='x')='theirs'"));
	assert_true(holds(w, "(SELECT count(*) FROM hufu_twin WHERE "
			     "kind='visit')=0"));
	ok(w, replica_unlock(w->r, PIN, &w->err));
	sync_ok(w);
	both_same(w);
}

static void what_stands_aside_is_repaired(void **state)
{
	struct world *w = *state;

	edit(w, "UPDATE hufu_twin SET body=replace(body,'one there','nobody') "
		"WHERE kind='subject'");
	refused(w, replica_verify(w->r, &w->err), RC_CORRUPT, "subject 's1'");
	ok(w, replica_repair(w->r, &w->x, &w->sum, &w->err));
	both_same(w);
	edit(w, "DELETE FROM hufu_twin WHERE kind='subject'");
	refused(w, replica_verify(w->r, &w->err), RC_CORRUPT, "the tables");
	ok(w, replica_repair(w->r, &w->x, &w->sum, &w->err));
	both_same(w);
	main_is(w, "subject", "s1", "name", "subject 1");
}

/* A tablet whose capture was broken looks at the tree: what stands aside is no
 * former version of the row. */
static void a_row_is_held_against_its_own_version(void **state)
{
	struct world *w = *state;
	char path[128];
	struct db *db;
	const struct db_options options = { .mode = DB_WRITE };

	snprintf(path, sizeof(path), "%s/two.db", w->dir);
	there(w, "visit", "x",
	      "{\"subject\":\"t1\",\"town\":\"007\",\"summary\":\"theirs\","
	      "\"state\":\"open\"}");
	sync_ok(w);
	office(w, "visit", "x",
	       "{\"subject\":\"s2\",\"town\":\"001\",\"summary\":\"ours\","
	       "\"state\":\"open\"}");
	sync_ok(w);
	ok(w, db_open(&db, path, &options, &w->err));
	ok(w, db_script(db, "DROP TRIGGER hufu_visit_update", &w->err));
	db_close(db);
	ok(w, replica_mend(w->r, &w->err));
	both_same(w);
	assert_int_equal(replica_mended(w->r)->edits, 0);
	main_is(w, "visit", "x", "summary", "theirs");
}

static void a_new_record_is_of_the_county_of_what_it_refers_to(void **state)
{
	struct world *w = *state;
	struct held_back held;
	int packets, records;
	char made[33];

	edit(w, "INSERT INTO visit(id,subject,summary,state) VALUES('w','t1',"
		"'in the wrong county','open')");
	memset(&held, 0, sizeof(held));
	ok(w, replica_commit_sound(w->r, "a test", &packets, &records, &held,
				   &w->err));
	assert_int_equal(records, 0);
	assert_int_equal(held.records, 1);
	assert_non_null(strstr(held.why, "write it with scope='" THERE "'"));
	ok(w, replica_undo(w->r, "visit", "w", &records, &w->err));
	ok(w, replica_put(w->r, "visit", NULL,
			  "{\"subject\":\"t1\",\"state\":\"open\"}", made,
			  &w->err));
	ok(w, replica_put(w->r, "visit", NULL,
			  "{\"subject\":\"s2\",\"state\":\"open\"}", made,
			  &w->err));
	assert_true(holds(w, "(SELECT count(*) FROM visit WHERE subject='t1' "
			     "AND scope='" THERE "')=1"));
	assert_true(holds(w, "(SELECT count(*) FROM visit WHERE subject='s2' "
			     "AND scope='" HERE "')=1"));
	sync_ok(w);
	both_same(w);
}

/* Situation 29. */
static void a_county_leaves_once_all_of_it_is_sent(void **state)
{
	struct world *w = *state;
	int64_t n = 0;
	int records;

	edit(w, "INSERT INTO visit(id,scope,subject,summary,state) "
		"VALUES('v1','" THERE "','t1','before','open')");
	sync_ok(w);
	edit(w, "UPDATE visit SET summary='after' WHERE id='v1'");
	edit(w, "INSERT INTO hufu_peer(kind,id,visit,journal,sequence,body) "
		"VALUES('answer','n1','v1','j',1,'{\"scope\":\"" THERE "\"}'),"
		"('answer','n2','v2','j',1,'{\"scope\":\"" HERE "\"}')");
	part(w, false);
	/* Nobody typed the PIN: the edit cannot go, and so nothing goes. */
	locked(w);
	refused(w, replica_sync(w->r, &w->x, &w->sum, &w->err), RC_DENIED,
		"1 edits");
	assert_true(holds(w, "(SELECT summary FROM visit WHERE id='v1')="
			     "'after'"));
	assert_true(holds(w, "(SELECT count(*) FROM subject WHERE scope='" THERE
			     "')=1"));
	ok(w, replica_unlock(w->r, PIN, &w->err));
	/* Its answer is lost: nothing went, and the same again lets it go. */
	w->cut_after = 40;
	(void)replica_sync(w->r, &w->x, &w->sum, &w->err);
	err_clear(&w->err);
	assert_true(holds(w, "(SELECT count(*) FROM subject WHERE scope='" THERE
			     "')=1"));
	sync_ok(w);
	assert_int_equal(w->sum.scopes_went, 1);
	same_root(w, w->r, HERE);
	assert_true(holds(w, "(SELECT count(*) FROM visit)=0"));
	assert_true(holds(w,
			  "(SELECT count(*) FROM hufu_leaf WHERE scope='" THERE
			  "')=0"));
	assert_true(holds(w, "(SELECT name FROM subject WHERE id='s1')="
			     "'subject 1'"));
	assert_true(holds(w, "(SELECT group_concat(id) FROM hufu_peer)='n2'"));
	/* What was said last is not lost: it waits there for somebody. */
	ok(w, db_int(w->loop.store->db,
		     "SELECT count(*) FROM packet_record WHERE id='v1' AND "
		     "code='scope'",
		     0, &n, &w->err));
	assert_int_equal(n, 1);
	refused(w, replica_undo(w->r, "visit", "nothing", &records, &w->err),
		RC_NOT_FOUND, "no uncommitted edit");
}

static void what_is_too_much_for_one_request_goes_by_several(void **state)
{
	struct world *w = *state;
	char sql[200];

	for (int i = 0; i < 4; i++) {
		snprintf(sql, sizeof(sql),
			 "INSERT INTO visit(id,scope,subject,summary,state) "
			 "VALUES('v%d','" THERE "','t1','a word','open')",
			 i);
		edit(w, sql);
		commit(w);
	}
	part(w, false);
	wire_limits_for_tests(0, 400);
	sync_ok(w);
	wire_limits_for_tests(0, 0);
	assert_true(w->sum.requests > 2);
	assert_int_equal(w->sum.packets_sent, 4);
	assert_int_equal(w->sum.scopes_went, 1);
}

static void the_first_county_never_leaves(void **state)
{
	struct world *w = *state;
	struct account admin;
	struct op op = admin_op(w, &admin);
	json_t *info = NULL, *enrolment = NULL;

	ok(w, replica_info(w->r, &info, &w->err));
	refused(w,
		enrol_leave(&op, HERE, json_text(info, "terminal"), "moved",
			    &enrolment),
		RC_CONFLICT, "revoke the terminal instead");
	refused(w,
		enrol_join(&op, "catalog", json_text(info, "terminal"),
			   &enrolment),
		RC_INVALID, "is no county");
	json_decref(info);
}

static void two_people_of_one_id_share_no_tablet(void **state)
{
	const char *const scopes[] = { HERE, THERE };
	struct world *w = *state;
	char code[ENROL_CODE_SIZE];
	struct account admin;
	struct op op = admin_op(w, &admin);

	refused(w, enrol_code_for(&op, "o2", scopes, 2, code), RC_DENIED,
		"is not the one of scope " HERE);
	/* A certificate tells more than a name. */
	there(w, "officer", "o1", "{\"name\":\"An\",\"certificate\":\"C-1\"}");
	ok(w, enrol_code_for(&op, "o1", scopes, 2, code));
	office(w, "officer", "o1", "{\"name\":\"An\",\"certificate\":\"C-2\"}");
	refused(w, enrol_code_for(&op, "o1", scopes, 2, code), RC_DENIED,
		"certificate or name differ");
	office(w, "officer", "o1",
	       "{\"certificate\":\"C-1\",\"name\":\"An An\"}");
	ok(w, enrol_code_for(&op, "o1", scopes, 2, code));
	there(w, "officer", "o1", "{\"name\":\"An\",\"state\":\"suspended\"}");
	refused(w, enrol_code_for(&op, "o1", scopes, 2, code), RC_DENIED,
		"not active in scope " THERE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		P(a_clone_holds_two_records_of_one_id),
		P(each_of_them_follows_its_own_county),
		P(they_come_by_sync_as_by_clone),
		P(a_place_that_becomes_free_is_taken),
		P(what_stands_aside_is_repaired),
		P(a_row_is_held_against_its_own_version),
		P(a_new_record_is_of_the_county_of_what_it_refers_to),
		P(a_county_leaves_once_all_of_it_is_sent),
		P(what_is_too_much_for_one_request_goes_by_several),
		P(the_first_county_never_leaves),
		P(two_people_of_one_id_share_no_tablet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
