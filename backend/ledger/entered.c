/* ledger/entered.c - references that must find their record. What tablets bring
 * is never held to this: a replica has a part of the records only. */
#include "ledger/entered.h"

#include "base/jcs.h"
#include "kind/limits.h"
#include "sql_store.gen.h"

static enum rc is_logged(struct op *op, const char *scope, const char *kind,
			 const char *id, bool *found, struct err *why)
{
	struct query *q = query_begin(op->store->db, SQL_LOG_HAS);

	query_text(q, 1, scope);
	query_text(q, 2, kind);
	query_text(q, 3, id);
	*found = query_row(q);
	return query_end(q, why);
}

/* A record of the same write, before or behind. */
static enum rc is_written(const struct office_write *w, json_t **paths,
			  const char *kind, const char *id, bool *found,
			  struct err *why)
{
	char path[72];

	if (!*paths) {
		*paths = json_object();
		for (size_t i = 0; i < w->n; i++) {
			snprintf(path, sizeof(path), "%s/%s",
				 w->records[i].kind, w->records[i].id);
			json_object_set_new(*paths, path,
					    json_integer((json_int_t)i));
		}
		if (json_object_size(*paths) == 0)
			return err_set(why, RC_NOMEM, "out of memory");
	}
	snprintf(path, sizeof(path), "%s/%s", kind, id);
	*found = json_object_get(*paths, path) &&
		 w->records[json_integer_value(json_object_get(*paths, path))]
				 .outcome != OFFICE_REFUSED;
	return RC_OK;
}

static enum rc ref_check(struct op *op, const struct office_write *w,
			 json_t **paths, const struct field *f, const char *id,
			 struct err *why)
{
	const struct kind *k = registry_kind(op->store->kinds, f->refers);
	const char *scope = k && k->is_catalog ? "catalog" : w->scope;
	bool found = false;
	enum rc rc;

	/* A kind of a later version cannot be looked for. */
	if (!k)
		return RC_OK;
	rc = is_logged(op, scope, k->name, id, &found, why);
	if (rc == RC_OK && !found && !strcmp(scope, w->scope))
		rc = is_written(w, paths, k->name, id, &found, why);
	if (rc != RC_OK || found)
		return rc;
	return err_set(why, RC_INVALID,
		       "field '%s': there is no %s '%s' in scope %s", f->name,
		       k->name, id, scope);
}

enum rc entered_check(struct op *op, const struct office_write *w,
		      json_t **paths, const struct kind *k,
		      const json_t *before, const json_t *after,
		      struct err *why)
{
	enum rc rc = limits_check(k, before, after, op->now_ms, why);

	for (size_t i = 0; i < k->nfields && rc == RC_OK; i++) {
		const struct field *f = &k->fields[i];
		const char *id, *was;

		if (f->type != FIELD_REF)
			continue;
		id = json_text(after, f->name);
		was = json_text(before, f->name);
		if (id && !(was && !strcmp(was, id)))
			rc = ref_check(op, w, paths, f, id, why);
	}
	return rc;
}
