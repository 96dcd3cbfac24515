/* import_report.c - what is counted and what is refused. */
#include "domain/import_batch.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool header_is(const struct csv_cell *cell, const char *name)
{
	return cell->n == strlen(name) && memcmp(cell->p, name, cell->n) == 0;
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
	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:s*}",
			 "name", r->name, "read", (json_int_t)r->read, "new",
			 (json_int_t)r->added, "changed",
			 (json_int_t)r->changed, "same", (json_int_t)r->same,
			 "refused", (json_int_t)r->refused, "notes", notes,
			 "refusals", refusals, "rejects", r->rejects);
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
static FILE *rejects_open(const struct import_batch *b)
{
	if (b->job->rejects)
		return b->job->rejects;
	(void)unlink(b->part);
	return fopen(b->part, "wbx");
}

void batch_refused(struct import_batch *b, int64_t line, const char *why,
		   const char *text, size_t n)
{
	struct buf out;

	show_refusal(b->report, line, why);
	write_line(b, line, "refused", why, "");
	if (b->report->rejects_lost)
		return;
	buf_init(&out, 4096);
	if (!b->rejects) {
		b->rejects = rejects_open(b);
		if (b->rejects)
			fprintf(b->rejects, "refused_line,refused_why,%s\r\n",
				b->header.data ? b->header.data : "");
	}
	buf_printf(&out, "%lld,", (long long)line);
	csv_write_raw(&out, why, strlen(why));
	buf_byte(&out, ',');
	if (!b->rejects || out.rc != RC_OK ||
	    fwrite(out.data, 1, out.len, b->rejects) != out.len ||
	    fwrite(text, 1, n, b->rejects) != n ||
	    fputs("\r\n", b->rejects) == EOF)
		b->report->rejects_lost = true;
	buf_release(&out);
}

void batch_publish(struct import_batch *b)
{
	bool there = b->rejects != NULL;

	if (b->job->rejects) {
		b->report->rejects_lost |= fflush(b->job->rejects) != 0;
		b->rejects = NULL;
		return;
	}
	if (there) {
		bool ok = !b->report->rejects_lost && fflush(b->rejects) == 0 &&
			  fsync(fileno(b->rejects)) == 0;

		ok = fclose(b->rejects) == 0 && ok;
		b->rejects = NULL;
		ok = ok && rename(b->part, b->path) == 0;
		b->report->rejects_lost = !ok;
	}
	if (there && !b->report->rejects_lost) {
		b->report->rejects = b->path;
		b->path = NULL;
		return;
	}
	if (there)
		(void)unlink(b->part);
	/* What an earlier run refused would look like this run's. */
	(void)unlink(b->path);
}
