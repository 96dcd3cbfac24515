/* The draw on a server: committed, revealed, run and published. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/date.h"
#include "base/jcs.h"
#include "domain/draw.h"
#include "lib/loop.h"

#define SCOPE "330106"
#define SUBJECTS 60

struct world {
	struct loop loop;
	struct account account;
	struct op op;
	char dir[64];
	struct err err;
};

static void put(struct world *w, const char *kind, const char *id,
		const char *json)
{
	if (loop_write(&w->loop, SCOPE, kind, id, json, &w->err) != RC_OK)
		fail_msg("%s: %s", id, w->err.text);
}

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

/* As a second person would: a recusal is not granted by who asked for it. */
static void grant(struct world *w, const char *id, const char *json)
{
	if (loop_serve(&w->loop, SCOPE, "recusal", id, json, &w->err) != RC_OK)
		fail_msg("%s: %s", id, w->err.text);
}

static void make_subjects(struct world *w)
{
	struct office_record records[SUBJECTS] = { 0 };
	char ids[SUBJECTS][16];
	struct office_write write = { .scope = SCOPE,
				      .operation = "import",
				      .message = "subjects",
				      .records = records,
				      .n = SUBJECTS };

	for (int i = 0; i < SUBJECTS; i++) {
		snprintf(ids[i], sizeof(ids[i]), "s%03d", i);
		records[i] = (struct office_record){
			.kind = "subject",
			.id = ids[i],
			.record = json_pack("{s:s, s:s, s:s, s:s}", "name", "x",
					    "state", "in_business", "town",
					    i % 2 ? "001" : "002", "industry",
					    i % 3 ? "F52" : "H62"),
		};
	}
	assert_int_equal(ledger_office(&w->op, &write), RC_OK);
	for (int i = 0; i < SUBJECTS; i++)
		json_decref((json_t *)(uintptr_t)records[i].record);
}

static int world_make(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	snprintf(w->dir, sizeof(w->dir), "/tmp/hufu-draws-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	assert_int_equal(seal_setup(&w->err), RC_OK);
	assert_int_equal(object_setup(&w->err), RC_OK);
	if (loop_init(&w->loop, w->dir, &host_system, &w->err) != RC_OK)
		fail_msg("%s", w->err.text);
	w->op = loop_op(&w->loop, &w->account, &w->err);
	make_subjects(w);
	put(w, "subject", "m1", "{\"name\":\"x\",\"state\":\"moved\"}");
	for (int i = 0; i < 6; i++) {
		char id[16];

		snprintf(id, sizeof(id), "o%d", i);
		put(w, "officer", id,
		    "{\"name\":\"x\",\"state\":\"active\","
		    "\"certificate\":\"1\"}");
	}
	put(w, "officer", "o8",
	    "{\"name\":\"x\",\"certificate_to\":\"2020-01-01\"}");
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

static void commit(struct world *w, const struct draw_options *o, char id[21])
{
	if (draw_commit(&w->op, SCOPE, o, id) != RC_OK)
		fail_msg("%s", w->err.text);
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

static void run(struct world *w, const char *id, const char *seed,
		struct draw_done *done)
{
	if (draw_reveal(&w->op, id, seed) != RC_OK ||
	    draw_run(&w->op, id, done) != RC_OK)
		fail_msg("%s", w->err.text);
}

static int64_t count(struct world *w, const char *sql)
{
	int64_t n = 0;

	assert_int_equal(db_int(w->loop.store->db, sql, -1, &n, &w->err),
			 RC_OK);
	return n;
}

static void a_draw_assigns_each_subject_two_officers_once(void **state)
{
	struct world *w = *state;
	struct draw_options o = { .count = 10, .due = "2027-01-31" };
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
				  "due='2027-01-31'"),
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
	assert_int_equal(draw_commit(&w->op, SCOPE, &o, second), RC_CONFLICT);
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
	put(w, "officer", "o7", "{\"name\":\"x\",\"certificate\":\"1\"}");
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
	assert_int_equal(draw_commit(&w->op, SCOPE, &o, id), RC_INVALID);
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
		enum rc rc = draw_commit(&w->op, SCOPE, &bad[i], id);

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
					       "seed_source" };
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
	assert_int_equal(draw_commit(&w->op, SCOPE, &twice, second), RC_DENIED);
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
	json_t *membership = json_array();
	struct err err = { 0 };
	char hash[65];

	for (size_t i = 0; i < SUBJECTS; i++)
		json_array_append_new(membership, json_integer(0));
	json_object_set_new(material, "membership", membership);
	json_object_del(material, "recusals");
	json_object_del(of_draw, "recusals_hash");
	json_object_del(of_draw, "states");
	json_object_set_new(of_draw, "load_limit",
			    json_string(DRAW_LOAD_LIMIT));
	json_object_set_new(committed, "algorithm",
			    json_string(DRAW_ALGORITHM_1));
	json_object_set_new(record, "algorithm", json_string(DRAW_ALGORITHM_1));
	json_object_set_new(committed, "format", json_integer(format));
	json_object_set_new(committed, "id", json_string("old"));
	for (size_t i = 0; format == 1 && i < sizeof(later) / sizeof(*later);
	     i++)
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
	json_t *record, *paper, *event;
	char id[21];

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

/* -- what a draw of format 3 adds -- */

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
	assert_int_equal(draw_commit(&w->op, SCOPE, &o, id), RC_INVALID);
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
		{ { .count = 1, .item = "i1" }, SUBJECTS - 1 },
		{ { .count = 1, .item = "i1", .period_days = 0 }, SUBJECTS },
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
	    "{\"subject\":\"s004\",\"item\":\"i1\",\"state\":\"issued\"}");
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

	put(w, "officer", "o5",
	    "{\"name\":\"x\",\"certificate\":\"1\",\"items\":[\"i9\"]}");
	put(w, "officer", "o4",
	    "{\"name\":\"x\",\"certificate\":\"1\",\"lead\":true}");
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
			    "certificate expired");
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
	assert_int_equal(draw_commit(&w->op, SCOPE, &o, id), RC_INVALID);
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
	assert_int_equal(draw_commit(&w->op, SCOPE, &o, id), RC_NOT_FOUND);
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
	assert_int_equal(draw_commit(&w->op, SCOPE, &o, second), RC_INVALID);
	err_clear(&w->err);
	o.reason = "one town only";
	commit(w, &o, second);
	ledger_record(&w->op, SCOPE, "draw", first, &record);
	assert_string_equal(json_text(record, "state"), "void");
	json_decref(record);
	assert_int_equal(draw_commit(&w->op, SCOPE, &o, second), RC_CONFLICT);
}

#define IN_WORLD(test)                                                         \
	cmocka_unit_test_setup_teardown(test, world_make, world_free)

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
		IN_WORLD(ratios_round_up_and_leave_no_grade_out),
		IN_WORLD(the_public_paper_names_no_grade_and_is_verified),
		IN_WORLD(the_frame_is_what_the_query_asks_for),
		IN_WORLD(whoever_is_exempt_is_listed_with_the_reason),
		IN_WORLD(officers_are_those_for_the_item_and_not_recused),
		IN_WORLD(
			a_drawn_subject_gives_way_only_to_the_next_of_its_reserve),
		IN_WORLD(a_rule_of_ratios_is_a_record_with_dates),
		IN_WORLD(another_frame_may_take_the_place_of_a_draw),
		IN_WORLD(a_draw_that_cannot_be_is_refused_at_the_commitment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
