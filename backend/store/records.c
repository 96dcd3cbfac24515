/* store/records.c - records as they stand or stood, and the kinds in force. */
#include "store/store_impl.h"

#include "base/jcs.h"
#include "kind/rows.h"
#include "sql_store.gen.h"

static enum rc record_row(struct query *q, char **out, size_t *len,
			  int64_t *position, struct err *err)
{
	enum rc rc;

	*out = NULL;
	if (query_row(q)) {
		*len = query_get_len(q, 0);
		*out = malloc(*len + 1);
		if (*out)
			memcpy(*out, query_get_text(q, 0), *len + 1);
		if (position)
			*position = query_get_int(q, 1);
		rc = query_end(q, err);
		if (rc == RC_OK && !*out)
			rc = err_set(err, RC_NOMEM, "out of memory");
		return rc;
	}
	rc = query_end(q, err);
	return rc == RC_OK ? RC_NOT_FOUND : rc;
}

enum rc store_record(struct store *s, const char *scope, const char *kind,
		     const char *id, char **out, size_t *len, int64_t *position,
		     struct err *err)
{
	struct query *q = query_begin(s->db, SQL_LOG_LATEST);

	query_text(q, 1, scope);
	query_text(q, 2, kind);
	query_text(q, 3, id);
	return record_row(q, out, len, position, err);
}

enum rc store_version(struct store *s, const char *scope, int64_t position,
		      char **out, size_t *len, struct err *err)
{
	struct query *q = query_begin(s->db, SQL_LOG_BODY);

	query_text(q, 1, scope);
	query_int(q, 2, position);
	return record_row(q, out, len, NULL, err);
}

enum rc store_look(struct store *s, const char *scope, const char *kind,
		   const char *id, json_t **out, struct err *err)
{
	char *text = NULL;
	size_t len;
	enum rc rc =
		id ? store_record(s, scope, kind, id, &text, &len, NULL, err)
		   : RC_NOT_FOUND;

	*out = NULL;
	if (rc == RC_OK)
		rc = json_read(text, len, out, err);
	else if (rc == RC_NOT_FOUND)
		rc = RC_OK;
	free(text);
	return rc;
}

enum rc store_record_at(struct store *s, const char *scope, const char *kind,
			const char *id, int64_t position, char **out,
			size_t *len, struct err *err)
{
	struct query *q = query_begin(s->db, SQL_LOG_AT);

	query_text(q, 1, scope);
	query_text(q, 2, kind);
	query_text(q, 3, id);
	query_int(q, 4, position);
	return record_row(q, out, len, NULL, err);
}

static enum rc kinds_read(struct store *s, struct err *err)
{
	struct query *q = query_begin(s->db, SQL_LOG_KIND_LATEST);
	enum rc rc = RC_OK;

	query_text(q, 1, "catalog");
	query_text(q, 2, "kind");
	while (rc == RC_OK && query_row(q)) {
		json_t *record = NULL;

		rc = json_read(query_get_text(q, 1), query_get_len(q, 1),
			       &record, err);
		if (rc == RC_OK)
			rc = registry_add(s->kinds,
					  json_object_get(record, "definition"),
					  err);
		json_decref(record);
	}
	if (query_end(q, err) != RC_OK)
		rc = err->code;
	return rc;
}

enum rc store_refresh_kinds(struct store *s, struct err *err)
{
	struct query *q = query_begin(s->db, SQL_MAIN_HEAD);
	int64_t position = 0;
	enum rc rc;

	query_text(q, 1, "catalog");
	if (query_row(q))
		position = query_get_int(q, 2);
	rc = query_end(q, err);
	if (rc != RC_OK || position == s->catalog_seen)
		return rc;
	rc = kinds_read(s, err);
	if (rc == RC_OK)
		s->catalog_seen = position;
	return rc;
}

const struct field *store_whose(const struct kind *k)
{
	return !strcmp(k->name, "enrolment") ? kind_field(k, "officer") : NULL;
}

enum rc store_may_agency_of(struct store *s, const struct account *a,
			    const char *scope, const char *kind, const char *id,
			    bool *may, struct err *err)
{
	json_t *record = NULL;
	char *text;
	size_t len;
	enum rc rc;

	*may = true;
	if (!a->agency[0])
		return RC_OK;
	rc = store_record(s, scope, kind, id, &text, &len, NULL, err);
	if (rc == RC_NOT_FOUND)
		return RC_OK;
	if (rc != RC_OK)
		return rc;
	rc = json_read(text, len, &record, err);
	free(text);
	if (rc == RC_OK)
		*may = account_may_agency(a, json_text(record, "agency"));
	json_decref(record);
	return rc;
}
