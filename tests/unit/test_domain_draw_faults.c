/* Draw, rating and export with every call of the store, and every allocation,
 * failing in turn: each says so, leaves nothing half done, and works after. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/date.h"
#include "base/fault.h"
#include "base/jcs.h"
#include "domain/credit.h"
#include "domain/draw.h"
#include "export/export.h"
#include "lib/loop.h"

#define SCOPE "330106"
#define SUBJECTS 5
#define FAULTS_MAX 5000

struct world {
	struct loop loop;
	struct account account;
	struct op op;
	char dir[64], out[96], draw[21], today[25];
	struct err err;
};

static void put(struct world *w, const char *kind, const char *id,
		const char *json)
{
	if (loop_write(&w->loop, SCOPE, kind, id, json, &w->err) != RC_OK)
		fail_msg("%s: %s", id, w->err.text);
}

static int world_make(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	snprintf(w->dir, sizeof(w->dir), "/tmp/hufu-faults-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->out, sizeof(w->out), "%s/out", w->dir);
	assert_int_equal(seal_setup(&w->err), RC_OK);
	assert_int_equal(object_setup(&w->err), RC_OK);
	if (loop_init(&w->loop, w->dir, &host_system, &w->err) != RC_OK)
		fail_msg("%s", w->err.text);
	w->op = loop_op(&w->loop, &w->account, &w->err);
	time_format(w->today, w->op.now_ms);
	w->today[10] = '\0';
	for (int i = 0; i < SUBJECTS; i++) {
		char id[16], fact[128], json[200];

		snprintf(id, sizeof(id), "s%d", i);
		put(w, "subject", id,
		    "{\"name\":\"x\",\"state\":\"in_business\"}");
		snprintf(fact, sizeof(fact),
			 "{\"subject\":\"s%d\",\"severity\":\"high\","
			 "\"found_on\":\"2026-01-01\"}",
			 i);
		put(w, "violation", id, fact);
		snprintf(id, sizeof(id), "o%d", i);
		snprintf(json, sizeof(json),
			 "{\"name\":\"x\",\"certificate\":\"%d\",\"state\":"
			 "\"active\",\"certificate_state\":\"valid\","
			 "\"certificate_from\":\"2020-01-01\","
			 "\"certificate_to\":\"2099-01-01\"}",
			 i);
		put(w, "officer", id, json);
	}
	*state = w;
	return 0;
}

static int world_free(void **state)
{
	struct world *w = *state;
	char command[128];

	loop_release(&w->loop);
	snprintf(command, sizeof(command), "rm -rf %s", w->dir);
	assert_int_equal(system(command), 0);
	free(w);
	return 0;
}

/* Fails the first call, then the second, until one run meets no failure.
 * `after` looks at what a failure left. */
static void fail_each(struct world *w, enum fault kind,
		      enum rc (*work)(struct world *),
		      void (*after)(struct world *))
{
	for (long nth = 1; nth < FAULTS_MAX; nth++) {
		long calls;
		enum rc rc;

		err_clear(&w->err);
		fault_arm(kind, nth, false);
		rc = work(w);
		calls = fault_clear(kind);
		if (rc == RC_OK && calls < nth)
			return;
		if (rc != RC_OK && !*w->err.text)
			fail_msg("call %ld failed without a word", nth);
		assert_false(db_in_transaction(w->loop.store->db));
		if (rc != RC_OK && after)
			after(w);
	}
	fail_msg("it never ends");
}

static enum rc work_export(struct world *w)
{
	const struct export_job job = { .store = w->loop.store,
					.actor = &w->account,
					.kind = "subject",
					.scope = SCOPE,
					.format = EXPORT_JSONL,
					.out = w->out };
	struct export_done done;

	return export_write(&job, &done, &w->err);
}

static void no_part_is_left(struct world *w)
{
	char part[120];

	snprintf(part, sizeof(part), "%s.part", w->out);
	assert_int_not_equal(access(part, F_OK), 0);
}

static void an_export_that_fails_leaves_no_part(void **state)
{
	struct world *w = *state;

	fail_each(w, FAULT_STORE, work_export, no_part_is_left);
	fail_each(w, FAULT_ALLOC, work_export, no_part_is_left);
}

static enum rc work_export_past(struct world *w)
{
	char today[11];
	const struct export_job job = { .store = w->loop.store,
					.actor = &w->account,
					.kind = "results",
					.scope = SCOPE,
					.format = EXPORT_CSV,
					.as_of = today,
					.out = w->out };
	struct export_done done;

	date_format(today, host_wall_ms(w->loop.store->host) / 86400000);
	return export_write(&job, &done, &w->err);
}

/* Neither half a file nor the past in front of today. */
static void today_stands(struct world *w)
{
	struct err err = { 0 };
	int64_t n = 1;

	no_part_is_left(w);
	assert_int_equal(db_int(w->loop.store->db,
				"SELECT count(*) FROM temp.sqlite_schema", 0,
				&n, &err),
			 RC_OK);
	assert_int_equal(n, 0);
}

static void an_export_of_the_past_that_fails_leaves_today(void **state)
{
	struct world *w = *state;

	put(w, "visit", "t1", "{\"subject\":\"s1\",\"result_codes\":[\"B\"]}");
	fail_each(w, FAULT_STORE, work_export_past, today_stands);
	fail_each(w, FAULT_ALLOC, work_export_past, today_stands);
}

static enum rc work_rate(struct world *w)
{
	struct rate_options options = { .schema = "schema" };
	struct rate_done done;

	return rate_scope(&w->op, SCOPE, &options, &done);
}

static void a_rating_that_fails_can_be_done_again(void **state)
{
	struct world *w = *state;
	int64_t n;

	fail_each(w, FAULT_STORE, work_rate, NULL);
	fail_each(w, FAULT_ALLOC, work_rate, NULL);
	assert_int_equal(db_int(w->loop.store->db,
				"SELECT count(*) FROM rating", 0, &n, &w->err),
			 RC_OK);
	assert_int_equal(n, SUBJECTS);
}

static enum rc work_check(struct world *w)
{
	struct rate_options options = { .schema = "schema" };
	struct rate_checked done;
	int64_t known = 12;
	json_t *why = NULL;
	enum rc rc = rate_check(&w->op, SCOPE, &done);

	if (rc == RC_OK)
		rc = rate_explain(&w->op, SCOPE, "s1", &options, &known, &why);
	json_decref(why);
	if (rc == RC_OK) {
		assert_int_equal(done.checked, SUBJECTS);
		assert_int_equal(done.differing, 0);
	}
	return rc;
}

static void a_check_of_ratings_that_fails_leaves_today(void **state)
{
	struct world *w = *state;

	assert_int_equal(work_rate(w), RC_OK);
	fail_each(w, FAULT_STORE, work_check, today_stands);
	fail_each(w, FAULT_ALLOC, work_check, today_stands);
}

static enum rc work_commit(struct world *w)
{
	const struct draw_options options = { .count = 3,
					      .reason = "again",
					      .due = "2098-12-31",
					      .seed_source = "lottery",
					      .seed_at = w->today };

	return draw_commit(&w->op, SCOPE, &options, w->draw);
}

/* By grade, with a rule that is recorded first. */
static enum rc work_commit_by_grade(struct world *w)
{
	const struct draw_options options = { .ratio_rule = "default",
					      .schema = "schema",
					      .item = "i1",
					      .reason = "again",
					      .due = "2098-12-31",
					      .seed_source = "lottery",
					      .seed_at = w->today };

	return draw_commit(&w->op, SCOPE, &options, w->draw);
}

static enum rc work_run(struct world *w)
{
	struct draw_done done;
	enum rc rc = draw_reveal(&w->op, w->draw, "seed");

	return rc == RC_OK ? draw_run(&w->op, w->draw, &done) : rc;
}

static enum rc work_paper(struct world *w)
{
	json_t *paper = NULL;
	enum rc rc = draw_paper(&w->op, w->draw, false, &paper);

	json_decref(paper);
	return rc;
}

static void a_draw_that_fails_goes_on_to_the_same_result(void **state)
{
	struct world *w = *state;
	int64_t n;

	fail_each(w, FAULT_STORE, work_commit, NULL);
	fail_each(w, FAULT_STORE, work_run, NULL);
	fail_each(w, FAULT_STORE, work_paper, NULL);
	fail_each(w, FAULT_ALLOC, work_paper, NULL);
	assert_int_equal(db_int(w->loop.store->db,
				"SELECT count(*) FROM assignment", 0, &n,
				&w->err),
			 RC_OK);
	assert_int_equal(n, 3);
}

static enum rc work_replace(struct world *w)
{
	json_t *paper = NULL, *event = NULL;
	const char *drawn;
	enum rc rc = draw_paper(&w->op, w->draw, false, &paper);

	if (rc != RC_OK)
		return rc;
	drawn = json_string_value(
		json_array_get(json_object_get(paper, "result"), 0));
	if (!json_object_get(paper, "replacements"))
		rc = draw_replace(&w->op, w->draw, drawn, NULL, "gone", &event);
	json_decref(event);
	json_decref(paper);
	return rc;
}

static void a_replacement_that_fails_goes_on_to_the_same_result(void **state)
{
	struct world *w = *state;
	json_t *paper;
	int64_t n;

	fail_each(w, FAULT_STORE, work_commit_by_grade, NULL);
	fail_each(w, FAULT_STORE, work_run, NULL);
	for (int i = 0; i < SUBJECTS; i++) {
		char id[16];

		snprintf(id, sizeof(id), "s%d", i);
		put(w, "subject", id, "{\"name\":\"x\",\"state\":\"moved\"}");
	}
	fail_each(w, FAULT_STORE, work_replace, NULL);
	fail_each(w, FAULT_ALLOC, work_paper, NULL);
	assert_int_equal(draw_paper(&w->op, w->draw, true, &paper), RC_OK);
	assert_int_equal(
		json_array_size(json_object_get(paper, "replacements")), 1);
	json_decref(paper);
	assert_int_equal(db_int(w->loop.store->db,
				"SELECT count(*) FROM assignment WHERE "
				"state='issued'",
				0, &n, &w->err),
			 RC_OK);
	assert_int_equal(n, 1);
}

#define IN_WORLD(test)                                                         \
	cmocka_unit_test_setup_teardown(test, world_make, world_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(an_export_that_fails_leaves_no_part),
		IN_WORLD(an_export_of_the_past_that_fails_leaves_today),
		IN_WORLD(a_check_of_ratings_that_fails_leaves_today),
		IN_WORLD(a_rating_that_fails_can_be_done_again),
		IN_WORLD(a_draw_that_fails_goes_on_to_the_same_result),
		IN_WORLD(a_replacement_that_fails_goes_on_to_the_same_result),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
