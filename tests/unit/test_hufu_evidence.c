/* Evidence by the public library: taken, seen, and not sent before its record.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "hufu/hufu.h"
#include "lib/field.h"

static struct field_world world;
static struct hufu *h;
static char photo[160];

static int begin(void **state)
{
	FILE *f;

	(void)state;
	field_begin(&world, 1);
	field_writers(&world, "subject", "[\"administrator\",\"inspector\"]");
	field_sync(&world, 0);
	h = hufu_new();
	assert_non_null(h);
	assert_int_equal(hufu_open(h, world.files[0]), HUFU_OK);
	snprintf(photo, sizeof(photo), "%s/p.jpg", world.dir);
	f = fopen(photo, "w");
	assert_non_null(f);
	fputs("abc", f);
	fclose(f);
	assert_int_equal(hufu_put(h, "subject", "s1", "{\"name\":\"x\"}", NULL),
			 HUFU_OK);
	return 0;
}

static int end(void **state)
{
	(void)state;
	fault_clear(FAULT_FILE);
	hufu_free(h);
	field_end(&world);
	return 0;
}

/* Answers the id of a new visit. */
static void visit_make(char id[HUFU_ID_SIZE])
{
	if (hufu_put(h, "visit", NULL,
		     "{\"subject\":\"s1\",\"state\":\"open\"}", id) != HUFU_OK)
		fail_msg("%s", hufu_message(h));
}

static void a_file_is_taken_and_waits_for_its_record(void **state)
{
	struct hufu_list *list;
	char visit[HUFU_ID_SIZE], id[HUFU_ID_SIZE];

	(void)state;
	visit_make(visit);
	if (hufu_attach(h, visit, photo,
			"{\"caption\":\"grease\",\"points\":[\"p1\"]}", 0,
			&list) != HUFU_OK)
		fail_msg("%s", hufu_message(h));
	assert_string_equal(hufu_list_text(list, "sha256"),
			    "ba7816bf8f01cfea414140de5dae2223"
			    "b00361a396177a9cb410ff61f20015ad");
	assert_int_equal(hufu_list_int(list, "size", 0), 3);
	snprintf(id, sizeof(id), "%s", hufu_list_text(list, "id"));
	hufu_list_free(list);
	assert_int_equal(hufu_record(h, "evidence", id, HUFU_LIVE, &list),
			 HUFU_OK);
	assert_string_equal(hufu_list_text(list, "caption"), "grease");
	assert_string_equal(hufu_list_text(list, "media"), "photo");
	assert_non_null(hufu_list_text(list, "signature"));
	hufu_list_free(list);
	assert_int_equal(hufu_evidence(h, &list), HUFU_OK);
	assert_int_equal(hufu_list_count(list), 1);
	assert_int_equal(hufu_list_next(list), HUFU_OK);
	assert_string_equal(hufu_list_text(list, "id"), id);
	assert_int_equal(hufu_list_int(list, "synced", 7), 0);
	hufu_list_free(list);
	assert_int_equal(hufu_upload(h, 0, 0, &list), HUFU_OK);
	assert_int_equal(hufu_list_int(list, "requests", 7), 0);
	assert_int_equal(hufu_list_int(list, "left", 0), 1);
	hufu_list_free(list);
}

static void what_is_refused_leaves_nothing(void **state)
{
	struct hufu_list *list;
	char visit[HUFU_ID_SIZE];

	(void)state;
	visit_make(visit);
	assert_int_equal(hufu_attach(h, "nowhere", photo, NULL, 0, &list),
			 HUFU_NOT_FOUND);
	assert_null(list);
	assert_int_equal(hufu_attach(h, visit, photo, NULL, 2, &list),
			 HUFU_NOMEM);
	assert_int_equal(
		hufu_attach(h, visit, photo, "{\"media\":\"smell\"}", 0, &list),
		HUFU_INVALID);
	assert_int_equal(hufu_attach(h, visit, photo, "[]", 0, &list),
			 HUFU_INVALID);
	assert_int_equal(hufu_attach(h, visit, world.dir, NULL, 0, &list),
			 HUFU_INVALID);
	assert_int_equal(hufu_evidence(h, &list), HUFU_OK);
	assert_int_equal(hufu_list_count(list), 0);
	hufu_list_free(list);
}

/* Whichever call of the file system fails: there are a file and its record, or
 * neither, and the next try has both. */
static void a_failing_disk_leaves_file_and_record_or_neither(void **state)
{
#ifdef WITH_FAULTS
	struct hufu_list *list;
	char visit[HUFU_ID_SIZE];
	enum hufu_code code;
	long nth, calls;

	(void)state;
	visit_make(visit);
	for (nth = 1;; nth++) {
		fault_arm(FAULT_FILE, nth, false);
		code = hufu_attach(h, visit, photo, NULL, 0, &list);
		calls = fault_clear(FAULT_FILE);
		hufu_list_free(list);
		if (calls < nth)
			break;
		assert_int_equal(code, HUFU_IO);
		assert_int_equal(hufu_evidence(h, &list), HUFU_OK);
		assert_int_equal(hufu_list_count(list), 0);
		hufu_list_free(list);
	}
	assert_int_equal(code, HUFU_OK);
	assert_true(nth > 5);
	assert_int_equal(hufu_evidence(h, &list), HUFU_OK);
	assert_int_equal(hufu_list_count(list), 1);
	hufu_list_free(list);
#else
	(void)state;
	skip(); /* this build makes no call fail */
#endif
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(a_file_is_taken_and_waits_for_its_record),
		TEST(what_is_refused_leaves_nothing),
		TEST(a_failing_disk_leaves_file_and_record_or_neither),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
