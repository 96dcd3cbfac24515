/* ledger/entered.c - references that must find their record. What tablets bring
 * is never held to this: a replica has a part of the records only. */
#include "ledger/entered.h"

#include <stdlib.h>
#include <string.h>

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

/* -- accounts that act for some agencies -- */

/* Is it the value, or a member of it? */
static bool names(const json_t *value, const char *id)
{
	const json_t *one;
	size_t i;

	if (json_is_string(value))
		return !strcmp(json_string_value(value), id);
	json_array_foreach(value, i, one) if (!strcmp(json_string_value(one),
						      id)) return true;
	return false;
}

/* Is the record of the scope nobody's, or of one of the actor's agencies? */
static enum rc agency_check(struct op *op, const struct office_write *w,
			    const struct field *f, const char *kind,
			    const char *id, struct err *why)
{
	bool may;
	enum rc rc = store_may_agency_of(op->store, op->actor, w->scope, kind,
					 id, &may, why);

	return rc == RC_OK && !may
		       ? err_set(why, RC_INVALID,
				 "field '%s': account '%s' acts for other "
				 "agencies than that of %s '%s'",
				 f->name, op->actor->name, kind, id)
		       : rc;
}

static enum rc names_check(struct op *op, const struct office_write *w,
			   const struct field *f, const json_t *before,
			   const json_t *after, struct err *why)
{
	const struct kind *k = registry_kind(op->store->kinds, f->refers);
	const json_t *was = json_object_get(before, f->name);
	const json_t *now = json_object_get(after, f->name), *one;
	enum rc rc = RC_OK;
	size_t i;

	if (!k || !kind_field(k, "agency") || (was && json_equal(was, now)))
		return RC_OK;
	if (json_is_string(now))
		return agency_check(op, w, f, k->name, json_string_value(now),
				    why);
	json_array_foreach(now, i, one)
	{
		const char *id = json_string_value(one);

		if (rc == RC_OK && id && !names(was, id))
			rc = agency_check(op, w, f, k->name, id, why);
	}
	return rc;
}

/* The record itself, and whom it names anew. */
static enum rc agencies_check(struct op *op, const struct office_write *w,
			      const struct kind *k, const json_t *before,
			      const json_t *after, struct err *why)
{
	const char *was = json_text(before, "agency");
	const char *now = json_text(after, "agency");
	enum rc rc = RC_OK;

	if (!op->actor->agency[0])
		return RC_OK;
	if (was && !now && kind_field(k, "agency"))
		return err_set(why, RC_INVALID,
			       "field 'agency': account '%s' acts for some "
			       "agencies and gives nobody away: name one of "
			       "its own",
			       op->actor->name);
	if (kind_field(k, "agency") && (!account_may_agency(op->actor, was) ||
					!account_may_agency(op->actor, now)))
		return err_set(why, RC_INVALID,
			       "field 'agency': account '%s' acts for other "
			       "agencies",
			       op->actor->name);
	for (size_t i = 0; i < k->nfields && rc == RC_OK; i++)
		if (k->fields[i].refers)
			rc = names_check(op, w, &k->fields[i], before, after,
					 why);
	return rc;
}

/* A duplicate of itself, or its own predecessor, says nothing. */
static enum rc self_check(const struct kind *k, const struct field *f,
			  const json_t *record, const char *id, struct err *why)
{
	const char *own = json_text(record, "id");

	return own && !strcmp(own, id) && !strcmp(f->refers, k->name)
		       ? err_set(why, RC_INVALID,
				 "field '%s': %s '%s' cannot refer to itself",
				 f->name, k->name, id)
		       : RC_OK;
}

/* What the field names anew: it alone, or each member of a set. */
static enum rc refs_check(struct op *op, const struct office_write *w,
			  json_t **paths, const struct kind *k,
			  const struct field *f, const json_t *before,
			  const json_t *after, struct err *why)
{
	const json_t *was = json_object_get(before, f->name);
	const json_t *now = json_object_get(after, f->name);
	size_t n = json_is_array(now) ? json_array_size(now) : now ? 1 : 0;
	enum rc rc = RC_OK;

	for (size_t i = 0; i < n && rc == RC_OK; i++) {
		const char *id = json_string_value(
			json_is_array(now) ? json_array_get(now, i) : now);

		if (!id || names(was, id))
			continue;
		rc = self_check(k, f, after, id, why);
		if (rc == RC_OK)
			rc = ref_check(op, w, paths, f, id, why);
	}
	return rc;
}

enum rc entered_check(struct op *op, const struct office_write *w,
		      json_t **paths, const struct kind *k,
		      const json_t *before, const json_t *after,
		      struct err *why)
{
	enum rc rc = limits_check(k, before, after, op->now_ms, why);

	if (rc == RC_OK)
		rc = agencies_check(op, w, k, before, after, why);
	for (size_t i = 0; i < k->nfields && rc == RC_OK; i++)
		if (k->fields[i].refers)
			rc = refs_check(op, w, paths, k, &k->fields[i], before,
					after, why);
	return rc;
}
