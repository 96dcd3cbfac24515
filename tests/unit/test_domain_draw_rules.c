/* What a draw on a server goes by: ratios by grade, who is in the frame, who
 * may draw, what takes whose place. */
#include "test_domain_draw_harness.h"

/* As a second person would: a recusal is not granted by who asked for it. */
static void grant(struct world *w, const char *id, const char *json)
{
	if (loop_serve(&w->loop, SCOPE, "recusal", id, json, &w->err) != RC_OK)
		fail_msg("%s: %s", id, w->err.text);
}

static void rate(struct world *w, int from, int to, const char *grade)
{
	struct account server = w->account;
	struct op as_server = w->op;

	server.roles = ROLE_SERVER;
	as_server.actor = &server;
	for (int i = from; i < to; i++) {
		char rating[16], subject[16];
		struct office_record r = { .kind = "rating", .id = rating };
		struct office_write write = { .scope = SCOPE,
					      .operation = "rate",
					      .message = "x",
					      .records = &r,
					      .n = 1 };

		snprintf(rating, sizeof(rating), "r%d", i);
		snprintf(subject, sizeof(subject), "s%03d", i);
		r.record = json_pack("{s:s, s:s, s:s, s:i}", "subject", subject,
				     "grade", grade, "state", "current",
				     "known_at", 1);
		assert_int_equal(ledger_office(&as_server, &write), RC_OK);
		json_decref((json_t *)(uintptr_t)r.record);
	}
}

static json_t *paper_of(struct world *w, const char *id, bool is_public)
{
	json_t *paper = NULL;

	if (draw_paper(&w->op, id, is_public, &paper) != RC_OK)
		fail_msg("%s", w->err.text);
	return paper;
}

static void ratios_round_up_and_leave_no_grade_out(void **state)
{
	static const int64_t want[][3] = {
		/* size, n, expected_bp: A 5%, B 10%, C 20%, unrated 0.5% */
		{ 41, 3, 41 * 500 },
		{ 5, 1, 5 * 1000 },
		{ 4, 1, 4 * 2000 },
		{ 10, 1, 10 * 50 },
	};
	struct world *w = *state;
	struct draw_options o = { .ratio = "A=5%,B=10%,C=20%,unrated=0.5%" };
	struct draw_done done;
	json_t *paper, *strata;
	char id[21];

	rate(w, 0, 41, "A");
	rate(w, 41, 46, "B");
	rate(w, 46, 50, "C");
	commit(w, &o, id);
	run(w, id, "seed", &done);
	assert_int_equal(done.subjects, 6);
	paper = paper_of(w, id, false);
	strata = json_object_get(json_object_get(paper, "committed"), "strata");
	for (size_t k = 0; k < 4; k++) {
		const json_t *s = json_array_get(strata, k);

		assert_int_equal(json_int(s, "size", 0), want[k][0]);
		assert_int_equal(json_int(s, "n", 0), want[k][1]);
		assert_int_equal(json_int(s, "expected_bp", 0), want[k][2]);
	}
	json_decref(paper);
	o.ratio = "A=5%,B=10%,C=20%";
	assert_int_equal(commit_rc(w, &o, id), RC_INVALID);
	assert_non_null(strstr(w->err.text, "unrated"));
}

static void the_public_paper_names_no_grade_and_is_verified(void **state)
{
	struct world *w = *state;
	struct draw_options o = { .quota = "A=4,B=2,unrated=3" };
	struct draw_done done;
	json_t *public, *whole, *changed;
	char id[21];

	rate(w, 0, 30, "A");
	rate(w, 30, 50, "B");
	commit(w, &o, id);
	run(w, id, "seed", &done);
	public = paper_of(w, id, true);
	whole = paper_of(w, id, false);
	assert_null(json_object_get(public, "key"));
	assert_null(json_object_get(public, "membership"));
	assert_true(draw_is_public(public));
	assert_int_equal(draw_verify(public, &w->err), RC_OK);
	assert_int_equal(draw_compare(&w->op, id, public), RC_OK);
	/* another name in the place of one that was drawn: both notice */
	changed = json_deep_copy(public);
	json_array_set_new(json_object_get(changed, "result"), 0,
			   json_string("s999"));
	assert_int_equal(draw_verify(changed, &w->err), RC_CORRUPT);
	err_clear(&w->err);
	json_decref(changed);
	/* the whole paper with another key */
	json_object_set_new(whole, "key",
			    json_string("00000000000000000000000000000000"
					"00000000000000000000000000000000"));
	assert_int_equal(draw_verify(whole, &w->err), RC_CORRUPT);
	assert_non_null(strstr(w->err.text, "key_hash"));
	json_decref(public);
	json_decref(whole);
}

static const char *reason_of(const json_t *paper, const char *id)
{
	const json_t *all = json_object_get(paper, "excluded");

	for (size_t i = 0; i < json_array_size(all); i++)
		if (!strcmp(json_text(json_array_get(all, i), "id"), id))
			return json_text(json_array_get(all, i), "reason");
	return "";
}

static void the_frame_is_what_the_query_asks_for(void **state)
{
	static const struct {
		struct draw_options o;
		int64_t frame;
	} cases[] = {
		{ { .count = 1, .towns = "001,002" }, SUBJECTS },
		{ { .count = 1, .towns = "001" }, SUBJECTS / 2 },
		{ { .count = 1, .towns = "001", .industry = "F5" }, 20 },
		{ { .count = 1, .states = "in_business,moved" }, SUBJECTS + 1 },
		{ { .count = 1, .grades = "A" }, 10 },
		{ { .count = 1, .grades = "A,B" }, 15 },
		{ { .count = 1, .flags = "key_site" }, 1 },
		/* s006 waits for a check of it, s004 had one */
		{ { .count = 1, .item = "i1" }, SUBJECTS - 2 },
		{ { .count = 1, .item = "i1", .period_days = 0 },
		  SUBJECTS - 1 },
		{ { .count = 1, .item = "i2" }, SUBJECTS },
		{ { .count = 1, .visited_before = "2020-01-01" },
		  SUBJECTS - 2 },
	};
	struct world *w = *state;
	char id[21], today[200], day[25];

	rate(w, 0, 10, "A");
	rate(w, 10, 15, "B");
	time_format(day, w->op.now_ms);
	put(w, "assignment", "a1",
	    "{\"subject\":\"s004\",\"item\":\"i1\",\"state\":\"draft\"}");
	put(w, "assignment", "a2",
	    "{\"subject\":\"s006\",\"item\":\"i1\",\"state\":\"issued\"}");
	snprintf(today, sizeof(today),
		 "{\"subject\":\"s004\",\"assignment\":\"a1\","
		 "\"visited_on\":\"%.10s\",\"state\":\"recorded\"}",
		 day);
	put(w, "visit", "v1", today);
	put(w, "visit", "v2",
	    "{\"subject\":\"s005\",\"visited_on\":\"2020-01-01\","
	    "\"state\":\"recorded\"}");
	/* What is no check counts for no cap. */
	snprintf(today, sizeof(today),
		 "{\"subject\":\"s007\",\"item\":\"i1\","
		 "\"visited_on\":\"%.10s\",\"state\":\"recorded\","
		 "\"flags\":[\"not_counted\"]}",
		 day);
	if (loop_import(&w->loop, SCOPE, "visit", "v3", today, &w->err) !=
	    RC_OK)
		fail_msg("%s", w->err.text);
	put(w, "subject", "s006",
	    "{\"name\":\"x\",\"state\":\"in_business\",\"town\":\"002\","
	    "\"industry\":\"H62\",\"flags\":[\"key_site\"]}");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct draw_options o = cases[i].o;
		json_t *record;

		if (!(o.item && o.period_days == 0 && i == 8))
			o.period_days = -1;
		o.reason = "again";
		commit(w, &o, id);
		ledger_record(&w->op, SCOPE, "draw", id, &record);
		if (json_int(record, "frame_size", 0) != cases[i].frame)
			fail_msg("case %zu: %lld", i,
				 (long long)json_int(record, "frame_size", 0));
		json_decref(record);
	}
}

static void whoever_is_exempt_is_listed_with_the_reason(void **state)
{
	struct world *w = *state;
	struct draw_options o = { .count = 3, .item = "i2" };
	json_t *paper;
	char id[21];

	put(w, "exemption", "e1",
	    "{\"subject\":\"s001\",\"reason\":\"white list\","
	    "\"valid_to\":\"2999-12-31\"}");
	put(w, "exemption", "e2",
	    "{\"subject\":\"s002\",\"reason\":\"over\","
	    "\"valid_to\":\"2020-12-31\"}");
	put(w, "exemption", "e3",
	    "{\"subject\":\"s003\",\"reason\":\"other item\","
	    "\"item\":\"i1\",\"valid_to\":\"2999-12-31\"}");
	commit(w, &o, id);
	paper = paper_of(w, id, false);
	assert_string_equal(reason_of(paper, "s001"),
			    "exempt until 2999-12-31: white list");
	assert_string_equal(reason_of(paper, "m1"), "moved");
	assert_int_equal(json_array_size(json_object_get(paper, "excluded")),
			 2);
	json_decref(paper);
}

static void officers_are_those_for_the_item_and_not_recused(void **state)
{
	struct world *w = *state;
	struct draw_options o = { .count = SUBJECTS, .item = "i1" };
	struct draw_done done;
	json_t *paper, *pair, *pool;
	char id[21];
	size_t i, leads = 0;

	put_officer(w, "o5", ",\"items\":[\"i9\"]");
	put_officer(w, "o4", ",\"lead\":true");
	put(w, "recusal", "q1",
	    "{\"officer\":\"o0\",\"subject\":\"s007\",\"reason\":\"kin\","
	    "\"state\":\"asked\"}");
	grant(w, "q1",
	      "{\"officer\":\"o0\",\"subject\":\"s007\",\"reason\":\"kin\","
	      "\"state\":\"granted\",\"decided_by\":\"head\"}");
	put(w, "recusal", "q2",
	    "{\"officer\":\"o1\",\"subject\":\"s008\",\"reason\":\"x\","
	    "\"state\":\"asked\"}");
	commit(w, &o, id);
	run(w, id, "seed", &done);
	paper = paper_of(w, id, false);
	assert_int_equal(json_array_size(json_object_get(paper, "recusals")),
			 1);
	pool = json_object_get(paper, "pool");
	assert_string_equal(json_text(json_array_get(pool, 5), "excluded"),
			    "item not in range");
	assert_string_equal(json_text(json_array_get(pool, 6), "excluded"),
			    "not active");
	json_array_foreach(json_object_get(paper, "pairs"), i, pair)
	{
		for (size_t k = 1; k < json_array_size(pair); k++) {
			const char *o_id =
				json_string_value(json_array_get(pair, k));

			assert_string_not_equal(o_id, "o5");
			if (!strcmp(json_string_value(json_array_get(pair, 0)),
				    "s007"))
				assert_string_not_equal(o_id, "o0");
		}
		leads += !strcmp(json_string_value(json_array_get(pair, 1)),
				 "o4");
	}
	assert_int_equal(leads, SUBJECTS);
	json_decref(paper);
	o.load_max = 2;
	o.reason = "again";
	assert_int_equal(commit_rc(w, &o, id), RC_INVALID);
}

static void
a_drawn_subject_gives_way_only_to_the_next_of_its_reserve(void **state)
{
	struct world *w = *state;
	struct draw_options o = { .quota = "A=4,unrated=3" };
	struct draw_done done;
	json_t *before, *after, *event = NULL, *pair;
	const char *out, *officer;
	char id[21], sql[300];

	rate(w, 0, 30, "A");
	commit(w, &o, id);
	run(w, id, "seed", &done);
	before = paper_of(w, id, false);
	pair = json_array_get(json_object_get(before, "pairs"), 2);
	out = json_string_value(json_array_get(pair, 0));
	assert_int_equal(draw_replace(&w->op, id, out, NULL, "gone", &event),
			 RC_DENIED);
	err_clear(&w->err);
	put(w, "subject", out,
	    "{\"name\":\"x\",\"state\":\"deregistered\",\"town\":\"001\"}");
	assert_int_equal(draw_replace(&w->op, id, out, NULL, "", &event),
			 RC_INVALID);
	err_clear(&w->err);
	if (draw_replace(&w->op, id, out, NULL, "gone", &event) != RC_OK)
		fail_msg("%s", w->err.text);
	snprintf(sql, sizeof(sql),
		 "SELECT count(*) FROM assignment WHERE (subject='%s' AND "
		 "state='cancelled' AND reason='gone') OR (subject='%s' AND "
		 "state='issued')",
		 out, json_text(event, "in"));
	assert_int_equal(count(w, sql), 2);
	json_decref(event);
	if (draw_replace(&w->op, id, out, NULL, "gone", &event) != RC_NOT_FOUND)
		fail_msg("%s", w->err.text);
	err_clear(&w->err);
	/* an officer of another subject */
	pair = json_array_get(json_object_get(before, "pairs"), 0);
	officer = json_string_value(json_array_get(pair, 1));
	if (draw_replace(&w->op, id, json_string_value(json_array_get(pair, 0)),
			 officer, "certificate expired", &event) != RC_OK)
		fail_msg("%s", w->err.text);
	snprintf(sql, sizeof(sql),
		 "SELECT count(*) FROM assignment WHERE subject='%s' AND "
		 "officers LIKE '%%%s%%' AND officers NOT LIKE '%%%s%%'",
		 json_string_value(json_array_get(pair, 0)),
		 json_text(event, "in"), officer);
	assert_int_equal(count(w, sql), 1);
	json_decref(event);
	after = paper_of(w, id, false);
	assert_int_equal(
		json_array_size(json_object_get(after, "replacements")), 2);
	assert_int_equal(draw_compare(&w->op, id, before), RC_OK);
	draw_make_public(after);
	assert_int_equal(draw_verify(after, &w->err), RC_OK);
	json_array_remove(json_object_get(after, "replacements"), 0);
	assert_int_equal(draw_compare(&w->op, id, after), RC_CORRUPT);
	json_decref(before);
	json_decref(after);
}

/* The default ratio rule ends on that day. */
static void rule_end(struct world *w, const char *day)
{
	struct query *q =
		query_begin(w->loop.store->db, "SELECT id FROM ratio_rule");
	json_t *rule;
	char id[33], *text;

	assert_true(query_row(q));
	snprintf(id, sizeof(id), "%s", query_get_text(q, 0));
	query_end(q, &w->err);
	ledger_record(&w->op, "catalog", "ratio_rule", id, &rule);
	json_object_set_new(rule, "valid_to", json_string(day));
	text = json_dumps(rule, 0);
	assert_int_equal(loop_write(&w->loop, "catalog", "ratio_rule", id, text,
				    &w->err),
			 RC_OK);
	free(text);
	json_decref(rule);
}

static void a_rule_of_ratios_is_a_record_with_dates(void **state)
{
	struct world *w = *state;
	struct draw_options o = { .ratio_rule = "default", .schema = "schema" };
	json_t *record;
	char id[21];

	commit(w, &o, id);
	ledger_record(&w->op, SCOPE, "draw", id, &record);
	assert_int_equal(json_int(record, "quota", 0), 6);
	json_decref(record);
	rule_end(w, "2019-12-31");
	if (loop_write(
		    &w->loop, "catalog", "ratio_rule", "rr1",
		    "{\"code\":\"default\",\"version\":2,"
		    "\"ratios\":\"unrated=50%\",\"valid_from\":\"2020-01-01\"}",
		    &w->err) != RC_OK)
		fail_msg("%s", w->err.text);
	o.reason = "a new rule";
	commit(w, &o, id);
	ledger_record(&w->op, SCOPE, "draw", id, &record);
	assert_int_equal(json_int(record, "quota", 0), 30);
	assert_string_equal(
		json_text(json_object_get(
				  json_object_get(
					  json_object_get(record, "rules"),
					  "committed"),
				  "rules"),
			  "ratio_rule"),
		"default version 2");
	json_decref(record);
	o.ratio_rule = "other";
	assert_int_equal(commit_rc(w, &o, id), RC_NOT_FOUND);
}

static void another_frame_may_take_the_place_of_a_draw(void **state)
{
	struct world *w = *state;
	struct draw_options o = { .count = 3 };
	json_t *record;
	char first[21], second[21];

	commit(w, &o, first);
	o.towns = "001";
	o.replaces = first;
	assert_int_equal(commit_rc(w, &o, second), RC_INVALID);
	err_clear(&w->err);
	o.reason = "one town only";
	commit(w, &o, second);
	ledger_record(&w->op, SCOPE, "draw", first, &record);
	assert_string_equal(json_text(record, "state"), "void");
	json_decref(record);
	assert_int_equal(commit_rc(w, &o, second), RC_CONFLICT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(ratios_round_up_and_leave_no_grade_out),
		IN_WORLD(the_public_paper_names_no_grade_and_is_verified),
		IN_WORLD(the_frame_is_what_the_query_asks_for),
		IN_WORLD(whoever_is_exempt_is_listed_with_the_reason),
		IN_WORLD(officers_are_those_for_the_item_and_not_recused),
		IN_WORLD(
			a_drawn_subject_gives_way_only_to_the_next_of_its_reserve),
		IN_WORLD(a_rule_of_ratios_is_a_record_with_dates),
		IN_WORLD(another_frame_may_take_the_place_of_a_draw),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
