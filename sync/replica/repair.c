/* replica/repair.c - what is damaged here becomes what the server signed:
 * docs/protocol.md section 14.
 *
 *   pages and indexes   SQLite's own check; indexes and tables written anew
 *   leaves and nodes    made again from the rows: the tree says what is here
 *   rows                where that tree differs from the server's
 *   plain rows of sealed records, and their keys
 *
 * Edits and packets that the server has not seen are no part of main: they stay
 * as they are. */
#include "replica/replica_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/jcs.h"
#include "kind/rows.h"
#include "sql_sync.gen.h"

/* Rows that break a constraint are the tree's affair. (SQLite 3.40 also says
 * so of tables whose key is not their first columns.) */
static bool is_of_rows(const char *said)
{
	return !strncmp(said, "NULL value in ", 14) ||
	       !strncmp(said, "CHECK constraint failed in ", 27);
}

/* Are pages and indexes sound, by SQLite's own account? What it says otherwise
 * goes to `why`. */
static enum rc file_check(struct replica *r, bool *sound, struct err *why,
			  struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_INTEGRITY);

	*sound = true;
	while (*sound && query_row(q)) {
		const char *said = query_get_text(q, 0);

		*sound = said && (!strcmp(said, "ok") || is_of_rows(said));
		if (!*sound)
			err_set(why, RC_CORRUPT, "%s", said ? said : "");
	}
	return query_end(q, err);
}

/* A table's rows out of its pages and in again: what breaks its constraints, or
 * stands twice, is left behind. */
static enum rc table_copy(struct replica *r, const char *table, struct err *err)
{
	struct buf sql;
	enum rc rc;

	buf_init(&sql, 1024);
	buf_printf(&sql,
		   "CREATE TEMP TABLE hufu_copy AS SELECT * FROM main.%s;"
		   "DELETE FROM main.%s;"
		   "INSERT OR IGNORE INTO main.%s SELECT * FROM hufu_copy;"
		   "DROP TABLE hufu_copy;",
		   table, table, table);
	rc = buf_status(&sql, err);
	if (rc == RC_OK)
		rc = db_script(r->db, sql.data, err);
	buf_release(&sql);
	return rc;
}

/* All that the server can give again. */
static enum rc tables_copy(struct replica *r, struct err *err)
{
	static const char *const library[] = { "hufu_leaf",   "hufu_node",
					       "hufu_top",    "hufu_town",
					       "hufu_sealed", "hufu_extra",
					       "hufu_main" };
	bool twins = false;
	enum rc rc = replica_begin(r, err);

	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; i < sizeof(library) / sizeof(*library); i++)
		if (rc == RC_OK)
			rc = table_copy(r, library[i], err);
	if (rc == RC_OK)
		rc = twins_may_be(r, &twins, err);
	if (rc == RC_OK && twins)
		rc = table_copy(r, "hufu_twin", err);
	for (size_t i = 0; i < r->ncaptured && rc == RC_OK; i++)
		rc = table_copy(r, r->captured[i].kind->name, err);
	return replica_end(r, rc, err);
}

static enum rc file_mend(struct sync *s, struct err *err)
{
	struct replica *r = s->r;
	struct err why = { 0 };
	bool sound;
	enum rc rc = file_check(r, &sound, &why, err);

	if (rc != RC_OK || sound)
		return rc;
	s->sum->rebuilt = true;
	rc = db_script(r->db, "REINDEX", err);
	err_clear(err);
	rc = file_check(r, &sound, &why, err);
	if (rc == RC_OK && !sound) {
		rc = tables_copy(r, err);
		if (rc == RC_OK)
			rc = db_script(r->db, "VACUUM", err);
		if (rc == RC_OK)
			rc = file_check(r, &sound, &why, err);
	}
	if (rc == RC_OK && !sound)
		rc = err_set(err, RC_CORRUPT,
			     "the file's pages are damaged (%.200s): keep it, "
			     "enroll and clone another",
			     why.text);
	return rc;
}

/* Rows under ids that no record has, and that nobody edited. */
static enum rc ids_clean(struct replica *r, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < r->ncaptured && rc == RC_OK; i++) {
		const char *name = r->captured[i].kind->name;
		struct buf sql;

		buf_init(&sql, 1024);
		buf_printf(&sql,
			   "DELETE FROM %s WHERE (typeof(id) <> 'text' OR "
			   "length(CAST(id AS BLOB)) NOT BETWEEN 1 AND 32 OR "
			   "id GLOB '*[^a-z0-9]*') AND NOT EXISTS (SELECT 1 "
			   "FROM old_%s AS o WHERE o.id = %s.id)",
			   name, name, name);
		rc = buf_status(&sql, err);
		if (rc == RC_OK)
			rc = db_script(r->db, sql.data, err);
		buf_release(&sql);
	}
	return rc;
}

/* What cannot be read is not here: the server has it. */
static enum rc unread_drop(struct replica *r, const char *kind, const char *id,
			   struct err *err)
{
	const struct captured *c = captured_of(r, kind);
	bool edited;
	enum rc rc;

	if (!c)
		return record_run(r, SQL_R_EXTRA_DROP, kind, id, NULL, err);
	if (c->kind->is_sealed)
		return record_run(r, SQL_R_SEALED_DROP, kind, id, NULL, err);
	rc = record_run(r, SQL_R_MAIN_DROP, kind, id, NULL, err);
	if (rc == RC_OK)
		rc = record_is_edited(r, c, id, &edited, err);
	return rc == RC_OK && !edited
		       ? rows_drop(r->db, c->kind, ROWS_REPLICA, NULL, id, err)
		       : rc;
}

static enum rc leaf_make(void *ctx, const char *aside, const char *kind,
			 const char *id, struct err *err)
{
	struct replica *r = ctx;
	json_t *record = NULL;
	const char *scope, *town;
	struct err why = { 0 };
	struct oid oid;
	struct buf body;
	enum rc rc = aside ? twin_get(r, aside, kind, id, &record, &why)
			   : record_main(r, kind, id, &record, &why);

	if (rc == RC_NOT_FOUND)
		return RC_OK;
	buf_init(&body, RECORD_BYTES_MAX);
	scope = json_text(record, "scope");
	town = json_text(record, "town");
	if (rc == RC_OK)
		rc = record_jcs(&body, record, &why);
	if (rc == RC_OK &&
	    (!scope || !name_is_scope(scope) || !town || !name_is_town(town)))
		rc = err_set(&why, RC_CORRUPT, "no scope or town");
	if (rc == RC_OK)
		rc = oid_of(&oid, OBJECT_BLOB, body.data, body.len, &why);
	if (rc == RC_OK)
		rc = tree_leaf_put(r->db, scope, town, kind, id, &oid, 0, err);
	else if (rc == RC_INVALID || rc == RC_CORRUPT)
		rc = aside ? twin_put(r, aside, kind, id, NULL, 0, err)
			   : unread_drop(r, kind, id, err);
	else
		err_set(err, rc, "%s", why.text);
	json_decref(record);
	buf_release(&body);
	return rc;
}

/* The tree of what is really here. */
static enum rc tree_make(struct replica *r, const struct scope *all, size_t n,
			 struct err *err)
{
	struct oid root;
	enum rc rc = replica_begin(r, err);

	if (rc != RC_OK)
		return rc;
	rc = ids_clean(r, err);
	for (size_t i = 0; i < n && rc == RC_OK; i++)
		rc = tree_forget(r->db, all[i].scope, err);
	if (rc == RC_OK)
		rc = tree_bulk_begin(r->db, err);
	if (rc == RC_OK)
		rc = mains_each(r, leaf_make, r, err);
	if (rc == RC_OK)
		rc = tree_bulk_end(r->db, err);
	for (size_t i = 0; i < n && rc == RC_OK; i++)
		rc = tree_rebuild(r->db, all[i].scope, NULL, &root, err);
	return replica_end(r, rc, err);
}

/* A key that opens nothing is not the one that the server gave. */
static enum rc key_forget(struct replica *r, const char *kind, const char *id,
			  struct err *err)
{
	json_t *outer = NULL;
	const char *key;
	enum rc rc = record_main(r, kind, id, &outer, err);

	if (rc != RC_OK)
		return rc;
	key = json_text(outer, "key");
	rc = meta_put_int(r, "keys", 0, err);
	if (rc == RC_OK && key) {
		struct query *q = query_begin(r->db, SQL_R_KEY_DROP);

		query_text(q, 1, key);
		rc = query_end(q, err);
	}
	json_decref(outer);
	return rc;
}

/* The plain row beside a sealed record. */
static enum rc plain_make(void *ctx, const char *aside, const char *kind,
			  const char *id, struct err *err)
{
	struct replica *r = ctx;
	const struct captured *c = captured_of(r, kind);
	bool shut;
	enum rc rc;

	if (aside || !c || !c->kind->is_sealed)
		return RC_OK;
	rc = sealed_is_shut(r, c->kind, id, &shut, err);
	if (rc == RC_OK && shut)
		rc = key_forget(r, kind, id, err);
	return rc == RC_OK ? record_settle(r, kind, id, err) : rc;
}

static enum rc plain_rows_make(struct replica *r, struct err *err)
{
	enum rc rc = replica_begin(r, err);

	return rc == RC_OK
		       ? replica_end(r, mains_each(r, plain_make, r, err), err)
		       : rc;
}

enum rc repair_all(struct sync *s, struct err *err)
{
	struct replica *r = s->r;
	struct scope *all = NULL;
	size_t n = 0;
	enum rc rc = file_mend(s, err);

	if (rc == RC_OK)
		rc = scope_all(r, &all, &n, err);
	if (rc == RC_OK)
		rc = tree_make(r, all, n, err);
	for (size_t i = 0; i < n && rc == RC_OK; i++)
		if (all[i].has_head)
			rc = compare_scope(s, all[i].scope, false, err);
	if (rc == RC_OK)
		rc = plain_rows_make(r, err);
	free(all);
	return rc;
}
