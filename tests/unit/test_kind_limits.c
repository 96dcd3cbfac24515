/* Limits that a kind file states: how they are declared, what they refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/jcs.h"
#include "kind/limits.h"
#include "kind/marks.h"
#include "lib/quoted.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
/* 2026-11-22T16:30Z: the 23rd in the district, the 22nd in UTC */
#define NOW INT64_C(1795365000000)

#define KIND(fields)                                                           \
	"{'kind':'thing','label':{'zh':'物','en':'thing'},'scope':'county',"  \
	"'class':'L2','writers':['inspector'],'fields':[" fields "]}"
#define FIELD(name, type, more)                                                \
	"{'name':'" name "','type':'" type                                     \
	"','label':{'zh':'物','en':'thing'}" more "}"

/* Any role goes from draft to out, and home. */
#define STATES                                                                 \
	FIELD("state", "text",                                                 \
	      ",'values':['draft','out','home'],'rule':'fsm','fsm':{'starts':" \
	      "[{'at':['draft','out','home'],'by':['inspector']}]}")

#define TEAM FIELD("team", "set", ",'members_least':2,'limits_at':['out']")
#define DUE FIELD("due", "date", ",'not_past':true,'limits_at':['out']")

static struct registry *kinds;

static enum rc define(const char *definition, struct err *err)
{
	json_t *o = quoted(definition);
	enum rc rc = registry_add(kinds, o, err);

	json_decref(o);
	return rc;
}

static int setup(void **state)
{
	struct err err = { 0 };

	(void)state;
	return registry_new(&kinds, &err) == RC_OK ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	registry_free(kinds);
	return 0;
}

static void marks_are_words_of_a_text_beside_flags(void **state)
{
#define MARKS ",'marks':{'flag':'x','words':['a','北']}"
#define FLAGS "," FIELD("flags", "set", "")
	static const struct {
		const char *definition;
		bool legal;
	} cases[] = {
		{ KIND(FIELD("t", "text", MARKS) FLAGS), true },
		{ KIND(FIELD("t", "text", MARKS)), false },
		{ KIND(FIELD("t", "int", MARKS) FLAGS), false },
		{ KIND(FIELD("t", "text", ",'marks':{'flag':'x'}") FLAGS),
		  false },
		{ KIND(FIELD("t", "text", ",'marks':{'words':['a']}") FLAGS),
		  false },
		{ KIND(FIELD("t", "text", ",'marks':{'flag':'x','words':['']}")
			       FLAGS),
		  false },
	};
	static const char *const texts[] = { "", "b", "b A", "b北" };
	const struct field *f;

	(void)state;
	for (size_t i = COUNT(cases); i-- > 0;) {
		struct err err = { 0 };

		if ((define(cases[i].definition, &err) == RC_OK) !=
		    cases[i].legal)
			fail_msg("%s: %s", cases[i].definition, err.text);
	}
	f = kind_field(registry_kind(kinds, "thing"), "t");
	assert_false(marks_earn(f, NULL, "x"));
	for (size_t i = 0; i < COUNT(texts); i++)
		assert_int_equal(marks_earn(f, texts[i], "x"), i >= 2);
}

static void limits_are_declared_of_fields_that_suit_them(void **state)
{
	static const struct {
		const char *definition;
		bool legal;
	} cases[] = {
		{ KIND(FIELD("n", "int", ",'least':0,'most':0")), true },
		{ KIND(FIELD("n", "money", ",'least':-5")), true },
		{ KIND(FIELD("n", "int", ",'least':1,'most':0")), false },
		{ KIND(FIELD("n", "int", ",'most':'9'")), false },
		{ KIND(FIELD("n", "text", ",'least':0")), false },
		{ KIND(FIELD("d", "date", ",'not_future':true")), true },
		{ KIND(FIELD("d", "time", ",'not_future':false")), true },
		{ KIND(FIELD("d", "date", ",'not_future':1")), false },
		{ KIND(FIELD("d", "text", ",'not_future':true")), false },
		{ KIND(FIELD("d", "date", ",'not_past':true")), true },
		{ KIND(FIELD("d", "time", ",'not_past':true")), false },
		{ KIND(FIELD("d", "date", ",'not_past':'x'")), false },
		{ KIND(FIELD("s", "set", ",'members_least':2")), true },
		{ KIND(FIELD("s", "set", ",'members_least':0")), false },
		{ KIND(FIELD("s", "text", ",'members_least':2")), false },
		{ KIND(FIELD("d", "date", ",'limits_at':['out']") "," STATES),
		  true },
		{ KIND(FIELD("d", "date", ",'limits_at':['in']") "," STATES),
		  false },
		{ KIND(FIELD("d", "date", ",'limits_at':[]") "," STATES),
		  false },
		{ KIND(FIELD("d", "date", ",'limits_at':['out']")), false },
		/* of a field that stands behind it */
		{ KIND(FIELD("d", "date",
			     ",'not_before':'e'") "," FIELD("e", "date", "")),
		  true },
		{ KIND(FIELD("d", "date", ",'not_before':'d'")), false },
		{ KIND(FIELD("d", "date", ",'not_before':'x'")), false },
		{ KIND(FIELD("d", "date", ",'not_before':true")), false },
		{ KIND(FIELD("d", "date",
			     ",'not_before':'e'") "," FIELD("e", "time", "")),
		  false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err err = { 0 };
		enum rc rc;

		teardown(NULL);
		assert_int_equal(setup(NULL), 0);
		rc = define(cases[i].definition, &err);
		if (rc != (cases[i].legal ? RC_OK : RC_INVALID))
			fail_msg("%s: %s", cases[i].definition, err.text);
	}
}

static void limits_hold_for_what_changes(void **state)
{
	static const struct {
		const char *before, *after, *why; /* NULL: within */
	} cases[] = {
		{ "{}", "{'n':0}", NULL },
		{ "{}", "{'n':100}", NULL },
		{ "{}", "{'n':-1}", "field 'n' is -1, and at least 0" },
		{ "{}", "{'n':101}", "field 'n' is 101, and at most 100" },
		{ "{'n':101}", "{'n':101,'d':'2026-01-01'}", NULL },
		{ "{'n':101}", "{'n':102}", "at most 100" },
		{ "{}", "{'d':'2026-11-23'}", NULL },
		{ "{}", "{'d':'2026-11-24'}", "'d' is yet to come" },
		{ "{}", "{'t':1795365000000}", NULL },
		{ "{}", "{'t':1795365000001}", "'t' is yet to come" },
		{ "{}", "{'e':'2026-01-02','d':'2026-01-02'}", NULL },
		{ "{}", "{'e':'2026-01-01','d':'2026-01-02'}",
		  "thing 't1': field 'e' is before 'd'" },
		{ "{}", "{'e':'1999-01-01'}", NULL },
		{ "{'e':'2026-01-01'}", "{'e':'2026-01-01','d':'2026-01-02'}",
		  "'e' is before 'd'" },
		{ "{'e':'2026-01-01','d':'2026-01-02'}",
		  "{'e':'2026-01-01','d':'2026-01-02','n':1}", NULL },
	};
	struct err err = { 0 };
	const struct kind *k;

	(void)state;
	assert_int_equal(
		define(KIND(FIELD("n", "int", ",'least':0,'most':100") "," FIELD(
			       "d", "date",
			       ",'not_future':true") "," FIELD("t", "time",
							       ",'not_future':"
							       "true") "," FIELD("e",
										 "date",
										 ",'not_before':'d'")),
		       &err),
		RC_OK);
	k = registry_kind(kinds, "thing");
	for (size_t i = 0; i < COUNT(cases); i++) {
		json_t *before = quoted(cases[i].before);
		json_t *after = quoted(cases[i].after);
		enum rc rc;

		json_object_set_new(after, "id", json_string("t1"));
		err = (struct err){ 0 };
		rc = limits_check(k, before, after, NOW, &err);
		assert_int_equal(rc, cases[i].why ? RC_INVALID : RC_OK);
		if (cases[i].why && !strstr(err.text, cases[i].why))
			fail_msg("'%s' does not say '%s'", err.text,
				 cases[i].why);
		json_decref(before);
		json_decref(after);
	}
}

/* What is let out has a team, and a day that is not over. */
static void limits_at_some_states_hold_from_when_it_comes_there(void **state)
{
	static const struct {
		const char *before, *after, *why; /* NULL: within */
	} cases[] = {
		{ NULL, "{'state':'draft','team':['o1'],'due':'2026-11-22'}",
		  NULL },
		{ NULL, "{'team':['o1'],'due':'2026-11-22'}", NULL },
		{ NULL, "{'state':'home','due':'2020-01-01'}", NULL },
		{ NULL, "{'state':'out','team':['o1','o2']}", NULL },
		{ NULL, "{'state':'out','team':['o1']}",
		  "thing 't1': field 'team' has 1 of the at least 2 that it "
		  "needs to be 'out'" },
		{ NULL, "{'state':'out'}", "'team' has 0 of the at least 2" },
		{ "{'state':'draft','team':['o1']}",
		  "{'state':'out','team':['o1']}", "at least 2" },
		{ "{'state':'out','team':['o1']}",
		  "{'state':'out','team':['o1'],'due':'2026-11-23'}", NULL },
		{ "{'state':'out','team':['o1','o2']}",
		  "{'state':'out','team':['o2']}", "at least 2" },
		{ "{'state':'out','team':['o1']}",
		  "{'state':'home','team':['o2']}", NULL },
		{ "{'state':'draft','due':'2026-11-22'}",
		  "{'state':'out','team':['o1','o2'],'due':'2026-11-22'}",
		  "field 'due' is over: it cannot be before today" },
		{ "{'state':'out','due':'2026-11-21'}",
		  "{'state':'out','due':'2026-11-22'}", "'due' is over" },
		{ "{'state':'out','due':'2026-11-21'}",
		  "{'state':'out','due':'2026-11-23'}", NULL },
		{ "{'state':'out','due':'2026-11-21'}", "{'state':'out'}",
		  NULL },
		{ "{'state':'out','due':'2026-11-21'}",
		  "{'state':'home','due':'2026-11-22'}", NULL },
	};
	struct err err = { 0 };
	const struct kind *k;

	(void)state;
	if (define(KIND(TEAM "," DUE "," STATES), &err) != RC_OK)
		fail_msg("%s", err.text);
	k = registry_kind(kinds, "thing");
	for (size_t i = 0; i < COUNT(cases); i++) {
		json_t *before =
			cases[i].before ? quoted(cases[i].before) : NULL;
		json_t *after = quoted(cases[i].after);
		enum rc rc;

		json_object_set_new(after, "id", json_string("t1"));
		err = (struct err){ 0 };
		rc = limits_check(k, before, after, NOW, &err);
		if (rc != (cases[i].why ? RC_INVALID : RC_OK) ||
		    (cases[i].why && !strstr(err.text, cases[i].why)))
			fail_msg("%s: '%s'", cases[i].after, err.text);
		json_decref(before);
		json_decref(after);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			limits_are_declared_of_fields_that_suit_them, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			marks_are_words_of_a_text_beside_flags, setup,
			teardown),
		cmocka_unit_test_setup_teardown(limits_hold_for_what_changes,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			limits_at_some_states_hold_from_when_it_comes_there,
			setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
