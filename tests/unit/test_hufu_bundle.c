/* Syncs by file through the public library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blob/whole.h"
#include "hufu/hufu.h"
#include "lib/field.h"
#include "wire/bundle.h"

static struct field_world w;
static struct hufu *h;
static char out[128], back[128];

static int begin(void **state)
{
	(void)state;
	field_begin(&w, 2);
	snprintf(out, sizeof(out), "%s/out", w.dir);
	snprintf(back, sizeof(back), "%s/back", w.dir);
	h = hufu_new();
	return hufu_open(h, w.files[1]) == HUFU_OK ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	hufu_free(h);
	field_end(&w);
	return 0;
}

#define DONE(call)                                                             \
	do {                                                                   \
		if ((call) != HUFU_OK)                                         \
			fail_msg("%s: %s", #call, hufu_message(h));            \
	} while (0)

static void says(struct hufu_list *report, const char *name, int64_t want)
{
	assert_int_equal(hufu_list_int(report, name, -1), want);
	hufu_list_free(report);
}

static void answer(void)
{
	struct buf file, reply;

	buf_init(&file, BUNDLE_BYTES_MAX);
	buf_init(&reply, BUNDLE_BYTES_MAX);
	if (whole_read(out, &file, &w.err) != RC_OK ||
	    service_bundle(w.loop.service, file.data, file.len, NULL, NULL,
			   &reply, &w.err) != RC_OK ||
	    whole_write(back, &reply, &w.err) != RC_OK)
		fail_msg("%s", w.err.text);
	buf_release(&file);
	buf_release(&reply);
}

static void a_program_syncs_by_file(void **state)
{
	struct hufu_list *report;

	(void)state;
	assert_int_equal(hufu_bundle_create(h, NULL, &report), HUFU_INVALID);
	assert_int_equal(hufu_bundle_apply(h, NULL, NULL), HUFU_INVALID);
	assert_int_equal(hufu_bundle_apply(h, back, NULL), HUFU_NOT_FOUND);
	DONE(hufu_edit(h, "UPDATE assignment SET state='accepted' WHERE "
			  "id='a1'"));
	DONE(hufu_unlock(h, FIELD_PIN));
	DONE(hufu_bundle_create(h, out, &report));
	says(report, "packets", 1);
	assert_int_equal(hufu_bundle_create(h, out, NULL), HUFU_INVALID);
	answer();
	DONE(hufu_bundle_apply(h, back, &report));
	says(report, "packets_sent", 1);
	DONE(hufu_bundle_apply(h, back, &report));
	says(report, "again", 1);
}

static void a_program_carries_for_others(void **state)
{
	struct bundle_made made;
	struct hufu_list *report;
	int n = 0;

	(void)state;
	assert_int_equal(
		replica_bundle_create(w.tablets[0], out, &made, &w.err), RC_OK);
	assert_int_equal(hufu_carry(h, NULL, NULL), HUFU_INVALID);
	DONE(hufu_carry(h, out, &report));
	says(report, "requests", 1);
	DONE(hufu_carried(h, &report));
	assert_int_equal(hufu_list_next(report), HUFU_OK);
	assert_string_equal(hufu_list_text(report, "state"), "waiting");
	hufu_list_free(report);
	assert_int_equal(field_sync(&w, 1).carried, 1);
	assert_int_equal(hufu_carried_answers(h, back, "nobody", &n),
			 HUFU_NOT_FOUND);
	DONE(hufu_carried_answers(h, back, NULL, &n));
	assert_int_equal(n, 1);
}

#define PROMISE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROMISE(a_program_syncs_by_file),
		PROMISE(a_program_carries_for_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
