/* Which schemes are recorded: those that tell their grades apart, say nothing
 * that nothing reads, and let no deduction go on beyond the horizon. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/jcs.h"
#include "domain/credit_impl.h"

static void what_a_new_scheme_says_is_read_and_unambiguous(void **state)
{
	static const struct {
		const char *grades, *decay, *more, *why; /* NULL: sound */
	} cases[] = {
		{ "[{'grade':'A','min':50},{'grade':'B','min':0}]",
		  "[{'days_max':365,'percent':100}]", "", NULL },
		{ "[{'grade':'A','min':50},{'grade':'A','min':0}]",
		  "[{'days_max':365,'percent':100}]", "",
		  "grades 1 and 2 are both called 'A'" },
		{ "[{'grade':'A','min':0}]",
		  "[{'days_max':365,'percent':100},"
		  "{'days_max':366,'percent':1}]",
		  "", "decay goes on to day 366 and 'horizon_days' is 365" },
		{ "[{'grade':'A','min':0}]", "[{'days_max':365,'percent':100}]",
		  ",'bonus':5", "'bonus' of the definition" },
		{ "[{'grade':'A','min':0,'max':9}]",
		  "[{'days_max':365,'percent':100}]", "", "'max' of a grade" },
		{ "[{'grade':'A','min':0}]",
		  "[{'days_max':365,'percent':100,'from':1}]", "",
		  "'from' of a step of decay" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err err = { 0 };
		struct scheme s;
		json_t *d = NULL;
		char text[600];

		snprintf(text, sizeof(text),
			 "{'start':100,'floor':0,'horizon_days':365,"
			 "'deductions':{'low':1,'moderate':2,'high':3,"
			 "'unknown':1},'decay':%s,'grades':%s%s}",
			 cases[i].decay, cases[i].grades, cases[i].more);
		for (char *p = text; *p; p++)
			*p = *p == '\'' ? '"' : *p;
		assert_int_equal(json_read(text, strlen(text), &d, &err),
				 RC_OK);
		/* what is on record is read as it is */
		assert_int_equal(scheme_read(&s, d, &err), RC_OK);
		assert_int_equal(scheme_sound(&s, d, &err),
				 cases[i].why ? RC_INVALID : RC_OK);
		if (cases[i].why && !strstr(err.text, cases[i].why))
			fail_msg("%zu: %s", i, err.text);
		json_decref(d);
	}
}

static void a_deduction_of_no_severity_is_refused(void **state)
{
	json_t *d = json_load_file("schema/schemes/default.json", 0, NULL);
	json_t *of = json_object_get(d, "definition");
	struct err err = { 0 };
	struct scheme s;

	(void)state;
	assert_int_equal(scheme_read(&s, of, &err), RC_OK);
	assert_int_equal(scheme_sound(&s, of, &err), RC_OK);
	json_object_set_new(json_object_get(of, "deductions"), "hihg",
			    json_integer(1));
	assert_int_equal(scheme_sound(&s, of, &err), RC_INVALID);
	assert_non_null(strstr(err.text, "'hihg' of the deductions"));
	json_decref(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			what_a_new_scheme_says_is_read_and_unambiguous),
		cmocka_unit_test(a_deduction_of_no_severity_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
