#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/fault.h"
#include "domain/csv.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static char path[64];

static void put_file(const void *p, size_t n)
{
	int fd;

	memcpy(path, "/tmp/hufu-csv-XXXXXX", 21);
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), (ssize_t)n);
	close(fd);
}

/* The file as text: cells in [], records as line:cells, reasons after !. */
static void read_all(struct buf *out, const char *bytes, size_t n, int encoding)
{
	struct err err = { 0 };
	struct csv_row row;
	struct csv *c;

	put_file(bytes, n);
	buf_init(out, 1 << 20);
	assert_int_equal(csv_open(&c, path, (enum csv_encoding)encoding, &err),
			 RC_OK);
	for (;;) {
		assert_int_equal(csv_next(c, &row, &err), RC_OK);
		if (row.state == CSV_END)
			break;
		buf_printf(out, "%d:", (int)row.line);
		for (size_t i = 0; i < row.n; i++) {
			assert_int_equal(row.cells[i].p[row.cells[i].n], 0);
			buf_byte(out, '[');
			buf_put(out, row.cells[i].p, row.cells[i].n);
			buf_byte(out, ']');
		}
		for (size_t i = 0; i < out->len; i++)
			if (out->data[i] == '\0')
				out->data[i] = '?';
		if (row.converted)
			buf_byte(out, '~');
		if (row.state == CSV_REFUSED)
			buf_printf(out, "!%s", row.why);
		buf_byte(out, '\n');
	}
	csv_close(c);
	unlink(path);
}

static void csv_reads_what_rfc_4180_describes(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "" },
		{ "\n\r\n", "" },
		{ "a,b\nc,d", "1:[a][b]\n2:[c][d]\n" },
		{ "a,b\r\nc,d\r\n", "1:[a][b]\n2:[c][d]\n" },
		{ "a\r\n\r\nb\r", "1:[a]\n3:[b]\n" },
		{ ",\n,,", "1:[][]\n2:[][][]\n" },
		{ "\"\"\n", "1:[]\n" },
		{ "\xef\xbb\xbf\"a\",b", "1:[a][b]\n" },
		{ "\xef\xbb\xbf", "" },
		{ "\"a,b\",\"c\"\"d\"", "1:[a,b][c\"d]\n" },
		{ "\"a\nb\r\nc\",d\ne", "1:[a\nb\r\nc][d]\n4:[e]\n" },
		{ "\"\"\"\"", "1:[\"]\n" },
		{ " a , \"b", "1:[ a ][ \"b]!a quote inside a cell without "
			      "quotes\n" },
		{ "\"a\" ,b\nc", "1:[\"a\" ][b]!text behind a closing quote\n"
				 "2:[c]\n" },
		{ "a\rb\nc", "1:[a\rb]!a carriage return without line feed\n"
			     "2:[c]\n" },
		{ "\"b", "1:[\"b]!a quote is never closed\n" },
		/* a stray quote costs its own line */
		{ "a\n\"b\nc\nd", "1:[a]\n2:[\"b]!a quote is never closed\n"
				  "3:[c]\n4:[d]\n" },
		{ "\"a,\n\",\"b,c\r\nd,\"e, f\",\"g\"\nh",
		  "1:[\"a][]!text behind a closing quote\n"
		  "2:[\",\"b][c]!text behind a closing quote\n"
		  "3:[d][e, f][g]\n4:[h]\n" },
		{ "s,\"x\ny\",\"z\nt,u\"v\nw",
		  "1:[s][\"x]!text behind a closing quote\n"
		  "2:[y\"][\"z]!a quote inside a cell without quotes\n"
		  "3:[t][u\"v]!a quote inside a cell without quotes\n"
		  "4:[w]\n" },
		{ "\xe6\x9d\xad\xe5\xb7\x9e,x",
		  "1:[\xe6\x9d\xad\xe5\xb7\x9e][x]\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf got;

		read_all(&got, cases[i].text, strlen(cases[i].text), false);
		assert_string_equal(got.data ? got.data : "", cases[i].want);
		buf_release(&got);
	}
}

static void csv_converts_only_rows_that_are_not_utf_8(void **state)
{
	static const char bytes[] = "a,caf\xc3\xa9\n"
				    "b\xe9,\xe8\xe9,x\n"
				    "c\n";
	struct buf got;

	(void)state;
	read_all(&got, bytes, sizeof(bytes) - 1, true);
	assert_string_equal(got.data, "1:[a][caf\xc3\xa9]\n"
				      "2:[b\xc3\xa9][\xc3\xa8\xc3\xa9][x]~\n"
				      "3:[c]\n");
	buf_release(&got);
	read_all(&got, bytes, sizeof(bytes) - 1, false);
	assert_non_null(strstr(got.data, "2:"));
	assert_non_null(strstr(got.data, "!not valid UTF-8"));
	assert_non_null(strstr(got.data, "3:[c]\n"));
	buf_release(&got);
}

static void csv_refuses_nul_in_either_encoding(void **state)
{
	(void)state;
	for (int latin1 = 0; latin1 < 2; latin1++) {
		struct buf got;

		read_all(&got, "a\0b\nc", 5, latin1);
		assert_string_equal(got.data, "1:[a?b]!a NUL byte\n2:[c]\n");
		buf_release(&got);
	}
}

/* Lines of 8 bytes up to 3 MiB, with a quote in the second, and one at the end.
 */
static void a_stray_quote_costs_one_line(char *big)
{
	size_t lines = 3 * CSV_RECORD_MAX / 8;
	struct err err = { 0 };
	struct csv_row row;
	struct csv *c;

	for (size_t i = 0; i < lines; i++)
		memcpy(big + 8 * i, "ab,cd,e\n", 8);
	memcpy(big + 8, "ab,\"d,e\n", 8);
	memcpy(big + 8 * (lines - 1), "ab,\"d,e\n", 8);
	assert_int_equal(csv_open_bytes(&c, big, 8 * lines, false, &err),
			 RC_OK);
	for (size_t i = 1; i <= lines; i++) {
		assert_int_equal(csv_next(c, &row, &err), RC_OK);
		assert_int_equal(row.line, i);
		assert_int_equal(row.n, 3);
		assert_int_equal(row.state,
				 i == 2 || i == lines ? CSV_REFUSED : CSV_ROW);
		assert_string_equal(row.cells[1].p,
				    row.state == CSV_ROW ? "cd" : "\"d");
	}
	assert_int_equal(csv_next(c, &row, &err), RC_OK);
	assert_int_equal(row.state, CSV_END);
	csv_close(c);
}

static void csv_refuses_what_exceeds_its_limits_and_goes_on(void **state)
{
	size_t n = 3 * CSV_RECORD_MAX;
	char *big = malloc(n + 8);
	struct csv_row row;
	struct err err = { 0 };
	struct csv *c;

	(void)state;
	assert_non_null(big);
	memset(big, 'x', n);
	big[CSV_RECORD_MAX] = '\n'; /* exactly the limit, then twice it */
	memcpy(big + n, "\nend", 4);
	put_file(big, n + 4);
	assert_int_equal(csv_open(&c, path, false, &err), RC_OK);
	assert_int_equal(csv_next(c, &row, &err), RC_OK);
	assert_int_equal(row.state, CSV_ROW);
	assert_int_equal(row.cells[0].n, CSV_RECORD_MAX);
	assert_int_equal(csv_next(c, &row, &err), RC_OK);
	assert_int_equal(row.state, CSV_REFUSED);
	assert_non_null(strstr(row.why, "1 MiB"));
	assert_int_equal(csv_next(c, &row, &err), RC_OK);
	assert_int_equal(row.line, 3);
	assert_string_equal(row.cells[0].p, "end");
	csv_close(c);
	unlink(path);
	a_stray_quote_costs_one_line(big);
	memset(big, ',', 600);
	big[255] = big[511] = '\n';
	put_file(big, 512);
	assert_int_equal(csv_open(&c, path, false, &err), RC_OK);
	assert_int_equal(csv_next(c, &row, &err), RC_OK);
	assert_int_equal(row.n, 256);
	assert_int_equal(row.state, CSV_ROW);
	big[0] = 'x';
	csv_close(c);
	unlink(path);
	memset(big, ',', 256);
	big[256] = '\n';
	big[257] = 'y';
	put_file(big, 258);
	assert_int_equal(csv_open(&c, path, false, &err), RC_OK);
	assert_int_equal(csv_next(c, &row, &err), RC_OK);
	assert_int_equal(row.state, CSV_REFUSED);
	assert_non_null(strstr(row.why, "256 columns"));
	assert_int_equal(csv_next(c, &row, &err), RC_OK);
	assert_string_equal(row.cells[0].p, "y");
	csv_close(c);
	unlink(path);
	free(big);
}

static void csv_says_what_it_cannot_open(void **state)
{
	struct err err = { 0 };
	struct csv *c;

	(void)state;
	assert_int_equal(csv_open(&c, "/nonexistent/x.csv", false, &err),
			 RC_IO);
	assert_non_null(strstr(err.text, "'/nonexistent/x.csv'"));
	assert_null(c);
	err_clear(&err);
	assert_int_equal(csv_open(&c, "/tmp", false, &err), RC_IO);
	assert_null(c);
	csv_close(NULL);
}

static void csv_reports_every_failed_allocation(void **state)
{
	static const char bytes[] = "a,b\n\xe9,\"d\"\n";
	bool done = false;

	(void)state;
	put_file(bytes, sizeof(bytes) - 1);
	for (long nth = 1; !done; nth++) {
		struct err err = { 0 };
		struct csv_row row = { .state = CSV_ROW };
		struct csv *c;
		enum rc rc;

		fault_arm(FAULT_ALLOC, nth, false);
		rc = csv_open(&c, path, true, &err);
		while (rc == RC_OK && row.state != CSV_END)
			rc = csv_next(c, &row, &err);
		done = fault_clear(FAULT_ALLOC) < nth;
		assert_int_equal(rc, done ? RC_OK : RC_NOMEM);
		csv_close(c);
		assert_true(nth < 100);
	}
	unlink(path);
}

static void csv_write_field_quotes_and_defuses(void **state)
{
	static const struct {
		const char *plain, *want;
	} cases[] = {
		{ "", "" },
		{ "a b", "a b" },
		{ "a,b", "\"a,b\"" },
		{ "a\"b", "\"a\"\"b\"" },
		{ "a\nb", "\"a\nb\"" },
		{ "=1+1", "'=1+1" },
		{ "=\"a\"", "\"'=\"\"a\"\"\"" },
		{ "@x", "'@x" },
		{ "+x", "'+x" },
		{ "-x", "'-x" },
		{ "\tx", "'\tx" },
		{ "\rx", "\"'\rx\"" },
		{ "-", "'-" },
		{ "-12", "-12" },
		{ "+14157763262", "+14157763262" },
		{ "-120.5", "-120.5" },
		{ "-1.2.3", "'-1.2.3" },
		{ "-1+cmd", "'-1+cmd" },
		{ "-.5", "'-.5" },
		{ "\xef\xbc\x9d"
		  "1",
		  "'\xef\xbc\x9d"
		  "1" },
		{ "\xef\xbc\x8b"
		  "1",
		  "'\xef\xbc\x8b"
		  "1" },
		{ "\xef\xbc\x8d", "'\xef\xbc\x8d" },
		{ "\xef\xbc\xa0", "'\xef\xbc\xa0" },
		{ "\xef\xbc\x8c", "\xef\xbc\x8c" }, /* a full-width comma */
		{ "'=x", "''=x" }, /* so that taking one off is exact */
		{ "'tis", "'tis" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out, back;

		buf_init(&out, 100);
		csv_write_field(&out, cases[i].plain, strlen(cases[i].plain));
		assert_int_equal(out.rc, RC_OK);
		assert_string_equal(out.data ? out.data : "", cases[i].want);
		buf_byte(&out, ',');
		read_all(&back, out.data, out.len, false);
		assert_non_null(strstr(back.data, cases[i].plain));
		assert_null(strstr(back.data, "!"));
		buf_release(&out);
		buf_release(&back);
	}
}

static void expect_cells(const char *bytes, enum csv_encoding encoding,
			 const char *want)
{
	struct buf got;

	read_all(&got, bytes, strlen(bytes), (int)encoding);
	assert_string_equal(got.data, want);
	buf_release(&got);
}

static void other_encodings_are_converted_or_refused(void **state)
{
	/* \u9910\u996e in GB 2312; \u3400 in four bytes of GB18030. */
	static const char gb[] = "\xb2\xcd\xd2\xfb,a\n\x81\x39\xee\x39,b\n";

	(void)state;
	expect_cells(gb, CSV_GB18030,
		     "1:[\xe9\xa4\x90\xe9\xa5\xae][a]~\n"
		     "2:[\xe3\x90\x80][b]~\n");
	expect_cells("\xe9\xa4\x90,a\n\xff\xff,b\n", CSV_GB18030,
		     "1:[\xe9\xa4\x90][a]\n"
		     "2:[\xff\xff][b]!neither valid GB18030 nor valid UTF-8\n");
	expect_cells("Joe\x92s,\x85\n\x81,b\n", CSV_WINDOWS_1252,
		     "1:[Joe\xe2\x80\x99s][\xe2\x80\xa6]~\n"
		     "2:[\x81][b]!a byte that Windows-1252 does not have\n");
	expect_cells("Joe\x92s,a\ncaf\xe9,b\n", CSV_LATIN1,
		     "1:[Joe\x92s][a]!a byte that is no letter of Latin-1 (is "
		     "it windows-1252?)\n"
		     "2:[caf\xc3\xa9][b]~\n");
	expect_cells("\xb2\xcd\xd2\xfb\ncaf\xe9\nJoe\x92s\n", CSV_UTF8,
		     "1:[\xb2\xcd\xd2\xfb]!not valid UTF-8 (is it gb18030?)\n"
		     "2:[caf\xe9]!not valid UTF-8 (is it latin1?)\n"
		     "3:[Joe\x92s]!not valid UTF-8 (is it windows-1252?)\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csv_reads_what_rfc_4180_describes),
		cmocka_unit_test(csv_converts_only_rows_that_are_not_utf_8),
		cmocka_unit_test(csv_refuses_nul_in_either_encoding),
		cmocka_unit_test(other_encodings_are_converted_or_refused),
		cmocka_unit_test(
			csv_refuses_what_exceeds_its_limits_and_goes_on),
		cmocka_unit_test(csv_says_what_it_cannot_open),
		cmocka_unit_test(csv_reports_every_failed_allocation),
		cmocka_unit_test(csv_write_field_quotes_and_defuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
