/* Files that are no replica, or may not be written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/field.h"

static struct field_world world;

static int begin(void **state)
{
	(void)state;
	field_begin(&world, 1);
	return 0;
}

static int end(void **state)
{
	(void)state;
	chmod(world.dir, 0700);
	field_end(&world);
	return 0;
}

/* $1 and $2 are the two paths. */
static void shell(const char *script, const char *a, const char *b)
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (!child) {
		execl("/bin/sh", "sh", "-c", script, "sh", a, b, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* Verify in a process that may write nothing here; 0: all is well. */
static int verify_as_a_guest(const char *path, const char *word)
{
	pid_t child = fork();
	int status = -1;

	assert_true(child >= 0);
	if (!child) {
		struct err err = { 0 };
		struct replica *r = NULL;
		enum rc rc;

		if (!geteuid() && setuid(65534) != 0)
			_exit(3);
		rc = replica_open_copy(&r, path, &host_system, &err);
		if (rc == RC_OK)
			rc = replica_verify(r, &err);
		replica_close(r);
		if (word)
			_exit(rc != RC_OK && strstr(err.text, word) ? 0 : 1);
		if (rc != RC_OK)
			fprintf(stderr, "%s\n", err.text);
		_exit(rc == RC_OK ? 0 : 2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WEXITSTATUS(status);
}

static void a_file_in_a_folder_without_rights_is_verified(void **state)
{
	(void)state;
	chmod(world.files[0], 0444);
	chmod(world.dir, 0555);
	assert_int_equal(verify_as_a_guest(world.files[0], NULL), 0);
	chmod(world.dir, 0755);
	shell("sqlite3 $1 \"UPDATE hufu_state SET applying=1; UPDATE subject "
	      "SET name='x' WHERE id='s1'; UPDATE hufu_state SET "
	      "applying=0\"",
	      world.files[0], "");
	chmod(world.dir, 0555);
	assert_int_equal(verify_as_a_guest(world.files[0], "subject 's1'"), 0);
}

/* A writer that died in the middle: its journal is still there. */
static void an_unfinished_transaction_is_named(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	assert_true(child >= 0);
	if (!child) {
		struct err err = { 0 };

		replica_exec(world.tablets[0],
			     "PRAGMA cache_size=1; BEGIN; UPDATE subject SET "
			     "name=hex(randomblob(900)), "
			     "address=hex(randomblob(400))",
			     &err);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	shell("chmod a+r $1 $2-journal", world.files[0], world.files[0]);
	chmod(world.dir, 0555);
	assert_int_equal(
		verify_as_a_guest(world.files[0], "unfinished transaction"), 0);
}

static void a_verify_changes_nothing(void **state)
{
	struct replica *r;

	(void)state;
	shell("cp $1 $2.before", world.files[0], world.files[0]);
	assert_int_equal(
		replica_open_copy(&r, world.files[0], &host_system, &world.err),
		RC_OK);
	assert_int_equal(replica_verify(r, &world.err), RC_OK);
	assert_int_equal(replica_exec(r, "DELETE FROM hufu_meta", &world.err),
			 RC_OK);
	replica_close(r);
	shell("cmp $1 $2.before", world.files[0], world.files[0]);
}

static void what_is_no_replica_is_called_what_it_is(void **state)
{
	static const struct {
		const char *make, *word;
	} cases[] = {
		{ ": >$1", "empty file" },
		{ "echo a text that is long enough >$1", "no SQLite database" },
		{ "rm -f $1", "there is no replica" },
		{ "sqlite3 $1 'CREATE TABLE t(a)'", "but no replica" },
	};
	char path[160];
	struct replica *r;

	(void)state;
	snprintf(path, sizeof(path), "%s/other", world.dir);
	for (size_t i = 0; i < 4; i++) {
		shell(cases[i].make, path, "");
		assert_int_not_equal(
			replica_open(&r, path, &host_system, &world.err),
			RC_OK);
		if (!strstr(world.err.text, cases[i].word))
			fail_msg("%s", world.err.text);
		err_clear(&world.err);
	}
	assert_int_equal(replica_open(&r, world.dir, &host_system, &world.err),
			 RC_INVALID);
	assert_non_null(strstr(world.err.text, "folder"));
	err_clear(&world.err);
}

static void a_message_that_cannot_be_is_told_why(void **state)
{
	char text[240] = "";
	size_t n = 0;

	(void)state;
	for (; n < 198; n += 3)
		snprintf(text + n, sizeof(text) - n, "查");
	assert_int_equal(replica_message_check(text, &world.err), RC_OK);
	snprintf(text + n, sizeof(text) - n, "查");
	assert_int_equal(replica_message_check(text, &world.err), RC_INVALID);
	assert_non_null(strstr(world.err.text, "201 bytes"));
	assert_non_null(strstr(world.err.text, "at most 200"));
	err_clear(&world.err);
	assert_int_equal(replica_message_check("", &world.err), RC_INVALID);
	err_clear(&world.err);
	assert_int_equal(replica_message_check("two\nlines", &world.err),
			 RC_INVALID);
	err_clear(&world.err);
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_file_in_a_folder_without_rights_is_verified),
		T(an_unfinished_transaction_is_named),
		T(a_verify_changes_nothing),
		T(what_is_no_replica_is_called_what_it_is),
		T(a_message_that_cannot_be_is_told_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
