/* The document that operations come from, and what it makes of a request. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/jcs.h"
#include "contract/contract.h"
#include "contract/point.h"
#include "contract/schema.h"
#include "http/problem.h"

struct world {
	struct registry *kinds;
	struct contract *c;
	struct err err;
};

static int begin(void **state)
{
	static struct world w;

	w = (struct world){ 0 };
	assert_int_equal(registry_new(&w.kinds, &w.err), RC_OK);
	assert_int_equal(registry_load_folder(w.kinds, "schema/kinds", &w.err),
			 RC_OK);
	if (contract_new(&w.c, w.kinds, &w.err) != RC_OK)
		fail_msg("%s", w.err.text);
	*state = &w;
	return 0;
}

static int end(void **state)
{
	struct world *w = *state;

	contract_free(w->c);
	registry_free(w->kinds);
	return 0;
}

static json_t *json(const char *text)
{
	struct err err = { 0 };
	json_t *out = NULL;

	assert_int_equal(json_read(text, strlen(text), &out, &err), RC_OK);
	return out;
}

static void test_every_kind_has_its_paths(void **state)
{
	struct world *w = *state;
	json_t *args = NULL;
	const struct operation *op =
		contract_match(w->c, "GET", "/v1/agencies", &args);

	assert_non_null(op);
	assert_string_equal(op->id, "listAgencies");
	assert_string_equal(op->kind, "agency");
	json_decref(args);
	op = contract_match(w->c, "PATCH", "/v1/external-ratings/x1", &args);
	assert_non_null(op);
	assert_string_equal(op->id, "changeExternalRating");
	assert_string_equal(json_text(args, "id"), "x1");
	assert_int_equal(op->roles, ROLE_ANALYST | ROLE_ADMINISTRATOR);
	assert_true(op->needs_match);
	json_decref(args);
}

static void test_what_only_the_server_writes_has_no_writing_path(void **state)
{
	static const char *const paths[] = { "/v1/ratings", "/v1/conflicts",
					     "/v1/draws", "/v1/enrolments",
					     "/v1/server-keys" };
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		char one[64];
		json_t *args = NULL;

		assert_non_null(contract_match(w->c, "GET", paths[i], &args));
		json_decref(args);
		snprintf(one, sizeof(one), "%s/x", paths[i]);
		assert_null(contract_match(w->c, "PATCH", one, &args));
	}
}

static void test_no_parameter_is_there_twice(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < contract_count(w->c); i++) {
		const struct operation *op = contract_at(w->c, i);
		json_t *seen = json_object();
		const json_t *p;
		size_t at;

		json_array_foreach(op->parameters, at, p)
		{
			const char *name = json_text(p, "name");

			if (json_object_get(seen, name))
				fail_msg("%s: %s", op->id, name);
			json_object_set_new(seen, name, json_true());
		}
		json_decref(seen);
	}
}

/* The first example of the schema, behind a $ref or not. */
static const json_t *example_of(const json_t *document, const json_t *schema)
{
	const char *ref = json_text(schema, "$ref");

	schema = ref ? json_point(document, ref + 1) : schema;
	return json_array_get(json_object_get(schema, "examples"), 0);
}

static void
test_what_is_written_of_a_kind_has_an_example_that_fits(void **state)
{
	struct world *w = *state;
	const json_t *document = contract_document(w->c);
	size_t n = 0;

	for (size_t i = 0; i < contract_count(w->c); i++) {
		const struct operation *op = contract_at(w->c, i);
		const json_t *example;
		json_t *errors;

		if (strcmp(op->handler, "record_create") &&
		    strcmp(op->handler, "record_change"))
			continue;
		example = example_of(document, op->body);
		if (!example)
			fail_msg("%s has no example", op->id);
		errors = schema_errors(document, op->body, example);
		if (json_array_size(errors))
			fail_msg("%s: %s", op->id,
				 json_text(json_array_get(errors, 0),
					   "pointer"));
		json_decref(errors);
		n++;
	}
	assert_true(n > 30);
}

static void test_a_literal_path_goes_before_an_argument(void **state)
{
	struct world *w = *state;
	json_t *args = NULL;
	const struct operation *op = contract_match(
		w->c, "POST", "/v1/assignments/a1/cancel", &args);

	assert_non_null(op);
	assert_string_equal(op->id, "cancelAssignment");
	assert_string_equal(json_text(args, "id"), "a1");
	json_decref(args);
	assert_null(contract_match(w->c, "GET", "/v1/nothing/x/y/z", &args));
}

static void test_readers_follow_the_class(void **state)
{
	struct world *w = *state;

	assert_true(contract_readers(w->c, registry_kind(w->kinds, "item")) &
		    ROLE_PUBLIC);
	assert_false(
		contract_readers(w->c, registry_kind(w->kinds, "subject")) &
		ROLE_PUBLIC);
	assert_int_equal(
		contract_readers(w->c,
				 registry_kind(w->kinds, "subject_private")),
		ROLE_INSPECTOR | ROLE_COORDINATOR | ROLE_ADMINISTRATOR);
}

static void parameters(struct world *w, const char *query, json_t **out,
		       json_t **errors)
{
	json_t *args = NULL;
	const struct operation *op =
		contract_match(w->c, "GET", "/v1/assignments", &args);

	json_decref(args);
	assert_int_equal(contract_parameters(w->c, op, query, NULL, NULL, NULL,
					     out, errors, &w->err),
			 RC_OK);
}

static void test_parameters_are_typed(void **state)
{
	struct world *w = *state;
	json_t *out = NULL, *errors = NULL;

	parameters(w,
		   "scope=330106&limit=5&fields=due,state&due.from=2026-01-01"
		   "&instructions=%E8%8C%B6+%E9%A6%86",
		   &out, &errors);
	assert_int_equal(json_array_size(errors), 0);
	assert_int_equal(json_int(out, "limit", 0), 5);
	assert_int_equal(json_array_size(json_object_get(out, "fields")), 2);
	assert_string_equal(json_text(out, "due.from"), "2026-01-01");
	assert_string_equal(json_text(out, "instructions"), "茶 馆");
	json_decref(out);
	json_decref(errors);
	parameters(w, "", &out, &errors);
	assert_int_equal(json_int(out, "limit", 0), 100);
	json_decref(out);
	json_decref(errors);
}

static void test_wrong_parameters_are_told_one_by_one(void **state)
{
	static const struct {
		const char *query, *pointer, *detail;
	} cases[] = {
		{ "limit=0", "limit", "is below 1" },
		{ "limit=ten", "limit", "is not of type integer" },
		{ "limit=99999999999999999999", "limit",
		  "is not of type integer" },
		{ "scope=12", "scope", "does not match ^([0-9]{6}|catalog)$" },
		{ "due.from=yesterday", "due.from",
		  "is no date such as 2026-11-22" },
		{ "nonsense=1", "nonsense",
		  "is no parameter of this operation" },
		{ "limit=1&limit=2", "limit", "is there twice" },
		{ "instructions=%E8%8C", "query", "is malformed" },
		{ "instructions=%0", "query", "is malformed" },
		{ "instructions=a%00b", "query", "is malformed" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		json_t *out = NULL, *errors = NULL;

		parameters(w, cases[i].query, &out, &errors);
		assert_true(json_array_size(errors) >= 1);
		assert_string_equal(
			json_text(json_array_get(errors, 0), "pointer"),
			cases[i].pointer);
		assert_string_equal(
			json_text(json_array_get(errors, 0), "detail"),
			cases[i].detail);
		json_decref(out);
		json_decref(errors);
	}
}

static void test_schemas_find_what_does_not_fit(void **state)
{
	static const struct {
		const char *schema, *value, *pointer; /* NULL: it fits */
	} cases[] = {
		{ "{\"type\":\"object\",\"required\":[\"a\"]}", "{}", "/a" },
		{ "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":"
		  "\"integer\",\"minimum\":3}}}",
		  "{\"a\":2}", "/a" },
		{ "{\"properties\":{\"a/b~\":{\"const\":1}}}", "{\"a/b~\":2}",
		  "/a~1b~0" },
		{ "{\"additionalProperties\":false}", "{\"x\":1}", "/x" },
		{ "{\"items\":{\"enum\":[\"a\",\"b\"]}}", "[\"a\",\"c\"]",
		  "/1" },
		{ "{\"uniqueItems\":true}", "[1,2,1]", "/2" },
		{ "{\"type\":[\"string\",\"null\"]}", "null", NULL },
		{ "{\"oneOf\":[{\"type\":\"string\"},{\"type\":\"integer\"}]}",
		  "1", NULL },
		{ "{\"oneOf\":[{\"type\":\"number\"},{\"type\":\"integer\"}]}",
		  "1", "" },
		{ "{\"minLength\":2}", "\"茶\"", "" },
		{ "{\"maxLength\":2}", "\"茶馆\"", NULL },
		{ "{\"format\":\"date\"}", "\"2026-02-30\"", "" },
		{ "{\"$ref\":\"#/components/schemas/Id\"}", "\"A\"", "" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		json_t *schema = json(cases[i].schema);
		json_t *value = NULL, *errors;
		char wrapped[200];

		snprintf(wrapped, sizeof(wrapped), "[%s]", cases[i].value);
		value = json(wrapped);
		errors = schema_errors(contract_document(w->c), schema,
				       json_array_get(value, 0));
		assert_int_equal(json_array_size(errors) > 0,
				 cases[i].pointer != NULL);
		if (cases[i].pointer)
			assert_string_equal(
				json_text(json_array_get(errors, 0), "pointer"),
				cases[i].pointer);
		json_decref(schema);
		json_decref(value);
		json_decref(errors);
	}
}

static void test_a_word_that_nobody_checks_is_refused(void **state)
{
	struct world *w = *state;
	json_t *schema = json("{\"properties\":{\"a\":{\"not\":{}}}}");
	struct err err = { 0 };

	assert_int_equal(schema_check_words(contract_document(w->c), schema,
					    "here", &err),
			 RC_INVALID);
	assert_string_equal(err.text,
			    "here/properties/a: the word 'not' is unknown");
	json_decref(schema);
}

/* What anybody may send before he has proved to be somebody is small, but for
 * one file that proves itself, whoever carries it. */
static void test_nobody_sends_much(void **state)
{
	static const char carried[] = "bringRescue";
	const size_t most = 64u << 10;
	struct world *w = *state;
	size_t open = 0, proved = 0;

	for (size_t i = 0; i < contract_count(w->c); i++) {
		const struct operation *op = contract_at(w->c, i);
		bool is_signed =
			json_is_true(json_object_get(op->with, "signed"));

		if (!(op->roles & ROLE_PUBLIC) || !op->body_bytes_max)
			continue;
		if (!is_signed && op->body_bytes_max > most &&
		    strcmp(op->id, carried) != 0)
			fail_msg("%s takes %zu bytes of nobody in particular",
				 op->id, op->body_bytes_max);
		open += !is_signed;
		proved += is_signed;
	}
	assert_true(open >= 2 && proved >= 2);
}

/* With the words of a kind: each is there for something else. */
static void test_a_kind_whose_words_are_taken_is_not_admitted(void **state)
{
	static const struct {
		const char *name, *why; /* NULL: admitted */
	} cases[] = {
		{ "well", NULL },
		{ "agency", NULL },
		{ "document", "'getDocument'" },
		{ "problem", "'Problem'" },
		{ "visit_new", "'VisitNew'" },
		{ "scope", "'Scope'" },
		{ "event", "/v1/events is there for streamChanges already" },
		{ "export", "/v1/exports/{id} is there for exportRecords" },
		{ "exports", "the API has '/v1/exports/{kind}'" },
		{ "import", "the API has '/v1/imports/{kind}'" },
		{ "imports", "the API has '/v1/imports/{kind}'" },
		{ "search", "the API has '/v1/search'" },
		{ "openapi", "the API has '/v1/openapi.json'" },
		{ "sync", "the API has '/v1/sync'" },
		{ "mirror", "the API has '/mirror.git" },
		{ "quarantine", "the API has '/v1/quarantine" },
		{ "draw_report", "the API has another 'DrawReport'" },
		{ "deadline", "the API has another 'Deadline'" },
		{ "terminal", "the API has another 'Terminal'" },
		{ "problems", "the API has '/problems/{type}'" },
		{ "syncing", NULL },
		{ "important", NULL },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		json_t *kind = json_deep_copy(
			registry_kind(w->kinds, "agency")->definition);
		struct err err = { 0 };
		enum rc rc;

		json_object_set_new(kind, "kind", json_string(cases[i].name));
		rc = contract_admits(w->kinds, kind, &err);
		if (rc != (cases[i].why ? RC_INVALID : RC_OK) ||
		    !strstr(err.text, cases[i].why ? cases[i].why : ""))
			fail_msg("%s: %s", cases[i].name, err.text);
		json_decref(kind);
	}
}

/* Said twice, by the room that sends before there is a document, and there. */
static void test_a_problem_has_one_title(void **state)
{
	struct world *w = *state;
	const json_t *all =
		json_point(contract_document(w->c), "/x-hufu/problems");
	size_t shared = 0;
	const char *type;
	json_t *one;

	for (int rc = RC_OK + 1; rc < RC__MAX; rc++) {
		one = json_object_get(all, rc_name((enum rc)rc));
		assert_non_null(one);
		assert_int_equal(json_int(one, "status", 0),
				 rc_status((enum rc)rc));
		assert_non_null(problem_title(rc_name((enum rc)rc)));
	}
	json_object_foreach((json_t *)(uintptr_t)all, type, one)
	{
		const char *title = problem_title(type);

		assert_non_null(json_text(one, "description"));
		assert_string_equal(contract_problem(w->c, type),
				    json_text(one, "title"));
		if (!title)
			continue;
		shared++;
		assert_string_equal(title, json_text(one, "title"));
	}
	assert_true(shared >= 25);
}

static void test_operations_tell_how_they_are_refused(void **state)
{
	static const struct {
		const char *path, *has, *lacks;
	} cases[] = {
		{ "/paths/~1v1~1subjects/post", "428", "412" },
		{ "/paths/~1v1~1subjects~1{id}/patch", "412", "304" },
		{ "/paths/~1v1~1subjects~1{id}/get", "404", "409" },
		{ "/paths/~1v1~1me/get", "401", "404" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const json_t *replies = json_object_get(
			json_point(contract_document(w->c), cases[i].path),
			"responses");

		assert_non_null(json_object_get(replies, cases[i].has));
		assert_null(json_object_get(replies, cases[i].lacks));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind_has_its_paths),
		cmocka_unit_test(
			test_what_only_the_server_writes_has_no_writing_path),
		cmocka_unit_test(test_no_parameter_is_there_twice),
		cmocka_unit_test(
			test_what_is_written_of_a_kind_has_an_example_that_fits),
		cmocka_unit_test(test_a_literal_path_goes_before_an_argument),
		cmocka_unit_test(test_readers_follow_the_class),
		cmocka_unit_test(test_parameters_are_typed),
		cmocka_unit_test(test_wrong_parameters_are_told_one_by_one),
		cmocka_unit_test(test_schemas_find_what_does_not_fit),
		cmocka_unit_test(test_a_word_that_nobody_checks_is_refused),
		cmocka_unit_test(test_a_problem_has_one_title),
		cmocka_unit_test(test_operations_tell_how_they_are_refused),
		cmocka_unit_test(test_nobody_sends_much),
		cmocka_unit_test(
			test_a_kind_whose_words_are_taken_is_not_admitted),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
