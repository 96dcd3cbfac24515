/* unit/test_blob.c - files by their hash: whole or not there, whatever fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

#include "base/fault.h"
#include "blob/blob.h"

/* printf abc | sha256sum */
static const char abc[] =
	"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
/* head -c 300000 /dev/zero | sha256sum */
static const char zeros[] =
	"886715e4051e827f4fe215df3053af3f85ad0d352db2c829c7487af6d78efe30";

struct world {
	char dir[40], folder[60], file[60];
	struct err err;
};

static int begin(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	snprintf(w->dir, sizeof(w->dir), "/tmp/hufu-blob-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->folder, sizeof(w->folder), "%s/blobs", w->dir);
	snprintf(w->file, sizeof(w->file), "%s/file", w->dir);
	*state = w;
	return 0;
}

static int end(void **state)
{
	struct world *w = *state;
	char command[80];

	fault_clear(FAULT_FILE);
	snprintf(command, sizeof(command), "rm -rf '%s'", w->dir);
	assert_int_equal(system(command), 0);
	free(w);
	return 0;
}

static void file_make(const struct world *w, const void *p, size_t n)
{
	FILE *f = fopen(w->file, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

/* Files in FOLDER/tmp. */
static int left_over(const struct world *w)
{
	char command[120];

	snprintf(command, sizeof(command),
		 "test -z \"$(ls '%s/tmp' 2>/dev/null)\"", w->folder);
	return system(command) != 0;
}

static enum rc count(void *ctx, const char *name, int64_t bytes,
		     struct err *err)
{
	(void)err;
	assert_true(blob_name_is_legal(name));
	*(int64_t *)ctx += bytes;
	return RC_OK;
}

static int64_t total(struct world *w)
{
	int64_t sum = 0;

	assert_int_equal(blob_each(w->folder, count, &sum, &w->err), RC_OK);
	return sum;
}

static void a_file_gets_its_hash_as_name(void **state)
{
	struct world *w = *state;
	struct blob_taken taken;
	int64_t bytes;

	file_make(w, "abc", 3);
	assert_int_equal(blob_look(w->folder, abc, &bytes, &w->err),
			 RC_NOT_FOUND);
	assert_int_equal(blob_take(w->folder, w->file, 3, &taken, &w->err),
			 RC_OK);
	assert_string_equal(taken.name, abc);
	assert_int_equal(taken.bytes, 3);
	assert_false(taken.was_there);
	assert_int_equal(blob_look(w->folder, abc, &bytes, &w->err), RC_OK);
	assert_int_equal(bytes, 3);
	assert_int_equal(blob_take(w->folder, w->file, 3, &taken, &w->err),
			 RC_OK);
	assert_true(taken.was_there);
	assert_int_equal(total(w), 3);
	assert_false(left_over(w));
	assert_int_equal(blob_drop(w->folder, abc, &w->err), RC_OK);
	assert_int_equal(blob_drop(w->folder, abc, &w->err), RC_OK);
	assert_int_equal(total(w), 0);
}

static void what_cannot_be_taken_leaves_nothing(void **state)
{
	struct world *w = *state;
	struct blob_taken taken;

	file_make(w, "abcd", 4);
	assert_int_equal(blob_take(w->folder, w->file, 3, &taken, &w->err),
			 RC_NOMEM);
	err_clear(&w->err);
	file_make(w, "", 0);
	assert_int_equal(blob_take(w->folder, w->file, 3, &taken, &w->err),
			 RC_INVALID);
	err_clear(&w->err);
	assert_int_equal(blob_take(w->folder, w->dir, 3, &taken, &w->err),
			 RC_INVALID);
	err_clear(&w->err);
	assert_int_equal(blob_take(w->folder, "/no/such", 3, &taken, &w->err),
			 RC_INVALID);
	assert_int_equal(total(w), 0);
	assert_false(left_over(w));
}

static void holes_stay_holes(void **state)
{
	struct world *w = *state;
	struct blob_taken taken;
	struct stat st;
	char *path;

	file_make(w, "", 0);
	assert_int_equal(truncate(w->file, 300000), 0);
	assert_int_equal(blob_take(w->folder, w->file, 300000, &taken, &w->err),
			 RC_OK);
	assert_string_equal(taken.name, zeros);
	path = blob_path(w->folder, zeros, "");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 300000);
	assert_true(st.st_blocks * 512 < 200000);
	free(path);
}

static void only_the_right_bytes_get_a_name(void **state)
{
	struct world *w = *state;
	int64_t bytes;

	file_make(w, "abd", 3);
	assert_int_equal(blob_adopt(w->folder, w->file, abc, &w->err),
			 RC_CORRUPT);
	assert_int_equal(access(w->file, F_OK), 0);
	err_clear(&w->err);
	file_make(w, "abc", 3);
	assert_int_equal(blob_adopt(w->folder, w->file, abc, &w->err), RC_OK);
	assert_int_equal(access(w->file, F_OK), -1);
	assert_int_equal(blob_look(w->folder, abc, &bytes, &w->err), RC_OK);
	assert_false(blob_name_is_legal("../../etc/passwd"));
	assert_false(blob_name_is_legal("BA7816BF"));
}

/* Every call of the file system fails in turn: the blob is whole or not there,
 * nothing is left behind, and the next try succeeds. */
static void every_failing_call_leaves_all_or_nothing(void **state)
{
#ifdef WITH_FAULTS
	struct world *w = *state;
	static const char text[] = "abc";
	struct blob_taken taken;
	int64_t bytes;
	long nth, calls;
	enum rc rc;

	for (nth = 1;; nth++) {
		bool is_there;

		file_make(w, text, 3);
		err_clear(&w->err);
		fault_arm(FAULT_FILE, nth, false);
		rc = blob_take(w->folder, w->file, 3, &taken, &w->err);
		calls = fault_clear(FAULT_FILE);
		assert_false(left_over(w));
		is_there = blob_look(w->folder, abc, &bytes, &w->err) == RC_OK;
		assert_true(!is_there || bytes == 3);
		if (calls < nth)
			break;
		assert_int_equal(rc, RC_IO);
		assert_non_null(strstr(w->err.text, w->dir));
		err_clear(&w->err);
		assert_int_equal(blob_drop(w->folder, abc, &w->err), RC_OK);
	}
	assert_int_equal(rc, RC_OK);
	assert_true(nth > 8);
	for (nth = 1;; nth++) {
		assert_int_equal(blob_drop(w->folder, abc, &w->err), RC_OK);
		file_make(w, text, 3);
		err_clear(&w->err);
		fault_arm(FAULT_FILE, nth, false);
		rc = blob_adopt(w->folder, w->file, abc, &w->err);
		calls = fault_clear(FAULT_FILE);
		if (calls < nth)
			break;
		assert_int_equal(rc, RC_IO);
		assert_true(!access(w->file, F_OK) ||
			    blob_look(w->folder, abc, &bytes, &w->err) ==
				    RC_OK);
	}
	assert_int_equal(rc, RC_OK);
#else
	(void)state;
	skip(); /* this build makes no call fail */
#endif
}

static void cut_copies_are_swept_away(void **state)
{
	struct world *w = *state;
	struct blob_taken taken;
	struct utimbuf old = { 1000, 1000 };
	char path[80];
	FILE *f;

	file_make(w, "abc", 3);
	assert_int_equal(blob_take(w->folder, w->file, 3, &taken, &w->err),
			 RC_OK);
	snprintf(path, sizeof(path), "%s/tmp/cut", w->folder);
	f = fopen(path, "w");
	assert_non_null(f);
	fclose(f);
	blob_sweep(w->folder, 1000 * 1000);
	assert_true(left_over(w));
	assert_int_equal(utime(path, &old), 0);
	blob_sweep(w->folder, (int64_t)1000 * 1000 + 3600 * 1000 + 1000);
	assert_false(left_over(w));
	assert_int_equal(total(w), 3);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(a_file_gets_its_hash_as_name),
		TEST(what_cannot_be_taken_leaves_nothing),
		TEST(holes_stay_holes),
		TEST(only_the_right_bytes_get_a_name),
		TEST(every_failing_call_leaves_all_or_nothing),
		TEST(cut_copies_are_swept_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
