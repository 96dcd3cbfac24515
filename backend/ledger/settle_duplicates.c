/* ledger/settle_duplicates.c - two facts for one order, and what a person says
 * about them. Both stand, and one is the primary. They bear the flag until the
 * question is decided; then it stays on the one that is a duplicate. */
#include "ledger/settle.h"

#include <string.h>

#include "base/jcs.h"
#include "form/verdict.h"
#include "sql_store.gen.h"

#define RULE "duplicate_visit"

/* The earlier start, an unknown one last; else the lower id. */
static bool is_before(const json_t *a, const json_t *b)
{
	int64_t x = json_int(a, "started_at", INT64_MAX);
	int64_t y = json_int(b, "started_at", INT64_MAX);

	return x != y ? x < y
		      : strcmp(json_text(a, "id"), json_text(b, "id")) < 0;
}

static enum rc visit_first(struct settle *s, json_t *assignment, json_t *visit,
			   void *ctx)
{
	json_t **first = ctx;

	(void)assignment;
	if (settle_is_fact(s, visit) && (!*first || is_before(visit, *first)))
		*first = visit;
	return RC_OK;
}

/* The question about the secondary: stands it beside the primary, or by itself?
 */
static enum rc duplicate_ask(struct settle *s, const json_t *primary,
			     const json_t *secondary)
{
	const char *on = json_text(secondary, "id");
	const char *of = json_text(primary, "id");
	struct turn one, other;
	char id[33];
	json_t *c;
	enum rc rc = settle_turn(s, "visit", of, NULL, &one);

	if (rc == RC_OK)
		rc = settle_turn(s, "visit", on, NULL, &other);
	if (rc != RC_OK)
		return rc;
	conflict_id(id, "visit", on, "duplicate_of", other.by.packet);
	c = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:[s], s:{}, s:{s:s},"
		      " s:{}, s:{s:s}, s:[s], s:I, s:s, s:s}",
		      "id", id, "scope", s->bs->scope, "town",
		      json_text(secondary, "town"), "record_kind", "visit",
		      "record_id", on, "field_group", "duplicate_of", "fields",
		      "duplicate_of", "base_value", "terminal_value",
		      "duplicate_of", of, "server_value", "standing_value",
		      "duplicate_of", of, "packets", other.by.packet,
		      "opened_at", (json_int_t)s->b->now_ms, "state", "open",
		      "rule", RULE);
	if (!c)
		return settle_no_memory(s);
	turn_say(c, &other, "author", NULL, NULL);
	turn_say(c, &one, "server_author", "server_packet", "server_at");
	conflict_parties(s->b->store->kinds, "conflict", c);
	return settle_add(s, "conflict", c);
}

/* Has a person said what these two are to each other? */
static enum rc pair_decided(struct settle *s, const json_t *one,
			    const json_t *other, bool *decided)
{
	struct query *q = query_begin(s->b->store->db, SQL_VISITS_DECIDED);

	query_text(q, 1, s->bs->scope);
	query_text(q, 2, json_text(one, "id"));
	query_text(q, 3, json_text(other, "id"));
	*decided = query_row(q);
	return query_end(q, s->b->err);
}

/* Two facts for one order: both stand, one of them is the primary. */
static enum rc pair_up(struct settle *s, json_t *one, json_t *other)
{
	json_t *primary = is_before(one, other) ? one : other;
	json_t *secondary = primary == one ? other : one;
	bool decided, fresh = false, first = false;
	char text[200];
	enum rc rc = pair_decided(s, one, other, &decided);

	if (rc == RC_OK && !decided)
		rc = settle_flag(s, "visit", primary, RULE, &first);
	if (rc == RC_OK && !decided)
		rc = settle_flag(s, "visit", secondary, RULE, &fresh);
	if (rc != RC_OK || !(fresh || first))
		return rc;
	rc = settle_text(s, "visit", secondary, "duplicate_of",
			 json_text(primary, "id"));
	if (rc == RC_OK)
		rc = duplicate_ask(s, primary, secondary);
	snprintf(text, sizeof(text),
		 "visits '%s' and '%s' were made for one order; both count as "
		 "a disturbance of the firm",
		 json_text(primary, "id"), json_text(secondary, "id"));
	return rc == RC_OK ? settle_alarm(s, "duplicate_visit", "alarm",
					  "visit", secondary, text)
			   : rc;
}

enum rc settle_duplicates(struct settle *s, json_t *a, json_t *b)
{
	json_t *one = NULL, *other = NULL;
	enum rc rc = settle_visits(s, a, visit_first, &one);

	if (rc == RC_OK)
		rc = settle_visits(s, b, visit_first, &other);
	if (rc != RC_OK || !one || !other || one == other)
		return rc;
	return pair_up(s, one, other);
}

static enum rc visit_first_signed(struct settle *s, json_t *assignment,
				  json_t *visit, void *ctx)
{
	return visit_is_signed(visit) ? visit_first(s, assignment, visit, ctx)
				      : RC_OK;
}

static enum rc visit_again(struct settle *s, json_t *assignment, json_t *visit,
			   void *ctx)
{
	json_t *first = *(json_t **)ctx;

	(void)assignment;
	return visit != first && visit_is_signed(visit)
		       ? pair_up(s, first, visit)
		       : RC_OK;
}

enum rc settle_own_visits(struct settle *s, json_t *assignment)
{
	json_t *first = NULL;
	enum rc rc = settle_visits(s, assignment, visit_first_signed, &first);

	if (rc == RC_OK && first)
		rc = settle_order(s, assignment, first);
	return rc == RC_OK && first
		       ? settle_visits(s, assignment, visit_again, &first)
		       : rc;
}

/* The signed visits of one complaint: the first, or each other with it. */
struct complaint {
	const json_t *visit;
	json_t *first; /* NULL: still looked for */
	bool is_found;
};

static enum rc complaint_visit(struct settle *s, json_t *visit, void *ctx)
{
	struct complaint *c = ctx;

	if (!visit_is_signed(visit) ||
	    !settle_same_text(visit, c->visit, "source"))
		return RC_OK;
	if (c->is_found)
		return visit == c->first ? RC_OK : pair_up(s, c->first, visit);
	if (!c->first || is_before(visit, c->first))
		c->first = visit;
	return RC_OK;
}

enum rc settle_sources(struct settle *s, json_t *visit)
{
	const char *number = json_text(visit, "source_id");
	struct complaint c = { .visit = visit };
	enum rc rc = RC_OK;

	if (!number || !json_text(visit, "source"))
		return RC_OK;
	for (int i = 0; i < 2 && rc == RC_OK; i++, c.is_found = true)
		rc = settle_each(s, SQL_VISITS_OF_SOURCE, number, "visit",
				 complaint_visit, &c);
	return rc;
}

static enum rc is_asked(struct settle *s, const char *visit, bool *asked)
{
	struct query *q =
		query_begin(s->b->store->db, SQL_VISIT_DUPLICATE_ASKED);

	query_text(q, 1, s->bs->scope);
	query_text(q, 2, visit);
	*asked = query_row(q);
	return query_end(q, s->b->err);
}

/* No longer in question: the flag is for what is a duplicate. */
static enum rc visit_decided(struct settle *s, const char *id)
{
	json_t *visit = NULL;
	bool asked = false;
	enum rc rc = id ? settle_look(s, "visit", id, &visit) : RC_OK;

	if (rc == RC_OK && visit)
		rc = is_asked(s, id, &asked);
	return rc == RC_OK && visit && !asked &&
			       !json_text(visit, "duplicate_of")
		       ? settle_unflag(s, "visit", visit, RULE)
		       : rc;
}

enum rc settle_decided(struct settle *s, const json_t *conflict)
{
	const char *rule = json_text(conflict, "rule");
	const char *state = json_text(conflict, "state");
	const json_t *asked = json_object_get(conflict, "terminal_value");
	enum rc rc;

	if (!rule || strcmp(rule, RULE) != 0 || !state ||
	    strcmp(state, "decided") != 0)
		return RC_OK;
	rc = visit_decided(s, json_text(conflict, "record_id"));
	return rc == RC_OK ? visit_decided(s, json_text(asked, "duplicate_of"))
			   : rc;
}
