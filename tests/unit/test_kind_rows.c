/* Records into rows and back, tables that grow, and what an edit with any
 * SQLite may leave behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/fault.h"
#include "base/jcs.h"
#include "kind/rows.h"
#include "lib/quoted.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static const char small[] =
	"{'kind':'thing','label':{'zh':'物','en':'thing'},'scope':'county',"
	"'class':'L2','writers':['inspector'],'indexes':[['scope','body']],"
	"'fields':[{'name':'body','type':'text'},"
	"{'name':'count','type':'int'},{'name':'open','type':'bool'},"
	"{'name':'due','type':'date'},{'name':'north','type':'coordinate'},"
	"{'name':'visit','type':'ref','refers':'visit'},"
	"{'name':'tags','type':'set'},{'name':'more','type':'json'}]}";

static const char whole[] =
	"{'id':'t1','scope':'330106','town':'002','body':'检查 \\u0001',"
	"'count':-9007199254740991,'open':false,'due':'2026-11-22',"
	"'north':302588000,'visit':'v1','tags':['a','é'],"
	"'more':{'b':[true,{'a':'x'}],'a':1}}";

struct bench {
	struct registry *kinds;
	struct db *db;
};

static const struct kind *add(struct bench *b, json_t *definition)
{
	struct err err = { 0 };
	json_t *field;
	size_t i;

	json_array_foreach(json_object_get(definition, "fields"), i, field)
		json_object_set_new(field, "label",
				    quoted("{'zh':'甲','en':'a'}"));
	if (registry_add(b->kinds, definition, &err) != RC_OK)
		fail_msg("%s", err.text);
	return registry_kind(b->kinds, json_text(definition, "kind"));
}

static const struct kind *grown(struct bench *b, const char *field)
{
	json_t *definition = quoted(small);
	const struct kind *k;

	json_array_append_new(json_object_get(definition, "fields"),
			      quoted(field));
	k = add(b, definition);
	json_decref(definition);
	return k;
}

static int fresh(void **state)
{
	static const struct db_options options = { .mode = DB_CREATE,
						   .synchronous_off = true };
	struct bench *b = calloc(1, sizeof(*b));
	struct err err = { 0 };
	json_t *definition = quoted(small);

	if (registry_new(&b->kinds, &err) != RC_OK ||
	    db_open(&b->db, ":memory:", &options, &err) != RC_OK)
		return 1;
	add(b, definition);
	json_decref(definition);
	*state = b;
	return 0;
}

static int gone(void **state)
{
	struct bench *b = *state;

	db_close(b->db);
	registry_free(b->kinds);
	free(b);
	return 0;
}

static const struct kind *thing(struct bench *b)
{
	return registry_kind(b->kinds, "thing");
}

static void create(struct bench *b, const struct kind *k, enum rows_side side)
{
	struct err err = { 0 };

	if (rows_create(b->db, k, side, "330106", &err) != RC_OK)
		fail_msg("%s", err.text);
}

static void put(struct bench *b, enum rows_side side, const json_t *record)
{
	struct err err = { 0 };

	if (rows_put(b->db, thing(b), side, record, &err) != RC_OK)
		fail_msg("%s", err.text);
}

static void put_text(struct bench *b, enum rows_side side, const char *text)
{
	json_t *record = quoted(text);

	put(b, side, record);
	json_decref(record);
}

static void assert_json(const json_t *got, const json_t *want)
{
	char *a = json_dumps(got, JSON_SORT_KEYS);
	char *b = json_dumps(want, JSON_SORT_KEYS);

	assert_string_equal(a, b);
	free(a);
	free(b);
}

/* The record that stands in the table is `text`. */
static void assert_stands(struct bench *b, enum rows_side side, const char *id,
			  const char *text)
{
	struct err err = { 0 };
	json_t *got, *want = quoted(text);

	if (rows_get(b->db, thing(b), side, "330106", id, &got, &err) != RC_OK)
		fail_msg("%s", err.text);
	assert_json(got, want);
	json_decref(got);
	json_decref(want);
}

static enum rc edit(struct bench *b, const char *sql)
{
	struct err err = { 0 };

	return db_script(b->db, sql, &err);
}

static int64_t number(struct bench *b, const char *sql)
{
	struct err err = { 0 };
	int64_t n = 0;

	if (db_int(b->db, sql, -1, &n, &err) != RC_OK)
		fail_msg("%s", err.text);
	return n;
}

static void a_record_comes_back_as_it_was(void **state)
{
	static const enum rows_side sides[] = { ROWS_SERVER, ROWS_REPLICA };
	static const char bare[] = "{'id':'t1','scope':'330106','town':'000'}";

	for (size_t i = 0; i < COUNT(sides); i++) {
		edit(*state, "DROP TABLE IF EXISTS thing");
		create(*state, thing(*state), sides[i]);
		put_text(*state, sides[i], whole);
		assert_stands(*state, sides[i], "t1", whole);
		put_text(*state, sides[i], bare);
		assert_stands(*state, sides[i], "t1", bare);
		put_text(*state, sides[i], whole);
		assert_stands(*state, sides[i], "t1", whole);
		assert_int_equal(number(*state, "SELECT count(*) FROM thing"),
				 1);
	}
}

static void an_absent_record_is_not_found_without_a_message(void **state)
{
	struct bench *b = *state;
	struct err err = { 0 };
	json_t *got;

	create(b, thing(b), ROWS_SERVER);
	put_text(b, ROWS_SERVER, whole);
	assert_int_equal(rows_get(b->db, thing(b), ROWS_SERVER, "330105", "t1",
				  &got, &err),
			 RC_NOT_FOUND);
	assert_int_equal(rows_get(b->db, thing(b), ROWS_SERVER, "330106", "t2",
				  &got, &err),
			 RC_NOT_FOUND);
	assert_int_equal(err.code, RC_OK);
	assert_null(got);
}

static void the_server_keeps_one_id_in_two_scopes(void **state)
{
	struct bench *b = *state;
	struct err err = { 0 };

	create(b, thing(b), ROWS_SERVER);
	put_text(b, ROWS_SERVER, whole);
	put_text(b, ROWS_SERVER, "{'id':'t1','scope':'330105','town':'000'}");
	assert_stands(b, ROWS_SERVER, "t1", whole);
	assert_int_equal(number(b, "SELECT count(*) FROM thing"), 2);
	assert_int_equal(
		rows_drop(b->db, thing(b), ROWS_SERVER, "330105", "t1", &err),
		RC_OK);
	assert_stands(b, ROWS_SERVER, "t1", whole);
	assert_int_equal(number(b, "SELECT count(*) FROM thing"), 1);
}

static void the_server_has_the_indexes_and_a_replica_has_none(void **state)
{
	static const char count[] =
		"SELECT count(*) FROM sqlite_master WHERE "
		"type='index' AND name='thing_by_scope_body'";

	create(*state, thing(*state), ROWS_SERVER);
	assert_int_equal(number(*state, count), 1);
	edit(*state, "DROP TABLE thing");
	create(*state, thing(*state), ROWS_REPLICA);
	assert_int_equal(number(*state, count), 0);
}

/* Unknown fields, and values of another type than this version's. */
static const char strange[] =
	"{'id':'t1','scope':'330106','town':'002','body':['a'],'count':'many',"
	"'open':1,'due':'2026-11-22','tags':{'a':1},'later':{'x':[1]},"
	"'zebra':'z'}";

static void a_replica_carries_what_no_column_can_hold(void **state)
{
	create(*state, thing(*state), ROWS_REPLICA);
	put_text(*state, ROWS_REPLICA, strange);
	assert_stands(*state, ROWS_REPLICA, "t1", strange);
	assert_int_equal(number(*state, "SELECT count(*) FROM hufu_extra"), 1);
	assert_int_equal(number(*state, "SELECT count(*) FROM thing WHERE "
					"body IS NULL AND due='2026-11-22'"),
			 1);
	put_text(*state, ROWS_REPLICA, whole);
	assert_stands(*state, ROWS_REPLICA, "t1", whole);
	assert_int_equal(number(*state, "SELECT count(*) FROM hufu_extra"), 0);
}

static void an_edit_goes_before_what_is_carried(void **state)
{
	create(*state, thing(*state), ROWS_REPLICA);
	put_text(*state, ROWS_REPLICA,
		 "{'id':'t1','scope':'330106','town':'002','count':'many'}");
	assert_int_equal(edit(*state, "UPDATE thing SET count=7"), RC_OK);
	assert_stands(*state, ROWS_REPLICA, "t1",
		      "{'id':'t1','scope':'330106','town':'002','count':7}");
}

static void the_server_leaves_what_no_column_can_hold_to_the_log(void **state)
{
	create(*state, thing(*state), ROWS_SERVER);
	put_text(*state, ROWS_SERVER, strange);
	assert_stands(*state, ROWS_SERVER, "t1",
		      "{'id':'t1','scope':'330106','town':'002',"
		      "'due':'2026-11-22'}");
}

static void dropping_leaves_nothing_behind(void **state)
{
	struct bench *b = *state;
	struct err err = { 0 };

	create(b, thing(b), ROWS_REPLICA);
	put_text(b, ROWS_REPLICA, strange);
	assert_int_equal(
		rows_drop(b->db, thing(b), ROWS_REPLICA, "330106", "t1", &err),
		RC_OK);
	assert_int_equal(number(b, "SELECT count(*) FROM thing"), 0);
	assert_int_equal(number(b, "SELECT count(*) FROM hufu_extra"), 0);
}

static void a_new_column_takes_over_what_was_carried(void **state)
{
	struct bench *b = *state;
	static const char before[] =
		"{'id':'t1','scope':'330106','town':'002','later':5,'b':1}";
	static const char ill[] =
		"{'id':'t2','scope':'330106','town':'002','later':'five'}";
	const struct kind *k;

	create(b, thing(b), ROWS_REPLICA);
	put_text(b, ROWS_REPLICA, before);
	put_text(b, ROWS_REPLICA, ill);
	k = grown(b, "{'name':'later','type':'int'}");
	create(b, k, ROWS_REPLICA);
	create(b, k, ROWS_REPLICA);
	assert_stands(b, ROWS_REPLICA, "t1", before);
	assert_stands(b, ROWS_REPLICA, "t2", ill);
	assert_int_equal(number(b, "SELECT count(*) FROM thing WHERE later=5"),
			 1);
	assert_int_equal(number(b, "SELECT count(*) FROM hufu_extra WHERE "
				   "body='{\"b\":1}' OR "
				   "body='{\"later\":\"five\"}'"),
			 2);
	assert_int_equal(edit(b, "UPDATE thing SET later='x'"), RC_INVALID);
}

static void
a_record_that_cannot_be_read_does_not_stop_a_new_column(void **state)
{
	struct bench *b = *state;
	const struct kind *k;

	create(b, thing(b), ROWS_REPLICA);
	put_text(b, ROWS_REPLICA,
		 "{'id':'t1','scope':'330106','town':'002','later':5}");
	assert_int_equal(edit(b, "UPDATE thing SET tags='no list'"), RC_OK);
	k = grown(b, "{'name':'later','type':'int'}");
	create(b, k, ROWS_REPLICA);
	assert_int_equal(edit(b, "UPDATE thing SET tags=NULL"), RC_OK);
	assert_stands(b, ROWS_REPLICA, "t1",
		      "{'id':'t1','scope':'330106','town':'002','later':5}");
}

static void the_server_s_table_grows_too(void **state)
{
	struct bench *b = *state;
	const struct kind *k;

	create(b, thing(b), ROWS_SERVER);
	put_text(b, ROWS_SERVER, whole);
	k = grown(b, "{'name':'later','type':'int'}");
	create(b, k, ROWS_SERVER);
	assert_stands(b, ROWS_SERVER, "t1", whole);
	put_text(b, ROWS_SERVER,
		 "{'id':'t1','scope':'330106','town':'002','later':5}");
	assert_int_equal(number(b, "SELECT later FROM thing"), 5);
}

static const char *const fine[] = {
	"INSERT INTO thing(body) VALUES('x')",
	"INSERT INTO thing(id,body) VALUES('abc9','x')",
	"INSERT INTO thing DEFAULT VALUES",
	"UPDATE thing SET count='12'", /* the column makes it a number */
	"UPDATE thing SET body=5", /* and this a text */
	"UPDATE thing SET open=1",
	"UPDATE thing SET open=NULL",
	"UPDATE thing SET town='109'",
};

static const char *const bad[] = {
	"INSERT INTO thing(id) VALUES(NULL)",
	"INSERT INTO thing(id) VALUES('')",
	"INSERT INTO thing(id) VALUES('A')",
	"INSERT INTO thing(id) VALUES('a b')",
	"INSERT INTO thing(id) VALUES('é')",
	"INSERT INTO thing(id) VALUES(x'61')",
	"INSERT INTO thing(id) VALUES('012345678901234567890123456789012')",
	"INSERT INTO thing(scope) VALUES('33010')",
	"INSERT INTO thing(scope) VALUES('33010x')",
	"INSERT INTO thing(town) VALUES('1')",
	"INSERT INTO thing(town) VALUES('1x1')",
	"INSERT INTO thing(count) VALUES('many')",
	"INSERT INTO thing(count) VALUES(1.5)",
	"INSERT INTO thing(open) VALUES(2)",
	"INSERT INTO thing(open) VALUES('yes')",
	"INSERT INTO thing(body) VALUES(x'00')",
};

static void a_replica_s_columns_hold_only_their_type(void **state)
{
	create(*state, thing(*state), ROWS_REPLICA);
	for (size_t i = 0; i < COUNT(fine); i++)
		if (edit(*state, fine[i]) != RC_OK)
			fail_msg("%s", fine[i]);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (edit(*state, bad[i]) != RC_INVALID)
			fail_msg("%s", bad[i]);
	assert_int_equal(number(*state, "SELECT count(*) FROM thing WHERE "
					"length(id)=20 AND scope='330106'"),
			 2);
}

static void a_plain_insert_is_a_legal_visit(void **state)
{
	struct bench *b = *state;
	struct err err = { 0 };
	const struct kind *k;
	json_t *got;

	if (registry_load_folder(b->kinds, "schema/kinds", &err) != RC_OK)
		fail_msg("%s", err.text);
	k = registry_kind(b->kinds, "visit");
	create(b, k, ROWS_REPLICA);
	assert_int_equal(edit(b, "INSERT INTO visit(id,subject,summary,state) "
				 "VALUES('v1','s1','合格','open');"
				 "INSERT INTO visit(id,subject,summary) "
				 "VALUES('v2','s1','合格')"),
			 RC_OK);
	for (int i = 1; i <= 2; i++) {
		const char *id = i == 1 ? "v1" : "v2";

		assert_int_equal(
			rows_get(b->db, k, ROWS_REPLICA, NULL, id, &got, &err),
			RC_OK);
		if (kind_check(k, got, &err) != RC_OK)
			fail_msg("%s", err.text);
		json_decref(got);
	}
}

static const struct {
	const char *sql, *cell;
} cells[] = {
	{ "UPDATE thing SET tags='a,b'", "'tags'" },
	{ "UPDATE thing SET tags='{}'", "'tags'" },
	{ "UPDATE thing SET tags='\"a\"'", "'tags'" },
	{ "UPDATE thing SET more='5'", "'more'" },
	{ "UPDATE thing SET more='[1'", "'more'" },
	{ "UPDATE thing SET body='a'||char(0)||'b'", "'body'" },
	{ "UPDATE thing SET body=CAST(x'ff' AS TEXT)", "'body'" },
};

static void a_cell_that_is_no_value_is_named(void **state)
{
	struct bench *b = *state;

	create(b, thing(b), ROWS_REPLICA);
	for (size_t i = 0; i < COUNT(cells); i++) {
		struct err err = { 0 };
		json_t *got;

		put_text(b, ROWS_REPLICA, whole);
		assert_int_equal(edit(b, cells[i].sql), RC_OK);
		assert_int_equal(rows_get(b->db, thing(b), ROWS_REPLICA, NULL,
					  "t1", &got, &err),
				 RC_INVALID);
		assert_null(got);
		if (!strstr(err.text, cells[i].cell) ||
		    !strstr(err.text, "thing 't1'"))
			fail_msg("%s", err.text);
	}
}

static void an_edited_set_becomes_canonical(void **state)
{
	struct bench *b = *state;
	struct err err = { 0 };
	json_t *got, *want = quoted("['a','b']");

	create(b, thing(b), ROWS_REPLICA);
	put_text(b, ROWS_REPLICA, whole);
	assert_int_equal(
		edit(b, "UPDATE thing SET tags='[\"b\", \"a\",\"b\"]'"), RC_OK);
	assert_int_equal(
		rows_get(b->db, thing(b), ROWS_REPLICA, NULL, "t1", &got, &err),
		RC_OK);
	kind_normalise(thing(b), got);
	assert_json(json_object_get(got, "tags"), want);
	json_decref(got);
	json_decref(want);
}

static void rows_read_finds_a_record_behind_other_columns(void **state)
{
	struct bench *b = *state;
	struct err err = { 0 };
	json_t *got = NULL, *want = quoted(whole);
	struct query *q;
	struct buf sql;

	create(b, thing(b), ROWS_REPLICA);
	put_text(b, ROWS_REPLICA, whole);
	buf_init(&sql, 4096);
	buf_puts(&sql, "SELECT 1,2,");
	rows_columns(&sql, thing(b), "t.");
	buf_puts(&sql, " FROM thing t");
	assert_int_equal(buf_status(&sql, &err), RC_OK);
	q = query_begin(b->db, sql.data);
	assert_true(query_row(q));
	assert_int_equal(rows_read(q, 2, thing(b), &got, &err), RC_OK);
	assert_int_equal(query_end(q, &err), RC_OK);
	assert_json(got, want);
	json_decref(got);
	json_decref(want);
	buf_release(&sql);
}

static void a_sealed_kind_has_its_envelope_on_the_server(void **state)
{
	struct bench *b = *state;
	struct err err = { 0 };
	json_t *definition = quoted(small), *got;
	json_t *outer = quoted("{'id':'t1','scope':'330106','town':'002',"
			       "'alg':'a','key':'k','nonce':'n','box':'b'}");
	const struct kind *k;

	json_object_set_new(definition, "kind", json_string("secret"));
	json_object_set_new(definition, "sealed", json_true());
	json_object_del(definition, "indexes");
	k = add(b, definition);
	create(b, k, ROWS_SERVER);
	assert_int_equal(rows_put(b->db, k, ROWS_SERVER, outer, &err), RC_OK);
	assert_int_equal(
		rows_get(b->db, k, ROWS_SERVER, "330106", "t1", &got, &err),
		RC_OK);
	assert_json(got, outer);
	assert_int_equal(number(b, "SELECT count(*) FROM "
				   "pragma_table_info('secret')"),
			 7);
	json_decref(got);
	json_decref(outer);
	json_decref(definition);
}

static void a_sealed_kind_is_plain_in_a_replica(void **state)
{
	struct bench *b = *state;
	struct err err = { 0 };
	json_t *definition = quoted(small), *got, *plain = quoted(whole);
	const struct kind *k;

	json_object_set_new(definition, "kind", json_string("secret"));
	json_object_set_new(definition, "sealed", json_true());
	json_object_del(definition, "indexes");
	k = add(b, definition);
	create(b, k, ROWS_REPLICA);
	assert_int_equal(rows_put(b->db, k, ROWS_REPLICA, plain, &err), RC_OK);
	assert_int_equal(
		rows_get(b->db, k, ROWS_REPLICA, NULL, "t1", &got, &err),
		RC_OK);
	assert_json(got, plain);
	json_decref(got);
	json_decref(plain);
	json_decref(definition);
}

#ifdef WITH_FAULTS
/* Everything this room does to a replica, in one go. */
static enum rc work(struct bench *b, struct err *err)
{
	json_t *record = quoted(strange), *got = NULL;
	enum rc rc = rows_create(b->db, thing(b), ROWS_REPLICA, "330106", err);

	if (rc == RC_OK)
		rc = rows_put(b->db, thing(b), ROWS_REPLICA, record, err);
	if (rc == RC_OK)
		rc = rows_get(b->db, thing(b), ROWS_REPLICA, NULL, "t1", &got,
			      err);
	if (rc == RC_OK)
		assert_json(got, record);
	if (rc == RC_OK)
		rc = rows_drop(b->db, thing(b), ROWS_REPLICA, NULL, "t1", err);
	json_decref(got);
	json_decref(record);
	return rc;
}

static void every_failed_call_is_reported(void **state)
{
	static const struct {
		enum fault kind;
		enum rc rc;
	} faults[] = { { FAULT_STORE, RC_IO }, { FAULT_ALLOC, RC_NOMEM } };

	for (size_t i = 0; i < COUNT(faults); i++) {
		enum rc rc = RC_IO;
		long nth;

		for (nth = 1; rc != RC_OK && nth < 1000; nth++) {
			struct err err = { 0 };

			edit(*state, "DROP TABLE IF EXISTS thing");
			fault_arm(faults[i].kind, nth, false);
			rc = work(*state, &err);
			fault_clear(faults[i].kind);
			assert_true(rc == RC_OK || rc == faults[i].rc);
			assert_int_equal(rc, err.code);
		}
		assert_int_equal(rc, RC_OK);
		assert_true(nth > 5);
	}
}
#else
static void every_failed_call_is_reported(void **state)
{
	(void)state;
	skip(); /* this build makes no call fail */
}
#endif

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, gone)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_record_comes_back_as_it_was),
		TEST(an_absent_record_is_not_found_without_a_message),
		TEST(the_server_keeps_one_id_in_two_scopes),
		TEST(the_server_has_the_indexes_and_a_replica_has_none),
		TEST(a_replica_carries_what_no_column_can_hold),
		TEST(an_edit_goes_before_what_is_carried),
		TEST(the_server_leaves_what_no_column_can_hold_to_the_log),
		TEST(dropping_leaves_nothing_behind),
		TEST(a_new_column_takes_over_what_was_carried),
		TEST(a_record_that_cannot_be_read_does_not_stop_a_new_column),
		TEST(the_server_s_table_grows_too),
		TEST(a_replica_s_columns_hold_only_their_type),
		TEST(a_plain_insert_is_a_legal_visit),
		TEST(a_cell_that_is_no_value_is_named),
		TEST(an_edited_set_becomes_canonical),
		TEST(rows_read_finds_a_record_behind_other_columns),
		TEST(a_sealed_kind_has_its_envelope_on_the_server),
		TEST(a_sealed_kind_is_plain_in_a_replica),
		TEST(every_failed_call_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
