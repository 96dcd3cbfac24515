/* replica/twin.c - records of one kind and id in several scopes.
 *
 * A kind's table has one row an id. A replica of several counties may be sent
 * two records of one: an officer who works in both, a firm that moved. The one
 * that came first has the place, in the table and wherever else one id is one
 * record; any other stands aside in hufu_twin, part of its scope's tree and of
 * nothing else, until the place is free. */
#include "replica/replica_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/jcs.h"
#include "sql_sync.gen.h"

#define PLAIN_SCOPES 2 /* the catalog and a county */

enum rc twins_may_be(struct replica *r, bool *may, struct err *err)
{
	int64_t n = 0;
	enum rc rc = RC_OK;

	if (!r->twins) {
		rc = db_int(r->db, SQL_R_SCOPE_COUNT, 0, &n, err);
		if (rc == RC_OK)
			r->twins = n > PLAIN_SCOPES ? TWINS_MAY_BE : TWINS_NONE;
	}
	*may = r->twins == TWINS_MAY_BE;
	return rc;
}

enum rc twins_begin(struct replica *r, struct err *err)
{
	r->twins = 0;
	return db_script(r->db, SQL_R_TWIN_CREATE, err);
}

enum rc twin_put(struct replica *r, const char *scope, const char *kind,
		 const char *id, const char *body, size_t n, struct err *err)
{
	return record_run_in(r, body ? SQL_R_TWIN_PUT : SQL_R_TWIN_DROP, scope,
			     kind, id, body, n, err);
}

enum rc twin_get(struct replica *r, const char *scope, const char *kind,
		 const char *id, json_t **out, struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_TWIN_GET);
	enum rc rc = RC_NOT_FOUND, ended;

	*out = NULL;
	query_text(q, 1, kind);
	query_text(q, 2, id);
	query_text(q, 3, scope);
	if (query_row(q))
		rc = record_parse(query_get_text(q, 0), query_get_len(q, 0),
				  out, err);
	ended = query_end(q, err);
	return ended != RC_OK ? ended : rc;
}

/* The scope of who has the place: on main, or only in its table. "" where it is
 * free. */
static enum rc holder_find(struct replica *r, const char *kind, const char *id,
			   char scope[8], struct err *err)
{
	const struct captured *c = captured_of(r, kind);
	json_t *record = NULL;
	const char *text;
	enum rc rc = RC_OK;

	scope[0] = '\0';
	if (c) {
		struct query *q = query_begin(r->db, c->live_scope);

		query_text(q, 1, id);
		if (query_row(q) && query_get_text(q, 0))
			snprintf(scope, 8, "%s", query_get_text(q, 0));
		rc = query_end(q, err);
	}
	if (rc != RC_OK || scope[0])
		return rc;
	rc = record_main(r, kind, id, &record, err);
	text = json_text(record, "scope");
	snprintf(scope, 8, "%s", text ? text : "");
	json_decref(record);
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* What a field refers to, where it is a record of a county: its id, and the
 * scope of who has its place ("": it is not here). NULL for any other field. */
static const char *county_ref(struct replica *r, const struct kind *k, size_t i,
			      const json_t *record, char scope[8], enum rc *rc,
			      struct err *err)
{
	const struct field *f = &k->fields[i];
	const char *id = f->refers ? json_text(record, f->name) : NULL;
	const struct captured *c = id ? captured_of(r, f->refers) : NULL;

	scope[0] = '\0';
	if (!c || c->kind->is_catalog)
		return NULL;
	*rc = holder_find(r, f->refers, id, scope, err);
	return id;
}

enum rc place_judge(struct replica *r, const struct kind *k,
		    const json_t *record, struct err *why)
{
	const char *own = json_text(record, "scope");
	bool may = false;
	enum rc rc = k->is_catalog ? RC_OK : twins_may_be(r, &may, why);

	for (size_t i = 0; may && i < k->nfields && rc == RC_OK; i++) {
		char scope[8];
		const char *id = county_ref(r, k, i, record, scope, &rc, why);
		json_t *aside = NULL;

		if (rc != RC_OK || !id || !scope[0] || !strcmp(scope, own))
			continue;
		rc = twin_get(r, own, k->fields[i].refers, id, &aside, why);
		json_decref(aside);
		if (rc == RC_NOT_FOUND)
			rc = err_set(why, RC_INVALID,
				     "%s '%s' is of scope %s, and its %s '%s' "
				     "of scope %s: take it back with 'hufu "
				     "undo' and write it with scope='%s'",
				     k->name, json_text(record, "id"), own,
				     k->fields[i].name, id, scope, scope);
	}
	return rc;
}

/* One id, several records: it says nothing of where. */
static enum rc is_ambiguous(struct replica *r, const char *kind, const char *id,
			    bool *several, struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_TWIN_FIRST);

	query_text(q, 1, kind);
	query_text(q, 2, id);
	*several = query_row(q);
	return query_end(q, err);
}

enum rc place_guess(struct replica *r, const struct kind *k,
		    const json_t *fields, char scope[8], struct err *err)
{
	bool may;
	enum rc rc = twins_may_be(r, &may, err);

	scope[0] = '\0';
	for (size_t i = 0; may && i < k->nfields && rc == RC_OK && !scope[0];
	     i++) {
		const char *id = county_ref(r, k, i, fields, scope, &rc, err);
		bool several = false;

		if (rc == RC_OK && id && scope[0])
			rc = is_ambiguous(r, k->fields[i].refers, id, &several,
					  err);
		if (several)
			scope[0] = '\0';
	}
	return rc;
}

enum rc twin_is_aside(struct replica *r, const char *scope, const char *kind,
		      const char *id, bool *aside, struct err *err)
{
	char holder[8];
	bool may;
	enum rc rc = twins_may_be(r, &may, err);

	*aside = false;
	if (rc != RC_OK || !may)
		return rc;
	rc = holder_find(r, kind, id, holder, err);
	*aside = holder[0] && strcmp(holder, scope) != 0;
	return rc;
}

enum rc record_main_in(struct replica *r, const char *scope, const char *kind,
		       const char *id, json_t **out, struct err *err)
{
	bool may;
	enum rc rc = twins_may_be(r, &may, err);

	*out = NULL;
	if (rc != RC_OK)
		return rc;
	rc = record_main(r, kind, id, out, err);
	if (!may || (rc != RC_OK && rc != RC_NOT_FOUND))
		return rc;
	if (rc == RC_OK && json_text(*out, "scope") &&
	    !strcmp(json_text(*out, "scope"), scope))
		return rc;
	json_decref(*out);
	return twin_get(r, scope, kind, id, out, err);
}

/* The first of those that stand aside; RC_NOT_FOUND without a message. */
static enum rc twin_first(struct replica *r, const char *kind, const char *id,
			  char scope[8], json_t **out, struct buf *body,
			  struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_TWIN_FIRST);
	enum rc rc = RC_NOT_FOUND, ended;

	*out = NULL;
	query_text(q, 1, kind);
	query_text(q, 2, id);
	if (query_row(q)) {
		snprintf(scope, 8, "%s", query_get_text(q, 0));
		buf_put(body, query_get_text(q, 1), query_get_len(q, 1));
		rc = buf_status(body, err);
		if (rc == RC_OK)
			rc = record_parse(body->data, body->len, out, err);
	}
	ended = query_end(q, err);
	return ended != RC_OK ? ended : rc;
}

enum rc twin_follow(struct replica *r, const char *kind, const char *id,
		    struct err *err)
{
	json_t *record = NULL;
	char scope[8];
	struct buf body;
	bool may;
	enum rc rc = twins_may_be(r, &may, err);

	if (rc != RC_OK || !may)
		return rc;
	rc = holder_find(r, kind, id, scope, err);
	if (rc != RC_OK || scope[0])
		return rc;
	buf_init(&body, RECORD_BYTES_MAX);
	rc = twin_first(r, kind, id, scope, &record, &body, err);
	if (rc == RC_OK)
		rc = twin_put(r, scope, kind, id, NULL, 0, err);
	if (rc == RC_OK)
		rc = record_main_put(r, scope, kind, id, record, body.data,
				     body.len, err);
	json_decref(record);
	buf_release(&body);
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc twins_each(struct replica *r, main_fn *fn, void *ctx, struct err *err)
{
	char kind[33] = "", id[33] = "", scope[8] = "";
	bool may, found = true;
	enum rc rc = twins_may_be(r, &may, err);

	while (rc == RC_OK && may && found) {
		struct query *q = query_begin(r->db, SQL_R_TWIN_NEXT);

		query_text(q, 1, kind);
		query_text(q, 2, id);
		query_text(q, 3, scope);
		found = query_row(q);
		if (found) {
			snprintf(kind, sizeof(kind), "%s",
				 query_get_text(q, 0));
			snprintf(id, sizeof(id), "%s", query_get_text(q, 1));
			snprintf(scope, sizeof(scope), "%s",
				 query_get_text(q, 2));
		}
		rc = query_end(q, err);
		if (rc == RC_OK && found)
			rc = fn(ctx, scope, kind, id, err);
	}
	return rc;
}

enum rc twin_leaf(struct replica *r, const char *kind, const char *id,
		  struct oid *oid, struct err *err)
{
	struct scope *all = NULL;
	char scope[8];
	bool may, found = false;
	size_t n = 0;
	enum rc rc = twins_may_be(r, &may, err);

	if (rc == RC_OK && !may)
		return tree_version_anywhere(r->db, kind, id, scope, oid, err);
	if (rc == RC_OK)
		rc = scope_all(r, &all, &n, err);
	for (size_t i = 0; i < n && rc == RC_OK && !found; i++) {
		json_t *aside = NULL;

		rc = tree_version_in(r->db, all[i].scope, kind, id, oid, err);
		found = rc == RC_OK;
		if (found)
			rc = twin_get(r, all[i].scope, kind, id, &aside, err);
		found = found && rc == RC_NOT_FOUND;
		json_decref(aside);
		if (rc == RC_NOT_FOUND)
			rc = RC_OK;
	}
	free(all);
	return rc == RC_OK && !found ? RC_NOT_FOUND : rc;
}
