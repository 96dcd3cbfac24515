/* domain/credit_check.c - ratings computed again from the log.
 *
 * Ratings are taken in the order of what was known when they were written, so
 * that the past is walked once. */
#include "domain/credit_impl.h"

#include "base/date.h"
#include "base/jcs.h"
#include "sql_store.gen.h"
#include "store/past.h"

struct checking {
	struct op *op;
	const char *scope;
	struct scheme_in_force scheme; /* of the rating before */
	struct rate_checked *done;
};

static enum rc scheme_for(struct checking *c, const char *id)
{
	if (strcmp(c->scheme.id, id) == 0)
		return RC_OK;
	scheme_release(&c->scheme);
	return scheme_by_id(c->op, id, &c->scheme);
}

/* The canonical bytes that the rating ought to have. */
static enum rc compute(struct checking *c, const char *id,
		       const struct rating_place *place, struct buf *out)
{
	struct rated rated = { 0 };
	json_t *record = NULL;
	struct facts facts;
	int64_t day = 0;
	enum rc rc = scheme_for(c, place->scheme), ended;

	if (rc != RC_OK)
		return rc;
	date_parse(place->valid_from, &day);
	facts_begin(&facts, c->op, c->scope, place->subject, place->subject,
		    place->known_position);
	rc = facts_rate(&facts, &c->scheme.scheme, day, CREDIT_FACTS_LISTED,
			place->subject, &rated, c->op->err);
	ended = facts_end(&facts, c->op);
	rc = rc == RC_OK ? ended : rc;
	if (rc == RC_OK) {
		record = rating_record(place, &rated);
		json_object_set_new(record, "id", json_string(id));
		json_object_set_new(record, "scope", json_string(c->scope));
		rc = jcs_write(out, record, c->op->err);
	}
	json_decref(record);
	json_decref(rated.reasons);
	return rc;
}

static const char *text_or_empty(const char *text)
{
	return text ? text : "";
}

static enum rc check_one(struct checking *c, struct query *q, int64_t known)
{
	const struct rating_place place = {
		.subject = text_or_empty(query_get_text(q, 1)),
		.town = text_or_empty(query_get_text(q, 2)),
		.scheme = text_or_empty(query_get_text(q, 3)),
		.valid_from = text_or_empty(query_get_text(q, 4)),
		.known_at = query_get_int(q, 5),
		.known_position = known,
	};
	struct buf text;
	enum rc rc;

	buf_init(&text, RECORD_BYTES_MAX);
	rc = compute(c, query_get_text(q, 0), &place, &text);
	if (rc == RC_OK) {
		c->done->checked++;
		if (text.len != query_get_len(q, 6) ||
		    memcmp(text.data, query_get_text(q, 6), text.len) != 0) {
			if (c->done->differing < RATE_DIFFERING_MAX)
				snprintf(c->done->shown[c->done->differing],
					 sizeof(*c->done->shown), "%s",
					 place.subject);
			c->done->differing++;
		}
	}
	buf_release(&text);
	return rc;
}

static enum rc check_known(struct checking *c, int64_t known)
{
	struct query *q = query_begin(c->op->store->db, SQL_RATE_CHECK_PAGE);
	enum rc rc = RC_OK, ended;

	query_text(q, 1, c->scope);
	query_int(q, 2, known);
	while (rc == RC_OK && query_row(q))
		rc = check_one(c, q, known);
	ended = query_end(q, c->op->err);
	return rc == RC_OK ? ended : rc;
}

/* The next position after *known at which ratings were made; 0: none. */
static enum rc known_next(struct checking *c, int64_t *known)
{
	struct query *q = query_begin(c->op->store->db, SQL_RATE_KNOWN_NEXT);

	query_text(q, 1, c->scope);
	query_int(q, 2, *known);
	*known = query_row(q) ? query_get_int(q, 0) : 0;
	return query_end(q, c->op->err);
}

static enum rc count_unknown(struct checking *c)
{
	struct query *q = query_begin(c->op->store->db, SQL_RATE_CHECK_UNKNOWN);

	query_text(q, 1, c->scope);
	if (query_row(q))
		c->done->unknown = (size_t)query_get_int(q, 0);
	return query_end(q, c->op->err);
}

enum rc rate_check(struct op *op, const char *scope, struct rate_checked *out)
{
	static const char *const kinds[] = { "visit", "violation", NULL };
	struct checking c = { .op = op, .scope = scope, .done = out };
	struct past past = { 0 };
	int64_t known = 0;
	enum rc rc = rate_may(op, scope, ROLE_AUDITOR), ended;

	memset(out, 0, sizeof(*out));
	if (rc == RC_OK)
		rc = count_unknown(&c);
	if (rc == RC_OK)
		rc = past_begin(&past, op->store, scope, kinds, NULL, op->err);
	while (rc == RC_OK) {
		rc = known_next(&c, &known);
		if (rc != RC_OK || !known)
			break;
		rc = past_advance(&past, known, op->err);
		if (rc == RC_OK)
			rc = check_known(&c, known);
	}
	ended = past_end(&past, op->err);
	scheme_release(&c.scheme);
	return rc == RC_OK ? ended : rc;
}
