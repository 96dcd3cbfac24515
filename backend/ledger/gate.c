/* ledger/gate.c - what is looked up before a record is merged.
 *
 *   invalid   codes that may not be, or not beside each other
 *   owner     the record is another's
 *   field     a field that is set once would change
 *   twin      another record has the same values where no two may
 *   state     it is frozen with the record that it refers to, or a visit is
 *             published without its files
 *   disputed  officers disagree on a point of the visit to be signed
 *   role      it is for a second person to say
 *
 * Answers stand in a packet before their visit (records are in byte order of
 * kinds), so a visit is judged by the answers that came with it. */
#include "ledger/gate.h"

#include <string.h>

#include "base/date.h"
#include "base/jcs.h"
#include "evidence/evidence.h"
#include "form/verdict.h"
#include "kind/fsm.h"
#include "kind/limits.h"
#include "kind/rows.h"
#include "kind/within.h"
#include "ledger/gate_assignment.h"
#include "ledger/people.h"
#include "sql_store.gen.h"

/* In a team one is by any of one's names. (No kind with a team has fields that
 * say who acted, which is one name.) */
static enum rc change_judge(struct batch *b, const struct kind *k,
			    const struct take *t, const json_t *before,
			    const json_t *after, const char **code,
			    struct err *why)
{
	const char *author = t->commit.author, *named = NULL;
	struct people who;

	if (k->team && before) {
		enum rc rc = people_of(b->store, json_text(after, "scope"),
				       author, &who, b->err);

		if (rc != RC_OK)
			return rc;
		named = people_among(&who, json_object_get(before, k->team));
	}
	switch (kind_may_change(k, t->role, named ? named : author, before,
				after, why)) {
	case RC_INVALID: *code = "invalid"; break;
	case RC_CONFLICT: *code = "field"; break;
	case RC_DENIED: *code = "owner"; break;
	default: break;
	}
	return RC_OK;
}

static enum rc twin_judge(struct batch *b, const struct kind *k,
			  const json_t *record, const char **code,
			  struct err *why)
{
	char twin[33];
	enum rc rc = rows_twin(b->store->db, k, record, twin, b->err);

	if (rc == RC_NOT_FOUND)
		return RC_OK;
	if (rc == RC_OK) {
		*code = "twin";
		err_set(why, RC_CONFLICT,
			"%s '%s' is there with the same values: change that "
			"one",
			k->name, twin);
	}
	return rc;
}

/* No day has two of them, by whatever way they came. */
static enum rc apart_judge(struct batch *b, const struct kind *k,
			   const json_t *record, const char **code,
			   struct err *why)
{
	struct rows_other other;
	enum rc rc = rows_overlap(b->store->db, k, record, &other, b->err);

	if (rc == RC_NOT_FOUND)
		return RC_OK;
	if (rc == RC_OK) {
		*code = "twin";
		err_set(why, RC_CONFLICT,
			"%s '%s' would hold on days of '%s', which holds from "
			"%s to %s: end that one first, with '%s'",
			k->name, json_text(record, "id"), other.id, other.from,
			other.to, k->apart.to);
	}
	return rc;
}

static enum rc record_read(struct store *s, const char *scope, const char *kind,
			   const char *id, json_t **out, struct err *err)
{
	char *text;
	size_t len;
	enum rc rc;

	*out = NULL;
	if (!id)
		return RC_OK;
	rc = store_record(s, scope, kind, id, &text, &len, NULL, err);
	if (rc == RC_NOT_FOUND)
		return RC_OK;
	if (rc == RC_OK) {
		rc = json_read(text, len, out, err);
		free(text);
	}
	return rc;
}

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
			rc = record_read(s, "catalog", "form",
					 query_get_text(q, 0), out, err);
	return query_end(q, err) == RC_OK ? rc : err->code;
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
		rc = record_read(s, "catalog", "form", json_text(visit, "form"),
				 &form, err);
	if (rc == RC_OK)
		rc = newer_form(s, form, visit, &newer, err);
	v.form = form;
	v.newer = newer;
	if (rc == RC_OK)
		rc = verdict_make(&v, out, err);
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

/* Does the record that `field` names stand frozen by its own table, or is none
 * named? One that is not here yet is not. */
static enum rc referred_is_frozen(struct batch *b, const struct kind *k,
				  const char *field, const json_t *record,
				  bool *frozen)
{
	const char *kind = kind_field(k, field)->refers;
	const struct kind *of = registry_kind(b->store->kinds, kind);
	const char *id = json_text(record, field);
	json_t *referred = NULL;
	enum rc rc = record_read(b->store, json_text(record, "scope"), kind, id,
				 &referred, b->err);

	*frozen = !id || (of && of->fsm && referred &&
			  fsm_is_frozen(of->fsm, fsm_state(of->fsm, referred)));
	json_decref(referred);
	return rc;
}

/* What is frozen with another record, as that one and the reference stand. */
static enum rc with_judge(struct batch *b, const struct kind *k,
			  const struct take *t, const json_t *base,
			  const json_t *terminal, const json_t *server,
			  const char **code, struct err *why)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < k->fsm->nfrozen; i++) {
		const struct fsm_frozen *f = &k->fsm->frozen[i];
		bool frozen = false;
		char since[80];

		if (!f->with || !base || !server)
			continue;
		snprintf(since, sizeof(since),
			 "once its %s is a fact, or it has none", f->with);
		rc = referred_is_frozen(b, k, f->with, server, &frozen);
		if (rc == RC_OK && !frozen && json_text(terminal, f->with))
			rc = referred_is_frozen(b, k, f->with, terminal,
						&frozen);
		if (rc == RC_OK && frozen &&
		    fsm_closes(k, f, t->role, base, terminal, since, why) !=
			    RC_OK)
			*code = "state";
	}
	return rc;
}

static bool is_among(const json_t *words, const char *word)
{
	const json_t *w;
	size_t i;

	json_array_foreach(words, i, w) if (json_is_string(w) &&
					    !strcmp(json_string_value(w),
						    word)) return true;
	return false;
}

/* Everybody accepts for himself. */
static void acceptance_judge(const struct take *t, const json_t *base,
			     const json_t *terminal, const char **code,
			     struct err *why)
{
	const json_t *was = json_object_get(base, "accepted_by"), *one;
	size_t n = strlen(t->commit.author), i;

	json_array_foreach(json_object_get(terminal, "accepted_by"), i, one)
	{
		const char *word = json_string_value(one);

		if (!word || is_among(was, word) ||
		    (!strncmp(word, t->commit.author, n) && word[n] == ':'))
			continue;
		*code = "owner";
		err_set(why, RC_DENIED,
			"conflict '%s': '%s' accepts for nobody else",
			json_text(terminal, "id"), t->commit.author);
	}
}

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
	rc = record_read(b->store, json_text(violation, "scope"), "visit",
			 visit, &record, b->err);
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
	rc = record_read(b->store, json_text(violation, "scope"), "visit", id,
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
		if (is_among(flags, *w))
			return *w;
	return NULL;
}

/* A move that is for another than who wrote the record first. */
static enum rc maker_judge(struct batch *b, const struct kind *k,
			   const struct take *t, const json_t *base,
			   const json_t *terminal, const char **code,
			   struct err *why)
{
	const char *id = json_text(terminal, "id");
	const char *who = t->commit.author;
	struct people p;
	struct query *q;
	enum rc rc;

	if (!fsm_asks_maker(k->fsm, t->role, base, terminal))
		return RC_OK;
	rc = people_of(b->store, json_text(terminal, "scope"), who, &p, b->err);
	if (rc != RC_OK)
		return rc;
	q = query_begin(b->store->db, SQL_RECORD_MAKER);
	query_text(q, 1, json_text(terminal, "scope"));
	query_text(q, 2, k->name);
	query_text(q, 3, id);
	if (!base || (query_row(q) && people_has(&p, query_get_text(q, 0)))) {
		*code = "role";
		err_set(why, RC_DENIED,
			"%s '%s': '%s' is for a second person to say, and '%s' "
			"made it",
			k->name, id, json_text(terminal, k->fsm->field->name),
			who);
	}
	return query_end(q, b->err);
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
	const char *state = json_text(visit, "state");
	const char *was = json_text(server, "state");
	bool ratifies = by && !json_text(base, "ratified_by");
	struct people p = { 0 };
	enum rc rc = ratifies ? people_of(b->store, json_text(visit, "scope"),
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
	} else if (!by && state && !strcmp(state, "published") &&
		   !(was && !strcmp(was, state)) && unratified(server)) {
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
	static const char published[] = "published";
	const char *state = json_text(visit, "state");
	const char *was = json_text(server, "state");
	json_t *files = NULL;
	int missing = 0;
	enum rc rc;

	if (!state || strcmp(state, published) != 0 ||
	    (was && !strcmp(was, published)))
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

/* What is known of a record: its versions, and what this packet makes of it,
 * for a finding stands in it before its visit. A new reference. */
static enum rc versions_read(struct batch *b, const struct take *t,
			     const char *scope, const char *kind,
			     const char *id, json_t **out)
{
	struct query *q = query_begin(b->store->db, SQL_LOG_AUTHORS);
	enum rc rc = RC_OK;

	*out = json_array();
	query_text(q, 1, scope);
	query_text(q, 2, kind);
	query_text(q, 3, id);
	while (rc == RC_OK && query_row(q)) {
		json_t *version = NULL;

		rc = json_read(query_get_text(q, 0), query_get_len(q, 0),
			       &version, b->err);
		json_array_append_new(*out, version);
	}
	for (size_t i = 0; i < t->nrecords; i++)
		if (!t->records[i].code && !strcmp(t->records[i].kind, kind) &&
		    !strcmp(t->records[i].id, id))
			json_array_append(*out, t->records[i].terminal);
	return query_end(q, b->err) == RC_OK ? rc : b->err->code;
}

static enum rc within_judge(struct batch *b, const struct kind *k,
			    const struct take *t, const json_t *base,
			    const json_t *terminal, const char **code,
			    struct err *why)
{
	const struct field *f = kind_field(k, k->within.field);
	const struct kind *of = registry_kind(b->store->kinds, f->refers);
	const char *id = json_text(terminal, f->name);
	json_t *versions = NULL;
	enum rc rc = RC_OK;

	if (of && id)
		rc = versions_read(b, t, json_text(terminal, "scope"), of->name,
				   id, &versions);
	if (rc == RC_OK && within_check(k, of, t->role, t->commit.author, base,
					terminal, versions, why) != RC_OK)
		*code = why->code == RC_DENIED ? "owner" : "invalid";
	json_decref(versions);
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

/* A day to come is told by a flag where the kind has flags: what took place is
 * kept, whatever a tablet's clock said. */
static void limits_judge(struct batch *b, const struct kind *k,
			 const json_t *base, const json_t *terminal,
			 const char **code, struct err *why)
{
	int64_t now = kind_field(k, FSM_FLAGS) ? LIMITS_NO_CLOCK : b->now_ms;

	if (limits_check(k, base, terminal, now, why) != RC_OK)
		*code = "invalid";
}

enum rc gate_judge(struct batch *b, const struct kind *k, const struct take *t,
		   const json_t *base, const json_t *terminal,
		   const json_t *server, const char **code, struct err *why)
{
	const char *owner = k->owner ? json_text(server, k->owner) : NULL;
	enum rc rc = RC_OK;

	*code = NULL;
	/* It may have got its owner since the author saw it. */
	if (owner && !(t->role & ROLE_SERVER) &&
	    strcmp(owner, t->commit.author) != 0) {
		*code = "owner";
		err_set(why, RC_DENIED,
			"%s '%s' is %s's: only its author changes it", k->name,
			json_text(terminal, "id"), owner);
	} else {
		rc = change_judge(b, k, t, base, terminal, code, why);
	}
	if (rc == RC_OK && !*code && t->role == ROLE_INSPECTOR)
		limits_judge(b, k, base, terminal, code, why);
	if (rc == RC_OK && !*code && k->within.field)
		rc = within_judge(b, k, t, base, terminal, code, why);
	if (rc == RC_OK && !*code && k->unique)
		rc = twin_judge(b, k, terminal, code, why);
	if (rc == RC_OK && !*code && k->apart.by)
		rc = apart_judge(b, k, terminal, code, why);
	if (rc == RC_OK && !*code && k->fsm)
		rc = with_judge(b, k, t, base, terminal, server, code, why);
	if (rc == RC_OK && !*code && k->fsm)
		rc = maker_judge(b, k, t, base, terminal, code, why);
	if (rc == RC_OK && !*code && !strncmp(k->name, "conflict", 8) &&
	    !(t->role & ROLE_SERVER))
		acceptance_judge(t, base, terminal, code, why);
	if (rc == RC_OK && !*code && !strcmp(k->name, "visit"))
		rc = lead_judge(b, t, base, terminal, code, why);
	if (rc == RC_OK && !*code && !strcmp(k->name, "visit"))
		rc = irregular_judge(b, t, base, terminal, server, code, why);
	if (rc == RC_OK && !*code && !strcmp(k->name, "visit"))
		rc = files_judge(b, terminal, server, code, why);
	if (rc == RC_OK && !*code && !server && !strcmp(k->name, "violation"))
		rc = late_judge(b, t, terminal, code, why);
	if (rc == RC_OK && !*code && !(t->role & ROLE_SERVER) &&
	    !strcmp(k->name, "violation"))
		rc = finding_judge(b, t, base, terminal, code, why);
	if (rc == RC_OK && !*code && !strcmp(k->name, "assignment"))
		rc = gate_assignment(b, k, t->commit.author, base, terminal,
				     server, code, why);
	if (rc == RC_OK && !*code && !strcmp(k->name, "visit") &&
	    visit_is_signed(terminal) && !visit_is_signed(server))
		rc = sign_judge(b, terminal, code, why);
	return rc;
}
