/* Damage of every kind is found, and put right by fetching what differs; what
 * the server has not seen stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "db/db.h"
#include "lib/field.h"

#define TRAFFIC_MAX (64 << 10)

static int world_make(void **state)
{
	struct field_world *w = calloc(1, sizeof(*w));
	char id[16], json[160];

	field_begin(w, 1);
	/* Enough of one kind in one town for two levels of nodes. */
	for (int i = 0; i < 700; i++) {
		snprintf(id, sizeof(id), "n%d", i);
		snprintf(json, sizeof(json),
			 "{\"name\":\"firm %d\",\"address\":\"lane %d\","
			 "\"state\":\"in_business\",\"town\":\"003\"}",
			 i, i);
		field_office(w, "subject", id, json);
	}
	field_sync(w, 0);
	*state = w;
	return 0;
}

static int world_drop(void **state)
{
	field_end(*state);
	free(*state);
	return 0;
}

/* What a disk does: no trigger sees it. */
static void rot(struct field_world *w, const char *sql)
{
	const struct db_options options = { .mode = DB_WRITE, .busy_ms = 1000 };
	struct db *db;

	if (db_open(&db, w->files[0], &options, &w->err) != RC_OK ||
	    db_script(db, "BEGIN; UPDATE hufu_state SET applying=1;",
		      &w->err) != RC_OK ||
	    db_script(db, sql, &w->err) != RC_OK ||
	    db_script(db, "UPDATE hufu_state SET applying=0; COMMIT",
		      &w->err) != RC_OK)
		fail_msg("%s: %s", sql, w->err.text);
	db_close(db);
}

static struct sync_summary repair(struct field_world *w)
{
	struct exchange x = loop_exchange(&w->loop);
	struct sync_summary s;

	if (replica_repair(w->tablets[0], &x, &s, &w->err) != RC_OK)
		fail_msg("repair: %s", w->err.text);
	return s;
}

static void is_sound(struct field_world *w)
{
	if (replica_verify(w->tablets[0], &w->err) != RC_OK)
		fail_msg("verify: %s", w->err.text);
	field_assert_equal(w, 0);
}

static void is_damaged(struct field_world *w)
{
	struct err err = { 0 };

	assert_int_equal(replica_verify(w->tablets[0], &err), RC_CORRUPT);
}

/* Rots, sees that it is found, repairs: `records` were put right. */
static void heals(struct field_world *w, const char *sql, int records)
{
	struct sync_summary s;

	rot(w, sql);
	is_damaged(w);
	s = repair(w);
	is_sound(w);
	assert_int_equal(s.repaired, records);
	assert_true(s.bytes_up + s.bytes_down <= TRAFFIC_MAX);
}

static void nothing_damaged_is_nothing_fetched(void **state)
{
	struct field_world *w = *state;
	struct sync_summary s = repair(w);

	assert_false(s.was_damaged);
	assert_int_equal(s.repaired, 0);
	assert_int_equal(s.records_received, 0);
	assert_true(s.bytes_up + s.bytes_down < 2048);
}

static void a_value_that_changed_is_fetched_again(void **state)
{
	struct field_world *w = *state;

	heals(w, "UPDATE subject SET name='rotten' WHERE id='n77'", 1);
	assert_string_equal(
		field_live(w, 0, "SELECT name FROM subject WHERE id='n77'"),
		"firm 77");
}

static void rows_that_vanished_come_back(void **state)
{
	struct field_world *w = *state;

	heals(w, "DELETE FROM subject WHERE id IN ('n1','n2','n699','s3')", 4);
}

static void a_row_under_another_id_is_taken_out(void **state)
{
	struct field_world *w = *state;

	/* One that is no record of the server's, one that came in its place. */
	heals(w, "UPDATE subject SET id='n5q' WHERE id='n5'", 2);
	assert_string_equal(
		field_live(w, 0, "SELECT count(*) FROM subject WHERE id='n5q'"),
		"0");
}

static void a_row_in_another_town_goes_back(void **state)
{
	heals(*state, "UPDATE subject SET town='001' WHERE id='n9'", 1);
}

static void a_cell_of_another_type_is_fetched_again(void **state)
{
	struct field_world *w = *state;

	rot(w, "PRAGMA ignore_check_constraints=1;"
	       "UPDATE subject SET longitude='east',latitude=1 WHERE id='n6'");
	repair(w);
	is_sound(w);
}

static void leaves_are_made_again_from_the_rows(void **state)
{
	struct field_world *w = *state;

	heals(w, "UPDATE hufu_leaf SET oid=zeroblob(20) WHERE id='n8'", 0);
	heals(w, "DELETE FROM hufu_leaf WHERE town='003'", 0);
}

static void nodes_are_made_again_from_the_leaves(void **state)
{
	struct field_world *w = *state;

	heals(w, "UPDATE hufu_node SET children=zeroblob(384) WHERE path=''",
	      0);
	heals(w, "DELETE FROM hufu_top; DELETE FROM hufu_town", 0);
}

static void an_index_that_lies_is_made_again(void **state)
{
	struct field_world *w = *state;
	struct sync_summary s;

	/* The index keeps an entry that its table has not: only SQLite's own
	 * look at the pages sees it. */
	rot(w, "PRAGMA writable_schema=1;"
	       "CREATE TABLE other(scope,kind,hash,town,id);"
	       "INSERT INTO other VALUES('330106','subject',x'00','003','x');"
	       "CREATE INDEX other_index ON other(scope,kind,hash);"
	       "UPDATE sqlite_schema SET rootpage=(SELECT rootpage FROM "
	       "sqlite_schema WHERE name='other_index') "
	       "WHERE name='hufu_packet_state';"
	       "DELETE FROM sqlite_schema WHERE name='other_index';"
	       "PRAGMA writable_schema=0");
	replica_close(w->tablets[0]);
	assert_int_equal(replica_open(&w->tablets[0], w->files[0], &host_system,
				      &w->err),
			 RC_OK);
	s = repair(w);
	assert_true(s.rebuilt);
	is_sound(w);
}

/* The sync itself finds what its answer touches, and goes on by itself. */
static void a_sync_repairs_what_it_stumbles_over(void **state)
{
	struct field_world *w = *state;
	struct sync_summary s;

	rot(w, "UPDATE subject SET name='rotten' WHERE id='n77'");
	field_office(w, "subject", "n77",
		     "{\"name\":\"firm 77\",\"address\":\"lane 7\","
		     "\"state\":\"in_business\",\"town\":\"003\"}");
	s = field_sync(w, 0);
	assert_true(s.was_damaged);
	assert_true(s.all_equal);
	is_sound(w);
	assert_string_equal(field_live(w, 0,
				       "SELECT name||address FROM subject "
				       "WHERE id='n77'"),
			    "firm 77lane 7");
}

static void edits_and_packets_survive_a_repair(void **state)
{
	struct field_world *w = *state;
	int packets, records;

	field_exec(w, 0,
		   "UPDATE assignment SET state='accepted' "
		   "WHERE id='a1'");
	assert_int_equal(replica_commit(w->tablets[0], "mine", &packets,
					&records, &w->err),
			 RC_OK);
	field_exec(w, 0,
		   "INSERT INTO visit(id,subject,summary,state) "
		   "VALUES('v1','s1','not signed yet','open');"
		   "UPDATE assignment SET accept_note='on my way' "
		   "WHERE id='a2'");
	/* The main versions behind the edits are rotten, too. */
	rot(w, "UPDATE old_assignment SET due='2099-01-01';"
	       "UPDATE hufu_main SET body=replace(body,'2026','2031');"
	       "DELETE FROM subject WHERE id='s1'");
	repair(w);
	is_sound(w);
	assert_string_equal(field_server(w, "SELECT state||due FROM assignment "
					    "WHERE id='a1'"),
			    "accepted2026-12-31");
	assert_string_equal(
		field_server(w, "SELECT accept_note||due FROM assignment "
				"WHERE id='a2'"),
		"on my way2026-12-31");
	assert_string_equal(
		field_server(w, "SELECT summary FROM visit WHERE id='v1'"),
		"not signed yet");
}

static void all_of_a_kind_may_be_gone(void **state)
{
	struct field_world *w = *state;

	rot(w, "DELETE FROM subject; DELETE FROM assignment");
	is_damaged(w);
	assert_int_equal(repair(w).repaired, 742);
	is_sound(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, world_make, world_drop)
		T(nothing_damaged_is_nothing_fetched),
		T(a_value_that_changed_is_fetched_again),
		T(rows_that_vanished_come_back),
		T(a_row_under_another_id_is_taken_out),
		T(a_row_in_another_town_goes_back),
		T(a_cell_of_another_type_is_fetched_again),
		T(leaves_are_made_again_from_the_rows),
		T(nodes_are_made_again_from_the_leaves),
		T(an_index_that_lies_is_made_again),
		T(a_sync_repairs_what_it_stumbles_over),
		T(edits_and_packets_survive_a_repair),
		T(all_of_a_kind_may_be_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
