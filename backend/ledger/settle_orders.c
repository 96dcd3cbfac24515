/* ledger/settle_orders.c - the visit decides.
 *
 * A signed visit of an assignment's subject says that the assignment was done,
 * whether or not a tablet wrote so into the assignment. It is laid beside the
 * state in which the assignment stands by the table of the kind, as if a tablet
 * had written `done`: what is under way is done, what was called off is a
 * question for a second person, what was reassigned or withdrawn was done
 * before that was known. Once asked, a question is not asked again; and what a
 * reviewer returned is done again only when an inspector says so. */
#include "ledger/settle.h"

#include <string.h>

#include "base/jcs.h"
#include "form/verdict.h"
#include "kind/fsm.h"
#include "ledger/gate_assignment.h"
#include "sql_store.gen.h"

static const char *const not_begun[] = { "issued", NULL };
static const char *const reworked[] = { "in_progress", "recalled", NULL };

static enum rc asked_before(struct settle *s, const json_t *a, bool *asked)
{
	struct query *q =
		query_begin(s->b->store->db, SQL_ASSIGNMENT_CONTESTED);

	query_text(q, 1, s->bs->scope);
	query_text(q, 2, json_text(a, "id"));
	*asked = query_row(q);
	return query_end(q, s->b->err);
}

/* The question about the assignment's state that is open already, or NULL. */
static enum rc question_open(struct settle *s, const json_t *a, json_t **out)
{
	struct query *q = query_begin(s->b->store->db, SQL_CONFLICTS_OPEN_ON);
	enum rc rc = RC_OK;

	*out = NULL;
	query_text(q, 1, s->bs->scope);
	query_text(q, 2, "assignment");
	query_text(q, 3, json_text(a, "id"));
	while (rc == RC_OK && !*out && query_row(q)) {
		json_t *c = NULL;

		rc = settle_look(s, "conflict", query_get_text(q, 0), &c);
		if (c && json_text(c, "field_group") &&
		    !strcmp(json_text(c, "field_group"), "state"))
			*out = c;
	}
	return query_end(q, s->b->err) == RC_OK ? rc : s->b->err->code;
}

/* A tablet that declined, or wrote another state, and signed nevertheless: one
 * question, which the visit extends. Its earlier words stay in the log. */
static enum rc question_extend(struct settle *s, json_t *c,
			       const struct turn *did)
{
	json_t *packets = json_object_get(c, "packets");

	json_object_set_new(c, "terminal_value",
			    json_pack("{s:s}", "state", "done"));
	json_object_set_new(c, "standing_value",
			    json_pack("{s:s}", "state", RULE_CONTESTED));
	packets = packets ? json_copy(packets) : json_array();
	json_array_append_new(packets, json_string(did->by.packet));
	json_object_set_new(c, "packets", packets);
	turn_say(c, did, "author", NULL, NULL);
	conflict_parties(s->b->store->kinds, "conflict", c);
	return settle_text(s, "conflict", c, "rule", RULE_CONTESTED);
}

/* The question that the merge asks where the tablet itself wrote `done`. */
static enum rc contest_ask(struct settle *s, json_t *a, const json_t *visit,
			   const struct turn *off)
{
	const char *on = json_text(a, "id"), *was = json_text(a, "state");
	struct turn did;
	json_t *c = NULL;
	char id[33];
	enum rc rc =
		settle_turn(s, "visit", json_text(visit, "id"), NULL, &did);

	if (rc == RC_OK)
		rc = question_open(s, a, &c);
	if (rc != RC_OK)
		return rc;
	if (c)
		return question_extend(s, c, &did);
	conflict_id(id, "assignment", on, RULE_CONTESTED, did.by.packet);
	c = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:[s], s:{s:s}, s:{s:s},"
		      " s:{s:s}, s:{s:s}, s:[s], s:I, s:s, s:s}",
		      "id", id, "scope", s->bs->scope, "town",
		      json_text(a, "town"), "record_kind", "assignment",
		      "record_id", on, "field_group", "state", "fields",
		      "state", "base_value", "state",
		      off->before[0] ? off->before : "issued", "terminal_value",
		      "state", "done", "server_value", "state", was,
		      "standing_value", "state", RULE_CONTESTED, "packets",
		      did.by.packet, "opened_at", (json_int_t)s->b->now_ms,
		      "state", "open", "rule", RULE_CONTESTED);
	if (!c)
		return settle_no_memory(s);
	turn_say(c, &did, "author", NULL, NULL);
	turn_say(c, off, "server_author", "server_packet", "server_at");
	conflict_parties(s->b->store->kinds, "conflict", c);
	return settle_add(s, "conflict", c);
}

static enum rc stands(struct settle *s, json_t *a, const char *state,
		      const char *flag)
{
	bool fresh;
	enum rc rc = settle_text(s, "assignment", a, "state", state);

	return rc == RC_OK && flag
		       ? settle_flag(s, "assignment", a, flag, &fresh)
		       : rc;
}

enum rc settle_order(struct settle *s, json_t *a, const json_t *visit)
{
	const struct fsm *t =
		registry_kind(s->b->store->kinds, "assignment")->fsm;
	json_t *done = json_string("done");
	const struct fsm_cell *cell =
		fsm_cell(t, json_object_get(a, "state"), done);
	const char *state = cell ? t->field->values[cell->stands] : "done";
	struct turn off;
	bool asked = false;
	enum rc rc;

	json_decref(done);
	if ((!cell && !settle_state_is(a, not_begun)) ||
	    !strcmp(state, json_text(a, "state")))
		return RC_OK;
	rc = settle_turn(s, "assignment", json_text(a, "id"),
			 json_text(a, "state"), &off);
	if (rc == RC_OK && cell && cell->conflict)
		rc = asked_before(s, a, &asked);
	if (rc != RC_OK || asked ||
	    (off.was_returned && settle_state_is(a, reworked)))
		return rc;
	if (cell && cell->conflict)
		rc = contest_ask(s, a, visit, &off);
	return rc == RC_OK ? stands(s, a, state, cell ? cell->flag : NULL) : rc;
}

static enum rc visit_count(struct settle *s, json_t *assignment, json_t *visit,
			   void *ctx)
{
	(void)s;
	(void)assignment;
	*(size_t *)ctx += visit_is_signed(visit);
	return RC_OK;
}

enum rc settle_done(struct settle *s, json_t *a)
{
	static const char *const is_done[] = { "done", NULL };
	size_t n = 0;
	enum rc rc = RC_OK;

	if (!settle_state_is(a, is_done) &&
	    !settle_has_flag(a, FLAG_DONE_WITHOUT_VISIT))
		return RC_OK;
	rc = settle_visits(s, a, visit_count, &n);
	if (rc != RC_OK)
		return rc;
	if (n || !settle_state_is(a, is_done))
		return settle_unflag(s, "assignment", a,
				     FLAG_DONE_WITHOUT_VISIT);
	return settle_remark(
		s, "assignment", a, FLAG_DONE_WITHOUT_VISIT, "alarm",
		arena_printf(&s->b->mem,
			     "'%s' made assignment '%s' done, and "
			     "no visit of it is signed",
			     s->t->commit.author, json_text(a, "id")));
}
