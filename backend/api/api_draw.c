/* api/api_draw.c - the draw over HTTP: committed, revealed, run, published. */
#include "api/handlers.h"
#include "api/record.h"
#include "api/service_impl.h"

#include <string.h>

#include "base/jcs.h"
#include "domain/draw.h"
#include "domain/draw_assigned.h"
#include "domain/draw_report.h"
#include "sql_store.gen.h"

#define WORDS_BYTES_MAX (64u << 10)

/* The words of a commitment as draw.h has them, for as long as the call. */
struct words {
	struct draw_options o;
	struct buf towns, flags, tags, grades, states, quota, ratio, parts;
	json_t *excluded;
};

static const char *said(struct buf *b)
{
	return b->len ? b->data : NULL;
}

/* ["a","b"] to "a,b". */
static const char *list_said(struct buf *b, const json_t *list)
{
	const json_t *one;
	size_t i;

	buf_init(b, WORDS_BYTES_MAX);
	json_array_foreach(list, i, one)
		buf_printf(b, "%s%s", i ? "," : "", json_string_value(one));
	return said(b);
}

/* {"A":10} to "A=10". */
static const char *map_said(struct buf *b, const json_t *map)
{
	const char *name;
	json_t *value;

	buf_init(b, WORDS_BYTES_MAX);
	json_object_foreach((json_t *)(uintptr_t)map, name, value)
	{
		buf_printf(b, "%s%s=", b->len ? "," : "", name);
		if (json_is_string(value))
			buf_puts(b, json_string_value(value));
		else
			buf_printf(b, "%lld",
				   (long long)json_integer_value(value));
	}
	return said(b);
}

static void words_release(struct words *w)
{
	buf_release(&w->towns);
	buf_release(&w->flags);
	buf_release(&w->tags);
	buf_release(&w->grades);
	buf_release(&w->states);
	buf_release(&w->quota);
	buf_release(&w->ratio);
	buf_release(&w->parts);
	json_decref(w->excluded);
}

static enum rc exclusions_take(struct call *c, struct words *w)
{
	const json_t *rows = json_object_get(c->body, "exclude"), *row;
	size_t i;

	if (!rows)
		return RC_OK;
	w->excluded = json_object();
	json_array_foreach(rows, i, row)
	{
		if (json_object_get(w->excluded, json_text(row, "id")))
			return call_wrong(c, "/exclude",
					  "names somebody twice");
		json_object_set(w->excluded, json_text(row, "id"),
				json_object_get(row, "reason"));
	}
	w->o.excluded = w->excluded;
	return RC_OK;
}

static enum rc words_take(struct call *c, struct words *w)
{
	const json_t *b = c->body, *ratio = json_object_get(b, "ratio");

	w->o = (struct draw_options){
		.name = json_text(b, "name"),
		.item = json_text(b, "item"),
		.industry = json_text(b, "industry"),
		.visited_before = json_text(b, "visited_before"),
		.period_days = json_int(b, "period_days", -1),
		.ratio_rule = json_text(b, "ratio_rule"),
		.scheme = json_text(b, "scheme"),
		.count = json_int(b, "count", 0),
		.officers = json_int(b, "officers", 0),
		.load_max = json_int(b, "load_max", 0),
		.due = json_text(b, "due"),
		.seed_source = json_text(b, "seed_source"),
		.seed_at = json_text(b, "seed_at"),
		.reason = json_text(b, "reason"),
		.replaces = json_text(b, "replaces"),
		.schema = c->service->schema,
	};
	w->o.towns = list_said(&w->towns, json_object_get(b, "towns"));
	w->o.flags = list_said(&w->flags, json_object_get(b, "flags"));
	w->o.tags = list_said(&w->tags, json_object_get(b, "tags"));
	w->o.grades = list_said(&w->grades, json_object_get(b, "grades"));
	w->o.states = list_said(&w->states, json_object_get(b, "states"));
	w->o.quota = map_said(&w->quota, json_object_get(b, "quota"));
	w->o.ratio = map_said(&w->ratio, ratio);
	if (json_is_string(ratio))
		w->o.ratio = json_string_value(ratio);
	w->o.seed_parts = map_said(&w->parts, json_object_get(b, "seed_parts"));
	if (w->o.quota && !draw_quota_is_legal(w->o.quota))
		return call_wrong(c, "/quota", "is not like {\"A\": 10}");
	if (w->o.ratio && !draw_ratio_is_legal(w->o.ratio))
		return call_wrong(c, "/ratio",
				  "is not like \"5%\" or {\"A\": \"0.5%\"}");
	if (w->o.seed_parts && !draw_seed_parts_are_legal(w->o.seed_parts))
		return call_wrong(c, "/seed_parts",
				  "are not three or more names with the "
				  "SHA-256 of their parts");
	if (w->o.replaces && !w->o.reason)
		return call_wrong(c, "/reason", "goes with replaces");
	return exclusions_take(c, w);
}

enum rc draw_make(struct call *c)
{
	struct words w = { 0 };
	char id[21];
	enum rc rc = words_take(c, &w);

	if (rc == RC_OK)
		rc = draw_commit(&c->op, c->scope, &w.o, id);
	if (rc == RC_OK)
		rc = record_show(c, id);
	if (rc == RC_OK) {
		c->status = 201;
		snprintf(c->location, sizeof(c->location),
			 "/v1/draws/%s?scope=%s", id, c->scope);
	}
	words_release(&w);
	return rc;
}

/* The draw as the caller has seen it: If-Match is checked. */
static enum rc seen(struct call *c)
{
	json_t *record = NULL;
	enum rc rc = record_seen(c, json_text(c->args, "id"), &record);

	json_decref(record);
	return rc;
}

/* A seed is text that everybody is to know; it is no secret once it is here. */
enum rc draw_seed(struct call *c)
{
	const char *id = json_text(c->args, "id");
	enum rc rc = seen(c);

	if (rc == RC_OK)
		rc = draw_reveal(&c->op, id, json_text(c->body, "seed"));
	return rc == RC_OK ? record_show(c, id) : rc;
}

enum rc draw_do(struct call *c)
{
	const char *id = json_text(c->args, "id");
	struct draw_done done;
	enum rc rc = seen(c);

	if (rc == RC_OK)
		rc = draw_run(&c->op, id, &done);
	if (rc == RC_OK)
		rc = record_show(c, id);
	if (rc != RC_OK)
		return rc;
	json_decref(c->result);
	c->result = json_pack("{s:s, s:I, s:I, s:I}", "id", id, "subjects",
			      (json_int_t)done.subjects, "frame",
			      (json_int_t)done.frame, "assigned",
			      (json_int_t)done.assigned);
	return RC_OK;
}

enum rc draw_annul(struct call *c)
{
	const char *id = json_text(c->args, "id");
	enum rc rc = seen(c);

	if (rc == RC_OK)
		rc = draw_void(&c->op, id, json_text(c->body, "reason"));
	return rc == RC_OK ? record_show(c, id) : rc;
}

enum rc draw_exchange(struct call *c)
{
	const char *id = json_text(c->args, "id");
	json_t *event = NULL;
	enum rc rc = seen(c);

	if (rc == RC_OK)
		rc = draw_replace(&c->op, id, json_text(c->body, "subject"),
				  json_text(c->body, "officer"),
				  json_text(c->body, "reason"), &event);
	if (rc == RC_OK)
		rc = record_show(c, id);
	if (rc == RC_OK) {
		json_decref(c->result);
		c->result = json_incref(event);
	}
	json_decref(event);
	return rc;
}

/* Where the draw is, for somebody who need not have rights there. */
static enum rc draw_find(struct call *c, const char *id)
{
	struct query *q = query_begin(c->store->db, SQL_DRAW_SCOPE);

	query_text(q, 1, id);
	if (query_row(q))
		snprintf(c->scope, sizeof(c->scope), "%s",
			 query_get_text(q, 0));
	if (query_end(q, &c->err) != RC_OK)
		return c->err.code;
	return c->scope[0] ? RC_OK
			   : call_refuse(c, RC_NOT_FOUND, 404, "not_found",
					 "there is no draw '%s'", id);
}

/* Everybody gets the public paper, from the commitment on; the office may have
 * the one that says which subject has which grade. */
enum rc draw_published(struct call *c)
{
	const unsigned office = ROLE_COORDINATOR | ROLE_ANALYST | ROLE_AUDITOR |
				ROLE_ADMINISTRATOR;
	bool is_full = json_is_true(json_object_get(c->args, "full"));
	const char *id = json_text(c->args, "id");
	enum rc rc = draw_find(c, id);

	if (rc == RC_OK && is_full && !account_may(&c->actor, office, c->scope))
		return call_refuse(c, RC_DENIED, c->by == BY_NOBODY ? 401 : 403,
				   c->by == BY_NOBODY ? "unauthorized"
						      : "denied",
				   "the full paper is for the office of scope "
				   "%s: leave 'full' away",
				   c->scope);
	/* It tells the grade of each subject, which is of class L3. */
	c->is_due = is_full;
	if (is_full)
		snprintf(c->detail, sizeof(c->detail), "the full paper");
	return rc == RC_OK ? draw_paper(&c->op, id, !is_full, &c->result) : rc;
}

/* The paper computed again, and the assignments held against it. What does not
 * hold is an answer, not a failure. */
enum rc draw_checked(struct call *c)
{
	const char *id = json_text(c->args, "id");
	json_t *paper = NULL, *against = NULL;
	enum rc rc = draw_paper(&c->op, id, false, &paper);

	if (rc == RC_OK)
		rc = draw_assigned(&c->op, id, &against);
	if (rc == RC_CORRUPT) {
		c->result = json_pack("{s:s, s:b, s:s}", "id", id, "holds", 0,
				      "why", c->err.text);
		err_clear(&c->err);
		rc = RC_OK;
	} else if (rc == RC_OK) {
		c->result = draw_summary(paper);
		json_object_update(c->result, against);
		json_object_set_new(
			c->result, "holds",
			json_boolean(!json_array_size(json_object_get(
					     against, "faults")) &&
				     !draw_unratified(against)));
	}
	json_decref(paper);
	json_decref(against);
	return rc;
}

enum rc draw_fair(struct call *c)
{
	return draw_report(&c->op, c->scope, json_text(c->args, "from"),
			   json_text(c->args, "to"), &c->result);
}
