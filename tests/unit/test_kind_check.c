/* What a legal record is, who may write what, and canonical sets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/jcs.h"
#include "kind/kind.h"
#include "lib/quoted.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static struct registry *kinds;
static const struct kind *kind;

/* Every type once. */
static const char definition[] =
	"{'kind':'thing','label':{'zh':'物','en':'thing'},'scope':'county',"
	"'class':'L2','writers':['inspector'],'fields':["
	"{'name':'body','type':'text','max':4,'required':true},"
	"{'name':'grade','type':'text','values':['a','b'],"
	"'writers':['coordinator']},"
	"{'name':'count','type':'int'},{'name':'open','type':'bool'},"
	"{'name':'due','type':'date'},{'name':'at','type':'time'},"
	"{'name':'fine','type':'money'},{'name':'north','type':'coordinate'},"
	"{'name':'visit','type':'ref','refers':'visit'},"
	"{'name':'tags','type':'set','max':3},"
	"{'name':'more','type':'json'}]}";

static json_t *record(void)
{
	return quoted("{'id':'t1','scope':'330106','town':'002','body':'x'}");
}

/* "-" removes the member. */
static void put(json_t *o, const char *name, const char *value)
{
	if (strcmp(value, "-") == 0)
		json_object_del(o, name);
	else
		json_object_set_new(o, name, quoted(value));
}

static const struct {
	const char *name, *value;
} legal[] = {
	{ "body", "'四个汉字'" },
	{ "grade", "'a'" },
	{ "count", "9007199254740991" },
	{ "count", "-9007199254740991" },
	{ "open", "false" },
	{ "due", "'2028-02-29'" },
	{ "at", "1795312500000" },
	{ "fine", "-1" },
	{ "north", "-1800000000" },
	{ "visit", "'v1'" },
	{ "tags", "[]" },
	{ "tags", "['a','b','c']" },
	{ "tags", "['B','a']" },
	{ "more", "{'a':[1,{'b':true}]}" },
	{ "more", "[]" },
	{ "later", "{'known':false}" },
	{ "later", "17" },
	{ "town", "'000'" },
};

static const struct {
	const char *name, *value, *says;
} illegal[] = {
	{ "id", "'T1'", "the id is not" },
	{ "id", "-", "the id is not" },
	{ "id", "7", "the id is not" },
	{ "scope", "'catalog'", "scope 'catalog' is not a county's" },
	{ "scope", "'33010'", "scope '33010' is not a county's" },
	{ "town", "'2'", "town '2' is not 3 digits" },
	{ "town", "-", "town '' is not 3 digits" },
	{ "body", "-", "field 'body' is missing" },
	{ "body", "''", "field 'body' is missing" },
	{ "body", "null", "field 'body' is not a text" },
	{ "body", "'五个汉字了'", "field 'body' has more than 4 characters" },
	{ "grade", "'c'", "field 'grade' cannot be 'c'" },
	{ "grade", "''", "field 'grade' cannot be ''" },
	{ "count", "9007199254740992", "field 'count' is not an integer" },
	{ "count", "1.0", "field 'count' is not an integer" },
	{ "count", "'1'", "field 'count' is not an integer" },
	{ "open", "1", "field 'open' is not true or false" },
	{ "due", "'2027-02-29'", "field 'due' is not a date" },
	{ "due", "20270228", "field 'due' is not a date" },
	{ "at", "'now'", "field 'at' is not a time" },
	{ "fine", "true", "field 'fine' is not an amount" },
	{ "north", "1800000001", "field 'north' is not a coordinate" },
	{ "visit", "'V 1'", "field 'visit' is not the id" },
	{ "tags", "'a'", "field 'tags' is not a list" },
	{ "tags", "[1]", "field 'tags' is not a list" },
	{ "tags", "['b','a']", "field 'tags' is not sorted" },
	{ "tags", "['a','a']", "field 'tags' is not sorted" },
	{ "tags", "['a','b','c','d']", "field 'tags' has more than 3" },
	{ "more", "'x'", "field 'more' is not an object" },
	{ "more", "{'a':1.5}", "field 'more':" },
	{ "more", "{'a':null}", "field 'more':" },
	{ "later", "1.5", "field 'later':" },
	{ "later", "null", "field 'later':" },
	{ "Later", "1", "'Later' cannot be the name of a field" },
	{ "hufu_x", "1", "'hufu_x' cannot be the name of a field" },
};

static void a_legal_record_passes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(legal); i++) {
		struct err err = { 0 };
		json_t *o = record();

		put(o, legal[i].name, legal[i].value);
		if (kind_check(kind, o, &err) != RC_OK)
			fail_msg("%s = %s: %s", legal[i].name, legal[i].value,
				 err.text);
		json_decref(o);
	}
}

static void an_illegal_record_is_refused_by_kind_id_and_field(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(illegal); i++) {
		struct err err = { 0 };
		json_t *o = record();
		enum rc rc;

		put(o, illegal[i].name, illegal[i].value);
		rc = kind_check(kind, o, &err);
		if (rc != RC_INVALID || !strstr(err.text, illegal[i].says) ||
		    strncmp(err.text, "thing '", 7) != 0)
			fail_msg("%s = %s gives %s: %s", illegal[i].name,
				 illegal[i].value, rc_name(rc), err.text);
		json_decref(o);
	}
}

static void a_text_without_max_has_4000_characters(void **state)
{
	const struct field *f =
		kind_field(registry_kind(kinds, "subject"), "name");
	char text[4002];
	struct err err = { 0 };
	json_t *value;

	(void)state;
	memset(text, 'x', 4001);
	text[4001] = '\0';
	value = json_string(text);
	assert_int_equal(field_check(kind, f, value, &err), RC_INVALID);
	json_decref(value);
	text[4000] = '\0';
	err_clear(&err);
	value = json_string(text);
	assert_int_equal(field_check(kind, f, value, &err), RC_OK);
	json_decref(value);
}

static void a_catalog_kind_lives_in_the_catalog(void **state)
{
	const struct kind *item = registry_kind(kinds, "item");
	struct err err = { 0 };
	json_t *o = quoted("{'id':'i1','scope':'catalog','town':'000',"
			   "'code':'c','name':'n'}");

	(void)state;
	assert_int_equal(kind_check(item, o, &err), RC_OK);
	put(o, "scope", "'330106'");
	assert_int_equal(kind_check(item, o, &err), RC_INVALID);
	json_decref(o);
}

static const struct {
	unsigned role;
	const char *name, *value; /* the change; NULL: a new record */
	enum rc rc;
} writes[] = {
	{ ROLE_INSPECTOR, NULL, NULL, RC_OK },
	{ ROLE_COORDINATOR, NULL, NULL, RC_DENIED },
	{ ROLE_INSPECTOR | ROLE_AUDITOR, NULL, NULL, RC_OK },
	{ ROLE_INSPECTOR, "body", "'y'", RC_OK },
	{ ROLE_INSPECTOR, "body", "'x'", RC_OK },
	{ ROLE_INSPECTOR, "body", "-", RC_OK },
	{ ROLE_AUDITOR, "body", "-", RC_DENIED },
	{ ROLE_AUDITOR, "body", "'x'", RC_OK }, /* nothing changed */
	{ ROLE_INSPECTOR, "grade", "'a'", RC_DENIED },
	{ ROLE_COORDINATOR, "grade", "'a'", RC_OK },
	{ ROLE_COORDINATOR, "body", "'y'", RC_DENIED },
	{ ROLE_COORDINATOR, "town", "'003'", RC_DENIED },
	{ ROLE_INSPECTOR, "town", "'003'", RC_OK },
	{ ROLE_INSPECTOR, "later", "1", RC_OK },
	{ ROLE_COORDINATOR, "later", "1", RC_DENIED },
};

static void a_role_writes_what_it_may_and_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(writes); i++) {
		struct err err = { 0 };
		json_t *before = record(), *after = record();
		enum rc rc;

		if (writes[i].name)
			put(after, writes[i].name, writes[i].value);
		rc = kind_may_write(kind, writes[i].role,
				    writes[i].name ? before : NULL, after,
				    &err);
		if (rc != writes[i].rc || rc != err.code)
			fail_msg("write %zu gives %s: %s", i, rc_name(rc),
				 err.text);
		json_decref(before);
		json_decref(after);
	}
}

static void a_new_record_may_not_hold_another_s_field(void **state)
{
	struct err err = { 0 };
	json_t *after = record();

	(void)state;
	put(after, "grade", "'a'");
	assert_int_equal(
		kind_may_write(kind, ROLE_INSPECTOR, NULL, after, &err),
		RC_DENIED);
	assert_string_equal(err.text,
			    "inspector cannot write field 'grade' of 'thing': "
			    "it is set by coordinator");
	json_decref(after);
}

static void an_inspector_moves_a_state_but_makes_no_assignment(void **state)
{
	const struct kind *k = registry_kind(kinds, "assignment");
	struct err err = { 0 };
	json_t *before = quoted("{'id':'a1','scope':'330106','town':'002',"
				"'subject':'s1','state':'issued'}");
	json_t *after = json_deep_copy(before);

	(void)state;
	put(after, "state", "'accepted'");
	put(after, "accept_note", "'九点'");
	assert_int_equal(kind_may_write(k, ROLE_INSPECTOR, before, after, &err),
			 RC_OK);
	assert_int_equal(kind_may_write(k, ROLE_INSPECTOR, NULL, after, &err),
			 RC_DENIED);
	err_clear(&err);
	put(after, "due", "'2026-12-01'");
	assert_int_equal(kind_may_write(k, ROLE_INSPECTOR, before, after, &err),
			 RC_DENIED);
	json_decref(before);
	json_decref(after);
}

static const struct {
	const char *from, *to;
} sets[] = {
	{ "[]", "[]" },
	{ "['a']", "['a']" },
	{ "['b','a']", "['a','b']" },
	{ "['b','a','b','a','b']", "['a','b']" },
	{ "['x','x','x']", "['x']" },
	{ "['é','z','a','Z','']", "['','Z','a','z','é']" },
	{ "['d','c','b','a','e','f','g','a']",
	  "['a','b','c','d','e','f','g']" },
	{ "['b',1,'a']", "['b',1,'a']" },
	{ "'b'", "'b'" },
};

static void sets_become_sorted_without_repeats(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sets); i++) {
		json_t *o = record(), *want = record();

		put(o, "tags", sets[i].from);
		put(want, "tags", sets[i].to);
		put(o, "more", "['b','a']");
		put(want, "more", "['b','a']");
		kind_normalise(kind, o);
		if (!json_equal(o, want))
			fail_msg("%s", sets[i].from);
		json_decref(o);
		json_decref(want);
	}
}

static void a_long_set_is_sorted_in_good_time(void **state)
{
	json_t *o = record(), *set = json_array();
	uint32_t x = 1;

	(void)state;
	for (int i = 0; i < 40000; i++) {
		char text[12];

		x = x * 1664525u + 1013904223u;
		snprintf(text, sizeof(text), "%u", x % 20000);
		json_array_append_new(set, json_string(text));
	}
	json_object_set_new(o, "tags", set);
	kind_normalise(kind, o);
	assert_true(json_array_size(set) > 10000);
	for (size_t i = 1; i < json_array_size(set); i++)
		assert_true(
			strcmp(json_string_value(json_array_get(set, i - 1)),
			       json_string_value(json_array_get(set, i))) < 0);
	json_decref(o);
}

static int kinds_load(void **state)
{
	struct err err = { 0 };
	json_t *d = quoted(definition), *field;
	size_t i;
	int failed;

	(void)state;
	json_array_foreach(json_object_get(d, "fields"), i, field)
		json_object_set_new(field, "label",
				    quoted("{'zh':'甲','en':'a'}"));
	failed = registry_new(&kinds, &err) != RC_OK ||
		 registry_load_folder(kinds, "schema/kinds", &err) != RC_OK ||
		 registry_add(kinds, d, &err) != RC_OK;
	if (failed)
		print_error("%s\n", err.text);
	json_decref(d);
	kind = failed ? NULL : registry_kind(kinds, "thing");
	return failed;
}

static int kinds_free(void **state)
{
	(void)state;
	registry_free(kinds);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_legal_record_passes),
		cmocka_unit_test(
			an_illegal_record_is_refused_by_kind_id_and_field),
		cmocka_unit_test(a_text_without_max_has_4000_characters),
		cmocka_unit_test(a_catalog_kind_lives_in_the_catalog),
		cmocka_unit_test(a_role_writes_what_it_may_and_nothing_else),
		cmocka_unit_test(a_new_record_may_not_hold_another_s_field),
		cmocka_unit_test(
			an_inspector_moves_a_state_but_makes_no_assignment),
		cmocka_unit_test(sets_become_sorted_without_repeats),
		cmocka_unit_test(a_long_set_is_sorted_in_good_time),
	};

	return cmocka_run_group_tests(tests, kinds_load, kinds_free);
}
