/* CSV files of any kind. */
#include "unit/test_import_harness.h"

#include "base/fault.h"
#include "domain/import_map.h"
#include "domain/import_seen.h"

static void import_takes_subjects_by_their_code(void **state)
{
	static const char text[] =
		"uscc,name,town,latitude,longitude,tags\r\n"
		"91330106MA20003340,\xe7\x94\xb2,002,30.2741,120,b;a;b\r\n"
		" 91330106ma2000211y ,=\"\xe4\xb9\x99\",,,,\r\n";

	(void)state;
	/* The quote inside a plain cell refuses the second row. */
	assert_int_equal(import_text("subject", SCOPE, text), RC_OK);
	expect(2, 1, 0, 0, 1);
	expect_record(SCOPE, "subject", "91330106ma20003340",
		      "{\"id\":\"91330106ma20003340\","
		      "\"latitude\":302741000,\"longitude\":1200000000,"
		      "\"name\":\"\xe7\x94\xb2\",\"scope\":\"330106\","
		      "\"source\":\"subject\",\"tags\":[\"a\",\"b\"],\"town\":"
		      "\"002\","
		      "\"uscc\":\"91330106MA20003340\"}");
	assert_int_equal(import_text("subject", SCOPE,
				     "uscc,name\n"
				     " 91330106ma2000211y ,'=B\n"),
			 RC_OK);
	expect(1, 1, 0, 0, 0);
	expect_record(SCOPE, "subject", "91330106ma2000211y",
		      "{\"id\":\"91330106ma2000211y\",\"name\":\"=B\","
		      "\"scope\":\"330106\",\"source\":\"subject\","
		      "\"town\":\"000\",\"uscc\":\"91330106MA2000211Y\"}");
}

static void expect_subject(const char *key, const char *flags, const char *uscc)
{
	const char *keys[] = { key, NULL };
	json_t *record;
	char id[21], *text;

	import_id(id, "subject", "subject", keys);
	assert_int_equal(ledger_record(&op, SCOPE, "subject", id, &record),
			 RC_OK);
	text = json_dumps(json_object_get(record, "flags"), JSON_COMPACT);
	assert_string_equal(text ? text : "", flags);
	free(text);
	text = (char *)(uintptr_t)json_text(record, "uscc");
	assert_string_equal(text ? text : "", uscc);
	json_decref(record);
}

/* The invalid vector, a wrong last character, a valid code whose organisation
 * code fails its own check. */
static void import_flags_codes_with_a_wrong_check_character(void **state)
{
	(void)state;
	assert_int_equal(import_text("subject", SCOPE,
				     "source_id,uscc,name,flags\n"
				     "k1,91350100M000100Y4Z,a,\n"
				     "k2,91330106ma20003341,b,\n"
				     "k3,91330106MA20003353,c,\n"
				     "k4,9133010SMA20003340,d,\n"
				     "k5,\xef\xbc\x99"
				     "1330106MA20003340,e,\n"),
			 RC_OK);
	expect(5, 3, 0, 0, 2);
	assert_int_equal(note_of(&report, "credit codes with a wrong check "
					  "character"),
			 2);
	expect_subject("k1", "[\"uscc_check\"]", "91350100M000100Y4Z");
	expect_subject("k2", "[\"uscc_check\"]", "91330106MA20003341");
	/* They are nobody's opinion. */
	assert_int_equal(import_text("subject", SCOPE,
				     "source_id,flags\nk2,own\nk1,uscc_check\n"
				     "k3,\nk4,\n"),
			 RC_OK);
	expect(4, 0, 0, 1, 3);
	assert_non_null(strstr(report.shown[0].why,
			       "field 'flags' of 'subject': it is set by "
			       "server, import"));
	/* A flag goes with its cause, and only then. */
	assert_int_equal(
		import_text("subject", SCOPE, "source_id,name\nk2,B\n"), RC_OK);
	expect_subject("k2", "[\"uscc_check\"]", "91330106MA20003341");
	assert_int_equal(import_text("subject", SCOPE,
				     "source_id,uscc,id\n"
				     "k2,91330106MA20003340,\n"),
			 RC_OK);
	expect(1, 0, 1, 0, 0);
	expect_subject("k2", "", "91330106MA20003340");
	assert_int_equal(import_text("subject", SCOPE, "source_id,uscc\nk1,\n"),
			 RC_OK);
	expect(1, 0, 1, 0, 0);
	expect_subject("k1", "", "");
}

static void import_takes_subjects_without_a_code(void **state)
{
	static const char text[] = "uscc,name,address\n"
				   "330106600012345,\xe7\x94\xb2,road 1\n"
				   ",stall,road 2\n"
				   "91330106MA20003341,c,road 3\n"
				   ",stall,\n";
	static const char *const want[] = {
		"\"registration_no\":\"330106600012345\"", "\"stall\"",
		"uscc_check"
	};
	const char *keys[][3] = { { "330106600012345" },
				  { "stall", "road 2" },
				  { "91330106MA20003341" } };

	(void)state;
	assert_int_equal(import_text("subject", SCOPE, text), RC_OK);
	expect(4, 3, 0, 0, 1);
	assert_non_null(strstr(report.shown[0].why, "'source_id' is empty"));
	for (int i = 0; i < 3; i++) {
		char id[21], *bytes;
		int64_t position;
		size_t n;

		import_id(id, "subject", "subject", keys[i]);
		assert_int_equal(store_record(op.store, SCOPE, "subject", id,
					      &bytes, &n, &position, &err),
				 RC_OK);
		assert_non_null(strstr(bytes, want[i]));
		free(bytes);
	}
	assert_int_equal(import_text("subject", SCOPE, text), RC_OK);
	expect(4, 0, 0, 3, 1);
}

static void import_tells_each_refusal_and_remark_by_its_line(void **state)
{
	struct import_job job = { .kind = "subject", .scope = SCOPE };
	const char *text;

	(void)state;
	put_text("t.csv", "id,uscc,name\ns1,91330106MA20003341,a\n"
			  "S2,,b\ns3,,\"c\nc\"\ns3,,d\n");
	job.lines = fopen(in_dir("lines"), "wb");
	job.file = in_dir("t.csv");
	assert_int_equal(import_csv(&op, &job, &report), RC_OK);
	assert_int_equal(fclose(job.lines), 0);
	text = get_file("lines");
	assert_string_equal(
		text,
		"t.csv,2,flagged,credit codes with a wrong check character,"
		"s1\r\n"
		"t.csv,3,refused,id 'S2' is not 1 to 32 of a-z and 0-9,\r\n"
		"t.csv,6,refused,repeats the record of line 4,\r\n");
	assert_null(get_file("t.csv.rejects.csv.part"));
}

static void import_twice_changes_nothing(void **state)
{
	static const char text[] = "source_id,name\nx1,a\nx2,b\nx3,c\n";
	struct head before, after;

	(void)state;
	assert_int_equal(import_text("subject", SCOPE, text), RC_OK);
	expect(3, 3, 0, 0, 0);
	assert_int_equal(ledger_head(op.store, SCOPE, &before, &err), RC_OK);
	assert_int_equal(
		import_path("subject", SCOPE,
			    put_file("other.csv", text, sizeof(text) - 1),
			    false),
		RC_OK);
	expect(3, 0, 0, 3, 0);
	assert_int_equal(ledger_head(op.store, SCOPE, &after, &err), RC_OK);
	assert_int_equal(after.position, before.position);
	assert_true(oid_equal(&after.commit, &before.commit));
}

static void import_changes_only_the_columns_it_has(void **state)
{
	(void)state;
	assert_int_equal(import_text("subject", SCOPE,
				     "id,name,address,phone,town\n"
				     "s1,a,road 1,1,002\n"),
			 RC_OK);
	assert_int_equal(
		import_text("subject", SCOPE, "id,name,phone\ns1,b,\n"), RC_OK);
	expect(1, 0, 1, 0, 0);
	expect_record(SCOPE, "subject", "s1",
		      "{\"address\":\"road 1\",\"id\":\"s1\",\"name\":\"b\","
		      "\"scope\":\"330106\",\"source\":\"subject\","
		      "\"town\":\"002\"}");
}

/* A tablet may have written what no file shows: an empty text, and white space
 * around one. */
static void import_of_what_was_exported_changes_nothing(void **state)
{
	json_t *record =
		json_pack("{s:s, s:s, s:s, s:s}", "name", "a", "address", "",
			  "phone", " 1\t", "town", "000");
	struct office_record o = { .kind = "subject",
				   .id = "s1",
				   .record = record };
	struct office_write w = { .scope = SCOPE,
				  .operation = "set",
				  .message = "set",
				  .records = &o,
				  .n = 1 };

	(void)state;
	assert_int_equal(ledger_office(&op, &w), RC_OK);
	assert_int_equal(o.outcome, OFFICE_NEW);
	json_decref(record);
	assert_int_equal(import_text("subject", SCOPE,
				     "id,name,address,phone\n"
				     "s1,a,, 1\t\n"),
			 RC_OK);
	expect(1, 0, 0, 1, 0);
	assert_int_equal(import_text("subject", SCOPE,
				     "id,name,address,phone\n"
				     "s1,a,road,\n"),
			 RC_OK);
	expect(1, 0, 1, 0, 0);
	expect_record(SCOPE, "subject", "s1",
		      "{\"address\":\"road\",\"id\":\"s1\",\"name\":\"a\","
		      "\"scope\":\"330106\",\"town\":\"000\"}");
}

static void import_refuses_bad_rows_and_takes_the_rest(void **state)
{
	static const char text[] =
		"id,name,uscc,latitude,longitude,state,town\n"
		"s1,good,,,,,\n" /* 2 */
		"s2,,,,,,\n" /* no name */
		"s3,bad code,9133010OMA20003340,,,,\n"
		"s4,far,,91.5,120.1,,\n"
		"s5,word,,north,,,\n"
		"s6,state,,,,asleep,\n"
		"S7,id,,,,,\n"
		"s8,town,,,,,2\n"
		"s9,short\n"
		"s1,again,,,,,\n"
		"s10,\"multi\nline\",,,,,\n"
		"s11,\xe9,,,,,\n"
		",no id,,,,,\n";
	static const struct {
		int line;
		const char *why;
	} want[] = {
		{ 3, "'name' is missing" },
		{ 4, "'O' at place 8" },
		{ 5, "degrees from -90 to 90" },
		{ 6, "'north'" },
		{ 7, "'asleep'" },
		{ 8, "id 'S7'" },
		{ 9, "town '2'" },
		{ 10, "2 columns, the header has 7" },
		{ 11, "repeats the record of line 2" },
		{ 14, "UTF-8" },
		{ 15, "'source_id' is empty" },
	};
	const char *rejects;

	(void)state;
	assert_int_equal(import_text("subject", SCOPE, text), RC_OK);
	expect(13, 2, 0, 0, 11);
	assert_int_equal(report.nshown, COUNT(want));
	for (size_t i = 0; i < COUNT(want); i++) {
		assert_int_equal(report.shown[i].line, want[i].line);
		assert_non_null(strstr(report.shown[i].why, want[i].why));
	}
	assert_string_equal(report.rejects, in_dir("a.csv.rejects.csv"));
	rejects = get_file("a.csv.rejects.csv");
	assert_non_null(rejects);
	assert_ptr_equal(strstr(rejects,
				"refused_line,refused_why,id,name,uscc,"
				"latitude,longitude,state,town\r\n"
				"3,"),
			 rejects);
	assert_non_null(strstr(rejects, "\r\n11,repeats the record of line 2,"
					"s1,again,,,,,\r\n"));
	/* A file of refused rows can be corrected and imported. */
	assert_int_equal(import_text("subject", SCOPE,
				     "refused_line,refused_why,id,name,town\n"
				     "9,town,s8,town,002\n"),
			 RC_OK);
	expect(1, 1, 0, 0, 0);
	assert_null(report.rejects);
	/* What is there may have corrections in it. */
	assert_non_null(strstr(get_file("a.csv.rejects.csv"), "\n11,repeats"));
}

static void import_refuses_a_file_up_front_and_says_why(void **state)
{
	static const struct {
		const char *kind, *scope, *text, *why;
	} cases[] = {
		{ "subject", SCOPE, "id,nmae\n1,a\n",
		  "column 'nmae' is not known; columns of 'subject': id town "
		  "uscc name address industry" },
		{ "subject", SCOPE, "id,name,id\n", "'id' stands twice" },
		{ "subject", SCOPE, "name\na\n",
		  "a column 'id', 'uscc' or the key 'source_id'" },
		{ "officer", SCOPE, "name\na\n", "needs a column 'id'" },
		{ "division", "catalog", "name\na\n", "the key 'code'" },
		{ "division", SCOPE, "code,name\n1,a\n", "scope catalog" },
		{ "subject", "catalog", "id,name\n1,a\n", "of a county" },
		{ "nothing", SCOPE, "id\n1\n", "no kind 'nothing'" },
		{ "subject", SCOPE, "", "empty" },
		{ "subject", SCOPE, "id,\"name\n", "never closed" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(import_text(cases[i].kind, cases[i].scope,
					     cases[i].text),
				 RC_INVALID);
		assert_non_null(strstr(err.text, cases[i].why));
		expect(0, 0, 0, 0, 0);
	}
	assert_int_equal(import_path("subject", SCOPE, in_dir("none"), false),
			 RC_IO);
	admin.roles = ROLE_AUDITOR;
	assert_int_equal(import_text("subject", SCOPE, "id,name\ns1,a\n"),
			 RC_OK);
	expect(1, 0, 0, 0, 1);
}

/* As spreadsheets write them. */
static void a_header_may_have_capitals_and_spaces(void **state)
{
	(void)state;
	assert_int_equal(import_text("subject", SCOPE,
				     " ID , Name,\"ADDRESS \"\ns1,a,b\n"),
			 RC_OK);
	expect(1, 1, 0, 0, 0);
	expect_record(SCOPE, "subject", "s1",
		      "{\"address\":\"b\",\"id\":\"s1\",\"name\":\"a\","
		      "\"scope\":\"330106\",\"source\":\"subject\","
		      "\"town\":\"000\"}");
	assert_int_equal(import_text("subject", SCOPE, "id,ID,name\n"),
			 RC_INVALID);
	assert_non_null(strstr(err.text, "'ID' stands twice"));
}

/* Refused rows never take the place of those of an earlier run. */
static void refused_rows_get_a_file_of_their_own(void **state)
{
	struct import_job job = { .kind = "subject", .scope = SCOPE };
	char file[200], other[200];

	(void)state;
	snprintf(file, sizeof(file), "%s",
		 put_file("r.csv", "id,name\ns1,\n", 12));
	job.file = file;
	for (int i = 0; i < 2; i++) {
		import_report_release(&report);
		assert_int_equal(import_csv(&op, &job, &report), RC_OK);
		assert_string_equal(report.rejects,
				    in_dir("r.csv.rejects.csv"));
	}
	put_text("r.csv.rejects.csv", "corrected\n");
	import_report_release(&report);
	assert_int_equal(import_csv(&op, &job, &report), RC_OK);
	assert_string_equal(report.rejects, in_dir("r.csv.rejects.2.csv"));
	assert_string_equal(get_file("r.csv.rejects.csv"), "corrected\n");
	assert_null(get_file("r.csv.rejects.csv.part"));
	import_report_release(&report);
	snprintf(other, sizeof(other), "%s", in_dir("elsewhere.csv"));
	job.rejects_path = other;
	assert_int_equal(import_csv(&op, &job, &report), RC_OK);
	assert_string_equal(report.rejects, other);
	import_report_release(&report);
	snprintf(other, sizeof(other), "%s", in_dir("none/elsewhere.csv"));
	assert_int_equal(import_csv(&op, &job, &report), RC_OK);
	assert_null(report.rejects);
	assert_non_null(strstr(report.rejects_lost, "No such file"));
	assert_int_equal(report.refused, 1);
}

/* Names that look like others on a screen. */
static void characters_that_nobody_sees_are_taken_out(void **state)
{
	static const char text[] = "id,name,address\n"
				   "s1,a\x07lpha\xc2\x92,x\n"
				   "s2,\xe2\x80\xaemoc.knab,x\n"
				   "s3,\xe2\x81\xa7plain,x\ty\n"
				   "s4,\xe2\x80\x98quoted\xe2\x80\x99,x\n";
	static const char *const names[] = { "alpha", "moc.knab", "plain",
					     "\xe2\x80\x98quoted\xe2\x80\x99" };

	(void)state;
	for (int again = 0; again < 2; again++) {
		assert_int_equal(import_text("subject", SCOPE, text), RC_OK);
		expect(4, again ? 0 : 4, 0, again ? 4 : 0, 0);
		assert_int_equal(note_of(&report,
					 "texts with control or bidi "
					 "characters, which were left out"),
				 3);
	}
	for (int i = 0; i < 4; i++) {
		char id[] = { 's', (char)('1' + i), '\0' };
		json_t *r;

		assert_int_equal(ledger_record(&op, SCOPE, "subject", id, &r),
				 RC_OK);
		assert_string_equal(json_text(r, "name"), names[i]);
		assert_int_equal(json_array_size(json_object_get(r, "flags")),
				 i < 3);
		json_decref(r);
	}
}

/* Read, and neither written nor refused: the table adds up without it. */
static void a_failing_import_adds_up(void **state)
{
	struct import_job job = { .kind = "nothing" };

	(void)state;
	admin.roles = ROLE_ADMINISTRATOR;
	assert_int_equal(import_text("subject", SCOPE, "id,name\n"), RC_OK);
	job.kind = "subject";
	job.scope = SCOPE;
	job.bytes = "id,name\ns1,a\ns2,\n";
	job.nbytes = strlen(job.bytes);
	job.file = "the body";
	job.rejects = tmpfile();
	snprintf(admin.scopes, sizeof(admin.scopes), "330108");
	import_report_release(&report);
	assert_int_equal(import_csv(&op, &job, &report), RC_DENIED);
	expect(0, 0, 0, 0, 0);
	assert_int_equal(report.unwritten, 2);
	fclose(job.rejects);
}

static void import_converts_latin1_row_by_row(void **state)
{
	static const char text[] = "id,name\ns1,caf\xc3\xa9\ns2,caf\xe9\n";

	(void)state;
	assert_int_equal(import_path("subject", SCOPE,
				     put_file("l.csv", text, sizeof(text) - 1),
				     true),
			 RC_OK);
	expect(2, 2, 0, 0, 0);
	assert_int_equal(report.nnotes, 1);
	assert_int_equal(report.notes[0].n, 1);
	expect_record(SCOPE, "subject", "s2",
		      "{\"id\":\"s2\",\"name\":\"caf\xc3\xa9\",\"scope\":"
		      "\"330106\",\"source\":\"subject\",\"town\":\"000\"}");
}

static void import_seals_personal_data(void **state)
{
	static const char text[] = "id,legal_representative,id_number,town\n"
				   "s1,\xe7\x94\xb2,330106199001010000,002\n";
	char *stored;
	size_t n;
	int64_t position;

	(void)state;
	assert_int_equal(import_text("subject_private", SCOPE, text), RC_OK);
	expect(1, 1, 0, 0, 0);
	assert_int_equal(import_text("subject_private", SCOPE, text), RC_OK);
	expect(1, 0, 0, 1, 0);
	assert_int_equal(store_record(op.store, SCOPE, "subject_private", "s1",
				      &stored, &n, &position, &err),
			 RC_OK);
	assert_null(strstr(stored, "330106199001010000"));
	assert_non_null(strstr(stored, "\"box\""));
	free(stored);
	expect_record(SCOPE, "subject_private", "s1",
		      "{\"id\":\"s1\",\"id_number\":\"330106199001010000\","
		      "\"legal_representative\":\"\xe7\x94\xb2\",\"scope\":"
		      "\"330106\",\"town\":\"002\"}");
}

static void import_writes_large_files_in_batches(void **state)
{
	size_t n = LEDGER_BATCH_RECORDS * 2 + 7, room = n * 32 + 64;
	char *text = malloc(room);
	size_t len = 0;
	struct head head;

	(void)state;
	assert_non_null(text);
	len += (size_t)snprintf(text, room, "source_id,name\n");
	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, room - len, "k%zu,n%zu\n",
					i, i);
	assert_int_equal(import_text("subject", SCOPE, text), RC_OK);
	expect((int)n, (int)n, 0, 0, 0);
	assert_int_equal(ledger_head(op.store, SCOPE, &head, &err), RC_OK);
	assert_true(head.number >= 3);
	free(text);
}

static void import_survives_a_failing_store(void **state)
{
	static const char text[] = "id,name\ns1,a\ns2,b\n";
	const char *path = put_file("f.csv", text, sizeof(text) - 1);
	bool done = false;

	(void)state;
	for (long nth = 1; !done && nth < 5000; nth++) {
		enum rc rc;

		fault_arm(FAULT_STORE, nth, false);
		rc = import_path("subject", SCOPE, path, false);
		done = fault_clear(FAULT_STORE) < nth;
		if (done)
			assert_int_equal(rc, RC_OK);
		else if (rc != RC_OK)
			assert_true(err.text[0] != '\0');
	}
	assert_true(done);
	assert_int_equal(import_path("subject", SCOPE, path, false), RC_OK);
	expect(2, 0, 0, 2, 0);
}

static void import_as_reads_only_what_is_unambiguous(void **state)
{
	static const struct {
		const char *as, *text; /* _min and _max */
		int min, max; /* -1: nothing */
	} cases[] = {
		{ "ratio", "10%", 1000, 1000 },
		{ "ratio", "100%", 10000, 10000 },
		{ "ratio", "5\xef\xbc\x85", 500, 500 },
		{ "ratio", "不少于3%", 300, -1 },
		{ "ratio", "市局抽查比例不少于30%", 3000, -1 },
		{ "ratio", "抽查比例不少于2‰", 20, -1 },
		{ "ratio", "不超过10%/年", -1, 1000 },
		{ "ratio", "根据实际需要，一般不超过 10%/年。", -1, 1000 },
		{ "ratio", "不超过总数的2%", -1, 200 },
		{ "ratio", "不低于3%或按专项计划确定", -1, -1 },
		{ "ratio", "省级不超过2%，市、县另定", -1, -1 },
		{ "ratio", "101%", -1, -1 },
		{ "ratio", "10", -1, -1 },
		{ "ratio", "", -1, -1 },
		{ "ratio", "%", -1, -1 },
		{ "times", "1次/年", 1, 1 },
		{ "times", "每年2次", 2, 2 },
		{ "times", "每年一次", 1, 1 },
		{ "times", "每年两次", 2, 2 },
		{ "times", "1—2次/年", 1, 2 },
		{ "times", "2—1次/年", -1, -1 },
		{ "times", "每年不少于1次", 1, -1 },
		{ "times", "根据实际需要，一般不超过2次/年", -1, 2 },
		{ "times", "对同一单位每2年抽查不超过1次", -1, -1 },
		{ "times", "对一个单位的检查，同一年度内不超过2次", -1, 2 },
		{ "times", "同一年度内不超过2次", -1, 2 },
		{ "times", "对同一用能产品生产单位，每年度抽查不超过2次", -1,
		  2 },
		{ "times", "每年度2次", 2, 2 },
		{ "times", "对同一单位，在许可有效期内不超过2次", -1, -1 },
		{ "times", "对同一单位，每年度抽查不超过2次，重点单位除外", -1,
		  -1 },
		{ "times", "每年1次20%；或者每年2次各10%", -1, -1 },
		{ "times", "2次", -1, -1 },
		{ "times", "每年", -1, -1 },
		{ "times", "", -1, -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct csv_cell cell = { cases[i].text, strlen(cases[i].text) };
		bool odd = *cell.p && cases[i].min < 0 && cases[i].max < 0;
		import_as_fn *as;
		bool earned;
		char word[16];

		for (int side = 0; side < 2; side++) {
			json_t *value;

			snprintf(word, sizeof(word), "%s_%s", cases[i].as,
				 side ? "max" : "min");
			as = import_as_find(word);
			assert_int_equal(as(&cell, 1, &value, &err), RC_OK);
			assert_int_equal(value ? json_integer_value(value) : -1,
					 side ? cases[i].max : cases[i].min);
			json_decref(value);
			assert_true(!import_as_remark(as, cell.p, &earned) ==
				    (side == 1));
			if (side == 0)
				assert_int_equal(earned, odd);
		}
	}
	assert_null(import_as_find("ratio"));
}

static void import_takes_the_two_zhejiang_files(void **state)
{
	(void)state;
	assert_int_equal(import_path("division", "catalog",
				     "fixtures/zhejiang/divisions.csv", false),
			 RC_OK);
	expect(1489, 1489, 0, 0, 0);
	expect_record("catalog", "division", "330106002000",
		      "{\"code\":\"330106002000\",\"id\":\"330106002000\","
		      "\"level\":\"town\",\"name\":\"北山街道\","
		      "\"parent\":\"330106000000\",\"scope\":\"catalog\","
		      "\"town\":\"000\"}");
	assert_int_equal(import_path("item", "catalog",
				     "fixtures/zhejiang/items.csv", false),
			 RC_OK);
	expect(79, 79, 0, 0, 0);
	assert_int_equal(note_of(&report, "ratios no rule reads"), 37);
	assert_int_equal(note_of(&report, "frequencies no rule reads"), 17);
	assert_int_equal(import_path("item", "catalog",
				     "fixtures/zhejiang/items.csv", false),
			 RC_OK);
	expect(79, 0, 0, 79, 0);
}

static void seen_keeps_every_key_apart(void **state)
{
	struct seen seen = { 0 };
	struct seen_slot *slot;
	char text[24];
	const char *parts[] = { text, NULL };

	(void)state;
	for (unsigned i = 1; i <= 50000; i++) {
		snprintf(text, sizeof(text), "%u", i);
		assert_int_equal(seen_at(&seen, seen_key(parts), &slot, &err),
				 RC_OK);
		assert_int_equal(slot->n, 0);
		slot->n = i;
	}
	for (unsigned i = 1; i <= 50000; i++) {
		snprintf(text, sizeof(text), "%u", i);
		assert_int_equal(seen_find(&seen, seen_key(parts))->n, i);
	}
	assert_null(seen_find(&seen, 1));
	seen_release(&seen);
	assert_null(seen_find(&seen, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(import_takes_subjects_by_their_code),
		TEST(import_flags_codes_with_a_wrong_check_character),
		TEST(import_takes_subjects_without_a_code),
		TEST(import_tells_each_refusal_and_remark_by_its_line),
		TEST(import_twice_changes_nothing),
		TEST(import_changes_only_the_columns_it_has),
		TEST(import_of_what_was_exported_changes_nothing),
		TEST(import_refuses_bad_rows_and_takes_the_rest),
		TEST(import_refuses_a_file_up_front_and_says_why),
		TEST(import_converts_latin1_row_by_row),
		TEST(a_header_may_have_capitals_and_spaces),
		TEST(refused_rows_get_a_file_of_their_own),
		TEST(characters_that_nobody_sees_are_taken_out),
		TEST(a_failing_import_adds_up),
		TEST(import_seals_personal_data),
		TEST(import_writes_large_files_in_batches),
		TEST(import_survives_a_failing_store),
		TEST(import_takes_the_two_zhejiang_files),
		cmocka_unit_test(import_as_reads_only_what_is_unambiguous),
		cmocka_unit_test(seen_keeps_every_key_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
