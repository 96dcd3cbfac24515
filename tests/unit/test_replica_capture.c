/* What any SQLite program does to a replica is captured, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "lib/seeded.h"

struct world {
	struct seeded s;
	bool stock; /* edits are made by the program sqlite3 */
};

static int world_make(void **state, bool stock)
{
	static const char *const scopes[] = { "330106", "330108", NULL };
	struct world *w = calloc(1, sizeof(*w));

	w->stock = stock;
	seeded_init(&w->s, scopes);
	seeded_put(&w->s, "330106", "subject", "s1",
		   "{\"name\":\"one\",\"state\":\"in_business\","
		   "\"flags\":[\"a\",\"b\"],\"tomorrow\":\"field\"}");
	seeded_put(&w->s, "330106", "subject", "s2", "{\"name\":\"two\"}");
	seeded_put(&w->s, "330108", "subject", "s3", "{\"name\":\"three\"}");
	seeded_put(&w->s, "330106", "visit", "v1",
		   "{\"subject\":\"s1\",\"score\":5}");
	seeded_clone(&w->s);
	*state = w;
	return 0;
}

static int make_inside(void **state)
{
	return world_make(state, false);
}

static int make_stock(void **state)
{
	return world_make(state, true);
}

static int world_free(void **state)
{
	struct world *w = *state;

	seeded_release(&w->s);
	free(w);
	return 0;
}

/* One call of the stock program; its complaints end up in `said`. */
static int stock_run(struct world *w, const char *sql, char *said, size_t room)
{
	char path[128], command[400];
	size_t n;
	FILE *file;
	int code;

	snprintf(path, sizeof(path), "%s/edit.sql", w->s.dir);
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, ".bail on\n%s;\n", sql);
	fclose(file);
	snprintf(command, sizeof(command), "sqlite3 %s < %s 2> %s/said",
		 w->s.path, path, w->s.dir);
	code = system(command);
	snprintf(path, sizeof(path), "%s/said", w->s.dir);
	file = fopen(path, "r");
	assert_non_null(file);
	n = fread(said, 1, room - 1, file);
	said[n] = '\0';
	fclose(file);
	return code;
}

static bool run(struct world *w, const char *sql, char *said, size_t room)
{
	bool ok;

	if (w->stock)
		return stock_run(w, sql, said, room) == 0;
	ok = replica_exec(w->s.r, sql, &w->s.err) == RC_OK;
	snprintf(said, room, "%s", w->s.err.text);
	err_clear(&w->s.err);
	return ok;
}

static void edit(struct world *w, const char *sql)
{
	char said[400];

	if (!run(w, sql, said, sizeof(said)))
		fail_msg("%s: %s", sql, said);
}

static void edit_refused(struct world *w, const char *sql, const char *word)
{
	char said[400];

	assert_false(run(w, sql, said, sizeof(said)));
	if (!strstr(said, word))
		fail_msg("'%s' does not say '%s'", said, word);
}

/* "kind/id state;" of all, in order. */
static enum rc status_add(void *ctx, const struct status_entry *e,
			  struct err *err)
{
	char *text = ctx;
	size_t n = strlen(text);

	(void)err;
	snprintf(text + n, 1000 - n, "%s/%s %s;", e->kind, e->id, e->state);
	return RC_OK;
}

static void status_is(struct world *w, const char *expected)
{
	char text[1000] = "";

	if (replica_status(w->s.r, status_add, text, &w->s.err) != RC_OK)
		fail_msg("%s", w->s.err.text);
	assert_string_equal(text, expected);
}

static enum rc diff_add(void *ctx, const struct diff_entry *e, struct err *err)
{
	char *text = ctx;
	size_t n = strlen(text);

	(void)err;
	snprintf(text + n, 2000 - n, "%s%s.%s:%s>%s;", e->is_new ? "+" : "",
		 e->id, e->field, e->before ? e->before : "-",
		 e->after ? e->after : "-");
	return RC_OK;
}

static void diff_is(struct world *w, const char *expected)
{
	char text[2000] = "";

	if (replica_diff(w->s.r, diff_add, text, &w->s.err) != RC_OK)
		fail_msg("%s", w->s.err.text);
	assert_string_equal(text, expected);
}

static void commit(struct world *w, int expected_packets, int expected_records)
{
	int packets, records;

	if (replica_commit(w->s.r, "a test", &packets, &records, &w->s.err) !=
	    RC_OK)
		fail_msg("%s", w->s.err.text);
	assert_int_equal(packets, expected_packets);
	assert_int_equal(records, expected_records);
}

static void main_is(struct world *w, const char *kind, const char *id,
		    const char *expected)
{
	char *text = NULL;

	if (replica_main(w->s.r, kind, id, &text, &w->s.err) != RC_OK)
		fail_msg("%s", w->s.err.text);
	assert_string_equal(text, expected);
	free(text);
}

static void verified(struct world *w)
{
	if (replica_verify(w->s.r, &w->s.err) != RC_OK)
		fail_msg("%s", w->s.err.text);
}

#define S1                                                                     \
	"{\"flags\":[\"a\",\"b\"],\"id\":\"s1\",\"name\":\"one\","             \
	"\"scope\":\"330106\",\"state\":\"in_business\",\"tomorrow\":"         \
	"\"field\",\"town\":\"000\"}"

/* The ways to write over a record, and what each must leave behind. */
static void every_way_to_edit_is_captured(void **state)
{
	static const struct {
		const char *sql, *diff;
	} cases[] = {
		{ "UPDATE subject SET name='x' WHERE id='s1'",
		  "s1.name:\"one\">\"x\";" },
		{ "UPDATE subject SET name='x'; UPDATE subject SET name='y'",
		  "s1.name:\"one\">\"y\";s2.name:\"two\">\"y\";"
		  "s3.name:\"three\">\"y\";" },
		{ "INSERT INTO subject(id,name) VALUES('s1','x') ON "
		  "CONFLICT(id) DO UPDATE SET name=excluded.name",
		  "s1.name:\"one\">\"x\";" },
		{ "INSERT INTO subject(id,name) VALUES('s3','x') ON "
		  "CONFLICT(id) DO UPDATE SET name=excluded.name",
		  "s3.name:\"three\">\"x\";" },
		{ "INSERT INTO subject(id,name) VALUES('s1','x') ON "
		  "CONFLICT(id) DO NOTHING",
		  "" },
		{ "INSERT OR IGNORE INTO subject(id,name) VALUES('s1','x')",
		  "" },
		{ "INSERT OR IGNORE INTO subject(id,name) VALUES('s9','x')",
		  "+s9.town:->\"000\";+s9.name:->\"x\";" },
		{ "INSERT OR REPLACE INTO subject(id,name) VALUES('s1','x')",
		  "s1.name:\"one\">\"x\";s1.state:\"in_business\">-;"
		  "s1.flags:[\"a\",\"b\"]>-;" },
		{ "REPLACE INTO subject(id,name) VALUES('s1','x'),('s2','y')",
		  "s1.name:\"one\">\"x\";s1.state:\"in_business\">-;"
		  "s1.flags:[\"a\",\"b\"]>-;s2.name:\"two\">\"y\";" },
		{ "UPDATE OR REPLACE subject SET name='x' WHERE id='s1'",
		  "s1.name:\"one\">\"x\";" },
		{ "UPDATE OR IGNORE subject SET name='x' WHERE id='s1'",
		  "s1.name:\"one\">\"x\";" },
		{ "UPDATE subject SET town='007' WHERE id='s1'",
		  "s1.town:\"000\">\"007\";" },
		{ "UPDATE subject SET name='x' WHERE id='s1'; UPDATE subject "
		  "SET name='one' WHERE id='s1'",
		  "" },
		{ "UPDATE subject SET flags='[\"b\", \"a\",\"a\"]' "
		  "WHERE id='s1'",
		  "" },
		{ "UPDATE subject SET flags='[\"c\",\"a\"]' WHERE id='s1'",
		  "s1.flags:[\"a\",\"b\"]>[\"a\",\"c\"];" },
		{ "UPDATE visit SET score=score+1 WHERE id='v1'",
		  "v1.score:5>6;" },
		{ "UPDATE visit SET score=NULL", "v1.score:5>-;" },
		{ "BEGIN; UPDATE subject SET name='x'; ROLLBACK", "" },
		{ "PRAGMA recursive_triggers=ON; UPDATE subject SET name='x' "
		  "WHERE id='s2'; PRAGMA recursive_triggers=OFF",
		  "s2.name:\"two\">\"x\";" },
	};
	struct world *w = *state;
	int records;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		edit(w, cases[i].sql);
		diff_is(w, cases[i].diff);
		main_is(w, "subject", "s1", S1);
		verified(w);
		assert_int_equal(
			replica_undo(w->s.r, NULL, NULL, &records, &w->s.err),
			RC_OK);
		diff_is(w, "");
		status_is(w, "");
		main_is(w, "subject", "s1", S1);
		verified(w);
	}
}

static void what_cannot_be_is_refused_with_advice(void **state)
{
	static const struct {
		const char *sql, *word;
	} cases[] = {
		{ "DELETE FROM subject WHERE id='s1'", "state to void" },
		{ "DELETE FROM subject", "hufu undo" },
		{ "UPDATE subject SET id='s7' WHERE id='s1'", "never changes" },
		{ "UPDATE OR REPLACE subject SET id='s2' WHERE id='s1'",
		  "never changes" },
		{ "UPDATE OR IGNORE subject SET id='s2' WHERE id='s1'",
		  "never changes" },
		{ "UPDATE subject SET scope='330108' WHERE id='s1'",
		  "another scope" },
		{ "INSERT OR REPLACE INTO subject(id,name) VALUES('s3','x')",
		  "its own scope" },
		{ "PRAGMA recursive_triggers=ON; INSERT OR REPLACE INTO "
		  "subject(id,name) VALUES('s1','x')",
		  "never deleted" },
		{ "INSERT INTO subject(id,name) VALUES('UPPER','x')",
		  "constraint" },
		{ "UPDATE visit SET score='many'", "constraint" },
		{ "UPDATE visit SET town='1'", "constraint" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		edit_refused(w, cases[i].sql, cases[i].word);
		diff_is(w, "");
	}
	if (!w->stock)
		edit(w, "PRAGMA recursive_triggers=OFF");
	edit(w, "UPDATE subject SET name='x' WHERE id='s2'");
	diff_is(w, "s2.name:\"two\">\"x\";");
}

static void new_records_get_an_id_and_the_home_scope(void **state)
{
	struct world *w = *state;
	char text[1000] = "";

	edit(w, "INSERT INTO visit(subject) VALUES('s1'),('s2')");
	assert_int_equal(replica_status(w->s.r, status_add, text, &w->s.err),
			 RC_OK);
	assert_int_equal(strlen(text), 2 * strlen("visit/ new;") + 2 * 20);
	commit(w, 1, 2);
	edit(w, "INSERT INTO visit(id,subject,scope) VALUES('v8','s3','330108'"
		")");
	commit(w, 1, 1);
	verified(w);
}

static void commit_refuses_what_breaks_a_kind(void **state)
{
	static const struct {
		const char *sql, *word;
	} cases[] = {
		{ "INSERT INTO subject(id,state) VALUES('s9','void')",
		  "subject 's9'" },
		{ "UPDATE subject SET state='nonsense' WHERE id='s1'",
		  "state" },
		{ "UPDATE subject SET flags='no json' WHERE id='s1'", "flags" },
		{ "UPDATE visit SET latitude=9223372036854775807", "latitude" },
		{ "INSERT INTO visit(id,subject,scope) VALUES('v9','s1',"
		  "'330199')",
		  "330199" },
	};
	struct world *w = *state;
	int packets, records;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		edit(w, "UPDATE subject SET name='good' WHERE id='s2'");
		edit(w, cases[i].sql);
		assert_int_equal(replica_commit(w->s.r, "no", &packets,
						&records, &w->s.err),
				 RC_INVALID);
		if (!strstr(w->s.err.text, cases[i].word))
			fail_msg("'%s' does not say '%s'", w->s.err.text,
				 cases[i].word);
		err_clear(&w->s.err);
		assert_int_equal(packets, 0);
		assert_int_equal(
			replica_undo(w->s.r, NULL, NULL, &records, &w->s.err),
			RC_OK);
		assert_int_equal(records, 2);
		status_is(w, "");
		verified(w);
	}
}

static enum rc bad_add(void *ctx, const struct diff_entry *e, struct err *err)
{
	char *text = ctx;
	size_t n = strlen(text);

	(void)err;
	if (e->bad)
		snprintf(text + n, 1000 - n, "%s;", e->id);
	assert_true(!e->field == !!e->bad);
	return RC_OK;
}

static enum rc bad_count(void *ctx, const struct status_entry *e,
			 struct err *err)
{
	int *bad = ctx;

	(void)err;
	assert_true(!e->is_bad || (e->detail && *e->detail));
	*bad += e->is_bad;
	return RC_OK;
}

static void all_bad_records_are_listed_with_their_reason(void **state)
{
	struct world *w = *state;
	struct held_back held;
	int packets, records, bad = 0;
	char text[1000] = "";

	edit(w, "UPDATE subject SET name='good' WHERE id='s2'");
	edit(w, "UPDATE subject SET flags='no json' WHERE id='s1'");
	edit(w, "UPDATE subject SET state='nonsense' WHERE id='s3'");
	edit(w, "INSERT INTO visit(id,subject,scope) VALUES('v9','s1',"
		"'330199')");
	edit(w, "INSERT INTO subject_private(id,phone) VALUES('s1','123')");
	assert_int_equal(replica_diff(w->s.r, bad_add, text, &w->s.err), RC_OK);
	assert_string_equal(text, "s1;s3;s1;v9;");
	assert_int_equal(replica_status(w->s.r, bad_count, &bad, &w->s.err),
			 RC_OK);
	assert_int_equal(replica_commit_sound(w->s.r, "a test", &packets,
					      &records, &held, &w->s.err),
			 RC_OK);
	assert_int_equal(records, 1);
	assert_int_equal(held.records, bad);
}

static void a_locked_replica_commits_nothing(void **state)
{
	struct world *w = *state;
	int packets, records;

	seeded_reopen(&w->s, false);
	assert_int_equal(
		replica_commit(w->s.r, "none", &packets, &records, &w->s.err),
		RC_OK);
	edit(w, "UPDATE subject SET name='x' WHERE id='s1'");
	assert_int_equal(
		replica_commit(w->s.r, "none", &packets, &records, &w->s.err),
		RC_DENIED);
	err_clear(&w->s.err);
	status_is(w, "subject/s1 edited;");
}

static void a_commit_makes_one_packet_a_scope(void **state)
{
	struct world *w = *state;

	edit(w, "UPDATE subject SET name='x'");
	commit(w, 2, 3);
	status_is(w, "subject/s1 local;subject/s2 local;subject/s3 local;");
	main_is(w, "subject", "s1", S1);
	verified(w);
	commit(w, 0, 0);
	edit(w, "UPDATE subject SET name='y' WHERE id='s1'");
	diff_is(w, "s1.name:\"x\">\"y\";");
	main_is(w, "subject", "s1", S1);
	commit(w, 1, 1);
	verified(w);
}

static void undo_goes_back_to_what_was_committed(void **state)
{
	struct world *w = *state;
	int records;

	edit(w, "UPDATE subject SET name='x' WHERE id='s1'");
	commit(w, 1, 1);
	edit(w, "UPDATE subject SET name='y',state=NULL WHERE id='s1'");
	edit(w, "INSERT INTO subject(id,name) VALUES('s9','new')");
	assert_int_equal(
		replica_undo(w->s.r, "subject", "s1", &records, &w->s.err),
		RC_OK);
	diff_is(w, "+s9.town:->\"000\";+s9.name:->\"new\";");
	assert_int_equal(replica_undo(w->s.r, NULL, NULL, &records, &w->s.err),
			 RC_OK);
	assert_int_equal(records, 1);
	status_is(w, "subject/s1 local;");
	edit(w, "UPDATE subject SET name='x' WHERE id='s1'");
	diff_is(w, "");
	verified(w);
}

static void tampered_capture_is_noticed(void **state)
{
	static const struct {
		const char *sql, *word;
	} cases[] = {
		{ "DROP TRIGGER hufu_visit_update", "hufu_visit_update" },
		{ "CREATE TRIGGER hufu_visit_update BEFORE UPDATE ON visit "
		  "BEGIN SELECT 1; END",
		  "was changed" },
		{ "UPDATE hufu_state SET applying=1", "switched off" },
	};
	struct world *w = *state;

	assert_int_equal(replica_check_capture(w->s.r, &w->s.err), RC_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		edit(w, cases[i].sql);
		assert_int_equal(replica_check_capture(w->s.r, &w->s.err),
				 RC_CORRUPT);
		if (!strstr(w->s.err.text, cases[i].word))
			fail_msg("%s", w->s.err.text);
		err_clear(&w->s.err);
	}
}

static void verify_finds_a_forged_row(void **state)
{
	struct world *w = *state;

	edit(w,
	     "UPDATE hufu_state SET applying=1; UPDATE subject SET "
	     "name='forged' WHERE id='s2'; UPDATE hufu_state SET applying=0");
	status_is(w, "");
	assert_int_equal(replica_verify(w->s.r, &w->s.err), RC_CORRUPT);
	assert_non_null(strstr(w->s.err.text, "subject 's2'"));
	err_clear(&w->s.err);
}

static void verify_finds_a_forged_packet(void **state)
{
	struct world *w = *state;

	edit(w, "UPDATE subject SET name='x' WHERE id='s1'");
	commit(w, 1, 1);
	edit(w, "UPDATE hufu_packet_record SET body=replace(body,'\"x\"',"
		"'\"z\"')");
	assert_int_equal(replica_verify(w->s.r, &w->s.err), RC_CORRUPT);
	assert_non_null(strstr(w->s.err.text, "packet"));
	err_clear(&w->s.err);
}

#define BOTH(name)                                                             \
	{ #name " (inside)", name, make_inside, world_free, NULL },            \
	{                                                                      \
#name " (stock sqlite3)", name, make_stock, world_free, NULL   \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(every_way_to_edit_is_captured),
		BOTH(what_cannot_be_is_refused_with_advice),
		BOTH(new_records_get_an_id_and_the_home_scope),
		BOTH(commit_refuses_what_breaks_a_kind),
		BOTH(all_bad_records_are_listed_with_their_reason),
		BOTH(a_locked_replica_commits_nothing),
		BOTH(a_commit_makes_one_packet_a_scope),
		BOTH(undo_goes_back_to_what_was_committed),
		BOTH(tampered_capture_is_noticed),
		BOTH(verify_finds_a_forged_row),
		BOTH(verify_finds_a_forged_packet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
