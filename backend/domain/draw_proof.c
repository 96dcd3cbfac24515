/* domain/draw_proof.c - a draw against the log: was it committed before it was
 * revealed, and is a published paper the one that the log gives? */
#include "domain/draw_impl.h"

#include "base/jcs.h"
#include "sql_store.gen.h"

/* Said once, and never otherwise; the first ones with the commitment. */
static const char *const lasting[] = { "commitment", "committed_at",
				       "rules",      "revealed_at",
				       "seed",       "result_hash" };
#define FIRST 3
#define LASTING (sizeof(lasting) / sizeof(*lasting))

/* Replacements are only added. */
static bool begins_with(const json_t *now, const json_t *before)
{
	if (json_array_size(before) > json_array_size(now))
		return false;
	for (size_t i = 0; i < json_array_size(before); i++)
		if (!json_equal(json_array_get(before, i),
				json_array_get(now, i)))
			return false;
	return true;
}

/* `said`: which of the members an earlier version had. */
static const char *version_differs(const json_t *version, const json_t *newest,
				   bool said[LASTING])
{
	for (size_t i = 0; i < LASTING; i++) {
		const json_t *value = json_object_get(version, lasting[i]);

		if (!value && !said[i] && i >= FIRST)
			continue;
		if (!value ||
		    !json_equal(value, json_object_get(newest, lasting[i])))
			return lasting[i];
		said[i] = true;
	}
	if (!begins_with(json_object_get(newest, "replacements"),
			 json_object_get(version, "replacements")))
		return "replacements";
	return NULL;
}

enum rc draw_history_check(struct op *op, const char *scope, const char *id,
			   const json_t *newest)
{
	struct query *q = query_begin(op->store->db, SQL_DRAW_HISTORY);
	bool said[LASTING] = { false }, is_first = true;
	const char *differs = NULL;
	enum rc rc = RC_OK;

	query_text(q, 1, scope);
	query_text(q, 2, id);
	while (rc == RC_OK && !differs && query_row(q)) {
		json_t *version = NULL;

		rc = json_read(query_get_text(q, 0), query_get_len(q, 0),
			       &version, op->err);
		if (rc == RC_OK && is_first && json_text(version, "seed"))
			differs = "seed";
		else if (rc == RC_OK)
			differs = version_differs(version, newest, said);
		json_decref(version);
		is_first = false;
	}
	if (query_end(q, op->err) != RC_OK)
		return op->err->code;
	if (rc == RC_OK && differs)
		rc = err_set(op->err, RC_CORRUPT,
			     "the log does not say of draw '%s' what was "
			     "committed and revealed: '%s'",
			     id, differs);
	return rc;
}

/* The state moves on; that it fits the members was verified. In format 1 the
 * reason of a void draw took the place of the first. */
static bool moves_on(const char *key, const json_t *now)
{
	return !strcmp(key, "state") ||
	       (!strcmp(key, "reason") &&
		!strcmp(json_text(now, "state"), "void"));
}

enum rc draw_compare(struct op *op, const char *id, const json_t *paper)
{
	json_t *now = NULL, *value;
	const char *key;
	enum rc rc = draw_paper(op, id, false, &now);

	if (rc != RC_OK)
		return rc;
	json_object_foreach((json_t *)(uintptr_t)paper, key, value)
	{
		const json_t *stands = json_object_get(now, key);
		bool fits = strcmp(key, "replacements") != 0
				    ? json_equal(value, stands)
				    : begins_with(stands, value);

		if (!fits && !moves_on(key, now))
			rc = err_set(op->err, RC_CORRUPT,
				     "'%s' is not that of draw '%s' in the "
				     "data folder",
				     key, id);
	}
	if (rc == RC_OK && !strcmp(json_text(paper, "state"), "void") &&
	    strcmp(json_text(now, "state"), "void") != 0)
		rc = err_set(op->err, RC_CORRUPT,
			     "draw '%s' is not void in the data folder", id);
	json_decref(now);
	return rc;
}
