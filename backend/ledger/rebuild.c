/* ledger/rebuild.c - what follows from the log, from the log. */
#include "ledger/rebuild.h"

#include "base/jcs.h"
#include "kind/rows.h"
#include "ledger/blame.h"
#include "sql_store.gen.h"
#include "tree/tree.h"

static enum rc may_rebuild(const struct op *op)
{
	return account_may(op->actor, ROLE_ADMINISTRATOR, "*")
		       ? RC_OK
		       : err_set(op->err, RC_DENIED,
				 "only an administrator of all scopes does "
				 "this");
}

static enum rc scopes_list(struct store *s, json_t **out, struct err *err)
{
	struct query *q = query_begin(s->db, SQL_SCOPES_ALL);
	enum rc rc = RC_OK;

	*out = json_array();
	while (query_row(q))
		if (json_array_append_new(*out,
					  json_string(query_get_text(q, 0))))
			rc = err_set(err, RC_NOMEM, "out of memory");
	return query_end(q, err) == RC_OK ? rc : err->code;
}

static enum rc tables_empty(struct op *op)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < registry_count(op->store->kinds); i++)
		if (rc == RC_OK)
			rc = rows_empty(op->store->db,
					registry_at(op->store->kinds, i),
					op->err);
	return rc;
}

static enum rc record_remake(struct op *op, const char *scope, const char *kind,
			     const char *id, int64_t position, const char *body,
			     size_t n)
{
	const struct kind *k = registry_kind(op->store->kinds, kind);
	json_t *record = NULL;
	const char *town;
	struct oid oid;
	enum rc rc = json_read(body, n, &record, op->err);

	if (rc == RC_OK)
		rc = oid_of(&oid, OBJECT_BLOB, body, n, op->err);
	town = json_text(record, "town");
	if (rc == RC_OK)
		rc = tree_leaf_put(op->store->db, scope, town ? town : "000",
				   kind, id, &oid, position, op->err);
	if (rc == RC_OK && k)
		rc = rows_put(op->store->db, k, ROWS_SERVER, record, op->err);
	json_decref(record);
	return rc;
}

static enum rc scope_remake(struct op *op, const char *scope,
			    struct rebuilt *out)
{
	struct query *q = query_begin(op->store->db, SQL_CHECK_NEWEST);
	struct head head;
	struct oid root;
	enum rc rc = tree_forget(op->store->db, scope, op->err), ended;

	query_text(q, 1, scope);
	while (rc == RC_OK && query_row(q)) {
		rc = record_remake(op, scope, query_get_text(q, 0),
				   query_get_text(q, 1), query_get_int(q, 2),
				   query_get_text(q, 3), query_get_len(q, 3));
		out->records++;
	}
	ended = query_end(q, op->err);
	if (rc == RC_OK)
		rc = ended;
	if (rc == RC_OK)
		rc = tree_rebuild(op->store->db, scope, NULL, &root, op->err);
	if (rc == RC_OK)
		rc = blame_rebuild(op->store, scope, op->err);
	if (rc == RC_OK)
		rc = ledger_head(op->store, scope, &head, op->err);
	if (rc == RC_OK && !oid_equal(&root, &head.root))
		rc = err_set(
			op->err, RC_CORRUPT,
			"the log of scope '%s' does not give the root that "
			"its newest main commit signs: the log itself is "
			"damaged, 'hufud check' names the entry; restore "
			"a backup. Nothing was changed",
			scope);
	out->scopes++;
	return rc;
}

static enum rc told(struct op *op, const char *operation, const char *detail)
{
	const struct audit_entry e = { .by = op_by(op),
				       .operation = operation,
				       .scope = "*",
				       .detail = detail };

	return audit_put(op->store, &e, op->err);
}

enum rc ledger_rebuild(struct op *op,
		       void (*progress)(void *ctx, size_t done, size_t total),
		       void *ctx, struct rebuilt *out)
{
	json_t *scopes = NULL;
	bool mine;
	size_t i;
	const json_t *scope;
	enum rc rc = may_rebuild(op);

	memset(out, 0, sizeof(*out));
	if (rc == RC_OK)
		rc = store_write_begin(op->store, &mine, op->err);
	if (rc != RC_OK)
		return rc;
	rc = scopes_list(op->store, &scopes, op->err);
	if (rc == RC_OK)
		rc = tables_empty(op);
	json_array_foreach(scopes, i, scope)
	{
		if (rc == RC_OK)
			rc = scope_remake(op, json_string_value(scope), out);
		if (progress)
			progress(ctx, i + 1, json_array_size(scopes));
	}
	if (rc == RC_OK)
		rc = told(op, "rebuild", "tables and trees, from the log");
	json_decref(scopes);
	return store_write_end(op->store, mine, rc, op->err);
}

enum rc ledger_epoch_new(struct op *op, const char *reason)
{
	bool mine;
	enum rc rc = may_rebuild(op);

	if (rc == RC_OK)
		rc = store_write_begin(op->store, &mine, op->err);
	if (rc != RC_OK)
		return rc;
	rc = store_epoch_new(op->store, op->err);
	if (rc == RC_OK)
		rc = told(op, "epoch new", reason);
	return store_write_end(op->store, mine, rc, op->err);
}
