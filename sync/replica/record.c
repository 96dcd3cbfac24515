#include "replica/replica_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/jcs.h"
#include "kind/rows.h"
#include "sql_sync.gen.h"

enum rc record_jcs(struct buf *out, const json_t *record, struct err *err)
{
	buf_reset(out);
	return jcs_write(out, record, err);
}

enum rc record_parse(const char *text, size_t n, json_t **out, struct err *err)
{
	return jcs_read(text, n, out, err);
}

enum rc record_run(struct replica *r, const char *sql, const char *kind,
		   const char *id, const char *text, struct err *err)
{
	struct query *q = query_begin(r->db, sql);

	query_text(q, 1, kind);
	query_text(q, 2, id);
	if (text)
		query_text(q, 3, text);
	return query_end(q, err);
}

enum rc record_text(struct replica *r, const char *sql, const char *kind,
		    const char *id, char **out, bool *is_null, struct err *err)
{
	struct query *q = query_begin(r->db, sql);
	bool found, no_memory = false;
	enum rc rc;

	*out = NULL;
	*is_null = false;
	query_text(q, 1, kind);
	if (id)
		query_text(q, 2, id);
	found = query_row(q);
	if (found) {
		*is_null = query_is_null(q, 0);
		if (!*is_null) {
			*out = strdup(query_get_text(q, 0));
			no_memory = !*out;
		}
	}
	rc = query_end(q, err);
	if (rc == RC_OK && no_memory)
		rc = out_of_memory(err);
	if (rc != RC_OK) {
		free(*out);
		*out = NULL;
		return rc;
	}
	return found ? RC_OK : RC_NOT_FOUND;
}

enum rc next_id(struct replica *r, const char *sql, const char *first,
		char id[33], bool *found, struct err *err)
{
	struct query *q = query_begin(r->db, sql);
	int n = 1;

	if (first)
		query_text(q, n++, first);
	query_text(q, n, id);
	*found = query_row(q);
	if (*found)
		snprintf(id, 33, "%s", query_get_text(q, 0));
	return query_end(q, err);
}

/* What is stored as one canonical text. */
static enum rc stored_get(struct replica *r, const char *sql, const char *kind,
			  const char *id, json_t **out, bool *is_null,
			  struct err *err)
{
	char *body;
	enum rc rc = record_text(r, sql, kind, id, &body, is_null, err);

	*out = NULL;
	if (rc == RC_OK && !*is_null)
		rc = record_parse(body, strlen(body), out, err);
	free(body);
	return rc;
}

/* Fields that no column holds belong to every state of the record alike. */
static enum rc carried_add(struct replica *r, const char *kind, const char *id,
			   json_t *record, struct err *err)
{
	json_t *extra;
	bool is_null;
	enum rc rc =
		stored_get(r, SQL_R_EXTRA_GET, kind, id, &extra, &is_null, err);

	if (rc == RC_OK && extra && json_object_update_missing(record, extra))
		rc = out_of_memory(err);
	json_decref(extra);
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc record_shadow(struct replica *r, const struct captured *c,
		      const char *id, struct shadow *out, struct err *err)
{
	struct query *q = query_begin(r->db, c->shadow_get);
	enum rc rc = RC_OK, ended;
	bool found;

	memset(out, 0, sizeof(*out));
	query_text(q, 1, id);
	found = query_row(q);
	if (found) {
		const char *base = query_get_text(q, 0);

		snprintf(out->base, sizeof(out->base), "%s", base ? base : "");
		out->is_new = query_get_int(q, 1) != 0;
		if (!out->is_new)
			rc = rows_read(q, 2, c->kind, &out->before, err);
	}
	ended = query_end(q, err);
	if (rc == RC_OK)
		rc = ended;
	if (rc == RC_OK && !found)
		return RC_NOT_FOUND;
	if (rc == RC_OK && out->before)
		rc = carried_add(r, c->kind->name, id, out->before, err);
	if (rc != RC_OK)
		shadow_release(out);
	return rc;
}

void shadow_release(struct shadow *s)
{
	json_decref(s->before);
	s->before = NULL;
}

enum rc record_is_edited(struct replica *r, const struct captured *c,
			 const char *id, bool *edited, struct err *err)
{
	struct query *q = query_begin(r->db, c->shadow_new);

	query_text(q, 1, id);
	*edited = query_row(q);
	return query_end(q, err);
}

enum rc record_is_pending(struct replica *r, const char *kind, const char *id,
			  bool *pending, struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_PENDING);

	query_text(q, 1, kind);
	query_text(q, 2, id);
	*pending = query_row(q);
	return query_end(q, err);
}

static enum rc plain_main(struct replica *r, const struct captured *c,
			  const char *id, json_t **out, struct err *err)
{
	struct shadow shadow;
	bool is_null;
	enum rc rc = stored_get(r, SQL_R_MAIN_GET, c->kind->name, id, out,
				&is_null, err);

	if (rc != RC_NOT_FOUND)
		return rc == RC_OK && is_null ? RC_NOT_FOUND : rc;
	rc = record_shadow(r, c, id, &shadow, err);
	if (rc == RC_OK) {
		*out = shadow.before;
		return shadow.is_new ? RC_NOT_FOUND : RC_OK;
	}
	if (rc != RC_NOT_FOUND)
		return rc;
	return rows_get(r->db, c->kind, ROWS_REPLICA, NULL, id, out, err);
}

enum rc record_main(struct replica *r, const char *kind, const char *id,
		    json_t **out, struct err *err)
{
	const struct captured *c = captured_of(r, kind);
	bool is_null;

	*out = NULL;
	if (c && !c->kind->is_sealed)
		return plain_main(r, c, id, out, err);
	return stored_get(r, c ? SQL_R_SEALED_GET : SQL_R_EXTRA_GET, kind, id,
			  out, &is_null, err);
}

/* May live follow main? */
static enum rc is_free(struct replica *r, const struct captured *c,
		       const char *id, bool *free_, struct err *err)
{
	bool edited, pending = false;
	enum rc rc = record_is_edited(r, c, id, &edited, err);

	if (rc == RC_OK && !edited)
		rc = record_is_pending(r, c->kind->name, id, &pending, err);
	*free_ = rc == RC_OK && !edited && !pending;
	return rc;
}

static enum rc sealed_put(struct replica *r, const struct kind *k,
			  const char *id, const json_t *after, const char *body,
			  size_t n, struct err *err)
{
	const char *key = json_text(after, "key");
	struct query *q;

	if (!after)
		return record_run(r, SQL_R_SEALED_DROP, k->name, id, NULL, err);
	q = query_begin(r->db, SQL_R_SEALED_PUT);
	query_text(q, 1, k->name);
	query_text(q, 2, id);
	query_text(q, 3, key ? key : "");
	query_textn(q, 4, body, n);
	return query_end(q, err);
}

enum rc record_run_in(struct replica *r, const char *sql, const char *scope,
		      const char *kind, const char *id, const char *body,
		      size_t n, struct err *err)
{
	struct query *q = query_begin(r->db, sql);

	query_text(q, 1, kind);
	query_text(q, 2, id);
	query_text(q, 3, scope);
	if (body)
		query_textn(q, 4, body, n);
	return query_end(q, err);
}

static enum rc live_put(struct replica *r, const struct kind *k, const char *id,
			const json_t *record, struct err *err)
{
	enum rc rc = record ? rows_put(r->db, k, ROWS_REPLICA, record, err)
			    : rows_drop(r->db, k, ROWS_REPLICA, NULL, id, err);

	if (rc != RC_OK)
		return rc;
	return record_run(r, SQL_R_MAIN_DROP, k->name, id, NULL, err);
}

static enum rc main_put(struct replica *r, const char *scope, const char *kind,
			const char *id, const json_t *after, const char *body,
			size_t n, struct err *err)
{
	const struct captured *c = captured_of(r, kind);
	bool is_free_;
	enum rc rc;

	if (!c)
		return record_run(r, after ? SQL_R_EXTRA_PUT : SQL_R_EXTRA_DROP,
				  kind, id, after ? body : NULL, err);
	rc = is_free(r, c, id, &is_free_, err);
	if (rc == RC_OK && c->kind->is_sealed)
		rc = sealed_put(r, c->kind, id, after, body, n, err);
	if (rc != RC_OK)
		return rc;
	if (c->kind->is_sealed)
		return is_free_ ? sealed_show(r, c->kind, id, err) : RC_OK;
	if (is_free_)
		return live_put(r, c->kind, id, after, err);
	return record_run_in(r, SQL_R_MAIN_PUT, scope, kind, id,
			     after ? body : NULL, n, err);
}

enum rc record_main_put(struct replica *r, const char *scope, const char *kind,
			const char *id, const json_t *after, const char *body,
			size_t n, struct err *err)
{
	bool aside;
	enum rc rc = twin_is_aside(r, scope, kind, id, &aside, err);

	if (rc != RC_OK)
		return rc;
	if (aside)
		return twin_put(r, scope, kind, id, after ? body : NULL, n,
				err);
	rc = main_put(r, scope, kind, id, after, body, n, err);
	return rc == RC_OK && !after ? twin_follow(r, kind, id, err) : rc;
}

enum rc record_seed(struct replica *r, const char *kind, const char *id,
		    const json_t *record, const char *body, size_t n,
		    struct err *err)
{
	const struct captured *c = captured_of(r, kind);
	const char *scope = json_text(record, "scope");
	bool aside;
	enum rc rc =
		twin_is_aside(r, scope ? scope : "", kind, id, &aside, err);

	if (rc != RC_OK)
		return rc;
	if (aside)
		return twin_put(r, scope, kind, id, body, n, err);
	if (!c)
		return record_run(r, SQL_R_EXTRA_PUT, kind, id, body, err);
	if (!c->kind->is_sealed)
		return rows_put(r->db, c->kind, ROWS_REPLICA, record, err);
	rc = sealed_put(r, c->kind, id, record, body, n, err);
	return rc == RC_OK ? sealed_show(r, c->kind, id, err) : rc;
}

static enum rc settle(struct replica *r, const char *kind, const char *id,
		      struct err *err)
{
	const struct captured *c = captured_of(r, kind);
	json_t *record = NULL;
	bool is_free_, is_null;
	enum rc rc;

	if (!c)
		return RC_OK;
	rc = is_free(r, c, id, &is_free_, err);
	if (rc != RC_OK || !is_free_)
		return rc;
	if (c->kind->is_sealed)
		return sealed_show(r, c->kind, id, err);
	rc = stored_get(r, SQL_R_MAIN_GET, kind, id, &record, &is_null, err);
	if (rc == RC_OK)
		rc = live_put(r, c->kind, id, record, err);
	json_decref(record);
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc record_settle(struct replica *r, const char *kind, const char *id,
		      struct err *err)
{
	enum rc rc = settle(r, kind, id, err);

	return rc == RC_OK ? twin_follow(r, kind, id, err) : rc;
}
