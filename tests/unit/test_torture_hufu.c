/* The nth store call or allocation fails during calls of the public library:
 * each answers all that it should, or a code with a sentence and no list, and
 * what it did not do is not done. */
#include "torture.h"

#include "hufu/hufu.h"

static struct field_world world;
static struct hufu *h;

static int begin(void **state)
{
	(void)state;
	field_begin(&world, 1);
	field_writers(&world, "subject",
		      "[\"coordinator\",\"administrator\",\"inspector\"]");
	field_sync(&world, 0);
	h = hufu_new();
	assert_int_equal(hufu_open(h, world.files[0]), HUFU_OK);
	assert_int_equal(hufu_unlock(h, FIELD_PIN), HUFU_OK);
	return 0;
}

static int end(void **state)
{
	(void)state;
	hufu_free(h);
	field_end(&world);
	return 0;
}

/* The codes of both are the same numbers. */
static enum rc told(enum hufu_code code, struct err *err)
{
	if (code == HUFU_OK)
		return RC_OK;
	assert_true(hufu_message(h)[0] != '\0');
	return err_set(err, (enum rc)code, "%s", hufu_message(h));
}

/* All of the list, or a failure; never a list with something missing. */
static enum rc listed(enum hufu_code code, struct hufu_list *list,
		      const char *want, struct err *err)
{
	enum rc rc = told(code, err);
	const char *text;

	if (rc != RC_OK) {
		assert_null(list);
		return rc;
	}
	text = hufu_list_all(list);
	if (!text)
		rc = err_set(err, RC_NOMEM, "no memory for the text");
	else if (want && strcmp(text, want) != 0)
		fail_msg("'%s' is not '%s'", text, want);
	hufu_list_free(list);
	return rc;
}

static void edited(void *ctx)
{
	(void)ctx;
	assert_int_equal(hufu_undo(h, NULL, NULL, NULL), HUFU_OK);
	assert_int_equal(hufu_edit(h, "UPDATE subject SET name='x' WHERE "
				      "id='s1'"),
			 HUFU_OK);
}

static enum rc look_act(void *ctx, struct err *err)
{
	struct hufu_list *list;
	enum hufu_code code;
	enum rc rc;

	(void)ctx;
	code = hufu_status(h, &list);
	rc = listed(code, list,
		    "[{\"kind\":\"subject\",\"id\":\"s1\",\"state\":"
		    "\"edited\"}]",
		    err);
	if (rc != RC_OK)
		return rc;
	code = hufu_diff(h, &list);
	rc = listed(code, list,
		    "[{\"kind\":\"subject\",\"id\":\"s1\",\"new\":false,"
		    "\"field\":\"name\",\"before\":\"subject 1\",\"after\":"
		    "\"x\"}]",
		    err);
	if (rc != RC_OK)
		return rc;
	code = hufu_find(h, "subject", "road 33", 9, &list);
	rc = listed(code, list,
		    "[{\"kind\":\"subject\",\"id\":\"s33\",\"name\":\"subject "
		    "33\"}]",
		    err);
	if (rc != RC_OK)
		return rc;
	code = hufu_record(h, "subject", "s1", HUFU_MAIN, &list);
	rc = listed(code, list,
		    "[{\"address\":\"road 1\",\"id\":\"s1\",\"name\":\"subject "
		    "1\",\"scope\":\"330106\",\"state\":\"in_business\","
		    "\"town\":\"002\"}]",
		    err);
	if (rc != RC_OK)
		return rc;
	code = hufu_conflicts(h, &list);
	return listed(code, list, "[]", err);
}

static void look_mend(void *ctx, enum rc rc, bool crashed)
{
	(void)ctx;
	(void)rc;
	(void)crashed;
	assert_int_equal(hufu_verify(h), HUFU_OK);
}

static void what_is_told_is_whole_or_refused(void **state)
{
	const struct torture looks = { edited, look_act, look_mend, NULL };

	(void)state;
	for (int i = 0; i < TORTURE_WAYS; i++)
		torture_run(&looks, &torture_ways[i]);
}

static enum rc know_act(void *ctx, struct err *err)
{
	struct hufu_list *list;
	enum hufu_code code;
	enum rc rc;

	(void)ctx;
	code = hufu_info(h, &list);
	if (code == HUFU_OK) {
		assert_string_equal(hufu_list_text(list, "officer"), "o1");
		assert_string_equal(hufu_list_text(list, "scopes.1.scope"),
				    FIELD_SCOPE);
	}
	rc = listed(code, list, NULL, err);
	if (rc != RC_OK)
		return rc;
	code = hufu_mend(h, &list);
	rc = listed(code, list,
		    "[{\"triggers\":0,\"edits\":0,\"restored\":0,\"what\":"
		    "\"\"}]",
		    err);
	if (rc != RC_OK)
		return rc;
	code = hufu_log(h, &list);
	return listed(code, list, "[]", err);
}

static void what_it_knows_of_itself_is_whole_or_refused(void **state)
{
	const struct torture knows = { edited, know_act, look_mend, NULL };

	(void)state;
	for (int i = 0; i < TORTURE_WAYS; i++)
		torture_run(&knows, &torture_ways[i]);
}

static char made[HUFU_ID_SIZE];

static enum rc put_act(void *ctx, struct err *err)
{
	(void)ctx;
	return told(hufu_put(h, "visit", NULL,
			     "{\"subject\":\"s1\",\"officers\":[\"o2\","
			     "\"o1\"],\"summary\":\"a\"}",
			     made),
		    err);
}

static void put_mend(void *ctx, enum rc rc, bool crashed)
{
	(void)ctx;
	(void)crashed;
	assert_int_equal(strlen(made), rc == RC_OK ? 20 : 0);
	assert_string_equal(field_live(&world, 0,
				       "SELECT count(*)||ifnull(max(officers||"
				       "summary),'') FROM visit"),
			    rc == RC_OK ? "1[\"o1\",\"o2\"]a" : "0");
}

static void a_record_is_written_whole_or_not_at_all(void **state)
{
	const struct torture puts_ = { edited, put_act, put_mend, NULL };

	(void)state;
	for (int i = 0; i < TORTURE_WAYS; i++)
		torture_run(&puts_, &torture_ways[i]);
}

static enum rc edit_act(void *ctx, struct err *err)
{
	(void)ctx;
	return told(hufu_edit(h, "UPDATE subject SET name='y' WHERE id='s2';"
				 "UPDATE subject SET name='y' WHERE id='s3'"),
		    err);
}

static void edit_mend(void *ctx, enum rc rc, bool crashed)
{
	(void)ctx;
	(void)crashed;
	assert_string_equal(field_live(&world, 0,
				       "SELECT count(*) FROM subject WHERE "
				       "name='y'"),
			    rc == RC_OK ? "2" : "0");
}

static void an_edit_is_whole_or_not_at_all(void **state)
{
	const struct torture edits = { edited, edit_act, edit_mend, NULL };

	(void)state;
	for (int i = 0; i < TORTURE_WAYS; i++)
		if (torture_ways[i].fault == FAULT_STORE)
			torture_run(&edits, &torture_ways[i]);
}

static enum rc commit_act(void *ctx, struct err *err)
{
	struct hufu_list *list;
	enum hufu_code code = hufu_commit(h, "m", 0, &list);

	(void)ctx;
	if (code == HUFU_OK)
		assert_int_equal(hufu_list_int(list, "records", 0), 1);
	return listed(code, list, NULL, err);
}

static int packets(void)
{
	struct hufu_list *list;
	int n;

	assert_int_equal(hufu_log(h, &list), HUFU_OK);
	n = (int)hufu_list_count(list);
	hufu_list_free(list);
	return n;
}

static int before;

static void commit_prepare(void *ctx)
{
	char sql[80];

	(void)ctx;
	before = packets();
	snprintf(sql, sizeof(sql),
		 "UPDATE subject SET name='n%d' WHERE "
		 "id='s1'",
		 before);
	assert_int_equal(hufu_edit(h, sql), HUFU_OK);
}

/* The report alone may be lost for want of memory, when it is done. */
static void commit_mend(void *ctx, enum rc rc, bool crashed)
{
	(void)ctx;
	(void)crashed;
	if (rc == RC_OK)
		assert_int_equal(packets(), before + 1);
	assert_int_equal(hufu_verify(h), HUFU_OK);
	assert_int_equal(hufu_commit(h, "again", 0, NULL), HUFU_OK);
	assert_int_equal(packets(), before + 1);
}

static void a_commit_happens_once(void **state)
{
	const struct torture commits = { commit_prepare, commit_act,
					 commit_mend, NULL };

	(void)state;
	for (int i = 0; i < TORTURE_WAYS; i++)
		torture_run(&commits, &torture_ways[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
		TEST(what_is_told_is_whole_or_refused),
		TEST(what_it_knows_of_itself_is_whole_or_refused),
		TEST(a_record_is_written_whole_or_not_at_all),
		TEST(an_edit_is_whole_or_not_at_all),
		TEST(a_commit_happens_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
