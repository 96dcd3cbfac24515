/* LIVES files whose rows come in another order, in parts, or with cells that
 * are no values. */
#include "unit/test_import_harness.h"

#include <sys/stat.h>

#include "domain/credit.h"
#include "domain/lives_order.h"

static struct import_report reports[LIVES_FILES];

static enum rc import_lives_at(const char *path)
{
	struct import_job job = { .scope = SCOPE, .file = path };
	enum rc rc;

	err = (struct err){ 0 };
	for (int i = 0; i < LIVES_FILES; i++)
		import_report_release(&reports[i]);
	rc = import_lives(&op, &job, reports);
	if (rc != RC_OK)
		print_message("%s\n", err.text);
	return rc;
}

static int lives_setup(void **state)
{
	int code = setup(state);

	memset(reports, 0, sizeof(reports));
	return code ? code : mkdir(in_dir("lives"), 0700);
}

static int lives_teardown(void **state)
{
	for (int i = 0; i < LIVES_FILES; i++)
		import_report_release(&reports[i]);
	return teardown(state);
}

static void import_folder(void)
{
	assert_int_equal(import_lives_at(in_dir("lives")), RC_OK);
}

static json_t *record_of(const char *kind, const char *source_id)
{
	const char *keys[] = { source_id, NULL };
	json_t *record = NULL;
	char id[21];

	import_id(id, "lives", kind, keys);
	if (ledger_record(&op, SCOPE, kind, id, &record) != RC_OK)
		fail_msg("no %s %s", kind, source_id);
	return record;
}

/* Has the record this flag? */
static bool is_flagged(const char *kind, const char *source_id,
		       const char *flag)
{
	json_t *r = record_of(kind, source_id), *one;
	bool found = false;
	size_t i;

	json_array_foreach(json_object_get(r, "flags"), i, one) found |=
		!strcmp(json_string_value(one), flag);
	json_decref(r);
	return found;
}

static int64_t head_position(void)
{
	struct head head;

	assert_int_equal(ledger_head(op.store, SCOPE, &head, &err), RC_OK);
	return head.position;
}

static void append(char text[400], const char *row)
{
	snprintf(text + strlen(text), 400 - strlen(text), "%s", row);
}

static void another_order_of_the_rows_changes_nothing(void **state)
{
	static const char *const rows[] = {
		"1,20240301,Routine,90\n", "1,20240301,Routine,80\n",
		"1,20240301,Routine,\n",   "1,20240301,Complaint,\n",
		"2,20240301,Routine,70\n", "1,20240301,Routine,90\n",
	};
	static const char *const found[] = {
		"1,20240301,7,Low Risk,dust\n",
		"1,20240301,7,High Risk,rats\n",
		"1,20240301,7,Low Risk,dust\n",
		"2,20240301,7,Low Risk,dust\n",
	};
	int64_t before = 0;

	(void)state;
	for (size_t turn = 0; turn < COUNT(rows); turn++) {
		char inspections[400] = "business_id,date,type,score\n";
		char violations[400] = "business_id,date,code,risk_category,"
				       "description\n";

		for (size_t i = 0; i < COUNT(rows); i++)
			append(inspections, rows[(i + turn) % COUNT(rows)]);
		for (size_t i = 0; i < COUNT(found); i++)
			append(violations, found[(i + turn) % COUNT(found)]);
		put_text("lives/businesses.csv",
			 turn % 2 ? "business_id,name\n2,b\n1,c\n1,a\n"
				  : "business_id,name\n1,a\n1,c\n2,b\n");
		put_text("lives/inspections.csv", inspections);
		put_text("lives/violations.csv", violations);
		import_folder();
		assert_int_equal(reports[0].refused, 1);
		assert_int_equal(note_of(&reports[1], "repeated"), 3);
		assert_int_equal(note_of(&reports[2], "repeated"), 1);
		if (turn > 0)
			assert_int_equal(head_position(), before);
		before = head_position();
	}
	assert_false(is_flagged("visit", "1:2024-03-01:Routine", "repeat"));
	assert_true(is_flagged("visit", "1:2024-03-01:Routine#4", "repeat"));
}

/* Which of equal keys is the first: the one that has a score. */
static void of_one_key_the_scored_row_is_the_first(void **state)
{
	json_t *r;

	(void)state;
	put_text("lives/businesses.csv", "business_id,name\n1,a\n");
	put_text("lives/inspections.csv",
		 "business_id,date,type,score\n1,20240301,Routine,\n"
		 "1,20240301,Routine,90\n");
	import_folder();
	r = record_of("visit", "1:2024-03-01:Routine");
	assert_int_equal(json_int(r, "score", 0), 90);
	json_decref(r);
}

static void a_number_is_by_key_and_content_alone(void **state)
{
	struct lives_order o = { 0 };
	uint32_t copy;

	(void)state;
	for (uint64_t i = 0; i < 3000; i++)
		assert_int_equal(order_add(&o, 1 + i % 3, i % 2, &err), RC_OK);
	order_sort(&o);
	assert_int_equal(order_number(&o, 2, 1, &copy), 501);
	assert_int_equal(copy, 1);
	assert_int_equal(order_number(&o, 2, 0, &copy), 1);
	assert_int_equal(order_number(&o, 2, 1, &copy), 502);
	assert_int_equal(copy, 2);
	assert_int_equal(order_number(&o, 9, 1, &copy), 1);
	order_release(&o);
}

/* A cell that cannot be what it should is dropped and flagged; the row, and
 * what hangs on it, stays. */
static void a_bad_cell_costs_no_row(void **state)
{
	static const struct {
		const char *cells;
		bool flagged;
	} places[] = {
		{ "37.5,-122.5", false }, { ",", false },
		{ "91,10", true },        { "37.5,190", true },
		{ "0,0", true },          { "north,10", true },
		{ "37.5,", true },        { "0.000000,0.000000", true },
	};
	static const struct {
		const char *cell;
		bool flagged;
	} scores[] = { { "95", false },  { "", false },   { "A", true },
		       { "95.5", true }, { "101", true }, { "-1", true },
		       { "0", false } };
	char text[800] = "business_id,name,latitude,longitude\n", id[40];
	json_t *r;

	(void)state;
	for (size_t i = 0; i < COUNT(places); i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "b%zu,x,%s\n", i, places[i].cells);
	put_text("lives/businesses.csv", text);
	snprintf(text, sizeof(text), "business_id,date,score\n");
	for (size_t i = 0; i < COUNT(scores); i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "b2,2024-03-0%zu,%s\n", i + 1, scores[i].cell);
	put_text("lives/inspections.csv", text);
	put_text("lives/violations.csv",
		 "business_id,date,code\nb2,2024-03-03,7\n");
	import_folder();
	for (int i = 0; i < LIVES_FILES; i++)
		assert_int_equal(reports[i].refused, 0);
	assert_int_equal(note_of(&reports[0], "coordinates that are no place"),
			 6);
	assert_int_equal(note_of(&reports[0], "without coordinates"), 7);
	assert_int_equal(
		note_of(&reports[1], "scores that are no number from 0 to 100"),
		4);
	assert_int_equal(note_of(&reports[2], "without an inspection"), 0);
	for (size_t i = 0; i < COUNT(places); i++) {
		snprintf(id, sizeof(id), "b%zu", i);
		assert_int_equal(is_flagged("subject", id, "position_unread"),
				 places[i].flagged);
		r = record_of("subject", id);
		assert_int_equal(json_object_get(r, "latitude") != NULL,
				 i == 0);
		json_decref(r);
	}
	for (size_t i = 0; i < COUNT(scores); i++) {
		snprintf(id, sizeof(id), "b2:2024-03-0%zu:", i + 1);
		assert_int_equal(is_flagged("visit", id, "score_unread"),
				 scores[i].flagged);
	}
}

/* Refused rows, corrected, are imported as they are; what they belong to is on
 * record, and so is what they must not replace. */
static void refused_rows_come_in_by_themselves(void **state)
{
	char path[200];
	json_t *r;

	(void)state;
	put_text("lives/businesses.csv", "business_id,name\n1,a\n2,\n");
	put_text("lives/inspections.csv",
		 "business_id,date,type\n1,20240230,Routine\n"
		 "1,20240305,Routine\n");
	put_text("lives/violations.csv", "business_id,date,code\n"
					 "1,20240301,7\n2,20240305,8\n");
	import_folder();
	assert_true(is_flagged("violation", "1:2024-03-01:7", "no_inspection"));
	for (int i = 0; i < LIVES_FILES; i++)
		assert_int_equal(reports[i].refused, 1);
	put_text("lives/businesses.csv.rejects.csv",
		 "refused_line,refused_why,business_id,name\n3,no name,2,b\n");
	put_text("lives/inspections.csv.rejects.csv",
		 "refused_line,refused_why,business_id,date,type\n"
		 "2,no day,1,20240301,Routine\n");
	snprintf(path, sizeof(path), "%s",
		 in_dir("lives/businesses.csv.rejects.csv"));
	assert_int_equal(import_lives_at(path), RC_OK);
	assert_int_equal(reports[0].added, 1);
	assert_true(reports[1].left_out && reports[2].left_out);
	for (int again = 0; again < 2; again++) {
		snprintf(path, sizeof(path), "%s",
			 in_dir("lives/inspections.csv.rejects.csv"));
		assert_int_equal(import_lives_at(path), RC_OK);
		assert_int_equal(reports[1].added, !again);
		assert_int_equal(reports[1].same, again);
		snprintf(path, sizeof(path), "%s",
			 in_dir("lives/violations.csv.rejects.csv"));
		assert_int_equal(import_lives_at(path), RC_OK);
		assert_int_equal(reports[2].added, !again);
		assert_int_equal(reports[2].refused, 0);
	}
	/* The folder again: the finding finds its inspection. */
	import_folder();
	r = record_of("violation", "1:2024-03-01:7");
	assert_non_null(json_object_get(r, "visit"));
	assert_null(json_object_get(r, "flags"));
	json_decref(r);
	/* What is on record under its key is another row's. */
	put_text("lives/inspections.csv.rejects.csv",
		 "refused_line,refused_why,business_id,date,type,score\n"
		 "2,no day,1,20240301,Routine,50\n");
	snprintf(path, sizeof(path), "%s",
		 in_dir("lives/inspections.csv.rejects.csv"));
	assert_int_equal(import_lives_at(path), RC_OK);
	assert_int_equal(reports[1].refused, 1);
	assert_non_null(strstr(reports[1].shown[0].why, "says something else"));
	put_text("lives/other.csv", "a\n");
	assert_int_equal(import_lives_at(in_dir("lives/other.csv")),
			 RC_INVALID);
	assert_non_null(strstr(err.text, "inspections.csv.rejects.csv"));
}

/* One of two equal rows costs, and the reasons say what became of the other. */
static void what_a_source_has_twice_deducts_once(void **state)
{
	struct rate_options options = { .as_of = "2024-06-30",
					.schema = "schema" };
	json_t *sum, *reasons, *facts, *s1;

	(void)state;
	put_text("lives/businesses.csv", "business_id,name\n1,a\n");
	put_text("lives/inspections.csv", "business_id,date,type\n"
					  "1,20240301,Routine\n"
					  "1,20240301,Routine\n");
	put_text("lives/violations.csv",
		 "business_id,date,code,risk_category,description\n"
		 "1,20240301,7,High Risk,rats\n1,20240301,7,High Risk,rats\n"
		 "1,20240401,7,Low Risk,dust\n");
	import_folder();
	s1 = record_of("subject", "1");
	assert_int_equal(rate_explain(&op, SCOPE, json_text(s1, "id"), &options,
				      NULL, &sum),
			 RC_OK);
	assert_int_equal(json_int(sum, "score", 0), 1000 - 40 - 5);
	reasons = json_object_get(sum, "reasons");
	assert_int_equal(json_int(reasons, "repeated", 0), 1);
	assert_int_equal(json_int(reasons, "visits", 0), 1);
	assert_int_equal(json_int(reasons, "visits_repeated", 0), 1);
	facts = json_object_get(reasons, "facts");
	assert_int_equal(json_array_size(facts), 2);
	assert_true(json_is_true(
		json_object_get(json_array_get(facts, 0), "no_inspection")));
	assert_null(json_object_get(json_array_get(facts, 1), "no_inspection"));
	json_decref(sum);
	json_decref(s1);
}

#undef TEST
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, lives_setup, lives_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(another_order_of_the_rows_changes_nothing),
		TEST(of_one_key_the_scored_row_is_the_first),
		TEST(a_bad_cell_costs_no_row),
		TEST(refused_rows_come_in_by_themselves),
		TEST(what_a_source_has_twice_deducts_once),
		cmocka_unit_test(a_number_is_by_key_and_content_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
