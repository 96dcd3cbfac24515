/* What an officer's role may not write is held back on the tablet; what it
 * might when it was written is sent, and judged by the server. */
#include "test_states_harness.h"

#include "base/jcs.h"

#define OFFICE "[\"coordinator\",\"administrator\"]"
#define ALL "[\"coordinator\",\"administrator\",\"inspector\"]"

static struct replica *tablet(void)
{
	return world.tablets[0];
}

static void held(int records, const char *why)
{
	struct sync_summary s = field_sync(&world, 0);

	assert_int_equal(s.quarantined, 0);
	if (s.held.records != records || !strstr(s.held.why, why))
		fail_msg("%d held: '%s', not %d: '%s'", s.held.records,
			 s.held.why, records, why);
}

static void quarantined(int records)
{
	struct sync_summary s = field_sync(&world, 0);

	assert_int_equal(s.held.records, 0);
	assert_int_equal(s.quarantined, records);
}

/* The file is opened anew, without the PIN: its edits wait. */
static void lock(void)
{
	replica_close(tablet());
	assert_int_equal(replica_open(&world.tablets[0], world.files[0],
				      &host_system, &world.err),
			 RC_OK);
}

static void unlock(void)
{
	assert_int_equal(replica_unlock(tablet(), FIELD_PIN, &world.err),
			 RC_OK);
}

static void role_is(const char *role)
{
	json_t *record;
	char id[33], *text;

	snprintf(id, sizeof(id), "%s",
		 field_server(&world,
			      "SELECT id FROM enrolment WHERE officer='o1'"));
	record = record_of("enrolment", id);
	json_object_set_new(record, "role", json_string(role));
	json_object_del(record, "id");
	json_object_del(record, "scope");
	text = json_dumps(record, 0);
	if (loop_serve(&world.loop, FIELD_SCOPE, "enrolment", id, text,
		       &world.err) != RC_OK)
		fail_msg("%s", world.err.text);
	free(text);
	json_decref(record);
}

static void a_field_of_the_office_is_held_back_and_told(void **state)
{
	int packets, records;

	(void)state;
	field_exec(&world, 0,
		   "UPDATE subject SET name='mine' WHERE id='s1';"
		   "INSERT INTO visit(id,subject) VALUES('v1','s1')");
	assert_int_equal(replica_commit(tablet(), "both", &packets, &records,
					&world.err),
			 RC_DENIED);
	assert_string_equal(
		world.err.text,
		"subject 's1': inspector cannot write field 'name' of "
		"'subject': it is set by coordinator, administrator; 'hufu "
		"undo subject s1' takes it back");
	err_clear(&world.err);
	held(1, "inspector cannot write field 'name'");
	on_server("SELECT name FROM subject WHERE id='s1'", "subject 1");
	on_server("SELECT count(*) FROM visit", "1");
	on_server("SELECT count(*) FROM held", "0");
	assert_int_equal(
		replica_undo(tablet(), "subject", "s1", &records, &world.err),
		RC_OK);
	held(0, "");
}

static void a_kind_of_the_office_is_held_back(void **state)
{
	(void)state;
	field_exec(&world, 0, "INSERT INTO subject(id,name) VALUES('n','new')");
	held(1, "inspector cannot write 'subject'");
	on_server("SELECT count(*) FROM subject WHERE id='n'", "0");
}

static void what_is_found_there_is_an_observation(void **state)
{
	(void)state;
	field_exec(&world, 0, "UPDATE subject SET phone='7' WHERE id='s1'");
	quarantined(0);
	on_server("SELECT count(*) FROM observation", "1");
	/* Taking a value away is no observation. */
	field_exec(&world, 0, "UPDATE subject SET address=NULL WHERE id='s2'");
	held(1, "field 'address'");
}

static void an_edit_under_former_rights_is_the_servers_to_judge(void **state)
{
	(void)state;
	field_writers(&world, "subject", ALL);
	field_sync(&world, 0);
	field_exec(&world, 0, "UPDATE subject SET name='mine' WHERE id='s1'");
	lock();
	field_writers(&world, "subject", OFFICE);
	field_sync(&world, 0);
	unlock();
	field_exec(&world, 0, "UPDATE subject SET name='two' WHERE id='s2'");
	{
		struct sync_summary s = field_sync(&world, 0);

		assert_int_equal(s.held.records, 1);
		assert_non_null(strstr(s.held.why, "'s2'"));
		assert_int_equal(s.quarantined, 1);
	}
	on_server("SELECT code||count(*) FROM packet_record WHERE code IS NOT "
		  "NULL",
		  "role1");
	/* Once it is sent, nothing is left of the former rights. */
	field_exec(&world, 0, "UPDATE subject SET name='anew' WHERE id='s1'");
	held(2, "'s1'");
}

static void what_never_was_allowed_stays_held(void **state)
{
	(void)state;
	field_exec(&world, 0, "UPDATE subject SET name='mine' WHERE id='s1'");
	held(1, "'name'");
	field_writers(&world, "subject", "[\"administrator\"]");
	field_sync(&world, 0);
	held(1, "'name'");
}

static void another_role_writes_other_things(void **state)
{
	(void)state;
	role_is("coordinator");
	field_sync(&world, 0);
	field_exec(&world, 0,
		   "UPDATE assignment SET due='2027-01-01' WHERE id='a1'");
	quarantined(0);
	on_server("SELECT due FROM assignment WHERE id='a1'", "2027-01-01");
	field_exec(&world, 0,
		   "UPDATE assignment SET due='2027-02-01' WHERE id='a1'");
	lock();
	role_is("inspector");
	field_sync(&world, 0);
	unlock();
	quarantined(1);
	on_server("SELECT due FROM assignment WHERE id='a1'", "2027-01-01");
	field_exec(&world, 0,
		   "UPDATE assignment SET due='2027-03-01' WHERE id='a1'");
	held(1, "inspector cannot write field 'due'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_field_of_the_office_is_held_back_and_told),
		TEST(a_kind_of_the_office_is_held_back),
		TEST(what_is_found_there_is_an_observation),
		TEST(an_edit_under_former_rights_is_the_servers_to_judge),
		TEST(what_never_was_allowed_stays_held),
		TEST(another_role_writes_other_things),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
