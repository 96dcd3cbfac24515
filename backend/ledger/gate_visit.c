/* ledger/gate_visit.c - what is looked up before a visit or a finding is
 * merged, and the verdict on a visit. */
#include "ledger/gate_visit.h"

#include <string.h>

#include "base/date.h"
#include "base/jcs.h"
#include "base/words.h"
#include "evidence/evidence.h"
#include "form/verdict.h"
#include "kind/fsm.h"
#include "ledger/gate.h"
#include "ledger/people.h"
#include "sql_store.gen.h"

/* -- the verdict -- */

enum rc visit_signed_at(struct store *s, const char *scope, const char *id,
			int64_t *out, struct err *err)
{
	struct query *q = query_begin(s->db, SQL_VISIT_VERSIONS);
	enum rc rc = RC_OK;

	*out = INT64_MAX;
	query_text(q, 1, scope);
	query_text(q, 2, id);
	while (rc == RC_OK && *out == INT64_MAX && query_row(q)) {
		json_t *version = NULL;

		rc = json_read(query_get_text(q, 1), query_get_len(q, 1),
			       &version, err);
		if (visit_is_signed(version))
			*out = query_get_int(q, 0);
		json_decref(version);
	}
	return query_end(q, err) == RC_OK ? rc : err->code;
}

/* The visit's answers as they stood when it was signed, or stand, and what came
 * after signing. */
static enum rc answers_read(struct store *s, const char *scope, const char *id,
			    int64_t sealed, json_t *answers, json_t *late,
			    struct err *err)
{
	struct query *q = query_begin(s->db, SQL_VISIT_ANSWERS);
	enum rc rc = RC_OK;

	query_text(q, 1, scope);
	query_text(q, 2, id);
	query_int(q, 3, sealed);
	while (rc == RC_OK && query_row(q)) {
		json_t *a = NULL;

		rc = json_read(query_get_text(q, 1), query_get_len(q, 1), &a,
			       err);
		if (rc == RC_OK)
			json_array_append_new(
				query_get_int(q, 0) > sealed ? late : answers,
				a);
	}
	return query_end(q, err) == RC_OK ? rc : err->code;
}

/* The version that should have been used instead, or NULL: one with the same
 * code, in force and past its grace on the day the visit began. */
static enum rc newer_form(struct store *s, const json_t *form,
			  const json_t *visit, json_t **out, struct err *err)
{
	char day[11];
	int64_t began, from;
	struct query *q;
	enum rc rc = RC_OK;

	*out = NULL;
	visit_day(day, visit);
	if (!form || !date_parse(day, &began))
		return RC_OK;
	q = query_begin(s->db, SQL_FORM_NEWER);
	query_text(q, 1, json_text(form, "form_code"));
	query_int(q, 2, json_int(form, "version", 0));
	query_text(q, 3, day);
	while (rc == RC_OK && !*out && query_row(q))
		if (date_parse(query_get_text(q, 1), &from) &&
		    from + query_get_int(q, 2) < began)
			rc = store_look(s, "catalog", "form",
					query_get_text(q, 0), out, err);
	return query_end(q, err) == RC_OK ? rc : err->code;
}

/* The root of the answers that count, and whether it is another than what was
 * signed. */
static enum rc root_add(const json_t *visit, const json_t *answers,
			json_t *verdict, struct err *err)
{
	const char *was = json_text(visit, "root_hash");
	char root[ROOT_TEXT_SIZE];
	enum rc rc = verdict_root(root, answers, verdict, err);

	if (rc != RC_OK)
		return rc;
	json_object_set_new(verdict, "root", json_string(root));
	if (was && strcmp(was, root) != 0)
		json_array_append_new(json_object_get(verdict, "flags"),
				      json_string("other_root"));
	return RC_OK;
}

enum rc gate_verdict(struct store *s, const char *scope, const json_t *visit,
		     json_t **out, struct err *err)
{
	const char *id = json_text(visit, "id");
	json_t *form = NULL, *newer = NULL;
	json_t *answers = json_array(), *late = json_array();
	struct verdict_of v = { .visit = visit,
				.answers = answers,
				.late = late };
	int64_t sealed;
	enum rc rc = visit_signed_at(s, scope, id, &sealed, err);

	if (rc == RC_OK)
		rc = answers_read(s, scope, id, sealed, answers, late, err);
	if (rc == RC_OK)
		rc = store_look(s, "catalog", "form", json_text(visit, "form"),
				&form, err);
	if (rc == RC_OK)
		rc = newer_form(s, form, visit, &newer, err);
	v.form = form;
	v.newer = newer;
	if (rc == RC_OK)
		rc = verdict_make(&v, out, err);
	if (rc == RC_OK)
		rc = root_add(visit, answers, *out, err);
	json_decref(form);
	json_decref(newer);
	json_decref(answers);
	json_decref(late);
	return rc;
}

enum rc ledger_verdict(struct op *op, const char *scope, const char *visit,
		       json_t **out)
{
	json_t *record = NULL, *files = NULL;
	int missing = 0;
	enum rc rc = ledger_record(op, scope, "visit", visit, &record);

	*out = NULL;
	if (rc == RC_OK)
		rc = gate_verdict(op->store, scope, record, out, op->err);
	if (rc == RC_OK)
		rc = seen_subject(op->store, scope, record, *out, op->err);
	if (rc == RC_OK)
		rc = evidence_of_visit(op->store, scope, visit, &files,
				       &missing, op->err);
	if (rc == RC_OK) {
		json_object_set_new(*out, "evidence", files);
		json_object_set_new(*out, "missing", json_integer(missing));
	}
	json_decref(record);
	return rc;
}

/* -- findings -- */

/* What is found after the visit was signed: the office finds nothing there, a
 * tablet's finding is kept beside the visit (consequence.c). */
static enum rc late_judge(struct batch *b, const struct take *t,
			  const json_t *violation, const char **code,
			  struct err *why)
{
	const char *visit = json_text(violation, "visit");
	json_t *record = NULL;
	enum rc rc;

	if (t->role & ROLE_IMPORT || strcmp(t->enrolment, "office") != 0)
		return RC_OK;
	rc = store_look(b->store, json_text(violation, "scope"), "visit", visit,
			&record, b->err);
	if (rc == RC_OK && visit_is_signed(record)) {
		*code = "state";
		err_set(why, RC_INVALID,
			"violation '%s': visit '%s' is signed without it: "
			"write an amendment",
			json_text(violation, "id"), visit);
	}
	json_decref(record);
	return rc;
}

const char *finding_contradicts(const json_t *violation, const json_t *visit)
{
	const char *subject = json_text(violation, "subject");
	const char *of = json_text(visit, "subject");
	const char *found_on = json_text(violation, "found_on");
	char day[11];

	visit_day(day, visit);
	if (subject && of && strcmp(subject, of) != 0)
		return "is of another subject";
	if (found_on && day[0] && strcmp(found_on, day) < 0)
		return "was found before the visit began";
	return NULL;
}

static bool is_as_before(const json_t *a, const json_t *b, const char *field)
{
	const json_t *x = json_object_get(a, field);
	const json_t *y = json_object_get(b, field);

	return x == y || (x && y && json_equal(x, y));
}

/* A finding of the office says what its visit says; a tablet's is kept, and
 * does not count (settle_facts.c). */
static enum rc finding_judge(struct batch *b, const struct take *t,
			     const json_t *base, const json_t *violation,
			     const char **code, struct err *why)
{
	const char *id = json_text(violation, "visit"), *what = NULL;
	json_t *visit = NULL;
	enum rc rc;

	if (!id || strcmp(t->enrolment, "office") != 0 ||
	    (base && is_as_before(base, violation, "visit") &&
	     is_as_before(base, violation, "subject") &&
	     is_as_before(base, violation, "found_on")))
		return RC_OK;
	rc = store_look(b->store, json_text(violation, "scope"), "visit", id,
			&visit, b->err);
	if (rc == RC_OK && visit)
		what = finding_contradicts(violation, visit);
	if (what) {
		*code = "invalid";
		err_set(why, RC_INVALID,
			"violation '%s' %s: visit '%s' is of subject '%s'%s%s",
			json_text(violation, "id"), what, id,
			json_text(visit, "subject"),
			json_text(visit, "visited_on") ? " on " : "",
			json_text(visit, "visited_on")
				? json_text(visit, "visited_on")
				: "");
	}
	json_decref(visit);
	return rc;
}

/* -- visits -- */

/* The flag for which it has to be ratified, or NULL. */
static const char *unratified(const json_t *visit)
{
	static const char *const words[] = { "irregular",
					     "other_subject",
					     "other_team",
					     "other_signer",
					     "in_future",
					     "other_day",
					     "before_order",
					     "other_item",
					     "other_form",
					     "other_version",
					     "result_contradicts",
					     "no_form",
					     NULL };
	const json_t *flags = json_object_get(visit, FSM_FLAGS);

	for (const char *const *w = words; *w; w++)
		if (json_has_text(flags, *w))
			return *w;
	return NULL;
}

static bool is_published_now(const json_t *visit, const json_t *server)
{
	const char *state = json_text(visit, "state");
	const char *was = json_text(server, "state");

	return state && !strcmp(state, "published") &&
	       !(was && !strcmp(was, state));
}

/* Who ratifies an irregular visit says so under the own name and why, and was
 * not there; without that it is not published. */
static enum rc irregular_judge(struct batch *b, const struct take *t,
			       const json_t *base, const json_t *visit,
			       const json_t *server, const char **code,
			       struct err *why)
{
	const char *id = json_text(visit, "id");
	const char *by = json_text(visit, "ratified_by");
	bool ratifies = by && !json_text(base, "ratified_by");
	struct people p = { 0 };
	enum rc rc =
		ratifies ? people_behind(b->store, json_text(visit, "scope"),
					 t->commit.author, &p, b->err)
			 : RC_OK;

	if (rc != RC_OK)
		return rc;
	if (ratifies &&
	    (strcmp(by, t->commit.author) != 0 ||
	     people_among(&p, json_object_get(server, "officers")) ||
	     !json_text(visit, "ratified_reason"))) {
		*code = "owner";
		err_set(why, RC_DENIED,
			"visit '%s': 'ratified_by' is '%s' who writes it, with "
			"'ratified_reason', and not one of the visit's "
			"officers",
			id, t->commit.author);
	} else if (!by && is_published_now(visit, server) &&
		   unratified(server)) {
		*code = "state";
		err_set(why, RC_INVALID,
			"visit '%s' has the flag '%s': it is published only "
			"with 'ratified_by' and 'ratified_reason'",
			id, unratified(server));
	}
	return RC_OK;
}

/* What is published rests on files that can be shown. */
static enum rc files_judge(struct batch *b, const json_t *visit,
			   const json_t *server, const char **code,
			   struct err *why)
{
	json_t *files = NULL;
	int missing = 0;
	enum rc rc;

	if (!is_published_now(visit, server))
		return RC_OK;
	rc = evidence_of_visit(b->store, json_text(visit, "scope"),
			       json_text(visit, "id"), &files, &missing,
			       b->err);
	json_decref(files);
	if (rc == RC_OK && missing) {
		*code = "state";
		err_set(why, RC_INVALID,
			"visit '%s' cannot be published: missing %d file%s of "
			"evidence, wait for %s or make the record void",
			json_text(visit, "id"), missing,
			missing == 1 ? "" : "s", missing == 1 ? "it" : "them");
	}
	return rc;
}

/* Does it say how the check ended: by a score or a code, its own or an
 * amendment's, by the verdict of its form, or by why there was none? */
static enum rc has_result(struct batch *b, const json_t *visit, bool *has)
{
	const char *scope = json_text(visit, "scope");
	json_t *verdict = NULL;
	struct query *q;
	enum rc rc;

	*has = json_array_size(json_object_get(visit, "result_codes")) ||
	       json_is_integer(json_object_get(visit, "score")) ||
	       json_text(visit, "unable_reason");
	if (*has)
		return RC_OK;
	q = query_begin(b->store->db, SQL_RESULT_AMENDED);
	query_text(q, 1, scope);
	query_text(q, 2, json_text(visit, "id"));
	*has = query_row(q);
	rc = query_end(q, b->err);
	if (rc == RC_OK && !*has)
		rc = gate_verdict(b->store, scope, visit, &verdict, b->err);
	*has |= verdict_is_result(verdict);
	json_decref(verdict);
	return rc;
}

/* What is published has a result, or one who ratified that it has none. */
static enum rc result_judge(struct batch *b, const json_t *visit,
			    const json_t *server, const char **code,
			    struct err *why)
{
	bool has = false;
	enum rc rc;

	if (!is_published_now(visit, server) || json_text(visit, "ratified_by"))
		return RC_OK;
	rc = has_result(b, server, &has);
	if (rc == RC_OK && !has) {
		*code = "state";
		err_set(why, RC_INVALID,
			"visit '%s' has no result, no code, score or "
			"checklist that was answered: return it to its "
			"officers, who amend it, or publish it with "
			"'ratified_by' and 'ratified_reason'",
			json_text(server, "id"));
	}
	return rc;
}

/* Are there answers of the visit from other packets than this one? */
static enum rc is_answered(struct batch *b, const struct take *t,
			   const json_t *visit, bool *answered)
{
	struct query *q = query_begin(b->store->db, SQL_ANSWERS_OF_VISIT);

	*answered = false;
	query_text(q, 1, json_text(visit, "scope"));
	query_text(q, 2, json_text(visit, "id"));
	while (!*answered && query_row(q)) {
		const char *id = query_get_text(q, 0);
		bool is_own = false;

		for (size_t i = 0; i < t->nrecords; i++)
			is_own |= !t->records[i].base &&
				  !strcmp(t->records[i].kind, "answer") &&
				  !strcmp(t->records[i].id, id);
		*answered = !is_own;
	}
	return query_end(q, b->err);
}

/* Who leads decides disputes: officers agree on it before they answer; later
 * the office says. */
static enum rc lead_judge(struct batch *b, const struct take *t,
			  const json_t *base, const json_t *visit,
			  const char **code, struct err *why)
{
	bool answered = false;
	enum rc rc = RC_OK;

	if (t->role == ROLE_INSPECTOR && base &&
	    !is_as_before(base, visit, "lead"))
		rc = is_answered(b, t, visit, &answered);
	if (rc == RC_OK && answered) {
		*code = "field";
		err_set(why, RC_DENIED,
			"visit '%s': 'lead' is set before the first answer, "
			"after it by the office",
			json_text(visit, "id"));
	}
	return rc;
}

static enum rc sign_judge(struct batch *b, const json_t *visit,
			  const char **code, struct err *why)
{
	json_t *verdict = NULL;
	const json_t *disputed;
	enum rc rc = gate_verdict(b->store, json_text(visit, "scope"), visit,
				  &verdict, b->err);

	disputed = json_object_get(verdict, "disputed");
	if (json_array_size(disputed)) {
		*code = "disputed";
		err_set(why, RC_CONFLICT,
			"visit '%s' cannot be signed: officers disagree on "
			"point '%s'%s",
			json_text(visit, "id"),
			json_string_value(json_array_get(disputed, 0)),
			json_array_size(disputed) > 1 ? " and others" : "");
	}
	json_decref(verdict);
	return rc;
}

enum rc gate_violation(struct batch *b, const struct take *t,
		       const json_t *base, const json_t *terminal,
		       const json_t *server, const char **code, struct err *why)
{
	enum rc rc = server ? RC_OK : late_judge(b, t, terminal, code, why);

	if (rc == RC_OK && !*code && !(t->role & ROLE_SERVER))
		rc = finding_judge(b, t, base, terminal, code, why);
	return rc;
}

enum rc gate_visit(struct batch *b, const struct take *t, const json_t *base,
		   const json_t *terminal, const json_t *server,
		   const char **code, struct err *why)
{
	enum rc rc = lead_judge(b, t, base, terminal, code, why);

	if (rc == RC_OK && !*code)
		rc = irregular_judge(b, t, base, terminal, server, code, why);
	if (rc == RC_OK && !*code)
		rc = files_judge(b, terminal, server, code, why);
	if (rc == RC_OK && !*code)
		rc = result_judge(b, terminal, server, code, why);
	if (rc == RC_OK && !*code && visit_is_signed(terminal) &&
	    !visit_is_signed(server))
		rc = sign_judge(b, terminal, code, why);
	return rc;
}
