/* Ratings of a district: what counts, what is written, what was known when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/date.h"
#include "base/jcs.h"
#include "domain/credit.h"
#include "kind/fsm.h"
#include "lib/loop.h"
#include "unit/test_scheme_harness.h"

#define SCOPE "330106"

struct world {
	struct loop loop;
	struct account account;
	struct op op;
	char dir[64];
	struct err err;
};

static int world_make(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	snprintf(w->dir, sizeof(w->dir), "/tmp/hufu-credit-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	assert_int_equal(seal_setup(&w->err), RC_OK);
	assert_int_equal(object_setup(&w->err), RC_OK);
	if (loop_init(&w->loop, w->dir, &host_system, &w->err) != RC_OK)
		fail_msg("%s", w->err.text);
	w->op = loop_op(&w->loop, &w->account, &w->err);
	w->op.now_ms = INT64_C(20000) * 86400000; /* 2024-10-04 */
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

static void put(struct world *w, const char *kind, const char *id,
		const char *json)
{
	if (loop_import(&w->loop, SCOPE, kind, id, json, &w->err) != RC_OK)
		fail_msg("%s: %s", id, w->err.text);
}

static void make_district(struct world *w)
{
	put(w, "subject", "s1", "{\"name\":\"a\",\"town\":\"001\"}");
	put(w, "subject", "s2", "{\"name\":\"b\"}");
	put(w, "subject", "s3", "{\"name\":\"c\"}");
	put(w, "visit", "t1",
	    "{\"subject\":\"s1\",\"visited_on\":\"2024-09-01\","
	    "\"visit_type\":\"Routine\",\"state\":\"recorded\"}");
	put(w, "visit", "t2",
	    "{\"subject\":\"s2\",\"visited_on\":\"2024-09-01\","
	    "\"visit_type\":\"New Construction\",\"state\":\"recorded\"}");
	put(w, "violation", "v1",
	    "{\"subject\":\"s1\",\"visit\":\"t1\",\"severity\":\"high\","
	    "\"state\":\"open\"}");
	put(w, "violation", "v2",
	    "{\"visit\":\"t1\",\"severity\":\"low\",\"state\":\"open\","
	    "\"found_on\":\"2024-09-02\"}");
	put(w, "violation", "v3",
	    "{\"subject\":\"s1\",\"state\":\"open\",\"severity\":\"high\","
	    "\"found_on\":\"2024-09-02\"}");
	put(w, "violation", "v3",
	    "{\"subject\":\"s1\",\"state\":\"void\",\"severity\":\"high\","
	    "\"found_on\":\"2024-09-02\",\"reason\":\"twice\"}");
	put(w, "violation", "v4",
	    "{\"subject\":\"s2\",\"visit\":\"t2\",\"severity\":\"high\","
	    "\"state\":\"open\"}");
}

/* On that day, if it is yet to come. */
static struct rate_done rate(struct world *w, const char *as_of)
{
	struct rate_options options = { .schema = "schema", .as_of = as_of };
	struct rate_done done;
	int64_t day = 0;

	if (as_of && date_parse(as_of, &day) && day * 86400000 > w->op.now_ms)
		w->op.now_ms = day * 86400000;

	if (rate_scope(&w->op, SCOPE, &options, &done) != RC_OK)
		fail_msg("%s", w->err.text);
	return done;
}

static json_t *rating_of(struct world *w, const char *subject)
{
	struct query *q = query_begin(w->loop.store->db,
				      "SELECT id FROM rating WHERE subject=?1");
	json_t *record = NULL;
	char id[33];

	query_text(q, 1, subject);
	assert_true(query_row(q));
	snprintf(id, sizeof(id), "%s", query_get_text(q, 0));
	query_end(q, &w->err);
	if (ledger_record(&w->op, SCOPE, "rating", id, &record) != RC_OK)
		fail_msg("%s", w->err.text);
	return record;
}

static void every_subject_is_rated_by_its_facts(void **state)
{
	struct world *w = *state;
	struct rate_done done;
	json_t *s1, *s2, *facts;

	make_district(w);
	done = rate(w, NULL);
	assert_int_equal(done.subjects, 3);
	assert_int_equal(done.written, 3);
	s1 = rating_of(w, "s1");
	assert_int_equal(json_int(s1, "score", 0), 955);
	assert_string_equal(json_text(s1, "grade"), "A");
	assert_string_equal(json_text(s1, "town"), "001");
	facts = json_object_get(json_object_get(s1, "reasons"), "facts");
	assert_int_equal(json_array_size(facts), 2);
	assert_true(json_int(s1, "facts_position", 0) > 0);
	s2 = rating_of(w, "s2");
	assert_int_equal(json_int(s2, "score", 0), 1000);
	assert_int_equal(
		json_int(json_object_get(s2, "reasons"), "visits_uncounted", 0),
		1);
	json_decref(s1);
	json_decref(s2);
}

/* The default scheme knows no such type; the import's flag is enough. */
static void a_visit_that_is_no_check_counts_under_no_scheme(void **state)
{
	struct world *w = *state;
	json_t *s3;

	make_district(w);
	put(w, "visit", "t3",
	    "{\"subject\":\"s3\",\"visited_on\":\"2024-09-01\","
	    "\"visit_type\":\"Change of papers\",\"state\":\"recorded\","
	    "\"flags\":[\"not_counted\",\"repeat\"]}");
	put(w, "violation", "v5",
	    "{\"subject\":\"s3\",\"visit\":\"t3\",\"severity\":\"high\","
	    "\"state\":\"open\"}");
	put(w, "violation", "v6",
	    "{\"visit\":\"t3\",\"severity\":\"high\",\"state\":\"open\"}");
	rate(w, NULL);
	s3 = rating_of(w, "s3");
	assert_int_equal(json_int(s3, "score", 0), 1000);
	assert_int_equal(
		json_int(json_object_get(s3, "reasons"), "uncounted", 0), 2);
	assert_int_equal(
		json_int(json_object_get(s3, "reasons"), "visits_uncounted", 0),
		1);
	json_decref(s3);
}

/* How s1 stands when the visit t1 and the violation v1 are in these states, as
 * no role may make them all. */
static int64_t score_in(struct world *w, const char *visit,
			const char *violation)
{
	struct query *q =
		query_begin(w->loop.store->db, "UPDATE visit SET state=?1 "
					       "WHERE id='t1'");
	json_t *s1;
	int64_t score;

	query_text(q, 1, visit);
	query_row(q);
	query_end(q, &w->err);
	q = query_begin(w->loop.store->db, "UPDATE violation SET state=?1 "
					   "WHERE id='v1'");
	query_text(q, 1, violation);
	query_row(q);
	query_end(q, &w->err);
	rate(w, NULL);
	s1 = rating_of(w, "s1");
	score = json_int(s1, "score", 0);
	json_decref(s1);
	return score;
}

/* What is frozen is a fact, until it is withdrawn. */
static void only_facts_count(void **state)
{
	struct world *w = *state;
	const struct kind *visit;
	const char *const *at;
	int64_t nothing, all;

	make_district(w);
	all = score_in(w, "recorded", "open");
	nothing = score_in(w, NULL, "open");
	assert_true(nothing > all);
	visit = registry_kind(w->loop.store->kinds, "visit");
	at = visit->fsm->field->values;
	for (int i = 0; at[i]; i++) {
		bool fact = fsm_is_frozen(visit->fsm, i) &&
			    strcmp(at[i], "withdrawn") != 0;
		int64_t score = score_in(w, at[i], "open");

		if (score != (fact ? all : nothing))
			fail_msg("%s: %lld", at[i], (long long)score);
	}
	assert_int_equal(score_in(w, "recorded", "corrected"), all);
	assert_true(score_in(w, "recorded", "void") > all);
	assert_int_equal(score_in(w, "recorded", NULL),
			 score_in(w, "recorded", "void"));
}

static void rating_again_writes_only_what_changed(void **state)
{
	struct world *w = *state;
	struct head before, after;

	make_district(w);
	rate(w, NULL);
	ledger_head(w->loop.store, SCOPE, &before, &w->err);
	w->op.now_ms += 86400000;
	assert_int_equal(rate(w, NULL).written, 0);
	ledger_head(w->loop.store, SCOPE, &after, &w->err);
	assert_memory_equal(&before.commit, &after.commit, OID_BYTES);
	put(w, "violation", "v9",
	    "{\"subject\":\"s3\",\"severity\":\"moderate\","
	    "\"found_on\":\"2024-10-01\",\"state\":\"open\"}");
	assert_int_equal(rate(w, NULL).written, 1);
	/* Two years on, only what decayed is written. */
	assert_int_equal(rate(w, "2026-01-01").written, 2);
}

static void a_rating_as_of_a_day_knows_no_later_fact(void **state)
{
	struct world *w = *state;
	json_t *s1;

	make_district(w);
	rate(w, "2024-09-01");
	s1 = rating_of(w, "s1");
	assert_int_equal(json_int(s1, "score", 0), 960);
	json_decref(s1);
}

/* `days` are members such as "valid_from":"2020-01-01" with a comma behind. */
static void write_scheme(const char *path, int version, const char *days,
			 const char *rules)
{
	char text[1000];
	FILE *f = fopen(path, "w");

	snprintf(text, sizeof(text), "%s", rules);
	memcpy(strstr(text, ":300,"), ":400,", 5); /* decay ends there */
	fprintf(f, "{\"code\":\"strict\",\"version\":%d,%s\"definition\":%s}",
		version, days, text);
	fclose(f);
}

#define FROM_2020 "\"valid_from\":\"2020-01-01\","
#define TO_2024 "\"valid_to\":\"2024-09-30\","
#define FROM_OCTOBER "\"valid_from\":\"2024-10-01\","

static void a_version_of_a_scheme_never_changes(void **state)
{
	struct world *w = *state;
	struct rate_options options = { .scheme = "strict" };
	struct rate_done done;
	char path[100], other[1000], code[65];
	char *start;

	make_district(w);
	snprintf(path, sizeof(path), "%s/strict.json", w->dir);
	write_scheme(path, 1, FROM_2020, definition);
	assert_int_equal(scheme_record(&w->op, path, code), RC_OK);
	assert_string_equal(code, "strict");
	assert_int_equal(scheme_record(&w->op, path, code), RC_OK);
	assert_int_equal(rate_scope(&w->op, SCOPE, &options, &done), RC_OK);
	assert_int_equal(done.version, 1);
	assert_int_equal(done.grades[1].subjects, 1);
	snprintf(other, sizeof(other), "%s", definition);
	start = strstr(other, "100");
	memcpy(start, "200", 3);
	write_scheme(path, 1, FROM_2020, other);
	assert_int_equal(scheme_record(&w->op, path, code), RC_CONFLICT);
	err_clear(&w->err);
	write_scheme(path, 1, FROM_2020 TO_2024, definition);
	assert_int_equal(scheme_record(&w->op, path, code), RC_OK);
	write_scheme(path, 2, FROM_OCTOBER, other);
	assert_int_equal(scheme_record(&w->op, path, code), RC_OK);
	assert_int_equal(rate_scope(&w->op, SCOPE, &options, &done), RC_OK);
	assert_int_equal(done.version, 2);
	/* The ratings go on under the same ids. */
	assert_int_equal(done.written, 3);
	options.scheme = "none";
	assert_int_equal(rate_scope(&w->op, SCOPE, &options, &done),
			 RC_NOT_FOUND);
}

static void no_two_versions_of_a_scheme_share_a_day(void **state)
{
	static const struct {
		const char *days;
		enum rc rc;
	} second[] = {
		{ "", RC_CONFLICT },
		{ FROM_OCTOBER, RC_CONFLICT },
		{ "\"valid_to\":\"2020-01-01\",", RC_CONFLICT },
		{ "\"valid_from\":\"2020-13-01\",", RC_INVALID },
		{ "\"valid_to\":2020,", RC_INVALID },
		{ FROM_OCTOBER TO_2024, RC_INVALID },
		{ "\"valid_to\":\"2019-12-31\",", RC_OK },
	};
	struct world *w = *state;
	struct scheme_in_force s;
	char path[100];

	snprintf(path, sizeof(path), "%s/strict.json", w->dir);
	write_scheme(path, 1, FROM_2020, definition);
	assert_int_equal(scheme_record(&w->op, path, NULL), RC_OK);
	for (size_t i = 0; i < sizeof(second) / sizeof(*second); i++) {
		write_scheme(path, 2, second[i].days, definition);
		if (scheme_record(&w->op, path, NULL) != second[i].rc)
			fail_msg("%s: %s", second[i].days, w->err.text);
		err_clear(&w->err);
	}
	/* Ending a version makes room behind it. */
	write_scheme(path, 1, FROM_2020 TO_2024, definition);
	assert_int_equal(scheme_record(&w->op, path, NULL), RC_OK);
	write_scheme(path, 3, FROM_OCTOBER, definition);
	assert_int_equal(scheme_record(&w->op, path, NULL), RC_OK);
	/* ... which it cannot take back. */
	write_scheme(path, 1, FROM_2020, definition);
	assert_int_equal(scheme_record(&w->op, path, NULL), RC_CONFLICT);
	err_clear(&w->err);
	assert_int_equal(scheme_find(&w->op, "strict", "2024-09-30", &s),
			 RC_OK);
	assert_int_equal(s.version, 1);
	scheme_release(&s);
	assert_int_equal(scheme_find(&w->op, "strict", "2024-10-01", &s),
			 RC_OK);
	assert_int_equal(s.version, 3);
	scheme_release(&s);
}

static void a_dry_run_counts_and_writes_nothing(void **state)
{
	struct world *w = *state;
	struct rate_options options = { .schema = "schema", .dry_run = true };
	struct rate_done done;
	struct head before, after;

	make_district(w);
	ledger_head(w->loop.store, SCOPE, &before, &w->err);
	assert_int_equal(rate_scope(&w->op, SCOPE, &options, &done), RC_OK);
	assert_int_equal(done.written, 3);
	assert_int_equal(done.unrated, 3);
	assert_int_equal(done.grades[0].before, 0);
	assert_int_equal(done.grades[0].subjects, 3);
	ledger_head(w->loop.store, SCOPE, &after, &w->err);
	assert_memory_equal(&before.commit, &after.commit, OID_BYTES);
	/* Not even the default scheme. */
	assert_int_equal(
		ledger_head(w->loop.store, "catalog", &before, &w->err), RC_OK);
	rate(w, NULL);
	ledger_head(w->loop.store, "catalog", &after, &w->err);
	assert_memory_not_equal(&before.commit, &after.commit, OID_BYTES);
	put(w, "violation", "v9",
	    "{\"subject\":\"s1\",\"severity\":\"high\","
	    "\"found_on\":\"2024-10-01\",\"state\":\"open\"}");
	assert_int_equal(rate_scope(&w->op, SCOPE, &options, &done), RC_OK);
	assert_int_equal(done.written, 1);
	assert_int_equal(done.unrated, 0);
	assert_int_equal(done.grades[0].before, 3);
	assert_int_equal(done.grades[0].subjects, 2); /* 915: B */
	assert_int_equal(done.grades[1].subjects, 1);
}

static void a_rating_of_a_later_day_stands(void **state)
{
	struct world *w = *state;
	struct rate_done done;
	json_t *s1;

	make_district(w);
	rate(w, NULL);
	done = rate(w, "2024-08-01");
	assert_int_equal(done.written, 0);
	assert_int_equal(done.later, 3);
	s1 = rating_of(w, "s1");
	assert_string_equal(json_text(s1, "valid_from"), "2024-10-04");
	json_decref(s1);
}

/* As where a clock was wrong: nothing of a day to come holds anything up. */
static void a_rating_of_a_day_to_come_holds_up_nothing(void **state)
{
	struct world *w = *state;
	struct rate_options options = { .schema = "schema",
					.as_of = "2024-10-05" };
	struct rate_done done;
	json_t *s1;

	make_district(w);
	assert_int_equal(rate_scope(&w->op, SCOPE, &options, &done),
			 RC_INVALID);
	err_clear(&w->err);
	options.dry_run = true;
	assert_int_equal(rate_scope(&w->op, SCOPE, &options, &done), RC_OK);
	rate(w, NULL);
	w->op.now_ms -= INT64_C(40) * 86400000;
	done = rate(w, NULL);
	assert_int_equal(done.later, 0);
	assert_int_equal(done.written, 3);
	s1 = rating_of(w, "s1");
	assert_string_equal(json_text(s1, "valid_from"), "2024-08-25");
	json_decref(s1);
}

static struct rate_checked check_ratings(struct world *w)
{
	struct rate_checked done;

	if (rate_check(&w->op, SCOPE, &done) != RC_OK)
		fail_msg("%s", w->err.text);
	return done;
}

/* What only the server's key can do. */
static void forge(struct world *w, const char *id, json_t *record)
{
	struct account server = w->account;
	struct op op = w->op;
	struct office_record r = { .kind = "rating",
				   .id = id,
				   .record = record };
	struct office_write write = { .scope = SCOPE,
				      .operation = "rate",
				      .message = "forge",
				      .records = &r,
				      .n = 1 };

	server.roles = ROLE_SERVER;
	op.actor = &server;
	assert_int_equal(ledger_office(&op, &write), RC_OK);
	assert_int_equal(r.outcome, OFFICE_CHANGED);
}

static void every_rating_is_computed_again_to_the_same_bytes(void **state)
{
	struct world *w = *state;
	json_t *s1;
	char id[33];

	make_district(w);
	rate(w, "2024-09-10");
	put(w, "violation", "v9",
	    "{\"subject\":\"s3\",\"severity\":\"moderate\","
	    "\"found_on\":\"2024-09-20\",\"state\":\"open\"}");
	rate(w, NULL);
	/* What became known since changes no rating that was right then. */
	put(w, "violation", "v1",
	    "{\"subject\":\"s2\",\"severity\":\"high\","
	    "\"found_on\":\"2024-09-01\",\"state\":\"open\"}");
	put(w, "violation", "v2",
	    "{\"visit\":\"t1\",\"severity\":\"low\",\"state\":\"void\","
	    "\"found_on\":\"2024-09-02\",\"reason\":\"x\"}");
	assert_int_equal(check_ratings(w).checked, 3);
	assert_int_equal(check_ratings(w).differing, 0);
	/* The tables of today are back in their place. */
	assert_int_equal(rate(w, NULL).written, 2);
	assert_int_equal(check_ratings(w).differing, 0);
	s1 = rating_of(w, "s1");
	snprintf(id, sizeof(id), "%s", json_text(s1, "id"));
	json_object_del(s1, "id");
	json_object_del(s1, "scope");
	json_object_set_new(s1, "score", json_integer(1));
	forge(w, id, s1);
	assert_int_equal(check_ratings(w).differing, 1);
	assert_string_equal(check_ratings(w).shown[0], "s1");
	json_decref(s1);
}

static void what_was_known_then_is_told_from_what_is_known_now(void **state)
{
	struct world *w = *state;
	struct rate_options options = { .schema = "schema" };
	struct head then;
	json_t *why, *record;

	make_district(w);
	rate(w, "2024-09-10");
	ledger_head(w->loop.store, SCOPE, &then, &w->err);
	put(w, "violation", "v9",
	    "{\"subject\":\"s1\",\"severity\":\"high\","
	    "\"found_on\":\"2024-09-05\",\"state\":\"open\"}");
	put(w, "violation", "v1",
	    "{\"subject\":\"s2\",\"severity\":\"high\","
	    "\"found_on\":\"2024-09-01\",\"state\":\"open\"}");
	rate(w, NULL);
	assert_int_equal(rate_explain(&w->op, SCOPE, "s1", &options,
				      &then.position, &why),
			 RC_OK);
	assert_int_equal(json_int(why, "score", 0), 955);
	assert_int_equal(json_int(why, "known_position", 0), then.position);
	json_decref(why);
	assert_int_equal(
		rate_explain(&w->op, SCOPE, "s1", &options, NULL, &why), RC_OK);
	assert_int_equal(json_int(why, "score", 0), 955);
	assert_int_equal(json_int(why, "known_position", 0) > then.position, 1);
	json_decref(why);
	options.as_of = "2024-09-30";
	assert_int_equal(
		rating_show(&w->op, SCOPE, "s1", &options, NULL, &record),
		RC_OK);
	assert_int_equal(json_array_size(json_object_get(record, "history")),
			 2);
	assert_string_equal(
		json_text(json_object_get(record, "rating"), "valid_from"),
		"2024-09-10");
	json_decref(record);
	options.as_of = NULL;
	assert_int_equal(rating_show(&w->op, SCOPE, "s1", &options,
				     &then.position, &record),
			 RC_OK);
	assert_int_equal(json_array_size(json_object_get(record, "history")),
			 1);
	json_decref(record);
	options.as_of = "2024-09-09";
	assert_int_equal(
		rating_show(&w->op, SCOPE, "s1", &options, NULL, &record),
		RC_OK);
	assert_null(json_object_get(record, "rating"));
	json_decref(record);
}

static void scores_of_other_bodies_stand_beside_ours(void **state)
{
	struct world *w = *state;
	struct rate_options options = { .schema = "schema" };
	const json_t *imported;
	struct head before;
	json_t *record;

	make_district(w);
	ledger_head(w->loop.store, SCOPE, &before, &w->err);
	put(w, "external_rating", "e1",
	    "{\"subject\":\"s1\",\"scheme\":\"531X\",\"score\":812,"
	    "\"grade\":\"B\",\"valid_from\":\"2024-06-30\","
	    "\"source\":\"province\"}");
	rate(w, NULL);
	rate(w, "2026-01-01");
	assert_int_equal(
		rating_show(&w->op, SCOPE, "s1", &options, NULL, &record),
		RC_OK);
	imported = json_array_get(json_object_get(record, "imported"), 0);
	assert_int_equal(json_int(imported, "score", 0), 812);
	assert_string_equal(json_text(imported, "source"), "province");
	assert_non_null(json_text(imported, "received_at"));
	assert_int_equal(json_int(imported, "position", 0),
			 before.position + 1);
	json_decref(record);
	assert_int_equal(rating_show(&w->op, SCOPE, "s1", &options,
				     &before.position, &record),
			 RC_OK);
	assert_int_equal(json_array_size(json_object_get(record, "imported")),
			 0);
	json_decref(record);
}

static void an_explanation_shows_the_rating_and_writes_nothing(void **state)
{
	struct world *w = *state;
	struct rate_options options = { .schema = "schema" };
	struct head before, after;
	json_t *why, *s1;

	make_district(w);
	rate(w, NULL);
	ledger_head(w->loop.store, SCOPE, &before, &w->err);
	assert_int_equal(
		rate_explain(&w->op, SCOPE, "s1", &options, NULL, &why), RC_OK);
	s1 = rating_of(w, "s1");
	assert_true(json_equal(json_object_get(s1, "reasons"),
			       json_object_get(why, "reasons")));
	assert_int_equal(json_int(s1, "facts_position", 0),
			 json_int(why, "facts_position", 1));
	ledger_head(w->loop.store, SCOPE, &after, &w->err);
	assert_memory_equal(&before.commit, &after.commit, OID_BYTES);
	json_decref(s1);
	json_decref(why);
	assert_int_equal(
		rate_explain(&w->op, SCOPE, "s9", &options, NULL, &why),
		RC_NOT_FOUND);
}

static void rating_needs_the_role(void **state)
{
	struct world *w = *state;
	struct rate_options options = { .schema = "schema" };
	struct rate_done done;

	w->account.roles = ROLE_ADMINISTRATOR;
	assert_int_equal(rate_scope(&w->op, SCOPE, &options, &done), RC_DENIED);
	err_clear(&w->err);
	w->account.roles = ROLE_ANALYST;
	snprintf(w->account.scopes, sizeof(w->account.scopes), "3302");
	assert_int_equal(rate_scope(&w->op, SCOPE, &options, &done), RC_DENIED);
}

#define IN_WORLD(test)                                                         \
	cmocka_unit_test_setup_teardown(test, world_make, world_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(every_subject_is_rated_by_its_facts),
		IN_WORLD(a_visit_that_is_no_check_counts_under_no_scheme),
		IN_WORLD(only_facts_count),
		IN_WORLD(rating_again_writes_only_what_changed),
		IN_WORLD(a_rating_as_of_a_day_knows_no_later_fact),
		IN_WORLD(a_version_of_a_scheme_never_changes),
		IN_WORLD(no_two_versions_of_a_scheme_share_a_day),
		IN_WORLD(a_dry_run_counts_and_writes_nothing),
		IN_WORLD(a_rating_of_a_later_day_stands),
		IN_WORLD(a_rating_of_a_day_to_come_holds_up_nothing),
		IN_WORLD(every_rating_is_computed_again_to_the_same_bytes),
		IN_WORLD(what_was_known_then_is_told_from_what_is_known_now),
		IN_WORLD(scores_of_other_bodies_stand_beside_ours),
		IN_WORLD(an_explanation_shows_the_rating_and_writes_nothing),
		IN_WORLD(rating_needs_the_role),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
