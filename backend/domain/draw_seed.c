/* domain/draw_seed.c - where a seed comes from: was it known before, and who
 * could choose it? */
#include "domain/draw_impl.h"

#include "base/jcs.h"
#include "sql_store.gen.h"

/* An earlier commitment could be drawn from the same source; one that came
 * after the seed was known is no draw, for its result could be looked up. */
struct knew {
	char scope[33], id[33];
};

static enum rc who_knew(struct op *op, const char *id, const char *seed,
			int64_t committed_at, struct knew *out)
{
	struct query *q = query_begin(op->store->db, SQL_DRAW_SEED_KNOWN);

	memset(out, 0, sizeof(*out));
	query_text(q, 1, seed);
	query_text(q, 2, id);
	query_int(q, 3, committed_at);
	if (query_row(q)) {
		snprintf(out->scope, sizeof(out->scope), "%s",
			 query_get_text(q, 0));
		snprintf(out->id, sizeof(out->id), "%s", query_get_text(q, 1));
	}
	return query_end(q, op->err);
}

enum rc draw_seed_is_new(struct op *op, const char *id, const json_t *record,
			 const char *seed)
{
	size_t n = strlen(seed);
	struct knew knew;
	enum rc rc;

	if (seed[0] == ' ' || seed[n - 1] == ' ')
		return err_set(op->err, RC_INVALID,
			       "a seed neither begins nor ends with a space: "
			       "give it as it was published");
	rc = who_knew(op, id, seed, json_int(record, "committed_at", 0), &knew);
	if (rc != RC_OK || !*knew.id)
		return rc;
	return err_set(op->err, RC_CONFLICT,
		       "this seed was known before draw '%s' was committed: "
		       "draw '%s' of scope '%s' revealed it; take one that "
		       "did not exist at the commitment",
		       id, knew.id, knew.scope);
}

bool draw_seed_is_anybodys(const json_t *paper)
{
	const json_t *committed = json_object_get(paper, "committed");
	const char *source = json_text(committed, "seed_source");

	return !json_array_size(json_object_get(committed, "seed_parts")) &&
	       (!source || !strcmp(source, DRAW_SEED_NO_SOURCE));
}

static void doubt(json_t *list, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void doubt(json_t *list, const char *fmt, ...)
{
	char text[700];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_array_append_new(list, json_string(text));
}

static void doubt_author(const json_t *record, const json_t *rules,
			 json_t *list)
{
	const char *by = json_text(record, "committed_by");
	const char *revealed = json_text(record, "revealed_by");
	bool is_one = by && revealed && !strcmp(by, revealed);

	if (json_array_size(json_object_get(json_object_get(rules, "committed"),
					    "seed_parts")))
		return;
	if (draw_seed_is_anybodys(rules))
		doubt(list, "%s%s%s", DRAW_SEED_ANYBODYS,
		      revealed ? "; that was " : "", revealed ? revealed : "");
	if (is_one)
		doubt(list,
		      "'%.64s' committed it and revealed its seed, with nobody "
		      "beside",
		      by);
}

/* A commitment that waited for the same source as one that was drawn. */
static enum rc doubt_left(struct op *op, const char *scope, const char *id,
			  const json_t *record, json_t *list)
{
	struct query *q = query_begin(op->store->db, SQL_DRAW_SOURCE_REVEALED);
	const char *source = json_text(record, "seed_source");

	query_text(q, 1, scope);
	query_text(q, 2, id);
	query_text(q, 3, source ? source : "");
	if (source && strcmp(source, DRAW_SEED_NO_SOURCE) != 0 && query_row(q))
		doubt(list,
		      "it was never revealed, though the seed of its source is "
		      "known: draw '%s' revealed it",
		      query_get_text(q, 0));
	return query_end(q, op->err);
}

enum rc draw_seed_doubts(struct op *op, const char *scope, const char *id,
			 const json_t *record, json_t *list)
{
	const char *seed = json_text(record, "seed");
	struct knew knew = { 0 };
	enum rc rc = RC_OK;

	doubt_author(record, json_object_get(record, "rules"), list);
	if (!seed)
		return doubt_left(op, scope, id, record, list);
	rc = who_knew(op, id, seed, json_int(record, "committed_at", 0), &knew);
	if (rc == RC_OK && *knew.id)
		doubt(list,
		      "its seed was known before it was committed: draw '%s' "
		      "of scope '%s' revealed it",
		      knew.id, knew.scope);
	return rc;
}
