/* domain/draw_report.c - papers from the store, and who did what to them. */
#include "domain/draw_report.h"

#include "base/date.h"
#include "base/jcs.h"
#include "domain/draw_impl.h"
#include "domain/draw_fairness.h"
#include "sql_store.gen.h"

#define DAY_MS INT64_C(86400000)

struct reporting {
	struct op *op;
	const char *scope;
	json_t *towns, *ids, *not_held, *doubts;
	struct fairness *figures;
};

static enum rc towns_load(struct reporting *r)
{
	struct query *q = query_begin(r->op->store->db, SQL_DRAW_REPORT_TOWNS);

	query_text(q, 1, r->scope);
	while (query_row(q))
		json_object_set_new(r->towns, query_get_text(q, 0),
				    json_string(query_get_text(q, 1)));
	return query_end(q, r->op->err);
}

static enum rc ids_load(struct reporting *r, int64_t from, int64_t to)
{
	struct query *q = query_begin(r->op->store->db, SQL_DRAW_REPORT_DRAWS);

	query_text(q, 1, r->scope);
	query_int(q, 2, from);
	query_int(q, 3, to);
	while (query_row(q))
		json_array_append_new(r->ids,
				      json_string(query_get_text(q, 0)));
	return query_end(q, r->op->err);
}

/* Who committed it, and who appended each replacement: the authors of the
 * versions in which they first stand. */
static enum rc authors_load(struct reporting *r, const char *id, char by[64],
			    json_t *replaced_by)
{
	struct query *q =
		query_begin(r->op->store->db, SQL_DRAW_REPORT_AUTHORS);
	enum rc rc = RC_OK;

	*by = '\0';
	query_text(q, 1, r->scope);
	query_text(q, 2, id);
	while (rc == RC_OK && query_row(q)) {
		const char *author = query_get_text(q, 1);
		json_t *version = NULL;
		size_t n;

		rc = json_read(query_get_text(q, 0), query_get_len(q, 0),
			       &version, r->op->err);
		n = json_array_size(json_object_get(version, "replacements"));
		if (!*by)
			snprintf(by, 64, "%s", author);
		while (json_array_size(replaced_by) < n)
			json_array_append_new(replaced_by, json_string(author));
		json_decref(version);
	}
	return query_end(q, r->op->err) == RC_OK ? rc : r->op->err->code;
}

/* Every doubt about every draw, in the order of their commitments. */
static enum rc doubts_take(struct reporting *r, const char *id)
{
	json_t *record = NULL, *list = json_array(), *one;
	size_t i;
	enum rc rc = ledger_record(r->op, r->scope, "draw", id, &record);

	if (rc == RC_OK)
		rc = draw_seed_doubts(r->op, r->scope, id, record, list);
	json_array_foreach(list, i, one) json_array_append_new(
		r->doubts, json_pack("{s:s, s:O}", "name", id, "doubt", one));
	json_decref(record);
	json_decref(list);
	return rc;
}

static enum rc draw_take(struct reporting *r, const char *id)
{
	struct fairness_draw draw = { 0 };
	json_t *paper = NULL, *replaced_by = json_array();
	struct err why = { 0 };
	struct op quiet = *r->op;
	char by[64];
	enum rc rc = authors_load(r, id, by, replaced_by);

	quiet.err = &why;
	if (rc == RC_OK)
		rc = draw_paper(&quiet, id, false, &paper);
	draw.paper = paper;
	draw.by = by;
	draw.replaced_by = replaced_by;
	if (rc == RC_OK) {
		rc = fairness_add(r->figures, &draw, r->op->err);
	} else if (why.code && why.code != RC_NOMEM && why.code != RC_BUSY) {
		json_array_append_new(
			r->not_held,
			json_pack("{s:s, s:s}", "name", id, "why", why.text));
		rc = RC_OK;
	} else if (why.code) {
		err_set(r->op->err, rc, "%s", why.text);
	}
	json_decref(paper);
	json_decref(replaced_by);
	return rc;
}

static enum rc day_read(const char *text, int64_t *out, struct err *err)
{
	int64_t day;

	if (!text)
		return RC_OK;
	if (!date_parse(text, &day))
		return err_set(err, RC_INVALID,
			       "'%.20s' is no date like 2026-12-31", text);
	*out = day * DAY_MS;
	return RC_OK;
}

static enum rc report_make(struct reporting *r, const char *from,
			   const char *to, json_t **out)
{
	int64_t first = 0, last = INT64_C(9000000000000000);
	enum rc rc = day_read(from, &first, r->op->err);

	if (rc == RC_OK)
		rc = day_read(to, &last, r->op->err);
	if (rc == RC_OK)
		rc = towns_load(r);
	if (rc == RC_OK)
		rc = ids_load(r, first, last + (to ? DAY_MS : 0));
	for (size_t i = 0; rc == RC_OK && i < json_array_size(r->ids); i++) {
		const char *id = json_string_value(json_array_get(r->ids, i));

		rc = draw_take(r, id);
		if (rc == RC_OK)
			rc = doubts_take(r, id);
	}
	if (rc != RC_OK)
		return rc;
	*out = fairness_figures(r->figures);
	if (!*out)
		return err_set(r->op->err, RC_NOMEM, "out of memory");
	json_object_set_new(*out, "scope", json_string(r->scope));
	if (from)
		json_object_set_new(*out, "from", json_string(from));
	if (to)
		json_object_set_new(*out, "to", json_string(to));
	json_object_set(*out, "not_held", r->not_held);
	json_object_set(*out, "doubts", r->doubts);
	return RC_OK;
}

enum rc draw_report(struct op *op, const char *scope, const char *from,
		    const char *to, json_t **out)
{
	struct reporting r = { .op = op,
			       .scope = scope,
			       .towns = json_object(),
			       .ids = json_array(),
			       .not_held = json_array(),
			       .doubts = json_array() };
	enum rc rc;

	*out = NULL;
	r.figures = fairness_new(r.towns);
	rc = r.figures ? report_make(&r, from, to, out)
		       : err_set(op->err, RC_NOMEM, "out of memory");
	fairness_free(r.figures);
	json_decref(r.towns);
	json_decref(r.ids);
	json_decref(r.not_held);
	json_decref(r.doubts);
	return rc;
}
