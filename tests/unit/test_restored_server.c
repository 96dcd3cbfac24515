/* A server that came back from a backup, and tablets that are ahead of it: what
 * they were told is taken in is sent again by itself, and the halves match. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ledger/rebuild.h"
#include "lib/field.h"

static int world_make(void **state)
{
	struct field_world *w = calloc(1, sizeof(*w));

	field_begin(w, 2);
	*state = w;
	return 0;
}

static int world_drop(void **state)
{
	field_end(*state);
	free(*state);
	return 0;
}

static void folder_copy(struct field_world *w, const char *from, const char *to)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -rf %s/%s && cp -r %s/%s %s/%s",
		 w->dir, to, w->dir, from, w->dir, to);
	assert_int_equal(system(command), 0);
}

static void backup(struct field_world *w)
{
	loop_release(&w->loop);
	folder_copy(w, "data", "backup");
	if (loop_open(&w->loop, &host_system, &w->err) != RC_OK)
		fail_msg("%s", w->err.text);
}

static void restore(struct field_world *w)
{
	struct account admin;
	struct op op;

	loop_release(&w->loop);
	folder_copy(w, "backup", "data");
	if (loop_open(&w->loop, &host_system, &w->err) != RC_OK)
		fail_msg("%s", w->err.text);
	op = loop_op(&w->loop, &admin, &w->err);
	if (ledger_epoch_new(&op, "the disk broke") != RC_OK)
		fail_msg("%s", w->err.text);
}

static void is_sound(struct field_world *w)
{
	for (int i = 0; i < w->ntablets; i++) {
		if (replica_verify(w->tablets[i], &w->err) != RC_OK)
			fail_msg("tablet %d: %s", i, w->err.text);
		field_assert_equal(w, i);
	}
}

static void what_was_acknowledged_after_the_backup_comes_back(void **state)
{
	struct field_world *w = *state;
	struct sync_summary s;

	field_exec(w, 0,
		   "UPDATE assignment SET state='accepted' "
		   "WHERE id='a1'");
	field_sync(w, 0);
	backup(w);
	field_exec(w, 0,
		   "UPDATE assignment SET state='in_progress' "
		   "WHERE id='a1'");
	field_sync(w, 0);
	field_exec(w, 0,
		   "INSERT INTO visit(id,subject,summary,state) "
		   "VALUES('v1','s1','seen','open')");
	field_sync(w, 0);
	field_exec(w, 0,
		   "UPDATE visit SET summary='seen twice' "
		   "WHERE id='v1'");
	assert_int_equal(field_sync(w, 0).quarantined, 0);
	restore(w);
	assert_string_equal(field_server(w, "SELECT count(*) FROM visit"), "0");
	s = field_sync(w, 0);
	assert_true(s.restored);
	assert_true(s.all_equal);
	assert_int_equal(s.packets_sent, 3);
	assert_int_equal(s.conflicts + s.quarantined, 0);
	assert_false(s.fork);
	assert_string_equal(
		field_server(w, "SELECT a.state||v.summary FROM assignment AS "
				"a, visit AS v WHERE a.id='a1'"),
		"in_progressseen twice");
	field_sync(w, 1);
	is_sound(w);
	/* It happens once. */
	s = field_sync(w, 0);
	assert_false(s.restored);
	assert_int_equal(s.requests, 1);
}

/* What the office wrote after the backup is gone; the tablet's edit that was
 * based on it is not taken for the office's. */
static void
the_lost_words_of_the_office_are_not_put_in_a_tablets_mouth(void **state)
{
	struct field_world *w = *state;
	struct sync_summary s;

	backup(w);
	field_office(w, "assignment", "a1",
		     "{\"subject\":\"s1\",\"officers\":[\"o1\",\"o2\"],"
		     "\"due\":\"2027-06-30\",\"state\":\"issued\"}");
	field_sync(w, 0);
	field_exec(w, 0,
		   "UPDATE assignment SET accept_note='fine' "
		   "WHERE id='a1'");
	field_sync(w, 0);
	restore(w);
	s = field_sync(w, 0);
	assert_int_equal(s.packets_sent, 1);
	assert_int_equal(s.conflicts + s.quarantined, 0);
	assert_string_equal(
		field_server(w, "SELECT due||accept_note FROM assignment "
				"WHERE id='a1'"),
		"2026-12-31fine");
	field_sync(w, 1);
	is_sound(w);
}

/* The other tablet, which saw the lost words, has nothing to send: it goes
 * back to what there is. */
static void a_tablet_without_work_follows(void **state)
{
	struct field_world *w = *state;
	struct sync_summary s;

	backup(w);
	field_office(w, "subject", "new1",
		     "{\"name\":\"lost\",\"state\":\"in_business\"}");
	field_office(w, "assignment", "a2",
		     "{\"subject\":\"s2\",\"officers\":[\"o1\",\"o2\"],"
		     "\"due\":\"2027-06-30\",\"state\":\"issued\"}");
	field_sync(w, 1);
	restore(w);
	field_office(w, "subject", "new2",
		     "{\"name\":\"kept\",\"state\":\"in_business\"}");
	s = field_sync(w, 1);
	assert_true(s.restored);
	assert_string_equal(field_live(w, 1,
				       "SELECT group_concat(name) FROM subject "
				       "WHERE id LIKE 'new%'"),
			    "kept");
	field_sync(w, 0);
	is_sound(w);
}

/* Nobody silently wins where the office decided anew since. */
static void
a_decision_after_the_restore_meets_the_work_from_before(void **state)
{
	struct field_world *w = *state;
	struct sync_summary s;

	backup(w);
	field_exec(w, 0,
		   "INSERT INTO visit(id,subject,officers,summary,state) "
		   "VALUES('v1','s1','[\"o1\",\"o2\"]','x','open');");
	field_sync(w, 0);
	field_exec(w, 0,
		   "UPDATE assignment SET state='accepted' "
		   "WHERE id='a1'");
	field_sync(w, 0);
	restore(w);
	field_office(w, "assignment", "a1",
		     "{\"subject\":\"s1\",\"officers\":[\"o1\",\"o2\"],"
		     "\"due\":\"2026-12-31\",\"state\":\"cancelled\","
		     "\"reason\":\"closed\"}");
	s = field_sync(w, 0);
	assert_int_equal(s.packets_sent, 2);
	assert_string_equal(
		field_server(w, "SELECT state FROM assignment WHERE id='a1'"),
		"cancelled");
	field_sync(w, 1);
	is_sound(w);
}

static void uncommitted_edits_based_on_lost_commits_go_too(void **state)
{
	struct field_world *w = *state;

	backup(w);
	field_office(w, "assignment", "a1",
		     "{\"subject\":\"s1\",\"officers\":[\"o1\",\"o2\"],"
		     "\"due\":\"2027-06-30\",\"state\":\"issued\"}");
	field_sync(w, 0);
	field_exec(w, 0,
		   "UPDATE assignment SET accept_note='late' "
		   "WHERE id='a1'");
	restore(w);
	assert_int_equal(field_sync(w, 0).quarantined, 0);
	assert_string_equal(
		field_server(w, "SELECT due||accept_note FROM assignment "
				"WHERE id='a1'"),
		"2026-12-31late");
	field_sync(w, 1);
	is_sound(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, world_make, world_drop)
		T(what_was_acknowledged_after_the_backup_comes_back),
		T(the_lost_words_of_the_office_are_not_put_in_a_tablets_mouth),
		T(a_tablet_without_work_follows),
		T(a_decision_after_the_restore_meets_the_work_from_before),
		T(uncommitted_edits_based_on_lost_commits_go_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
