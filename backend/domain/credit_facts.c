/* domain/credit_facts.c - one subject's facts, summed, and made a record. */
#include "domain/credit_impl.h"

#include "base/date.h"
#include "base/hash.h"
#include "base/hex.h"
#include "sql_store.gen.h"

#define DAY_MS INT64_C(86400000)

static struct query *walk_begin(struct op *op, const char *sql,
				const char *scope, const char *first,
				const char *last, int64_t position, bool *more)
{
	struct query *q = query_begin(op->store->db, sql);

	query_text(q, 1, scope);
	query_text(q, 2, first);
	query_text(q, 3, last);
	query_int(q, 4, position);
	*more = query_row(q);
	return q;
}

void facts_begin(struct facts *f, struct op *op, const char *scope,
		 const char *first, const char *last, int64_t position)
{
	f->violations = walk_begin(op, SQL_RATE_VIOLATIONS, scope, first, last,
				   position, &f->more_violations);
	f->visits = walk_begin(op, SQL_RATE_VISITS, scope, first, last,
			       position, &f->more_visits);
}

enum rc facts_end(struct facts *f, struct op *op)
{
	enum rc violations = query_end(f->violations, op->err);
	enum rc visits = query_end(f->visits, op->err);

	return violations == RC_OK ? visits : violations;
}

/* Is the row at the walk's front this subject's? Rows of subjects that have no
 * record are passed over. */
static bool at_subject(struct query *q, bool *more, const char *subject)
{
	while (*more && strcmp(query_get_text(q, 0), subject) < 0)
		*more = query_row(q);
	return *more && strcmp(query_get_text(q, 0), subject) == 0;
}

static void newest(int64_t *position, int64_t of_fact)
{
	if (of_fact > *position)
		*position = of_fact;
}

enum rc facts_rate(struct facts *f, const struct scheme *scheme, int64_t day,
		   size_t listed_max, const char *subject, struct rated *out,
		   struct err *err)
{
	struct query *v = f->violations, *t = f->visits;
	struct credit_sum sum;

	*out = (struct rated){ 0 };
	credit_begin(&sum, scheme, day, listed_max);
	for (; at_subject(v, &f->more_violations, subject);
	     f->more_violations = query_row(v)) {
		const struct credit_fact fact = {
			.id = query_get_text(v, 1),
			.found_on = query_get_text(v, 2),
			.severity = query_get_text(v, 3),
			.visit_type = query_get_text(v, 4),
			.is_repeat = query_get_int(v, 6),
			.lacks_inspection = query_get_int(v, 7),
		};

		credit_add(&sum, &fact);
		newest(&out->position, query_get_int(v, 5));
	}
	for (; at_subject(t, &f->more_visits, subject);
	     f->more_visits = query_row(t)) {
		credit_add_visit(&sum, query_get_text(t, 1),
				 query_get_text(t, 2), query_get_int(t, 4));
		newest(&out->position, query_get_int(t, 3));
	}
	out->score = credit_end(&sum, &out->grade, &out->reasons);
	credit_release(&sum);
	return out->reasons ? RC_OK
			    : err_set(err, RC_NOMEM, "no memory for reasons");
}

void rating_id(char out[21], const char *code, const char *subject)
{
	unsigned char hash[SHA256_BYTES];
	char text[160];
	int n = snprintf(text, sizeof(text), "hufu-rating\x1f%s\x1f%s", code,
			 subject);

	sha256(hash, text, (size_t)n);
	hex_encode(out, hash, 10);
}

json_t *rating_record(const struct rating_place *place,
		      const struct rated *rated)
{
	return json_pack(
		"{s:s, s:s, s:s, s:I, s:s, s:O, s:I, s:s, s:I, s:I, s:s, s:s}",
		"town", place->town, "subject", place->subject, "scheme",
		place->scheme, "score", (json_int_t)rated->score, "grade",
		rated->grade, "reasons", rated->reasons, "facts_position",
		(json_int_t)rated->position, "valid_from", place->valid_from,
		"known_at", (json_int_t)place->known_at, "known_position",
		(json_int_t)place->known_position, "source", "hufu", "state",
		"current");
}

enum rc rate_day(struct op *op, const char *as_of, char text[11], int64_t *day)
{
	*day = op->now_ms / DAY_MS;
	if (as_of && !date_parse(as_of, day))
		return err_set(op->err, RC_INVALID,
			       "'%.20s' is no date like 2026-11-22", as_of);
	date_format(text, *day);
	return RC_OK;
}

enum rc rate_may(struct op *op, const char *scope, unsigned more)
{
	if (account_may(op->actor, ROLE_ANALYST | ROLE_COORDINATOR | more,
			scope))
		return RC_OK;
	return err_set(op->err, RC_DENIED,
		       "account '%s' is neither analyst nor coordinator of "
		       "'%s'",
		       op->actor->name, scope);
}
