/* A draw held against the visits that name its assignments. */
#include "test_domain_draw_harness.h"

#include "db/db.h"
#include "domain/draw_assigned.h"

static void visit(struct world *w, const char *id, const char *assignment,
		  const char *flags, const char *more)
{
	char json[400];

	snprintf(json, sizeof(json),
		 "{\"subject\":\"s000\",\"assignment\":\"%s\",\"state\":"
		 "\"open\",\"flags\":[%s]%s}",
		 assignment, flags, more);
	if (loop_serve(&w->loop, SCOPE, "visit", id, json, &w->err) != RC_OK)
		fail_msg("%s: %s", id, w->err.text);
}

/* A draw of two, and the ids of its assignments. */
static void draw_two(struct world *w, char draw[21], char ids[2][33])
{
	struct draw_options o = { .count = 2 };
	struct draw_done done;
	struct query *q;

	commit(w, &o, draw);
	run(w, draw, "seed", &done);
	q = query_begin(w->loop.store->db,
			"SELECT id FROM assignment ORDER BY id");
	for (int i = 0; i < 2; i++) {
		assert_true(query_row(q));
		snprintf(ids[i], 33, "%s", query_get_text(q, 0));
	}
	assert_int_equal(query_end(q, &w->err), RC_OK);
}

static json_t *against(struct world *w, const char *draw)
{
	json_t *said = NULL;

	if (draw_assigned(&w->op, draw, &said) != RC_OK)
		fail_msg("%s", w->err.text);
	return said;
}

static void visits_of_others_are_named_until_they_are_ratified(void **state)
{
	struct world *w = *state;
	char draw[21], ids[2][33];
	json_t *said, *visits;

	draw_two(w, draw, ids);
	visit(w, "v1", ids[0], "\"irregular\"", "");
	visit(w, "v2", ids[0], "\"in_future\",\"other_subject\"", "");
	visit(w, "v3", ids[1], "\"other_team\"",
	      ",\"ratified_by\":\"admin\",\"ratified_reason\":\"ill\"");
	visit(w, "v4", "a9", "\"other_team\"", "");
	said = against(w, draw);
	visits = json_object_get(said, "visits");
	assert_int_equal(json_array_size(visits), 2);
	for (size_t i = 0; i < 2; i++) {
		const json_t *v = json_array_get(visits, i);
		bool is_second = !strcmp(json_text(v, "visit"), "v2");

		assert_string_equal(json_text(v, "visit"),
				    is_second ? "v2" : "v3");
		assert_string_equal(json_text(v, "assignment"),
				    ids[is_second ? 0 : 1]);
		assert_string_equal(json_text(v, "subject"), "s000");
		assert_int_equal(json_text(v, "ratified_by") == NULL,
				 is_second);
	}
	assert_int_equal(draw_unratified(said), 1);
	assert_int_equal(json_array_size(json_object_get(said, "faults")), 0);
	json_decref(said);
}

/* The office writes an assignment as `who`; takes the record. */
static void assign_as(struct world *w, const char *who, const char *id,
		      json_t *record)
{
	struct office_record r = { .kind = "assignment",
				   .id = id,
				   .record = record };
	struct office_write write = { .scope = SCOPE,
				      .operation = "test",
				      .message = "x",
				      .records = &r,
				      .n = 1 };
	struct account other = w->account;
	struct op op = w->op;

	snprintf(other.name, sizeof(other.name), "%s", who);
	op.actor = &other;
	if (ledger_office(&op, &write) != RC_OK || r.outcome == OFFICE_REFUSED)
		fail_msg("%s%s", w->err.text, r.why);
	json_decref(record);
}

/* Who took over from a drawn one did it for the draw. */
static void a_visit_of_an_heir_is_named_too(void **state)
{
	struct world *w = *state;
	char draw[21], ids[2][33];
	json_t *said, *record, *heir;

	draw_two(w, draw, ids);
	assert_int_equal(
		ledger_record(&w->op, SCOPE, "assignment", ids[0], &record),
		RC_OK);
	heir = json_copy(record);
	json_object_del(heir, "draw");
	assign_as(w, "li", "heir", heir);
	json_object_set_new(record, "state", json_string("reassigned"));
	json_object_set_new(record, "reassigned_to", json_string("heir"));
	json_object_set_new(record, "reason", json_string("ill"));
	assign_as(w, "zhao", ids[0], record);
	visit(w, "v1", "heir", "\"other_team\"", "");
	said = against(w, draw);
	assert_int_equal(draw_unratified(said), 1);
	json_decref(said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(visits_of_others_are_named_until_they_are_ratified),
		IN_WORLD(a_visit_of_an_heir_is_named_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
