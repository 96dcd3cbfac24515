/* The first personal data of a subject, written in the field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "lib/field.h"
#include "store/store.h"

static struct field_world world;

static int begin(void **state)
{
	(void)state;
	field_begin(&world, 2);
	return 0;
}

static int end(void **state)
{
	(void)state;
	field_end(&world);
	return 0;
}

static bool has_key(const char *subject)
{
	unsigned char key[SEAL_KEY_BYTES];
	char key_id[21];
	enum rc rc = store_key_of(world.loop.store, FIELD_SCOPE, subject,
				  key_id, key, &world.err);

	if (rc != RC_NOT_FOUND)
		assert_int_equal(rc, RC_OK);
	return rc == RC_OK;
}

static void verified(int tablet)
{
	field_assert_equal(&world, tablet);
	if (replica_verify(world.tablets[tablet], &world.err) != RC_OK)
		fail_msg("%s", world.err.text);
}

static void the_first_personal_data_goes_with_one_sync(void **state)
{
	struct sync_summary sum;

	(void)state;
	assert_false(has_key("s5"));
	field_exec(&world, 0,
		   "INSERT INTO subject_private(id,phone) VALUES('s5','137');"
		   "INSERT INTO visit(id,subject) VALUES('v1','s5')");
	sum = field_sync(&world, 0);
	assert_int_equal(sum.held.records, 0);
	assert_int_equal(sum.records_sent, 2);
	assert_int_equal(sum.quarantined, 0);
	assert_int_equal(sum.requests, 2);
	assert_true(has_key("s5"));
	assert_string_equal(
		field_server(&world, "SELECT alg FROM subject_private"),
		"xchacha20poly1305");
	verified(0);
	field_sync(&world, 1);
	assert_string_equal(
		field_live(&world, 1, "SELECT phone FROM subject_private"),
		"137");
	verified(1);
	assert_int_equal(field_sync(&world, 0).requests, 1);
}

/* Both write it offline: one key, two new records with one id. */
static void of_two_first_writers_both_seal_with_one_key(void **state)
{
	struct sync_summary sum;

	(void)state;
	field_exec(&world, 0,
		   "INSERT INTO subject_private(id,phone) VALUES('s5','137')");
	field_exec(&world, 1,
		   "INSERT INTO subject_private(id,phone) VALUES('s5','139')");
	assert_int_equal(field_sync(&world, 0).held.records, 0);
	sum = field_sync(&world, 1);
	assert_int_equal(sum.held.records, 0);
	assert_int_equal(sum.records_sent, 1);
	verified(0);
	verified(1);
}

static void nobody_gets_a_key_of_a_subject_that_is_not_there(void **state)
{
	struct sync_summary sum;

	(void)state;
	field_exec(&world, 0,
		   "INSERT INTO subject_private(id,phone) VALUES('s99','137')");
	sum = field_sync(&world, 0);
	assert_int_equal(sum.held.records, 1);
	assert_int_equal(sum.requests, 1);
	assert_non_null(strstr(sum.held.why, "s99"));
	assert_false(has_key("s99"));
	verified(0);
}

static void a_destroyed_key_is_not_made_again(void **state)
{
	struct sync_summary sum;

	(void)state;
	field_exec(&world, 0,
		   "INSERT INTO subject_private(id,phone) VALUES('s5','137')");
	field_sync(&world, 0);
	assert_int_equal(store_key_destroy(world.loop.store, FIELD_SCOPE, "s5",
					   "admin", "asked", &world.err),
			 RC_OK);
	field_sync(&world, 0);
	field_exec(&world, 0,
		   "INSERT INTO subject_private(id,phone) VALUES('s5','138')");
	sum = field_sync(&world, 0);
	assert_int_equal(sum.held.records, 1);
	assert_false(has_key("s5"));
}

static void without_a_pin_the_key_comes_and_the_edit_stays(void **state)
{
	struct exchange x = loop_exchange(&world.loop);
	struct sync_summary sum;
	struct replica *r;

	(void)state;
	field_exec(&world, 0,
		   "INSERT INTO subject_private(id,phone) VALUES('s5','137')");
	assert_int_equal(
		replica_open(&r, world.files[0], &host_system, &world.err),
		RC_OK);
	assert_int_equal(replica_sync(r, &x, &sum, &world.err), RC_OK);
	replica_close(r);
	assert_int_equal(sum.requests, 1);
	assert_true(has_key("s5"));
	assert_int_equal(field_sync(&world, 0).records_sent, 1);
	verified(0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_first_personal_data_goes_with_one_sync),
		T(of_two_first_writers_both_seal_with_one_key),
		T(nobody_gets_a_key_of_a_subject_that_is_not_there),
		T(a_destroyed_key_is_not_made_again),
		T(without_a_pin_the_key_comes_and_the_edit_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
