/* What the office enters, by a file or by hand: states, towns, codes, and the
 * order in which refusals are told. */
#include "unit/test_import_harness.h"

#include "domain/entry.h"

static void put_divisions(void)
{
	assert_int_equal(
		import_text("division", "catalog",
			    "code,name,level,valid_to\n"
			    "330106000000,c,county,\n330106002000,t,town,\n"
			    "330106009000,gone,town,2020-12-31\n"),
		RC_OK);
	expect(3, 3, 0, 0, 0);
}

/* Of a town that was abolished there are still records. */
static void a_town_is_one_that_the_divisions_have_or_had(void **state)
{
	static const char text[] = "id,name,town\ns1,a,002\ns2,b,777\n"
				   "s3,c,009\ns4,d,000\ns5,e,\n";

	(void)state;
	assert_int_equal(import_text("subject", SCOPE, text), RC_OK);
	expect(5, 5, 0, 0, 0);
	put_divisions();
	assert_int_equal(import_text("subject", SCOPE, text), RC_OK);
	expect(5, 0, 0, 4, 1);
	assert_string_equal(report.shown[0].why,
			    "there is no town '777' among the divisions of "
			    "scope 330106");
	/* Nothing is known of another scope's. */
	assert_int_equal(import_text("subject", "330108", text), RC_OK);
	expect(5, 5, 0, 0, 0);
}

/* A file says how records began; an older file again changes nothing, and what
 * the state table does not allow is refused with the whole row. */
static void a_state_is_a_beginning_or_a_legal_move(void **state)
{
	static const char began[] = "id,subject,state,officers\n"
				    "a1,s1,draft,o1;o2\n";
	static const struct {
		const char *text;
		int changed, same;
		const char *why;
	} steps[] = {
		{ began, 0, 1, NULL },
		{ "id,subject,state\na1,s1,issued\n", 1, 0, NULL },
		{ began, 0, 1, NULL },
		{ "id,subject,state\na1,s1,issued\n", 0, 1, NULL },
		{ "id,subject,state,instructions\na1,s1,closed,x\n", 0, 0,
		  "'state' cannot go from 'issued' to 'closed', only to" },
		{ "id,subject,state,instructions\na1,s1,draft,x\n", 1, 0,
		  NULL },
		{ "id,subject,state\na2,s1,done\n", 0, 0,
		  "'state' cannot begin as 'done', only as draft, issued" },
	};

	(void)state;
	assert_int_equal(import_text("subject", SCOPE, "id,name\ns1,a\n"),
			 RC_OK);
	assert_int_equal(import_text("officer", SCOPE, "id,name\no1,a\no2,b\n"),
			 RC_OK);
	assert_int_equal(import_text("assignment", SCOPE, began), RC_OK);
	expect(1, 1, 0, 0, 0);
	for (size_t i = 0; i < COUNT(steps); i++) {
		assert_int_equal(
			import_text("assignment", SCOPE, steps[i].text), RC_OK);
		expect(1, 0, steps[i].changed, steps[i].same,
		       steps[i].why != NULL);
		if (steps[i].why)
			assert_non_null(
				strstr(report.shown[0].why, steps[i].why));
	}
	expect_record(SCOPE, "assignment", "a1",
		      "{\"id\":\"a1\",\"instructions\":\"x\","
		      "\"officers\":[\"o1\",\"o2\"],\"scope\":"
		      "\"330106\",\"state\":\"issued\",\"subject\":\"s1\","
		      "\"town\":\"000\"}");
}

/* A state that is a beginning, but not this record's, is a move too. */
static void another_beginning_is_refused_where_no_move_leads(void **state)
{
	(void)state;
	assert_int_equal(import_text("subject", SCOPE, "id,name\ns1,a\n"),
			 RC_OK);
	assert_int_equal(
		import_text("visit", SCOPE, "id,subject,state\nv1,s1,open\n"),
		RC_OK);
	assert_int_equal(
		import_text("visit", SCOPE,
			    "id,subject,state,summary\nv1,s1,recorded,x\n"
			    "v2,s1,recorded,y\n"),
		RC_OK);
	expect(2, 1, 0, 0, 1);
	assert_non_null(strstr(report.shown[0].why,
			       "cannot go from 'open' to 'recorded'"));
	expect_record(SCOPE, "visit", "v1",
		      "{\"id\":\"v1\",\"scope\":\"330106\",\"source\":"
		      "\"visit\",\"state\":\"open\",\"subject\":\"s1\","
		      "\"town\":\"000\"}");
}

/* A row of what has been says its state only where it is another. */
static void a_row_without_a_state_is_of_the_past(void **state)
{
	(void)state;
	assert_int_equal(import_text("subject", SCOPE, "id,name\ns1,a\n"),
			 RC_OK);
	assert_int_equal(import_text("visit", SCOPE, "id,subject\nv1,s1\n"),
			 RC_OK);
	expect_record(SCOPE, "visit", "v1",
		      "{\"id\":\"v1\",\"scope\":\"330106\",\"source\":"
		      "\"visit\",\"state\":\"recorded\",\"subject\":\"s1\","
		      "\"town\":\"000\"}");
	assert_int_equal(
		import_text("violation", SCOPE, "id,visit,state\nw1,v1,\n"),
		RC_OK);
	expect_record(SCOPE, "violation", "w1",
		      "{\"id\":\"w1\",\"scope\":\"330106\",\"source\":"
		      "\"violation\",\"state\":\"open\",\"town\":\"000\","
		      "\"visit\":\"v1\"}");
	/* A record that has a state keeps it, and the file changes nothing. */
	assert_int_equal(
		import_text("visit", SCOPE, "id,subject,state\nv2,s1,open\n"),
		RC_OK);
	assert_int_equal(
		import_text("visit", SCOPE, "id,subject\nv1,s1\nv2,s1\n"),
		RC_OK);
	expect(2, 0, 0, 2, 0);
}

/* The words say it, whoever imports: nobody's right to flags is asked for. A
 * record that stands keeps what it is. */
static void a_new_row_is_flagged_as_its_words_are(void **state)
{
	(void)state;
	assert_int_equal(import_text("subject", SCOPE, "id,name\ns1,a\n"),
			 RC_OK);
	for (int again = 0; again < 2; again++) {
		assert_int_equal(import_text("visit", SCOPE,
					     "id,subject,visit_type\n"
					     "v1,s1,登记地址核实\nv2,s1,日常\n"
					     "v3,s1,New CONSTRUCTION\n"),
				 RC_OK);
		expect(3, again ? 0 : 3, 0, again ? 3 : 0, 0);
		if (!again)
			assert_int_equal(
				note_of(&report, "visits that are no check"),
				2);
	}
	expect_record(SCOPE, "visit", "v1",
		      "{\"flags\":[\"not_counted\"],\"id\":\"v1\","
		      "\"scope\":\"330106\",\"source\":\"visit\","
		      "\"state\":\"recorded\",\"subject\":\"s1\","
		      "\"town\":\"000\",\"visit_type\":"
		      "\"登记地址核实\"}");
	expect_record(SCOPE, "visit", "v2",
		      "{\"id\":\"v2\",\"scope\":\"330106\","
		      "\"source\":\"visit\",\"state\":\"recorded\","
		      "\"subject\":\"s1\",\"town\":\"000\","
		      "\"visit_type\":\"日常\"}");
	/* No other flag comes in with it. */
	assert_int_equal(import_text("visit", SCOPE,
				     "id,subject,visit_type,flags\n"
				     "v4,s1,structural,not_counted\n"
				     "v5,s1,structural,repeat\n"
				     "v6,s1,日常,not_counted\n"),
			 RC_OK);
	expect(3, 1, 0, 0, 2);
	assert_non_null(strstr(report.shown[0].why, "'flags' of 'visit'"));
}

/* Some are refused when they are read and some when they are written. */
static void refusals_stand_in_the_order_of_the_file(void **state)
{
	static const char want[] =
		"refused_line,refused_why,id,subject,visited_on,score\r\n"
		"3,field 'subject': there is no subject 's9' in scope 330106,"
		"v2,s9,2026-01-01,\r\n"
		"4,field 'visited_on': 'soon' is not a date like 2026-11-22,"
		"v3,s1,soon,\r\n"
		"5,visit 'v4': field 'visited_on' is yet to come: it cannot be "
		"later than today,v4,s1,2031-01-01,\r\n"
		"6,\"5 columns, the header has 4\",v5,s1,2026-01-01,,\r\n"
		"7,\"visit 'v6': field 'score' is -3, and at least 0\",v6,s1,"
		"2026-01-01,-3\r\n";

	(void)state;
	assert_int_equal(import_text("subject", SCOPE, "id,name\ns1,a\n"),
			 RC_OK);
	assert_int_equal(
		import_text("visit", SCOPE,
			    "id,subject,visited_on,score\n"
			    "v1,s1,2026-01-01,\nv2,s9,2026-01-01,\n"
			    "v3,s1,soon,\nv4,s1,2031-01-01,\n"
			    "v5,s1,2026-01-01,,\nv6,s1,2026-01-01,-3\n"),
		RC_OK);
	expect(6, 1, 0, 0, 5);
	assert_string_equal(get_file("a.csv.rejects.csv"), want);
}

static void a_file_of_2000_refusals_keeps_all_of_them(void **state)
{
	size_t n = LEDGER_BATCH_RECORDS + 7, room = n * 16 + 64, len;
	char *text = malloc(room);

	(void)state;
	assert_non_null(text);
	len = (size_t)snprintf(text, room, "id,name\n");
	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, room - len, "S%zu,n\n", i);
	assert_int_equal(import_text("subject", SCOPE, text), RC_OK);
	expect((int)n, 0, 0, 0, (int)n);
	free(text);
}

static void industries_are_codes_of_the_standard(void **state)
{
	static const struct {
		const char *industry;
		bool legal;
	} cases[] = {
		{ "H6210", true },  { "6210", true },    { "H", true },
		{ "62", true },     { "U62", false },    { "h62", false },
		{ "62100", false }, { "H62100", false }, { "HH", false },
		{ "food", false },
	};
	const struct kind *k = registry_kind(op.store->kinds, "subject");

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		json_t *given =
			json_pack("{s:s}", "industry", cases[i].industry);
		struct entry_towns towns = { 0 };
		struct entry_fact fact = { 0 };
		struct err why = { 0 };

		assert_int_equal(
			entry_check(&op, SCOPE, k, &towns, given, &fact, &why),
			cases[i].legal ? RC_OK : RC_INVALID);
		json_decref(given);
	}
}

static void computed_kinds_say_who_makes_them(void **state)
{
	(void)state;
	assert_int_equal(import_text("rating", SCOPE, "id,subject\nr1,s1\n"),
			 RC_DENIED);
	assert_string_equal(err.text, "records of kind 'rating' are computed "
				      "by 'hufud rate', and not set");
	assert_int_equal(import_text("server_key", "catalog", "id\nr1\n"),
			 RC_DENIED);
	assert_non_null(strstr(err.text, "by the server alone"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_town_is_one_that_the_divisions_have_or_had),
		TEST(a_state_is_a_beginning_or_a_legal_move),
		TEST(another_beginning_is_refused_where_no_move_leads),
		TEST(a_row_without_a_state_is_of_the_past),
		TEST(a_new_row_is_flagged_as_its_words_are),
		TEST(refusals_stand_in_the_order_of_the_file),
		TEST(a_file_of_2000_refusals_keeps_all_of_them),
		TEST(industries_are_codes_of_the_standard),
		TEST(computed_kinds_say_who_makes_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
