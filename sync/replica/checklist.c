/* replica/checklist.c - a visit is not signed here while its officers disagree,
 * as far as this tablet knows: the server looks again (backend/ledger). */
#include "replica/replica_impl.h"

#include <string.h>

#include "base/jcs.h"
#include "form/verdict.h"
#include "kind/rows.h"
#include "kind/within.h"
#include "sql_sync.gen.h"

/* NULL where it is not here. */
static enum rc live_record(struct replica *r, const char *kind, const char *id,
			   json_t **out, struct err *err)
{
	const struct captured *c = captured_of(r, kind);
	enum rc rc;

	*out = NULL;
	if (!c || !id)
		return RC_OK;
	rc = rows_get(r->db, c->kind, ROWS_REPLICA, NULL, id, out, err);
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc live_answers(struct replica *r, const char *visit,
			    json_t *answers, struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_VISIT_ANSWERS);
	json_t *ids = json_array();
	enum rc rc;

	query_text(q, 1, visit);
	while (query_row(q))
		json_array_append_new(ids, json_string(query_get_text(q, 0)));
	rc = query_end(q, err);
	for (size_t i = 0; rc == RC_OK && i < json_array_size(ids); i++) {
		json_t *a;

		rc = live_record(r, "answer",
				 json_string_value(json_array_get(ids, i)), &a,
				 err);
		if (rc == RC_OK && a)
			json_array_append_new(answers, a);
	}
	json_decref(ids);
	return rc;
}

enum rc within_judge(struct replica *r, const struct edit *e,
		     const char *officer, struct err *why)
{
	const struct kind *k = e->captured->kind;
	const struct field *f =
		k->within.field ? kind_field(k, k->within.field) : NULL;
	const struct captured *of = f ? captured_of(r, f->refers) : NULL;
	json_t *other = NULL, *versions;
	enum rc rc;

	if (!of)
		return RC_OK;
	rc = live_record(r, f->refers, json_text(e->after, f->name), &other,
			 why);
	if (rc != RC_OK)
		return rc;
	versions = other ? json_pack("[o]", other) : json_array();
	if (versions)
		rc = within_check(k, of->kind, ROLE_INSPECTOR, officer,
				  e->before, e->after, versions, why);
	json_decref(versions);
	return rc;
}

enum rc sign_judge(struct replica *r, const struct edit *e, struct err *why)
{
	json_t *form = NULL, *answers = NULL, *verdict = NULL;
	struct verdict_of v = { .visit = e->after };
	const json_t *disputed;
	enum rc rc;

	if (strcmp(e->captured->kind->name, "visit") != 0 ||
	    !visit_is_signed(e->after) || visit_is_signed(e->before) ||
	    !captured_of(r, "answer"))
		return RC_OK;
	answers = json_array();
	rc = live_answers(r, e->id, answers, why);
	if (rc == RC_OK)
		rc = live_record(r, "form", json_text(e->after, "form"), &form,
				 why);
	v.form = form;
	v.answers = answers;
	if (rc == RC_OK)
		rc = verdict_make(&v, &verdict, why);
	disputed = json_object_get(verdict, "disputed");
	if (rc == RC_OK && json_array_size(disputed))
		rc = err_set(why, RC_INVALID,
			     "visit '%s' cannot be signed: officers disagree "
			     "on point '%s'",
			     e->id,
			     json_string_value(json_array_get(disputed, 0)));
	json_decref(verdict);
	json_decref(form);
	json_decref(answers);
	return rc;
}
