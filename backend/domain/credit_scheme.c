/* domain/credit_scheme.c - schemes as records of the catalog. */
#include "domain/credit_impl.h"

#include <errno.h>

#include "base/hex.h"
#include "base/jcs.h"
#include "sql_store.gen.h"

#define SCHEME_FILE_MAX (1u << 20)

void scheme_release(struct scheme_in_force *s)
{
	json_decref(s->definition);
	s->definition = NULL;
}

enum rc scheme_find(struct op *op, const char *code, const char *day,
		    struct scheme_in_force *out)
{
	struct query *q = query_begin(op->store->db, SQL_SCHEME_IN_FORCE);
	enum rc rc = RC_OK;

	memset(out, 0, sizeof(*out));
	query_text(q, 1, code);
	query_text(q, 2, day);
	if (query_row(q)) {
		snprintf(out->id, sizeof(out->id), "%s", query_get_text(q, 0));
		snprintf(out->code, sizeof(out->code), "%s", code);
		out->version = query_get_int(q, 1);
		rc = json_read(query_get_text(q, 2), query_get_len(q, 2),
			       &out->definition, op->err);
	}
	if (query_end(q, op->err) != RC_OK)
		rc = op->err->code;
	if (rc == RC_OK && !*out->id)
		rc = err_set(op->err, RC_NOT_FOUND,
			     "there is no scheme '%.60s' in force on %s", code,
			     day);
	if (rc == RC_OK)
		rc = scheme_read(&out->scheme, out->definition, op->err);
	return rc;
}

static enum rc file_read(const char *path, json_t **out, struct err *err)
{
	struct buf text;
	char piece[4096];
	FILE *f = fopen(path, "rb");
	enum rc rc;
	size_t n;

	if (!f)
		return err_set(err, errno == ENOENT ? RC_NOT_FOUND : RC_IO,
			       "cannot read '%s': %s", path, strerror(errno));
	buf_init(&text, SCHEME_FILE_MAX);
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_put(&text, piece, n);
	rc = ferror(f) ? err_set(err, RC_IO, "cannot read '%s'", path)
		       : buf_status(&text, err);
	fclose(f);
	if (rc == RC_OK)
		rc = json_read(text.data ? text.data : "", text.len, out, err);
	buf_release(&text);
	return rc;
}

/* The record's id, and whether the file can be a scheme at all. */
static enum rc scheme_check(const json_t *file, char id[21], struct err *err)
{
	const char *code = json_text(file, "code");
	int64_t version = json_int(file, "version", 0);
	char number[24];
	const char *const keys[] = { code, number, NULL };
	struct scheme scheme;

	if (!code || !*code || strlen(code) > 64 || version < 1)
		return err_set(err, RC_INVALID,
			       "a scheme has a code and a version from 1");
	snprintf(number, sizeof(number), "%lld", (long long)version);
	import_id(id, "hufu", "scheme", keys);
	return scheme_read(&scheme, json_object_get(file, "definition"), err);
}

static enum rc never_changes(struct op *op, const char *id, const json_t *file,
			     bool *is_new)
{
	json_t *now = NULL;
	char *text;
	size_t len;
	enum rc rc = store_record(op->store, "catalog", "scheme", id, &text,
				  &len, NULL, op->err);

	*is_new = rc == RC_NOT_FOUND;
	if (*is_new)
		return RC_OK;
	if (rc == RC_OK) {
		rc = json_read(text, len, &now, op->err);
		free(text);
	}
	if (rc == RC_OK && !json_equal(json_object_get(now, "definition"),
				       json_object_get(file, "definition")))
		rc = err_set(op->err, RC_CONFLICT,
			     "version %lld of scheme '%s' is recorded with "
			     "another definition: give it a new version",
			     (long long)json_int(file, "version", 0),
			     json_text(file, "code"));
	json_decref(now);
	return rc;
}

enum rc scheme_record(struct op *op, const char *file, char *code)
{
	json_t *record = NULL;
	char id[21];
	bool is_new = false;
	enum rc rc = file_read(file, &record, op->err);

	if (rc == RC_OK)
		rc = scheme_check(record, id, op->err);
	if (rc == RC_OK)
		rc = never_changes(op, id, record, &is_new);
	if (rc == RC_OK && code)
		snprintf(code, 65, "%s", json_text(record, "code"));
	if (rc == RC_OK && is_new) {
		struct office_record r = { .kind = "scheme",
					   .id = id,
					   .record = record };
		struct office_write w = { .scope = "catalog",
					  .operation = "rate",
					  .message = "record a rating scheme",
					  .records = &r,
					  .n = 1 };

		if (!json_object_get(record, "state"))
			json_object_set_new(record, "state",
					    json_string("active"));
		rc = ledger_office(op, &w);
		if (rc == RC_OK && r.outcome == OFFICE_REFUSED)
			rc = err_set(op->err, RC_DENIED, "scheme '%s': %s", id,
				     r.why);
	}
	json_decref(record);
	return rc;
}

/* The scheme that ships is the product's word, not that of whoever rates
 * first. */
enum rc scheme_in_force(struct op *op, const struct rate_options *o,
			const char *day, struct scheme_in_force *out)
{
	const char *code = o->scheme ? o->scheme : SCHEME_DEFAULT;
	struct account product = *op->actor;
	struct op as_product = *op;
	char path[4096];
	enum rc rc = scheme_find(op, code, day, out);

	if (rc != RC_NOT_FOUND || strcmp(code, SCHEME_DEFAULT) != 0 ||
	    !o->schema)
		return rc;
	err_clear(op->err);
	product.roles = ROLE_ADMINISTRATOR;
	snprintf(product.scopes, sizeof(product.scopes), "*");
	as_product.actor = &product;
	snprintf(path, sizeof(path), "%s/schemes/default.json", o->schema);
	rc = scheme_record(&as_product, path, NULL);
	return rc == RC_OK ? scheme_find(op, code, day, out) : rc;
}
