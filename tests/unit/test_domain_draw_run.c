/* The draw on a server: committed, revealed, run and published. */
#include "domain/draw_report.h"
#include "test_domain_draw_harness.h"

/* As only the server itself could: others may not change a commitment. */
static void record_write(struct world *w, const char *id, const json_t *record)
{
	struct office_record r = { .kind = "draw", .id = id, .record = record };
	struct office_write write = { .scope = SCOPE,
				      .operation = "test",
				      .message = "forged",
				      .records = &r,
				      .n = 1 };
	struct account forger = w->account;
	struct op op = w->op;

	forger.roles |= ROLE_SERVER;
	op.actor = &forger;
	assert_int_equal(ledger_office(&op, &write), RC_OK);
	assert_int_not_equal(r.outcome, OFFICE_REFUSED);
}

static void commit_as(struct world *w, const char *who,
		      const struct draw_options *o, char id[21])
{
	struct account other = w->account;
	const struct account *was = w->op.actor;

	snprintf(other.name, sizeof(other.name), "%s", who);
	w->op.actor = &other;
	commit(w, o, id);
	w->op.actor = was;
}

static void a_draw_assigns_each_subject_two_officers_once(void **state)
{
	struct world *w = *state;
	struct draw_options o = { .count = 10, .due = "2099-01-31" };
	struct draw_done done, again;
	struct head before, after;
	json_t *paper;
	char id[21];

	commit(w, &o, id);
	run(w, id, "seed", &done);
	assert_int_equal(done.frame, SUBJECTS);
	assert_int_equal(done.subjects, 10);
	assert_int_equal(done.assigned, 10);
	assert_int_equal(count(w, "SELECT count(*) FROM assignment WHERE "
				  "state='issued' AND cause='plan' AND "
				  "due='2099-01-31'"),
			 10);
	assert_int_equal(count(w, "SELECT count(*) FROM assignment AS a JOIN "
				  "subject AS s ON s.id=a.subject WHERE "
				  "a.town=s.town"),
			 10);
	assert_int_equal(count(w, "SELECT count(*) FROM assignment WHERE "
				  "officers LIKE '%o8%'"),
			 0);
	ledger_head(w->loop.store, SCOPE, &before, &w->err);
	assert_int_equal(draw_run(&w->op, id, &again), RC_OK);
	assert_int_equal(again.assigned, 0);
	assert_int_equal(draw_reveal(&w->op, id, "seed"), RC_OK);
	ledger_head(w->loop.store, SCOPE, &after, &w->err);
	assert_memory_equal(&before.commit, &after.commit, OID_BYTES);
	assert_int_equal(draw_paper(&w->op, id, false, &paper), RC_OK);
	assert_int_equal(draw_verify(paper, &w->err), RC_OK);
	assert_string_equal(json_text(paper, "state"), "drawn");
	json_decref(paper);
}

static void a_run_that_was_cut_goes_on_without_issuing_twice(void **state)
{
	struct world *w = *state;
	struct draw_options o = { .count = 10 };
	struct draw_done done;
	json_t *record;
	char id[21], assignment[33];
	struct query *q;

	commit(w, &o, id);
	run(w, id, "seed", &done);
	/* As if it had died before the last write, after one was cancelled. */
	assert_int_equal(ledger_record(&w->op, SCOPE, "draw", id, &record),
			 RC_OK);
	json_object_del(record, "result_hash");
	json_object_set_new(record, "state", json_string("revealed"));
	json_object_del(record, "id");
	json_object_del(record, "scope");
	record_write(w, id, record);
	json_decref(record);
	q = query_begin(w->loop.store->db, "SELECT min(id) FROM assignment");
	assert_true(query_row(q));
	snprintf(assignment, sizeof(assignment), "%s", query_get_text(q, 0));
	query_end(q, &w->err);
	assert_int_equal(
		ledger_record(&w->op, SCOPE, "assignment", assignment, &record),
		RC_OK);
	json_object_set_new(record, "state", json_string("cancelled"));
	json_object_set_new(record, "reason", json_string("moved"));
	{
		char *text = json_dumps(record, 0);

		put(w, "assignment", assignment, text);
		free(text);
	}
	json_decref(record);
	assert_int_equal(draw_run(&w->op, id, &done), RC_OK);
	assert_int_equal(done.assigned, 0);
	assert_int_equal(count(w, "SELECT count(*) FROM assignment WHERE "
				  "state='cancelled'"),
			 1);
}

static void a_second_commitment_of_a_frame_needs_a_reason(void **state)
{
	struct world *w = *state;
	struct draw_options o = { .count = 10 };
	struct draw_done done;
	char first[21], second[21];
	json_t *record;

	commit(w, &o, first);
	o.count = 5;
	assert_int_equal(commit_rc(w, &o, second), RC_CONFLICT);
	assert_non_null(strstr(w->err.text, first));
	err_clear(&w->err);
	o.reason = "quota was wrong";
	commit(w, &o, second);
	assert_int_equal(ledger_record(&w->op, SCOPE, "draw", second, &record),
			 RC_OK);
	assert_string_equal(json_text(record, "replaces"), first);
	assert_string_equal(json_text(record, "reason"), "quota was wrong");
	json_decref(record);
	assert_int_equal(draw_reveal(&w->op, first, "x"), RC_CONFLICT);
	err_clear(&w->err);
	run(w, second, "seed", &done);
	assert_int_equal(done.subjects, 5);
}

static void another_frame_needs_no_reason(void **state)
{
	struct world *w = *state;
	struct draw_options o = { .count = 3 },
			    town = { .count = 3, .towns = "001" };
	struct draw_options trade = { .count = 3, .industry = "H" };
	char id[21];
	json_t *paper;

	commit(w, &o, id);
	commit(w, &town, id);
	assert_int_equal(draw_paper(&w->op, id, false, &paper), RC_OK);
	assert_int_equal(json_array_size(json_object_get(paper, "frame")),
			 SUBJECTS / 2);
	json_decref(paper);
	commit(w, &trade, id);
	assert_int_equal(draw_paper(&w->op, id, false, &paper), RC_OK);
	assert_int_equal(json_array_size(json_object_get(paper, "frame")),
			 SUBJECTS / 3);
	json_decref(paper);
}

static void a_seed_is_known_once(void **state)
{
	struct world *w = *state;
	struct draw_options o = { .count = 3 };
	struct draw_done done;
	char id[21];

	commit(w, &o, id);
	assert_int_equal(draw_run(&w->op, id, &done), RC_CONFLICT);
	err_clear(&w->err);
	assert_int_equal(draw_reveal(&w->op, id, ""), RC_INVALID);
	err_clear(&w->err);
	assert_int_equal(draw_reveal(&w->op, id, "a\nb"), RC_INVALID);
	err_clear(&w->err);
	assert_int_equal(draw_reveal(&w->op, id, "one"), RC_OK);
	assert_int_equal(draw_reveal(&w->op, id, "two"), RC_CONFLICT);
	err_clear(&w->err);
	run(w, id, "one", &done);
	assert_int_equal(draw_reveal(&w->op, id, "two"), RC_CONFLICT);
	err_clear(&w->err);
	assert_int_equal(draw_reveal(&w->op, "nosuch", "two"), RC_NOT_FOUND);
}

static void what_changes_later_does_not_change_the_draw(void **state)
{
	struct world *w = *state;
	struct draw_options o = { .count = 10 };
	struct draw_done done;
	json_t *before, *after;
	char id[21];

	commit(w, &o, id);
	assert_int_equal(draw_paper(&w->op, id, false, &before), RC_OK);
	put_officer(w, "o7", "");
	put(w, "officer", "o1", "{\"name\":\"x\",\"state\":\"suspended\"}");
	put(w, "subject", "t1", "{\"name\":\"x\",\"state\":\"in_business\"}");
	run(w, id, "seed", &done);
	assert_int_equal(done.frame, SUBJECTS);
	assert_int_equal(draw_paper(&w->op, id, false, &after), RC_OK);
	assert_true(json_equal(json_object_get(before, "pool"),
			       json_object_get(after, "pool")));
	json_decref(before);
	json_decref(after);
}

static void a_candidate_changed_after_the_commitment_is_refused(void **state)
{
	struct world *w = *state;
	struct draw_options o = { .count = 10 };
	struct draw_done done;
	json_t *record, *material;
	char id[21];

	commit(w, &o, id);
	assert_int_equal(ledger_record(&w->op, SCOPE, "draw", id, &record),
			 RC_OK);
	material =
		json_object_get(json_object_get(record, "rules"), "material");
	json_array_set_new(json_object_get(material, "frame"), 3,
			   json_string("s003x"));
	json_object_del(record, "id");
	json_object_del(record, "scope");
	record_write(w, id, record);
	json_decref(record);
	assert_int_equal(draw_reveal(&w->op, id, "seed"), RC_OK);
	assert_int_equal(draw_run(&w->op, id, &done), RC_CORRUPT);
	assert_non_null(strstr(w->err.text, "frame_hash"));
	assert_int_equal(count(w, "SELECT count(*) FROM assignment"), 0);
}

static void strata_are_the_grades_of_the_ratings(void **state)
{
	struct world *w = *state;
	struct draw_options o = { .quota = "A=4,B=2,unrated=1" };
	struct account server = w->account;
	struct op as_server = w->op;
	struct draw_done done;
	json_t *paper, *strata;
	char id[21];

	server.roles = ROLE_SERVER;
	as_server.actor = &server;
	for (int i = 0; i < 50; i++) {
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
				     "grade", i < 40 ? "A" : "B", "state",
				     "current", "known_at", 1);
		assert_int_equal(ledger_office(&as_server, &write), RC_OK);
		json_decref((json_t *)(uintptr_t)r.record);
	}
	commit(w, &o, id);
	run(w, id, "seed", &done);
	assert_int_equal(done.subjects, 7);
	assert_int_equal(count(w, "SELECT count(*) FROM assignment AS a JOIN "
				  "rating AS r ON r.subject=a.subject WHERE "
				  "r.grade='A'"),
			 4);
	assert_int_equal(draw_paper(&w->op, id, false, &paper), RC_OK);
	strata = json_object_get(json_object_get(paper, "committed"), "strata");
	assert_int_equal(json_array_size(strata), 3);
	assert_string_equal(json_text(json_array_get(strata, 2), "name"),
			    "unrated");
	assert_int_equal(json_int(json_array_get(strata, 2), "size", 0), 10);
	json_decref(paper);
}

static void exclusions_carry_their_reason(void **state)
{
	struct world *w = *state;
	struct draw_options o = { .count = 57 };
	struct draw_done done;
	json_t *paper, *excluded;
	char path[100], id[21];
	FILE *f;

	snprintf(path, sizeof(path), "%s/exclude.csv", w->dir);
	f = fopen(path, "w");
	fputs("id,reason\ns001,court case\ns004,\"closed, seen\"\n"
	      "o2,kin of the owner\n",
	      f);
	fclose(f);
	o.exclude = path;
	commit(w, &o, id);
	run(w, id, "seed", &done);
	assert_int_equal(done.frame, SUBJECTS - 2);
	assert_int_equal(count(w, "SELECT count(*) FROM assignment WHERE "
				  "subject IN ('s001','s004','m1') OR officers "
				  "LIKE '%o2%'"),
			 0);
	assert_int_equal(draw_paper(&w->op, id, false, &paper), RC_OK);
	excluded = json_object_get(paper, "excluded");
	assert_int_equal(json_array_size(excluded), 3);
	assert_string_equal(json_text(json_array_get(excluded, 0), "reason"),
			    "moved");
	assert_string_equal(json_text(json_array_get(excluded, 2), "reason"),
			    "closed, seen");
	json_decref(paper);
	f = fopen(path, "w");
	fputs("id,reason\ns999,nobody\n", f);
	fclose(f);
	assert_int_equal(commit_rc(w, &o, id), RC_INVALID);
	assert_non_null(strstr(w->err.text, "s999"));
}

static void a_draw_that_cannot_be_is_refused_at_the_commitment(void **state)
{
	static const struct draw_options bad[] = {
		{ .count = 0 },
		{ .count = 61 },
		{ .count = 3, .officers = 1 },
		{ .count = 3, .officers = 7 },
		{ .count = 3, .due = "2026-02-30" },
		{ .count = 3, .towns = "1" },
		{ .count = 3, .towns = "099" },
		{ .quota = "A" },
		{ .quota = "A=x" },
		{ .quota = "A=1,,B=2" },
		{ .quota = "A=1," },
		{ .quota = "A=1" },
		{ .count = 3, .exclude = "/nonexistent" },
	};
	struct world *w = *state;
	char id[21];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		enum rc rc = commit_rc(w, &bad[i], id);

		if (rc == RC_OK)
			fail_msg("draw %zu was committed", i);
		err_clear(&w->err);
	}
	assert_int_equal(count(w, "SELECT count(*) FROM draw"), 0);
}

/* Rows alone are enough for a frame, and quicker to make. */
static void a_large_frame_is_kept_in_a_file_and_checked(void **state)
{
	struct world *w = *state;
	struct draw_options o = { .count = 10 };
	struct draw_done done;
	json_t *paper, *record;
	char id[21], path[120];

	assert_int_equal(
		db_script(w->loop.store->db,
			  "INSERT INTO subject(scope,id,town,name) "
			  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
			  "SELECT i+1 FROM n WHERE i<60000) SELECT "
			  "'330106',printf('%020d',i),'001','x' FROM n",
			  &w->err),
		RC_OK);
	commit(w, &o, id);
	assert_int_equal(ledger_record(&w->op, SCOPE, "draw", id, &record),
			 RC_OK);
	assert_null(
		json_object_get(json_object_get(record, "rules"), "material"));
	json_decref(record);
	run(w, id, "seed", &done);
	assert_int_equal(done.frame, 60000 + SUBJECTS);
	assert_int_equal(draw_paper(&w->op, id, false, &paper), RC_OK);
	assert_int_equal(draw_verify(paper, &w->err), RC_OK);
	json_decref(paper);
	snprintf(path, sizeof(path), "%s/draws/%s.json", w->dir, id);
	assert_int_equal(draw_file_read(path, &paper, &w->err), RC_OK);
	json_array_set_new(json_object_get(paper, "frame"), 7,
			   json_string("00000000000000000008x"));
	assert_int_equal(draw_file_write(path, paper, &w->err), RC_OK);
	json_decref(paper);
	assert_int_equal(draw_paper(&w->op, id, false, &paper), RC_CORRUPT);
	err_clear(&w->err);
	unlink(path);
	assert_int_equal(draw_run(&w->op, id, &done), RC_NOT_FOUND);
}

/* A record of the draw with another value, and its commitment made again. */
static void record_forge(json_t *record, const char *key, json_t *value)
{
	json_t *committed =
		json_object_get(json_object_get(record, "rules"), "committed");
	struct err err = { 0 };
	char hash[65];

	json_object_set(record, key, value);
	json_object_set_new(committed, key, value);
	draw_hash(hash, committed, &err);
	json_object_set_new(record, "commitment", json_string(hash));
}

static void what_was_committed_cannot_be_said_in_other_words(void **state)
{
	static const char *const members[] = { "frame_size", "name", "reason",
					       "seed_source", "seed_at" };
	struct world *w = *state;
	struct draw_options o = { .count = 3, .name = "n", .reason = "r" };
	json_t *record, *paper;
	char id[21];

	commit(w, &o, id);
	assert_int_equal(ledger_record(&w->op, SCOPE, "draw", id, &record),
			 RC_OK);
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		json_t *changed = json_deep_copy(record);

		json_object_set_new(changed, members[i],
				    i == 0 ? json_integer(7)
					   : json_string("x"));
		record_write(w, id, changed);
		json_decref(changed);
		assert_int_equal(draw_paper(&w->op, id, false, &paper),
				 RC_CORRUPT);
		if (!strstr(w->err.text, members[i]))
			fail_msg("%s: %s", members[i], w->err.text);
		err_clear(&w->err);
	}
	record_write(w, id, record);
	assert_int_equal(draw_paper(&w->op, id, false, &paper), RC_OK);
	json_decref(paper);
	/* even when the record agrees with itself: the log remembers */
	record_forge(record, "name", json_string("better"));
	record_write(w, id, record);
	assert_int_equal(draw_paper(&w->op, id, false, &paper), RC_CORRUPT);
	assert_non_null(strstr(w->err.text, "the log does not say"));
	json_decref(record);
}

static void a_seed_that_came_with_the_commitment_is_found(void **state)
{
	struct world *w = *state;
	struct draw_options o = { .count = 3 };
	json_t *record, *paper, *committed;
	char id[21];

	commit(w, &o, id);
	assert_int_equal(ledger_record(&w->op, SCOPE, "draw", id, &record),
			 RC_OK);
	committed =
		json_object_get(json_object_get(record, "rules"), "committed");
	json_object_del(record, "id");
	json_object_del(record, "scope");
	record_forge(record, "id", json_string("forged"));
	json_object_del(record, "id");
	assert_string_equal(json_text(committed, "id"), "forged");
	json_object_set_new(record, "seed", json_string("chosen"));
	json_object_set(record, "revealed_at",
			json_object_get(record, "committed_at"));
	json_object_set_new(record, "state", json_string("revealed"));
	record_write(w, "forged", record);
	assert_int_equal(draw_paper(&w->op, "forged", false, &paper),
			 RC_CORRUPT);
	assert_non_null(strstr(w->err.text, "'seed'"));
	json_decref(record);
}

static void a_published_paper_is_compared_with_the_log(void **state)
{
	static const struct {
		const char *key, *value;
	} changes[] = { { "seed", "other" },
			{ "revealed_at", NULL },
			{ "void_reason", "x" } };
	struct world *w = *state;
	struct draw_options o = { .count = 3 },
			    twice = { .count = 4, .reason = "slip" };
	json_t *early, *late, *changed;
	char id[21], second[21];

	commit(w, &o, id);
	assert_int_equal(draw_paper(&w->op, id, false, &early), RC_OK);
	assert_int_equal(draw_reveal(&w->op, id, "seed"), RC_OK);
	assert_int_equal(draw_paper(&w->op, id, false, &late), RC_OK);
	assert_int_equal(draw_compare(&w->op, id, early), RC_OK);
	assert_int_equal(draw_compare(&w->op, id, late), RC_OK);
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		changed = json_deep_copy(late);
		json_object_set_new(
			changed, changes[i].key,
			changes[i].value
				? json_string(changes[i].value)
				: json_integer(
					  json_int(late, "revealed_at", 0) +
					  1));
		assert_int_equal(draw_compare(&w->op, id, changed), RC_CORRUPT);
		err_clear(&w->err);
		json_decref(changed);
	}
	changed = json_deep_copy(early);
	json_object_set_new(changed, "state", json_string("void"));
	assert_int_equal(draw_verify(changed, &w->err), RC_OK);
	assert_int_equal(draw_compare(&w->op, id, changed), RC_CORRUPT);
	err_clear(&w->err);
	/* it is true once a second one took its place; since the seed is known
	 * that is for another person to say */
	assert_int_equal(commit_rc(w, &twice, second), RC_DENIED);
	assert_non_null(strstr(w->err.text, "second person"));
	err_clear(&w->err);
	assert_int_equal(count(w, "SELECT count(*) FROM draw"), 1);
	commit_as(w, "zhao", &twice, second);
	assert_int_equal(draw_compare(&w->op, id, changed), RC_OK);
	assert_int_equal(draw_compare(&w->op, id, early), RC_OK);
	assert_int_equal(draw_compare(&w->op, second, early), RC_CORRUPT);
	json_decref(changed);
	json_decref(early);
	json_decref(late);
}

/* A record of format 3 as one of an earlier format. */
static void record_make_old(json_t *record, int format)
{
	static const char *const later[] = { "format", "committed_at", "id",
					     "name", "reason" };
	json_t *rules = json_object_get(record, "rules");
	json_t *committed = json_object_get(rules, "committed");
	json_t *material = json_object_get(rules, "material");
	json_t *of_draw = json_object_get(committed, "rules");
	json_t *membership = json_array(), *officer;
	struct err err = { 0 };
	char hash[65];
	size_t i;

	for (i = 0; i < SUBJECTS; i++)
		json_array_append_new(membership, json_integer(0));
	json_object_set_new(material, "membership", membership);
	json_object_del(material, "recusals");
	json_object_del(material, "reasons");
	json_array_foreach(json_object_get(material, "pool"), i, officer)
	{
		json_object_del(officer, "certificate_state");
	}
	draw_hash(hash, json_object_get(material, "pool"), &err);
	json_object_set_new(committed, "pool_hash", json_string(hash));
	json_object_del(of_draw, "recusals_hash");
	json_object_del(of_draw, "reasons_hash");
	json_object_del(of_draw, "states");
	json_object_set_new(committed, "seed_source",
			    json_string(DRAW_SEED_NO_SOURCE));
	json_object_set_new(record, "seed_source",
			    json_string(DRAW_SEED_NO_SOURCE));
	json_object_del(committed, "seed_at");
	json_object_del(record, "seed_at");
	json_object_set_new(of_draw, "load_limit",
			    json_string(DRAW_LOAD_LIMIT));
	json_object_set_new(committed, "algorithm",
			    json_string(DRAW_ALGORITHM_1));
	json_object_set_new(record, "algorithm", json_string(DRAW_ALGORITHM_1));
	json_object_set_new(committed, "format", json_integer(format));
	json_object_set_new(committed, "id", json_string("old"));
	for (i = 0; format == 1 && i < sizeof(later) / sizeof(*later); i++)
		json_object_del(committed, later[i]);
	draw_hash(hash, committed, &err);
	json_object_set_new(record, "commitment", json_string(hash));
	json_object_del(record, "id");
	json_object_del(record, "scope");
}

/* Stores have draws from before format 3. */
static void old_paper_is_read(struct world *w, int format)
{
	struct draw_options o = { .count = 3, .name = "n" };
	struct draw_done done;
	json_t *record, *paper, *event, *report;
	char id[21], *text;

	commit(w, &o, id);
	assert_int_equal(ledger_record(&w->op, SCOPE, "draw", id, &record),
			 RC_OK);
	record_make_old(record, format);
	record_write(w, "old", record);
	run(w, "old", "seed", &done);
	assert_int_equal(done.subjects, 3);
	assert_int_equal(draw_paper(&w->op, "old", false, &paper), RC_OK);
	assert_int_equal(json_int(paper, "format", 0), format);
	assert_int_equal(draw_compare(&w->op, "old", paper), RC_OK);
	/* nobody could commit it so today, which is told of the old one */
	assert_true(draw_seed_is_anybodys(paper));
	assert_int_equal(draw_report(&w->op, SCOPE, NULL, NULL, &report),
			 RC_OK);
	text = json_dumps(json_object_get(report, "doubts"), 0);
	assert_non_null(strstr(text, DRAW_SEED_ANYBODYS "; that was "));
	free(text);
	json_decref(report);
	assert_int_equal(draw_replace(&w->op, "old", "s000", NULL, "x", &event),
			 RC_INVALID);
	err_clear(&w->err);
	json_decref(paper);
	json_decref(record);
}

static void a_paper_of_format_1_is_still_read(void **state)
{
	old_paper_is_read(*state, 1);
}

static void a_paper_of_format_2_is_still_read(void **state)
{
	old_paper_is_read(*state, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(a_draw_assigns_each_subject_two_officers_once),
		IN_WORLD(a_run_that_was_cut_goes_on_without_issuing_twice),
		IN_WORLD(a_second_commitment_of_a_frame_needs_a_reason),
		IN_WORLD(another_frame_needs_no_reason),
		IN_WORLD(a_seed_is_known_once),
		IN_WORLD(what_changes_later_does_not_change_the_draw),
		IN_WORLD(a_candidate_changed_after_the_commitment_is_refused),
		IN_WORLD(strata_are_the_grades_of_the_ratings),
		IN_WORLD(exclusions_carry_their_reason),
		IN_WORLD(a_large_frame_is_kept_in_a_file_and_checked),
		IN_WORLD(what_was_committed_cannot_be_said_in_other_words),
		IN_WORLD(a_seed_that_came_with_the_commitment_is_found),
		IN_WORLD(a_published_paper_is_compared_with_the_log),
		IN_WORLD(a_paper_of_format_1_is_still_read),
		IN_WORLD(a_paper_of_format_2_is_still_read),
		IN_WORLD(a_draw_that_cannot_be_is_refused_at_the_commitment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
