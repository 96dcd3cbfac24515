#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/date.h"
#include "base/hash.h"
#include "base/jcs.h"
#include "export/export.h"
#include "lib/loop.h"

#define SCOPE "330106"

struct world {
	struct loop loop;
	struct account account;
	struct op op;
	char dir[64], out[96];
	struct err err;
};

static int world_make(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	snprintf(w->dir, sizeof(w->dir), "/tmp/hufu-export-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->out, sizeof(w->out), "%s/out", w->dir);
	assert_int_equal(seal_setup(&w->err), RC_OK);
	assert_int_equal(object_setup(&w->err), RC_OK);
	if (loop_init(&w->loop, w->dir, &host_system, &w->err) != RC_OK)
		fail_msg("%s", w->err.text);
	w->op = loop_op(&w->loop, &w->account, &w->err);
	*state = w;
	return 0;
}

static int world_free(void **state)
{
	struct world *w = *state;
	char command[128];

	loop_release(&w->loop);
	snprintf(command, sizeof(command), "rm -rf %s", w->dir);
	assert_int_equal(system(command), 0);
	free(w);
	return 0;
}

static void put(struct world *w, const char *kind, const char *id,
		const char *json)
{
	if (loop_import(&w->loop, SCOPE, kind, id, json, &w->err) != RC_OK)
		fail_msg("%s: %s", id, w->err.text);
}

/* An answer is its author's own: not the office's, who has none here. */
static void put_answer(struct world *w, const char *id, const char *json)
{
	if (loop_serve(&w->loop, SCOPE, "answer", id, json, &w->err) != RC_OK)
		fail_msg("%s: %s", id, w->err.text);
}

static struct export_job job_of(struct world *w, const char *kind,
				enum export_format format)
{
	return (struct export_job){ .store = w->loop.store,
				    .actor = &w->account,
				    .kind = kind,
				    .scope = SCOPE,
				    .format = format,
				    .out = w->out };
}

static char *file_text(const char *path)
{
	char *text = calloc(1, 100000);
	FILE *f = fopen(path, "rb");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, 99999, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

static void write_out(struct export_job *job, struct export_done *done,
		      struct err *err)
{
	if (export_write(job, done, err) != RC_OK)
		fail_msg("%s", err->text);
}

static void csv_has_a_row_for_each_record_in_the_order_of_ids(void **state)
{
	struct world *w = *state;
	struct export_job job = job_of(w, "visits", EXPORT_CSV);
	struct export_done done;
	char *text;

	put(w, "visit", "b",
	    "{\"subject\":\"s1\",\"town\":\"001\",\"started_at\":86400000,"
	    "\"officers\":[\"o1\",\"o2\"],\"latitude\":302741000,"
	    "\"longitude\":-1201550007,\"score\":-3,"
	    "\"summary\":\"said \\\"no\\\",\\nleft\"}");
	assert_int_equal(loop_import(&w->loop, SCOPE, "visit", "a",
				     "{\"subject\":\"s1\",\"flags\":[\"x;y\"],"
				     "\"summary\":\"=1+1\"}",
				     &w->err),
			 RC_OK);
	write_out(&job, &done, &w->err);
	assert_string_equal(done.kind, "visit");
	assert_int_equal(done.rows, 2);
	text = file_text(w->out);
	assert_string_equal(
		text,
		"id,scope,town,subject,assignment,officers,summary,started_at,"
		"finished_at,visited_on,visit_type,score,result_codes,latitude,"
		"longitude,code_shown_at,unable_reason,source,source_id,flags,"
		"reason,state,duplicate_of,proof,form,item,item_version,"
		"subject_version,root_hash,lead,ratified_by,ratified_reason\r\n"
		"a,330106,000,s1,,,'=1+1,,,,,,,,,,,,,\"[\"\"x;y\"\"]\",,,,,,,,,"
		",,,"
		"\r\n"
		"b,330106,001,s1,,o1;o2,\"said \"\"no\"\",\nleft\","
		"1970-01-02T00:00:00.000Z,,,,-3,,30.2741000,-120.1550007,"
		",,,,,,,,,,,,,,,,\r\n");
	free(text);
}

static void jsonl_has_the_canonical_record_a_line(void **state)
{
	struct world *w = *state;
	struct export_job job = job_of(w, "subject", EXPORT_JSONL);
	struct export_done done;
	char *text;

	put(w, "subject", "s2", "{\"name\":\"乙\",\"latitude\":5}");
	put(w, "subject", "s1", "{\"name\":\"甲\",\"flags\":[\"b\",\"a\"]}");
	write_out(&job, &done, &w->err);
	text = file_text(w->out);
	assert_string_equal(text,
			    "{\"flags\":[\"a\",\"b\"],\"id\":\"s1\",\"name\":"
			    "\"甲\",\"scope\":\"330106\",\"town\":\"000\"}\n"
			    "{\"id\":\"s2\",\"latitude\":5,\"name\":\"乙\","
			    "\"scope\":\"330106\",\"town\":\"000\"}\n");
	free(text);
}

static void the_same_records_give_the_same_bytes_and_manifest(void **state)
{
	struct world *w = *state;
	struct export_job job = job_of(w, "subjects", EXPORT_CSV);
	struct export_done done, again;
	char path[120], *first, *second, *text, hash[65];
	struct err err = { 0 };
	struct head head;
	json_t *manifest;

	put(w, "subject", "s1", "{\"name\":\"a\",\"town\":\"001\"}");
	put(w, "subject", "s2", "{\"name\":\"b\",\"town\":\"002\"}");
	snprintf(path, sizeof(path), "%s.manifest.json", w->out);
	write_out(&job, &done, &w->err);
	first = file_text(path);
	write_out(&job, &again, &w->err);
	second = file_text(path);
	assert_string_equal(first, second);
	assert_int_equal(json_read(first, strlen(first), &manifest, &err),
			 RC_OK);
	text = file_text(w->out);
	sha256_hex(hash, text, strlen(text));
	assert_string_equal(json_text(manifest, "sha256"), hash);
	assert_int_equal(json_int(manifest, "bytes", 0), strlen(text));
	assert_int_equal(json_int(manifest, "rows", 0), 2);
	ledger_head(w->loop.store, SCOPE, &head, &w->err);
	assert_int_equal(json_int(manifest, "position", 0), head.position);
	assert_int_equal(strlen(json_text(manifest, "commit")), 40);
	free(text);
	free(first);
	free(second);
	json_decref(manifest);
	job.town = "002";
	write_out(&job, &again, &w->err);
	assert_int_equal(again.rows, 1);
	assert_string_not_equal(again.sha256, done.sha256);
}

static void personal_data_needs_the_word_and_the_role(void **state)
{
	struct world *w = *state;
	struct export_job job = job_of(w, "subject_private", EXPORT_JSONL);
	struct export_done done;
	const struct kind *k =
		registry_kind(w->loop.store->kinds, "subject_private");
	char record[200], *text;

	snprintf(record, sizeof(record), "{\"%s\":\"Wang\"}",
		 k->fields[0].name);
	put(w, "subject", "s1", "{\"name\":\"a\"}");
	put(w, "subject_private", "s1", record);
	assert_int_equal(export_write(&job, &done, &w->err), RC_DENIED);
	assert_int_not_equal(access(w->out, F_OK), 0);
	err_clear(&w->err);
	job.private = true;
	w->account.roles = ROLE_AUDITOR & ~k->readers;
	assert_int_equal(export_write(&job, &done, &w->err), RC_DENIED);
	err_clear(&w->err);
	w->account.roles = ROLE_COORDINATOR;
	write_out(&job, &done, &w->err);
	text = file_text(w->out);
	assert_non_null(strstr(text, "Wang"));
	free(text);
	assert_int_equal(store_key_destroy(w->loop.store, SCOPE, "s1", "admin",
					   "asked", &w->err),
			 RC_OK);
	write_out(&job, &done, &w->err);
	assert_int_equal(done.shredded, 1);
	text = file_text(w->out);
	assert_null(strstr(text, "Wang"));
	free(text);
}

/* What the account gets of a kind, as a text. */
static char *taken(struct world *w, const char *kind, int64_t rows)
{
	struct export_job job = job_of(w, kind, EXPORT_JSONL);
	struct export_done done;

	write_out(&job, &done, &w->err);
	assert_int_equal(done.rows, rows);
	return file_text(w->out);
}

static void put_served(struct world *w, const char *kind, const char *id,
		       const char *json)
{
	if (loop_serve(&w->loop, SCOPE, kind, id, json, &w->err) != RC_OK)
		fail_msg("%s: %s", id, w->err.text);
}

static void who_acts_for_an_agency_gets_its_records_and_nobodys(void **state)
{
	static const char alarm[] =
		"{\"rule\":\"r\",\"record_kind\":\"officer\",\"record_id\":"
		"\"%s\",\"state\":\"open\"}";
	struct world *w = *state;
	char *text, json[200], path[140];

	if (loop_write(&w->loop, "catalog", "agency", "g1", "{\"name\":\"a\"}",
		       &w->err) != RC_OK ||
	    loop_write(&w->loop, "catalog", "agency", "g2", "{\"name\":\"b\"}",
		       &w->err) != RC_OK)
		fail_msg("%s", w->err.text);
	put(w, "officer", "p1", "{\"name\":\"a\",\"agency\":\"g1\"}");
	put(w, "officer", "p2", "{\"name\":\"b\",\"agency\":\"g2\"}");
	put(w, "officer", "p3", "{\"name\":\"c\"}");
	for (int i = 1; i <= 3; i++) {
		char id[3] = { 'p', (char)('0' + i), '\0' };

		snprintf(json, sizeof(json), alarm, id);
		put_served(w, "alarm", id, json);
	}
	free(taken(w, "officer", 3));
	free(taken(w, "alarm", 3));
	w->account.roles = ROLE_COORDINATOR;
	snprintf(w->account.agency, sizeof(w->account.agency), "g1");
	text = taken(w, "officer", 2);
	assert_null(strstr(text, "\"p2\""));
	free(text);
	snprintf(path, sizeof(path), "%s.manifest.json", w->out);
	text = file_text(path);
	assert_non_null(strstr(text, "\"filter\":{\"agencies\":\"g1\"}"));
	free(text);
	text = taken(w, "alarm", 2);
	assert_null(strstr(text, "\"p2\""));
	free(text);
}

static void what_cannot_be_exported_leaves_no_file(void **state)
{
	struct world *w = *state;
	struct export_job job = job_of(w, "nothings", EXPORT_CSV);
	struct export_done done;

	assert_int_equal(export_write(&job, &done, &w->err), RC_NOT_FOUND);
	err_clear(&w->err);
	job.kind = "item";
	assert_int_equal(export_write(&job, &done, &w->err), RC_INVALID);
	err_clear(&w->err);
	job.kind = "subject";
	snprintf(w->account.scopes, sizeof(w->account.scopes), "3302");
	assert_int_equal(export_write(&job, &done, &w->err), RC_DENIED);
	err_clear(&w->err);
	assert_int_not_equal(access(w->out, F_OK), 0);
	snprintf(w->account.scopes, sizeof(w->account.scopes), "*");
	job.out = "/nonexistent/file";
	assert_int_equal(export_write(&job, &done, &w->err), RC_IO);
}

static void a_kind_is_found_by_its_plural(void **state)
{
	struct world *w = *state;
	const struct registry *r = w->loop.store->kinds;

	assert_string_equal(export_kind(r, "agencies")->name, "agency");
	assert_string_equal(export_kind(r, "ratings")->name, "rating");
	assert_string_equal(export_kind(r, "visit")->name, "visit");
	assert_null(export_kind(r, "s"));
	assert_null(export_kind(r, ""));
}

static void put_visits(struct world *w)
{
	put(w, "visit", "t1",
	    "{\"subject\":\"s1\",\"town\":\"001\",\"visited_on\":\"2026-01-"
	    "10\","
	    "\"result_codes\":[\"B\",\"A\"],\"state\":\"recorded\"}");
	put(w, "visit", "t2", "{\"subject\":\"s2\",\"state\":\"recorded\"}");
	put(w, "violation", "v1",
	    "{\"visit\":\"t1\",\"code\":\"-3\",\"severity\":\"high\","
	    "\"description\":\"@x\"}");
	put_answer(w, "a1",
		   "{\"visit\":\"t1\",\"point\":\"p1\",\"value\":\"no\"}");
}

static void results_have_a_row_for_each_code_answer_and_violation(void **state)
{
	struct world *w = *state;
	struct export_job job = job_of(w, "results", EXPORT_CSV);
	struct export_done done;
	char *text;

	put_visits(w);
	write_out(&job, &done, &w->err);
	assert_int_equal(done.rows, 5);
	text = file_text(w->out);
	assert_string_equal(
		text,
		"id,scope,town,subject,assignment,visited_on,visit_type,"
		"visit_state,visit_flags,result,record,code,value,severity,"
		"reason,author,state\r\n"
		"t1,330106,001,s1,,2026-01-10,,recorded,,answer,a1,p1,no,,,,"
		"\r\n"
		"t1,330106,001,s1,,2026-01-10,,recorded,,code,,A,,,,,\r\n"
		"t1,330106,001,s1,,2026-01-10,,recorded,,code,,B,,,,,\r\n"
		"t1,330106,001,s1,,2026-01-10,,recorded,,violation,v1,-3,'@x,"
		"high,,,\r\n"
		"t2,330106,000,s2,,,,recorded,,,,,,,,,\r\n");
	free(text);
}

/* Exports of a position, whatever has happened since, are those of then. */
static void the_past_is_exported_as_it_was(void **state)
{
	static const struct {
		const char *kind;
		enum export_format format;
	} cases[] = { { "visits", EXPORT_CSV },
		      { "visits", EXPORT_JSONL },
		      { "violations", EXPORT_CSV },
		      { "results", EXPORT_CSV },
		      { "results", EXPORT_JSONL },
		      { "subject_private", EXPORT_JSONL } };
	struct world *w = *state;
	struct export_done then[6], again;
	struct head head;
	char *before, *after, today[11];

	put_visits(w);
	put(w, "subject", "s1", "{\"name\":\"a\"}");
	put(w, "subject_private", "s1", "{\"phone\":\"1\"}");
	ledger_head(w->loop.store, SCOPE, &head, &w->err);
	for (size_t i = 0; i < 6; i++) {
		struct export_job job =
			job_of(w, cases[i].kind, cases[i].format);

		job.private = true;
		write_out(&job, &then[i], &w->err);
	}
	assert_int_equal(loop_import(&w->loop, SCOPE, "visit", "t1",
				     "{\"subject\":\"s9\","
				     "\"state\":\"recorded\"}",
				     &w->err),
			 RC_OK);
	put(w, "visit", "t3", "{\"subject\":\"s1\",\"state\":\"recorded\"}");
	assert_int_equal(loop_import(&w->loop, SCOPE, "violation", "v1",
				     "{\"visit\":\"t2\",\"state\":\"void\","
				     "\"reason\":\"twice\"}",
				     &w->err),
			 RC_OK);
	put_answer(w, "a2", "{\"visit\":\"t1\",\"point\":\"p2\"}");
	put(w, "subject_private", "s1", "{\"phone\":\"2\"}");
	for (size_t i = 0; i < 6; i++) {
		struct export_job job =
			job_of(w, cases[i].kind, cases[i].format);

		job.private = true;
		write_out(&job, &again, &w->err);
		assert_string_not_equal(again.sha256, then[i].sha256);
		job.position = &head.position;
		write_out(&job, &again, &w->err);
		if (strcmp(again.sha256, then[i].sha256) != 0)
			fail_msg("%s: %s", cases[i].kind, file_text(w->out));
		/* Today has no table in front of it. */
		job.position = NULL;
		write_out(&job, &again, &w->err);
		before = file_text(w->out);
		date_format(today, host_wall_ms(&host_system) / 86400000);
		job.as_of = today;
		write_out(&job, &again, &w->err);
		after = file_text(w->out);
		assert_string_equal(before, after);
		free(before);
		free(after);
		job.as_of = "1990-01-01";
		write_out(&job, &again, &w->err);
		assert_int_equal(again.rows, 0);
		job.as_of = "9999-12-31";
		assert_int_equal(export_write(&job, &again, &w->err),
				 RC_INVALID);
		err_clear(&w->err);
	}
}

static void a_manifest_says_class_readers_schema_and_state(void **state)
{
	struct world *w = *state;
	struct export_job job = job_of(w, "subject_private", EXPORT_JSONL);
	struct export_done done;
	struct err err = { 0 };
	json_t *manifest;
	char path[120], *text;
	int64_t position = 1;

	put(w, "subject", "s1", "{\"name\":\"a\"}");
	put(w, "subject_private", "s1", "{\"phone\":\"1\"}");
	snprintf(path, sizeof(path), "%s.manifest.json", w->out);
	job.private = true;
	job.position = &position;
	write_out(&job, &done, &w->err);
	assert_int_equal(done.privacy, 4);
	text = file_text(path);
	assert_int_equal(json_read(text, strlen(text), &manifest, &err), RC_OK);
	assert_string_equal(json_text(manifest, "class"), "L4");
	assert_true(json_is_true(json_object_get(manifest, "private")));
	assert_int_equal(json_array_size(json_object_get(manifest, "readers")),
			 3);
	assert_int_equal(json_int(manifest, "position", 0), 1);
	assert_int_equal(strlen(json_text(json_object_get(manifest, "schema"),
					  "subject_private")),
			 64);
	free(text);
	json_decref(manifest);
	position = 100;
	assert_int_equal(export_write(&job, &done, &w->err), RC_INVALID);
}

static void a_failed_export_leaves_what_was_there(void **state)
{
	struct world *w = *state;
	struct export_job job = job_of(w, "subject", EXPORT_CSV);
	struct export_done done;
	char *text, path[140];

	put(w, "subject", "s1", "{\"name\":\"a\"}");
	write_out(&job, &done, &w->err);
	put(w, "subject", "s2", "{\"name\":\"b\"}");
	/* No manifest can be written there. */
	snprintf(path, sizeof(path), "%s.manifest.json.part", w->out);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(export_write(&job, &done, &w->err), RC_IO);
	err_clear(&w->err);
	text = file_text(w->out);
	assert_null(strstr(text, "s2"));
	free(text);
	snprintf(path, sizeof(path), "%s.part", w->out);
	assert_int_not_equal(access(path, F_OK), 0);
	job.out = "/dev/null";
	assert_int_equal(export_write(&job, &done, &w->err), RC_IO);
}

#define IN_WORLD(test)                                                         \
	cmocka_unit_test_setup_teardown(test, world_make, world_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(csv_has_a_row_for_each_record_in_the_order_of_ids),
		IN_WORLD(jsonl_has_the_canonical_record_a_line),
		IN_WORLD(the_same_records_give_the_same_bytes_and_manifest),
		IN_WORLD(personal_data_needs_the_word_and_the_role),
		IN_WORLD(who_acts_for_an_agency_gets_its_records_and_nobodys),
		IN_WORLD(what_cannot_be_exported_leaves_no_file),
		IN_WORLD(a_kind_is_found_by_its_plural),
		IN_WORLD(results_have_a_row_for_each_code_answer_and_violation),
		IN_WORLD(the_past_is_exported_as_it_was),
		IN_WORLD(a_manifest_says_class_readers_schema_and_state),
		IN_WORLD(a_failed_export_leaves_what_was_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
