/* ledger/consequence.c - what follows for other records when an assignment, a
 * visit or a draw has moved.
 *
 * One record's state is merged by the table of its kind. What concerns several
 * is settled here, after a packet was taken and before the main commit: orders
 * govern the future, facts the past. For an assignment, its visits and the
 * assignment that it was reassigned to, everything follows from how they stand,
 * never from the way there: the order of arrival makes no difference, and
 * settling twice changes nothing. What changes is written as one packet of the
 * office's journal by the server.
 *
 * A visit is a fact once it is signed. The rules, by the names that flags,
 * alarms and conflicts bear:
 *
 *   outside_assignment  a fact of a cancelled assignment
 *   outside_draw        a fact of a draw that became void; its orders that
 *                       nobody has begun are withdrawn, others recalled
 *   handed_over         what was begun under a reassigned assignment
 *   reassigned_done     done before it was reassigned: the assignment of the
 *                       other is withdrawn, even where it has begun
 *   duplicate_visit     both did it, or one assignment has two signed visits,
 *                       or one complaint (its source and number): both stand,
 *                       one is the primary, by the earlier start, else by the
 *                       lower id
 *   (no name)           the visit decides: an assignment of which there is a
 *                       signed visit stands as if its state had been written
 *                       `done` beside it (settle_orders.c)
 *   other_subject       a signed visit of another subject than its
 *                       assignment's, which is not done by it
 *   other_team          ... with fewer than two of its assignment's officers
 *   other_signer        ... signed by somebody who is not one of its officers
 *   in_future           ... of a day that was yet to come: it does not count
 *   other_day           ... of another day than that on which its code was
 *                       shown
 *   before_order        ... of a day before its assignment was issued
 *   other_item          ... with another item than its assignment's
 *   other_form          ... with a form that is not its item's, or was not in
 *                       force
 *   no_form             ... without one, though there is one for its item
 *   other_version       ... with a version of item or subject that never was
 *   result_contradicts  ... with the result that nothing was found, against its
 *                       answers or violations
 *   not_present         ... with answers of one who was not there: they are
 *                       left out
 *   clock_skew          ... by a clock that was off by more than 5 minutes
 *   clock_jump          ... by one that was set since the packet before
 *   contradicts         a tablet's violation of another subject or an earlier
 *                       day than its visit, or of a day to come: it does not
 *                       count
 *   irregular           signed with fewer than two valid officers
 *   team_changed        an officer was replaced meanwhile: the visit needs two
 *                       valid officers present
 *   (no name)           a tablet's visit lies in the town of its subject
 *   fact_withdrawn      a visit or violation that counted is void or withdrawn
 *   fact_altered        an import altered one that was recorded
 *   (field's `told`)    a value that stood was changed, and its kind file says
 *                       that this is told: score_altered
 *   jurisdiction        a signed visit of a subject that had moved away
 *                       before it began
 *   amended_after_review  an amendment of a visit that was approved, which is
 *                       reviewed again, or published
 *   came_back           a subject that gave way in a draw is in business again
 *   put_back            a subject stood otherwise while a draw was committed,
 *                       or was exempt by who takes that back
 *   second_terminal     an officer who has a terminal gets another
 *   coordinators_terminal  ... gets the only one by a coordinator's code
 *   uscc_shared         a subject with the credit code of another
 *   left_out            a tablet's violation of a visit that had been signed,
 *                       or an answer: what was signed stands, and an answer
 *                       that changed is put back
 *   done_without_visit  an assignment that a tablet made done, and of which
 *                       no visit is signed: until one comes, it is not reviewed
 *   done_contested      a person moved the state instead of deciding the
 *                       conflict: that decides it */
#include "ledger/settle.h"

#include "base/jcs.h"
#include "form/verdict.h"
#include "sql_store.gen.h"

static const char *const under_way[] = { "draft",    "issued",      "accepted",
					 "declined", "in_progress", NULL };
static const char *const done[] = { "done", "reviewed", "returned", NULL };
static const char *const called_off[] = { "cancelled", "void", NULL };
static const char *const handed_over[] = { "recalled", "reassigned", NULL };
static const char *const contested[] = { "done_contested", NULL };

/* `a` was reassigned to `b`, which its officers may not have known. */
static enum rc pair_settle(struct settle *s, json_t *a, json_t *b)
{
	char text[200];
	enum rc rc;

	if (!settle_state_is(a, done))
		return RC_OK;
	if (settle_state_is(b, done))
		return settle_duplicates(s, a, b);
	if (!settle_state_is(b, under_way))
		return RC_OK;
	snprintf(text, sizeof(text),
		 "assignment '%s' was done before its reassignment was known",
		 json_text(a, "id"));
	rc = settle_text(s, "assignment", b, "state", "withdrawn");
	if (rc == RC_OK)
		rc = settle_text(s, "assignment", b, "reason", text);
	return rc == RC_OK ? settle_alarm(s, "reassigned_done", "notice",
					  "assignment", b, text)
			   : rc;
}

/* A person moved the state by its table: that decides the open question. */
static enum rc question_close(struct settle *s, const json_t *a, json_t *c)
{
	const char *state = json_text(a, "state");
	const char *reason = json_text(a, "reason");
	const char *field = json_text(c, "field_group");
	const char *terminal =
		json_text(json_object_get(c, "terminal_value"), "state");
	const char *server =
		json_text(json_object_get(c, "server_value"), "state");
	const char *decision = "other";

	if (!state || !field || strcmp(field, "state") != 0 ||
	    !json_text(c, "rule") ||
	    strcmp(json_text(c, "rule"), contested[0]) != 0)
		return RC_OK;
	if (terminal && !strcmp(terminal, state))
		decision = "terminal";
	else if (server && !strcmp(server, state))
		decision = "server";
	conflict_past(s->b->store->kinds, "conflict", c);
	json_object_set_new(c, "decision", json_string(decision));
	json_object_set_new(c, "decided_value",
			    json_pack("{s:s}", "state", state));
	json_object_set_new(c, "decided_by", json_string(s->t->commit.author));
	json_object_set_new(c, "decided_at", json_integer(s->b->now_ms));
	json_object_set_new(c, "reason", json_string(reason ? reason : state));
	return settle_text(s, "conflict", c, "state", "decided");
}

static enum rc questions_close(struct settle *s, const json_t *a)
{
	struct query *q = query_begin(s->b->store->db, SQL_CONFLICTS_OPEN_ON);
	json_t *ids = json_array();
	const json_t *id;
	size_t i;
	enum rc rc;

	query_text(q, 1, s->bs->scope);
	query_text(q, 2, "assignment");
	query_text(q, 3, json_text(a, "id"));
	while (query_row(q))
		json_array_append_new(ids, json_string(query_get_text(q, 0)));
	rc = query_end(q, s->b->err);
	json_array_foreach(ids, i, id)
	{
		json_t *c = NULL;

		if (rc == RC_OK)
			rc = settle_look(s, "conflict", json_string_value(id),
					 &c);
		if (rc == RC_OK && c)
			rc = question_close(s, a, c);
	}
	json_decref(ids);
	return rc;
}

static enum rc draw_is_void(struct settle *s, const json_t *a, bool *is_void)
{
	const char *draw = json_text(a, "draw");
	json_t *record = NULL;
	enum rc rc = draw ? settle_look(s, "draw", draw, &record) : RC_OK;

	*is_void = record && json_text(record, "state") &&
		   !strcmp(json_text(record, "state"), "void");
	return rc;
}

static enum rc successor_settle(struct settle *s, json_t *other, void *ctx)
{
	json_t *a = ctx;

	return other != a ? pair_settle(s, other, a) : RC_OK;
}

/* The pairs on both ends of a reassignment. */
static enum rc pairs_settle(struct settle *s, json_t *a)
{
	const char *to = json_text(a, "reassigned_to");
	json_t *other = NULL;
	enum rc rc = to ? settle_look(s, "assignment", to, &other) : RC_OK;

	if (rc == RC_OK && other && other != a)
		rc = pair_settle(s, a, other);
	return rc == RC_OK ? settle_each(s, SQL_ASSIGNMENTS_REASSIGNED_TO,
					 json_text(a, "id"), "assignment",
					 successor_settle, a)
			   : rc;
}

/* An order of a draw that became void: withdrawn where nobody has begun, else
 * recalled, and a person says what becomes of it. */
static enum rc undrawn_settle(struct settle *s, json_t *a)
{
	static const char *const begun[] = { "in_progress", NULL };
	char text[100];
	enum rc rc;

	if (!settle_state_is(a, under_way))
		return RC_OK;
	snprintf(text, sizeof(text), "draw '%s' became void",
		 json_text(a, "draw"));
	rc = settle_text(s, "assignment", a, "state",
			 settle_state_is(a, begun) ? "recalled" : "withdrawn");
	return rc == RC_OK ? settle_text(s, "assignment", a, "reason", text)
			   : rc;
}

static enum rc assignment_settle(struct settle *s, const char *id)
{
	json_t *a;
	bool is_void = false;
	enum rc rc;

	if (json_object_get(s->settled, id))
		return RC_OK;
	json_object_set_new(s->settled, id, json_true());
	rc = settle_look(s, "assignment", id, &a);
	if (rc != RC_OK || !a)
		return rc;
	rc = settle_own_visits(s, a);
	if (rc == RC_OK)
		rc = pairs_settle(s, a);
	if (rc == RC_OK && !settle_state_is(a, contested))
		rc = questions_close(s, a);
	if (rc == RC_OK && settle_state_is(a, called_off))
		rc = settle_outside(s, a, "assignment");
	if (rc == RC_OK && settle_state_is(a, handed_over) &&
	    json_text(a, "reassigned_to"))
		rc = settle_hand_over(s, a);
	if (rc == RC_OK && settle_has_flag(a, "team_changed"))
		rc = settle_presence(s, a);
	if (rc == RC_OK)
		rc = settle_done(s, a);
	if (rc == RC_OK)
		rc = draw_is_void(s, a, &is_void);
	if (rc == RC_OK && is_void)
		rc = settle_outside(s, a, "draw");
	if (rc == RC_OK && is_void)
		rc = undrawn_settle(s, a);
	return rc;
}

static enum rc draw_settle(struct settle *s, const char *draw)
{
	const json_t *id;
	json_t *ids;
	size_t i;
	enum rc rc = settle_ids(s, SQL_ASSIGNMENTS_OF_DRAW, draw, &ids);

	json_array_foreach(ids, i, id) if (rc == RC_OK) rc =
		assignment_settle(s, json_string_value(id));
	json_decref(ids);
	return rc;
}

static enum rc signed_settle(struct settle *s, json_t *visit)
{
	enum rc rc = settle_signed(s, visit);

	if (rc == RC_OK)
		rc = settle_match(s, visit);
	if (rc == RC_OK)
		rc = settle_pins(s, visit);
	if (rc == RC_OK)
		rc = settle_jurisdiction(s, visit);
	if (rc == RC_OK)
		rc = settle_sources(s, visit);
	if (rc == RC_OK)
		rc = settle_clock(s, visit);
	return rc == RC_OK ? settle_findings(s, visit) : rc;
}

/* A subject that gave way in a draw because it was gone, and is back. */
static enum rc returned_settle(struct settle *s, const struct take_record *r)
{
	static const char *const open[] = { "in_business", NULL };
	json_t *record = NULL, *ids = NULL;
	const json_t *draw;
	char text[300];
	enum rc rc;

	if (!r->base || settle_state_is(r->base, open))
		return RC_OK;
	rc = settle_look(s, "subject", r->id, &record);
	if (rc != RC_OK || !record || !settle_state_is(record, open))
		return rc;
	rc = settle_ids(s, SQL_DRAW_GAVE_WAY, r->id, &ids);
	draw = json_array_get(ids, 0);
	if (rc == RC_OK && draw) {
		snprintf(text, sizeof(text),
			 "'%.64s' made subject '%s' in_business again, which "
			 "gave way to another in draw '%s'",
			 s->t->commit.author, r->id, json_string_value(draw));
		rc = settle_alarm(s, "came_back", "alarm", "subject", record,
				  text);
	}
	json_decref(ids);
	return rc;
}

/* -- what follows from a record of each kind -- */

/* `record` is how it stands; NULL where the kind's function looks by itself. */
typedef enum rc follow_fn(struct settle *s, struct take_record *r,
			  json_t *record);

static enum rc follow_amendment(struct settle *s, struct take_record *r,
				json_t *amendment)
{
	return settle_amended(s, r, amendment);
}

static enum rc follow_answer(struct settle *s, struct take_record *r,
			     json_t *answer)
{
	return settle_answer(s, r, answer);
}

static enum rc follow_assignment(struct settle *s, struct take_record *r,
				 json_t *assignment)
{
	(void)assignment;
	return assignment_settle(s, r->id);
}

static enum rc follow_conflict(struct settle *s, struct take_record *r,
			       json_t *conflict)
{
	static const char *const decided[] = { "decided", NULL };
	static const char *const open[] = { "open", NULL };
	enum rc rc = settle_decided(s, conflict);

	/* Who appeals is who signed it, at the server's time. */
	if (rc != RC_OK || !settle_state_is(r->base, decided) ||
	    !settle_state_is(conflict, open))
		return rc;
	json_object_set_new(conflict, "appealed_at",
			    json_integer(s->b->now_ms));
	return settle_text(s, "conflict", conflict, "appealed_by",
			   s->t->commit.author);
}

static enum rc follow_draw(struct settle *s, struct take_record *r,
			   json_t *draw)
{
	static const char *const over[] = { "void", NULL };

	return settle_state_is(draw, over) ? draw_settle(s, r->id) : RC_OK;
}

static enum rc follow_observation(struct settle *s, struct take_record *r,
				  json_t *observation)
{
	return settle_adopted(s, r, observation);
}

static enum rc follow_subject(struct settle *s, struct take_record *r,
			      json_t *subject)
{
	enum rc rc = settle_codes(s, r);

	(void)subject;
	if (rc == RC_OK)
		rc = settle_around(s, r);
	return rc == RC_OK ? returned_settle(s, r) : rc;
}

static enum rc follow_exemption(struct settle *s, struct take_record *r,
				json_t *exemption)
{
	return settle_exemption(s, r, exemption);
}

static enum rc follow_enrolment(struct settle *s, struct take_record *r,
				json_t *enrolment)
{
	return settle_terminal(s, r, enrolment);
}

/* A fact that was taken back or altered is told. */
static enum rc fact_told(struct settle *s, struct take_record *r,
			 const json_t *fact)
{
	enum rc rc = settle_withdrawn(s, r, fact);

	return rc == RC_OK ? settle_altered(s, r, fact) : rc;
}

static enum rc follow_violation(struct settle *s, struct take_record *r,
				json_t *violation)
{
	enum rc rc = fact_told(s, r, violation);

	if (rc == RC_OK)
		rc = settle_late(s, r, violation);
	return rc == RC_OK ? settle_contradiction(s, violation) : rc;
}

/* A visit lies in its subject's town, whatever a tablet wrote. */
static enum rc town_settle(struct settle *s, json_t *visit)
{
	const char *id = json_text(visit, "subject");
	json_t *subject = NULL;
	enum rc rc = RC_OK;

	if (strcmp(s->t->enrolment, "office") != 0 && id)
		rc = settle_look(s, "subject", id, &subject);
	if (rc != RC_OK || !subject || settle_same_text(subject, visit, "town"))
		return rc;
	return settle_text(s, "visit", visit, "town",
			   json_text(subject, "town"));
}

static enum rc follow_visit(struct settle *s, struct take_record *r,
			    json_t *visit)
{
	const char *assignment = json_text(visit, "assignment");
	enum rc rc = fact_told(s, r, visit);

	if (rc == RC_OK)
		rc = town_settle(s, visit);
	if (rc == RC_OK && visit_is_signed(visit) && !visit_is_signed(r->base))
		rc = signed_settle(s, visit);
	return rc == RC_OK && assignment ? assignment_settle(s, assignment)
					 : rc;
}

/* Subjects come by the hundred thousand: they are not read for nothing. */
static const struct follow {
	const char *kind;
	follow_fn *run;
	bool looks_itself;
} followed[] = {
	{ "amendment", follow_amendment, false },
	{ "answer", follow_answer, false },
	{ "assignment", follow_assignment, true },
	{ "conflict", follow_conflict, false },
	{ "draw", follow_draw, false },
	{ "enrolment", follow_enrolment, false },
	{ "exemption", follow_exemption, false },
	{ "observation", follow_observation, false },
	{ "subject", follow_subject, true },
	{ "violation", follow_violation, false },
	{ "visit", follow_visit, false },
};

/* NULL where nothing follows, as from a finding that the office enters anew: an
 * import has very many. */
static const struct follow *follow_of(const struct take *t,
				      const struct take_record *r)
{
	if (r->code || !r->changed ||
	    (r->is_new && !strcmp(r->kind, "violation") &&
	     !strcmp(t->enrolment, "office")))
		return NULL;
	for (size_t i = 0; i < sizeof(followed) / sizeof(*followed); i++)
		if (!strcmp(r->kind, followed[i].kind))
			return &followed[i];
	return NULL;
}

/* A field that the kind file has told of, and a value that stood. */
static enum rc field_told(struct settle *s, const struct take_record *r,
			  const struct field *f)
{
	const json_t *was = json_object_get(r->base, f->name);
	const json_t *now = json_object_get(r->terminal, f->name);

	if (!f->told || !was || (now && json_equal(was, now)))
		return RC_OK;
	return settle_alarm_again(
		s, f->told, "alarm", r->kind, r->terminal,
		arena_printf(&s->b->mem,
			     "'%s' changed '%s' of %s '%s', which stood: see "
			     "'hufud history %s %s'",
			     s->t->commit.author, f->name, r->kind, r->id,
			     r->kind, r->id));
}

static enum rc change_told(struct settle *s, const struct take_record *r)
{
	const struct kind *k = registry_kind(s->b->store->kinds, r->kind);
	enum rc rc = RC_OK;

	if (r->code || !r->changed || !r->base || !k)
		return RC_OK;
	for (size_t i = 0; rc == RC_OK && i < k->nfields; i++)
		rc = field_told(s, r, &k->fields[i]);
	return rc;
}

static enum rc record_settle(struct settle *s, struct take_record *r)
{
	const struct follow *follow = follow_of(s->t, r);
	json_t *record = NULL;
	enum rc rc = change_told(s, r);

	if (rc == RC_OK && !r->code && r->found)
		rc = settle_observe(s, r);
	if (!follow || rc != RC_OK)
		return rc;
	if (follow->looks_itself)
		return follow->run(s, r, NULL);
	rc = settle_look(s, r->kind, r->id, &record);
	return rc == RC_OK && record ? follow->run(s, r, record) : rc;
}

/* The kinds as this file knows them: an older catalog has none of this. */
static bool is_known(const struct registry *kinds)
{
	static const char *const needed[][2] = {
		{ "alarm", "rule" },
		{ "assignment", "reassigned_to" },
		{ "conflict", "rule" },
		{ "visit", "duplicate_of" },
	};

	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
		const struct kind *k = registry_kind(kinds, needed[i][0]);

		if (!k || !kind_field(k, needed[i][1]))
			return false;
	}
	return registry_kind(kinds, "visit")->fsm != NULL;
}

static enum rc changes_write(struct settle *s)
{
	struct account server = { .name = "server",
				  .roles = ROLE_SERVER,
				  .scopes = "*" };
	struct op op = { .store = s->b->store,
			 .actor = &server,
			 .now_ms = s->b->now_ms,
			 .err = s->b->err };
	size_t n = json_object_size(s->changed), i = 0;
	struct office_record *records = calloc(n + 1, sizeof(*records));
	char message[80], hex[OID_HEX_SIZE];
	struct office_write w = { .scope = s->bs->scope,
				  .operation = "consequence",
				  .message = message,
				  .records = records,
				  .n = n };
	const char *path;
	json_t *name;
	enum rc rc;

	if (!records)
		return settle_no_memory(s);
	oid_hex(hex, &s->t->oid);
	snprintf(message, sizeof(message), "what follows from packet %.10s",
		 hex);
	json_object_foreach(s->changed, path, name)
	{
		records[i].kind = json_string_value(json_array_get(name, 0));
		records[i].id = json_string_value(json_array_get(name, 1));
		records[i++].record = json_object_get(s->seen, path);
	}
	rc = office_in_batch(s->b, &op, &w);
	free(records);
	return rc;
}

enum rc consequence_follow(struct batch *b, struct batch_scope *bs,
			   const struct take *t)
{
	struct settle s = { .b = b, .bs = bs, .t = t };
	enum rc rc = RC_OK;

	if ((t->commit.operation &&
	     !strcmp(t->commit.operation, "consequence")) ||
	    !is_known(b->store->kinds))
		return RC_OK;
	s.seen = json_object();
	s.changed = json_object();
	s.settled = json_object();
	for (size_t i = 0; i < t->nrecords && rc == RC_OK; i++)
		rc = record_settle(&s, &t->records[i]);
	if (rc == RC_OK && json_object_size(s.changed))
		rc = changes_write(&s);
	json_decref(s.seen);
	json_decref(s.changed);
	json_decref(s.settled);
	return rc;
}
