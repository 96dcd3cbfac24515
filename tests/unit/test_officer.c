/* Who has a valid certificate on a day: one rule, and what a visit makes of
 * it. */
#include "test_states_harness.h"

#include "ledger/officer.h"

#define GOOD                                                                   \
	"{'name':'x','state':'active','certificate':'ZJ-9','certificate_"      \
	"state':'valid','certificate_from':'2024-01-01','certificate_to':"     \
	"'2028-12-31'}"

static json_t *officer_with(const char *field, const char *value)
{
	char text[] = GOOD;
	json_t *o;

	for (char *p = text; *p; p++)
		if (*p == '\'')
			*p = '"';
	o = json_loads(text, 0, NULL);
	assert_non_null(o);
	if (field && value)
		json_object_set_new(o, field, json_string(value));
	else if (field)
		json_object_del(o, field);
	return o;
}

static void a_certificate_has_a_number_two_days_and_is_valid(void **state)
{
	static const struct {
		const char *field, *value, *day, *why;
	} cases[] = {
		{ NULL, NULL, "2026-01-10", NULL },
		{ NULL, NULL, "", NULL },
		{ NULL, NULL, "2024-01-01", NULL },
		{ NULL, NULL, "2028-12-31", NULL },
		{ NULL, NULL, "2023-12-31", "certificate not valid yet" },
		{ NULL, NULL, "2029-01-01", "certificate expired" },
		{ "state", NULL, "", "not active" },
		{ "state", "leave", "", "not active" },
		{ "certificate", NULL, "", "no certificate" },
		{ "certificate", "", "", "no certificate" },
		{ "certificate_state", NULL, "", "certificate not in force" },
		{ "certificate_state", "suspended", "",
		  "certificate not in force" },
		{ "certificate_from", NULL, "2026-01-10",
		  "certificate without a first or last day" },
		{ "certificate_to", NULL, "2026-01-10",
		  "certificate without a first or last day" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		json_t *o = officer_with(cases[i].field, cases[i].value);
		const char *why = officer_refused(o, cases[i].day);

		if (!why != !cases[i].why ||
		    (why && strcmp(why, cases[i].why) != 0))
			fail_msg("case %zu: %s", i, why ? why : "none");
		json_decref(o);
	}
	assert_string_equal(officer_refused(NULL, ""), "not known");
}

/* v1 by o1 and o7, who is as `json` says. */
static void is_irregular(const char *json, bool irregular)
{
	char text[300];

	snprintf(text, sizeof(text), "%s", json);
	for (char *p = text; *p; p++)
		if (*p == '\'')
			*p = '"';
	field_office(&world, "officer", "o7", text);
	field_exec(&world, 0,
		   "INSERT INTO visit(id,subject,officers,visited_on,"
		   "code_shown_at,state) VALUES('v1','s1','[\"o1\",\"o7\"]',"
		   "'2026-01-10',1768000000000,'signed')");
	field_sync(&world, 0);
	on_server("SELECT flags FROM visit WHERE id='v1'",
		  irregular ? "[\"irregular\"]" : "");
	on_server("SELECT count(*) FROM alarm WHERE rule='irregular'",
		  irregular ? "1" : "0");
}

static void a_visit_of_two_with_certificates_is_regular(void **state)
{
	(void)state;
	is_irregular(GOOD, false);
}

static void a_visit_of_one_without_a_certificate_is_irregular(void **state)
{
	(void)state;
	is_irregular("{'name':'x','state':'active'}", true);
}

static void a_certificate_that_is_suspended_is_none(void **state)
{
	(void)state;
	is_irregular("{'name':'x','state':'active','certificate':'ZJ-9',"
		     "'certificate_state':'suspended','certificate_from':"
		     "'2024-01-01','certificate_to':'2028-12-31'}",
		     true);
}

/* The number of o1. */
static void a_number_that_two_bear_is_nobodys(void **state)
{
	(void)state;
	is_irregular("{'name':'x','state':'active','certificate':'ZJ-1',"
		     "'certificate_state':'valid','certificate_from':"
		     "'2024-01-01','certificate_to':'2028-12-31'}",
		     true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_certificate_has_a_number_two_days_and_is_valid),
		TEST(a_visit_of_two_with_certificates_is_regular),
		TEST(a_visit_of_one_without_a_certificate_is_irregular),
		TEST(a_certificate_that_is_suspended_is_none),
		TEST(a_number_that_two_bear_is_nobodys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
