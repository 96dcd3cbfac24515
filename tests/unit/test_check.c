/* The check finds what plain SQLite did to a store, and names it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/fault.h"
#include "ledger/check.h"
#include "ledger/enrol.h"
#include "lib/field.h"

static int64_t number_of(const char *text)
{
	return strtoll(text, NULL, 10);
}

/* One that nobody used yet. */
static void code_make(struct field_world *w)
{
	struct account account;
	struct op op = loop_op(&w->loop, &account, &w->err);
	char code[ENROL_CODE_SIZE];

	if (enrol_code_new(&op, "o1", FIELD_SCOPE, code) != RC_OK)
		fail_msg("%s", w->err.text);
}

/* One store for all tests; each damages a copy. */
static int world_make(void **state)
{
	struct field_world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	field_begin(w, 2);
	field_exec(w, 0,
		   "UPDATE assignment SET state='accepted' WHERE id='a1'");
	field_office(w, "visit", "v1",
		     "{\"subject\":\"s1\",\"summary\":\"0\"}");
	field_sync(w, 0);
	field_sync(w, 1);
	/* both moved, each another field: merged */
	field_exec(w, 0,
		   "UPDATE visit SET state='arrived',"
		   "officers='[\"o1\",\"o2\"]',code_shown_at=1768000000000 "
		   "WHERE id='v1'");
	field_exec(w, 1,
		   "UPDATE visit SET visited_on='2026-11-22' WHERE id='v1'");
	field_sync(w, 0);
	field_sync(w, 1);
	field_sync(w, 0);
	/* both moved apart: a conflict */
	field_exec(w, 0, "UPDATE visit SET summary='A' WHERE id='v1'");
	field_exec(w, 1, "UPDATE visit SET summary='B' WHERE id='v1'");
	/* an officer's name is not an inspector's: quarantine */
	field_exec(w, 1, "UPDATE officer SET name='x' WHERE id='o3'");
	field_former(w, 1, "officer", "o3");
	field_sync(w, 0);
	field_sync(w, 1);
	field_office(w, "subject", "s1",
		     "{\"name\":\"subject 1\",\"address\":\"y\","
		     "\"state\":\"in_business\",\"town\":\"003\"}");
	field_office(w, "subject_private", "s1", "{\"phone\":\"138\"}");
	field_office(w, "subject_private", "s2", "{\"phone\":\"139\"}");
	for (int i = 0; i < 40; i++) {
		char id[16];

		snprintf(id, sizeof(id), "t%d", i);
		field_office(w, "subject", id, "{\"name\":\"t\"}");
	}
	/* what nothing signs */
	assert_int_equal(account_add(w->loop.store, "clerk", ROLE_COORDINATOR,
				     "3301,catalog", "a password", &w->err),
			 RC_OK);
	code_make(w);
	*state = w;
	return 0;
}

static int world_free(void **state)
{
	field_end(*state);
	free(*state);
	return 0;
}

static void a_store_that_was_only_used_is_sound(void **state)
{
	struct field_world *w = *state;
	struct check_report r;
	const struct check_scope *s;
	char want[24];

	if (ledger_check(w->loop.store, NULL, &r, &w->err) != RC_OK)
		fail_msg("%s", w->err.text);
	assert_true(r.is_sound);
	assert_int_equal(r.nscopes, 2);
	assert_string_equal(r.scopes[1].scope, "catalog");
	s = &r.scopes[0];
	assert_string_equal(s->scope, FIELD_SCOPE);
	snprintf(want, sizeof(want), "%lld", (long long)s->entries);
	assert_string_equal(want,
			    field_server(w, "SELECT count(*) FROM log WHERE "
					    "scope='" FIELD_SCOPE "'"));
	snprintf(want, sizeof(want), "%lld", (long long)s->records);
	assert_string_equal(want,
			    field_server(w, "SELECT count(*) FROM hufu_leaf "
					    "WHERE scope='" FIELD_SCOPE "'"));
	snprintf(want, sizeof(want), "%lld", (long long)s->packets);
	assert_string_equal(want,
			    field_server(w, "SELECT count(*) FROM packet "
					    "WHERE scope='" FIELD_SCOPE "'"));
	check_report_release(&r);
	assert_int_equal(number_of(field_server(
				 w, "SELECT count(*) FROM packet_record WHERE "
				    "code IS NOT NULL")),
			 1);
	assert_int_equal(
		number_of(field_server(w, "SELECT count(*) FROM conflict")), 1);
}

static void one_scope_can_be_checked_alone(void **state)
{
	struct field_world *w = *state;
	struct check_report r;

	assert_int_equal(ledger_check(w->loop.store, "catalog", &r, &w->err),
			 RC_OK);
	assert_int_equal(r.nscopes, 1);
	check_report_release(&r);
	assert_int_equal(ledger_check(w->loop.store, "330299", &r, &w->err),
			 RC_NOT_FOUND);
	check_report_release(&r);
	err_clear(&w->err);
}

#define S "scope='" FIELD_SCOPE "'"
#define CATALOG "scope='catalog'"

static const struct damage {
	const char *sql;
	const char *what; /* the beginning of what is named */
	const char *why; /* part of the reason */
	const char *position; /* a query for it, or NULL: any */
	bool in_keys;
} damages[] = {
	{ "UPDATE log SET body=replace(body,'road 7','road 8') WHERE id='s7'",
	  "subject/s7", "not what main commit",
	  "SELECT position FROM log WHERE "
	  "id='s7' AND kind='subject'",
	  false },
	{ "UPDATE log SET body=' '||body WHERE id='s7'", "subject/s7",
	  "canonical", NULL, false },
	{ "UPDATE log SET body=replace(body,'road 1\"','road 9\"') "
	  "WHERE id='s1' AND position=(SELECT min(position) FROM log WHERE "
	  "id='s1' AND kind='subject')",
	  "main commit", "not what main commit", NULL, false },
	{ "UPDATE log SET id='s99' WHERE id='s7'", "subject/s99", "its id",
	  NULL, false },
	{ "DELETE FROM log WHERE id='s7' AND kind='subject'", "log", "missing",
	  NULL, false },
	{ "DELETE FROM log WHERE " S " AND position=(SELECT max(position) FROM "
	  "log WHERE " S ")",
	  "log", "missing", NULL, false },
	{ "INSERT INTO log SELECT scope,position+1,kind,id,body,NULL,0 FROM "
	  "log WHERE " S " ORDER BY position DESC LIMIT 1",
	  "log", "no main commit", NULL, false },
	{ "UPDATE log SET packet=1 WHERE id='s7' AND kind='subject'",
	  "subject/s7", "its packet number 1", NULL, false },
	{ "UPDATE subject SET address='elsewhere' WHERE id='s7'", "subject/s7",
	  "column 'address'",
	  "SELECT position FROM log WHERE id='s7' AND kind='subject'", false },
	{ "UPDATE subject SET town='009' WHERE id='s7'", "subject/s7",
	  "column 'town'", NULL, false },
	{ "DELETE FROM subject WHERE id='s7'", "subject/s7", "not in the table",
	  NULL, false },
	{ "INSERT INTO subject(id,scope,town,name) VALUES('zz','" FIELD_SCOPE
	  "','000','x')",
	  "subject/zz", "the log does not have", NULL, false },
	{ "UPDATE subject_private SET box='AAAA' WHERE id='s1'",
	  "subject_private/s1", "column 'box'", NULL, false },
	{ "DELETE FROM hufu_leaf WHERE id='s7'", "leaf 002/subject/s7",
	  "missing", NULL, false },
	{ "UPDATE hufu_leaf SET oid=randomblob(20) WHERE id='s7'",
	  "leaf 002/subject/s7", "not what the log gives", NULL, false },
	{ "UPDATE hufu_leaf SET position=1 WHERE id='s7'",
	  "leaf 002/subject/s7", "not what the log gives", NULL, false },
	{ "INSERT INTO hufu_leaf SELECT scope,'077',kind,hash,id,oid,position "
	  "FROM hufu_leaf WHERE id='s7'",
	  "leaf 077/subject/s7", "knows nothing", NULL, false },
	{ "UPDATE hufu_node SET children=zeroblob(length(children)) "
	  "WHERE " S,
	  "node 000/subject/", "not what the log gives", NULL, false },
	{ "UPDATE hufu_town SET oid=randomblob(20) WHERE " S " AND town='002'",
	  "town 002", "not what the log gives", NULL, false },
	{ "UPDATE hufu_top SET records=records+1 WHERE " S
	  " AND town='002' AND kind='subject'",
	  "kind of a town 002/subject", "not what the log gives", NULL, false },
	{ "UPDATE main_commit SET number=-number WHERE " S " AND number IN "
	  "(3,4);UPDATE main_commit SET number=7+number WHERE number<0",
	  "main commit 3", "", NULL, false },
	{ "DELETE FROM main_commit WHERE " S " AND number=5", "main commit 5",
	  "missing", NULL, false },
	{ "DELETE FROM main_commit WHERE " S " AND number=(SELECT max(number) "
	  "FROM main_commit WHERE " S ")",
	  "log", "no main commit", NULL, false },
	{ "UPDATE main_commit SET body=replace(body,'Time: 1','Time: 2') "
	  "WHERE " S " AND number=6",
	  "main commit 6", "not signed", NULL, false },
	{ "UPDATE main_commit SET body=substr(body,1,500)||"
	  "CASE substr(body,501,1) WHEN 'A' THEN 'B' ELSE 'A' END||"
	  "substr(body,502) WHERE " S " AND number=6",
	  "main commit 6", "", NULL, false },
	{ "UPDATE main_commit SET root=randomblob(20) WHERE " S " AND number=6",
	  "main commit 6", "its row", NULL, false },
	{ "UPDATE main_commit SET content=zeroblob(32) WHERE " S
	  " AND number=6",
	  "main commit 6", "its row", NULL, false },
	{ "DELETE FROM packet WHERE " S " AND journal<>'office' AND "
	  "sequence=1",
	  "main commit", "which it merges", NULL, false },
	{ "UPDATE packet SET body=replace(body,'Boot: ','Boot: 0') WHERE " S
	  " AND journal<>'office' AND sequence=1",
	  "packet ", "", NULL, false },
	{ "UPDATE packet SET author='nobody' WHERE " S
	  " AND journal='office' AND sequence=2",
	  "packet ", "its row", NULL, false },
	{ "UPDATE packet SET receipt='{}' WHERE " S
	  " AND journal='office' AND sequence=2",
	  "packet ", "receipt", NULL, false },
	{ "DELETE FROM packet_record WHERE packet=(SELECT number FROM packet "
	  "WHERE " S " AND journal='office' AND sequence=2)",
	  "packet ", "1 to 1000", NULL, false },
	{ "UPDATE packet_record SET body='{}', position=NULL WHERE "
	  "packet=(SELECT number FROM packet WHERE " S
	  " AND journal='office' AND sequence=2)",
	  "packet ", "not what it signs", NULL, false },
	{ "UPDATE packet_record SET code=NULL WHERE code IS NOT NULL",
	  "main commit", "quarantined, and is not", NULL, false },
	{ "UPDATE packet_record SET code='role' WHERE kind='subject' AND "
	  "id='s7'",
	  "packet ", "does not quarantine 'subject/s7'", NULL, false },
	{ "INSERT INTO packet_record SELECT 999999,kind,id,position,body,code "
	  "FROM packet_record WHERE id='s7'",
	  "subject/s7", "999999", NULL, false },
	{ "UPDATE journal SET sequence=sequence+1 WHERE " S
	  " AND journal='office'",
	  "journal office", "its tip", NULL, false },
	{ "INSERT INTO journal SELECT scope,'00000000000000000000',enrolment,"
	  "tip,sequence,seconds FROM journal WHERE " S " AND journal='office'",
	  "journals", "", NULL, false },
	{ "INSERT INTO held VALUES(zeroblob(20),'" FIELD_SCOPE
	  "','e','fork','x','body','[]',1)",
	  "held packet", "", NULL, false },
	{ "UPDATE log SET merged=1 WHERE id='s7' AND kind='subject'",
	  "subject/s7", "'merged'",
	  "SELECT position FROM log WHERE id='s7' AND kind='subject'", false },
	{ "UPDATE log SET merged=0 WHERE merged=1", "visit/v1", "'merged'",
	  NULL, false },
	{ "UPDATE log SET merged=1 WHERE kind='conflict'", "conflict/",
	  "'merged'", NULL, false },
	{ "UPDATE packet SET received=received+1 WHERE " S
	  " AND journal='office' AND sequence=2",
	  "packet ", "time of arrival", NULL, false },
	{ "UPDATE packet SET receipt=json_set(receipt,'$.time',1) WHERE " S
	  " AND journal='office' AND sequence=2",
	  "packet ", "receipt", NULL, false },
	{ "UPDATE packet SET receipt=json_set(receipt,'$.merged',"
	  "json('[\"subject/s7\"]')) WHERE " S
	  " AND journal='office' AND sequence=2",
	  "packet ", "receipt", NULL, false },
	{ "UPDATE packet SET receipt=json_remove(receipt,'$.merged') WHERE "
	  "receipt LIKE '%\"merged\":[%'",
	  "packet ", "receipt", NULL, false },
	{ "UPDATE packet SET receipt=replace(receipt,'\"role\"]','\"scope\"]'"
	  ") WHERE receipt LIKE '%quarantined%'",
	  "packet ", "receipt", NULL, false },
	{ "UPDATE meta SET value='0123456789abcdef' WHERE name='epoch'",
	  "meta epoch", "newest main commit", NULL, false },
	{ "INSERT INTO meta VALUES('debug','1')", "meta debug", "no such", NULL,
	  false },
	{ "UPDATE account SET roles=64 WHERE name='clerk'", "account clerk",
	  "roles", NULL, false },
	{ "UPDATE account SET roles=0 WHERE name='clerk'", "account clerk",
	  "roles", NULL, false },
	{ "UPDATE account SET scopes='all' WHERE name='clerk'", "account clerk",
	  "scopes", NULL, false },
	{ "UPDATE account SET password='secret' WHERE name='clerk'",
	  "account clerk", "password", NULL, false },
	{ "UPDATE account SET password='$argon2id$v=19$m=1$x' "
	  "WHERE name='clerk'",
	  "account clerk", "password", NULL, false },
	{ "UPDATE account SET name='A B' WHERE name='clerk'", "account A B",
	  "name", NULL, false },
	{ "UPDATE enrol_code SET hash='x' WHERE terminal IS NULL", "code x",
	  "no hash", NULL, false },
	{ "UPDATE enrol_code SET scope='here' WHERE terminal IS NULL", "code ",
	  "officer, scope", NULL, false },
	{ "UPDATE enrol_code SET expires=expires+100000000 WHERE terminal IS "
	  "NULL",
	  "code ", "later than", NULL, false },
	{ "UPDATE enrol_code SET enrolment='x' WHERE terminal IS NULL", "code ",
	  "by half", NULL, false },
	{ "UPDATE enrol_code SET terminal='t',enrolment='x' WHERE terminal IS "
	  "NULL",
	  "code ", "not its own", NULL, false },
	{ "INSERT INTO contact VALUES('nobody',1)", "terminal nobody",
	  "no enrolment", NULL, false },
	{ "UPDATE contact SET time='x'", "terminal ", "its time", NULL, false },
	{ "DROP INDEX log_record", "index log_record", "missing", NULL, false },
	{ "DROP INDEX assignment_by_draw", "index assignment_by_draw",
	  "missing", NULL, false },
	{ "DROP TABLE contact", "table contact", "missing", NULL, false },
	{ "CREATE TABLE notes(x)", "table notes", "does not belong", NULL,
	  false },
	{ "CREATE VIEW v AS SELECT 1", "view v", "does not belong", NULL,
	  false },
	{ "CREATE INDEX i ON log(body)", "index i", "does not belong", NULL,
	  false },
	{ "CREATE UNIQUE INDEX subject_by_name ON subject(name,id)",
	  "index subject_by_name", "does not belong", NULL, false },
	{ "CREATE TRIGGER t AFTER INSERT ON log BEGIN DELETE FROM log; END",
	  "trigger t", "does not belong", NULL, false },
	{ "ALTER TABLE subject ADD COLUMN secret TEXT", "table subject",
	  "columns", NULL, false },
	{ "ALTER TABLE log ADD COLUMN secret TEXT", "table log",
	  "not as this program", NULL, false },
	{ "DROP INDEX subject_key_id", "index subject_key_id", "missing", NULL,
	  true },
	{ "CREATE TRIGGER t AFTER UPDATE ON subject_key BEGIN SELECT 1; END",
	  "trigger t", "does not belong", NULL, true },
	{ "DELETE FROM subject_key WHERE subject='s2'", "subject_private/s2",
	  "not in keys.db", NULL, true },
	{ "UPDATE subject_key SET secret=randomblob(32) WHERE subject='s2'",
	  "subject_private/s2", "", NULL, true },
};

/* A copy of the store, damaged by plain SQLite and opened. */
static void damaged_open(struct field_world *w, const struct damage *d,
			 struct store **out)
{
	const struct db_options options = { .mode = DB_WRITE,
					    .wal = true,
					    .synchronous_off = true };
	char command[640], file[160], copy[128];
	struct db *db;

	snprintf(copy, sizeof(copy), "%s/copy", w->dir);
	snprintf(command, sizeof(command), "rm -rf %s && cp -r %s %s", copy,
		 w->loop.dir, copy);
	assert_int_equal(system(command), 0);
	snprintf(file, sizeof(file), "%s/%s", copy,
		 d->in_keys ? "keys.db" : "hufu.db");
	if (db_open(&db, file, &options, &w->err) != RC_OK ||
	    db_script(db, d->sql, &w->err) != RC_OK)
		fail_msg("%s: %s", d->sql, w->err.text);
	db_close(db);
	if (store_open(out, copy, &host_system, true, &w->err) != RC_OK)
		fail_msg("%s: %s", d->sql, w->err.text);
}

static void damage_try(struct field_world *w, const struct damage *d)
{
	struct check_report r;
	struct err err = { 0 };
	struct store *s;
	int64_t position = 0;
	enum rc rc;

	if (d->position)
		position = number_of(field_server(w, d->position));
	damaged_open(w, d, &s);
	rc = ledger_check(s, NULL, &r, &err);
	store_close(s);
	if (rc != RC_CORRUPT)
		fail_msg("not found: %s (%s)", d->sql, err.text);
	if (strncmp(r.fault.what, d->what, strlen(d->what)) != 0 ||
	    !strstr(r.fault.why, d->why) ||
	    (position && r.fault.position != position))
		fail_msg("%s\nwas named: %s", d->sql, err.text);
	assert_false(r.is_sound);
	check_report_release(&r);
}

static void every_damage_is_found_and_named(void **state)
{
	for (size_t i = 0; i < sizeof(damages) / sizeof(*damages); i++)
		damage_try(*state, &damages[i]);
}

static void a_reference_to_nothing_is_counted(void **state)
{
	struct field_world *w = *state;
	struct check_report r;
	int64_t before;

	assert_int_equal(ledger_check(w->loop.store, FIELD_SCOPE, &r, &w->err),
			 RC_OK);
	before = r.scopes[0].dangling;
	check_report_release(&r);
	field_office(w, "assignment", "a9",
		     "{\"subject\":\"nobody\",\"officers\":[\"o1\"],"
		     "\"due\":\"2026-12-31\",\"state\":\"issued\"}");
	assert_int_equal(ledger_check(w->loop.store, FIELD_SCOPE, &r, &w->err),
			 RC_OK);
	assert_int_equal(r.scopes[0].dangling, before + 1);
	check_report_release(&r);
}

static void a_destroyed_key_is_no_fault(void **state)
{
	struct field_world *w = *state;
	struct check_report r;

	assert_int_equal(store_key_destroy(w->loop.store, FIELD_SCOPE, "s1",
					   "admin", "asked", &w->err),
			 RC_OK);
	if (ledger_check(w->loop.store, NULL, &r, &w->err) != RC_OK)
		fail_msg("%s", w->err.text);
	check_report_release(&r);
}

#ifdef WITH_FAULTS
static void a_failing_store_is_not_called_damaged(void **state)
{
	struct field_world *w = *state;
	struct check_report r;
	enum rc rc = RC_IO;
	long step = 1;

	for (long nth = 1; rc != RC_OK; nth += step) {
		fault_arm(FAULT_STORE, nth, true);
		rc = ledger_check(w->loop.store, NULL, &r, &w->err);
		fault_clear(FAULT_STORE);
		check_report_release(&r);
		if (rc != RC_OK)
			assert_int_equal(rc, RC_IO);
		err_clear(&w->err);
		/* every call of the first ones, then a sample */
		step = nth < 200 ? 1 : 23;
	}
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_store_that_was_only_used_is_sound),
		cmocka_unit_test(one_scope_can_be_checked_alone),
		cmocka_unit_test(every_damage_is_found_and_named),
		cmocka_unit_test(a_reference_to_nothing_is_counted),
		cmocka_unit_test(a_destroyed_key_is_no_fault),
#ifdef WITH_FAULTS
		cmocka_unit_test(a_failing_store_is_not_called_damaged),
#endif
	};

	return cmocka_run_group_tests(tests, world_make, world_free);
}
