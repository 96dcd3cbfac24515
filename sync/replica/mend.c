/* replica/mend.c - edits that no trigger saw.
 *
 * A stock program may drop a trigger, rebuild a table (which drops them), or
 * leave hufu_state switched off. The rows themselves then say what happened:
 *
 *   live row             compared with             becomes
 *   the same             packet not settled yet,   -
 *   differs              else the sealed form,     an edit: the shadow gets
 *                        else the tree's leaf      what was there before
 *   known to none                                  an edit: a new record
 *   gone                                           the row, once more
 *
 * A leaf has only the id of what was there. Its bytes may be in a packet of
 * this tablet; otherwise nobody here knows what the edit was, and all stays as
 * it is until the row is. */
#include "replica/replica_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/jcs.h"
#include "kind/rows.h"
#include "sql_sync.gen.h"

const struct mended *replica_mended(const struct replica *r)
{
	return &r->mended;
}

static enum rc record_oid(const json_t *record, struct oid *out,
			  struct err *err)
{
	struct buf body;
	enum rc rc;

	buf_init(&body, RECORD_BYTES_MAX);
	rc = record_jcs(&body, record, err);
	if (rc == RC_OK)
		rc = oid_of(out, OBJECT_BLOB, body.data, body.len, err);
	buf_release(&body);
	return rc;
}

/* Bytes of this version that the tablet happens to have. */
static enum rc bytes_find(struct replica *r, const char *kind, const char *id,
			  const struct oid *wanted, json_t **out,
			  struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_KNOWN_BODIES);
	enum rc rc = RC_OK, ended;

	query_text(q, 1, kind);
	query_text(q, 2, id);
	while (rc == RC_OK && !*out && query_row(q)) {
		const char *body = query_get_text(q, 0);
		size_t n = query_get_len(q, 0);
		struct oid oid;

		rc = oid_of(&oid, OBJECT_BLOB, body, n, err);
		if (rc == RC_OK && oid_equal(&oid, wanted))
			rc = record_parse(body, n, out, err);
	}
	ended = query_end(q, err);
	return rc == RC_OK ? ended : rc;
}

/* What main has, by the tree. *before is NULL when the record is new. */
static enum rc leaf_before(struct replica *r, const struct captured *c,
			   const char *id, const json_t *live, json_t **before,
			   struct err *err)
{
	const char *kind = c->kind->name;
	struct oid leaf, oid;
	json_t *same;
	enum rc rc = twin_leaf(r, kind, id, &leaf, err);

	if (rc == RC_NOT_FOUND)
		return RC_OK;
	/* The edit may only have written the same in another form. */
	for (int form = 0; form < 2 && live && rc == RC_OK && !*before;
	     form++) {
		same = json_deep_copy(live);
		if (!same)
			return out_of_memory(err);
		if (form)
			kind_normalise(c->kind, same);
		rc = record_oid(same, &oid, err);
		if (rc == RC_OK && oid_equal(&oid, &leaf))
			*before = json_incref(same);
		json_decref(same);
	}
	if (rc == RC_OK && !*before)
		rc = bytes_find(r, kind, id, &leaf, before, err);
	if (rc == RC_OK && !*before)
		rc = err_set(err, RC_CORRUPT,
			     "%s '%s' was %s while its edits were not "
			     "captured, and what it was before is not known "
			     "here: put it back as it was, or clone anew under "
			     "another name and keep this file",
			     kind, id, live ? "changed" : "deleted");
	return rc;
}

/* What the record was before anybody touched its row. */
static enum rc before_find(struct replica *r, const struct captured *c,
			   const char *id, const json_t *live, json_t **before,
			   struct err *err)
{
	const struct kind *k = c->kind;
	json_t *stored = NULL;
	char *body;
	bool is_null;
	enum rc rc;

	*before = NULL;
	rc = record_text(r, SQL_R_PENDING_BODY, k->name, id, &body, &is_null,
			 err);
	if (rc == RC_NOT_FOUND && !k->is_sealed)
		return leaf_before(r, c, id, live, before, err);
	if (rc == RC_NOT_FOUND)
		rc = record_main(r, k->name, id, &stored, err);
	else if (rc == RC_OK)
		rc = record_parse(body, strlen(body), &stored, err);
	free(body);
	if (rc == RC_OK && k->is_sealed)
		rc = sealed_read(r, k, stored, before, err);
	else if (rc == RC_OK)
		*before = json_incref(stored);
	json_decref(stored);
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc shadow_write(struct replica *r, const struct captured *c,
			    const char *id, bool is_new, struct err *err)
{
	struct query *q =
		query_begin(r->db, is_new ? c->shadow_mark : c->shadow_copy);

	query_text(q, 1, id);
	return query_end(q, err);
}

/* The shadow is a copy of live, so live is for a moment what it was. */
static enum rc edit_capture(struct replica *r, const struct captured *c,
			    const char *id, const json_t *before,
			    const json_t *live, struct err *err)
{
	enum rc rc = RC_OK;

	if (before)
		rc = rows_put(r->db, c->kind, ROWS_REPLICA, before, err);
	if (rc == RC_OK)
		rc = shadow_write(r, c, id, !before, err);
	if (rc == RC_OK && before)
		rc = rows_put(r->db, c->kind, ROWS_REPLICA, live, err);
	if (rc == RC_OK)
		r->mended.edits++;
	return rc;
}

static enum rc row_mend(struct replica *r, const struct captured *c,
			const char *id, struct err *err)
{
	json_t *live = NULL, *before = NULL;
	bool is_edited;
	enum rc rc = record_is_edited(r, c, id, &is_edited, err);

	if (rc != RC_OK || is_edited)
		return rc;
	rc = rows_get(r->db, c->kind, ROWS_REPLICA, NULL, id, &live, err);
	if (rc == RC_OK)
		rc = before_find(r, c, id, live, &before, err);
	if (rc == RC_OK && before &&
	    strcmp(json_text(before, "scope"), json_text(live, "scope")) != 0)
		rc = err_set(err, RC_CORRUPT,
			     "%s '%s' was moved to another scope while its "
			     "edits were not captured: put it back into '%s'",
			     c->kind->name, id, json_text(before, "scope"));
	if (rc == RC_OK && !json_equal(before, live))
		rc = edit_capture(r, c, id, before, live, err);
	json_decref(before);
	json_decref(live);
	return rc;
}

static enum rc row_restore(struct replica *r, const struct captured *c,
			   const char *id, struct err *err)
{
	json_t *before;
	enum rc rc = before_find(r, c, id, NULL, &before, err);

	if (rc == RC_OK && before) {
		rc = rows_put(r->db, c->kind, ROWS_REPLICA, before, err);
		r->mended.restored += rc == RC_OK;
	}
	json_decref(before);
	return rc;
}

static enum rc gone_restore(struct replica *r, const struct captured *c,
			    struct err *err)
{
	struct query *q = query_begin(r->db, c->gone);
	json_t *ids = json_array();
	const json_t *id;
	size_t i;
	enum rc rc;

	while (query_row(q))
		json_array_append_new(ids, json_string(query_get_text(q, 0)));
	rc = query_end(q, err);
	json_array_foreach(ids, i, id)
	{
		if (rc == RC_OK)
			rc = row_restore(r, c, json_string_value(id), err);
	}
	json_decref(ids);
	return rc;
}

static enum rc rows_mend(struct replica *r, const struct captured *c,
			 struct err *err)
{
	char id[33] = "";

	for (;;) {
		bool found;
		enum rc rc = next_id(r, c->live_next, NULL, id, &found, err);

		if (rc != RC_OK)
			return rc;
		if (!found)
			return gone_restore(r, c, err);
		rc = row_mend(r, c, id, err);
		if (rc != RC_OK)
			return rc;
	}
}

static void told(struct replica *r, const struct survey *s)
{
	struct mended *m = &r->mended;
	const char *first = "";

	for (size_t i = r->ncaptured; i-- > 0;)
		if (s->found[i] != CAPTURE_WHOLE)
			first = r->captured[i].kind->name;
	snprintf(m->what, sizeof(m->what),
		 "the capture of edits had been %s%s: %d trigger%s made again, "
		 "%d edit%s found that %s missed, %d deleted record%s put back",
		 s->is_off ? "switched off" : "broken by another program, in ",
		 s->is_off ? "" : first, m->triggers,
		 m->triggers == 1 ? "" : "s", m->edits,
		 m->edits == 1 ? "" : "s", m->edits == 1 ? "was" : "were",
		 m->restored, m->restored == 1 ? "" : "s");
}

static enum rc kinds_mend(struct replica *r, const struct survey *s,
			  struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < r->ncaptured && rc == RC_OK; i++) {
		const struct captured *c = &r->captured[i];

		if (s->found[i] != CAPTURE_WHOLE)
			rc = capture_restore(r, c->kind, err);
		for (int bit = 1; bit < CAPTURE_SHADOW; bit <<= 1)
			r->mended.triggers += !(s->found[i] & bit);
		if (rc == RC_OK && (s->is_off || s->found[i] != CAPTURE_WHOLE))
			rc = rows_mend(r, c, err);
	}
	return rc;
}

/* Looks again inside the transaction: another program may have synced since. */
static enum rc all_mend(struct replica *r, bool is_off, struct err *err)
{
	const struct mended before = r->mended;
	struct survey s = { .found = NULL };
	enum rc rc = replica_begin(r, err);

	if (rc != RC_OK)
		return rc;
	if (is_off)
		rc = db_script(r->db, SQL_R_STATE_RESTORE, err);
	if (rc == RC_OK)
		rc = capture_survey(r, &s, err);
	s.is_off = is_off;
	if (rc == RC_OK)
		rc = kinds_mend(r, &s, err);
	rc = replica_end(r, rc, err);
	if (rc == RC_OK)
		told(r, &s);
	else
		r->mended = before;
	free(s.found);
	return rc;
}

enum rc replica_mend(struct replica *r, struct err *err)
{
	struct survey s = { .found = NULL };
	enum rc rc = replica_begin_read(r, err);

	if (rc != RC_OK)
		return rc;
	rc = replica_end(r, capture_survey(r, &s, err), err);
	free(s.found);
	return rc == RC_OK && !s.is_sound ? all_mend(r, s.is_off, err) : rc;
}
