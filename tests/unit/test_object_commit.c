#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/fault.h"
#include "object/commit.h"
#include "object/sshsig.h"

#define LIMIT (1u << 20)

static struct sign_key key;

static struct packet_commit packet(void)
{
	struct packet_commit c = {
		.format = PACKET_FORMAT,
		.has_parent = true,
		.author = "wang",
		.terminal = "t7",
		.seconds = 1790000000,
		.message = "现场检查：3 条",
		.scope = "330106",
		.journal = "0123456789abcdef0123",
		.sequence = 2,
		.has_base = true,
		.wall_ms = 1790000000123,
		.monotonic_ms = 5000,
		.boot = "00ff",
		.anchor_ms = 1789999990000,
	};

	memset(c.tree.b, 1, OID_BYTES);
	memset(c.parent.b, 2, OID_BYTES);
	memset(c.base.b, 3, OID_BYTES);
	memset(c.content, 4, sizeof c.content);
	return c;
}

static struct oid two_parents[2] = { { { 1 } }, { { 2 } } };
static struct oid three_merged[3] = { { { 3 } }, { { 4 } }, { { 5 } } };
static struct main_quarantined one_quarantined[1] = {
	{ { { 4 } }, "visit/v1", "role" },
};

static struct main_commit main_line(void)
{
	struct main_commit c = {
		.nparents = 2,
		.parents = two_parents,
		.seconds = 1790000001,
		.scope = "catalog",
		.epoch = "0123456789abcdef",
		.position = 17,
		.time_ms = 1790000001500,
		.nmerged = 3,
		.merged = three_merged,
		.nquarantined = 1,
		.quarantined = one_quarantined,
	};

	memset(c.tree.b, 1, OID_BYTES);
	return c;
}

static void write_packet(struct buf *out, const struct packet_commit *c)
{
	struct err err = { 0 };
	struct oid oid;

	buf_init(out, LIMIT);
	assert_int_equal(packet_commit_write(out, &oid, c, &key, &err), RC_OK);
}

static enum rc read_packet(const char *bytes, size_t n, struct err *err)
{
	struct packet_commit c;
	struct arena mem;
	struct oid oid;
	enum rc rc;

	arena_init(&mem, LIMIT);
	rc = packet_commit_read(&c, &oid, bytes, n, &mem, err);
	arena_release(&mem);
	return rc;
}

static void a_packet_is_read_as_it_was_written(void **state)
{
	struct packet_commit c = packet(), got;
	struct oid oid, again;
	struct err err = { 0 };
	struct arena mem;
	struct buf out;

	(void)state;
	buf_init(&out, LIMIT);
	arena_init(&mem, LIMIT);
	assert_int_equal(packet_commit_write(&out, &oid, &c, &key, &err),
			 RC_OK);
	assert_int_equal(
		packet_commit_read(&got, &again, out.data, out.len, &mem, &err),
		RC_OK);
	assert_true(oid_equal(&oid, &again));
	assert_string_equal(got.author, "wang");
	assert_string_equal(got.terminal, "t7");
	assert_string_equal(got.message, c.message);
	assert_int_equal(got.sequence, 2);
	assert_true(got.has_parent && got.has_base && !got.has_supersedes);
	assert_true(oid_equal(&got.base, &c.base));
	assert_int_equal(got.anchor_ms, c.anchor_ms);
	assert_null(got.operation);
	assert_memory_equal(got.content, c.content, 32);
	assert_int_equal(commit_verify(out.data, out.len, key.public, &err),
			 RC_OK);
	buf_release(&out);
	arena_release(&mem);
}

static void a_main_commit_is_read_as_it_was_written(void **state)
{
	struct main_commit c = main_line(), got;
	struct oid oid, again;
	struct err err = { 0 };
	struct arena mem;
	struct buf out;

	(void)state;
	buf_init(&out, LIMIT);
	arena_init(&mem, LIMIT);
	assert_int_equal(main_commit_write(&out, &oid, &c, &key, &err), RC_OK);
	assert_int_equal(
		main_commit_read(&got, &again, out.data, out.len, &mem, &err),
		RC_OK);
	assert_true(oid_equal(&oid, &again));
	assert_int_equal(got.nparents, 2);
	assert_true(oid_equal(&got.parents[1], &two_parents[1]));
	assert_int_equal(got.nmerged, 3);
	assert_true(oid_equal(&got.merged[2], &three_merged[2]));
	assert_int_equal(got.nquarantined, 1);
	assert_string_equal(got.quarantined[0].path, "visit/v1");
	assert_string_equal(got.quarantined[0].code, "role");
	assert_int_equal(got.position, 17);
	assert_int_equal(commit_verify(out.data, out.len, key.public, &err),
			 RC_OK);
	buf_release(&out);
	arena_release(&mem);
}

/* Every flip is refused by reading, or by the signature. */
static void every_flipped_bit_of_a_commit_is_refused(void **state)
{
	struct packet_commit c = packet();
	struct buf out;

	(void)state;
	write_packet(&out, &c);
	for (size_t bit = 0; bit < out.len * 8; bit++) {
		struct err err = { 0 };
		enum rc rc;

		out.data[bit / 8] ^= (char)(1 << bit % 8);
		rc = read_packet(out.data, out.len, &err);
		if (rc == RC_OK)
			rc = commit_verify(out.data, out.len, key.public, &err);
		assert_true(rc == RC_CORRUPT || rc == RC_INVALID);
		assert_int_equal(err.code, rc);
		out.data[bit / 8] ^= (char)(1 << bit % 8);
	}
	for (size_t n = 0; n < out.len; n++) {
		struct err err = { 0 };

		assert_int_equal(read_packet(out.data, n, &err), RC_CORRUPT);
	}
	buf_release(&out);
}

/* The commit with the first `from` replaced by `to`. */
static void replaced(struct buf *out, const struct buf *in, const char *from,
		     const char *to)
{
	const char *at = strstr(in->data, from);

	assert_non_null(at);
	buf_init(out, LIMIT);
	buf_put(out, in->data, (size_t)(at - in->data));
	buf_puts(out, to);
	buf_puts(out, at + strlen(from));
}

static void a_second_form_of_a_commit_is_refused(void **state)
{
	static const struct {
		const char *from, *to;
	} cases[] = {
		{ "Sequence: 2", "Sequence: 02" },
		{ "Sequence: 2", "Sequence: +2" },
		{ "Sequence: 2", "Sequence:  2" },
		{ "Sequence: 2", "Sequence: 2 " },
		{ "Sequence: 2", "Sequence: 2\r" },
		{ "Sequence: 2", "sequence: 2" },
		{ "Sequence: 2\n", "" },
		{ "Sequence: 2\n", "Sequence: 2\nSequence: 2\n" },
		{ "Alg: ed25519\n", "Alg: ed25519" },
		{ "Alg: ed25519\n", "Alg: ed25519\n\n" },
		{ "Alg: ed25519\n", "Alg: ed25519\nMore: 1\n" },
		{ "Alg: ed25519\n", "Alg: rsa\n" },
		{ "+0000", "+0100" },
		{ "1790000000 +0000\ncomm", "01790000000 +0000\ncomm" },
		{ "1790000000 +0000\ncomm", "1790000001 +0000\ncomm" },
		{ "author wang <wang@t7>", "author Wang <wang@t7>" },
		{ "author wang <wang@t7>", "author wang  <wang@t7>" },
		{ "author wang <wang@t7>", "author li <wang@t7>" },
		{ "author wang <wang@t7>", "author wang <wang@t8>" },
		{ "tree 0101", "tree 01010101" },
		{ "tree 0101", "tree  0101" },
		{ "parent 02", "encoding UTF-8\nparent 02" },
		{ "gpgsig ", "gpgsig-sha256 x\ngpgsig " },
		{ "Scope: 330106", "Scope: 33010" },
		{ "Journal: 0", "Journal: A" },
		{ "Terminal: t7", "Terminal: server" },
		{ "Terminal: t7\n", "Terminal: t7\nOperation: x\n" },
		{ "Boot: 00ff", "Boot: 00FF" },
		{ "Wall: 1", "Wall: -1" },
		{ "Format: 2", "Format: 02" },
		{ "Format: 2", "Format: 0" },
	};
	struct packet_commit c = packet();
	struct buf out, other;

	(void)state;
	write_packet(&out, &c);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct err err = { 0 };

		replaced(&other, &out, cases[i].from, cases[i].to);
		assert_int_equal(read_packet(other.data, other.len, &err),
				 RC_CORRUPT);
		assert_string_not_equal(err.text, "");
		buf_release(&other);
	}
	buf_release(&out);
}

static void a_second_form_of_the_armour_is_refused(void **state)
{
	static const struct {
		const char *from, *to;
	} cases[] = {
		{ "SIGNATURE-----\n U1NI", "SIGNATURE-----\n U1\n NI" },
		{ "SIGNATURE-----\n U1NI", "SIGNATURE-----\n\n U1NI" },
		{ "SIGNATURE-----\n U1NI", "SIGNATURE-----\n  U1NI" },
		{ "SIGNATURE-----\n U1NI", "SIGNATURE-----\r\n U1NI" },
		{ "SIGNATURE-----\n U1NI", "SIGNATURE-----\n V1NI" },
		{ "\n -----END SSH", " \n -----END SSH" },
		{ "-----END SSH SIGNATURE-----\n",
		  "-----END SSH SIGNATURE-----\n x\n" },
		{ "gpgsig -----BEGIN SSH", "gpgsig -----BEGIN PGP" },
	};
	struct packet_commit c = packet();
	struct buf out, other;

	(void)state;
	write_packet(&out, &c);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct err err = { 0 };

		replaced(&other, &out, cases[i].from, cases[i].to);
		assert_int_equal(read_packet(other.data, other.len, &err),
				 RC_CORRUPT);
		err_clear(&err);
		assert_int_equal(
			commit_verify(other.data, other.len, key.public, &err),
			RC_CORRUPT);
		buf_release(&other);
	}
	buf_release(&out);
}

static void an_unknown_format_is_refused_by_name(void **state)
{
	struct packet_commit c = packet();
	struct err err = { 0 };
	struct buf out, other;

	(void)state;
	write_packet(&out, &c);
	replaced(&other, &out, "Format: 2", "Format: 3");
	assert_int_equal(read_packet(other.data, other.len, &err), RC_INVALID);
	assert_string_equal(err.text, "format 3 is newer than this program, "
				      "which knows format 2");
	buf_release(&other);
	buf_release(&out);
}

static void a_commit_without_a_signature_is_refused(void **state)
{
	struct packet_commit c = packet();
	struct err err = { 0 };
	struct buf out, other;
	char *from, *to;

	(void)state;
	write_packet(&out, &c);
	from = strstr(out.data, "gpgsig ");
	to = strstr(from, "SIGNATURE-----\n\n") + strlen("SIGNATURE-----\n");
	buf_init(&other, LIMIT);
	buf_put(&other, out.data, (size_t)(from - out.data));
	buf_puts(&other, to);
	assert_int_equal(read_packet(other.data, other.len, &err), RC_CORRUPT);
	err_clear(&err);
	assert_int_equal(commit_verify(other.data, other.len, key.public, &err),
			 RC_CORRUPT);
	assert_string_equal(err.text, "commit is not signed");
	buf_release(&other);
	buf_release(&out);
}

static void another_key_is_refused(void **state)
{
	static const unsigned char seed[SIGN_SEED_BYTES] = { 9 };
	struct packet_commit c = packet();
	struct sign_key other;
	struct err err = { 0 };
	struct buf out;

	(void)state;
	write_packet(&out, &c);
	sign_key_from_seed(&other, seed);
	assert_int_equal(commit_verify(out.data, out.len, other.public, &err),
			 RC_CORRUPT);
	assert_string_equal(err.text, "signed by another key");
	buf_release(&out);
}

static void check_refused(const struct packet_commit *c, const char *why)
{
	struct err err = { 0 };
	struct buf out;
	struct oid oid;

	buf_init(&out, LIMIT);
	assert_int_equal(packet_commit_write(&out, &oid, c, &key, &err),
			 RC_INVALID);
	assert_non_null(strstr(err.text, why));
	assert_int_equal(out.len, 0);
	buf_release(&out);
}

static void write_refuses_parts_that_break_the_format(void **state)
{
	static const char *const messages[] = { "",           "two\nlines",
						"bell\a",     "del\x7f",
						"c1\xc2\x85", "bad\xff" };
	char longest[COMMIT_MESSAGE_MAX + 2];
	struct packet_commit c = packet();

	(void)state;
	for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
		c.message = messages[i];
		check_refused(&c, "message");
	}
	memset(longest, 'x', sizeof longest);
	longest[sizeof longest - 1] = '\0';
	c.message = longest;
	check_refused(&c, "message");
	c = packet(), c.author = "wang> <x";
	check_refused(&c, "author");
	c = packet(), c.terminal = NULL;
	check_refused(&c, "terminal");
	c = packet(), c.scope = "33010x";
	check_refused(&c, "scope");
	c = packet(), c.journal = "office";
	check_refused(&c, "office");
	c = packet(), c.operation = "plan_close";
	check_refused(&c, "operation");
	c = packet(), c.sequence = 1;
	check_refused(&c, "parent");
	c = packet(), c.has_parent = false;
	check_refused(&c, "parent");
	c = packet(), c.has_supersedes = true;
	check_refused(&c, "supersedes");
	c = packet(), c.seconds = -1;
	check_refused(&c, "time");
}

static void an_office_packet_names_its_operation(void **state)
{
	struct packet_commit c = packet();
	struct err err = { 0 };
	struct buf out;

	(void)state;
	c.journal = "office";
	c.terminal = "server";
	c.operation = "plan_close";
	write_packet(&out, &c);
	assert_non_null(strstr(out.data,
			       "\nTerminal: server\nOperation: plan_close\n"
			       "Wall: "));
	assert_int_equal(read_packet(out.data, out.len, &err), RC_OK);
	buf_release(&out);
}

static enum rc write_and_read(struct err *err)
{
	struct main_commit c = main_line(), got;
	struct arena mem;
	struct buf out;
	struct oid oid;
	enum rc rc;

	arena_init(&mem, LIMIT);
	buf_init(&out, LIMIT);
	rc = main_commit_write(&out, &oid, &c, &key, err);
	if (rc == RC_OK)
		rc = main_commit_read(&got, &oid, out.data, out.len, &mem, err);
	if (rc == RC_OK)
		rc = commit_verify(out.data, out.len, key.public, err);
	buf_release(&out);
	arena_release(&mem);
	return rc;
}

static void every_failing_allocation_is_reported(void **state)
{
#ifdef WITH_FAULTS
	enum rc rc = RC_NOMEM;

	(void)state;
	for (long nth = 1; rc != RC_OK; nth++) {
		struct err err = { 0 };

		fault_arm(FAULT_ALLOC, nth, false);
		rc = write_and_read(&err);
		fault_clear(FAULT_ALLOC);
		assert_true(rc == RC_OK ? nth > 5 : rc == RC_NOMEM);
		assert_true(nth < 1000);
	}
#else
	(void)state;
	(void)write_and_read;
	skip(); /* this build makes no call fail */
#endif
}

static int setup(void **state)
{
	static const unsigned char seed[SIGN_SEED_BYTES] = { 7 };
	struct err err = { 0 };

	(void)state;
	if (seal_setup(&err) != RC_OK || object_setup(&err) != RC_OK)
		return -1;
	sign_key_from_seed(&key, seed);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sign_key_release(&key);
	object_teardown();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_is_read_as_it_was_written),
		cmocka_unit_test(a_main_commit_is_read_as_it_was_written),
		cmocka_unit_test(every_flipped_bit_of_a_commit_is_refused),
		cmocka_unit_test(a_second_form_of_a_commit_is_refused),
		cmocka_unit_test(a_second_form_of_the_armour_is_refused),
		cmocka_unit_test(an_unknown_format_is_refused_by_name),
		cmocka_unit_test(a_commit_without_a_signature_is_refused),
		cmocka_unit_test(another_key_is_refused),
		cmocka_unit_test(write_refuses_parts_that_break_the_format),
		cmocka_unit_test(an_office_packet_names_its_operation),
		cmocka_unit_test(every_failing_allocation_is_reported),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
