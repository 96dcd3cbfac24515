/* api/api_work.c - deeds of the office that are more than a move: assignments
 * given to others, conflicts decided, deadlines extended; and what a visit
 * comes to. */
#include "api/border.h"
#include "api/handlers.h"
#include "api/page.h"
#include "api/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "domain/rectification.h"

static void id_make(struct call *c, char id[21])
{
	unsigned char random[10];

	host_random(c->store->host, random, sizeof(random));
	hex_encode(id, random, sizeof(random));
}

/* -- reassign -- */

/* The same work for other officers. A draw gave the team that it gave, so the
 * successor is of no draw. */
static json_t *successor_make(const struct call *c, const json_t *seen)
{
	static const char *const same[] = { "subject", "item",         "cause",
					    "due",     "instructions", "town" };
	static const char *const said[] = { "officers", "due", "instructions" };
	json_t *out = json_pack("{s:s}", "state", "issued"), *value;

	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
		value = json_object_get(seen, same[i]);
		if (value)
			json_object_set(out, same[i], value);
	}
	for (size_t i = 0; i < sizeof(said) / sizeof(*said); i++) {
		value = json_object_get(c->body, said[i]);
		if (value)
			json_object_set(out, said[i], value);
	}
	return out;
}

/* Only who is here and at work gets it. */
static enum rc team_check(struct call *c)
{
	const json_t *team = json_object_get(c->body, "officers"), *one;
	enum rc rc = RC_OK;
	size_t i;

	json_array_foreach(team, i, one)
	{
		const char *id = json_string_value(one), *state;
		struct err why = { 0 };
		struct op quiet = c->op;
		json_t *officer = NULL;

		quiet.err = &why;
		rc = ledger_record(&quiet, c->scope, "officer", id, &officer);
		state = json_text(officer, "state");
		if (rc == RC_NOT_FOUND || (state && strcmp(state, "active")))
			rc = call_refuse(c, RC_CONFLICT, 409, "refused",
					 "'%s' is no active officer of scope "
					 "%s",
					 id, c->scope);
		else if (rc != RC_OK)
			rc = err_set(&c->err, rc, "%s", why.text);
		json_decref(officer);
		if (rc != RC_OK)
			return rc;
	}
	return rc;
}

static json_t *handed_over(const struct call *c, const json_t *seen,
			   const char *to)
{
	json_t *out = json_deep_copy(seen);

	json_object_set_new(out, "state", json_string("reassigned"));
	json_object_set_new(out, "reassigned_to", json_string(to));
	json_object_set(out, "reason", json_object_get(c->body, "reason"));
	return out;
}

static enum rc reassigned_show(struct call *c, const char *id, const char *to)
{
	json_t *both = json_object();
	enum rc rc = record_show(c, to);

	if (rc == RC_OK) {
		json_object_set(both, "successor", c->result);
		rc = record_show(c, id);
	}
	if (rc == RC_OK) {
		json_object_set(both, "assignment", c->result);
		json_decref(c->result);
		c->result = json_incref(both);
	}
	json_decref(both);
	return rc;
}

/* With `officers` the successor is made, in one write with the move; with
 * `reassigned_to` it is there. */
enum rc assignment_reassign(struct call *c)
{
	const char *id = json_text(c->args, "id");
	const char *to = json_text(c->body, "reassigned_to");
	json_t *seen = NULL, *before = NULL, *after = NULL;
	struct office_record records[2] = { 0 };
	size_t n = 0;
	char made[21];
	enum rc rc = record_seen(c, id, &seen);

	if (rc == RC_OK)
		rc = team_check(c);
	if (rc == RC_OK && !to) {
		id_make(c, made);
		to = made;
		after = successor_make(c, seen);
		records[n++] = (struct office_record){ .kind = "assignment",
						       .id = made,
						       .record = after };
	}
	if (rc == RC_OK) {
		before = handed_over(c, seen, to);
		records[n++] = (struct office_record){ .kind = "assignment",
						       .id = id,
						       .record = before,
						       .base = seen };
		rc = record_write(c, records, n, c->operation->summary);
	}
	if (rc == RC_OK)
		rc = reassigned_show(c, id, to);
	json_decref(seen);
	json_decref(before);
	json_decref(after);
	return rc;
}

/* -- conflicts -- */

/* Values as records have them: times of the group are text at the border. */
static enum rc value_in(struct call *c, const json_t *conflict, json_t *value)
{
	const char *kind = json_text(conflict, "record_kind");
	const struct kind *k =
		kind ? registry_kind(c->store->kinds, kind) : NULL;

	return k && value ? border_in(c, k, value) : RC_OK;
}

enum rc conflict_decide(struct call *c)
{
	const char *id = json_text(c->args, "id");
	const char *decision = json_text(c->body, "decision");
	json_t *value = json_object_get(c->body, "value"), *seen = NULL;
	bool is_other = !strcmp(decision, "other");
	enum rc rc;

	if (!value != !is_other)
		return call_wrong(c, "/value",
				  "goes with the decision 'other', which needs "
				  "it");
	rc = record_seen(c, id, &seen);
	if (rc == RC_OK)
		rc = value_in(c, seen, value);
	if (rc == RC_OK)
		rc = ledger_decide(&c->op, c->scope, id, decision, value,
				   json_text(c->body, "reason"));
	if (rc == RC_DENIED)
		/* The role was checked: it is the ledger that refuses. */
		c->problem_status = 409, c->problem_type = "refused";
	if (rc == RC_OK)
		rc = record_show(c, id);
	json_decref(seen);
	return rc;
}

/* -- visits -- */

enum rc visit_verdict(struct call *c)
{
	enum rc rc = record_show(c, json_text(c->args, "id"));

	json_decref(c->result);
	c->result = NULL;
	/* Its answers are records of their own. */
	c->etag[0] = '\0';
	return rc == RC_OK
		       ? ledger_verdict(&c->op, c->scope,
					json_text(c->args, "id"), &c->result)
		       : rc;
}

/* -- orders to correct -- */

static const json_t *row_of(const json_t *rows, const char *id)
{
	const json_t *row;
	size_t i;

	json_array_foreach(
		rows, i, row) if (!strcmp(json_text(row, "id"), id)) return row;
	return NULL;
}

/* Only to a later day than the deadline that there is. */
enum rc rectification_extend(struct call *c)
{
	const struct rectification_options all = { 0 };
	const char *id = json_text(c->args, "id");
	const char *to = json_text(c->body, "extended_to"), *deadline;
	json_t *rows = NULL;
	enum rc rc = rectification_list(&c->op, c->scope, &all, &rows);

	if (rc != RC_OK)
		return rc;
	deadline = json_text(row_of(rows, id), "deadline");
	if (deadline && strcmp(to, deadline) <= 0)
		rc = call_wrong(c, "/extended_to",
				"is not after the deadline that there is");
	json_decref(rows);
	return rc == RC_OK ? record_move(c) : rc;
}

/* Where a row stands in the order of deadlines and ids: its cursor. */
static void deadline_mark(const json_t *row, char out[60])
{
	const char *day = json_text(row, "deadline");

	snprintf(out, 60, "%s.%s", day ? day : "~", json_text(row, "id"));
}

enum rc deadline_list(struct call *c)
{
	const struct rectification_options o = {
		.as_of = json_text(c->args, "on"),
		.overdue = json_is_true(json_object_get(c->args, "overdue")),
	};
	size_t limit = (size_t)json_int(c->args, "limit", 100), i = 0;
	const char *behind;
	json_t *rows = NULL, *items = json_array();
	char at[60], last[60] = "";
	enum rc rc = page_behind(c, &behind);

	if (rc == RC_OK)
		rc = page_members(c);
	if (rc == RC_OK)
		rc = rectification_list(&c->op, c->scope, &o, &rows);
	for (; rc == RC_OK && i < json_array_size(rows); i++) {
		json_t *row = json_array_get(rows, i);

		deadline_mark(row, at);
		if (behind && strcmp(at, behind) <= 0)
			continue;
		if (json_array_size(items) == limit)
			break;
		json_array_append_new(items, page_item(c, row, "id"));
		memcpy(last, at, sizeof(last));
	}
	c->result = json_pack("{s:o, s:s}", "items", items, "scope", c->scope);
	if (rc == RC_OK && i < json_array_size(rows))
		page_next(c, last);
	json_decref(rows);
	return rc;
}
