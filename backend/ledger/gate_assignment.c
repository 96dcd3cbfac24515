/* ledger/gate_assignment.c - teams that were drawn, reassignments, and who may
 * judge what was done while it was called off.
 *
 * A replacement stands in the draw before it stands in the assignment: the
 * office writes both in one packet, the draw first. So a team may become
 * exactly what the draw's record says by now, by whatever hand. */
#include "ledger/gate_assignment.h"

#include "base/jcs.h"
#include "kind/fsm.h"
#include "sql_store.gen.h"

#define STEPS_MAX 1000

static size_t place_in(const json_t *set, const char *word)
{
	size_t n = json_array_size(set), i = 0;

	while (i < n &&
	       strcmp(json_string_value(json_array_get(set, i)), word) != 0)
		i++;
	return i;
}

/* The team after every replacement of an officer that the draw has for this
 * subject; who gave way never comes back, so what happened before says nothing.
 * A new reference. */
static json_t *team_after(const json_t *draw, const char *subject,
			  const json_t *officers)
{
	json_t *team = officers ? json_copy((json_t *)(uintptr_t)officers)
				: json_array();
	const json_t *all = json_object_get(draw, "replacements"), *event;
	size_t i;

	json_array_foreach(all, i, event)
	{
		const char *of = json_text(event, "subject");
		const char *out = json_text(event, "out");
		const char *in = json_text(event, "in");
		size_t at = of && out && in && !strcmp(of, subject)
				    ? place_in(team, out)
				    : json_array_size(team);

		if (at < json_array_size(team))
			json_array_set_new(team, at, json_string(in));
	}
	return team;
}

static bool same_set(const json_t *a, const json_t *b)
{
	for (size_t i = 0; i < json_array_size(a); i++)
		if (place_in(b, json_string_value(json_array_get(a, i))) ==
		    json_array_size(b))
			return false;
	return json_array_size(a) == json_array_size(b);
}

static enum rc team_judge(struct batch *b, const char *scope,
			  const json_t *base, const json_t *terminal,
			  const json_t *server, const char **code,
			  struct err *why)
{
	const json_t *before = json_object_get(base, "officers");
	const json_t *after = json_object_get(terminal, "officers");
	/* What the author says that he saw counts less than what stands. */
	const json_t *stands = server ? server : base;
	const char *draw = json_text(stands, "draw");
	const char *subject = json_text(stands, "subject");
	json_t *record = NULL, *team;
	enum rc rc;

	if (!draw || !subject || same_set(before, after))
		return RC_OK;
	rc = store_look(b->store, scope, "draw", draw, &record, b->err);
	team = team_after(record, subject, before);
	if (rc == RC_OK && !same_set(team, after)) {
		*code = "field";
		err_set(why, RC_DENIED,
			"the officers of assignment '%s' were drawn: they "
			"change only by 'hufud draw replace %s %s --officer "
			"OFFICER --reason TEXT'",
			json_text(base, "id"), draw, subject);
	}
	json_decref(team);
	json_decref(record);
	return rc;
}

/* The draw that an assignment came of, by whatever reassignments, or "". */
static enum rc origin_find(struct batch *b, const char *scope, const char *id,
			   char draw[33])
{
	struct query *q = query_begin(b->store->db, SQL_ASSIGNMENT_ORIGIN);

	query_text(q, 1, scope);
	query_text(q, 2, id);
	snprintf(draw, 33, "%s", query_row(q) ? query_get_text(q, 0) : "");
	return query_end(q, b->err);
}

/* Did the person who is `author` write the assignment, under any name? */
static enum rc written_by(struct batch *b, const char *scope, const char *id,
			  const char *author, bool *is_own)
{
	struct people who;
	enum rc rc = people_behind(b->store, scope, author, &who, b->err);

	*is_own = false;
	for (size_t i = 0; rc == RC_OK && i < who.n && !*is_own; i++) {
		struct query *q =
			query_begin(b->store->db, SQL_ASSIGNMENT_WRITTEN_BY);

		query_text(q, 1, scope);
		query_text(q, 2, id);
		query_text(q, 3, who.names[i]);
		*is_own = query_row(q);
		rc = query_end(q, b->err);
	}
	return rc;
}

/* Another pair in the place of a drawn one is for a second person to say: with
 * a reason, and not by who wrote the other assignment. The other pair stays. */
static enum rc drawn_judge(struct batch *b, const char *scope,
			   const struct take *t, const json_t *base,
			   const json_t *terminal, const char **code,
			   struct err *why)
{
	const char *author = t->commit.author;
	const char *id = json_text(terminal, "id");
	const char *to = json_text(terminal, "reassigned_to");
	const char *was = json_text(base, "reassigned_to");
	bool moves = to && (!was || strcmp(was, to) != 0);
	bool renames = !json_text(base, "draw") &&
		       !same_set(json_object_get(base, "officers"),
				 json_object_get(terminal, "officers"));
	char draw[33];
	bool is_own;
	enum rc rc;

	if (!moves && !renames)
		return RC_OK;
	rc = origin_find(b, scope, id, draw);
	if (rc != RC_OK || !*draw)
		return rc;
	if (renames) {
		*code = "field";
		err_set(why, RC_DENIED,
			"the officers of assignment '%s' stand in the place of "
			"a drawn pair: reassign it again",
			id);
		return RC_OK;
	}
	rc = written_by(b, scope, to, author, &is_own);
	if (rc != RC_OK)
		return rc;
	if (!json_text(terminal, "reason")) {
		*code = "invalid";
		err_set(why, RC_INVALID,
			"assignment '%s' was drawn: it is reassigned only with "
			"'reason'",
			id);
	} else if (is_own) {
		*code = "role";
		err_set(why, RC_DENIED,
			"assignment '%s' was drawn: to put the pair of '%s' in "
			"the place of the drawn one is for a second person to "
			"say, and '%s' wrote that one",
			id, to, author);
	} else if (t->actor && people_in_person(t->actor, why) != RC_OK) {
		*code = "role";
	}
	return RC_OK;
}

/* The subject of an assignment and where it was reassigned to, each "" where
 * there is none. */
static enum rc step(struct batch *b, const char *scope, const char *id,
		    char subject[33], char to[33])
{
	struct query *q = query_begin(b->store->db, SQL_ASSIGNMENT_STEP);
	bool found;

	query_text(q, 1, scope);
	query_text(q, 2, id);
	found = query_row(q);
	snprintf(subject, 33, "%s",
		 found && !query_is_null(q, 0) ? query_get_text(q, 0) : "");
	snprintf(to, 33, "%s",
		 found && !query_is_null(q, 1) ? query_get_text(q, 1) : "");
	return query_end(q, b->err);
}

/* What is not here yet is judged when it comes: by who points to it. */
static enum rc pointed_at(struct batch *b, const char *scope, const char *id,
			  const char *subject, struct err *why)
{
	struct query *q =
		query_begin(b->store->db, SQL_ASSIGNMENT_FROM_OTHER_SUBJECT);

	query_text(q, 1, scope);
	query_text(q, 2, id);
	query_text(q, 3, subject);
	if (query_row(q))
		err_set(why, RC_INVALID,
			"assignment '%s' was reassigned to '%s', and is of "
			"another subject than '%s'",
			query_get_text(q, 0), id, subject);
	return query_end(q, b->err);
}

static enum rc successor_judge(struct batch *b, const char *scope,
			       const json_t *base, const json_t *terminal,
			       struct err *why)
{
	const char *id = json_text(terminal, "id");
	const char *subject = json_text(terminal, "subject");
	const char *to = json_text(terminal, "reassigned_to");
	char at[33], next[33], of[33];
	enum rc rc = RC_OK;

	if (!base && subject)
		rc = pointed_at(b, scope, id, subject, why);
	if (rc != RC_OK || why->code || !to)
		return rc;
	snprintf(at, sizeof(at), "%s", to);
	for (int i = 0; rc == RC_OK && *at && !why->code; i++) {
		if (!strcmp(at, id) || i == STEPS_MAX) {
			err_set(why, RC_INVALID,
				"assignment '%s' cannot be reassigned to '%s': "
				"%s",
				id, to,
				i ? "that leads back to it" : "that is itself");
			break;
		}
		rc = step(b, scope, at, of, next);
		if (i == 0 && *of && subject && strcmp(of, subject) != 0)
			err_set(why, RC_INVALID,
				"assignment '%s' of subject '%s' cannot be "
				"reassigned to '%s', which is of subject '%s'",
				id, subject, to, of);
		snprintf(at, sizeof(at), "%s", next);
	}
	return rc;
}

static bool is_same(const json_t *a, const json_t *b, const char *key)
{
	const char *x = json_text(a, key), *y = json_text(b, key);

	return x == y || (x && y && !strcmp(x, y));
}

enum rc contest_may_judge(const struct people *who, const json_t *assignment,
			  const char *author, const char *server_author,
			  struct err *err)
{
	const json_t *team = json_object_get(assignment, "officers");
	const char *part = NULL;

	if (people_among(who, team))
		part = "is one of its officers";
	else if (people_has(who, author) || people_has(who, server_author))
		part = "called it off or did it";
	return part ? err_set(err, RC_DENIED,
			      "whether assignment '%s' counts is for somebody "
			      "else to say: '%s' %s",
			      json_text(assignment, "id"), who->names[0], part)
		    : RC_OK;
}

static bool is_contested(const json_t *record)
{
	const char *state = json_text(record, "state");

	return state && !strcmp(state, RULE_CONTESTED);
}

static enum rc contest_judge(struct batch *b, const char *scope,
			     const struct take *t, const json_t *base,
			     const json_t *terminal, const char **code,
			     struct err *why)
{
	struct people who;
	struct query *q;
	enum rc rc;

	if (!is_contested(base) || is_contested(terminal))
		return RC_OK;
	if (t->actor && people_in_person(t->actor, why) != RC_OK) {
		*code = "role";
		return RC_OK;
	}
	rc = people_behind(b->store, scope, t->commit.author, &who, b->err);
	if (rc != RC_OK)
		return rc;
	q = query_begin(b->store->db, SQL_ASSIGNMENT_CONTEST);
	query_text(q, 1, scope);
	query_text(q, 2, json_text(base, "id"));
	while (!*code && query_row(q))
		if (contest_may_judge(&who, base, query_get_text(q, 0),
				      query_get_text(q, 1), why) != RC_OK)
			*code = "role";
	return query_end(q, b->err);
}

/* What nobody signed is not reviewed: it goes back to who said that it is done.
 */
static void unsigned_judge(const json_t *base, const json_t *terminal,
			   const json_t *server, const char **code,
			   struct err *why)
{
	const json_t *flags = json_object_get(server, FSM_FLAGS);
	const char *was = json_text(base, "state");
	const char *state = json_text(terminal, "state");

	if (!was || !state || strcmp(was, "done") != 0 ||
	    (strcmp(state, "reviewed") != 0 && strcmp(state, "closed") != 0) ||
	    place_in(flags, FLAG_DONE_WITHOUT_VISIT) == json_array_size(flags))
		return;
	*code = "state";
	err_set(why, RC_INVALID,
		"assignment '%s' is done without a signed visit: it can only "
		"be returned, with 'reason'",
		json_text(terminal, "id"));
}

enum rc gate_assignment(struct batch *b, const struct kind *k,
			const struct take *t, const json_t *base,
			const json_t *terminal, const json_t *server,
			const char **code, struct err *why)
{
	const char *scope = json_text(terminal, "scope");
	enum rc rc = contest_judge(b, scope, t, base, terminal, code, why);

	if (rc == RC_OK && !*code)
		unsigned_judge(base, terminal, server, code, why);
	if (rc == RC_OK && !*code && base && kind_field(k, "draw") &&
	    kind_field(k, "officers"))
		rc = team_judge(b, scope, base, terminal, server, code, why);
	if (rc == RC_OK && !*code && base && kind_field(k, "draw") &&
	    kind_field(k, "reassigned_to"))
		rc = drawn_judge(b, scope, t, base, terminal, code, why);
	if (rc != RC_OK || *code || !kind_field(k, "reassigned_to") ||
	    (base && is_same(base, terminal, "reassigned_to") &&
	     is_same(base, terminal, "subject")))
		return rc;
	rc = successor_judge(b, scope, base, terminal, why);
	if (rc == RC_OK && why->code)
		*code = "invalid";
	return rc;
}
