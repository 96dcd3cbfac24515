/* replica/mains.c - every record that may stand on main, wherever its bytes
 * are. */
#include "replica/replica_impl.h"

#include <stdlib.h>

#include "sql_sync.gen.h"

struct mains {
	struct replica *r;
	main_fn *fn;
	void *ctx;
};

/* Entries of hufu_main are walked on their own. */
static enum rc is_beside(struct replica *r, const char *kind, const char *id,
			 bool *beside, struct err *err)
{
	char *body = NULL;
	bool is_null;
	enum rc rc =
		record_text(r, SQL_R_MAIN_GET, kind, id, &body, &is_null, err);

	free(body);
	*beside = rc == RC_OK;
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* All records that a statement finds for a kind; `live` leaves out those that
 * another statement finds. */
static enum rc ids_each(struct mains *m, const char *kind, const char *sql,
			bool live, struct err *err)
{
	char id[33] = "";

	for (;;) {
		bool found, beside = false;
		enum rc rc =
			next_id(m->r, sql, live ? NULL : kind, id, &found, err);

		if (rc != RC_OK || !found)
			return rc;
		if (live)
			rc = is_beside(m->r, kind, id, &beside, err);
		if (rc == RC_OK && !beside)
			rc = m->fn(m->ctx, NULL, kind, id, err);
		if (rc != RC_OK)
			return rc;
	}
}

static enum rc kind_each(struct mains *m, const struct captured *c,
			 struct err *err)
{
	const char *kind = c->kind->name;
	enum rc rc;

	if (c->kind->is_sealed)
		return ids_each(m, kind, SQL_R_SEALED_NEXT, false, err);
	rc = ids_each(m, kind, c->live_next, true, err);
	return rc == RC_OK ? ids_each(m, kind, SQL_R_MAIN_IDS, false, err) : rc;
}

static enum rc unknown_each(struct mains *m, struct err *err)
{
	struct query *q = query_begin(m->r->db, SQL_R_EXTRA_KINDS);
	json_t *kinds = json_array();
	const json_t *kind;
	size_t i;
	enum rc rc;

	while (query_row(q))
		json_array_append_new(kinds, json_string(query_get_text(q, 0)));
	rc = query_end(q, err);
	json_array_foreach(kinds, i, kind)
	{
		const char *name = json_string_value(kind);

		if (rc == RC_OK && !captured_of(m->r, name))
			rc = ids_each(m, name, SQL_R_EXTRA_NEXT, false, err);
	}
	json_decref(kinds);
	return rc;
}

enum rc mains_each(struct replica *r, main_fn *fn, void *ctx, struct err *err)
{
	struct mains m = { .r = r, .fn = fn, .ctx = ctx };
	enum rc rc = RC_OK;

	for (size_t i = 0; i < r->ncaptured && rc == RC_OK; i++)
		rc = kind_each(&m, &r->captured[i], err);
	if (rc == RC_OK)
		rc = unknown_each(&m, err);
	return rc == RC_OK ? twins_each(r, fn, ctx, err) : rc;
}
