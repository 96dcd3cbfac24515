/* evidence/records.c - what the records say there should be, beside what there
 * is. */
#include "evidence/evidence.h"

#include <string.h>

#include "base/jcs.h"
#include "sql_store.gen.h"

static enum rc row_take(struct store *s, const char *scope, struct query *q,
			json_t *list, int *missing, struct err *err)
{
	const struct evidence_file f = { .scope = scope,
					 .sha256 = query_get_text(q, 1),
					 .bytes = query_get_int(q, 2) };
	const char *media = query_get_text(q, 4);
	struct evidence_seen seen;
	json_t *points = NULL;
	enum rc rc = evidence_look(s->dir, &f, &seen, err);

	if (rc == RC_OK && !query_is_null(q, 3))
		rc = json_read(query_get_text(q, 3), query_get_len(q, 3),
			       &points, err);
	if (rc != RC_OK)
		return rc;
	*missing += seen.state != EVIDENCE_WHOLE;
	json_array_append_new(list,
			      json_pack("{s:s, s:I, s:s, s:I, s:s*, s:o*}",
					"id", query_get_text(q, 0), "size",
					(json_int_t)f.bytes, "state",
					evidence_state_name(seen.state),
					"offset", (json_int_t)seen.offset,
					"media", media, "points", points));
	return rc;
}

enum rc evidence_of_visit(struct store *s, const char *scope, const char *visit,
			  json_t **out, int *missing, struct err *err)
{
	struct query *q;
	enum rc rc = RC_OK;

	*missing = 0;
	*out = json_array();
	if (!*out)
		return err_set(err, RC_NOMEM, "out of memory");
	if (!registry_kind(s->kinds, "evidence"))
		return RC_OK;
	q = query_begin(s->db, SQL_EVIDENCE_OF_VISIT);
	query_text(q, 1, scope);
	query_text(q, 2, visit);
	while (rc == RC_OK && query_row(q))
		rc = row_take(s, scope, q, *out, missing, err);
	if (query_end(q, err) != RC_OK)
		rc = err->code;
	if (rc != RC_OK) {
		json_decref(*out);
		*out = NULL;
	}
	return rc;
}
