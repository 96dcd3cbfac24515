/* domain/credit.c - one walk over subjects, violations and visits, all in the
 * order of subjects, a page of subjects at a time: each page is read in one
 * transaction and its changed ratings are written after it. */
#include "domain/credit_impl.h"

#include "base/jcs.h"
#include "sql_store.gen.h"

#define PAGE LEDGER_BATCH_RECORDS

struct subject {
	char id[33], town[4];
};

struct rating {
	struct op *op;
	const char *scope;
	bool dry_run;
	struct scheme_in_force scheme;
	char as_of[11], today[11];
	int64_t day;
	/* All facts up to here are known; nothing up to `seen` is one. */
	int64_t known, seen;
	struct subject *subjects; /* the page */
	size_t nsubjects;
	char (*ids)[21]; /* of the records below */
	struct office_record *records; /* records owned */
	size_t n;
};

/* What is written of a day to come would stand over every rating until then. */
static enum rc day_has_come(const struct rating *r)
{
	if (r->dry_run || strcmp(r->as_of, r->today) <= 0)
		return RC_OK;
	return err_set(r->op->err, RC_INVALID,
		       "%s is yet to come (today is %s in UTC): ratings are "
		       "written of today or of a day that is over; a dry run "
		       "says what another day would bring",
		       r->as_of, r->today);
}

static enum rc rating_open(struct rating *r, struct op *op, const char *scope,
			   const struct rate_options *o)
{
	enum rc rc;

	*r = (struct rating){ .op = op, .scope = scope, .dry_run = o->dry_run };
	rc = rate_day(op, NULL, r->today, &r->day);
	if (rc == RC_OK)
		rc = rate_day(op, o->as_of, r->as_of, &r->day);
	if (rc == RC_OK)
		rc = rate_may(op, scope, 0);
	if (rc == RC_OK)
		rc = day_has_come(r);
	if (rc != RC_OK)
		return rc;
	r->subjects = calloc(PAGE, sizeof(*r->subjects));
	r->ids = calloc(PAGE, sizeof(*r->ids));
	r->records = calloc(PAGE, sizeof(*r->records));
	if (!r->subjects || !r->ids || !r->records)
		return err_set(op->err, RC_NOMEM, "out of memory");
	return scheme_in_force(op, o, !o->dry_run, r->as_of, &r->scheme);
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

/* A run whose facts nobody changes meanwhile has one position, the head that it
 * began at: its own ratings are no facts. */
static enum rc page_known(struct rating *r)
{
	struct head head;
	struct query *q;
	enum rc rc = ledger_head(r->op->store, r->scope, &head, r->op->err);

	if (rc != RC_OK)
		return rc == RC_NOT_FOUND ? RC_OK : rc;
	if (!r->known)
		r->known = r->seen = head.position;
	q = query_begin(r->op->store->db, SQL_RATE_FACTS_SINCE);
	query_text(q, 1, r->scope);
	query_int(q, 2, r->seen);
	query_int(q, 3, head.position);
	if (query_row(q))
		r->known = head.position;
	r->seen = head.position;
	return query_end(q, r->op->err);
}

static bool same_text(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

struct standing {
	bool is_same;
	bool is_later; /* of a later day that has come: it stands */
	char grade[21]; /* "" for none */
};

static enum rc standing_read(struct rating *r, const struct subject *s,
			     const char *id, const struct rated *now,
			     struct standing *out)
{
	struct query *q = query_begin(r->op->store->db, SQL_RATE_CURRENT);
	struct buf reasons;
	enum rc rc;

	memset(out, 0, sizeof(*out));
	buf_init(&reasons, RECORD_BYTES_MAX);
	rc = jcs_write(&reasons, now->reasons, r->op->err);
	query_text(q, 1, r->scope);
	query_text(q, 2, id);
	if (rc == RC_OK && query_row(q)) {
		const char *grade = query_get_text(q, 1);
		const char *from = query_get_text(q, 5);

		bool is_to_come = from && strcmp(from, r->today) > 0;

		out->is_same = !is_to_come &&
			       query_get_int(q, 0) == now->score &&
			       same_text(grade, now->grade) &&
			       same_text(query_get_text(q, 2), reasons.data) &&
			       same_text(query_get_text(q, 3), s->town) &&
			       same_text(query_get_text(q, 4), r->scheme.id);
		out->is_later =
			!is_to_come && from && strcmp(from, r->as_of) > 0;
		snprintf(out->grade, sizeof(out->grade), "%s",
			 grade ? grade : "");
	}
	buf_release(&reasons);
	if (query_end(q, r->op->err) != RC_OK)
		rc = r->op->err->code;
	return rc;
}

static enum rc keep(struct rating *r, const struct subject *s, const char *id,
		    const struct rated *now)
{
	const struct rating_place place = { .town = s->town,
					    .subject = s->id,
					    .scheme = r->scheme.id,
					    .valid_from = r->as_of,
					    .known_at = r->op->now_ms,
					    .known_position = r->known };
	struct office_record *record = &r->records[r->n];

	memcpy(r->ids[r->n], id, sizeof(*r->ids));
	*record =
		(struct office_record){ .kind = "rating",
					.id = r->ids[r->n],
					.record = rating_record(&place, now) };
	if (!record->record)
		return err_set(r->op->err, RC_NOMEM, "no memory for a rating");
	r->n++;
	return RC_OK;
}

/* Grades of the scheme come first and in its order; those of an earlier version
 * behind them. */
static void count_grade(struct rate_done *done, const char *grade, bool before)
{
	size_t i = 0;

	while (i < done->ngrades && strcmp(done->grades[i].grade, grade) != 0)
		i++;
	if (i == RATE_GRADES_MAX)
		return;
	if (i == done->ngrades)
		snprintf(done->grades[done->ngrades++].grade,
			 sizeof(done->grades[i].grade), "%s", grade);
	if (before)
		done->grades[i].before++;
	else
		done->grades[i].subjects++;
}

static enum rc rate_one(struct rating *r, struct facts *facts,
			const struct subject *s, struct rate_done *done)
{
	struct standing standing = { 0 };
	struct rated now;
	char id[21];
	enum rc rc = facts_rate(facts, &r->scheme.scheme, r->day,
				CREDIT_FACTS_LISTED, s->id, &now, r->op->err);

	rating_id(id, r->scheme.code, s->id);
	if (rc == RC_OK)
		rc = standing_read(r, s, id, &now, &standing);
	if (rc == RC_OK) {
		done->subjects++;
		if (*standing.grade)
			count_grade(done, standing.grade, true);
		else
			done->unrated++;
		count_grade(done,
			    standing.is_later ? standing.grade : now.grade,
			    false);
		if (standing.is_later)
			done->later++;
		else if (!standing.is_same)
			rc = keep(r, s, id, &now);
	}
	json_decref(now.reasons);
	return rc;
}

static enum rc page_rate(struct rating *r, struct rate_done *done)
{
	struct facts facts;
	enum rc rc = page_known(r), ended;

	if (rc != RC_OK)
		return rc;
	facts_begin(&facts, r->op, r->scope, r->subjects[0].id,
		    r->subjects[r->nsubjects - 1].id, INT64_MAX);
	for (size_t i = 0; rc == RC_OK && i < r->nsubjects; i++)
		rc = rate_one(r, &facts, &r->subjects[i], done);
	ended = facts_end(&facts, r->op);
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

static enum rc page(struct rating *r, const char *after, struct rate_done *done)
{
	enum rc rc = page_read(r, after, done);

	if (rc == RC_OK && r->dry_run)
		done->written += r->n;
	else if (rc == RC_OK && r->n)
		rc = page_write(r, done);
	records_drop(r);
	return rc;
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
		rc = page(&r, after, done);
		if (rc != RC_OK || !r.nsubjects)
			break;
		memcpy(after, r.subjects[r.nsubjects - 1].id, sizeof(after));
		if (options->progress)
			options->progress(options->ctx, done->subjects, 0);
	}
	rating_close(&r);
	return rc;
}

json_t *rate_done_json(const struct rate_done *done, bool dry_run)
{
	json_t *grades = json_object(), *before = json_object();

	for (size_t i = 0; i < done->ngrades; i++) {
		const char *grade = done->grades[i].grade;

		json_object_set_new(
			grades, grade,
			json_integer((json_int_t)done->grades[i].subjects));
		json_object_set_new(
			before, grade,
			json_integer((json_int_t)done->grades[i].before));
	}
	return json_pack(
		"{s:s, s:I, s:s, s:I, s:b, s:I, s:I, s:I, s:o, s:o}", "scheme",
		done->scheme, "version", (json_int_t)done->version, "as_of",
		done->as_of, "subjects", (json_int_t)done->subjects, "dry_run",
		(int)dry_run, "written", (json_int_t)done->written, "later",
		(json_int_t)done->later, "unrated", (json_int_t)done->unrated,
		"before", before, "grades", grades);
}
