/* ledger/gate.c - what is looked up before a record is merged.
 *
 *   invalid   codes that may not be, or not beside each other
 *   owner     the record is another's
 *   field     a field that is set once would change
 *   twin      another record has the same values where no two may
 *   state     it is frozen with the record that it refers to
 *   role      it is for a second person to say
 *   adopts    what it adopts is not there to be adopted (ledger/adopt.h)
 *
 * What assignments, visits and findings are asked besides stands in
 * gate_assignment.h and gate_visit.h.
 *
 * Answers stand in a packet before their visit (records are in byte order of
 * kinds), so a visit is judged by the answers that came with it. */
#include "ledger/gate.h"

#include <string.h>

#include "base/jcs.h"
#include "base/words.h"
#include "kind/fsm.h"
#include "kind/limits.h"
#include "kind/rows.h"
#include "kind/within.h"
#include "ledger/adopt.h"
#include "ledger/gate_assignment.h"
#include "ledger/gate_visit.h"
#include "ledger/people.h"
#include "sql_store.gen.h"

/* In a team one is by any of one's names. (No kind with a team has fields that
 * say who acted, which is one name.) */
static enum rc change_judge(struct batch *b, const struct kind *k,
			    const struct take *t, const json_t *before,
			    const json_t *after, const char **code,
			    struct err *why)
{
	const char *author = take_name(t), *named = NULL;
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
	enum rc rc = store_look(b->store, json_text(record, "scope"), kind, id,
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

/* Everybody accepts for himself. */
static void acceptance_judge(const struct take *t, const json_t *base,
			     const json_t *terminal, const char **code,
			     struct err *why)
{
	const json_t *was = json_object_get(base, "accepted_by"), *one;
	const char *who = take_name(t);
	size_t n = strlen(who), i;

	json_array_foreach(json_object_get(terminal, "accepted_by"), i, one)
	{
		const char *word = json_string_value(one);

		if (!word || json_has_text(was, word) ||
		    (!strncmp(word, who, n) && word[n] == ':'))
			continue;
		*code = "owner";
		err_set(why, RC_DENIED,
			"conflict '%s': '%s' accepts for nobody else",
			json_text(terminal, "id"), who);
	}
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
	rc = people_behind(b->store, json_text(terminal, "scope"), who, &p,
			   b->err);
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
	if (rc == RC_OK && within_check(k, of, t->role, take_name(t), base,
					terminal, versions, why) != RC_OK)
		*code = why->code == RC_DENIED ? "owner" : "invalid";
	json_decref(versions);
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
	    strcmp(owner, take_name(t)) != 0) {
		*code = "owner";
		err_set(why, RC_DENIED,
			"%s '%s' is %s's: only its author changes it", k->name,
			json_text(terminal, "id"), owner);
	} else {
		rc = change_judge(b, k, t, base, terminal, code, why);
	}
	if (rc == RC_OK && !*code && t->role == ROLE_INSPECTOR)
		limits_judge(b, k, base, terminal, code, why);
	if (rc == RC_OK && !*code && within_asks(k, t->role, base, terminal))
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
	if (rc == RC_OK && !*code && !strcmp(k->name, ADOPTION))
		rc = adopt_judge(b, t, terminal, server, code, why);
	if (rc == RC_OK && !*code && !strcmp(k->name, "visit"))
		rc = gate_visit(b, t, base, terminal, server, code, why);
	if (rc == RC_OK && !*code && !strcmp(k->name, "violation"))
		rc = gate_violation(b, t, base, terminal, server, code, why);
	if (rc == RC_OK && !*code && !strcmp(k->name, "assignment"))
		rc = gate_assignment(b, k, t, base, terminal, server, code,
				     why);
	return rc;
}
