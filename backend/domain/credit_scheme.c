/* domain/credit_scheme.c - schemes as records of the catalog. */
#include "domain/credit_impl.h"

#include <errno.h>

#include "base/date.h"
#include "base/jcs.h"
#include "sql_store.gen.h"

#define SCHEME_FILE_MAX (1u << 20)

void scheme_release(struct scheme_in_force *s)
{
	json_decref(s->definition);
	s->definition = NULL;
}

static enum rc scheme_take(struct query *q, const char *code,
			   struct scheme_in_force *out, struct err *err)
{
	snprintf(out->id, sizeof(out->id), "%s", query_get_text(q, 0));
	snprintf(out->code, sizeof(out->code), "%s", code);
	out->version = query_get_int(q, 1);
	return json_read(query_get_text(q, 2), query_get_len(q, 2),
			 &out->definition, err);
}

enum rc scheme_find(struct op *op, const char *code, const char *day,
		    struct scheme_in_force *out)
{
	struct query *q = query_begin(op->store->db, SQL_SCHEME_IN_FORCE);
	enum rc rc = RC_OK;

	memset(out, 0, sizeof(*out));
	query_text(q, 1, code);
	query_text(q, 2, day);
	if (query_row(q))
		rc = scheme_take(q, code, out, op->err);
	/* Only a way round scheme_record leads there. */
	if (rc == RC_OK && *out->id && query_row(q))
		rc = err_set(op->err, RC_CONFLICT,
			     "versions %lld and %lld of scheme '%.60s' are "
			     "both in force on %s",
			     (long long)query_get_int(q, 1),
			     (long long)out->version, code, day);
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

enum rc scheme_by_id(struct op *op, const char *id, struct scheme_in_force *out)
{
	struct query *q = query_begin(op->store->db, SQL_SCHEME_BY_ID);
	enum rc rc = RC_OK;

	memset(out, 0, sizeof(*out));
	query_text(q, 1, id);
	if (query_row(q))
		rc = scheme_take(q, query_get_text(q, 3), out, op->err);
	if (query_end(q, op->err) != RC_OK)
		rc = op->err->code;
	if (rc == RC_OK && !*out->id)
		rc = err_set(op->err, RC_NOT_FOUND, "there is no scheme '%s'",
			     id);
	return rc == RC_OK ? scheme_read(&out->scheme, out->definition, op->err)
			   : rc;
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

static enum rc day_check(const json_t *file, const char *member,
			 struct err *err)
{
	const json_t *day = json_object_get(file, member);
	int64_t days;

	if (!day ||
	    (json_is_string(day) && date_parse(json_string_value(day), &days)))
		return RC_OK;
	return err_set(err, RC_INVALID,
		       "a scheme's '%s' is a date like 2026-11-22", member);
}

/* Of a file that is not on record. */
static enum rc is_sound(const json_t *file, struct err *err)
{
	const json_t *definition = json_object_get(file, "definition");
	struct scheme scheme;
	enum rc rc = scheme_read(&scheme, definition, err);

	return rc == RC_OK ? scheme_sound(&scheme, definition, err) : rc;
}

/* The record's id, and whether the file can be a scheme at all. */
static enum rc scheme_check(const json_t *file, char id[21], struct err *err)
{
	const char *code = json_text(file, "code");
	const char *from = json_text(file, "valid_from");
	const char *to = json_text(file, "valid_to");
	int64_t version = json_int(file, "version", 0);
	char number[24];
	const char *const keys[] = { code, number, NULL };
	struct scheme scheme;
	enum rc rc;

	if (!code || !*code || strlen(code) > 64 || version < 1)
		return err_set(err, RC_INVALID,
			       "a scheme has a code and a version from 1");
	rc = day_check(file, "valid_from", err);
	if (rc == RC_OK)
		rc = day_check(file, "valid_to", err);
	if (rc == RC_OK && from && to && strcmp(from, to) > 0)
		rc = err_set(err, RC_INVALID,
			     "a scheme does not end before it begins");
	snprintf(number, sizeof(number), "%lld", (long long)version);
	import_id(id, "hufu", "scheme", keys);
	return rc == RC_OK
		       ? scheme_read(&scheme,
				     json_object_get(file, "definition"), err)
		       : rc;
}

static bool same_member(const json_t *a, const json_t *b, const char *name)
{
	const json_t *in_a = json_object_get(a, name);
	const json_t *in_b = json_object_get(b, name);

	return in_a == in_b || json_equal(in_a, in_b);
}

/* Of a version that is recorded only the last day may still be set. */
static enum rc never_changes(const json_t *now, const json_t *file,
			     struct err *err)
{
	static const char *const fixed[] = { "definition", "valid_from" };

	for (size_t i = 0; now && i < 2; i++)
		if (!same_member(now, file, fixed[i]))
			return err_set(
				err, RC_CONFLICT,
				"version %lld of scheme '%s' is recorded with "
				"another '%s': give it a new version",
				(long long)json_int(file, "version", 0),
				json_text(file, "code"), fixed[i]);
	return RC_OK;
}

static const char *day_or(const char *day, const char *otherwise)
{
	return day ? day : otherwise;
}

/* Each day has one version of a scheme. */
static enum rc overlaps_none(struct op *op, const char *id, const json_t *file)
{
	struct query *q = query_begin(op->store->db, SQL_SCHEME_OVERLAPPING);
	const char *from = json_text(file, "valid_from");
	const char *to = json_text(file, "valid_to");
	enum rc rc = RC_OK;

	query_text(q, 1, json_text(file, "code"));
	query_text(q, 2, id);
	query_text(q, 3, from);
	query_text(q, 4, to);
	if (query_row(q))
		rc = err_set(
			op->err, RC_CONFLICT,
			"version %lld (%s to %s) of scheme '%s' would overlap "
			"version %lld (%s to %s): record that again with an "
			"earlier 'valid_to' first",
			(long long)json_int(file, "version", 0),
			day_or(from, "ever"), day_or(to, "ever"),
			json_text(file, "code"), (long long)query_get_int(q, 0),
			day_or(query_get_text(q, 1), "ever"),
			day_or(query_get_text(q, 2), "ever"));
	if (query_end(q, op->err) != RC_OK)
		rc = op->err->code;
	return rc;
}

static enum rc scheme_write(struct op *op, const char *id, json_t *record)
{
	struct office_record r = { .kind = "scheme",
				   .id = id,
				   .record = record };
	struct office_write w = { .scope = "catalog",
				  .operation = "rate",
				  .message = "record a rating scheme",
				  .records = &r,
				  .n = 1 };
	enum rc rc = ledger_office(op, &w);

	if (rc == RC_OK && r.outcome == OFFICE_REFUSED)
		rc = err_set(op->err, RC_DENIED, "scheme '%s': %s", id, r.why);
	return rc;
}

static enum rc scheme_now(struct op *op, const char *id, json_t **out)
{
	char *text;
	size_t len;
	enum rc rc = store_record(op->store, "catalog", "scheme", id, &text,
				  &len, NULL, op->err);

	*out = NULL;
	if (rc != RC_OK)
		return rc == RC_NOT_FOUND ? RC_OK : rc;
	rc = json_read(text, len, out, op->err);
	free(text);
	return rc;
}

enum rc scheme_put(struct op *op, json_t *record, char id[21], bool *is_new)
{
	json_t *now = NULL;
	bool is_other;
	enum rc rc = scheme_check(record, id, op->err);

	*is_new = false;
	if (rc == RC_OK)
		rc = scheme_now(op, id, &now);
	if (rc == RC_OK && !now)
		rc = is_sound(record, op->err);
	if (rc == RC_OK)
		rc = never_changes(now, record, op->err);
	if (rc == RC_OK && !json_object_get(record, "state"))
		json_object_set_new(
			record, "state",
			now ? json_incref(json_object_get(now, "state"))
			    : json_string("active"));
	is_other = !now || !same_member(now, record, "valid_to");
	if (rc == RC_OK && is_other)
		rc = overlaps_none(op, id, record);
	if (rc == RC_OK && is_other)
		rc = scheme_write(op, id, record);
	*is_new = rc == RC_OK && !now;
	json_decref(now);
	return rc;
}

enum rc scheme_record(struct op *op, const char *file, char *code)
{
	json_t *record = NULL;
	char id[21];
	bool is_new;
	enum rc rc = file_read(file, &record, op->err);

	if (rc == RC_OK)
		rc = scheme_put(op, record, id, &is_new);
	if (rc == RC_OK && code)
		snprintf(code, 65, "%s", json_text(record, "code"));
	json_decref(record);
	return rc;
}

/* As if it were recorded, for who writes nothing. */
static enum rc scheme_of_file(struct op *op, const char *path,
			      struct scheme_in_force *out)
{
	json_t *file = NULL;
	char id[21];
	enum rc rc = file_read(path, &file, op->err);

	if (rc == RC_OK)
		rc = scheme_check(file, id, op->err);
	if (rc == RC_OK)
		rc = is_sound(file, op->err);
	if (rc == RC_OK) {
		snprintf(out->id, sizeof(out->id), "%s", id);
		snprintf(out->code, sizeof(out->code), "%s",
			 json_text(file, "code"));
		out->version = json_int(file, "version", 0);
		out->definition =
			json_incref(json_object_get(file, "definition"));
		rc = scheme_read(&out->scheme, out->definition, op->err);
	}
	json_decref(file);
	return rc;
}

/* The scheme that ships is the product's word, not that of whoever rates
 * first. */
static enum rc record_default(struct op *op, const char *path)
{
	struct account product = *op->actor;
	struct op as_product = *op;

	product.roles = ROLE_ADMINISTRATOR;
	snprintf(product.scopes, sizeof(product.scopes), "*");
	as_product.actor = &product;
	return scheme_record(&as_product, path, NULL);
}

enum rc scheme_in_force(struct op *op, const struct rate_options *o,
			bool may_record, const char *day,
			struct scheme_in_force *out)
{
	const char *code = o->scheme ? o->scheme : SCHEME_DEFAULT;
	struct query *q;
	bool known;
	char path[4096];
	enum rc rc;

	if (o->trial && !may_record) {
		memset(out, 0, sizeof(*out));
		return scheme_of_file(op, o->trial, out);
	}
	rc = scheme_find(op, code, day, out);
	if (rc != RC_NOT_FOUND || strcmp(code, SCHEME_DEFAULT) != 0 ||
	    !o->schema)
		return rc;
	/* One that has ended is not begun again by itself. */
	q = query_begin(op->store->db, SQL_SCHEME_OVERLAPPING);
	query_text(q, 1, code);
	query_text(q, 2, "");
	known = query_row(q);
	if (query_end(q, op->err) != RC_OK || known)
		return rc;
	err_clear(op->err);
	snprintf(path, sizeof(path), "%s/schemes/default.json", o->schema);
	if (!may_record)
		return scheme_of_file(op, path, out);
	rc = record_default(op, path);
	return rc == RC_OK ? scheme_find(op, code, day, out) : rc;
}
