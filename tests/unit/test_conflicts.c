/* A conflict from the first word to the last: told in sentences, open until a
 * person decides, answered on the tablet, appealed, decided again; and nothing
 * that was said of it is lost. */
#include "test_states_harness.h"

#include "kind/telling.h"

/* Two officers write one line of a summary apart. */
static void both_write(void)
{
	field_exec(&world, 0,
		   "INSERT INTO visit(id,subject,officers,summary,state) "
		   "VALUES('v1','s1','[\"o1\",\"o2\"]','one room\nno "
		   "cellar','open')");
	field_sync(&world, 0);
	field_sync(&world, 1);
	field_exec(&world, 0,
		   "UPDATE visit SET summary='one room\na wet cellar'");
	field_exec(&world, 1,
		   "UPDATE visit SET summary='one room\na dry cellar'");
	assert_int_equal(field_sync(&world, 0).conflicts, 0);
	assert_int_equal(field_sync(&world, 1).conflicts, 1);
}

static enum rc entry_keep(void *ctx, const json_t *o, struct err *err)
{
	(void)err;
	json_array_append_new(ctx, json_deep_copy(o));
	return RC_OK;
}

/* What waits on the tablet; a new reference. */
static json_t *inbox(int tablet)
{
	json_t *all = json_array();

	if (replica_conflicts(world.tablets[tablet], entry_keep, all,
			      &world.err) != RC_OK)
		fail_msg("%s", world.err.text);
	return all;
}

static void inbox_has(int tablet, size_t n)
{
	json_t *all = inbox(tablet);

	if (json_array_size(all) != n)
		fail_msg("tablet %d: %zu, not %zu: %s", tablet,
			 json_array_size(all), n,
			 field_live(&world, tablet,
				    "SELECT state||' '||decision||' '||author||"
				    "' '||server_author FROM conflict"));
	json_decref(all);
}

static void says(int tablet, const char *language, const char *sentence)
{
	json_t *all = inbox(tablet);
	const char *text = json_string_value(json_object_get(
		json_object_get(json_array_get(all, 0), "says"), language));

	assert_non_null(text);
	if (!strstr(text, sentence))
		fail_msg("'%s' is not in:\n%s", sentence, text);
	json_decref(all);
}

static const char *conflict(void)
{
	static char id[40];

	snprintf(id, sizeof(id), "%s",
		 field_server(&world, "SELECT id FROM conflict"));
	return id;
}

static enum rc answer(int tablet, const char *appeal)
{
	return replica_answer_conflict(world.tablets[tablet], conflict(),
				       appeal, &world.err);
}

static void decided_by(const char *who, const char *decision,
		       const char *reason)
{
	struct account admin;
	struct op op = loop_op(&world.loop, &admin, &world.err);

	snprintf(admin.name, sizeof(admin.name), "%s", who);
	if (ledger_decide(&op, FIELD_SCOPE, conflict(), decision, NULL,
			  reason) != RC_OK)
		fail_msg("%s", world.err.text);
}

static void both_ends_tell_it_in_sentences(void **state)
{
	(void)state;
	both_write();
	field_sync(&world, 0);
	says(1, "en", "visit v1: summary.\n");
	says(1, "en", "Before, it was \"one room / no cellar\".\n");
	says(1, "en",
	     "officer 1 (o1) wrote \"one room / a wet cellar\", which "
	     "was merged first.\n");
	says(1, "en",
	     "You wrote \"one room / a dry cellar\", which came "
	     "later.\n");
	says(1, "en",
	     "The texts were laid together line by line, and both "
	     "changed the same place.\n");
	says(1, "en",
	     "Until somebody at the office decides, \"one room / a wet "
	     "cellar\" stands.\n");
	says(0, "en",
	     "You wrote \"one room / a wet cellar\", which was merged "
	     "first.\n");
	says(0, "zh", "检查 v1：检查情况。\n");
	says(0, "zh", "我写为“one room / a wet cellar”，先合并。\n");
	says(0, "zh", "在办公室裁决之前，以“one room / a wet cellar”为准。\n");
}

static void it_stays_open_through_any_number_of_syncs(void **state)
{
	(void)state;
	both_write();
	for (int i = 0; i < 5; i++)
		all_equal();
	on_server("SELECT state FROM conflict", "open");
	inbox_has(0, 1);
	inbox_has(1, 1);
	/* Written again by the same officer, it is the same question. */
	field_exec(&world, 1, "UPDATE visit SET summary='one room\na cellar'");
	field_sync(&world, 1);
	on_server("SELECT count(*)||' '||json_array_length(min(packets)) FROM "
		  "conflict",
		  "1 1");
	on_server("SELECT summary FROM visit", "one room\na cellar");
}

static void who_lost_accepts_and_it_leaves_his_inbox(void **state)
{
	(void)state;
	both_write();
	all_equal();
	decided_by("judge", "server", "I saw the cellar");
	all_equal();
	inbox_has(0, 0);
	inbox_has(1, 1);
	says(1, "en",
	     "judge decided for \"one room / a wet cellar\", because: I "
	     "saw the cellar\n");
	assert_int_equal(answer(1, NULL), RC_OK);
	inbox_has(1, 0);
	all_equal();
	on_server("SELECT accepted_by||' '||state FROM conflict",
		  "[\"o2:1\"] decided");
	assert_int_equal(answer(1, NULL), RC_INVALID);
	err_clear(&world.err);
}

static void an_appeal_asks_again_and_every_decision_is_kept(void **state)
{
	(void)state;
	both_write();
	all_equal();
	assert_int_equal(answer(1, "not yet decided"), RC_INVALID);
	err_clear(&world.err);
	decided_by("judge", "server", "I saw the cellar");
	all_equal();
	assert_int_equal(answer(1, ""), RC_INVALID);
	err_clear(&world.err);
	assert_int_equal(answer(1, "that was the other house"), RC_OK);
	field_sync(&world, 1);
	all_equal();
	on_server("SELECT state||' '||appeal||' '||appealed_by FROM conflict",
		  "open that was the other house o2");
	inbox_has(0, 1);
	says(0, "en", "o2 appealed: that was the other house\n");
	says(1, "en", "You appealed: that was the other house\n");
	decided_by("second", "terminal", "it was");
	on_server("SELECT summary FROM visit", "one room\na dry cellar");
	on_server("SELECT state||' '||decision||' '||decided_by||' '||"
		  "coalesce(appeal,'-') FROM conflict",
		  "decided terminal second -");
	on_server("SELECT json_array_length(history)||' '||"
		  "json_extract(history,'$[0].decided_by')||' '||"
		  "json_extract(history,'$[0].appealed_by')||' '||"
		  "json_extract(history,'$[0].reason') FROM conflict",
		  "1 judge o2 I saw the cellar");
	all_equal();
	/* Now it went against the other. */
	inbox_has(0, 1);
	inbox_has(1, 0);
	says(0, "en", "judge decided for");
	says(0, "en", "second decided for");
	decided_by("judge", "server", "I was there again");
	on_server("SELECT json_array_length(history) FROM conflict", "2");
	on_server("SELECT summary FROM visit", "one room\na wet cellar");
}

static void others_do_not_answer_it(void **state)
{
	char sql[200];

	(void)state;
	both_write();
	all_equal();
	decided_by("judge", "server", "I saw the cellar");
	all_equal();
	/* In another's name, or as somebody whom it does not concern. */
	snprintf(sql, sizeof(sql),
		 "UPDATE conflict SET accepted_by='[\"o1:1\"]' WHERE id='%s'",
		 conflict());
	field_exec(&world, 1, sql);
	assert_int_equal(field_sync(&world, 1).quarantined, 1);
	on_server("SELECT coalesce(accepted_by,'nobody') FROM conflict",
		  "nobody");
	on_server("SELECT code FROM packet_record WHERE code IS NOT NULL",
		  "owner");
}

static void a_stranger_may_not_appeal(void **state)
{
	(void)state;
	tablet_does(0, "a1", "v1", "1764000000000");
	office("assignment", "a1", "{'state':'cancelled','reason':'closed'}");
	field_sync(&world, 0);
	field_sync(&world, 1);
	on_server("SELECT parties FROM conflict", "[\"admin\",\"o1\"]");
	decide("server");
	all_equal();
	assert_int_equal(answer(1, "he was there"), RC_DENIED);
	err_clear(&world.err);
	/* Nor by any other program. */
	field_exec(&world, 1,
		   "UPDATE conflict SET state='open', appeal='he was there'");
	field_sync(&world, 1);
	on_server("SELECT state FROM conflict", "decided");
	assert_int_equal(answer(0, "I was there"), RC_OK);
	field_sync(&world, 0);
	on_server("SELECT state||' '||appealed_by FROM conflict", "open o1");
	decide("terminal");
	state_is("a1", "done");
	all_equal();
}

/* Another than the lead officer writes the lead's note: a suggestion. */
static void what_is_the_leads_is_asked_of_him(void **state)
{
	(void)state;
	office("assignment", "a1", "{'lead':'o1'}");
	field_sync(&world, 0);
	field_sync(&world, 1);
	field_exec(&world, 0,
		   "UPDATE assignment SET accept_note='at nine' WHERE id='a1'");
	field_sync(&world, 0);
	on_server("SELECT accept_note FROM assignment WHERE id='a1'",
		  "at nine");
	field_sync(&world, 1);
	field_exec(&world, 1,
		   "UPDATE assignment SET accept_note='at ten' WHERE id='a1'");
	assert_int_equal(field_sync(&world, 1).conflicts, 1);
	on_server("SELECT accept_note FROM assignment WHERE id='a1'",
		  "at nine");
	on_server("SELECT rule||' '||author FROM conflict", "own o2");
	says(1, "en", "kept beside it as a suggestion");
	decided_by("judge", "terminal", "ten it is");
	on_server("SELECT accept_note FROM assignment WHERE id='a1'", "at ten");
	all_equal();
}

static void control_characters_stay_out_of_sentences(void **state)
{
	json_t *c =
		json_loads("{\"record_kind\":\"visit\",\"record_id\":\"v1\","
			   "\"fields\":[\"summary\"],\"state\":\"open\","
			   "\"terminal_value\":{\"summary\":\"a\\u001b[2J"
			   "\\u009bb\"},\"author\":\"o1\"}",
			   0, NULL);
	const struct telling t = { .conflict = c };
	struct buf text;

	(void)state;
	buf_init(&text, 4000);
	telling_write(&text, &t);
	assert_null(strchr(text.data, 0x1b));
	assert_non_null(strstr(text.data, "\"a [2J b\""));
	buf_release(&text);
	json_decref(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(both_ends_tell_it_in_sentences),
		TEST(it_stays_open_through_any_number_of_syncs),
		TEST(who_lost_accepts_and_it_leaves_his_inbox),
		TEST(an_appeal_asks_again_and_every_decision_is_kept),
		TEST(others_do_not_answer_it),
		TEST(a_stranger_may_not_appeal),
		TEST(what_is_the_leads_is_asked_of_him),
		cmocka_unit_test(control_characters_stay_out_of_sentences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
