/* domain/draw_pool.c - the officers of a draw, and who may not check whom. */
#include "domain/draw_impl.h"

#include "base/jcs.h"
#include "domain/draw_candidates.h"
#include "domain/draw_ticket.h"
#include "sql_store.gen.h"

static void copy_text(json_t *to, const char *key, struct query *q, int col)
{
	if (!query_is_null(q, col))
		json_object_set_new(to, key,
				    json_string(query_get_text(q, col)));
}

/* An officer without a list of items may check any. */
static bool is_for_item(const struct freezing *f, const char *set)
{
	const char *item = f->options->item;
	json_t *items = item && set ? json_loads(set, 0, NULL) : NULL, *one;
	bool found = json_array_size(items) == 0;
	size_t i;

	json_array_foreach(items, i, one) found |=
		!strcmp(json_string_value(one), item);
	json_decref(items);
	return found;
}

/* Why somebody is left out is said to the office alone. */
static void reason_add(struct freezing *f, const char *list, json_t *one)
{
	json_array_append_new(json_object_get(f->reasons, list), one);
}

static void pool_add(struct freezing *f, struct query *q)
{
	json_t *o = json_object();
	const char *asked = json_text(f->asked, query_get_text(q, 0));

	copy_text(o, "id", q, 0);
	copy_text(o, "state", q, 1);
	copy_text(o, "certificate", q, 2);
	copy_text(o, "certificate_from", q, 3);
	copy_text(o, "certificate_to", q, 4);
	copy_text(o, "certificate_state", q, 5);
	draw_set_text(o, "excluded", asked ? DRAW_BY_OFFICE : NULL);
	if (asked)
		reason_add(f, "officers",
			   json_pack("{s:s, s:s}", "id", query_get_text(q, 0),
				     "reason", asked));
	if (!asked && !is_for_item(f, query_get_text(q, 6)))
		draw_set_text(o, "excluded", "item not in range");
	if (query_get_int(q, 7))
		json_object_set_new(o, "lead", json_true());
	json_array_append_new(f->pool, o);
}

/* Once the pool is whole: who may check, and whose number is his own. */
static enum rc pool_judge(struct freezing *f)
{
	json_t *numbers = draw_numbers(f->pool), *o;
	size_t i;

	json_array_foreach(f->pool, i, o)
	{
		const char *reason = draw_officer_refused(
			o, f->day, f->options->due, numbers);

		f->candidates += !reason;
		if (!reason)
			continue;
		if (!json_text(o, "excluded"))
			draw_set_text(o, "excluded", reason);
		json_object_del(o, "lead");
	}
	json_decref(numbers);
	return numbers ? RC_OK : err_set(f->op->err, RC_NOMEM, "out of memory");
}

/* Where an id stands in a sorted array of ids, or of objects with an id. */
static bool holds_id(const json_t *sorted, const char *id)
{
	size_t from = 0, to = json_array_size(sorted);

	while (from < to) {
		size_t at = from + (to - from) / 2;
		const json_t *one = json_array_get(sorted, at);
		const char *text = json_is_string(one) ? json_string_value(one)
						       : json_text(one, "id");
		int order = strcmp(text, id);

		if (order == 0)
			return true;
		if (order < 0)
			from = at + 1;
		else
			to = at;
	}
	return false;
}

/* Is the one who is recused a candidate, so that it matters? */
static bool is_candidate(const struct freezing *f, const char *officer)
{
	for (size_t i = 0; i < json_array_size(f->pool); i++) {
		const json_t *o = json_array_get(f->pool, i);

		if (!strcmp(json_text(o, "id"), officer))
			return !json_text(o, "excluded");
	}
	return false;
}

/* One more recusal of the subject before it leaves too few officers? */
static enum rc recusal_add(struct freezing *f, const char *subject,
			   const char *officer, const char *reason)
{
	size_t n = json_array_size(f->recusals);
	const json_t *last = n ? json_array_get(f->recusals, n - 1) : NULL;
	int64_t of_subject = 1;

	if (last && !strcmp(json_text(last, "subject"), subject) &&
	    !strcmp(json_text(last, "officer"), officer))
		return RC_OK;
	json_array_append_new(f->recusals,
			      json_pack("{s:s, s:s}", "officer", officer,
					"subject", subject));
	reason_add(f, "recusals",
		   json_pack("{s:s, s:s, s:s}", "officer", officer, "reason",
			     reason, "subject", subject));
	for (; n > 0 &&
	       !strcmp(json_text(json_array_get(f->recusals, n - 1), "subject"),
		       subject);
	     n--)
		of_subject++;
	if (f->candidates - of_subject >= f->wanted)
		return RC_OK;
	return err_set(f->op->err, RC_INVALID,
		       "subject '%s' has fewer than %lld officers who are not "
		       "recused: exclude it with this reason",
		       subject, (long long)f->wanted);
}

static enum rc freeze_recusals(struct freezing *f)
{
	struct query *q = query_begin(f->op->store->db, SQL_DRAW_RECUSALS);
	enum rc rc = RC_OK;

	query_text(q, 1, f->scope);
	while (rc == RC_OK && query_row(q)) {
		const char *subject = query_get_text(q, 0);
		const char *officer = query_get_text(q, 1);

		if (holds_id(f->frame, subject) && is_candidate(f, officer))
			rc = recusal_add(f, subject, officer,
					 query_get_text(q, 2));
	}
	return query_end(q, f->op->err) == RC_OK ? rc : f->op->err->code;
}

enum rc draw_freeze_pool(struct freezing *f)
{
	struct query *q = query_begin(f->op->store->db, SQL_DRAW_POOL);

	f->wanted = f->options->officers ? f->options->officers : 2;
	query_text(q, 1, f->scope);
	while (query_row(q))
		pool_add(f, q);
	if (query_end(q, f->op->err) != RC_OK)
		return f->op->err->code;
	if (pool_judge(f) != RC_OK)
		return f->op->err->code;
	if (f->wanted < 2 || f->wanted > 10)
		return err_set(f->op->err, RC_INVALID,
			       "a subject is checked by 2 to 10 officers");
	if (json_array_size(f->pool) > DRAW_OFFICERS_MAX)
		return err_set(f->op->err, RC_INVALID,
			       "a pool has at most %d officers",
			       DRAW_OFFICERS_MAX);
	if (f->candidates < f->wanted)
		return err_set(f->op->err, RC_INVALID,
			       "%lld of %zu officers of '%s' may be drawn on "
			       "%s, %lld are needed: active, with a valid "
			       "certificate of their own that lasts until %s, "
			       "not excluded",
			       (long long)f->candidates,
			       json_array_size(f->pool), f->scope, f->day,
			       (long long)f->wanted,
			       f->options->due ? f->options->due : f->day);
	return freeze_recusals(f);
}
