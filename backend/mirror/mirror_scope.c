/* mirror/mirror_scope.c - a scope from its last mirrored main commit on.
 *
 *   objects -> pack, read back -> refs -> state
 *
 * Whatever is cut off is done again from the state: objects that are there are
 * not written twice, and refs that are ahead of the state stay. */
#include "mirror/mirror_impl.h"

#include "sql_store.gen.h"

static enum rc state_read(struct mirror_walk *w)
{
	struct query *q = query_begin(w->m->db, SQL_MIRROR_SCOPE_GET);
	size_t n;

	query_text(q, 1, w->at.scope);
	if (query_row(q)) {
		w->at.commits = query_get_int(q, 0);
		w->at.position = query_get_int(q, 1);
		w->at.packets = query_get_int(q, 2);
		memcpy(w->at.head.b, query_get_blob(q, 3, &n), OID_BYTES);
	}
	return query_end(q, w->err);
}

static enum rc state_write(struct mirror_walk *w)
{
	struct query *q = query_begin(w->m->db, SQL_MIRROR_SCOPE_PUT);

	query_text(q, 1, w->at.scope);
	query_int(q, 2, w->at.commits);
	query_int(q, 3, w->at.position);
	query_int(q, 4, w->at.packets);
	query_blob(q, 5, w->at.head.b, OID_BYTES);
	return query_end(q, w->err);
}

/* The number of a main commit or packet in its chain; 0: not in this log. */
static enum rc place_of(struct mirror_walk *w, const char *journal,
			const struct oid *oid, int64_t *place)
{
	struct query *q = query_begin(w->m->store->db,
				      journal ? SQL_MIRROR_SEQUENCE
					      : SQL_MIRROR_COMMIT_NUMBER);

	query_text(q, 1, w->at.scope);
	query_blob(q, 2, oid->b, OID_BYTES);
	if (journal)
		query_text(q, 3, journal);
	*place = query_row(q) ? query_get_int(q, 0) : 0;
	return query_end(q, w->err);
}

/* Move a ref forward, or leave it where an update that was cut off has put it.
 */
static enum rc ref_forward(struct mirror_walk *w, const char *journal,
			   const struct oid *oid)
{
	struct err absent = { 0 };
	int64_t there, here;
	struct oid old;
	char ref[96];
	enum rc rc;

	if (journal)
		snprintf(ref, sizeof(ref), "refs/journals/%s/%s", w->at.scope,
			 journal);
	else
		snprintf(ref, sizeof(ref), "refs/heads/%s", w->at.scope);
	rc = repo_ref_get(w->m->repo, ref, &old, &absent);
	if (rc == RC_NOT_FOUND)
		return repo_ref(w->m->repo, ref, oid, w->err);
	if (rc != RC_OK)
		return err_set(w->err, rc, "%s", absent.text);
	rc = place_of(w, journal, &old, &there);
	if (rc == RC_OK)
		rc = place_of(w, journal, oid, &here);
	if (rc != RC_OK)
		return rc;
	if (!there)
		return err_set(w->err, RC_CORRUPT,
			       "'%s' of the mirror points at a commit that the "
			       "log does not have: delete mirror.git and "
			       "mirror.db, and it is made anew",
			       ref);
	return here > there ? repo_ref(w->m->repo, ref, oid, w->err) : RC_OK;
}

/* Make what was walked so far durable. */
static enum rc settle(struct mirror_walk *w)
{
	enum rc rc = repo_flush(w->m->repo, w->err);

	for (size_t i = 0; rc == RC_OK && i < w->ntips; i++)
		rc = ref_forward(w, w->tips[i].journal, &w->tips[i].oid);
	if (rc == RC_OK)
		rc = ref_forward(w, NULL, &w->at.head);
	if (rc == RC_OK)
		rc = state_write(w);
	if (rc == RC_OK)
		rc = db_commit(w->m->db, w->err);
	w->ntips = 0;
	w->unsettled = 0;
	w->flushed = false;
	return rc;
}

static enum rc walk(struct mirror_walk *w)
{
	struct mirror *m = w->m;
	bool found = true;
	enum rc rc = RC_OK;

	while (rc == RC_OK && found) {
		if (!db_in_transaction(m->db))
			rc = db_begin(m->db, true, w->err);
		if (rc == RC_OK)
			rc = mirror_commit(w, &found);
		if (rc != RC_OK || !found)
			break;
		w->unsettled++;
		if (m->progress && ++m->done <= m->total)
			m->progress(m->ctx, m->done, m->total);
		if (w->flushed || w->unsettled == MIRROR_PACK_COMMITS)
			rc = settle(w);
	}
	if (rc == RC_OK && w->unsettled)
		rc = settle(w);
	db_rollback(m->db);
	return rc;
}

enum rc mirror_scope(struct mirror *m, const char *scope, struct err *err)
{
	struct mirror_walk w = { .m = m, .err = err };
	enum rc rc;

	snprintf(w.at.scope, sizeof(w.at.scope), "%s", scope);
	rc = state_read(&w);
	if (rc == RC_OK)
		rc = walk(&w);
	free(w.tips);
	free(w.changes);
	return rc;
}
