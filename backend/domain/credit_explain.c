/* domain/credit_explain.c - one subject: how its score comes about, and what
 * was on record of it, then and now. */
#include "domain/credit_impl.h"

#include "base/date.h"
#include "base/jcs.h"
#include "sql_store.gen.h"
#include "store/past.h"

static const char *const fact_kinds[] = { "visit", "violation", NULL };

/* What the log holds now, or held then. */
static enum rc known_position(struct op *op, const char *scope,
			      const int64_t *known, int64_t *out)
{
	struct head head;
	enum rc rc = ledger_head(op->store, scope, &head, op->err);

	*out = known ? *known : head.position;
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc rate_subject(struct op *op, const char *scope,
			    const char *subject,
			    const struct scheme_in_force *scheme, int64_t day,
			    int64_t position, struct rated *out)
{
	struct facts facts;
	enum rc rc, ended;

	facts_begin(&facts, op, scope, subject, subject, position);
	rc = facts_rate(&facts, &scheme->scheme, day, SIZE_MAX, subject, out,
			op->err);
	ended = facts_end(&facts, op);
	return rc == RC_OK ? ended : rc;
}

static enum rc facts_then(struct op *op, const char *scope, const char *subject,
			  const struct scheme_in_force *scheme, int64_t day,
			  int64_t position, struct rated *out)
{
	struct past past = { 0 };
	enum rc rc = past_begin(&past, op->store, scope, fact_kinds, subject,
				op->err),
		ended;

	if (rc == RC_OK)
		rc = past_advance(&past, position, op->err);
	if (rc == RC_OK)
		rc = rate_subject(op, scope, subject, scheme, day, position,
				  out);
	ended = past_end(&past, op->err);
	return rc == RC_OK ? ended : rc;
}

static enum rc facts_now(struct op *op, const char *scope, const char *subject,
			 const struct scheme_in_force *scheme, int64_t day,
			 int64_t *position, struct rated *out)
{
	enum rc rc = db_begin(op->store->db, false, op->err);

	if (rc == RC_OK)
		rc = known_position(op, scope, NULL, position);
	if (rc == RC_OK)
		rc = rate_subject(op, scope, subject, scheme, day, INT64_MAX,
				  out);
	db_rollback(op->store->db);
	return rc;
}

static enum rc subject_is_there(struct op *op, const char *scope,
				const char *subject)
{
	json_t *record = NULL;
	enum rc rc = ledger_record(op, scope, "subject", subject, &record);

	json_decref(record);
	return rc;
}

enum rc rate_explain(struct op *op, const char *scope, const char *subject,
		     const struct rate_options *options, const int64_t *known,
		     json_t **out)
{
	struct scheme_in_force s = { 0 };
	struct rated rated = { 0 };
	int64_t day, position = known ? *known : 0;
	char as_of[11];
	enum rc rc = rate_may(op, scope, RATE_READERS);

	*out = NULL;
	if (rc == RC_OK)
		rc = rate_day(op, options->as_of, as_of, &day);
	if (rc == RC_OK)
		rc = subject_is_there(op, scope, subject);
	if (rc == RC_OK)
		rc = scheme_in_force(op, options, false, as_of, &s);
	if (rc == RC_OK)
		rc = known ? facts_then(op, scope, subject, &s, day, position,
					&rated)
			   : facts_now(op, scope, subject, &s, day, &position,
				       &rated);
	if (rc == RC_OK) {
		*out = json_pack(
			"{s:s, s:s, s:I, s:s, s:I, s:I, s:s, s:I, s:O, s:I, "
			"s:O, s:O}",
			"subject", subject, "scheme", s.code, "version",
			(json_int_t)s.version, "as_of", as_of, "known_position",
			(json_int_t)position, "score", (json_int_t)rated.score,
			"grade", rated.grade, "facts_position",
			(json_int_t)rated.position, "reasons", rated.reasons,
			"floor", (json_int_t)s.scheme.floor, "decay",
			json_object_get(s.definition, "decay"), "grades",
			json_object_get(s.definition, "grades"));
		if (!*out)
			rc = err_set(op->err, RC_NOMEM, "out of memory");
	}
	json_decref(rated.reasons);
	scheme_release(&s);
	return rc;
}

static enum rc version_take(json_t *list, const char *text, size_t n,
			    int64_t position, json_t **last, struct err *err)
{
	enum rc rc = json_read(text, n, last, err);

	if (rc == RC_OK && (json_object_set_new(*last, "position",
						json_integer(position)) != 0 ||
			    json_array_append_new(list, *last) != 0))
		rc = err_set(err, RC_NOMEM, "out of memory");
	return rc;
}

/* Ours, and which of them is in force on the day: the last that does not begin
 * after it. */
static enum rc history_read(struct op *op, const char *scope, const char *id,
			    const char *as_of, int64_t known, json_t *out)
{
	struct query *q = query_begin(op->store->db, SQL_RATING_VERSIONS);
	json_t *list = json_array(), *in_force = NULL;
	enum rc rc = RC_OK, ended;

	query_text(q, 1, scope);
	query_text(q, 2, id);
	query_int(q, 3, known);
	while (rc == RC_OK && query_row(q)) {
		json_t *version = NULL;
		const char *from;

		rc = version_take(list, query_get_text(q, 1),
				  query_get_len(q, 1), query_get_int(q, 0),
				  &version, op->err);
		from = json_text(version, "valid_from");
		if (from && strcmp(from, as_of) <= 0)
			in_force = version;
	}
	ended = query_end(q, op->err);
	if (in_force)
		json_object_set(out, "rating", in_force);
	json_object_set_new(out, "history", list);
	return rc == RC_OK ? ended : rc;
}

/* One that begins after the day says nothing of it. */
static enum rc imported_take(struct op *op, const char *scope,
			     const char *as_of, json_t *list, const char *id,
			     int64_t position, int64_t received, int64_t known)
{
	json_t *record = NULL;
	char *text = NULL, when[25];
	const char *from;
	size_t n;
	enum rc rc = store_record_at(op->store, scope, "external_rating", id,
				     known, &text, &n, op->err);

	if (rc == RC_OK)
		rc = version_take(list, text, n, position, &record, op->err);
	free(text);
	from = json_text(record, "valid_from");
	if (rc == RC_OK && from && strcmp(from, as_of) > 0) {
		json_array_remove(list, json_array_size(list) - 1);
	} else if (rc == RC_OK) {
		time_format(when, received);
		json_object_set_new(record, "received_at", json_string(when));
	}
	return rc;
}

static enum rc imported_read(struct op *op, const char *scope,
			     const char *as_of, const char *subject,
			     int64_t known, json_t *out)
{
	json_t *list = json_array();
	struct query *q;
	enum rc rc = RC_OK, ended;

	json_object_set_new(out, "imported", list);
	/* A folder that has not loaded the kind has none. */
	if (!registry_kind(op->store->kinds, "external_rating"))
		return RC_OK;
	q = query_begin(op->store->db, SQL_RATING_IMPORTED);
	query_text(q, 1, scope);
	query_text(q, 2, subject);
	query_int(q, 3, known);
	while (rc == RC_OK && query_row(q))
		rc = imported_take(op, scope, as_of, list, query_get_text(q, 0),
				   query_get_int(q, 1), query_get_int(q, 2),
				   known);
	ended = query_end(q, op->err);
	return rc == RC_OK ? ended : rc;
}

enum rc rating_show(struct op *op, const char *scope, const char *subject,
		    const struct rate_options *options, const int64_t *known,
		    json_t **out)
{
	int64_t day, position;
	char as_of[11], id[21];
	enum rc rc = rate_may(op, scope, RATE_READERS);

	*out = NULL;
	if (rc == RC_OK)
		rc = rate_day(op, options->as_of, as_of, &day);
	if (rc == RC_OK)
		rc = subject_is_there(op, scope, subject);
	if (rc == RC_OK)
		rc = known_position(op, scope, known, &position);
	if (rc != RC_OK)
		return rc;
	rating_id(id, options->scheme ? options->scheme : SCHEME_DEFAULT,
		  subject);
	*out = json_pack("{s:s, s:s, s:I}", "subject", subject, "as_of", as_of,
			 "known_position", (json_int_t)position);
	if (!*out)
		return err_set(op->err, RC_NOMEM, "out of memory");
	rc = history_read(op, scope, id, as_of, position, *out);
	if (rc == RC_OK)
		rc = imported_read(op, scope, as_of, subject, position, *out);
	if (rc != RC_OK) {
		json_decref(*out);
		*out = NULL;
	}
	return rc;
}
