/* unit/test_import_harness.h - a data folder for each test, files in it, and
 * what an import of one came to. */
#ifndef UNIT_TEST_IMPORT_HARNESS_H
#define UNIT_TEST_IMPORT_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/jcs.h"
#include "domain/import.h"
#include "object/oid.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define SCOPE "330106"

/* A data folder of its own for each test. */
static char dir[64];
static struct account admin;
static struct err err;
static struct op op;
static struct import_report report;

static inline char *in_dir(const char *name)
{
	static char path[160];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static inline int setup(void **state)
{
	struct store *s;

	(void)state;
	memcpy(dir, "/tmp/hufu-import-XXXXXX", 24);
	assert_non_null(mkdtemp(dir));
	err = (struct err){ 0 };
	assert_int_equal(seal_setup(&err), RC_OK);
	assert_int_equal(object_setup(&err), RC_OK);
	assert_int_equal(store_init(in_dir("data"), &host_system, true, &err),
			 RC_OK);
	assert_int_equal(
		store_open(&s, in_dir("data"), &host_system, true, &err),
		RC_OK);
	admin = (struct account){ .name = "admin",
				  .roles =
					  ROLE_ADMINISTRATOR | ROLE_COORDINATOR,
				  .scopes = "*" };
	op = (struct op){ .store = s,
			  .actor = &admin,
			  .now_ms = INT64_C(1790000000000),
			  .err = &err };
	if (ledger_found(&op, "schema") != RC_OK)
		fail_msg("%s", err.text);
	assert_int_equal(store_refresh_kinds(s, &err), RC_OK);
	return 0;
}

static inline int teardown(void **state)
{
	char command[128];

	(void)state;
	import_report_release(&report);
	store_close(op.store);
	snprintf(command, sizeof(command), "rm -r '%s'", dir);
	return system(command);
}

static inline const char *put_file(const char *name, const char *text, size_t n)
{
	const char *path = in_dir(name);
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	return path;
}

static inline void put_text(const char *name, const char *text)
{
	put_file(name, text, strlen(text));
}

static inline const char *get_file(const char *name)
{
	static char text[4096];
	FILE *f = fopen(in_dir(name), "rb");
	size_t n;

	if (!f)
		return NULL;
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

static inline enum rc import_path(const char *kind, const char *scope,
				  const char *path, bool latin1)
{
	struct import_job job = { .kind = kind,
				  .scope = scope,
				  .file = path,
				  .mappings = "schema/import",
				  .encoding = latin1 ? CSV_LATIN1 : CSV_UTF8 };

	err = (struct err){ 0 };
	import_report_release(&report);
	return import_csv(&op, &job, &report);
}

static inline enum rc import_text(const char *kind, const char *scope,
				  const char *text)
{
	return import_path(kind, scope, put_file("a.csv", text, strlen(text)),
			   false);
}

static inline void expect(int read, int added, int changed, int same,
			  int refused)
{
	assert_int_equal(report.read, read);
	assert_int_equal(report.added, added);
	assert_int_equal(report.changed, changed);
	assert_int_equal(report.same, same);
	assert_int_equal(report.refused, refused);
}

static inline void expect_record(const char *scope, const char *kind,
				 const char *id, const char *want)
{
	struct buf got;
	json_t *record;

	err = (struct err){ 0 };
	assert_int_equal(ledger_record(&op, scope, kind, id, &record), RC_OK);
	buf_init(&got, RECORD_BYTES_MAX);
	assert_int_equal(jcs_write(&got, record, &err), RC_OK);
	assert_string_equal(got.data, want);
	buf_release(&got);
	json_decref(record);
}

static inline int64_t note_of(const struct import_report *r, const char *what)
{
	for (size_t i = 0; i < r->nnotes; i++)
		if (strcmp(r->notes[i].what, what) == 0)
			return r->notes[i].n;
	fail_msg("'%s' is not counted", what);
	return -1;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
