#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/deflate.h"
#include "base/fault.h"

#define MIB (1u << 20)

/* Bytes that hardly shrink, the same in every run. */
static char *noise(size_t n)
{
	uint64_t x = 88172645463325252u;
	char *p = malloc(n);

	for (size_t i = 0; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		p[i] = (char)x;
	}
	return p;
}

static void deflated(struct buf *out, const char *p, size_t n)
{
	struct err err = { 0 };

	buf_init(out, 64 * MIB);
	assert_int_equal(deflate_all(out, p, n, DEFLATE_LEVEL, &err), RC_OK);
}

static void deflate_round_trips_any_size(void **state)
{
	static const size_t sizes[] = { 0, 1, 16383, 16384, 16385, 300000 };
	char *p = noise(300000);

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct err err = { 0 };
		struct buf small, back;

		deflated(&small, p, sizes[i]);
		buf_init(&back, sizes[i]);
		assert_int_equal(
			inflate_all(&back, small.data, small.len, &err), RC_OK);
		assert_int_equal(back.len, sizes[i]);
		assert_memory_equal(back.data, p, sizes[i]);
		buf_release(&small);
		buf_release(&back);
	}
	free(p);
}

/* Deflaters are used again: nothing of what went before may be seen. */
static void what_was_deflated_before_changes_nothing(void **state)
{
	struct err err = { 0 };
	struct buf first, again, scrap;
	char *p = noise(50000);
	struct deflater *d;

	(void)state;
	deflated(&first, p, 50000);
	for (int tuned = 0; tuned < 2; tuned++) {
		buf_init(&scrap, MIB);
		d = deflater_new(DEFLATE_LEVEL);
		assert_non_null(d);
		if (tuned)
			assert_int_equal(
				deflater_tune(d, &scrap, DEFLATE_NUMBERS, &err),
				RC_OK);
		/* broken off in the middle */
		assert_int_equal(
			deflater_write(d, &scrap, p + 7, 30000, false, &err),
			RC_OK);
		deflater_free(d);
		deflated(&again, p, 50000);
		assert_int_equal(again.len, first.len);
		assert_memory_equal(again.data, first.data, first.len);
		buf_release(&again);
		buf_release(&scrap);
	}
	buf_release(&first);
	free(p);
}

static void gzip_is_what_gunzip_reads_and_always_the_same(void **state)
{
	/* RFC 1952: magic, deflate, no flags, no time. */
	static const unsigned char head[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0 };
	char *p = noise(50000), back[64], command[64];
	char path[] = "/tmp/hufu-test-XXXXXX";
	struct err err = { 0 };
	struct buf a, b;
	FILE *f;

	(void)state;
	memset(p, 'a', 20000);
	buf_init(&a, MIB);
	buf_init(&b, 100);
	assert_int_equal(gzip_all(&a, p, 50000, DEFLATE_LEVEL, &err), RC_OK);
	assert_true(a.len < 31000);
	assert_memory_equal(a.data, head, sizeof(head));
	assert_int_equal(gzip_all(&b, p, 50000, DEFLATE_LEVEL, &err), RC_NOMEM);
	buf_release(&b);
	buf_init(&b, MIB);
	err_clear(&err);
	assert_int_equal(gzip_all(&b, p, 50000, DEFLATE_LEVEL, &err), RC_OK);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.data, b.data, a.len);
	buf_reset(&b);
	assert_int_equal(
		gzip_all(&b, "hufu hufu hufu", 14, DEFLATE_LEVEL, &err), RC_OK);
	f = fdopen(mkstemp(path), "wb");
	assert_non_null(f);
	fwrite(b.data, 1, b.len, f);
	fclose(f);
	snprintf(command, sizeof(command), "gunzip -c <%s", path);
	f = popen(command, "r");
	assert_non_null(f);
	assert_int_equal(fread(back, 1, sizeof(back), f), 14);
	assert_memory_equal(back, "hufu hufu hufu", 14);
	assert_int_equal(pclose(f), 0);
	remove(path);
	buf_release(&a);
	buf_release(&b);
	free(p);
}

static void deflate_appends(void **state)
{
	struct err err = { 0 };
	struct buf out, back;

	(void)state;
	buf_init(&out, 1000);
	buf_puts(&out, "head");
	assert_int_equal(deflate_all(&out, "abc", 3, 9, &err), RC_OK);
	buf_init(&back, 1000);
	buf_puts(&back, "x");
	assert_int_equal(inflate_all(&back, out.data + 4, out.len - 4, &err),
			 RC_OK);
	assert_string_equal(back.data, "xabc");
	buf_release(&out);
	buf_release(&back);
}

static void deflate_reports_a_full_buffer(void **state)
{
	struct err err = { 0 };
	char *p = noise(100000);
	struct buf out;

	(void)state;
	buf_init(&out, 50000);
	assert_int_equal(deflate_all(&out, p, 100000, 1, &err), RC_NOMEM);
	buf_release(&out);
	free(p);
}

static void inflate_stops_at_the_limit(void **state)
{
	struct err err = { 0 };
	struct buf small, back;
	char *p = noise(100000);

	(void)state;
	deflated(&small, p, 100000);
	buf_init(&back, 99999);
	assert_int_equal(inflate_all(&back, small.data, small.len, &err),
			 RC_NOMEM);
	buf_release(&small);
	buf_release(&back);
	free(p);
}

static void inflate_stops_at_the_ratio_after_the_first_mib(void **state)
{
	struct err err = { 0 };
	char *zeros = calloc(1, 8 * MIB);
	struct buf small, back;

	(void)state;
	deflated(&small, zeros, MIB);
	assert_true(small.len < MIB / DEFLATE_RATIO_MAX);
	buf_init(&back, 64 * MIB);
	assert_int_equal(inflate_all(&back, small.data, small.len, &err),
			 RC_OK);
	buf_release(&small);
	deflated(&small, zeros, 8 * MIB);
	buf_reset(&back);
	assert_int_equal(inflate_all(&back, small.data, small.len, &err),
			 RC_NOMEM);
	assert_true(back.len < 2 * MIB);
	buf_release(&small);
	buf_release(&back);
	free(zeros);
}

static void inflate_refuses_every_cut_and_trailing_bytes(void **state)
{
	struct buf small, back;

	(void)state;
	deflated(&small, "some text, some text", 20);
	buf_byte(&small, 'x');
	buf_init(&back, 1000);
	for (size_t n = 0; n <= small.len; n++) {
		struct err err = { 0 };
		enum rc want = n == small.len - 1 ? RC_OK : RC_CORRUPT;

		buf_reset(&back);
		assert_int_equal(inflate_all(&back, small.data, n, &err), want);
	}
	buf_release(&small);
	buf_release(&back);
}

static void inflate_refuses_every_flipped_bit(void **state)
{
	struct buf small, back;

	(void)state;
	deflated(&small, "the quick brown fox, the quick brown fox", 40);
	buf_init(&back, 1000);
	for (size_t bit = 0; bit < small.len * 8; bit++) {
		struct err err = { 0 };
		enum rc rc;

		small.data[bit / 8] ^= (char)(1 << bit % 8);
		buf_reset(&back);
		rc = inflate_all(&back, small.data, small.len, &err);
		small.data[bit / 8] ^= (char)(1 << bit % 8);
		/* A few bits of the header carry no meaning. */
		if (rc == RC_OK)
			assert_memory_equal(back.data, "the quick", 9);
		else
			assert_int_equal(rc, RC_CORRUPT);
	}
	buf_release(&small);
	buf_release(&back);
}

static void inflate_some_saves_what_was_before_the_cut(void **state)
{
	char *p = noise(100000);
	struct buf small, back;
	size_t before = 0;

	(void)state;
	deflated(&small, p, 100000);
	buf_init(&back, 100000);
	for (size_t n = 0; n <= small.len; n += n + 997 < small.len ? 997 : 1) {
		struct err err = { 0 };
		bool whole;

		buf_reset(&back);
		assert_int_equal(
			inflate_some(&back, small.data, n, &whole, &err),
			RC_OK);
		assert_int_equal(whole, n == small.len);
		assert_true(back.len >= before);
		if (back.len > 0)
			assert_memory_equal(back.data, p, back.len);
		before = back.len;
	}
	assert_int_equal(back.len, 100000);
	buf_release(&small);
	buf_release(&back);
	free(p);
}

static void deflater_in_pieces_gives_one_stream(void **state)
{
	struct err err = { 0 };
	char *p = noise(200000);
	struct deflater *d = deflater_new(DEFLATE_LEVEL);
	struct buf out, back;

	(void)state;
	buf_init(&out, MIB);
	for (size_t at = 0; at < 200000; at += 7919) {
		size_t n = 200000 - at < 7919 ? 200000 - at : 7919;

		assert_int_equal(
			deflater_write(d, &out, p + at, n, false, &err), RC_OK);
	}
	assert_int_equal(deflater_write(d, &out, NULL, 0, true, &err), RC_OK);
	buf_init(&back, 200000);
	assert_int_equal(inflate_all(&back, out.data, out.len, &err), RC_OK);
	assert_memory_equal(back.data, p, 200000);
	deflater_free(d);
	deflater_free(NULL);
	buf_release(&out);
	buf_release(&back);
	free(p);
}

static void deflater_refuses_bytes_after_its_end(void **state)
{
	static const bool finish[] = { false, true };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct deflater *d = deflater_new(1);
		struct err err = { 0 };
		struct buf out;

		buf_init(&out, 1000);
		assert_int_equal(deflater_write(d, &out, "a", 1, true, &err),
				 RC_OK);
		assert_int_equal(
			deflater_write(d, &out, "b", 1, finish[i], &err),
			RC_INVALID);
		deflater_free(d);
		buf_release(&out);
	}
}

struct lines {
	struct buf seen; /* every line in <> */
	enum rc refuse;
};

static enum rc collect(void *ctx, char *line, size_t n, struct err *err)
{
	struct lines *lines = ctx;

	assert_int_equal(line[n], '\0');
	if (lines->refuse != RC_OK)
		return err_set(err, lines->refuse, "refused");
	buf_byte(&lines->seen, '<');
	buf_put(&lines->seen, line, n);
	buf_byte(&lines->seen, '>');
	return RC_OK;
}

/* Inflates `text` as lines of at most `max`, fed `step` bytes at a time. */
static enum rc lines_of(struct lines *lines, const char *text, size_t max,
			size_t step)
{
	struct line_inflater *d = line_inflater_new(max, collect, lines);
	struct err err = { 0 };
	enum rc rc = RC_OK;
	struct buf small;

	assert_non_null(d);
	deflated(&small, text, strlen(text));
	for (size_t at = 0; rc == RC_OK && at < small.len; at += step) {
		size_t left = small.len - at;

		rc = line_inflater_feed(d, small.data + at,
					left < step ? left : step, &err);
	}
	if (rc == RC_OK)
		rc = line_inflater_end(d, &err);
	else
		assert_int_equal(line_inflater_end(d, &err), rc);
	line_inflater_free(d);
	buf_release(&small);
	return rc;
}

static void line_inflater_hands_out_whole_lines(void **state)
{
	(void)state;
	for (size_t step = 1; step < 40; step += 6) {
		struct lines lines = { .refuse = RC_OK };

		buf_init(&lines.seen, 1000);
		assert_int_equal(lines_of(&lines,
					  "one\n\nthree\n\xe5\x9b\x9b\n", 5,
					  step),
				 RC_OK);
		assert_string_equal(lines.seen.data,
				    "<one><><three><\xe5\x9b\x9b>");
		buf_release(&lines.seen);
	}
}

static void line_inflater_joins_lines_across_chunks(void **state)
{
	struct lines lines = { .refuse = RC_OK };
	struct buf text, want;

	(void)state;
	buf_init(&text, MIB);
	buf_init(&want, MIB);
	buf_init(&lines.seen, MIB);
	for (int i = 0; i < 500; i++) {
		buf_printf(&text, "%0*d\n", i * 3 + 1, i);
		buf_printf(&want, "<%0*d>", i * 3 + 1, i);
	}
	assert_int_equal(lines_of(&lines, text.data, 1498, 512), RC_OK);
	assert_string_equal(lines.seen.data, want.data);
	buf_reset(&lines.seen);
	assert_int_equal(lines_of(&lines, text.data, 1497, 512), RC_NOMEM);
	buf_release(&text);
	buf_release(&want);
	buf_release(&lines.seen);
}

static void line_inflater_refuses_a_line_over_its_limit(void **state)
{
	struct lines lines = { .refuse = RC_OK };

	(void)state;
	buf_init(&lines.seen, 1000);
	assert_int_equal(lines_of(&lines, "12345\n123456\n1\n", 5, 100),
			 RC_NOMEM);
	assert_string_equal(lines.seen.data, "<12345>");
	buf_release(&lines.seen);
}

static void line_inflater_stays_failed(void **state)
{
	struct line_inflater *d = line_inflater_new(5, collect, NULL);
	struct err err = { 0 };

	(void)state;
	assert_int_equal(line_inflater_feed(d, "no zlib", 7, &err), RC_CORRUPT);
	err_clear(&err);
	assert_int_equal(line_inflater_feed(d, "", 0, &err), RC_CORRUPT);
	err_clear(&err);
	assert_int_equal(line_inflater_end(d, &err), RC_CORRUPT);
	line_inflater_free(d);
}

static void line_inflater_refuses_a_last_line_without_its_end(void **state)
{
	struct lines lines = { .refuse = RC_OK };

	(void)state;
	buf_init(&lines.seen, 1000);
	assert_int_equal(lines_of(&lines, "one\ntwo", 10, 100), RC_CORRUPT);
	assert_string_equal(lines.seen.data, "<one>");
	buf_release(&lines.seen);
}

static void line_inflater_passes_on_the_readers_refusal(void **state)
{
	struct lines lines = { .refuse = RC_CONFLICT };

	(void)state;
	assert_int_equal(lines_of(&lines, "one\n", 10, 100), RC_CONFLICT);
}

static void line_inflater_refuses_cut_and_trailing_streams(void **state)
{
	struct lines lines = { .refuse = RC_OK };
	struct buf small;

	(void)state;
	buf_init(&lines.seen, 1000);
	deflated(&small, "one\n", 4);
	buf_byte(&small, 'x');
	for (size_t n = 0; n <= small.len; n++) {
		struct line_inflater *d =
			line_inflater_new(10, collect, &lines);
		struct err err = { 0 };
		enum rc want = n == small.len - 1 ? RC_OK : RC_CORRUPT;
		enum rc rc = line_inflater_feed(d, small.data, n, &err);

		if (rc == RC_OK)
			rc = line_inflater_end(d, &err);
		assert_int_equal(rc, want);
		line_inflater_free(d);
	}
	line_inflater_free(NULL);
	buf_release(&small);
	buf_release(&lines.seen);
}

static void line_inflater_stops_at_the_ratio(void **state)
{
	char *text = malloc(8 * MIB + 1);
	struct lines lines = { .refuse = RC_OK };

	(void)state;
	memset(text, '\n', 8 * MIB);
	text[8 * MIB] = '\0';
	buf_init(&lines.seen, 64 * MIB);
	assert_int_equal(lines_of(&lines, text, 10, 1000), RC_NOMEM);
	assert_true(lines.seen.len < 4 * MIB);
	buf_release(&lines.seen);
	free(text);
}

static void deflate_says_when_memory_runs_out(void **state)
{
#ifdef WITH_FAULTS
	struct err err = { 0 };
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	fault_arm(FAULT_ALLOC, 1, true);
	assert_null(deflater_new(1));
	assert_null(line_inflater_new(1, collect, NULL));
	assert_int_equal(deflate_all(&out, "a", 1, 1, &err), RC_NOMEM);
	err_clear(&err);
	assert_int_equal(inflate_all(&out, "a", 1, &err), RC_NOMEM);
	fault_clear(FAULT_ALLOC);
	buf_release(&out);
#else
	(void)state;
	skip(); /* this build makes no call fail */
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deflate_round_trips_any_size),
		cmocka_unit_test(what_was_deflated_before_changes_nothing),
		cmocka_unit_test(gzip_is_what_gunzip_reads_and_always_the_same),
		cmocka_unit_test(deflate_appends),
		cmocka_unit_test(deflate_reports_a_full_buffer),
		cmocka_unit_test(inflate_stops_at_the_limit),
		cmocka_unit_test(
			inflate_stops_at_the_ratio_after_the_first_mib),
		cmocka_unit_test(inflate_refuses_every_cut_and_trailing_bytes),
		cmocka_unit_test(inflate_refuses_every_flipped_bit),
		cmocka_unit_test(inflate_some_saves_what_was_before_the_cut),
		cmocka_unit_test(deflater_in_pieces_gives_one_stream),
		cmocka_unit_test(deflater_refuses_bytes_after_its_end),
		cmocka_unit_test(line_inflater_hands_out_whole_lines),
		cmocka_unit_test(line_inflater_joins_lines_across_chunks),
		cmocka_unit_test(line_inflater_refuses_a_line_over_its_limit),
		cmocka_unit_test(line_inflater_stays_failed),
		cmocka_unit_test(
			line_inflater_refuses_a_last_line_without_its_end),
		cmocka_unit_test(line_inflater_passes_on_the_readers_refusal),
		cmocka_unit_test(
			line_inflater_refuses_cut_and_trailing_streams),
		cmocka_unit_test(line_inflater_stops_at_the_ratio),
		cmocka_unit_test(deflate_says_when_memory_runs_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
