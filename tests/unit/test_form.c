/* Checklists: what their points must be, and what the answers of several
 * officers amount to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/jcs.h"
#include "form/points.h"
#include "form/verdict.h"
#include "lib/quoted.h"

#define P1 "{'id':'p1','text':'t','type':'check'}"

static const struct {
	const char *points, *says;
} refused[] = {
	{ "[]", "1 to 500 points" },
	{ "{}", "1 to 500 points" },
	{ "[7]", "point 1 has no id" },
	{ "[{'id':'A','text':'t','type':'check'}]", "point 1 has no id" },
	{ "[" P1 "," P1 "]", "'p1' stands twice" },
	{ "[{'id':'p1','type':'check'}]", "'p1' has no text" },
	{ "[{'id':'p1','text':'t','type':'tick'}]", "'type' is check" },
	{ "[{'id':'p1','text':'t','type':'check','key':1}]",
	  "'key' is true or false" },
	{ "[{'id':'p1','text':'t','type':'check','on_fail':'fine'}]",
	  "'on_fail' is spot" },
	{ "[{'id':'p1','text':'t','type':'check','values':['a','b']}]",
	  "only a choice has values" },
	{ "[{'id':'p1','text':'t','type':'choice','values':['a']}]",
	  "at least two values" },
	{ "[{'id':'p1','text':'t','type':'choice','values':['a','b'],"
	  "'pass':['c']}]",
	  "'pass' names 'c'" },
	{ "[{'id':'p1','text':'t','type':'check','skip':{'point':'p2',"
	  "'is':['fail']}},{'id':'p2','text':'t','type':'check'}]",
	  "skipped by 'p2', which is no point before it" },
	{ "[" P1 ",{'id':'p2','text':'t','type':'check','skip':{'point':'p1',"
	  "'is':['no']}}]",
	  "skipped when 'p1' is 'no', which it cannot be" },
	{ "[" P1 ",{'id':'p2','text':'t','type':'check','skip':{'point':"
	  "'p1'}}]",
	  "needs a point and a list" },
};

static void points_refuse_what_no_officer_could_fill_in(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		json_t *points = quoted(refused[i].points);
		struct err err = { 0 };

		assert_int_equal(points_check(points, &err), RC_INVALID);
		if (!strstr(err.text, refused[i].says))
			fail_msg("%s: %s", refused[i].points, err.text);
		json_decref(points);
	}
}

/* g: a gate; d: falls away when g is 'no'; k: a key point; s: on the spot. */
#define FORM                                                                   \
	"{'id':'f1','form_code':'food','version':3,'state':'published',"       \
	"'points':["                                                           \
	"{'id':'g','text':'sells cold dishes','type':'choice',"                \
	"'values':['yes','no'],'pass':['yes','no']},"                          \
	"{'id':'d','text':'cold room','type':'check',"                         \
	"'skip':{'point':'g','is':['no']}},"                                   \
	"{'id':'k','text':'licence','type':'check','key':true},"               \
	"{'id':'s','text':'sign','type':'check','on_fail':'spot'}]}"

#define A(id, point, author, value)                                            \
	"{'id':'" id "','visit':'v1','point':'" point "','author':'" author    \
	"','value':'" value "'}"
#define G A("a1", "g", "o1", "yes")
#define D A("a2", "d", "o1", "pass")
#define K A("a3", "k", "o1", "pass")
#define S A("a4", "s", "o1", "pass")

static const struct {
	const char *what, *answers, *verdict;
	const char *states; /* of g d k s */
	const char *values; /* that stand */
} cases[] = {
	{ "nothing is answered", "", "incomplete", "open open open open",
	  "- - - -" },
	{ "different points by two are a union (case 3)",
	  G "," D "," A("b1", "k", "o2", "pass") "," A("b2", "s", "o2", "pass"),
	  "clean", "passed passed passed passed", "yes pass pass pass" },
	{ "the same value by two is one (case 4)",
	  G "," D "," K "," S "," A("b1", "k", "o2", "pass"), "clean",
	  "passed passed passed passed", "yes pass pass pass" },
	{ "different values are disputed (case 5)",
	  G "," D "," K "," S "," A("b1", "k", "o2", "fail"), "disputed",
	  "passed passed disputed passed", "yes pass - pass" },
	{ "a gate skips what depends on it",
	  A("a1", "g", "o1", "no") "," K "," S, "clean",
	  "passed skipped passed passed", "no - pass pass" },
	{ "an answered point beats a skip, and the gate is disputed (case 6)",
	  A("a1", "g", "o1", "no") "," A("b1", "d", "o2", "fail") "," K "," S,
	  "disputed", "disputed failed passed passed", "- fail pass pass" },
	{ "a gate that does not apply, against answers behind it",
	  A("a1", "g", "o1", "na") "," A("b1", "d", "o2", "pass") "," K "," S,
	  "disputed", "disputed passed passed passed", "- pass pass pass" },
	{ "a gate that does not apply to one and is answered by another",
	  G "," A("b1", "g", "o2", "na") "," D "," K "," S, "disputed",
	  "disputed passed passed passed", "- pass pass pass" },
	{ "on a plain point a value beats not applicable",
	  G "," D "," K "," S "," A("b1", "s", "o2", "na"), "clean",
	  "passed passed passed passed", "yes pass pass pass" },
	{ "not applicable alone covers the point",
	  G "," D "," K "," A("b1", "s", "o2", "na"), "clean",
	  "passed passed passed na", "yes pass pass na" },
	{ "a failed key point is serious",
	  G "," D "," A("a3", "k", "o1", "fail") "," S, "serious",
	  "passed passed failed passed", "yes pass fail pass" },
	{ "a failed general point has a deadline",
	  G "," A("a2", "d", "o1", "fail") "," K "," S, "deadline",
	  "passed failed passed passed", "yes fail pass pass" },
	{ "or is corrected on the spot",
	  G "," D "," K "," A("a4", "s", "o1", "fail"), "spot",
	  "passed passed passed failed", "yes pass pass fail" },
	{ "drafts, voided ones and unknown values do not count",
	  G
	  "," D "," K
	  ",{'id':'x1','point':'s','author':'o1','value':'pass','state':"
	  "'draft'},{'id':'x2','point':'s','author':'o2','value':'pass',"
	  "'state':'void'},{'id':'x3','point':'s','author':'o3','value':'ok'},"
	  "{'id':'x4','point':'s','value':'pass'}",
	  "incomplete", "passed passed passed open", "yes pass pass -" },
};

static void row_add(char *out, size_t size, const char *word)
{
	size_t n = strlen(out);

	snprintf(out + n, size - n, "%s%s", n ? " " : "", word ? word : "-");
}

/* The verdict on visit v1 with these answers; new reference. */
static json_t *verdict(const char *form, const char *answers, const char *visit)
{
	char list[4000];
	struct verdict_of v = { 0 };
	struct err err = { 0 };
	json_t *f = quoted(form), *a, *vis = quoted(visit), *out = NULL;

	snprintf(list, sizeof(list), "[%s]", answers);
	a = quoted(list);
	v.form = f;
	v.visit = vis;
	v.answers = a;
	assert_int_equal(verdict_make(&v, &out, &err), RC_OK);
	json_decref(f);
	json_decref(a);
	json_decref(vis);
	return out;
}

static void answers_are_joined_by_point(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		json_t *out = verdict(FORM, cases[i].answers,
				      "{'id':'v1','form':'f1'}");
		const json_t *points = json_object_get(out, "points");
		char states[100] = "", values[100] = "";

		for (size_t n = 0; n < json_array_size(points); n++) {
			const json_t *p = json_array_get(points, n);

			row_add(states, sizeof(states), json_text(p, "state"));
			row_add(values, sizeof(values), json_text(p, "value"));
		}
		if (strcmp(json_text(out, "verdict"), cases[i].verdict) ||
		    strcmp(states, cases[i].states) ||
		    strcmp(values, cases[i].values))
			fail_msg("%s: %s, %s, %s", cases[i].what,
				 json_text(out, "verdict"), states, values);
		json_decref(out);
	}
}

static void one_value_of_two_officers_has_two_authors(void **state)
{
	json_t *out =
		verdict(FORM, G "," A("b1", "g", "o2", "yes"), "{'id':'v1'}");
	const json_t *p = json_array_get(json_object_get(out, "points"), 0);

	(void)state;
	assert_int_equal(json_array_size(json_object_get(p, "authors")), 2);
	assert_int_equal(json_array_size(json_object_get(p, "answers")), 2);
	json_decref(out);
}

static void only_the_leads_answer_settles_and_both_are_kept(void **state)
{
	static const char both[] =
		G "," D "," S ","
		  "{'id':'a3','point':'k','author':'o1','value':'pass'},"
		  "{'id':'b1','point':'k','author':'o2','value':'fail',"
		  "'settles':true}";
	json_t *out = verdict(FORM, both, "{'id':'v1','lead':'o2'}");
	const json_t *p = json_array_get(json_object_get(out, "points"), 2);

	(void)state;
	assert_string_equal(json_text(out, "verdict"), "serious");
	assert_string_equal(json_text(p, "settled_by"), "o2");
	assert_int_equal(json_array_size(json_object_get(p, "answers")), 2);
	json_decref(out);
	out = verdict(FORM, both, "{'id':'v1','lead':'o1'}");
	assert_string_equal(json_text(out, "verdict"), "disputed");
	assert_false(json_is_true(json_object_get(out, "can_be_signed")));
	json_decref(out);
}

static void withdrawn_points_leave_the_verdict_and_keep_answers(void **state)
{
	json_t *form = quoted(FORM), *out;
	char *text;

	(void)state;
	json_object_set_new(form, "withdrawn", json_pack("[s]", "k"));
	text = json_dumps(form, 0);
	out = verdict(text, G "," D "," S "," A("a3", "k", "o1", "fail"),
		      "{'id':'v1'}");
	free(text);
	assert_string_equal(json_text(out, "verdict"), "clean");
	assert_string_equal(
		json_text(json_array_get(json_object_get(out, "points"), 2),
			  "state"),
		"excluded");
	json_decref(out);
	json_object_set_new(form, "state", json_string("withdrawn"));
	text = json_dumps(form, 0);
	out = verdict(text, G "," A("a3", "k", "o1", "fail"), "{'id':'v1'}");
	free(text);
	assert_string_equal(json_text(out, "verdict"), "withdrawn");
	json_decref(out);
	json_decref(form);
}

static void the_order_of_answers_changes_no_byte(void **state)
{
	json_t *a = verdict(FORM, G "," D "," A("b1", "g", "o2", "no"),
			    "{'id':'v1'}");
	json_t *b = verdict(FORM, A("b1", "g", "o2", "no") "," D "," G,
			    "{'id':'v1'}");

	(void)state;
	assert_true(json_equal(a, b));
	json_decref(a);
	json_decref(b);
}

static void the_day_of_a_visit_is_beijings(void **state)
{
	json_t *visit = quoted("{'started_at':1763596800000}");
	char day[11];

	(void)state;
	visit_day(day, visit); /* 2025-11-20T00:00:00Z */
	assert_string_equal(day, "2025-11-20");
	json_object_set_new(visit, "started_at",
			    json_integer(1763596800000 - 1));
	visit_day(day, visit); /* still 07:59:59 in Beijing */
	assert_string_equal(day, "2025-11-20");
	json_decref(visit);
	visit = quoted("{'visited_on':'2026-01-02'}");
	visit_day(day, visit);
	assert_string_equal(day, "2026-01-02");
	json_decref(visit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(points_refuse_what_no_officer_could_fill_in),
		cmocka_unit_test(answers_are_joined_by_point),
		cmocka_unit_test(one_value_of_two_officers_has_two_authors),
		cmocka_unit_test(
			only_the_leads_answer_settles_and_both_are_kept),
		cmocka_unit_test(
			withdrawn_points_leave_the_verdict_and_keep_answers),
		cmocka_unit_test(the_order_of_answers_changes_no_byte),
		cmocka_unit_test(the_day_of_a_visit_is_beijings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
