/* Syncs by file: out, back, through others' hands, in several pages, cut at any
 * byte, and with a store or a disk that fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "blob/whole.h"
#include "lib/field.h"
#include "wire/bundle.h"
#include "wire/message.h"

static struct field_world w;
static char out[128], back[128];

static void ok(enum rc rc)
{
	if (rc != RC_OK)
		fail_msg("%s", w.err.text);
}

static void refused(enum rc rc, enum rc want, const char *words)
{
	if (rc != want || !strstr(w.err.text, words))
		fail_msg("%s '%s', not '%s'", rc_name(rc), w.err.text, words);
	err_clear(&w.err);
}

static int begin(void **state)
{
	(void)state;
	field_begin(&w, 2);
	snprintf(out, sizeof(out), "%s/out", w.dir);
	snprintf(back, sizeof(back), "%s/back", w.dir);
	return 0;
}

static int end(void **state)
{
	(void)state;
	wire_limits_for_tests(0, 0);
	field_end(&w);
	return 0;
}

static struct bundle_made create(int tablet)
{
	struct bundle_made made;

	unlink(out);
	ok(replica_bundle_create(w.tablets[tablet], out, &made, &w.err));
	return made;
}

/* What the office does with `out`. */
static struct bundled said;
static void told(void *ctx, const struct bundled *b)
{
	(void)ctx;
	said = *b;
}

static void answer(void)
{
	struct buf file, reply;

	buf_init(&file, BUNDLE_BYTES_MAX);
	buf_init(&reply, BUNDLE_BYTES_MAX);
	ok(whole_read(out, &file, &w.err));
	ok(service_bundle(w.loop.service, file.data, file.len, told, NULL,
			  &reply, &w.err));
	unlink(back);
	ok(whole_write(back, &reply, &w.err));
	buf_release(&file);
	buf_release(&reply);
}

static enum rc apply(int tablet, struct bundle_taken *taken)
{
	struct bundle_taken ignored;

	return replica_bundle_apply(w.tablets[tablet], back,
				    taken ? taken : &ignored, &w.err);
}

static void a_sync_by_file_ends_with_equal_roots(void **state)
{
	struct bundle_taken taken;

	(void)state;
	field_exec(&w, 0,
		   "UPDATE assignment SET state='accepted' WHERE id='a1'");
	field_office(&w, "subject", "s7", "{\"name\":\"renamed\"}");
	assert_int_equal(create(0).packets, 1);
	answer();
	ok(apply(0, &taken));
	assert_int_equal(taken.applied, 1);
	assert_int_equal(taken.sum.packets_sent, 1);
	assert_string_equal(
		field_live(&w, 0, "SELECT name FROM subject WHERE id='s7'"),
		"renamed");
	field_assert_equal(&w, 0);
	ok(replica_verify(w.tablets[0], &w.err));
	ok(apply(0, &taken));
	assert_int_equal(taken.applied, 0);
	assert_int_equal(taken.again, 1);
}

static void an_answer_of_many_pages_is_one(void **state)
{
	struct bundle_taken taken;
	char id[16];

	(void)state;
	wire_limits_for_tests(300, 0);
	for (int i = 1; i <= 30; i++) {
		snprintf(id, sizeof(id), "s%d", i);
		field_office(&w, "subject", id,
			     "{\"name\":\"a name that is long enough to fill "
			     "some of a page\"}");
	}
	field_exec(&w, 0,
		   "UPDATE assignment SET state='accepted' WHERE id='a1'");
	create(0);
	answer();
	ok(apply(0, &taken));
	assert_int_equal(taken.sum.packets_sent, 1);
	assert_true(taken.sum.records_received >= 30);
	field_assert_equal(&w, 0);
	ok(replica_verify(w.tablets[0], &w.err));
}

static void more_than_a_bundle_holds_comes_in_the_next(void **state)
{
	struct bundle_taken taken;
	struct bundle_made made;

	(void)state;
	wire_limits_for_tests(0, 300);
	for (int i = 0; i < 3; i++) {
		int packets, records;

		field_exec(&w, 0,
			   i ? "UPDATE assignment SET accept_note=coalesce("
			       "accept_note,'')||'a note of some length' WHERE "
			       "id='a1'"
			     : "UPDATE assignment SET state='accepted' WHERE "
			       "id='a1'");
		ok(replica_commit(w.tablets[0], "more", &packets, &records,
				  &w.err));
	}
	made = create(0);
	assert_true(made.left_out && made.packets < 3);
	answer();
	ok(apply(0, &taken));
	wire_limits_for_tests(0, 0);
	made = create(0);
	assert_false(made.left_out);
	answer();
	ok(apply(0, &taken));
	assert_string_equal(
		field_server(&w, "SELECT state FROM assignment WHERE id='a1'"),
		"accepted");
	field_assert_equal(&w, 0);
}

static void a_bundle_cut_anywhere_is_refused(void **state)
{
	struct bundle_item *items;
	struct buf file;
	size_t n;

	(void)state;
	create(0);
	buf_init(&file, BUNDLE_BYTES_MAX);
	ok(whole_read(out, &file, &w.err));
	for (size_t cut = 0; cut < file.len; cut++)
		if (bundle_read(file.data, cut, &items, &n, &w.err) == RC_OK)
			fail_msg("%zu of %zu bytes are taken for a bundle", cut,
				 file.len);
	for (size_t at = 0; at < file.len; at++) {
		err_clear(&w.err);
		file.data[at] ^= 1;
		/* The terminal's name, or an unknown member's: the server, the
		 * box and the digest tell. */
		if (bundle_read(file.data, file.len, &items, &n, &w.err) ==
		    RC_OK) {
			struct buf reply;

			buf_init(&reply, BUNDLE_BYTES_MAX);
			assert_int_equal(service_bundle(w.loop.service,
							file.data, file.len,
							told, NULL, &reply,
							&w.err),
					 RC_OK);
			if (!said.is_refused && reply.len &&
			    !strstr(file.data, items[0].digest))
				fail_msg("byte %zu may be another", at);
			buf_release(&reply);
			free(items);
		}
		file.data[at] ^= 1;
	}
	buf_release(&file);
	err_clear(&w.err);
}

static void after_a_sync_only_new_receipts_count(void **state)
{
	struct bundle_taken taken;

	(void)state;
	field_exec(&w, 0,
		   "UPDATE assignment SET state='accepted' WHERE id='a1'");
	create(0);
	answer();
	/* Another change comes by network, and acknowledges all. */
	field_office(&w, "subject", "s7", "{\"name\":\"renamed\"}");
	field_sync(&w, 0);
	refused(apply(0, &taken), RC_CONFLICT, "older than what the replica");
	field_assert_equal(&w, 0);
	field_exec(&w, 0,
		   "UPDATE assignment SET accept_note='later' WHERE id='a1'");
	field_sync(&w, 0);
	field_assert_equal(&w, 0);
}

static void of_two_answers_the_second_counts_by_its_receipts(void **state)
{
	struct bundle_taken taken;
	char first[128], second[128];

	(void)state;
	field_exec(&w, 0,
		   "UPDATE assignment SET state='accepted' WHERE id='a1'");
	create(0);
	answer();
	snprintf(first, sizeof(first), "%s/first", w.dir);
	assert_int_equal(rename(back, first), 0);
	field_exec(&w, 0,
		   "UPDATE assignment SET accept_note='later' WHERE id='a1'");
	create(0);
	answer();
	snprintf(second, sizeof(second), "%s/second", w.dir);
	assert_int_equal(rename(back, second), 0);
	ok(replica_bundle_apply(w.tablets[0], first, &taken, &w.err));
	assert_int_equal(taken.receipts_only, 0);
	ok(replica_bundle_apply(w.tablets[0], second, &taken, &w.err));
	assert_int_equal(taken.receipts_only, 1);
	assert_int_equal(taken.sum.packets_sent, 1);
	ok(replica_verify(w.tablets[0], &w.err));
	assert_string_equal(field_live(&w, 0,
				       "SELECT accept_note FROM assignment "
				       "WHERE id='a1'"),
			    "later");
	assert_int_equal(field_sync(&w, 0).packets_sent, 0);
	field_assert_equal(&w, 0);
}

/* Box and headers say nothing, and what is in them opens for nobody else. */
static void who_carries_it_reads_nothing(void **state)
{
	struct bundle_carried carried;
	struct bundle_item *items;
	struct sign_key other;
	struct buf file, plain;
	size_t n;

	(void)state;
	field_exec(&w, 0,
		   "UPDATE assignment SET state='accepted',"
		   "accept_note='a secret' WHERE id='a1'");
	create(0);
	ok(replica_bundle_carry(w.tablets[1], out, &carried, &w.err));
	assert_int_equal(carried.requests, 1);
	assert_int_equal(field_sync(&w, 1).carried, 1);
	ok(replica_bundle_answers(w.tablets[1], back, NULL, &carried.answers,
				  &w.err));
	buf_init(&file, BUNDLE_BYTES_MAX);
	buf_init(&plain, BUNDLE_BYTES_MAX);
	ok(whole_read(back, &file, &w.err));
	ok(bundle_read(file.data, file.len, &items, &n, &w.err));
	sign_key_new(&other, &host_system);
	assert_int_equal(seal_take(&plain, &other, items[0].box,
				   items[0].box_bytes, &w.err),
			 RC_CORRUPT);
	err_clear(&w.err);
	sign_key_release(&other);
	free(items);
	buf_release(&file);
	buf_release(&plain);
	ok(apply(0, NULL));
	field_assert_equal(&w, 0);
}

static void a_stranger_may_bring_nothing(void **state)
{
	struct sync_input in = { .terminal = "nobody",
				 .signature = "",
				 .path = "/v1/bundle",
				 .body = "x",
				 .body_bytes = 1 };
	struct buf reply;

	(void)state;
	buf_init(&reply, BUNDLE_BYTES_MAX);
	refused(service_bundle_brought(w.loop.service, &in, &reply, &w.err),
		RC_DENIED, "not enrolled here");
	in.terminal = field_live(
		&w, 1, "SELECT value FROM hufu_meta WHERE key='terminal'");
	refused(service_bundle_brought(w.loop.service, &in, &reply, &w.err),
		RC_DENIED, "not signed by this terminal");
	buf_release(&reply);
}

static void an_old_time_does_not_take_back_a_newer_one(void **state)
{
	int64_t before;

	(void)state;
	field_exec(&w, 0,
		   "UPDATE assignment SET state='accepted' WHERE id='a1'");
	create(0);
	answer();
	field_exec(&w, 0,
		   "UPDATE hufu_meta SET value=value+3600000 WHERE "
		   "key='anchor'");
	before = atoll(field_live(
		&w, 0, "SELECT value FROM hufu_meta WHERE key='anchor'"));
	ok(apply(0, NULL));
	assert_true(atoll(field_live(&w, 0,
				     "SELECT value FROM hufu_meta WHERE "
				     "key='anchor'")) >= before);
}

/* The nth store call or call of the file system fails, and the next try does
 * all that was left. */
static void whatever_fails_another_try_does_it(void **state)
{
	static const enum fault kinds[] = { FAULT_STORE, FAULT_FILE,
					    FAULT_ALLOC };

	(void)state;
	field_exec(&w, 0,
		   "UPDATE assignment SET state='accepted' WHERE id='a1'");
	for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++)
		for (long n = 1;; n += kinds[k] == FAULT_FILE ? 1 : n / 2 + 3) {
			struct bundle_made made;
			struct bundle_taken taken;
			long calls;
			enum rc rc;

			unlink(out);
			field_office(&w, "subject", "s7",
				     n % 2 ? "{\"name\":\"odd\"}"
					   : "{\"name\":\"even\"}");
			fault_arm(kinds[k], n, true);
			rc = replica_bundle_create(w.tablets[0], out, &made,
						   &w.err);
			calls = fault_clear(kinds[k]);
			if (rc != RC_OK) {
				err_clear(&w.err);
				assert_int_not_equal(access(out, F_OK), 0);
				create(0);
			}
			answer();
			fault_arm(kinds[k], n, true);
			rc = apply(0, &taken);
			calls += fault_clear(kinds[k]);
			if (rc != RC_OK) {
				err_clear(&w.err);
				ok(apply(0, &taken));
			}
			field_assert_equal(&w, 0);
			if (calls < n)
				break;
		}
	ok(replica_verify(w.tablets[0], &w.err));
}

#define PROMISE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROMISE(a_sync_by_file_ends_with_equal_roots),
		PROMISE(an_answer_of_many_pages_is_one),
		PROMISE(more_than_a_bundle_holds_comes_in_the_next),
		PROMISE(a_bundle_cut_anywhere_is_refused),
		PROMISE(after_a_sync_only_new_receipts_count),
		PROMISE(of_two_answers_the_second_counts_by_its_receipts),
		PROMISE(who_carries_it_reads_nothing),
		PROMISE(a_stranger_may_bring_nothing),
		PROMISE(an_old_time_does_not_take_back_a_newer_one),
		PROMISE(whatever_fails_another_try_does_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
