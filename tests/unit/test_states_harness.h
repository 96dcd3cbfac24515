/* unit/test_states_harness.h - a district with two tablets, what the office and
 * they write, and how it stands. */
#ifndef UNIT_TEST_STATES_HARNESS_H
#define UNIT_TEST_STATES_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/field.h"

static struct field_world world;

static inline int begin(void **state)
{
	(void)state;
	field_begin(&world, 2);
	field_sync(&world, 0);
	field_sync(&world, 1);
	return 0;
}

static inline int end(void **state)
{
	(void)state;
	field_end(&world);
	return 0;
}

static inline json_t *record_of(const char *kind, const char *id)
{
	struct account admin;
	struct op op = loop_op(&world.loop, &admin, &world.err);
	json_t *record;

	if (ledger_record(&op, FIELD_SCOPE, kind, id, &record) != RC_OK)
		fail_msg("%s", world.err.text);
	return record;
}

/* `changes` with single quotes, over what stands. */
static inline enum rc office_try(const char *kind, const char *id,
				 const char *changes)
{
	json_t *stands = record_of(kind, id), *c;
	json_t *record = json_deep_copy(stands);
	char *text = strdup(changes);
	enum rc rc;

	for (char *p = text; *p; p++)
		if (*p == '\'')
			*p = '"';
	c = json_loads(text, 0, NULL);
	assert_non_null(c);
	json_object_update(record, c);
	json_object_del(record, "id");
	json_object_del(record, "scope");
	free(text);
	text = json_dumps(record, 0);
	rc = loop_write(&world.loop, FIELD_SCOPE, kind, id, text, &world.err);
	free(text);
	json_decref(record);
	json_decref(stands);
	json_decref(c);
	return rc;
}

static inline void office(const char *kind, const char *id, const char *changes)
{
	if (office_try(kind, id, changes) != RC_OK)
		fail_msg("%s", world.err.text);
}

/* As the server writes it: a draw is no record that anybody sets. */
static inline void serve(const char *kind, const char *id, const char *json)
{
	char text[400];

	snprintf(text, sizeof(text), "%s", json);
	for (char *at = text; *at; at++)
		if (*at == '\'')
			*at = '"';
	if (loop_serve(&world.loop, FIELD_SCOPE, kind, id, text, &world.err) !=
	    RC_OK)
		fail_msg("%s", world.err.text);
}

static inline void on_server(const char *sql, const char *expected)
{
	const char *got = field_server(&world, sql);

	if (strcmp(got, expected) != 0)
		fail_msg("%s: '%s', not '%s'", sql, got, expected);
}

static inline void state_is(const char *assignment, const char *state)
{
	char sql[100];

	snprintf(sql, sizeof(sql), "SELECT state FROM assignment WHERE id='%s'",
		 assignment);
	on_server(sql, state);
}

/* Both tablets end with what the server has. */
static inline void all_equal(void)
{
	for (int i = 0; i < 2; i++) {
		field_sync(&world, i);
		field_sync(&world, i);
		field_assert_equal(&world, i);
	}
}

#define SIGNED                                                                 \
	"INSERT INTO visit(id,subject,assignment,officers,visited_on,"         \
	"code_shown_at,started_at,state) SELECT "                              \
	"'%s',subject,id,officers," FIELD_TODAY "," FIELD_NOON "," FIELD_NOON  \
	"+%s,'signed' FROM assignment WHERE id='%s';"                          \
	"UPDATE assignment SET state='done' WHERE id='%s';"

static inline void tablet_does(int tablet, const char *assignment,
			       const char *visit, const char *started_at)
{
	char sql[600];

	snprintf(sql, sizeof(sql), SIGNED, visit, started_at, assignment,
		 assignment);
	field_exec(&world, tablet, sql);
}

/* The coordinator whose word it is not about: admin calls off. */
static inline enum rc decide_as(const char *who, const char *decision)
{
	struct account admin;
	struct op op = loop_op(&world.loop, &admin, &world.err);
	char id[40];

	snprintf(admin.name, sizeof(admin.name), "%s", who);
	snprintf(id, sizeof(id), "%s",
		 field_server(&world,
			      "SELECT id FROM conflict WHERE state='open'"));
	return ledger_decide(&op, FIELD_SCOPE, id, decision, NULL, "seen");
}

static inline enum rc ledger_conflict_again(const char *who)
{
	struct account admin;
	struct op op = loop_op(&world.loop, &admin, &world.err);
	char id[40];

	snprintf(admin.name, sizeof(admin.name), "%s", who);
	snprintf(id, sizeof(id), "%s",
		 field_server(&world, "SELECT id FROM conflict"));
	return ledger_decide(&op, FIELD_SCOPE, id, "terminal", NULL, "no");
}

static inline enum rc decide_try(const char *decision)
{
	return decide_as("judge", decision);
}

static inline void decide(const char *decision)
{
	if (decide_try(decision) != RC_OK)
		fail_msg("%s", world.err.text);
}

/* a1 becomes done by that account, or is refused. */
static inline void moved_by(const char *who, enum rc wanted)
{
	struct account admin;
	struct op op = loop_op(&world.loop, &admin, &world.err);
	struct office_record r = { .kind = "assignment", .id = "a1" };
	struct office_write w = { .scope = FIELD_SCOPE,
				  .operation = "test",
				  .message = "judge",
				  .records = &r,
				  .n = 1 };
	json_t *record = NULL;

	assert_int_equal(
		ledger_record(&op, FIELD_SCOPE, "assignment", "a1", &record),
		RC_OK);
	json_object_set_new(record, "state", json_string("done"));
	json_object_set_new(record, "reason", json_string("it was clean"));
	r.record = record;
	snprintf(admin.name, sizeof(admin.name), "%s", who);
	assert_int_equal(ledger_office(&op, &w), RC_OK);
	assert_int_equal(r.outcome == OFFICE_REFUSED, wanted != RC_OK);
	if (wanted != RC_OK)
		assert_non_null(strstr(r.why, "for somebody else to say"));
	json_decref(record);
}

/* a1 of officer o1 goes to o2 as a3. */
static inline void reassign(void)
{
	field_office(&world, "assignment", "a3",
		     "{\"subject\":\"s1\",\"officers\":[\"o2\",\"o3\"],"
		     "\"state\":\"issued\"}");
	office("assignment", "a1",
	       "{'state':'reassigned','reassigned_to':'a3'}");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

#endif
