#include "replica/replica_impl.h"

#include <string.h>

#include "kind/rows.h"
#include "sql_sync.gen.h"

static enum rc run_id(struct replica *r, const char *sql, const char *id,
		      struct err *err)
{
	struct query *q = query_begin(r->db, sql);

	query_text(q, 1, id);
	return query_end(q, err);
}

enum rc shadow_drop(struct replica *r, const struct captured *c, const char *id,
		    struct err *err)
{
	enum rc rc = run_id(r, c->shadow_drop, id, err);

	return rc == RC_OK ? rights_forget(r, c->kind->name, id, err) : rc;
}

static void edit_release(struct edit *e)
{
	json_decref(e->before);
	json_decref(e->after);
	json_decref(e->shadow);
}

/* An unreadable cell is an edit too: somebody has to mend it. */
static enum rc edit_live(struct replica *r, struct edit *e, struct err *bad,
			 struct err *err)
{
	enum rc rc = rows_get(r->db, e->captured->kind, ROWS_REPLICA, NULL,
			      e->id, &e->after, bad);

	if (rc == RC_INVALID) {
		e->bad = bad->text;
		return RC_OK;
	}
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return err_set(err, rc, "%s", bad->text);
	if (rc == RC_OK)
		kind_normalise(e->captured->kind, e->after);
	return rc;
}

/* Reads the edit of a shadow; RC_NOT_FOUND: the live row is gone. */
static enum rc edit_read(struct replica *r, struct edit *e, struct err *bad,
			 struct err *err)
{
	struct shadow shadow;
	enum rc rc = record_shadow(r, e->captured, e->id, &shadow, bad);

	if (rc == RC_INVALID)
		e->bad = bad->text;
	else if (rc != RC_OK)
		return err_set(err, rc, "%s", bad->text);
	e->is_new = shadow.is_new;
	snprintf(e->base, sizeof(e->base), "%s", shadow.base);
	e->shadow = shadow.before;
	if (e->bad)
		return RC_OK;
	if (e->shadow) {
		e->before = json_deep_copy(e->shadow);
		if (!e->before)
			return out_of_memory(err);
		kind_normalise(e->captured->kind, e->before);
	}
	return edit_live(r, e, bad, err);
}

static bool edit_is_real(const struct edit *e)
{
	return e->bad || e->is_new || !json_equal(e->before, e->after);
}

/* Live becomes what it was before the edit, byte for byte: also where the edit
 * wrote the same value in another form. */
static enum rc undo_one(struct replica *r, const struct captured *c,
			const char *id, bool is_new, struct err *err)
{
	const char *kind = c->kind->name;
	enum rc rc =
		is_new ? rows_drop(r->db, c->kind, ROWS_REPLICA, NULL, id, err)
		       : run_id(r, c->shadow_restore, id, err);

	if (rc == RC_OK)
		rc = shadow_drop(r, c, id, err);
	return rc == RC_OK ? record_settle(r, kind, id, err) : rc;
}

static enum rc kind_walk(struct replica *r, const struct captured *c,
			 bool clean, edit_fn *fn, void *ctx, struct err *err)
{
	char id[33] = "";

	for (;;) {
		struct edit e = { .captured = c };
		struct err bad = { 0 };
		bool found;
		enum rc rc = next_id(r, c->shadow_next, NULL, id, &found, err);

		if (rc != RC_OK || !found)
			return rc;
		memcpy(e.id, id, sizeof(id));
		rc = edit_read(r, &e, &bad, err);
		if (rc == RC_OK && edit_is_real(&e))
			rc = fn ? fn(ctx, &e, err) : RC_OK;
		else if (rc == RC_OK || rc == RC_NOT_FOUND)
			rc = clean ? undo_one(r, c, id, e.is_new, err) : RC_OK;
		edit_release(&e);
		if (rc != RC_OK)
			return rc;
	}
}

static enum rc edits_walk(struct replica *r, bool clean, edit_fn *fn, void *ctx,
			  struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < r->ncaptured && rc == RC_OK; i++)
		rc = kind_walk(r, &r->captured[i], clean, fn, ctx, err);
	return rc;
}

enum rc edits_each(struct replica *r, edit_fn *fn, void *ctx, struct err *err)
{
	return edits_walk(r, false, fn, ctx, err);
}

enum rc edits_of(struct replica *r, const struct captured *c, edit_fn *fn,
		 void *ctx, struct err *err)
{
	return kind_walk(r, c, false, fn, ctx, err);
}

enum rc edits_clean(struct replica *r, struct err *err)
{
	return edits_walk(r, true, NULL, NULL, err);
}

/* Is there a shadow of this record, and is the record new? */
static enum rc shadow_find(struct replica *r, const struct captured *c,
			   const char *id, bool *found, bool *is_new,
			   struct err *err)
{
	struct query *q = query_begin(r->db, c->shadow_new);

	query_text(q, 1, id);
	*found = query_row(q);
	*is_new = *found && query_get_int(q, 0) != 0;
	return query_end(q, err);
}

/* What came to quarantine stays with the server; here nobody asks any longer.
 */
static enum rc quarantine_leave(struct replica *r, const char *kind,
				const char *id, struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_QUARANTINE_LEAVE);
	int64_t n;
	enum rc rc;

	query_text(q, 1, kind);
	query_text(q, 2, id);
	query_row(q);
	n = query_changes(q);
	rc = query_end(q, err);
	if (rc == RC_OK && !n)
		rc = err_set(err, RC_NOT_FOUND,
			     "%s '%s' has no uncommitted edit, and nothing in "
			     "quarantine",
			     kind, id);
	return rc;
}

static enum rc undo_record(struct replica *r, const char *kind, const char *id,
			   int *records, struct err *err)
{
	const struct captured *c = captured_of(r, kind);
	bool found = false, is_new = false;
	enum rc rc = c ? shadow_find(r, c, id, &found, &is_new, err) : RC_OK;

	if (rc == RC_OK && !found)
		rc = quarantine_leave(r, kind, id, err);
	else if (rc == RC_OK)
		rc = undo_one(r, c, id, is_new, err);
	if (rc == RC_OK)
		*records = 1;
	return rc;
}

static enum rc undo_kind(struct replica *r, const struct captured *c,
			 int *records, struct err *err)
{
	char id[33] = "";

	for (;;) {
		bool found, is_new;
		enum rc rc = next_id(r, c->shadow_next, NULL, id, &found, err);

		if (rc == RC_OK && found)
			rc = shadow_find(r, c, id, &found, &is_new, err);
		if (rc == RC_OK && found)
			rc = undo_one(r, c, id, is_new, err);
		if (rc != RC_OK || !found)
			return rc;
		++*records;
	}
}

enum rc replica_undo(struct replica *r, const char *kind, const char *id,
		     int *records, struct err *err)
{
	enum rc rc = replica_begin(r, err);

	*records = 0;
	if (rc != RC_OK)
		return rc;
	if (kind)
		rc = undo_record(r, kind, id, records, err);
	else
		rc = edits_clean(r, err);
	for (size_t i = 0; !kind && i < r->ncaptured && rc == RC_OK; i++)
		rc = undo_kind(r, &r->captured[i], records, err);
	return replica_end(r, rc, err);
}
