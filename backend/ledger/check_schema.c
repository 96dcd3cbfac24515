/* ledger/check_schema.c - the databases against empty ones that are made now:
 * a missing index is a slow server, a trigger is somebody else's program. */
#include "ledger/check_impl.h"

#include "base/jcs.h"
#include "kind/rows.h"
#include "sql_store.gen.h"
#include "tree/tree.h"

static enum rc fresh_open(struct db **out, struct err *err)
{
	const struct db_options options = { .mode = DB_CREATE,
					    .synchronous_off = true };

	return db_open(out, "", &options, err);
}

static enum rc store_make(struct check *c, struct db **out)
{
	const struct registry *r = c->s->kinds;
	enum rc rc = fresh_open(out, c->err);

	if (rc == RC_OK)
		rc = store_tables_create(*out, c->err);
	if (rc == RC_OK)
		rc = tree_create(*out, c->err);
	for (size_t i = 0; rc == RC_OK && i < registry_count(r); i++)
		rc = rows_create(*out, registry_at(r, i), ROWS_SERVER, NULL,
				 c->err);
	return rc;
}

static enum rc keys_make(struct check *c, struct db **out)
{
	enum rc rc = fresh_open(out, c->err);

	return rc == RC_OK ? db_script(*out, SQL_KEYS_CREATE, c->err) : rc;
}

/* Columns were added to a kind's table one after another, so their order is
 * not compared. */
static enum rc columns_check(struct check *c, struct db *fresh,
			     const char *table)
{
	struct query *want = query_begin(fresh, SQL_CHECK_COLUMNS);
	struct query *is = query_begin(c->s->db, SQL_CHECK_COLUMNS);
	bool differs = false, more;
	char what[96];
	enum rc rc;

	query_text(want, 1, table);
	query_text(is, 1, table);
	do {
		more = query_row(want);
		differs = more != query_row(is);
		for (int i = 0; more && i < 5 && !differs; i++)
			differs = strcmp(query_get_text(want, i),
					 query_get_text(is, i)) != 0;
	} while (more && !differs);
	rc = query_end(want, c->err);
	if (query_end(is, c->err) != RC_OK)
		rc = c->err->code;
	snprintf(what, sizeof(what), "table %s", table);
	return rc == RC_OK && differs
		       ? check_fault(c, 0, what,
				     "its columns are not its kind's")
		       : rc;
}

/* {"table log": [table, text], ...} */
static enum rc schema_read(struct check *c, struct db *db, json_t **out)
{
	struct query *q = query_begin(db, SQL_CHECK_SCHEMA);

	*out = json_object();
	while (query_row(q))
		json_object_set_new(*out, query_get_text(q, 0),
				    json_pack("[s, s]", query_get_text(q, 1),
					      query_get_text(q, 2)));
	return query_end(q, c->err);
}

static const char *part(const json_t *object, size_t i)
{
	return json_string_value(json_array_get(object, i));
}

/* An index of an earlier declaration of the kind may be left. */
static bool is_old_index(const struct check *c, const json_t *is)
{
	const char *table = part(is, 0);
	char start[120];

	snprintf(start, sizeof(start), "CREATE INDEX %s_by_", table);
	return registry_kind(c->s->kinds, table) &&
	       !strncmp(part(is, 1), start, strlen(start));
}

static enum rc objects_compare(struct check *c, struct db *fresh, json_t *want,
			       json_t *is)
{
	json_t *object;
	const char *what;
	enum rc rc;

	json_object_foreach(is, what, object)
	{
		if (!json_object_get(want, what) && !is_old_index(c, object))
			return check_fault(c, 0, what,
					   "it does not belong in the "
					   "database");
	}
	json_object_foreach(want, what, object)
	{
		const json_t *found = json_object_get(is, what);

		if (!found)
			return check_fault(c, 0, what,
					   "it is missing in the database");
		if (json_equal(object, found))
			continue;
		if (strncmp(what, "table ", 6) != 0 ||
		    !registry_kind(c->s->kinds, part(object, 0)))
			return check_fault(c, 0, what,
					   "it is not as this program makes "
					   "it");
		rc = columns_check(c, fresh, part(object, 0));
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

static enum rc db_compare(struct check *c, struct db *fresh, struct db *db)
{
	json_t *want = NULL, *is = NULL;
	enum rc rc = schema_read(c, fresh, &want);

	if (rc == RC_OK)
		rc = schema_read(c, db, &is);
	if (rc == RC_OK)
		rc = objects_compare(c, fresh, want, is);
	json_decref(want);
	json_decref(is);
	return rc;
}

enum rc check_schema(struct check *c)
{
	struct db *store = NULL, *keys = NULL;
	enum rc rc = store_make(c, &store);

	if (rc == RC_OK)
		rc = db_compare(c, store, c->s->db);
	if (rc == RC_OK)
		rc = keys_make(c, &keys);
	if (rc == RC_OK)
		rc = db_compare(c, keys, c->s->keys);
	db_close(store);
	db_close(keys);
	return rc;
}
