/* fuzz_csv.c - files from other programs. The first byte says what is taken
 * beside UTF-8. What is read and written again reads the same. */
#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/hex.h"
#include "domain/csv.h"

#define TEXT_MAX ((size_t)8 << 20)

int memfd_create(const char *name, unsigned flags);

/* A file in memory with these bytes; its path. */
static int file_make(char path[40], const void *p, size_t n)
{
	int fd = memfd_create("csv", 0);

	FUZZ_HOLDS(fd >= 0);
	FUZZ_HOLDS(n == 0 || write(fd, p, n) == (ssize_t)n);
	snprintf(path, 40, "/proc/self/fd/%d", fd);
	return fd;
}

static void row_check(const struct csv_row *row)
{
	FUZZ_HOLDS(row->n <= CSV_COLUMNS_MAX);
	if (row->state == CSV_REFUSED)
		FUZZ_HOLDS(row->why[0]);
	for (size_t i = 0; i < row->n && row->state == CSV_ROW; i++) {
		FUZZ_HOLDS(row->cells[i].p[row->cells[i].n] == '\0');
		FUZZ_HOLDS(utf8_is_valid(row->cells[i].p, row->cells[i].n));
	}
}

/* One record as we write it, guarded or raw, reads as it was. */
static void row_again(const struct csv_row *row, bool guarded)
{
	struct csv_row again;
	struct err err = { 0 };
	struct csv *c = NULL;
	struct buf out;
	char path[40];
	int fd;

	buf_init(&out, TEXT_MAX);
	for (size_t i = 0; i < row->n; i++) {
		if (i)
			buf_byte(&out, ',');
		if (guarded)
			csv_write_field(&out, row->cells[i].p, row->cells[i].n);
		else
			csv_write_raw(&out, row->cells[i].p, row->cells[i].n);
	}
	buf_puts(&out, "\r\n");
	FUZZ_HOLDS(buf_status(&out, &err) == RC_OK);
	fd = file_make(path, out.data, out.len);
	FUZZ_HOLDS(csv_open(&c, path, false, &err) == RC_OK);
	FUZZ_HOLDS(csv_next(c, &again, &err) == RC_OK);
	/* a byte order mark and an empty line are not content */
	if (again.state == CSV_ROW && out.len > 2 &&
	    memcmp(out.data, "\xef\xbb\xbf", 3) != 0) {
		FUZZ_HOLDS(again.n == row->n);
		for (size_t i = 0; i < row->n; i++) {
			size_t skip = guarded ? csv_guard_bytes(row->cells[i].p,
								row->cells[i].n)
					      : 0;

			FUZZ_HOLDS(again.cells[i].n == row->cells[i].n + skip);
			FUZZ_HOLDS(!memcmp(again.cells[i].p + skip,
					   row->cells[i].p, row->cells[i].n));
		}
	}
	csv_close(c);
	close(fd);
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct csv_row row;
	struct err err = { 0 };
	struct csv *c = NULL;
	int64_t at, all, line = 0;
	char path[40];
	int fd, left = 20;

	if (size == 0)
		return 0;
	fd = file_make(path, data + 1, size - 1);
	FUZZ_HOLDS(csv_open(&c, path, data[0] % CSV_ENCODING__MAX, &err) ==
		   RC_OK);
	while (csv_next(c, &row, &err) == RC_OK && row.state != CSV_END) {
		FUZZ_HOLDS(row.line > line);
		line = row.line;
		row_check(&row);
		if (row.state == CSV_ROW && left-- > 0) {
			row_again(&row, false);
			row_again(&row, true);
		}
	}
	FUZZ_HOLDS(err.code == RC_OK);
	csv_position(c, &at, &all);
	FUZZ_HOLDS(at == (int64_t)size - 1 && all == at);
	csv_close(c);
	close(fd);
	return 0;
}
