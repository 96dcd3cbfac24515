/* domain/draw_event.c - a replacement as records: appended to the draw, and to
 * the assignments that it changes.
 *
 * Who comes in follows from what was committed. Whoever of them may not check
 * any more by today's records gives way at once to the next, by a replacement
 * of its own whose reason says why, until the team is one that may. */
#include "domain/draw_impl.h"

#include "base/date.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "domain/draw_candidates.h"
#include "domain/draw_replace.h"
#include "ledger/people.h"
#include "sql_store.gen.h"

struct replacing {
	struct op *op;
	const char *id, *subject, *reason;
	char scope[33], assignment[33], state[24];
	json_t *record, *paper, *event;
	json_t *events; /* appended now: the event, and who gave way after it */
	json_t *changed, *issued; /* assignments */
};

static enum rc assignment_find(struct replacing *r)
{
	struct query *q = query_begin(r->op->store->db, SQL_DRAW_ASSIGNMENT);

	query_text(q, 1, r->scope);
	query_text(q, 2, r->id);
	query_text(q, 3, r->subject);
	if (query_row(q)) {
		snprintf(r->assignment, sizeof(r->assignment), "%s",
			 query_get_text(q, 0));
		snprintf(r->state, sizeof(r->state), "%s",
			 query_get_text(q, 1));
	}
	if (query_end(q, r->op->err) != RC_OK)
		return r->op->err->code;
	return *r->assignment ? RC_OK
			      : err_set(r->op->err, RC_NOT_FOUND,
					"draw '%s' assigned nobody to '%.32s'",
					r->id, r->subject);
}

static enum rc is_in_business(struct replacing *r, bool *is)
{
	struct query *q = query_begin(r->op->store->db, SQL_DRAW_SUBJECT_STATE);

	query_text(q, 1, r->scope);
	query_text(q, 2, r->subject);
	*is = query_row(q) &&
	      (query_is_null(q, 0) ||
	       strcmp(query_get_text(q, 0), "in_business") == 0);
	return query_end(q, r->op->err);
}

static bool state_is_open(const char *state)
{
	return !strcmp(state, "issued") || !strcmp(state, "accepted") ||
	       !strcmp(state, "declined") || !strcmp(state, "draft");
}

/* Whoever could be checked is not replaced, and who was checked neither. */
static enum rc subject_gives_way(struct replacing *r)
{
	bool has_no_object = !strcmp(r->state, "no_object"), is_open;
	enum rc rc = is_in_business(r, &is_open);

	if (rc != RC_OK)
		return rc;
	if (is_open && !has_no_object)
		return err_set(r->op->err, RC_DENIED,
			       "subject '%.32s' is in business and its "
			       "assignment is not 'no_object': it stays drawn",
			       r->subject);
	if (!has_no_object && !state_is_open(r->state) &&
	    strcmp(r->state, "cancelled") != 0)
		return err_set(r->op->err, RC_CONFLICT,
			       "the assignment of '%.32s' is '%s'", r->subject,
			       r->state);
	return RC_OK;
}

/* {certificate number: how many officers have it today} of one number. */
static enum rc numbers_now(struct replacing *r, const char *number,
			   json_t **out)
{
	struct query *q = query_begin(r->op->store->db, SQL_DRAW_NUMBER);

	query_text(q, 1, r->scope);
	query_text(q, 2, number ? number : "");
	*out = query_row(q) ? json_pack("{s:I}", number ? number : "",
					(json_int_t)query_get_int(q, 0))
			    : NULL;
	return query_end(q, r->op->err);
}

/* Why this officer may not check the subject today, or "". */
static enum rc officer_unfit(struct replacing *r, const char *subject,
			     const char *officer, char why[400])
{
	struct err missing = { 0 };
	struct op quiet = *r->op;
	json_t *record = NULL, *numbers = NULL;
	const char *refused,
		*due = json_text(
			json_object_get(json_object_get(r->paper, "committed"),
					"rules"),
			"due");
	struct query *q;
	char day[11];
	enum rc rc;

	quiet.err = &missing;
	date_format(day, r->op->now_ms / INT64_C(86400000));
	rc = ledger_record(&quiet, r->scope, "officer", officer, &record);
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return err_set(r->op->err, rc, "%s", missing.text);
	if (record)
		rc = numbers_now(r, json_text(record, "certificate"), &numbers);
	refused = record ? draw_officer_refused(record, day, due, numbers)
			 : "not known";
	snprintf(why, 400, "%s", refused ? refused : "");
	json_decref(record);
	json_decref(numbers);
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return rc;
	q = query_begin(r->op->store->db, SQL_DRAW_RECUSED);
	query_text(q, 1, r->scope);
	query_text(q, 2, subject);
	query_text(q, 3, officer);
	if (query_row(q))
		snprintf(why, 400, "recused: %.300s", query_get_text(q, 0));
	return query_end(q, r->op->err);
}

static void event_append(struct replacing *r, json_t *event, const char *reason)
{
	json_t *all = json_object_get(r->paper, "replacements");

	if (!all) {
		all = json_array();
		json_object_set_new(r->paper, "replacements", all);
	}
	json_object_set_new(event, "at", json_integer(r->op->now_ms));
	draw_set_text(event, "reason", reason);
	json_array_append(all, event);
	json_array_append(r->events, event);
}

/* The next for one who comes in, as long as that one may not; *out, a new
 * reference, is who stays. */
static enum rc officer_settle(struct replacing *r, const char *subject,
			      const json_t *in, json_t **out)
{
	char why[400];
	enum rc rc = RC_OK;

	*out = json_copy((json_t *)(uintptr_t)in);
	while (rc == RC_OK) {
		json_t *event = NULL;

		rc = officer_unfit(r, subject, json_string_value(*out), why);
		if (rc != RC_OK || !*why)
			break;
		rc = draw_replacement(r->paper, json_string_value(*out),
				      subject, &event, r->op->err);
		if (rc == RC_OK) {
			event_append(r, event, why);
			json_decref(*out);
			*out = json_incref(json_object_get(event, "in"));
		}
		json_decref(event);
	}
	return rc;
}

/* The event as it ends: who came in and stays. */
static enum rc event_settle(struct replacing *r)
{
	const json_t *officers = json_object_get(r->event, "officers");
	const json_t *in = json_object_get(r->event, "in");
	json_t *ends = json_copy(r->event), *team = json_array(), *stays;
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < json_array_size(officers); i++) {
		rc = officer_settle(r, json_string_value(in),
				    json_array_get(officers, i), &stays);
		json_array_append_new(team, stays);
	}
	if (officers) {
		json_object_set(ends, "officers", team);
	} else {
		rc = officer_settle(r, r->subject, in, &stays);
		json_object_set_new(ends, "in", stays);
	}
	json_decref(team);
	json_decref(r->event);
	r->event = ends;
	return rc;
}

/* The old assignment ends, where the field did not end it; the new one is
 * issued. */
static enum rc subject_change(struct replacing *r, json_t *old, char issued[21])
{
	json_t *pair = json_pack("[O]", json_object_get(r->event, "in"));

	json_array_extend(pair, json_object_get(r->event, "officers"));
	r->issued =
		draw_assignment(r->op, r->scope, r->id, r->paper, pair, issued);
	json_decref(pair);
	if (!state_is_open(r->state))
		return RC_OK;
	draw_set_text(old, "state", "cancelled");
	draw_set_text(old, "reason", r->reason);
	r->changed = json_incref(old);
	return RC_OK;
}

static enum rc officer_change(struct replacing *r, json_t *old)
{
	json_t *pair = json_pack("[s, O]", r->subject,
				 json_object_get(r->event, "in"));
	const char *out = json_text(r->event, "out");
	size_t i;
	json_t *officer;

	json_array_foreach(json_object_get(old, "officers"), i, officer)
	{
		if (strcmp(json_string_value(officer), out) != 0)
			json_array_append(pair, officer);
	}
	json_object_set_new(old, "officers", draw_officers_of(pair));
	json_decref(pair);
	if (!state_is_open(r->state) && strcmp(r->state, "in_progress") != 0)
		return err_set(r->op->err, RC_CONFLICT,
			       "the assignment of '%.32s' is '%s'", r->subject,
			       r->state);
	if (json_array_size(json_object_get(old, "officers")) < 2)
		return err_set(
			r->op->err, RC_INVALID,
			"the assignment of '%.32s' would have fewer than "
			"2 officers",
			r->subject);
	r->changed = json_incref(old);
	return RC_OK;
}

/* First the draw, which says why; then what follows from it. */
static enum rc write_all(struct replacing *r, const char *officer)
{
	struct office_record records[3] = { 0 };
	json_t *old = NULL, *all;
	char issued[21];
	size_t n = 0;
	enum rc rc = ledger_record(r->op, r->scope, "assignment", r->assignment,
				   &old);

	if (rc == RC_OK)
		rc = officer ? officer_change(r, old)
			     : subject_change(r, old, issued);
	all = json_object_get(r->record, "replacements");
	all = all ? json_incref(all) : json_array();
	json_array_extend(all, r->events);
	json_object_set_new(r->record, "replacements", all);
	records[n++] = (struct office_record){ .kind = "draw",
					       .id = r->id,
					       .record = r->record };
	if (r->changed)
		records[n++] = (struct office_record){ .kind = "assignment",
						       .id = r->assignment,
						       .record = r->changed };
	if (r->issued)
		records[n++] = (struct office_record){ .kind = "assignment",
						       .id = issued,
						       .record = r->issued };
	if (rc == RC_OK)
		rc = draw_put_all(r->op, r->scope, r->reason, records, n);
	json_decref(old);
	return rc;
}

/* Who lets an officer give way once does not choose on: the next at the same
 * subject is another person's. */
static enum rc is_another(struct replacing *r)
{
	struct query *q =
		query_begin(r->op->store->db, SQL_DRAW_REPORT_AUTHORS);
	const char *who = r->op->actor->name;
	size_t known = 0;
	bool did = false, is_first = true;
	struct people p;
	enum rc rc = people_behind(r->op->store, r->scope, who, &p, r->op->err);

	query_text(q, 1, r->scope);
	query_text(q, 2, r->id);
	while (rc == RC_OK && !did && query_row(q)) {
		json_t *version = NULL;
		const json_t *all;

		rc = json_read(query_get_text(q, 0), query_get_len(q, 0),
			       &version, r->op->err);
		all = json_object_get(version, "replacements");
		for (; known < json_array_size(all); known++) {
			const char *of = json_text(json_array_get(all, known),
						   "subject");

			if (!of || strcmp(of, r->subject) != 0)
				continue;
			is_first = false;
			did = did || people_has(&p, query_get_text(q, 1));
		}
		json_decref(version);
	}
	if (query_end(q, r->op->err) != RC_OK)
		return r->op->err->code;
	if (rc == RC_OK && !is_first)
		rc = people_in_person(r->op->actor, r->op->err);
	return rc == RC_OK && did
		       ? err_set(r->op->err, RC_DENIED,
				 "'%s' let an officer of '%.32s' give way "
				 "before: another one is for a second person "
				 "to say",
				 who, r->subject)
		       : rc;
}

static enum rc replace_loaded(struct replacing *r, const char *officer)
{
	struct err *err = r->op->err;
	enum rc rc = draw_paper(r->op, r->id, false, &r->paper);
	const char *state;

	if (rc != RC_OK)
		return rc;
	state = json_text(r->paper, "state");
	if (json_int(r->paper, "format", 0) < 3)
		return err_set(err, RC_INVALID,
			       "draw '%s' is of a format without replacements",
			       r->id);
	if (!json_object_get(r->paper, "result") || !strcmp(state, "void"))
		return err_set(err, RC_CONFLICT, "draw '%s' is %s", r->id,
			       state);
	rc = assignment_find(r);
	if (rc == RC_OK)
		rc = officer ? is_another(r) : subject_gives_way(r);
	if (rc == RC_OK)
		rc = draw_replacement(r->paper, officer ? officer : r->subject,
				      officer ? r->subject : NULL, &r->event,
				      err);
	if (rc != RC_OK)
		return rc;
	event_append(r, r->event, r->reason);
	rc = event_settle(r);
	return rc == RC_OK ? write_all(r, officer) : rc;
}

enum rc draw_replace(struct op *op, const char *id, const char *subject,
		     const char *officer, const char *reason, json_t **event)
{
	struct replacing r = {
		.op = op,
		.id = id,
		.subject = subject,
		.reason = reason,
		.events = json_array(),
	};
	enum rc rc = RC_OK;

	*event = NULL;
	if (!reason || !*reason || strlen(reason) > 1000 ||
	    !utf8_is_valid(reason, strlen(reason)))
		rc = err_set(op->err, RC_INVALID,
			     "a replacement needs a reason of 1 to 1000 bytes "
			     "of text, which is published");
	if (rc == RC_OK)
		rc = draw_load(op, id, r.scope, &r.record);
	if (rc == RC_OK)
		rc = replace_loaded(&r, officer);
	if (rc == RC_OK)
		*event = json_incref(r.event);
	json_decref(r.record);
	json_decref(r.paper);
	json_decref(r.event);
	json_decref(r.events);
	json_decref(r.changed);
	json_decref(r.issued);
	return rc;
}
