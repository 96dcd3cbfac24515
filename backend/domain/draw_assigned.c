/* domain/draw_assigned.c - each assignment that was drawn, then each that says
 * it was. */
#include "domain/draw_assigned.h"

#include "base/jcs.h"
#include "base/words.h"
#include "domain/draw_impl.h"
#include "sql_store.gen.h"

#define STEPS_MAX 1000

/* An assignment that the draw gives: by its id in `drawn`. */
struct comparing {
	struct op *op;
	const char *id;
	char scope[33];
	json_t *paper;
	bool may_miss; /* the run was cut off */
	json_t *drawn; /* {id: {"subject","officers","gone"?}} */
	json_t *heirs; /* {id: from}: where drawn ones were reassigned to */
	json_t *faults, *moved, *changed, *visits, *doubts;
};

static void fault(struct comparing *c, const char *id, const char *subject,
		  const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static void fault(struct comparing *c, const char *id, const char *subject,
		  const char *fmt, ...)
{
	char why[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	json_array_append_new(c->faults,
			      json_pack("{s:s, s:s, s:s}", "assignment", id,
					"subject", subject, "why", why));
}

/* "o1, o2" of a set. */
static const char *words(char room[200], const json_t *set)
{
	size_t at = 0;

	*room = '\0';
	for (size_t i = 0; i < json_array_size(set) && at < 160; i++)
		at += (size_t)snprintf(
			room + at, 200 - at, "%s%.32s", i ? ", " : "",
			json_string_value(json_array_get(set, i)));
	return *room ? room : "nobody";
}

/* -- what the draw gives -- */

static json_t *drawn_find(struct comparing *c, const char *subject)
{
	char id[21];

	draw_assignment_id(id, c->id, subject);
	return json_object_get(c->drawn, id);
}

static void drawn_add(struct comparing *c, const json_t *pair)
{
	const char *subject = json_string_value(json_array_get(pair, 0));
	char id[21];

	draw_assignment_id(id, c->id, subject);
	json_object_set_new(c->drawn, id,
			    json_pack("{s:s, s:o}", "subject", subject,
				      "officers", draw_officers_of(pair)));
}

/* [subject, officer, ...] as a pair again, `out` exchanged for `in`. */
static void drawn_exchange(struct comparing *c, const char *subject,
			   const char *out, const char *in)
{
	const json_t *officers =
		json_object_get(drawn_find(c, subject), "officers");
	json_t *pair = json_pack("[s]", subject);

	for (size_t i = 0; i < json_array_size(officers); i++) {
		const char *o = json_string_value(json_array_get(officers, i));

		json_array_append_new(pair,
				      json_string(strcmp(o, out) ? o : in));
	}
	drawn_add(c, pair);
	json_decref(pair);
}

/* The paper holds, so every event fits what was before it. */
static void events_follow(struct comparing *c)
{
	const json_t *all = json_object_get(c->paper, "replacements"), *e;
	size_t i;

	json_array_foreach(all, i, e)
	{
		const char *subject = json_text(e, "subject");
		const char *out = json_text(e, "out"), *in = json_text(e, "in");

		if (subject) {
			drawn_exchange(c, subject, out, in);
		} else {
			json_t *pair = json_pack("[s]", in);

			json_array_extend(pair, json_object_get(e, "officers"));
			drawn_add(c, pair);
			json_decref(pair);
			json_object_set_new(drawn_find(c, out), "gone",
					    json_true());
		}
	}
}

/* A run that was cut off has assignments, and no result yet. */
static enum rc drawn_load(struct comparing *c)
{
	const char *seed = json_text(c->paper, "seed");
	json_t *outcome = NULL;
	const json_t *pairs = json_object_get(c->paper, "pairs"), *pair;
	size_t i;
	enum rc rc = RC_OK;

	if (!pairs && seed) {
		rc = draw_outcome(c->paper, seed, &outcome, c->op->err);
		pairs = json_object_get(outcome, "pairs");
		c->may_miss = true;
	}
	json_array_foreach(pairs, i, pair) drawn_add(c, pair);
	events_follow(c);
	json_decref(outcome);
	return rc;
}

/* -- what stands -- */

/* The current row of the statements. */
static json_t *row_read(struct query *q)
{
	static const char *const names[] = {
		"id",     "subject",        "item",          "state",
		"reason", "decline_reason", "reassigned_to", "draw",
		"due",    "instructions"
	};
	json_t *row = json_object();

	for (int i = 0; i < 10; i++)
		if (!query_is_null(q, i))
			draw_set_text(row, names[i], query_get_text(q, i));
	json_object_set_new(
		row, "officers",
		query_is_null(q, 10)
			? json_array()
			: json_loads(query_get_text(q, 10), 0, NULL));
	return row;
}

/* *out is a new reference, or NULL where there is none. */
static enum rc row_find(struct comparing *c, const char *id, json_t **out)
{
	struct query *q =
		query_begin(c->op->store->db, SQL_DRAW_ASSIGNMENT_ROW);

	query_text(q, 1, c->scope);
	query_text(q, 2, id);
	*out = query_row(q) ? row_read(q) : NULL;
	return query_end(q, c->op->err);
}

static void moved_add(struct comparing *c, const json_t *row,
		      const char *reason)
{
	json_array_append_new(
		c->moved, json_pack("{s:s, s:s?, s:s?, s:s}", "assignment",
				    json_text(row, "id"), "subject",
				    json_text(row, "subject"), "state",
				    json_text(row, "state"), "reason", reason));
}

/* "to h1, whose pair was chosen, not drawn: o1, o2; ", or "". */
static void heir_say(struct comparing *c, const char *to, char out[300])
{
	json_t *row = NULL;
	char pair[200];

	*out = '\0';
	if (!to || row_find(c, to, &row) != RC_OK)
		return;
	snprintf(out, 300, "to %s, whose pair was chosen, not drawn: %s", to,
		 words(pair, json_object_get(row, "officers")));
	json_decref(row);
}

static void state_compare(struct comparing *c, const json_t *row, bool is_gone)
{
	static const char *const ended[] = {
		"cancelled", "reassigned", "recalled", "declined", "void",
		"withdrawn", "no_object",  "closed",   NULL
	};
	static const char *const over[] = { "no_object", "closed", NULL };
	const char *state = json_text(row, "state");
	const char *to = json_text(row, "reassigned_to");
	const char *reason = json_text(row, state && !strcmp(state, "declined")
						    ? "decline_reason"
						    : "reason");
	char text[700], heir[300];

	if (is_gone && (!state || !words_have(ended, state))) {
		fault(c, json_text(row, "id"), json_text(row, "subject"),
		      "its subject gave way in the draw, and it is '%s'",
		      state ? state : "");
		return;
	}
	if (!state || !words_have(ended, state) ||
	    (!is_gone && words_have(over, state)))
		return;
	heir_say(c, to, heir);
	snprintf(text, sizeof(text), "%s%s%s%.300s",
		 is_gone ? "gave way; " : "", heir, to && reason ? "; " : "",
		 reason ? reason : "");
	moved_add(c, row, text);
}

/* What the office may say anew, and the paper said otherwise. A draw says
 * nothing in `instructions`. */
static void orders_compare(struct comparing *c, const json_t *row)
{
	static const char *const names[] = { "due", "instructions" };
	const json_t *rules = json_object_get(
		json_object_get(c->paper, "committed"), "rules");

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *drawn = json_text(rules, names[i]);
		const char *is = json_text(row, names[i]);
		char why[300];

		if (drawn == is || (drawn && is && !strcmp(drawn, is)))
			continue;
		snprintf(why, sizeof(why), "'%s' is '%.100s', drawn was '%s'",
			 names[i], is ? is : "", drawn ? drawn : "");
		json_array_append_new(
			c->changed,
			json_pack("{s:s, s:s?, s:s}", "assignment",
				  json_text(row, "id"), "subject",
				  json_text(row, "subject"), "why", why));
	}
}

static void row_compare(struct comparing *c, const json_t *drawn,
			const json_t *row)
{
	const json_t *rules = json_object_get(
		json_object_get(c->paper, "committed"), "rules");
	const char *id = json_text(row, "id");
	const char *subject = json_text(drawn, "subject");
	const char *is = json_text(row, "subject");
	const char *item = json_text(rules, "item");
	const char *has = json_text(row, "item");
	const char *draw = json_text(row, "draw");
	char a[200], b[200];

	if (!draw || strcmp(draw, c->id) != 0)
		fault(c, id, subject, "it does not name the draw any more");
	if (!is || strcmp(is, subject) != 0)
		fault(c, id, subject, "its subject is '%s', drawn was '%s'",
		      is ? is : "", subject);
	if (!item != !has || (item && strcmp(item, has) != 0))
		fault(c, id, subject, "its item is '%s', drawn was for '%s'",
		      has ? has : "", item ? item : "");
	if (!json_equal(json_object_get(drawn, "officers"),
			json_object_get(row, "officers")))
		fault(c, id, subject, "its officers are %s, drawn were %s",
		      words(a, json_object_get(row, "officers")),
		      words(b, json_object_get(drawn, "officers")));
	state_compare(c, row, json_object_get(drawn, "gone"));
	orders_compare(c, row);
}

/* Whoever it was reassigned to, and on. */
static enum rc heirs_follow(struct comparing *c, const json_t *row)
{
	json_t *at = json_incref((json_t *)(uintptr_t)row);
	enum rc rc = RC_OK;

	for (int i = 0; rc == RC_OK && at && i < STEPS_MAX; i++) {
		const char *to = json_text(at, "reassigned_to");
		json_t *next = NULL;

		if (to && !json_object_get(c->heirs, to)) {
			json_object_set_new(c->heirs, to,
					    json_string(json_text(at, "id")));
			rc = row_find(c, to, &next);
		}
		json_decref(at);
		at = next;
	}
	json_decref(at);
	return rc;
}

static enum rc drawn_compare(struct comparing *c)
{
	const char *id;
	json_t *drawn;
	enum rc rc = RC_OK;

	json_object_foreach(c->drawn, id, drawn)
	{
		json_t *row = NULL;
		char room[200];

		if (rc == RC_OK)
			rc = row_find(c, id, &row);
		if (rc == RC_OK && row) {
			row_compare(c, drawn, row);
			rc = heirs_follow(c, row);
		} else if (rc == RC_OK && !c->may_miss) {
			fault(c, id, json_text(drawn, "subject"),
			      "it is not there; drawn were %s",
			      words(room, json_object_get(drawn, "officers")));
		}
		json_decref(row);
	}
	return rc;
}

static void claim_compare(struct comparing *c, const json_t *row)
{
	const char *id = json_text(row, "id");
	const char *subject = json_text(row, "subject");
	const char *from = json_text(c->heirs, id);
	char text[80];

	if (json_object_get(c->drawn, id))
		return;
	if (!from) {
		fault(c, id, subject ? subject : "",
		      "it claims the draw and was not drawn");
		return;
	}
	snprintf(text, sizeof(text), "takes over from %s", from);
	moved_add(c, row, text);
}

/* -- what was done by it -- */

/* The visits that name the assignment and are of another subject or team. */
static enum rc visits_of(struct comparing *c, const char *id)
{
	struct query *q = query_begin(c->op->store->db, SQL_DRAW_VISITS_OTHER);

	query_text(q, 1, c->scope);
	query_text(q, 2, id);
	while (query_row(q)) {
		const char *by =
			query_is_null(q, 3) ? NULL : query_get_text(q, 3);

		json_array_append_new(
			c->visits,
			json_pack("{s:s, s:s, s:s, s:o, s:s?}", "visit",
				  query_get_text(q, 0), "assignment", id,
				  "subject", query_get_text(q, 1), "flags",
				  json_loads(query_get_text(q, 2), 0, NULL),
				  "ratified_by", by));
	}
	return query_end(q, c->op->err);
}

static enum rc visits_compare(struct comparing *c)
{
	const char *id;
	json_t *value;
	enum rc rc = RC_OK;

	json_object_foreach(c->drawn, id, value)
	{
		if (rc == RC_OK)
			rc = visits_of(c, id);
	}
	json_object_foreach(c->heirs, id, value)
	{
		if (rc == RC_OK && !json_object_get(c->drawn, id))
			rc = visits_of(c, id);
	}
	return rc;
}

size_t draw_unratified(const json_t *against)
{
	const json_t *visits = json_object_get(against, "visits"), *visit;
	size_t i, n = 0;

	json_array_foreach(visits, i, visit) n +=
		json_text(visit, "ratified_by") == NULL;
	return n;
}

static enum rc claims_compare(struct comparing *c)
{
	struct query *q = query_begin(c->op->store->db, SQL_DRAW_CLAIMS);

	query_text(q, 1, c->scope);
	query_text(q, 2, c->id);
	while (query_row(q)) {
		json_t *row = row_read(q);

		claim_compare(c, row);
		json_decref(row);
	}
	return query_end(q, c->op->err);
}

enum rc draw_assigned(struct op *op, const char *id, json_t **out)
{
	struct comparing c = { .op = op,
			       .id = id,
			       .drawn = json_object(),
			       .heirs = json_object(),
			       .faults = json_array(),
			       .moved = json_array(),
			       .changed = json_array(),
			       .visits = json_array(),
			       .doubts = json_array() };
	json_t *record = NULL;
	enum rc rc = draw_load(op, id, c.scope, &record);

	*out = NULL;
	if (rc == RC_OK)
		rc = draw_paper(op, id, false, &c.paper);
	if (rc == RC_OK)
		rc = drawn_load(&c);
	if (rc == RC_OK)
		rc = drawn_compare(&c);
	if (rc == RC_OK)
		rc = claims_compare(&c);
	if (rc == RC_OK)
		rc = visits_compare(&c);
	if (rc == RC_OK)
		rc = draw_seed_doubts(op, c.scope, id, record, c.doubts);
	if (rc == RC_OK)
		*out = json_pack("{s:O, s:O, s:O, s:O, s:O}", "faults",
				 c.faults, "moved", c.moved, "changed",
				 c.changed, "visits", c.visits, "doubts",
				 c.doubts);
	json_decref(record);
	json_decref(c.paper);
	json_decref(c.drawn);
	json_decref(c.heirs);
	json_decref(c.faults);
	json_decref(c.moved);
	json_decref(c.changed);
	json_decref(c.visits);
	json_decref(c.doubts);
	return rc == RC_OK && !*out
		       ? err_set(op->err, RC_NOMEM, "out of memory")
		       : rc;
}
