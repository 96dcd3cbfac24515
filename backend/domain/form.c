/* domain/form.c - form files in, a list of versions out. */
#include "domain/form.h"

#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "base/jcs.h"
#include "form/points.h"
#include "sql_store.gen.h"

static enum rc file_read(const char *path, json_t **out, struct err *err)
{
	json_error_t why;

	*out = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
	if (*out)
		return RC_OK;
	return err_set(err, RC_INVALID, "%s, line %d: %s", path, why.line,
		       why.text);
}

/* Can the file be a form at all, and which record is it? */
static enum rc form_check(const json_t *form, char id[21], struct err *err)
{
	const char *code = json_text(form, "form_code");
	int64_t version = json_int(form, "version", 0);
	char number[24];
	const char *const keys[] = { code, number, NULL };

	if (!code || !*code || strlen(code) > 64 || version < 1)
		return err_set(err, RC_INVALID,
			       "a form has a form_code and a version from 1");
	snprintf(number, sizeof(number), "%lld", (long long)version);
	import_id(id, "hufu", "form", keys);
	return points_check(json_object_get(form, "points"), err);
}

/* What stands of this version, or NULL. A form that was loaded stays as it
 * was, but for its state, which moved on since. */
static enum rc form_stands(struct op *op, const char *id, const json_t *form,
			   json_t **out)
{
	json_t *now = NULL;
	char *text;
	size_t len;
	enum rc rc = store_record(op->store, "catalog", "form", id, &text, &len,
				  NULL, op->err);

	*out = NULL;
	if (rc == RC_NOT_FOUND)
		return RC_OK;
	if (rc == RC_OK) {
		rc = json_read(text, len, &now, op->err);
		free(text);
	}
	if (rc == RC_OK && !json_equal(json_object_get(now, "points"),
				       json_object_get(form, "points"))) {
		rc = err_set(op->err, RC_CONFLICT,
			     "version %lld of form '%s' is there with other "
			     "points: give it a new version",
			     (long long)json_int(form, "version", 0),
			     json_text(form, "form_code"));
		json_decref(now);
		now = NULL;
	}
	*out = now;
	return rc;
}

enum rc form_put(struct op *op, json_t *form, char id[21],
		 enum office_outcome *outcome)
{
	json_t *now = NULL;
	struct office_record r = { .kind = "form", .id = id };
	struct office_write w = { .scope = "catalog",
				  .operation = "form",
				  .message = "load a checklist",
				  .records = &r,
				  .n = 1 };
	enum rc rc = form_check(form, id, op->err);

	*outcome = OFFICE_SAME;
	if (rc == RC_OK)
		rc = form_stands(op, id, form, &now);
	if (rc == RC_OK && !now) {
		if (!json_object_get(form, "state"))
			json_object_set_new(form, "state",
					    json_string("draft"));
		r.record = form;
		rc = ledger_office(op, &w);
		*outcome = r.outcome;
		if (rc == RC_OK && r.outcome == OFFICE_REFUSED)
			rc = err_set(op->err, RC_DENIED, "%s", r.why);
	}
	json_decref(now);
	return rc;
}

enum rc form_load(struct op *op, const char *file, char id[21],
		  enum office_outcome *outcome)
{
	json_t *form = NULL;
	enum rc rc = file_read(file, &form, op->err);

	*outcome = OFFICE_SAME;
	if (rc == RC_OK)
		rc = form_put(op, form, id, outcome);
	json_decref(form);
	return rc;
}

static json_t *form_row(struct query *q, struct err *err)
{
	json_t *points = NULL, *row;

	if (json_read(query_get_text(q, 6), query_get_len(q, 6), &points,
		      err) != RC_OK)
		return NULL;
	row = json_pack("{s:s, s:s, s:I, s:s, s:s, s:s, s:I}", "id",
			query_get_text(q, 0), "form_code", query_get_text(q, 1),
			"version", (json_int_t)query_get_int(q, 2), "title",
			query_get_text(q, 3), "state", query_get_text(q, 4),
			"valid_from", query_get_text(q, 5), "points",
			(json_int_t)json_array_size(points));
	json_decref(points);
	return row;
}

enum rc form_list(struct op *op, json_t **out)
{
	struct query *q;
	json_t *all;
	enum rc rc = RC_OK;

	*out = NULL;
	if (!registry_kind(op->store->kinds, "form"))
		return err_set(op->err, RC_NOT_FOUND,
			       "this folder is older than checklists: "
			       "'hufud kind load' form.json first");
	q = query_begin(op->store->db, SQL_FORM_LIST);
	all = json_array();
	while (rc == RC_OK && query_row(q)) {
		json_t *row = form_row(q, op->err);

		if (row)
			json_array_append_new(all, row);
		else
			rc = err_set(op->err, RC_NOMEM, "out of memory");
	}
	if (query_end(q, op->err) != RC_OK)
		rc = op->err->code;
	*out = rc == RC_OK ? all : NULL;
	if (rc != RC_OK)
		json_decref(all);
	return rc;
}
