/* What a commitment has to announce: where its seed comes from and when, and
 * until when who is drawn is to be checked. */
#include "test_domain_draw_harness.h"

/* 2026-11-22T10:00:00Z */
#define NOW (COMMITTED_DAY + INT64_C(36000000))
#define COMMITTED_DAY INT64_C(1795305600000)

#define PART "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define PARTS "chen=" PART ",li=" PART ",wang=" PART

static void a_commitment_says_where_its_seed_comes_from_and_when(void **state)
{
	static const struct {
		struct draw_options o;
		const char *why; /* NULL: committed */
	} cases[] = {
		{ { .due = "2026-12-31" }, "nobody could tell where the seed" },
		{ { .due = "2026-12-31", .seed_at = "2026-12-01" },
		  "nobody could tell where the seed" },
		{ { .due = "2026-12-31",
		    .seed_source = "given at the reveal",
		    .seed_at = "2026-12-01" },
		  "nobody could tell where the seed" },
		{ { .due = "2026-12-31",
		    .seed_source = " \xE3\x80\x80\xC2\xA0",
		    .seed_at = "2026-12-01" },
		  "nobody could tell where the seed" },
		{ { .due = "2026-12-31", .seed_source = "lottery" },
		  "say when 'lottery' will be known" },
		{ { .due = "2026-12-31",
		    .seed_source = "lottery",
		    .seed_at = "tonight" },
		  "'tonight' is neither a day" },
		{ { .due = "2026-12-31",
		    .seed_source = "lottery",
		    .seed_at = "2026-11-21" },
		  "of 2026-11-21, which is over" },
		{ { .due = "2026-12-31",
		    .seed_source = "lottery",
		    .seed_at = "2026-11-22T18:00:00+08:00" },
		  "of 2026-11-22T10:00:00.000Z, which is over" },
		{ { .due = "2026-12-31",
		    .seed_source = "lottery",
		    .seed_at = "9999-12-31T18:00:00Z" },
		  "which is over" },
		{ { .seed_source = "lottery", .seed_at = "2026-12-01" },
		  "say until when" },
		{ { .due = "2026-11-21",
		    .seed_source = "lottery",
		    .seed_at = "2026-12-01" },
		  "due on 2026-11-21, which is over" },
		{ { .due = "2026-11-22",
		    .seed_source = "lottery",
		    .seed_at = "2026-11-22T18:00:00.001+08:00" },
		  NULL },
		{ { .due = "2026-12-31", .seed_parts = PARTS }, NULL },
	};
	struct world *w = *state;
	char id[21];

	w->op.now_ms = NOW;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct draw_options o = cases[i].o;
		enum rc rc;

		o.count = 3;
		o.reason = "again";
		rc = draw_commit(&w->op, SCOPE, &o, id);
		if ((rc == RC_OK) != !cases[i].why ||
		    (cases[i].why && !strstr(w->err.text, cases[i].why)))
			fail_msg("%zu: %s", i, w->err.text);
		err_clear(&w->err);
	}
}

static void a_seed_is_not_revealed_before_it_can_be_known(void **state)
{
	struct world *w = *state;
	struct draw_options o = { .count = 3,
				  .seed_at = "2026-11-22T20:30:00+08:00" };
	struct draw_done done;
	json_t *paper = NULL;
	char id[21];

	w->op.now_ms = NOW;
	commit(w, &o, id);
	w->op.now_ms = NOW + 2 * 3600000 + 30 * 60000 - 1;
	assert_int_equal(draw_reveal(&w->op, id, "seed"), RC_CONFLICT);
	assert_non_null(strstr(w->err.text, "2026-11-22T12:30:00.000Z"));
	err_clear(&w->err);
	w->op.now_ms++;
	run(w, id, "seed", &done);
	assert_int_equal(draw_paper(&w->op, id, true, &paper), RC_OK);
	assert_string_equal(
		json_text(json_object_get(paper, "committed"), "seed_at"),
		"2026-11-22T12:30:00.000Z");
	json_object_set_new(paper, "revealed_at", json_integer(NOW));
	assert_int_equal(draw_verify(paper, &w->err), RC_CORRUPT);
	assert_non_null(strstr(w->err.text, "before seed_at"));
	json_decref(paper);
}

static void a_seed_has_no_blank_ends(void **state)
{
	static const char *const bad[] = { " ",
					   "7 ",
					   "\xC2\xA0",
					   "\xE3\x80\x80",
					   "7\xE2\x80\x8B",
					   "\357\273\2777" };
	struct world *w = *state;
	struct draw_options o = { .count = 3 };
	char id[21];

	commit(w, &o, id);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (draw_reveal(&w->op, id, bad[i]) != RC_INVALID)
			fail_msg("seed %zu: %s", i, w->err.text);
		err_clear(&w->err);
	}
	assert_int_equal(draw_reveal(&w->op, id, "7 8 \xE4\xB8\x83"), RC_OK);
}

/* The reason why an officer is not drawn. */
static const char *left_out(const json_t *paper, const char *id)
{
	const json_t *pool = json_object_get(paper, "pool");

	for (size_t i = 0; i < json_array_size(pool); i++)
		if (!strcmp(json_text(json_array_get(pool, i), "id"), id))
			return json_text(json_array_get(pool, i), "excluded");
	return NULL;
}

static void who_cannot_check_until_the_last_day_is_not_drawn(void **state)
{
	struct world *w = *state;
	struct draw_options o = { .count = 3, .due = "2098-12-31" };
	json_t *paper = NULL;
	char id[21];

	put_officer(w, "p1", "");
	put(w, "officer", "p2",
	    "{\"name\":\"x\",\"state\":\"active\",\"certificate\":\"Z2\","
	    "\"certificate_state\":\"valid\",\"certificate_from\":"
	    "\"2015-01-01\",\"certificate_to\":\"2098-12-30\"}");
	put(w, "officer", "p3",
	    "{\"name\":\"x\",\"state\":\"active\",\"certificate\":\"ZJ-p1\","
	    "\"certificate_state\":\"valid\",\"certificate_from\":"
	    "\"2015-01-01\",\"certificate_to\":\"2099-12-30\"}");
	commit(w, &o, id);
	assert_int_equal(draw_paper(&w->op, id, true, &paper), RC_OK);
	assert_null(left_out(paper, "o1"));
	assert_string_equal(left_out(paper, "p1"),
			    "certificate number of another officer");
	assert_string_equal(left_out(paper, "p3"),
			    "certificate number of another officer");
	assert_string_equal(left_out(paper, "p2"),
			    "certificate ends before the assignments are due");
	json_decref(paper);
}

/* Half of the subjects are left out by each, and never the same half. */
static void another_frame_of_one_rule_needs_a_reason_for_a_year(void **state)
{
	struct world *w = *state;
	struct draw_options o = { .count = 3 };
	json_t *left = json_object(), *others = json_object();
	char first[21], second[21];

	for (int i = 0; i < SUBJECTS; i++) {
		char id[16];

		snprintf(id, sizeof(id), "s%03d", i);
		json_object_set_new(i % 2 ? left : others, id,
				    json_string("busy"));
	}
	w->op.now_ms = NOW;
	o.excluded = left;
	commit(w, &o, first);
	o.excluded = others;
	assert_int_equal(commit_rc(w, &o, second), RC_CONFLICT);
	assert_non_null(
		strstr(w->err.text, "of 2026-11-22 asked for the same"));
	err_clear(&w->err);
	o.item = "i1"; /* another rule */
	commit(w, &o, second);
	o.item = NULL;
	w->op.now_ms = NOW + (DRAW_PERIOD_DAYS + 1) * INT64_C(86400000);
	json_object_set_new(others, "s001", json_string("busy"));
	commit(w, &o, second); /* the first was more than a year ago */
	json_decref(left);
	json_decref(others);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(a_commitment_says_where_its_seed_comes_from_and_when),
		IN_WORLD(a_seed_is_not_revealed_before_it_can_be_known),
		IN_WORLD(a_seed_has_no_blank_ends),
		IN_WORLD(another_frame_of_one_rule_needs_a_reason_for_a_year),
		IN_WORLD(who_cannot_check_until_the_last_day_is_not_drawn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
