/* replica/checklist.c - a visit is not signed here while its officers disagree,
 * as far as this tablet knows: the server looks again (backend/ledger). */
#include "replica/replica_impl.h"

#include <string.h>

#include "base/jcs.h"
#include "form/verdict.h"
#include "kind/codes.h"
#include "kind/rows.h"
#include "kind/within.h"
#include "sql_sync.gen.h"

enum rc live_record(struct replica *r, const char *kind, const char *id,
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

enum rc within_judge(struct replica *r, const struct edit *e, unsigned role,
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
		rc = within_check(k, of->kind, role, officer, e->before,
				  e->after, versions, why);
	json_decref(versions);
	return rc;
}

static enum rc live_violations(struct replica *r, const char *visit, size_t *n,
			       struct err *err)
{
	struct query *q;

	*n = 0;
	if (!captured_of(r, "violation"))
		return RC_OK;
	q = query_begin(r->db, SQL_R_VISIT_VIOLATIONS);
	query_text(q, 1, visit);
	if (query_row(q))
		*n = (size_t)query_get_int(q, 0);
	return query_end(q, err);
}

/* That nothing was found is not signed against what this tablet has. What the
 * others answered may not be here yet. */
static enum rc result_judge(struct replica *r, const struct edit *e,
			    const json_t *verdict, struct err *why)
{
	const struct field *f = kind_field(e->captured->kind, "result_codes");
	const char *code = f ? codes_clean(f, e->after) : NULL, *denied;
	size_t violations = 0;
	enum rc rc = code ? live_violations(r, e->id, &violations, why) : RC_OK;

	denied = code ? verdict_denies_clean(verdict, violations, false) : NULL;
	if (rc != RC_OK || !denied)
		return rc;
	return err_set(why, RC_INVALID,
		       "visit '%s' cannot be signed with result '%s', nothing "
		       "found: it %s",
		       e->id, code, denied);
}

static bool same_text(const json_t *a, const json_t *b, const char *field)
{
	const char *x = json_text(a, field), *y = json_text(b, field);

	return x == y || (x && y && !strcmp(x, y));
}

enum rc lead_judge(struct replica *r, const struct edit *e, struct err *why)
{
	json_t *answers, *a, *main;
	bool answered = false;
	enum rc rc;
	size_t i;

	if (strcmp(e->captured->kind->name, "visit") != 0 || !e->before ||
	    !captured_of(r, "answer") || same_text(e->before, e->after, "lead"))
		return RC_OK;
	answers = json_array();
	rc = live_answers(r, e->id, answers, why);
	json_array_foreach(answers, i, a)
	{
		main = NULL;
		if (rc == RC_OK && !answered)
			rc = record_main(r, "answer", json_text(a, "id"), &main,
					 why);
		answered |= main != NULL;
		if (rc == RC_NOT_FOUND)
			rc = RC_OK;
		json_decref(main);
	}
	json_decref(answers);
	if (rc != RC_OK || !answered)
		return rc;
	return err_set(why, RC_INVALID,
		       "visit '%s': 'lead' is set before the first answer, "
		       "after it by the office",
		       e->id);
}

enum rc checklist_verdict(struct replica *r, const json_t *visit,
			  json_t **verdict, struct err *err)
{
	json_t *form = NULL, *answers = json_array();
	struct verdict_of v = { .visit = visit, .answers = answers };
	const char *id = json_text(visit, "id");
	char root[ROOT_TEXT_SIZE] = "";
	enum rc rc = live_answers(r, id, answers, err);

	*verdict = NULL;
	if (rc == RC_OK)
		rc = peer_answers(r, id, answers, err);
	if (rc == RC_OK)
		rc = live_record(r, "form", json_text(visit, "form"), &form,
				 err);
	v.form = form;
	if (rc == RC_OK)
		rc = verdict_make(&v, verdict, err);
	if (rc == RC_OK)
		rc = verdict_root(root, answers, *verdict, err);
	if (rc == RC_OK)
		json_object_set_new(*verdict, "root", json_string(root));
	json_decref(form);
	json_decref(answers);
	return rc;
}

/* A root that is signed is the one of what is here. */
static enum rc root_judge(const struct edit *e, const json_t *verdict,
			  struct err *why)
{
	const char *root = json_text(e->after, "root_hash");

	if (!root || !strcmp(root, json_text(verdict, "root")))
		return RC_OK;
	return err_set(why, RC_INVALID,
		       "visit '%s' cannot be signed with this 'root_hash': the "
		       "answers here are others than it stands for",
		       e->id);
}

enum rc sign_judge(struct replica *r, const struct edit *e, struct err *why)
{
	json_t *verdict = NULL;
	const json_t *disputed;
	enum rc rc;

	if (strcmp(e->captured->kind->name, "visit") != 0 ||
	    !visit_is_signed(e->after) || visit_is_signed(e->before) ||
	    !captured_of(r, "answer"))
		return RC_OK;
	rc = checklist_verdict(r, e->after, &verdict, why);
	disputed = json_object_get(verdict, "disputed");
	if (rc == RC_OK && json_array_size(disputed))
		rc = err_set(why, RC_INVALID,
			     "visit '%s' cannot be signed: officers disagree "
			     "on point '%s'",
			     e->id,
			     json_string_value(json_array_get(disputed, 0)));
	if (rc == RC_OK)
		rc = result_judge(r, e, verdict, why);
	if (rc == RC_OK)
		rc = root_judge(e, verdict, why);
	json_decref(verdict);
	return rc;
}
