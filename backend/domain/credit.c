/* domain/credit.c - one walk over subjects, violations and visits, all in the
 * order of subjects, a page of subjects at a time: each page is read in one
 * transaction and its changed ratings are written after it. */
#include "domain/credit_impl.h"

#include "base/date.h"
#include "base/hash.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "sql_store.gen.h"

#define DAY_MS INT64_C(86400000)
#define PAGE LEDGER_BATCH_RECORDS

struct subject {
	char id[33], town[4];
};

struct rated {
	int64_t score, position;
	const char *grade; /* borrowed from the scheme */
	json_t *reasons; /* owned */
};

struct rating {
	struct op *op;
	const char *scope;
	struct scheme_in_force scheme;
	char as_of[11];
	int64_t day;
	size_t listed_max;
	struct subject *subjects; /* the page */
	size_t nsubjects;
	struct query *violations, *visits;
	bool more_violations, more_visits;
	char (*ids)[21]; /* of the records below */
	struct office_record *records; /* records owned */
	size_t n;
};

static enum rc rating_open(struct rating *r, struct op *op, const char *scope,
			   const struct rate_options *o)
{
	int64_t day = op->now_ms / DAY_MS;

	*r = (struct rating){ .op = op,
			      .scope = scope,
			      .listed_max = CREDIT_FACTS_LISTED };
	if (o->as_of && !date_parse(o->as_of, &day))
		return err_set(op->err, RC_INVALID,
			       "'%.20s' is no date like 2026-11-22", o->as_of);
	r->day = day;
	date_format(r->as_of, day);
	if (!account_may(op->actor, ROLE_ANALYST | ROLE_COORDINATOR, scope))
		return err_set(
			op->err, RC_DENIED,
			"account '%s' is neither analyst nor coordinator "
			"of '%s'",
			op->actor->name, scope);
	r->subjects = calloc(PAGE, sizeof(*r->subjects));
	r->ids = calloc(PAGE, sizeof(*r->ids));
	r->records = calloc(PAGE, sizeof(*r->records));
	if (!r->subjects || !r->ids || !r->records)
		return err_set(op->err, RC_NOMEM, "out of memory");
	return scheme_in_force(op, o, r->as_of, &r->scheme);
}

static void records_drop(struct rating *r)
{
	for (size_t i = 0; i < r->n; i++)
		json_decref((json_t *)(uintptr_t)r->records[i].record);
	r->n = 0;
}

static void rating_close(struct rating *r)
{
	records_drop(r);
	free(r->subjects);
	free(r->ids);
	free(r->records);
	scheme_release(&r->scheme);
}

static enum rc page_subjects(struct rating *r, const char *after)
{
	struct query *q = query_begin(r->op->store->db, SQL_RATE_SUBJECTS);

	r->nsubjects = 0;
	query_text(q, 1, r->scope);
	query_text(q, 2, after);
	query_int(q, 3, PAGE);
	while (query_row(q)) {
		struct subject *s = &r->subjects[r->nsubjects++];

		snprintf(s->id, sizeof(s->id), "%s", query_get_text(q, 0));
		snprintf(s->town, sizeof(s->town), "%s", query_get_text(q, 1));
	}
	return query_end(q, r->op->err);
}

static struct query *facts_begin(struct rating *r, const char *sql, bool *more)
{
	struct query *q = query_begin(r->op->store->db, sql);

	query_text(q, 1, r->scope);
	query_text(q, 2, r->subjects[0].id);
	query_text(q, 3, r->subjects[r->nsubjects - 1].id);
	*more = query_row(q);
	return q;
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

static enum rc rate_one(struct rating *r, const char *subject,
			struct rated *out)
{
	struct query *v = r->violations, *t = r->visits;
	struct credit_sum sum;

	*out = (struct rated){ 0 };
	credit_begin(&sum, &r->scheme.scheme, r->day, r->listed_max);
	for (; at_subject(v, &r->more_violations, subject);
	     r->more_violations = query_row(v)) {
		const struct credit_fact fact = {
			.id = query_get_text(v, 1),
			.found_on = query_get_text(v, 2),
			.severity = query_get_text(v, 3),
			.visit_type = query_get_text(v, 4),
		};

		credit_add(&sum, &fact);
		newest(&out->position, query_get_int(v, 5));
	}
	for (; at_subject(t, &r->more_visits, subject);
	     r->more_visits = query_row(t)) {
		credit_add_visit(&sum, query_get_text(t, 1),
				 query_get_text(t, 2));
		newest(&out->position, query_get_int(t, 3));
	}
	out->score = credit_end(&sum, &out->grade, &out->reasons);
	credit_release(&sum);
	return out->reasons
		       ? RC_OK
		       : err_set(r->op->err, RC_NOMEM, "no memory for reasons");
}

/* First 20 hex digits of SHA-256("hufu-rating" US scheme's code US subject):
 * a new version of the scheme goes on with the same ratings. */
static void rating_id(char out[21], const char *code, const char *subject)
{
	unsigned char hash[SHA256_BYTES];
	char text[160];
	int n = snprintf(text, sizeof(text), "hufu-rating\x1f%s\x1f%s", code,
			 subject);

	sha256(hash, text, (size_t)n);
	hex_encode(out, hash, 10);
}

static bool same_text(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

static enum rc is_as_it_stands(struct rating *r, const struct subject *s,
			       const char *id, const struct rated *now,
			       bool *same)
{
	struct query *q = query_begin(r->op->store->db, SQL_RATE_CURRENT);
	struct buf reasons;
	enum rc rc;

	*same = false;
	buf_init(&reasons, RECORD_BYTES_MAX);
	rc = jcs_write(&reasons, now->reasons, r->op->err);
	query_text(q, 1, r->scope);
	query_text(q, 2, id);
	if (rc == RC_OK && query_row(q))
		*same = query_get_int(q, 0) == now->score &&
			same_text(query_get_text(q, 1), now->grade) &&
			same_text(query_get_text(q, 2), reasons.data) &&
			same_text(query_get_text(q, 3), s->town) &&
			same_text(query_get_text(q, 4), r->scheme.id);
	buf_release(&reasons);
	if (query_end(q, r->op->err) != RC_OK)
		rc = r->op->err->code;
	return rc;
}

static enum rc keep_changed(struct rating *r, const struct subject *s,
			    const struct rated *now)
{
	char *id = r->ids[r->n];
	bool same;
	enum rc rc;

	rating_id(id, r->scheme.code, s->id);
	rc = is_as_it_stands(r, s, id, now, &same);
	if (rc != RC_OK || same)
		return rc;
	r->records[r->n] = (struct office_record){
		.kind = "rating",
		.id = id,
		.record = json_pack(
			"{s:s, s:s, s:s, s:I, s:s, s:O, s:I, s:s, s:I, s:s, "
			"s:s}",
			"town", s->town, "subject", s->id, "scheme",
			r->scheme.id, "score", (json_int_t)now->score, "grade",
			now->grade, "reasons", now->reasons, "facts_position",
			(json_int_t)now->position, "valid_from", r->as_of,
			"known_at", (json_int_t)r->op->now_ms, "source", "hufu",
			"state", "current"),
	};
	if (!r->records[r->n].record)
		return err_set(r->op->err, RC_NOMEM, "no memory for a rating");
	r->n++;
	return RC_OK;
}

static void count_grade(struct rating *r, const char *grade,
			struct rate_done *done)
{
	for (size_t i = 0; i < r->scheme.scheme.ngrades; i++)
		if (r->scheme.scheme.grades[i].grade == grade)
			done->grades[i].subjects++;
	done->subjects++;
}

static enum rc page_rate(struct rating *r, struct rate_done *done)
{
	enum rc rc = RC_OK, ended;

	r->violations =
		facts_begin(r, SQL_RATE_VIOLATIONS, &r->more_violations);
	r->visits = facts_begin(r, SQL_RATE_VISITS, &r->more_visits);
	for (size_t i = 0; rc == RC_OK && i < r->nsubjects; i++) {
		struct rated now;

		rc = rate_one(r, r->subjects[i].id, &now);
		if (rc == RC_OK && done)
			count_grade(r, now.grade, done);
		if (rc == RC_OK)
			rc = keep_changed(r, &r->subjects[i], &now);
		json_decref(now.reasons);
	}
	ended = query_end(r->violations, r->op->err);
	if (rc == RC_OK)
		rc = ended;
	ended = query_end(r->visits, r->op->err);
	return rc == RC_OK ? ended : rc;
}

static enum rc page_read(struct rating *r, const char *after,
			 struct rate_done *done)
{
	enum rc rc = db_begin(r->op->store->db, false, r->op->err);

	if (rc != RC_OK)
		return rc;
	rc = page_subjects(r, after);
	if (rc == RC_OK && r->nsubjects)
		rc = page_rate(r, done);
	db_rollback(r->op->store->db);
	return rc;
}

/* A rating is the server's word; the packet's author is who asked for it. */
static enum rc page_write(struct rating *r, struct rate_done *done)
{
	struct account server = *r->op->actor;
	struct op as_server = *r->op;
	char message[120];
	struct office_write w = { .scope = r->scope,
				  .operation = "rate",
				  .message = message,
				  .records = r->records,
				  .n = r->n };
	enum rc rc;

	if (!r->n)
		return RC_OK;
	server.roles = ROLE_SERVER;
	as_server.actor = &server;
	snprintf(message, sizeof(message), "rate by %s version %lld as of %s",
		 r->scheme.code, (long long)r->scheme.version, r->as_of);
	rc = ledger_office(&as_server, &w);
	for (size_t i = 0; rc == RC_OK && i < r->n; i++)
		if (r->records[i].outcome == OFFICE_REFUSED)
			rc = err_set(r->op->err, RC_DENIED, "rating '%s': %s",
				     r->records[i].id, r->records[i].why);
		else
			done->written += r->records[i].outcome != OFFICE_SAME;
	records_drop(r);
	return rc;
}

static void done_begin(const struct rating *r, struct rate_done *done)
{
	const struct scheme *s = &r->scheme.scheme;

	snprintf(done->scheme, sizeof(done->scheme), "%s", r->scheme.code);
	memcpy(done->as_of, r->as_of, sizeof(done->as_of));
	done->version = r->scheme.version;
	done->ngrades = s->ngrades;
	for (size_t i = 0; i < s->ngrades; i++)
		snprintf(done->grades[i].grade, sizeof(done->grades[i].grade),
			 "%s", s->grades[i].grade);
}

enum rc rate_scope(struct op *op, const char *scope,
		   const struct rate_options *options, struct rate_done *done)
{
	struct rating r;
	char after[33] = "";
	enum rc rc = rating_open(&r, op, scope, options);

	memset(done, 0, sizeof(*done));
	if (rc == RC_OK)
		done_begin(&r, done);
	while (rc == RC_OK) {
		rc = page_read(&r, after, done);
		if (rc == RC_OK)
			rc = page_write(&r, done);
		if (rc != RC_OK || !r.nsubjects)
			break;
		memcpy(after, r.subjects[r.nsubjects - 1].id, sizeof(after));
		if (options->progress)
			options->progress(options->ctx, done->subjects, 0);
	}
	rating_close(&r);
	return rc;
}

static enum rc explain_one(struct rating *r, const char *subject, json_t **out)
{
	struct rated now = { 0 };
	enum rc rc;

	snprintf(r->subjects[0].id, sizeof(r->subjects[0].id), "%s", subject);
	r->nsubjects = 1;
	r->violations =
		facts_begin(r, SQL_RATE_VIOLATIONS, &r->more_violations);
	r->visits = facts_begin(r, SQL_RATE_VISITS, &r->more_visits);
	rc = rate_one(r, subject, &now);
	query_end(r->violations, r->op->err);
	query_end(r->visits, r->op->err);
	if (rc == RC_OK)
		rc = r->op->err->code;
	if (rc == RC_OK)
		*out = json_pack("{s:s, s:s, s:I, s:s, s:I, s:s, s:I, s:O}",
				 "subject", subject, "scheme", r->scheme.code,
				 "version", (json_int_t)r->scheme.version,
				 "as_of", r->as_of, "score",
				 (json_int_t)now.score, "grade", now.grade,
				 "facts_position", (json_int_t)now.position,
				 "reasons", now.reasons);
	json_decref(now.reasons);
	return rc;
}

enum rc rate_explain(struct op *op, const char *scope, const char *subject,
		     const struct rate_options *options, json_t **out)
{
	struct rating r;
	json_t *record = NULL;
	enum rc rc = rating_open(&r, op, scope, options);

	*out = NULL;
	r.listed_max = SIZE_MAX;
	if (rc == RC_OK)
		rc = ledger_record(op, scope, "subject", subject, &record);
	if (rc == RC_OK)
		rc = explain_one(&r, subject, out);
	json_decref(record);
	rating_close(&r);
	return rc;
}
