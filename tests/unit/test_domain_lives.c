/* Folders in the open LIVES format. */
#include "unit/test_import_harness.h"

#include <sys/stat.h>

static enum rc import_folder(const char *folder, bool latin1,
			     struct import_report reports[LIVES_FILES])
{
	struct import_job job = { .scope = SCOPE,
				  .file = folder,
				  .encoding = latin1 ? CSV_LATIN1 : CSV_UTF8 };
	enum rc rc;

	err = (struct err){ 0 };
	rc = import_lives(&op, &job, reports);
	if (rc != RC_OK)
		print_message("%s\n", err.text);
	for (int i = 0; i < LIVES_FILES; i++)
		import_report_release(&reports[i]);
	return rc;
}

struct lives_want {
	int businesses, no_coordinates, latin1, inspections, repeated, unscored,
		violations, violations_repeated, no_inspection;
};

static void expect_lives(const struct import_report r[LIVES_FILES],
			 const struct lives_want *w, bool again)
{
	const int64_t rows[] = { w->businesses, w->inspections, w->violations };

	for (int i = 0; i < LIVES_FILES; i++) {
		assert_int_equal(r[i].read, rows[i]);
		assert_int_equal(r[i].added, again ? 0 : rows[i]);
		assert_int_equal(r[i].same, again ? rows[i] : 0);
		assert_int_equal(r[i].changed, 0);
		assert_int_equal(r[i].refused, 0);
	}
	assert_int_equal(note_of(&r[0], "without coordinates"),
			 w->no_coordinates);
	assert_int_equal(note_of(&r[0], "rows converted from Latin-1"),
			 w->latin1);
	assert_int_equal(note_of(&r[1], "repeated"), w->repeated);
	assert_int_equal(note_of(&r[1], "without score"), w->unscored);
	assert_int_equal(note_of(&r[2], "repeated"), w->violations_repeated);
	assert_int_equal(note_of(&r[2], "without an inspection"),
			 w->no_inspection);
}

/* The id that import_id gives; the keys are the source's numbers. */
static const char *id_of(const char *kind, const char *source_id)
{
	static char id[21];
	const char *keys[] = { source_id, NULL };

	import_id(id, "lives", kind, keys);
	return id;
}

static json_t *record_of(const char *kind, const char *source_id)
{
	json_t *record;

	assert_int_equal(ledger_record(&op, SCOPE, kind, id_of(kind, source_id),
				       &record),
			 RC_OK);
	return record;
}

static void lives_sample_becomes_records(void **state)
{
	static const struct lives_want want = {
		40, 13, 1, 79, 3, 27, 123, 2, 2
	};
	struct import_report reports[LIVES_FILES];
	json_t *r;

	(void)state;
	assert_int_equal(import_folder("fixtures/lives-sample", true, reports),
			 RC_OK);
	expect_lives(reports, &want, false);
	r = record_of("subject", "304");
	assert_string_equal(json_text(r, "name"), "Pe\xc3\xb1"
						  "a Azul");
	assert_null(json_object_get(r, "latitude"));
	assert_string_equal(json_text(r, "state"), "in_business");
	json_decref(r);
	r = record_of("subject", "307");
	assert_string_equal(json_text(r, "address"),
			    "1 PIER, BUILDING B,\nSECOND FLOOR, Port Lantern, "
			    "CA 99103");
	assert_int_equal(json_int(r, "latitude", 0), 377812340);
	assert_int_equal(json_int(r, "longitude", 0), -1224123450);
	json_decref(r);
	/* The scored inspection of the day, though it stands second. */
	r = record_of("violation", "301:2017-03-01:103120");
	assert_string_equal(
		json_text(r, "visit"),
		id_of("visit", "301:2017-03-01:Routine - Unscheduled"));
	assert_string_equal(json_text(r, "severity"), "moderate");
	assert_null(json_object_get(r, "flags"));
	json_decref(r);
	r = record_of("violation", "307:2014-01-01:103154");
	assert_null(json_object_get(r, "visit"));
	assert_string_equal(json_string_value(json_array_get(
				    json_object_get(r, "flags"), 0)),
			    "no_inspection");
	json_decref(r);
	assert_int_equal(import_folder("fixtures/lives-sample", true, reports),
			 RC_OK);
	expect_lives(reports, &want, true);
}

static void lives_refuses_rows_and_goes_on(void **state)
{
	struct import_report reports[LIVES_FILES];
	char folder[96];

	(void)state;
	snprintf(folder, sizeof(folder), "%s/lives", dir);
	assert_int_equal(mkdir(folder, 0700), 0);
	put_text("lives/businesses.csv",
		 "NAME,Business_ID,extra\na,1,x\nb,,x\n,3,x\nc,1,x\nd\n");
	put_text("lives/inspections.csv",
		 "business_id,date\n1,20240229\n1,20230229\n3,20240101\n"
		 "1,20240229\n");
	put_text("lives/violations.csv",
		 "code,date,business_id\n7,20240229,1\n");
	assert_int_equal(import_folder(folder, false, reports), RC_OK);
	assert_int_equal(reports[0].read, 5);
	assert_int_equal(reports[0].added, 1);
	assert_int_equal(reports[0].refused, 4);
	assert_int_equal(reports[1].added, 2);
	assert_int_equal(reports[1].refused, 2);
	assert_int_equal(note_of(&reports[1], "repeated"), 1);
	assert_int_equal(reports[2].added, 1);
	put_text("lives/businesses.csv", "name\na\n");
	assert_int_equal(import_folder(folder, false, reports), RC_INVALID);
	assert_non_null(strstr(err.text, "'businesses.csv' has no column "
					 "'business_id'"));
}

static json_t *flag_of(const char *kind, const char *source_id)
{
	json_t *r = record_of(kind, source_id);
	json_t *flags = json_incref(json_object_get(r, "flags"));

	json_decref(r);
	return flags;
}

/* What is no check is flagged, by words that any city may use; a city without
 * violations, with a byte order mark and CR LF; a flag goes with its cause. */
static void lives_flags_visits_that_are_no_check(void **state)
{
	static const struct {
		const char *type;
		bool counts;
	} types[] = {
		{ "New Construction", false },
		{ "New Ownership - Followup", false },
		{ "Non-inspection site visit", false },
		{ "Structural Inspection", false },
		{ "CHANGE OF OWNERSHIP", false },
		{ "Routine - Unscheduled", true },
		{ "Complaint", true },
	};
	struct import_report reports[LIVES_FILES];
	char folder[96], text[1024] = "business_id,date,type\r\n", source[80];
	json_t *flags;

	(void)state;
	snprintf(folder, sizeof(folder), "%s/lives", dir);
	assert_int_equal(mkdir(folder, 0700), 0);
	put_text("lives/businesses.csv",
		 "\xef\xbb\xbf\"business_id\",name\r\n1,\"a\nb\"\r\n");
	for (size_t i = 0; i < COUNT(types); i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "1,2024-02-29,%s\r\n", types[i].type);
	put_text("lives/inspections.csv", text);
	assert_int_equal(import_folder(folder, false, reports), RC_OK);
	assert_true(reports[2].absent);
	assert_int_equal(reports[1].added, COUNT(types));
	assert_int_equal(note_of(&reports[1], "visits that are no check"), 5);
	for (size_t i = 0; i < COUNT(types); i++) {
		snprintf(source, sizeof(source), "1:2024-02-29:%s",
			 types[i].type);
		flags = flag_of("visit", source);
		assert_int_equal(json_array_size(flags), !types[i].counts);
		if (flags)
			assert_string_equal(
				json_string_value(json_array_get(flags, 0)),
				"not_counted");
		json_decref(flags);
	}
	put_text("lives/violations.csv",
		 "business_id,date,code\n1,2024-03-01,7\n");
	assert_int_equal(import_folder(folder, false, reports), RC_OK);
	flags = flag_of("violation", "1:2024-03-01:7");
	assert_int_equal(json_array_size(flags), 1);
	json_decref(flags);
	put_text("lives/inspections.csv",
		 "business_id,date,type\n1,2024-03-01,Complaint\n");
	assert_int_equal(import_folder(folder, false, reports), RC_OK);
	assert_int_equal(reports[2].changed, 1);
	flags = flag_of("violation", "1:2024-03-01:7");
	assert_int_equal(json_array_size(flags), 0);
	json_decref(flags);
}

/* An id can be had by another way than from the source. */
static void what_another_source_recorded_is_left_alone(void **state)
{
	static const char inspections[] =
		"business_id,date,type,score\n1,2024-03-01,Routine,%d\n";
	struct import_report reports[LIVES_FILES];
	char folder[160], text[200];
	json_t *record;

	(void)state;
	snprintf(folder, sizeof(folder), "%s", in_dir("lives"));
	assert_int_equal(mkdir(folder, 0700), 0);
	put_text("lives/businesses.csv", "business_id,name\n1,a\n");
	put_text("lives/inspections.csv", "business_id,date\n");
	assert_int_equal(import_folder(folder, false, reports), RC_OK);
	snprintf(text, sizeof(text), "id,subject,visited_on,score,source\n%s,",
		 id_of("visit", "1:2024-03-01:Routine"));
	snprintf(text + strlen(text), sizeof(text) - strlen(text),
		 "%s,2024-03-01,90,tax\n", id_of("subject", "1"));
	assert_int_equal(import_text("visit", SCOPE, text), RC_OK);
	snprintf(text, sizeof(text), inspections, 70);
	put_text("lives/inspections.csv", text);
	assert_int_equal(import_folder(folder, false, reports), RC_OK);
	assert_int_equal(reports[1].refused, 1);
	record = record_of("visit", "1:2024-03-01:Routine");
	assert_int_equal(json_int(record, "score", 0), 90);
	json_decref(record);
}

/* A source corrects what it said itself. */
static void a_source_changes_what_it_recorded(void **state)
{
	struct import_report reports[LIVES_FILES];
	char folder[160];

	(void)state;
	snprintf(folder, sizeof(folder), "%s", in_dir("lives"));
	assert_int_equal(mkdir(folder, 0700), 0);
	put_text("lives/businesses.csv", "business_id,name\n1,a\n");
	put_text("lives/inspections.csv",
		 "business_id,date,type,score\n1,2024-03-01,Routine,70\n");
	assert_int_equal(import_folder(folder, false, reports), RC_OK);
	put_text("lives/inspections.csv",
		 "business_id,date,type,score\n1,2024-03-01,Routine,75\n");
	assert_int_equal(import_folder(folder, false, reports), RC_OK);
	assert_int_equal(reports[1].changed, 1);
	assert_int_equal(note_of(&reports[1], "recorded facts altered"), 1);
	assert_int_equal(import_folder(folder, false, reports), RC_OK);
	assert_int_equal(reports[1].same, 1);
	/* Not counted at zero: the three that always are. */
	assert_int_equal(reports[1].nnotes, 3);
}

static void lives_of_san_francisco_adds_up(void **state)
{
	static const struct lives_want want = { 6359,  3027,  8,  25863, 188,
						12081, 37965, 41, 104 };
	static const char folder[] = "../shared/data/lives-san-francisco";
	struct import_report reports[LIVES_FILES];

	(void)state;
	if (!getenv("HUFU_LARGE") || access(folder, R_OK) != 0) {
		print_message("70,187 rows: set HUFU_LARGE, and have '%s'\n",
			      folder);
		skip();
	}
	assert_int_equal(import_folder(folder, true, reports), RC_OK);
	expect_lives(reports, &want, false);
	assert_int_equal(import_folder(folder, true, reports), RC_OK);
	expect_lives(reports, &want, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lives_sample_becomes_records),
		TEST(lives_refuses_rows_and_goes_on),
		TEST(lives_flags_visits_that_are_no_check),
		TEST(what_another_source_recorded_is_left_alone),
		TEST(a_source_changes_what_it_recorded),
		TEST(lives_of_san_francisco_adds_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
