/* domain/draw_run.c - from seed to assignments. */
#include "domain/draw_impl.h"

#include "base/hash.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "sql_store.gen.h"

struct running {
	struct op *op;
	const char *id;
	char scope[33];
	json_t *record, *paper, *outcome;
	struct office_record *records; /* ids owned, records owned */
	size_t n;
};

/* Running twice gives the same ids, so nobody is assigned twice. */
void draw_assignment_id(char out[21], const char *draw, const char *subject)
{
	unsigned char hash[SHA256_BYTES];
	char text[128];
	int n = snprintf(text, sizeof(text), "hufu-draw\x1f%s\x1f%s", draw,
			 subject);

	sha256(hash, text, (size_t)n);
	hex_encode(out, hash, 10);
}

static bool is_assigned(struct running *r, const char *assignment)
{
	struct query *q = query_begin(r->op->store->db, SQL_DRAW_ASSIGNED);
	bool found;

	query_text(q, 1, r->scope);
	query_text(q, 2, assignment);
	found = query_row(q) && query_get_int(q, 0) > 0;
	query_end(q, r->op->err);
	return found;
}

static void town_of(struct op *op, const char *scope, const char *subject,
		    char town[4])
{
	struct query *q = query_begin(op->store->db, SQL_SUBJECT_TOWN);

	query_text(q, 1, scope);
	query_text(q, 2, subject);
	snprintf(town, 4, "%s", query_row(q) ? query_get_text(q, 0) : "000");
	query_end(q, op->err);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The officers of a pair [subject, officer, ...] as a set. */
json_t *draw_officers_of(const json_t *pair)
{
	const char *names[16];
	size_t n = json_array_size(pair) - 1;
	json_t *set = json_array();

	for (size_t i = 0; i < n && i < 16; i++)
		names[i] = json_string_value(json_array_get(pair, i + 1));
	qsort(names, n, sizeof(*names), by_text);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(set, json_string(names[i]));
	return set;
}

json_t *draw_assignment(struct op *op, const char *scope, const char *draw,
			const json_t *paper, const json_t *pair, char id[21])
{
	const json_t *rules =
		json_object_get(json_object_get(paper, "committed"), "rules");
	const char *subject = json_string_value(json_array_get(pair, 0));
	char town[4];
	json_t *record;

	draw_assignment_id(id, draw, subject);
	town_of(op, scope, subject, town);
	record = json_pack("{s:s, s:s, s:o, s:s, s:s, s:s}", "town", town,
			   "subject", subject, "officers",
			   draw_officers_of(pair), "draw", draw, "cause",
			   "plan", "state", "issued");
	draw_set_text(record, "due", json_text(rules, "due"));
	draw_set_text(record, "item", json_text(rules, "item"));
	return record;
}

/* Only those that are not there yet: an assignment that an inspector has
 * accepted is not issued again. */
static enum rc assignments_make(struct running *r)
{
	const json_t *pairs = json_object_get(r->outcome, "pairs");
	size_t n = json_array_size(pairs);

	r->records = calloc(n + 1, sizeof(*r->records));
	if (!r->records)
		return err_set(r->op->err, RC_NOMEM, "out of memory");
	for (size_t i = 0; i < n && !r->op->err->code; i++) {
		const json_t *pair = json_array_get(pairs, i);
		char id[21];

		draw_assignment_id(id, r->id,
				   json_string_value(json_array_get(pair, 0)));
		if (is_assigned(r, id))
			continue;
		r->records[r->n].record = draw_assignment(
			r->op, r->scope, r->id, r->paper, pair, id);
		r->records[r->n].kind = "assignment";
		r->records[r->n++].id = strdup(id);
	}
	return r->op->err->code;
}

static enum rc mark_drawn(struct running *r)
{
	json_object_set(r->record, "result_hash",
			json_object_get(r->outcome, "result_hash"));
	json_object_set_new(r->record, "state", json_string("drawn"));
	draw_set_text(r->record, "drawn_by", r->op->actor->name);
	return draw_put(r->op, r->scope, "draw", r->id, r->record, "draw");
}

static enum rc run_loaded(struct running *r, struct draw_done *done)
{
	const char *seed = json_text(r->record, "seed");
	const char *hash = json_text(r->record, "result_hash");
	const char *state = json_text(r->record, "state");
	enum rc rc;

	if (state && strcmp(state, "void") == 0)
		return err_set(r->op->err, RC_CONFLICT, "draw '%s' is void",
			       r->id);
	if (!seed)
		return err_set(r->op->err, RC_CONFLICT,
			       "draw '%s' has no seed yet", r->id);
	rc = draw_paper_of(r->op, r->id, r->record, &r->paper);
	if (rc == RC_OK)
		rc = draw_outcome(r->paper, seed, &r->outcome, r->op->err);
	if (rc != RC_OK)
		return rc;
	done->frame = json_array_size(json_object_get(r->paper, "frame"));
	done->subjects = json_array_size(json_object_get(r->outcome, "result"));
	if (hash)
		return strcmp(hash, json_text(r->outcome, "result_hash")) == 0
			       ? RC_OK
			       : err_set(r->op->err, RC_CORRUPT,
					 "draw '%s' had another result", r->id);
	rc = assignments_make(r);
	if (rc == RC_OK)
		rc = draw_put_all(r->op, r->scope, "assign what was drawn",
				  r->records, r->n);
	done->assigned = r->n;
	return rc == RC_OK ? mark_drawn(r) : rc;
}

enum rc draw_run(struct op *op, const char *id, struct draw_done *done)
{
	struct running r = { .op = op, .id = id };
	enum rc rc = draw_load(op, id, r.scope, &r.record);

	*done = (struct draw_done){ 0 };
	if (rc == RC_OK)
		rc = run_loaded(&r, done);
	for (size_t i = 0; i < r.n; i++) {
		free((void *)(uintptr_t)r.records[i].id);
		json_decref((json_t *)(uintptr_t)r.records[i].record);
	}
	free(r.records);
	json_decref(r.record);
	json_decref(r.paper);
	json_decref(r.outcome);
	return rc;
}
