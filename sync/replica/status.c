#include "replica/replica_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/jcs.h"
#include "sql_sync.gen.h"

struct listing {
	struct replica *r;
	status_fn *fn;
	void *ctx;
};

/* Would a commit leave this edit out? `why` says why. */
static enum rc edit_bad(struct replica *r, const struct edit *e, bool *is_bad,
			struct err *why, struct err *err)
{
	struct scope scope;
	enum rc rc = edit_judge(r, e, &scope, why);

	*is_bad = rc == RC_INVALID || rc == RC_DENIED;
	return rc == RC_OK || *is_bad ? RC_OK
				      : err_set(err, rc, "%s", why->text);
}

static enum rc edit_list(void *ctx, struct edit *e, struct err *err)
{
	struct listing *l = ctx;
	struct status_entry entry = { .kind = e->captured->kind->name,
				      .id = e->id,
				      .state = e->is_new ? "new" : "edited" };
	struct err why = { 0 };
	enum rc rc = edit_bad(l->r, e, &entry.is_bad, &why, err);

	if (entry.is_bad)
		entry.detail = why.text;
	return rc == RC_OK ? l->fn(l->ctx, &entry, err) : rc;
}

/* Rows of kind, id, and either the state or, when `state` is given, a detail.
 */
static enum rc rows_list(struct query *q, const char *state, struct listing *l,
			 struct err *err)
{
	enum rc rc = RC_OK, ended;

	while (rc == RC_OK && query_row(q)) {
		const struct status_entry entry = {
			.kind = query_get_text(q, 0),
			.id = query_get_text(q, 1),
			.state = state ? state : query_get_text(q, 2),
			.detail = state ? query_get_text(q, 2) : NULL,
		};

		rc = l->fn(l->ctx, &entry, err);
	}
	ended = query_end(q, err);
	return rc == RC_OK ? ended : rc;
}

static bool has_fields(const struct kind *k)
{
	return kind_field(k, "record_kind") && kind_field(k, "record_id") &&
	       kind_field(k, "field_group") && kind_field(k, "state");
}

static enum rc conflicts_list(struct replica *r, const char *kind,
			      const char *sql, struct listing *l,
			      struct err *err)
{
	const struct captured *c = captured_of(r, kind);

	if (!c || !has_fields(c->kind))
		return RC_OK;
	return rows_list(query_begin(r->db, sql), "conflict", l, err);
}

enum rc replica_status(struct replica *r, status_fn *fn, void *ctx,
		       struct err *err)
{
	struct listing l = { .r = r, .fn = fn, .ctx = ctx };
	enum rc rc = replica_begin_read(r, err);

	if (rc != RC_OK)
		return rc;
	rc = edits_each(r, edit_list, &l, err);
	if (rc == RC_OK)
		rc = rows_list(query_begin(r->db, SQL_R_STATUS_PACKETS), NULL,
			       &l, err);
	if (rc == RC_OK)
		rc = conflicts_list(r, "conflict",
				    "SELECT record_kind,record_id,field_group "
				    "FROM conflict WHERE state='open' "
				    "ORDER BY record_kind,record_id",
				    &l, err);
	if (rc == RC_OK)
		rc = conflicts_list(r, "conflict_private",
				    "SELECT record_kind,record_id,field_group "
				    "FROM conflict_private WHERE state='open' "
				    "ORDER BY record_kind,record_id",
				    &l, err);
	if (rc == RC_OK)
		rc = rows_list(query_begin(r->db, SQL_R_STATUS_QUARANTINED),
			       "quarantined", &l, err);
	return replica_end(r, rc, err);
}

struct differ {
	struct replica *r;
	diff_fn *fn;
	void *ctx;
};

/* Canonical text of a value, NULL for none. */
static enum rc value_text(const json_t *value, struct buf *out,
			  const char **text, struct err *err)
{
	enum rc rc;

	*text = NULL;
	if (!value)
		return RC_OK;
	buf_reset(out);
	rc = jcs_write(out, value, err);
	*text = out->data;
	return rc;
}

static enum rc field_diff(struct differ *d, const struct edit *e,
			  const char *field, struct err *err)
{
	const json_t *before = json_object_get(e->before, field);
	const json_t *after = json_object_get(e->after, field);
	struct diff_entry entry = { .kind = e->captured->kind->name,
				    .id = e->id,
				    .field = field,
				    .is_new = e->is_new };
	struct buf x, y;
	enum rc rc;

	if ((!before && !after) || json_equal(before, after))
		return RC_OK;
	buf_init(&x, RECORD_BYTES_MAX);
	buf_init(&y, RECORD_BYTES_MAX);
	rc = value_text(before, &x, &entry.before, err);
	if (rc == RC_OK)
		rc = value_text(after, &y, &entry.after, err);
	if (rc == RC_OK)
		rc = d->fn(d->ctx, &entry, err);
	buf_release(&x);
	buf_release(&y);
	return rc;
}

static enum rc edit_diff(void *ctx, struct edit *e, struct err *err)
{
	const struct kind *k = e->captured->kind;
	struct diff_entry entry = { .kind = k->name,
				    .id = e->id,
				    .is_new = e->is_new };
	struct differ *d = ctx;
	struct err why = { 0 };
	bool is_bad;
	enum rc rc = edit_bad(d->r, e, &is_bad, &why, err);

	entry.bad = why.text;
	if (rc == RC_OK && is_bad)
		rc = d->fn(d->ctx, &entry, err);
	if (rc == RC_OK && !e->bad)
		rc = field_diff(d, e, "town", err);
	for (size_t i = 0; i < k->nfields && rc == RC_OK && !e->bad; i++)
		rc = field_diff(d, e, k->fields[i].name, err);
	return rc;
}

enum rc replica_diff(struct replica *r, diff_fn *fn, void *ctx, struct err *err)
{
	struct differ d = { .r = r, .fn = fn, .ctx = ctx };
	enum rc rc = replica_begin_read(r, err);

	if (rc != RC_OK)
		return rc;
	return replica_end(r, edits_each(r, edit_diff, &d, err), err);
}
