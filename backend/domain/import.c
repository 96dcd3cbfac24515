/* import.c - one CSV file of one kind. */
#include "domain/import.h"

#include <stdlib.h>
#include <string.h>

#include "base/jcs.h"
#include "domain/import_batch.h"
#include "domain/import_ids.h"
#include "domain/import_map.h"

#define OWN_MAX 4

struct import {
	const struct import_job *job;
	const char *source;
	struct entry_remark converted; /* rows of another encoding */
	struct import_map map;
	struct import_batch batch;
	json_t *first; /* for new records; owned */
	/* Whose flags the columns of this file decide, NULL-ended. */
	const struct entry_remark *own[OWN_MAX + 1];
};

/* A cell without the apostrophe that an export put in front of it. */
static const char *unguarded(const struct csv_cell *cell)
{
	return cell->n > 0 && *cell->p == '\'' &&
			       csv_guard_bytes(cell->p, cell->n)
		       ? cell->p + 1
		       : cell->p;
}

/* The id of the subject that has the credit code in *value, in its place. */
static enum rc look_up(struct import *im, json_t **value, struct err *why)
{
	char id[33];
	enum rc rc = entry_holder(im->batch.op, im->job->scope,
				  json_string_value(*value), id, why);

	json_decref(*value);
	*value = rc == RC_OK ? json_string(id) : NULL;
	return rc != RC_OK || *value ? rc
				     : err_set(why, RC_NOMEM, "out of memory");
}

static enum rc convert_target(struct import *im, const struct csv_row *row,
			      const struct import_target *t, json_t **out,
			      struct err *why)
{
	const struct field *f = &im->batch.kind->fields[t->field];
	const struct csv_cell *cell = &row->cells[t->columns[0]];
	struct csv_cell cells[IMPORT_COLUMNS_MAX];
	const char *text = unguarded(cell), *translated;
	enum rc rc;

	if (t->as) {
		for (size_t i = 0; i < t->ncolumns; i++)
			cells[i] = row->cells[t->columns[i]];
		rc = t->as(cells, t->ncolumns, out, why);
		return rc == RC_OK && *out && import_as_asks(t->as)
			       ? look_up(im, out, why)
			       : rc;
	}
	translated = t->values ? json_text(t->values, text) : NULL;
	if (translated)
		text = translated;
	if (t->place == IMPORT_FIELD)
		return entry_value(f, text, out, why);
	if (cell->n == 0)
		return RC_OK;
	*out = json_string(text);
	return *out ? RC_OK : err_set(why, RC_NOMEM, "out of memory");
}

static const char *target_name(const struct import *im,
			       const struct import_target *t)
{
	switch (t->place) {
	case IMPORT_ID: return "id";
	case IMPORT_SCOPE: return "scope";
	case IMPORT_TOWN: return "town";
	case IMPORT_FIELD: break;
	}
	return im->batch.kind->fields[t->field].name;
}

/* The row as an object: what a field is to be, null where its cell is empty. */
static enum rc read_given(struct import *im, const struct csv_row *row,
			  json_t *given, struct entry_fact *fact,
			  struct err *why)
{
	enum rc rc;

	for (size_t i = 0; i < im->map.n; i++) {
		const struct import_target *t = &im->map.targets[i];
		const struct entry_remark *remark;
		json_t *value = NULL;
		bool earned;

		rc = convert_target(im, row, t, &value, why);
		if (rc != RC_OK)
			return rc;
		remark = import_as_remark(t->as, row->cells[t->columns[0]].p,
					  &earned);
		if (remark && earned)
			entry_note(fact, remark);
		/* No town given is the town as it stands, not none. */
		if (!value && t->place != IMPORT_FIELD)
			continue;
		if (json_object_set_new(given, target_name(im, t),
					value ? value : json_null()) != 0)
			return err_set(why, RC_NOMEM, "out of memory");
	}
	return entry_check(im->batch.op, im->job->scope, im->batch.kind,
			   &im->batch.towns, given, fact, why);
}

static enum rc check_scope(const struct import *im, json_t *given,
			   struct err *why)
{
	const char *scope = json_text(given, "scope");

	if (scope && strcmp(scope, im->job->scope) != 0)
		return err_set(why, RC_INVALID,
			       "belongs to scope '%.20s', not to '%s'", scope,
			       im->job->scope);
	json_object_del(given, "scope");
	return RC_OK;
}

static enum rc take_row(struct import *im, const struct csv_row *row,
			struct err *err)
{
	struct err why = { 0 };
	char id[33];
	struct entry_fact fact = { .id = id,
				   .first = im->first,
				   .own = im->own };
	json_t *given;
	bool is_named;
	enum rc rc;

	im->batch.report->read++;
	if (row->converted)
		entry_note(&fact, &im->converted);
	if (row->state == CSV_REFUSED)
		return batch_refuse(&im->batch, row, row->why);
	if (row->n != im->map.columns) {
		err_set(&why, RC_INVALID, "%zu columns, the header has %zu",
			row->n, im->map.columns);
		return batch_refuse(&im->batch, row, why.text);
	}
	given = json_object();
	if (!given)
		return err_set(err, RC_NOMEM, "out of memory");
	fact.given = given;
	rc = read_given(im, row, given, &fact, &why);
	if (rc == RC_OK)
		rc = check_scope(im, given, &why);
	is_named = json_text(given, "id");
	if (rc == RC_OK)
		rc = import_find_id(im->batch.kind, im->source, given, id,
				    &why);
	if (rc == RC_OK && !is_named)
		rc = import_known_id(im->batch.op, im->job->scope, im->source,
				     im->batch.kind, given, id, &why);
	if (rc == RC_OK)
		rc = batch_put(&im->batch, row, &fact);
	else if (rc == RC_INVALID)
		rc = batch_refuse(&im->batch, row, why.text);
	else
		rc = err_set(err, rc, "%s", why.text);
	json_decref(given);
	return rc;
}

/* Can rows of this header have ids at all? */
static enum rc check_keys(const struct import *im, struct err *err)
{
	const struct kind *k = im->batch.kind;

	if (import_map_has(&im->map, k, "id") ||
	    import_has_surrogate(&im->map, k))
		return RC_OK;
	if (!k->keys || !k->keys[0])
		return err_set(err, RC_INVALID,
			       "kind '%s' has no key fields: the file needs a "
			       "column 'id'",
			       k->name);
	for (size_t i = 0; k->keys[i]; i++)
		if (!import_map_has(&im->map, k, k->keys[i]))
			return err_set(err, RC_INVALID,
				       "the file needs a column 'id'%s or the "
				       "key '%s'",
				       strcmp(k->name, "subject") ? ""
								  : ", 'uscc'",
				       k->keys[i]);
	return RC_OK;
}

static void find_own(struct import *im)
{
	size_t n = 0;

	if (import_map_has(&im->map, im->batch.kind, "uscc")) {
		im->own[n++] = &entry_wrong_check;
		im->own[n++] = &entry_wrong_inner;
	}
	for (size_t i = 0; i < im->map.n && n < OWN_MAX; i++) {
		bool earned;

		im->own[n] =
			import_as_remark(im->map.targets[i].as, "", &earned);
		n += im->own[n] != NULL;
	}
}

static enum rc begin(struct import *im, struct op *op, struct csv *c,
		     struct import_report *report)
{
	const struct import_job *job = im->job;
	struct csv_row header;
	enum rc rc = csv_next(c, &header, op->err);

	if (rc == RC_OK)
		rc = batch_open(&im->batch, op, job, job->kind, job->file,
				&header, report);
	if (rc == RC_OK)
		rc = import_map_open(&im->map, im->batch.kind, &header,
				     job->mappings, op->err);
	if (rc == RC_OK)
		rc = check_keys(im, op->err);
	if (rc != RC_OK)
		return rc;
	find_own(im);
	if (kind_field(im->batch.kind, "source") &&
	    !import_map_has(&im->map, im->batch.kind, "source")) {
		im->first = json_pack("{s:s}", "source", im->source);
		if (!im->first)
			return err_set(op->err, RC_NOMEM, "out of memory");
	}
	return RC_OK;
}

enum rc import_csv(struct op *op, const struct import_job *job,
		   struct import_report *report)
{
	struct import *im = calloc(1, sizeof(*im));
	struct csv_row row;
	struct csv *c = NULL;
	enum rc rc;

	*report = (struct import_report){ 0 };
	if (!im)
		return err_set(op->err, RC_NOMEM, "out of memory");
	snprintf(report->name, sizeof(report->name), "%s", job->kind);
	im->job = job;
	im->source = job->source ? job->source : job->kind;
	im->converted.what = csv_encoding_noted(job->encoding);
	rc = job->bytes ? csv_open_bytes(&c, job->bytes, job->nbytes,
					 job->encoding, op->err)
			: csv_open(&c, job->file, job->encoding, op->err);
	if (rc == RC_OK)
		rc = begin(im, op, c, report);
	while (rc == RC_OK) {
		rc = csv_next(c, &row, op->err);
		if (rc != RC_OK || row.state == CSV_END)
			break;
		rc = take_row(im, &row, op->err);
	}
	if (rc == RC_OK)
		rc = batch_flush(&im->batch);
	if (rc != RC_OK && im->batch.report)
		batch_failed(&im->batch);
	batch_close(&im->batch);
	import_map_close(&im->map);
	json_decref(im->first);
	csv_close(c);
	free(im);
	return rc;
}
