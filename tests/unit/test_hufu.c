/* The public library, as a program calls it that has nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hufu/hufu.h"
#include "lib/field.h"

static struct field_world world;
static struct hufu *h;

static int begin(void **state)
{
	(void)state;
	field_begin(&world, 1);
	/* So that there is much to edit. */
	field_writers(&world, "subject",
		      "[\"coordinator\",\"administrator\",\"inspector\"]");
	field_sync(&world, 0);
	h = hufu_new();
	assert_non_null(h);
	assert_int_equal(hufu_open(h, world.files[0]), HUFU_OK);
	assert_int_equal(hufu_is_wiped(h), 0);
	return 0;
}

static int end(void **state)
{
	(void)state;
	hufu_free(h);
	field_end(&world);
	return 0;
}

/* Succeeds, or the test fails with the message. */
#define DONE(call) done_check((call), #call)
static void done_check(enum hufu_code code, const char *call)
{
	if (code != HUFU_OK)
		fail_msg("%s: %s: %s", call, hufu_code_name(code),
			 hufu_message(h));
}

#define assert_refused(call, want, words)                                      \
	refused_check((call), want, words, #call)
static void refused_check(enum hufu_code code, enum hufu_code want,
			  const char *words, const char *call)
{
	if (code != want || !strstr(hufu_message(h), words))
		fail_msg("%s: %s '%s', not %s '%s'", call, hufu_code_name(code),
			 hufu_message(h), hufu_code_name(want), words);
}

static void the_version_is_the_headers(void **state)
{
	char numbers[32];

	(void)state;
	snprintf(numbers, sizeof(numbers), "%d.%d.%d", HUFU_VERSION_MAJOR,
		 HUFU_VERSION_MINOR, HUFU_VERSION_PATCH);
	assert_string_equal(hufu_version(), numbers);
	assert_string_equal(HUFU_VERSION, numbers);
}

static void codes_keep_their_numbers_and_names(void **state)
{
	static const char *const names[] = { "ok",        "invalid",  "denied",
					     "not_found", "conflict", "busy",
					     "corrupt",   "io",       "nomem",
					     "stopped",   "unknown" };

	(void)state;
	for (int i = 0; i < 11; i++)
		assert_string_equal(hufu_code_name((enum hufu_code)i),
				    names[i]);
	assert_string_equal(hufu_code_name((enum hufu_code) - 1), "unknown");
}

static void a_handle_without_a_replica_says_so(void **state)
{
	struct hufu *empty = hufu_new();
	struct hufu_list *list = (void *)1;
	int records = 7;

	(void)state;
	assert_int_equal(hufu_status(empty, &list), HUFU_INVALID);
	assert_null(list);
	assert_string_equal(hufu_message(empty), "no replica is open");
	assert_int_equal(hufu_undo(empty, NULL, NULL, &records), HUFU_INVALID);
	assert_int_equal(records, 0);
	assert_int_equal(hufu_sync(empty, NULL), HUFU_INVALID);
	assert_int_equal(hufu_is_unlocked(empty), 0);
	/* and can be used on */
	assert_int_equal(hufu_open(empty, "/nowhere/x.db"), HUFU_NOT_FOUND);
	assert_int_equal(hufu_open(empty, NULL), HUFU_INVALID);
	assert_int_equal(hufu_open(empty, world.files[0]), HUFU_OK);
	assert_string_equal(hufu_message(empty), "");
	hufu_close(empty);
	assert_int_equal(hufu_log(empty, NULL), HUFU_INVALID);
	hufu_free(empty);
	hufu_free(NULL);
}

static void a_new_file_is_a_replica_that_waits_for_its_enrolment(void **state)
{
	struct hufu *fresh = hufu_new();
	char path[160];

	(void)state;
	snprintf(path, sizeof(path), "%s/fresh.db", world.dir);
	assert_int_equal(hufu_create(fresh, path), HUFU_OK);
	assert_int_equal(hufu_sync(fresh, NULL), HUFU_INVALID);
	assert_non_null(strstr(hufu_message(fresh), "not enrolled"));
	assert_int_equal(hufu_repair(fresh, NULL), HUFU_INVALID);
	assert_non_null(strstr(hufu_message(fresh), "not enrolled"));
	assert_int_equal(hufu_clone(fresh), HUFU_INVALID);
	assert_int_equal(hufu_clone_size(fresh, NULL), HUFU_INVALID);
	assert_int_equal(hufu_create(fresh, path), HUFU_INVALID);
	assert_int_equal(hufu_open(fresh, path), HUFU_OK);
	assert_int_equal(hufu_url_check(fresh, "http://192.0.2.1"),
			 HUFU_INVALID);
	hufu_allow_plain_http(fresh, 1);
	assert_int_equal(hufu_url_check(fresh, "http://192.0.2.1"), HUFU_OK);
	assert_int_equal(hufu_enroll(fresh, "http://127.0.0.1:1", "c", NULL),
			 HUFU_INVALID);
	assert_int_equal(
		hufu_enroll(fresh, "http://127.0.0.1:1", "c", "246810"),
		HUFU_IO);
	hufu_free(fresh);
}

static void an_edit_is_seen_signed_and_told(void **state)
{
	struct hufu_list *list;

	(void)state;
	DONE(hufu_edit(h, "UPDATE subject SET name='new name' WHERE id='s1'"));
	DONE(hufu_status(h, &list));
	assert_int_equal(hufu_list_count(list), 1);
	assert_int_equal(hufu_list_next(list), HUFU_OK);
	assert_string_equal(hufu_list_text(list, "state"), "edited");
	assert_string_equal(hufu_list_text(list, "id"), "s1");
	hufu_list_free(list);
	DONE(hufu_diff(h, &list));
	assert_int_equal(hufu_list_next(list), HUFU_OK);
	assert_string_equal(hufu_list_json(list, "after"), "\"new name\"");
	assert_int_equal(hufu_list_int(list, "new", 7), 0);
	hufu_list_free(list);
	assert_refused(hufu_commit(h, "renamed", 0, &list), HUFU_DENIED, "");
	assert_null(list);
	assert_int_equal(hufu_is_unlocked(h), 0);
	assert_refused(hufu_unlock(h, "135790"), HUFU_DENIED, "pin");
	DONE(hufu_unlock(h, FIELD_PIN));
	assert_int_equal(hufu_is_unlocked(h), 1);
	DONE(hufu_commit(h, "renamed", HUFU_COMMIT_SOUND, &list));
	hufu_list_free(list);
	DONE(hufu_log(h, &list));
	assert_int_equal(hufu_list_count(list), 1);
	hufu_list_free(list);
}

static void a_visit_is_written_signed_and_in_the_log(void **state)
{
	struct hufu_list *list;
	char id[HUFU_ID_SIZE];

	(void)state;
	DONE(hufu_put(h, "visit", NULL,
		      "{\"subject\":\"s1\",\"town\":\"001\",\"summary\":\"a\","
		      "\"state\":\"open\",\"officers\":[\"o2\",\"o1\"]}",
		      id));
	assert_int_equal(strlen(id), 20);
	DONE(hufu_put(h, "visit", id, "{\"summary\":\"b\"}", NULL));
	DONE(hufu_record(h, "visit", id, HUFU_LIVE, &list));
	assert_string_equal(hufu_list_text(list, "summary"), "b");
	assert_string_equal(hufu_list_text(list, "scope"), FIELD_SCOPE);
	assert_string_equal(hufu_list_text(list, "officers.0"), "o1");
	assert_string_equal(hufu_list_text(list, "officers"),
			    "[\"o1\",\"o2\"]");
	hufu_list_free(list);
	assert_refused(hufu_record(h, "visit", id, HUFU_MAIN, &list),
		       HUFU_NOT_FOUND, id);
	DONE(hufu_unlock(h, FIELD_PIN));
	DONE(hufu_commit(h, "a visit", 0, &list));
	assert_int_equal(hufu_list_int(list, "packets", 0), 1);
	assert_int_equal(hufu_list_int(list, "records", 0), 1);
	hufu_list_free(list);
	DONE(hufu_log(h, &list));
	assert_int_equal(hufu_list_next(list), HUFU_OK);
	assert_string_equal(hufu_list_text(list, "message"), "a visit");
	hufu_list_free(list);
	DONE(hufu_verify(h));
	/* and it is the same packet that another handle sends */
	assert_int_equal(field_sync(&world, 0).packets_sent, 1);
	DONE(hufu_record(h, "visit", id, HUFU_MAIN, &list));
	assert_string_equal(hufu_list_text(list, "summary"), "b");
	hufu_list_free(list);
}

static void what_breaks_a_rule_is_refused_and_nothing_written(void **state)
{
	struct hufu_list *list;

	(void)state;
	assert_refused(hufu_put(h, "visit", NULL, "{\"nonsense\":1}", NULL),
		       HUFU_INVALID, "no field 'nonsense'");
	assert_refused(hufu_put(h, "visit", NULL, "{\"summary\":1}", NULL),
		       HUFU_INVALID, "summary");
	assert_refused(hufu_put(h, "visit", NULL, "{\"id\":\"v1\"}", NULL),
		       HUFU_INVALID, "id");
	assert_refused(hufu_put(h, "visit", NULL, "[1]", NULL), HUFU_INVALID,
		       "object");
	assert_refused(hufu_put(h, "visit", NULL, "{", NULL), HUFU_INVALID, "");
	assert_refused(hufu_put(h, "visit", "v404", "{}", NULL), HUFU_NOT_FOUND,
		       "v404");
	assert_refused(hufu_put(h, "thing", NULL, "{}", NULL), HUFU_INVALID,
		       "no kind 'thing'");
	assert_refused(
		hufu_put(h, "subject", "s1", "{\"scope\":\"330108\"}", NULL),
		HUFU_INVALID, "scope");
	assert_refused(hufu_edit(h, "UPDATE subject SET name='x'; nonsense"),
		       HUFU_INVALID, "nonsense");
	assert_refused(hufu_edit(h, "DELETE FROM subject"), HUFU_INVALID, "");
	assert_refused(hufu_put(h, "assignment", "a1",
				"{\"due\":\"2027-01-01\"}", NULL),
		       HUFU_DENIED, "inspector cannot write field 'due'");
	assert_refused(hufu_put(h, "officer", NULL, "{\"name\":\"me\"}", NULL),
		       HUFU_DENIED, "inspector cannot write 'officer'");
	assert_refused(hufu_edit(h, "BEGIN"), HUFU_INVALID, "");
	assert_refused(hufu_edit(h, "COMMIT"), HUFU_INVALID, "COMMIT");
	assert_refused(hufu_commit(h, "two\nlines", 0, NULL), HUFU_INVALID, "");
	assert_refused(hufu_message_check(h, "two\nlines"), HUFU_INVALID, "");
	assert_refused(hufu_commit(h, "x", 8, NULL), HUFU_INVALID, "flags");
	DONE(hufu_status(h, &list));
	assert_string_equal(hufu_list_all(list), "[]");
	hufu_list_free(list);
}

static void an_edit_is_taken_back(void **state)
{
	struct hufu_list *list;
	int records;

	(void)state;
	DONE(hufu_put(h, "subject", "s1", "{\"name\":\"x\",\"reason\":\"y\"}",
		      NULL));
	DONE(hufu_put(h, "subject", "s1", "{\"reason\":null}", NULL));
	DONE(hufu_put(h, "subject", "s2", "{\"name\":\"x\"}", NULL));
	DONE(hufu_record(h, "subject", "s1", HUFU_LIVE, &list));
	assert_null(hufu_list_text(list, "reason"));
	hufu_list_free(list);
	DONE(hufu_undo(h, "subject", "s1", &records));
	assert_int_equal(records, 1);
	assert_refused(hufu_undo(h, "subject", "s1", &records), HUFU_NOT_FOUND,
		       "s1");
	assert_int_equal(records, 0);
	assert_refused(hufu_undo(h, "subject", NULL, NULL), HUFU_INVALID, "id");
	DONE(hufu_undo(h, NULL, NULL, &records));
	assert_int_equal(records, 1);
	DONE(hufu_status(h, &list));
	assert_int_equal(hufu_list_count(list), 0);
	hufu_list_free(list);
}

static void records_are_found_by_words(void **state)
{
	struct hufu_list *list;

	(void)state;
	DONE(hufu_put(h, "subject", "s7",
		      "{\"name\":\"西湖 100%_Noodles\",\"address\":\"Road 5\"}",
		      NULL));
	DONE(hufu_find(h, "subject", " noodles  西湖 ", 10, &list));
	assert_string_equal(hufu_list_all(list),
			    "[{\"kind\":\"subject\",\"id\":\"s7\","
			    "\"name\":\"西湖 100%_Noodles\"}]");
	hufu_list_free(list);
	DONE(hufu_find(h, NULL, "0%_N Road", 10, &list));
	assert_int_equal(hufu_list_count(list), 1);
	hufu_list_free(list);
	DONE(hufu_find(h, NULL, "0%%N", 10, &list));
	assert_int_equal(hufu_list_count(list), 0);
	hufu_list_free(list);
	DONE(hufu_find(h, "subject", "s", 3, &list));
	assert_int_equal(hufu_list_count(list), 3);
	hufu_list_free(list);
	assert_refused(hufu_find(h, NULL, "a b c d e", 3, &list), HUFU_INVALID,
		       "words");
	assert_null(list);
	assert_refused(hufu_find(h, NULL, " ", 3, NULL), HUFU_INVALID, "word");
	assert_refused(hufu_find(h, NULL, "a", 0, NULL), HUFU_INVALID, "0");
	assert_refused(hufu_find(h, "visit", "a", 1, NULL), HUFU_INVALID,
		       "by its id");
}

static void a_list_is_gone_through_again_and_outlives_its_handle(void **state)
{
	struct hufu *other = hufu_new();
	struct hufu_list *list;
	int n = 0;

	(void)state;
	assert_int_equal(hufu_open_copy(other, world.files[0]), HUFU_OK);
	assert_int_equal(hufu_scopes(other, &list), HUFU_OK);
	hufu_free(other);
	assert_null(hufu_list_json(list, NULL));
	for (int round = 0; round < 2; round++)
		while (hufu_list_next(list) == HUFU_OK)
			n++;
	assert_int_equal(n, 4);
	assert_int_equal(hufu_list_next(list), HUFU_OK);
	assert_string_equal(hufu_list_text(list, "scope"), "catalog");
	assert_int_equal(hufu_list_next(list), HUFU_OK);
	assert_int_equal(hufu_list_int(list, "records", 0) > 40, 1);
	assert_int_equal(hufu_list_int(list, "scope", -3), -3);
	assert_int_equal(hufu_list_int(list, "absent", -3), -3);
	assert_null(hufu_list_text(list, "absent"));
	assert_null(hufu_list_text(list, "scope.deeper"));
	assert_string_equal(hufu_list_json(list, "scope"),
			    "\"" FIELD_SCOPE "\"");
	hufu_list_free(list);
	hufu_list_free(NULL);
	assert_int_equal(hufu_list_count(NULL), 0);
}

static void it_knows_itself(void **state)
{
	struct hufu_list *info, *mended;

	(void)state;
	DONE(hufu_info(h, &info));
	assert_string_equal(hufu_list_text(info, "officer"), "o1");
	assert_string_equal(hufu_list_text(info, "scopes.1.scope"),
			    FIELD_SCOPE);
	assert_int_equal(hufu_list_int(info, "scopes.1.position", -1) > 0, 1);
	hufu_list_free(info);
	DONE(hufu_check_capture(h));
	field_exec(&world, 0, "DROP TRIGGER hufu_subject_update");
	assert_refused(hufu_check_capture(h), HUFU_CORRUPT, "subject");
	DONE(hufu_mend(h, &mended));
	assert_int_equal(hufu_list_int(mended, "triggers", 0), 1);
	assert_int_equal(hufu_list_int(mended, "edits", 7), 0);
	hufu_list_free(mended);
	DONE(hufu_check_capture(h));
	DONE(hufu_conflicts(h, NULL));
	assert_refused(hufu_answer_conflict(h, "c0", NULL), HUFU_NOT_FOUND,
		       "there is no conflict");
	assert_refused(hufu_answer_conflict(h, NULL, NULL), HUFU_INVALID, "id");
	assert_refused(hufu_adopt(h, NULL, "visit", "v1", NULL, NULL),
		       HUFU_INVALID, "the packet is missing");
}

static void a_time_is_text(void **state)
{
	char text[HUFU_TIME_SIZE];

	(void)state;
	hufu_time_text(text, INT64_C(1795312800123));
	assert_string_equal(text, "2026-11-22T02:00:00.123Z");
}

static int stop_at_once(void *ctx, const char *what, int64_t done,
			int64_t total)
{
	int *calls = ctx;

	++*calls;
	assert_string_equal(what, "send");
	assert_int_equal(done, 0);
	return total > 0;
}

static void a_sync_that_is_stopped_has_sent_nothing(void **state)
{
	struct hufu_list *report = (void *)1;
	int calls = 0;

	(void)state;
	hufu_on_progress(h, stop_at_once, &calls);
	DONE(hufu_edit(h, "UPDATE hufu_meta SET value='http://127.0.0.1:1' "
			  "WHERE key='url'"));
	assert_refused(hufu_sync(h, &report), HUFU_STOPPED, "stopped");
	assert_null(report);
	assert_int_equal(calls, 1);
	hufu_on_progress(h, NULL, NULL);
	assert_refused(hufu_sync(h, &report), HUFU_IO, "cannot reach");
	assert_refused(hufu_repair(h, &report), HUFU_IO, "cannot reach");
	assert_null(report);
}

int main(void)
{
#define ON_A_TABLET(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_version_is_the_headers),
		cmocka_unit_test(codes_keep_their_numbers_and_names),
		ON_A_TABLET(a_handle_without_a_replica_says_so),
		ON_A_TABLET(
			a_new_file_is_a_replica_that_waits_for_its_enrolment),
		ON_A_TABLET(an_edit_is_seen_signed_and_told),
		ON_A_TABLET(a_visit_is_written_signed_and_in_the_log),
		ON_A_TABLET(what_breaks_a_rule_is_refused_and_nothing_written),
		ON_A_TABLET(an_edit_is_taken_back),
		ON_A_TABLET(records_are_found_by_words),
		ON_A_TABLET(
			a_list_is_gone_through_again_and_outlives_its_handle),
		ON_A_TABLET(it_knows_itself),
		cmocka_unit_test(a_time_is_text),
		ON_A_TABLET(a_sync_that_is_stopped_has_sent_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
