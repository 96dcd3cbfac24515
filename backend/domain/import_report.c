/* import_report.c - what is counted and what is refused. */
#include "domain/import_batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define REJECTS_FILES_MAX 99

#define WHITE " \t\r\n"

bool header_is(const struct csv_cell *cell, const char *name)
{
	const char *p = cell->p + strspn(cell->p, WHITE);
	size_t n = strlen(p), m;

	name += strspn(name, WHITE);
	m = strlen(name);
	while (n > 0 && strchr(WHITE, p[n - 1]))
		n--;
	while (m > 0 && strchr(WHITE, name[m - 1]))
		m--;
	return n == m && strncasecmp(p, name, n) == 0;
}

char header_separator(const struct csv_row *header)
{
	static const char others[] = ";\t|";
	const char *p = header->n == 1 ? header->cells[0].p : "";

	p += strcspn(p, others);
	return *p;
}

void report_note(struct import_report *report, const char *what, int64_t n)
{
	size_t i = 0;

	while (i < report->nnotes && strcmp(report->notes[i].what, what) != 0)
		i++;
	if (i == IMPORT_NOTES_MAX)
		return;
	if (i == report->nnotes) {
		report->notes[i].what = what;
		report->nnotes++;
	}
	report->notes[i].n += n;
}

json_t *import_report_json(const struct import_report *r)
{
	json_t *notes = json_object(), *refusals = json_array();

	for (size_t i = 0; i < r->nnotes; i++)
		json_object_set_new(notes, r->notes[i].what,
				    json_integer(r->notes[i].n));
	for (size_t i = 0; i < r->nshown; i++)
		json_array_append_new(refusals,
				      json_pack("{s:I, s:s}", "line",
						(json_int_t)r->shown[i].line,
						"reason", r->shown[i].why));
	return json_pack(
		"{s:s, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:s*, s:s*}", "name",
		r->name, "read", (json_int_t)r->read, "new",
		(json_int_t)r->added, "changed", (json_int_t)r->changed, "same",
		(json_int_t)r->same, "refused", (json_int_t)r->refused, "notes",
		notes, "refusals", refusals, "rejects", r->rejects,
		"rejects_lost", *r->rejects_lost ? r->rejects_lost : NULL);
}

void import_report_release(struct import_report *report)
{
	free(report->rejects);
	report->rejects = NULL;
}

static void show_refusal(struct import_report *r, int64_t line, const char *why)
{
	size_t i;

	r->refused++;
	for (i = r->nshown; i > 0 && r->shown[i - 1].line > line; i--)
		if (i < IMPORT_SHOWN_MAX)
			r->shown[i] = r->shown[i - 1];
	if (i == IMPORT_SHOWN_MAX)
		return;
	r->shown[i].line = line;
	snprintf(r->shown[i].why, sizeof(r->shown[i].why), "%s", why);
	r->nshown += r->nshown < IMPORT_SHOWN_MAX;
}

/* One row of job->lines. */
static void write_line(struct import_batch *b, int64_t line, const char *what,
		       const char *reason, const char *id)
{
	struct buf out;

	if (!b->job->lines)
		return;
	buf_init(&out, 4096);
	csv_write_raw(&out, b->file, strlen(b->file));
	buf_printf(&out, ",%lld,%s,", (long long)line, what);
	csv_write_raw(&out, reason, strlen(reason));
	buf_printf(&out, ",%s\r\n", id);
	if (out.rc != RC_OK ||
	    fwrite(out.data, 1, out.len, b->job->lines) != out.len)
		b->report->lines_lost = true;
	buf_release(&out);
}

void batch_remarked(struct import_batch *b, int64_t line, const char *id,
		    const struct entry_remark *remark)
{
	report_note(b->report, remark->what, 1);
	write_line(b, line, remark->flag ? "flagged" : "noted", remark->what,
		   id);
}

/* The refusal is reported even where its row cannot be written beside the
 * file: a read-only disk does not stop an import. */
static void rejects_fail(struct import_batch *b)
{
	if (!*b->report->rejects_lost)
		snprintf(b->report->rejects_lost,
			 sizeof(b->report->rejects_lost),
			 "cannot write '%.120s': %.60s", b->path,
			 strerror(errno));
}

static void rejects_open(struct import_batch *b)
{
	b->rejects = b->job->rejects;
	if (!b->rejects) {
		(void)unlink(b->part);
		b->rejects = fopen(b->part, "w+bx");
	}
	if (!b->rejects ||
	    fprintf(b->rejects, "refused_line,refused_why,%s\r\n",
		    b->header.data ? b->header.data : "") < 0)
		rejects_fail(b);
}

void batch_refused(struct import_batch *b, int64_t line, const char *why,
		   const char *text, size_t n)
{
	struct buf out;

	show_refusal(b->report, line, why);
	write_line(b, line, "refused", why, "");
	if (!b->rejects && !*b->report->rejects_lost)
		rejects_open(b);
	if (*b->report->rejects_lost)
		return;
	buf_init(&out, 4096);
	buf_printf(&out, "%lld,", (long long)line);
	csv_write_raw(&out, why, strlen(why));
	buf_byte(&out, ',');
	if (out.rc != RC_OK ||
	    fwrite(out.data, 1, out.len, b->rejects) != out.len ||
	    fwrite(text, 1, n, b->rejects) != n ||
	    fputs("\r\n", b->rejects) == EOF)
		rejects_fail(b);
	buf_release(&out);
}

/* Is there a file with the same bytes? */
static bool says_the_same(FILE *mine, const char *path)
{
	char left[4096], right[4096];
	FILE *other = fopen(path, "rb");
	size_t n, m;
	bool same = other != NULL;

	rewind(mine);
	do {
		n = same ? fread(left, 1, sizeof(left), mine) : 0;
		m = same ? fread(right, 1, sizeof(right), other) : 0;
		same = same && n == m && memcmp(left, right, n) == 0;
	} while (same && n > 0);
	if (other)
		fclose(other);
	return same;
}

/* What was refused before may have been corrected meanwhile: its file is left
 * alone, and this one gets the next number. A file that says the same is this
 * one. */
static bool rejects_name(struct import_batch *b)
{
	size_t n = strlen(b->path), stem = n - strlen(".csv");
	char *name = malloc(n + 8);
	bool is_mine = false;

	if (!name)
		return false;
	snprintf(name, n + 8, "%s", b->path);
	for (int i = 2; !is_mine && access(name, F_OK) == 0; i++) {
		is_mine = !b->job->rejects_path &&
			  says_the_same(b->rejects, name);
		if (is_mine)
			break;
		if (b->job->rejects_path || i > REJECTS_FILES_MAX) {
			free(name);
			errno = EEXIST;
			return false;
		}
		snprintf(name, n + 8, "%.*s.%d.csv", (int)stem, b->path, i);
	}
	if (!is_mine && rename(b->part, name) != 0) {
		free(name);
		return false;
	}
	b->report->rejects = name;
	return true;
}

void batch_publish(struct import_batch *b)
{
	bool ok;

	if (!b->rejects)
		return;
	ok = fflush(b->rejects) == 0;
	if (!b->job->rejects) {
		errno = 0;
		ok = ok && fsync(fileno(b->rejects)) == 0 &&
		     (*b->report->rejects_lost || rejects_name(b));
		fclose(b->rejects);
		(void)unlink(b->part);
	}
	if (!ok)
		rejects_fail(b);
	b->rejects = NULL;
}

void batch_failed(struct import_batch *b)
{
	struct import_report *r = b->report;
	int64_t done = r->added + r->changed + r->same + r->refused;

	r->unwritten = r->read - done;
	r->read = done;
}
