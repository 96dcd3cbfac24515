/* lives.c - the open LIVES format (Local Inspector Value-Entry Specification):
 * three files that know each other by business and day.
 *
 *   businesses.csv   business_id                      -> subject
 *   inspections.csv  business_id + date + type        -> visit
 *   violations.csv   business_id + date + code + ...  -> violation
 *
 * Files are read in this order, and each twice: what has a key in common is
 * numbered by what it says, "#2", "#3" ... behind the key, with the flag
 * `repeat`, wherever in the file it stands. A register that has a row twice may
 * mean two visits, and nothing in the file can tell. A violation belongs to an
 * inspection of its business and day, of the folder or else on record: one with
 * a score before one without, a check before what is none. */
#include "domain/lives.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/jcs.h"
#include "domain/convert.h"

const char *lives_cell(const struct lives *l, int column)
{
	size_t at = l->columns[column];

	return at < l->row->n ? l->row->cells[at].p : "";
}

enum rc lives_set(struct lives *l, json_t *given, const char *field,
		  const char *text, struct err *why)
{
	const struct field *f = kind_field(l->batch.kind, field);
	json_t *value = NULL;
	enum rc rc;

	/* A kind file without the field is older than this reader. */
	if (!f)
		return RC_OK;
	rc = convert_value(f, text, &value, why);
	if (rc != RC_OK)
		return rc;
	if (json_object_set_new(given, field, value ? value : json_null()) != 0)
		return err_set(why, RC_NOMEM, "out of memory");
	return RC_OK;
}

void lives_id(const struct lives *l, const char *kind, const char *source_id,
	      char id[21])
{
	const char *keys[] = { source_id, NULL };

	import_id(id, l->source, kind, keys);
}

/* Known businesses are remembered: most have many rows. */
static enum rc find_subject(struct lives *l, const char *business,
			    const char *id, struct err *why)
{
	const char *parts[] = { "subject", business, NULL };
	struct seen_slot *slot;
	char *standing = NULL;
	int64_t position;
	size_t n;
	enum rc rc;

	if (seen_find(&l->known, seen_key(parts)))
		return RC_OK;
	rc = store_record(l->op->store, l->job->scope, "subject", id, &standing,
			  &n, &position, why);
	free(standing);
	if (rc == RC_NOT_FOUND)
		return err_set(why, RC_INVALID, "there is no business '%.40s'",
			       business);
	if (rc != RC_OK)
		return rc;
	return seen_at(&l->known, seen_key(parts), &slot, why);
}

enum rc lives_subject(struct lives *l, json_t *given, struct err *why)
{
	const char *business = lives_cell(l, 0);
	char id[21];
	enum rc rc;

	if (!*business)
		return err_set(why, RC_INVALID, "business_id is empty");
	lives_id(l, "subject", business, id);
	rc = find_subject(l, business, id, why);
	if (rc != RC_OK)
		return rc;
	return lives_set(l, given, "subject", id, why);
}

uint32_t lives_number(struct lives *l, uint32_t *copy)
{
	uint64_t key, content;

	*copy = 1;
	return l->file->key(l, &key, &content)
		       ? order_number(&l->order, key, content, copy)
		       : 1;
}

/* Letters of either case, or another of a column's names (a|b|c). */
static bool is_named(const struct csv_cell *cell, const char *names)
{
	while (*names) {
		size_t n = strcspn(names, "|"), i = 0;

		while (i < n && i < cell->n &&
		       (cell->p[i] | 0x20) == (names[i] | 0x20))
			i++;
		if (i == n && i == cell->n)
			return true;
		names += n + (names[n] == '|');
	}
	return false;
}

static enum rc find_columns(struct lives *l, const struct lives_file *file,
			    const struct csv_row *header)
{
	if (header->state != CSV_ROW)
		return err_set(l->op->err, RC_INVALID, "'%s': %s", file->name,
			       header->state == CSV_END ? "the file is empty"
							: header->why);
	l->ncolumns = header->n;
	for (int i = 0; file->columns[i].names; i++) {
		size_t at = 0;

		while (at < header->n &&
		       !is_named(&header->cells[at], file->columns[i].names))
			at++;
		if (at == header->n && file->columns[i].required)
			return err_set(l->op->err, RC_INVALID,
				       "'%s' has no column '%s'%s", file->name,
				       file->columns[i].names,
				       header_separator(header)
					       ? ": its columns are not parted "
						 "by commas"
					       : "");
		l->columns[i] = at == header->n ? SIZE_MAX : at;
	}
	return RC_OK;
}

static bool is_whole(const struct lives *l)
{
	return l->row->state == CSV_ROW && l->row->n == l->ncolumns;
}

static enum rc take_row(struct lives *l, const struct lives_file *file)
{
	struct err why = { 0 };
	json_t *given;
	enum rc rc;

	l->batch.report->read++;
	if (l->row->state == CSV_ROW && !is_whole(l))
		err_set(&why, RC_INVALID, "%zu columns, the header has %zu",
			l->row->n, l->ncolumns);
	else if (l->row->state == CSV_REFUSED)
		err_set(&why, RC_INVALID, "%s", l->row->why);
	if (why.code != RC_OK)
		return batch_refuse(&l->batch, l->row, why.text);
	given = json_object();
	if (!given)
		return err_set(l->op->err, RC_NOMEM, "out of memory");
	rc = file->take(l, given, &why);
	json_decref(given);
	/* Only what the row itself breaks is the row's. */
	if (rc == RC_INVALID && why.code != RC_OK)
		return batch_refuse(&l->batch, l->row, why.text);
	if (rc != RC_OK && why.code != RC_OK)
		return err_set(l->op->err, rc, "%s", why.text);
	return rc;
}

/* The first reading: how the rows are numbered. */
static enum rc read_keys(struct lives *l, struct csv *c)
{
	uint64_t key, content;
	struct csv_row row;
	enum rc rc = csv_next(c, &row, l->op->err);

	if (rc == RC_OK)
		rc = find_columns(l, l->file, &row);
	l->row = &row;
	while (rc == RC_OK) {
		rc = csv_next(c, &row, l->op->err);
		if (rc != RC_OK || row.state == CSV_END)
			break;
		if (is_whole(l) && l->file->key(l, &key, &content))
			rc = order_add(&l->order, key, content, l->op->err);
	}
	l->row = NULL;
	order_sort(&l->order);
	return rc;
}

static enum rc read_rows(struct lives *l, struct csv *c, const char *path,
			 struct import_report *report)
{
	struct csv_row row;
	enum rc rc = csv_next(c, &row, l->op->err);

	if (rc == RC_OK)
		rc = find_columns(l, l->file, &row);
	if (rc == RC_OK)
		rc = batch_open(&l->batch, l->op, l->job, l->file->kind, path,
				&row, report);
	l->batch.rules_of = l->source;
	l->batch.adds_only = l->alone && l->file->are_facts;
	l->row = &row;
	while (rc == RC_OK) {
		rc = csv_next(c, &row, l->op->err);
		if (rc != RC_OK || row.state == CSV_END)
			break;
		rc = take_row(l, l->file);
	}
	if (rc == RC_OK)
		rc = batch_flush(&l->batch);
	l->row = NULL;
	if (rc != RC_OK && l->batch.report)
		batch_failed(&l->batch);
	batch_close(&l->batch);
	return rc;
}

static enum rc read_twice(struct lives *l, const char *path,
			  struct import_report *report)
{
	struct csv *c = NULL;
	enum rc rc = csv_open(&c, path, l->job->encoding, l->op->err);

	if (rc == RC_OK)
		rc = read_keys(l, c);
	csv_close(c);
	c = NULL;
	if (rc == RC_OK)
		rc = csv_open(&c, path, l->job->encoding, l->op->err);
	if (rc == RC_OK)
		rc = read_rows(l, c, path, report);
	csv_close(c);
	order_release(&l->order);
	return rc;
}

/* What is counted though it be nothing. */
static void count_nothing(const struct lives *l, struct import_report *report)
{
	for (size_t i = 0; i < l->file->always; i++)
		report_note(report, l->file->remarks[i]->what, 0);
	if (l->converted.what)
		report_note(report, l->converted.what, 0);
}

static enum rc read_file(struct lives *l, const struct lives_file *file,
			 struct import_report *report)
{
	size_t n = strlen(l->job->file) + strlen(file->name) + 2;
	char *path;
	enum rc rc;

	l->file = file;
	count_nothing(l, report);
	if (l->alone)
		return read_twice(l, l->job->file, report);
	path = malloc(n);
	if (!path)
		return err_set(l->op->err, RC_NOMEM, "out of memory");
	snprintf(path, n, "%s/%s", l->job->file, file->name);
	report->absent = file->is_optional && access(path, F_OK) != 0;
	rc = report->absent ? RC_OK : read_twice(l, path, report);
	free(path);
	return rc;
}

/* Which of the three a file of refused rows is of: NAME.csv.rejects... */
static bool is_part_of(const char *path, const struct lives_file *file)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;

	return strncmp(name, file->name, strlen(file->name)) == 0;
}

enum rc import_lives(struct op *op, const struct import_job *job,
		     struct import_report reports[LIVES_FILES])
{
	static const struct lives_file *const files[LIVES_FILES] = {
		&lives_businesses, &lives_inspections, &lives_violations
	};
	struct lives l = { .op = op,
			   .job = job,
			   .converted = { NULL,
					  csv_encoding_noted(job->encoding) },
			   .source = job->source ? job->source : "lives" };
	enum rc rc = RC_OK;
	struct stat st;
	bool any = false;

	l.alone = stat(job->file, &st) == 0 && !S_ISDIR(st.st_mode);
	for (int i = 0; i < LIVES_FILES; i++) {
		reports[i] = (struct import_report){ 0 };
		snprintf(reports[i].name, sizeof(reports[i].name), "%s",
			 files[i]->name);
		reports[i].left_out =
			l.alone && !is_part_of(job->file, files[i]);
		any = any || !reports[i].left_out;
	}
	if (!any)
		return err_set(op->err, RC_INVALID,
			       "'%s' is neither a folder nor a file named like "
			       "inspections.csv.rejects.csv",
			       job->file);
	for (int i = 0; i < LIVES_FILES && rc == RC_OK; i++)
		if (!reports[i].left_out)
			rc = read_file(&l, files[i], &reports[i]);
	seen_release(&l.known);
	return rc;
}
