/* Two officers show each other their answers, through the public library; what
 * was not signed by them is not taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/jcs.h"
#include "blob/whole.h"
#include "hufu/hufu.h"
#include "lib/field.h"
#include "wire/bundle.h"

static struct field_world w;
static struct hufu *a, *b;
static char file[128], other[128];

#define DONE(h, call)                                                          \
	do {                                                                   \
		if ((call) != HUFU_OK)                                         \
			fail_msg("%s: %s", #call, hufu_message(h));            \
	} while (0)

static void refused(struct hufu *h, enum hufu_code code, enum hufu_code want,
		    const char *words)
{
	if (code != want || !strstr(hufu_message(h), words))
		fail_msg("%s '%s', not '%s'", hufu_code_name(code),
			 hufu_message(h), words);
}

static void edit(struct hufu *h, const char *sql)
{
	DONE(h, hufu_edit(h, sql));
}

/* A visit of o1 and o2 that both tablets have. */
static int begin(void **state)
{
	(void)state;
	field_begin(&w, 2);
	snprintf(file, sizeof(file), "%s/file", w.dir);
	snprintf(other, sizeof(other), "%s/other", w.dir);
	field_exec(&w, 0,
		   "INSERT INTO visit(id,town,subject,officers,visited_on,"
		   "code_shown_at,state) SELECT 'v1',town,id,"
		   "'[\"o1\",\"o2\"]'," FIELD_TODAY "," FIELD_NOON ",'open' "
		   "FROM subject WHERE id='s1'");
	field_sync(&w, 0);
	field_sync(&w, 1);
	a = hufu_new();
	b = hufu_new();
	DONE(a, hufu_open(a, w.files[0]));
	DONE(b, hufu_open(b, w.files[1]));
	DONE(a, hufu_unlock(a, FIELD_PIN));
	DONE(b, hufu_unlock(b, FIELD_PIN));
	edit(a, "INSERT INTO answer(id,town,visit,point,author,value) SELECT "
		"'x1',town,'v1','p1','o1','pass' FROM visit WHERE id='v1'");
	return 0;
}

static int end(void **state)
{
	(void)state;
	hufu_free(a);
	hufu_free(b);
	field_end(&w);
	return 0;
}

static void root_of(struct hufu *h, char root[HUFU_ROOT_SIZE])
{
	struct hufu_list *report;

	DONE(h, hufu_peer_verdict(h, "v1", &report));
	snprintf(root, HUFU_ROOT_SIZE, "%s", hufu_list_text(report, "root"));
	hufu_list_free(report);
}

static void both_have_the_same_root(void **state)
{
	char mine[HUFU_ROOT_SIZE], theirs[HUFU_ROOT_SIZE];
	struct hufu_list *report;

	(void)state;
	assert_int_equal(hufu_peer_create(a, NULL, file, NULL), HUFU_INVALID);
	assert_int_equal(hufu_peer_create(a, "v9", file, NULL), HUFU_NOT_FOUND);
	assert_int_equal(hufu_peer_take(a, NULL, NULL), HUFU_INVALID);
	assert_int_equal(hufu_peer_verdict(a, "v9", &report), HUFU_NOT_FOUND);
	DONE(a, hufu_peer_create(a, "v1", file, &report));
	assert_int_equal(hufu_list_int(report, "terminals", 0), 1);
	hufu_list_free(report);
	DONE(b, hufu_peer_take(b, file, &report));
	assert_int_equal(hufu_list_int(report, "answers", 0), 1);
	assert_string_equal(hufu_list_text(report, "officer"), "o1");
	hufu_list_free(report);
	root_of(a, mine);
	root_of(b, theirs);
	assert_string_equal(mine, theirs);
	DONE(b, hufu_peer_sign(b, "v1", theirs));
	assert_string_equal(mine, theirs);
	assert_string_equal(
		field_live(&w, 1, "SELECT state FROM visit WHERE id='v1'"),
		"signed");
}

/* What was shown gives way once the office has the record otherwise. */
static void what_the_office_has_stands_above_what_was_shown(void **state)
{
	char before[HUFU_ROOT_SIZE], after[HUFU_ROOT_SIZE];

	(void)state;
	DONE(a, hufu_peer_create(a, "v1", file, NULL));
	DONE(b, hufu_peer_take(b, file, NULL));
	root_of(b, before);
	edit(a, "UPDATE answer SET value='fail' WHERE id='x1'");
	field_sync(&w, 0);
	field_sync(&w, 1);
	root_of(b, after);
	assert_string_not_equal(before, after);
	root_of(a, before);
	assert_string_equal(before, after);
	DONE(b, hufu_peer_take(b, file, NULL));
}

/* What is in the file for B, as JSON. */
static json_t *opened(struct bundle_item *item)
{
	struct bundle_item *items;
	unsigned char seed[SIGN_SEED_BYTES];
	struct sign_key key;
	const char *hex = field_live(
		&w, 1, "SELECT value FROM hufu_meta WHERE key='terminal_seed'");
	struct buf bytes, plain;
	json_t *o = NULL;
	size_t n, i = 0;

	hex_decode(seed, sizeof(seed), hex, strlen(hex));
	sign_key_from_seed(&key, seed);
	buf_init(&bytes, BUNDLE_BYTES_MAX);
	buf_init(&plain, BUNDLE_BYTES_MAX);
	assert_int_equal(whole_read(file, &bytes, &w.err), RC_OK);
	assert_int_equal(bundle_read(bytes.data, bytes.len, &items, &n, &w.err),
			 RC_OK);
	while (i < n && items[i].type != BUNDLE_PEER)
		i++;
	assert_true(i < n);
	assert_int_equal(seal_take(&plain, &key, items[i].box,
				   items[i].box_bytes, &w.err),
			 RC_OK);
	assert_int_equal(json_read(plain.data, plain.len, &o, &w.err), RC_OK);
	*item = items[i];
	free(items);
	buf_release(&bytes);
	buf_release(&plain);
	return o;
}

/* Seal it to B again, as anybody can. */
static void sealed(struct bundle_item *item, const json_t *o)
{
	unsigned char public[SIGN_PUBLIC_BYTES];
	const char *key = field_live(&w, 1,
				     "SELECT terminal_key FROM enrolment WHERE "
				     "officer='o2'");
	size_t n = sizeof(public);
	struct buf plain, box, out;

	buf_init(&plain, BUNDLE_BYTES_MAX);
	buf_init(&box, BUNDLE_BYTES_MAX);
	buf_init(&out, BUNDLE_BYTES_MAX);
	assert_true(base64_decode(public, &n, key, strlen(key)));
	assert_int_equal(json_write(&plain, o, &w.err), RC_OK);
	assert_int_equal(seal_to(&box, public, &host_system, plain.data,
				 plain.len, &w.err),
			 RC_OK);
	item->box = box.data;
	item->box_bytes = box.len;
	assert_int_equal(bundle_write(&out, item, 1, &w.err), RC_OK);
	unlink(other);
	assert_int_equal(whole_write(other, &out, &w.err), RC_OK);
	buf_release(&plain);
	buf_release(&box);
	buf_release(&out);
}

static void what_was_not_signed_so_is_not_taken(void **state)
{
	struct bundle_item item;
	json_t *o, *packet, *record, *text;

	(void)state;
	DONE(a, hufu_peer_create(a, "v1", file, NULL));
	o = opened(&item);
	packet = json_array_get(json_object_get(o, "packets"), 0);
	sealed(&item, o);
	DONE(b, hufu_peer_take(b, other, NULL));
	field_exec(&w, 1, "DELETE FROM hufu_peer");

	/* Another value. */
	for (size_t i = 0;; i++) {
		packet = json_array_get(json_object_get(o, "packets"), i);
		assert_non_null(packet);
		record = json_array_get(json_object_get(packet, "records"), 0);
		if (!strcmp(json_string_value(json_array_get(record, 0)),
			    "answer"))
			break;
	}
	text = json_incref(json_array_get(record, 2));
	json_array_set_new(
		record, 2,
		json_string("{\"author\":\"o1\",\"id\":\"x1\",\"point\":"
			    "\"p1\",\"scope\":\"330106\",\"town\":\"001\","
			    "\"value\":\"fail\",\"visit\":\"v1\"}"));
	sealed(&item, o);
	refused(b, hufu_peer_take(b, other, NULL), HUFU_CORRUPT,
		"is not what 'o1' signed");

	/* A record left out. */
	json_array_set(record, 2, text);
	json_array_clear(json_object_get(packet, "records"));
	sealed(&item, o);
	refused(b, hufu_peer_take(b, other, NULL), HUFU_CORRUPT,
		"is not what 'o1' signed");

	/* Another's enrolment, and one that nobody has. */
	json_object_set_new(o, "enrolment",
			    json_string(field_live(&w, 1,
						   "SELECT id FROM enrolment "
						   "WHERE officer='o2'")));
	sealed(&item, o);
	refused(b, hufu_peer_take(b, other, NULL), HUFU_CORRUPT,
		"is not what 'o2' signed");
	json_object_set_new(o, "enrolment", json_string("nobody"));
	sealed(&item, o);
	refused(b, hufu_peer_take(b, other, NULL), HUFU_DENIED,
		"does not know");
	json_object_set_new(o, "format", json_integer(2));
	sealed(&item, o);
	refused(b, hufu_peer_take(b, other, NULL), HUFU_INVALID,
		"later version");
	assert_string_equal(field_live(&w, 1, "SELECT count(*) FROM hufu_peer"),
			    "0");
	json_decref(text);
	json_decref(o);
}

#define PROMISE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROMISE(both_have_the_same_root),
		PROMISE(what_the_office_has_stands_above_what_was_shown),
		PROMISE(what_was_not_signed_so_is_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
