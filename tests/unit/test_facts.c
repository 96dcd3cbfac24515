/* The facts that credit rests on: what of them the office cannot change, how
 * one is taken back, and what came too late to be one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/jcs.h"
#include "ledger/ledger.h"
#include "lib/field.h"
#include "lib/quoted.h"
#include "object/repo.h"

static struct field_world world;

/* The record as it stands with `changes` (NULL clears), or a new one. */
static json_t *changed(const char *kind, const char *id, const char *changes)
{
	struct account admin;
	struct err none = { 0 };
	struct op op = loop_op(&world.loop, &admin, &none);
	json_t *record = NULL, *more = quoted(changes), *value;
	const char *name;

	if (ledger_record(&op, FIELD_SCOPE, kind, id, &record) != RC_OK)
		record = json_object();
	json_object_del(record, "id");
	json_object_del(record, "scope");
	json_object_foreach(more, name, value)
	{
		if (json_is_null(value))
			json_object_del(record, name);
		else
			json_object_set(record, name, value);
	}
	json_decref(more);
	return record;
}

typedef enum rc write_fn(struct loop *l, const char *scope, const char *kind,
			 const char *id, const char *json, struct err *err);

static enum rc write_by(write_fn *fn, const char *kind, const char *id,
			const char *changes)
{
	json_t *record = changed(kind, id, changes);
	char *text = json_dumps(record, 0);
	enum rc rc;

	err_clear(&world.err);
	rc = fn(&world.loop, FIELD_SCOPE, kind, id, text, &world.err);
	free(text);
	json_decref(record);
	return rc;
}

static void office(const char *kind, const char *id, const char *changes)
{
	if (write_by(loop_write, kind, id, changes) != RC_OK)
		fail_msg("%s %s: %s", kind, id, world.err.text);
}

static void import(const char *kind, const char *id, const char *changes)
{
	if (write_by(loop_import, kind, id, changes) != RC_OK)
		fail_msg("%s %s: %s", kind, id, world.err.text);
}

static void refused(const char *kind, const char *id, const char *changes,
		    const char *says)
{
	enum rc rc = write_by(loop_write, kind, id, changes);

	if (rc == RC_OK || !strstr(world.err.text, says))
		fail_msg("%s %s %s: '%s'", kind, id, changes, world.err.text);
	err_clear(&world.err);
}

static void on_server(const char *sql, const char *expected)
{
	const char *got = field_server(&world, sql);

	if (strcmp(got, expected) != 0)
		fail_msg("%s: '%s', not '%s'", sql, got, expected);
}

#define VISIT                                                                  \
	"{'subject':'s1','visited_on':'2026-01-10','score':80,'source':'x',"   \
	"'source_id':'1','state':'recorded'}"
#define FINDING                                                                \
	"{'subject':'s1','visit':'v1','severity':'high','code':'7',"           \
	"'found_on':'2026-01-10','state':'open'}"

/* A tablet signs v1 of s1, with a finding w1. */
static void v1_signed(void)
{
	field_exec(&world, 0,
		   "INSERT INTO visit(id,subject,officers,code_shown_at,"
		   "visited_on,state) VALUES('v1','s1','[\"o1\",\"o2\"]',"
		   "1764000000000,'2026-01-10','signed');"
		   "INSERT INTO violation(id,subject,visit,severity,found_on,"
		   "state) VALUES('w1','s1','v1','high','2026-01-10','open')");
	field_sync(&world, 0);
	on_server("SELECT coalesce(flags,'none') FROM violation", "none");
}

static void what_was_recorded_changes_only_by_an_import(void **state)
{
	static const char *const changes[] = {
		"{'visited_on':'2031-01-01'}",
		"{'score':100}",
		"{'subject':'s2'}",
		"{'source':null}",
		"{'visit_type':'paper'}",
	};

	(void)state;
	office("visit", "v1", VISIT);
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		refused("visit", "v1", changes[i], "no longer changes");
		import("visit", "v1", changes[i]);
	}
	on_server("SELECT score||' '||subject FROM visit", "100 s2");
}

static void flags_are_no_word_of_the_office(void **state)
{
	static const char *const kinds[] = { "visit", "violation",
					     "assignment" };

	(void)state;
	office("visit", "v1", VISIT);
	office("violation", "w1", FINDING);
	for (size_t i = 0; i < 3; i++) {
		const char *id = i == 0 ? "v1" : i == 1 ? "w1" : "a1";

		refused(kinds[i], id, "{'flags':['not_counted']}",
			"it is set by server, import");
		import(kinds[i], id, "{'flags':['not_counted']}");
		refused(kinds[i], id, "{'flags':null}",
			"it is set by server, import");
		import(kinds[i], id, "{'flags':null}");
	}
}

static void a_finding_is_as_fixed_as_its_visit(void **state)
{
	static const char *const changes[] = {
		"{'severity':'low'}",
		"{'subject':'s2'}",
		"{'found_on':'2020-01-01'}",
		"{'visit':null}",
		"{'visit':'v2'}",
		"{'code':null}",
	};

	(void)state;
	office("visit", "v1", VISIT);
	office("violation", "w1", FINDING);
	office("violation", "w2", "{'subject':'s1','severity':'low'}");
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++)
		refused("violation", "w1", changes[i],
			"once its visit is a fact, or it has none");
	refused("violation", "w2", "{'severity':'moderate'}", "'severity'");
	refused("violation", "w2", "{'visit':'v1'}", "'visit'");
	office("violation", "w1", "{'state':'corrected'}");
	import("violation", "w1", "{'severity':'low'}");
	/* Until then it may be put right. */
	office("visit", "v3", "{'subject':'s1','state':'open'}");
	office("violation", "w3", "{'visit':'v3','severity':'low'}");
	office("violation", "w3", "{'severity':'high'}");
	refused("violation", "w3", "{'visit':'v1'}", "'visit'");
}

static void a_fact_is_taken_back_with_a_reason_and_an_alarm(void **state)
{
	(void)state;
	office("visit", "v1", VISIT);
	office("violation", "w1", FINDING);
	office("visit", "v2", "{'subject':'s1','state':'open'}");
	refused("visit", "v1", "{'state':'void'}", "only with 'reason'");
	refused("violation", "w1", "{'state':'void'}", "only with 'reason'");
	office("visit", "v2", "{'state':'void','reason':'never begun'}");
	on_server("SELECT count(*) FROM alarm", "0");
	office("violation", "w1", "{'state':'void','reason':'not theirs'}");
	office("visit", "v1", "{'state':'void','reason':'another firm'}");
	on_server("SELECT group_concat(text,'; ') FROM (SELECT text FROM alarm "
		  "WHERE rule='fact_withdrawn' AND level='alarm' "
		  "ORDER BY record_kind)",
		  "'admin' made violation 'w1' void, which had counted, with "
		  "the reason 'not theirs'; 'admin' made visit 'v1' void, "
		  "which had counted, with the reason 'another firm'");
	/* It is void for good. */
	refused("violation", "w1", "{'state':'open'}", "only to nothing");
	refused("visit", "v1", "{'state':'recorded'}", "only to nothing");
}

static void what_was_published_is_withdrawn_with_an_alarm(void **state)
{
	(void)state;
	v1_signed();
	field_exec(&world, 0, "UPDATE visit SET state='submitted'");
	field_sync(&world, 0);
	office("visit", "v1", "{'state':'published'}");
	refused("visit", "v1", "{'state':'withdrawn'}", "only with 'reason'");
	office("visit", "v1", "{'state':'withdrawn','reason':'wrong firm'}");
	on_server("SELECT record_id FROM alarm WHERE rule='fact_withdrawn'",
		  "v1");
}

static void what_is_found_after_the_signature_is_left_out(void **state)
{
	(void)state;
	v1_signed();
	refused("violation", "w2", "{'visit':'v1','severity':'high'}",
		"visit 'v1' is signed without it");
	field_exec(&world, 1,
		   "INSERT INTO violation(id,subject,visit,severity,state) "
		   "VALUES('w3','s1','v1','high','open')");
	field_sync(&world, 1);
	on_server("SELECT flags FROM violation WHERE id='w3'",
		  "[\"left_out\"]");
	on_server("SELECT level||' '||record_id FROM alarm WHERE "
		  "rule='left_out'",
		  "notice w3");
	/* And the tablet cannot soften what was signed. */
	field_exec(&world, 1,
		   "UPDATE violation SET severity='low' WHERE id='w1'");
	field_sync(&world, 1);
	on_server("SELECT severity FROM violation WHERE id='w1'", "high");
	on_server("SELECT code FROM packet_record WHERE code IS NOT NULL",
		  "state");
}

static int world_make(void **state)
{
	(void)state;
	field_begin(&world, 2);
	field_office(&world, "assignment", "a1",
		     "{\"subject\":\"s1\",\"officers\":[\"o1\",\"o2\"],"
		     "\"state\":\"issued\"}");
	field_sync(&world, 0);
	field_sync(&world, 1);
	return 0;
}

static int world_free(void **state)
{
	(void)state;
	field_end(&world);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_make, world_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_recorded_changes_only_by_an_import),
		TEST(flags_are_no_word_of_the_office),
		TEST(a_finding_is_as_fixed_as_its_visit),
		TEST(a_fact_is_taken_back_with_a_reason_and_an_alarm),
		TEST(what_was_published_is_withdrawn_with_an_alarm),
		TEST(what_is_found_after_the_signature_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
