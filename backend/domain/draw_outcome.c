/* domain/draw_outcome.c - what a seed makes of a committed paper: who is
 * checked, who stands in reserve, and who checks. */
#include "domain/draw_paper.h"

#include "base/jcs.h"
#include "domain/draw_ticket.h"

/* Texts of an array as C strings, borrowed. */
static const char **texts_of(const json_t *array, struct err *err)
{
	size_t n = json_array_size(array);
	const char **texts = malloc((n + 1) * sizeof(*texts));

	if (!texts)
		err_set(err, RC_NOMEM, "no memory for %zu ids", n);
	for (size_t i = 0; texts && i < n; i++)
		texts[i] = json_string_value(json_array_get(array, i));
	return texts;
}

struct quotas {
	size_t count;
	int64_t left[DRAW_STRATA_MAX];
};

/* The frame in ticket order: the first n of each stratum are drawn, the others
 * wait in the same order. */
static enum rc take(const json_t *paper, const uint32_t *order,
		    struct quotas *q, json_t *result, json_t *reserve,
		    struct err *err)
{
	const json_t *frame = json_object_get(paper, "frame");
	const json_t *membership = json_object_get(paper, "membership");

	for (size_t i = 0; i < json_array_size(frame); i++) {
		json_t *id = json_array_get(frame, order[i]);
		size_t k = (size_t)json_integer_value(
			json_array_get(membership, order[i]));
		json_t *to = result;

		if (q->left[k] > 0)
			q->left[k]--;
		else
			to = json_array_get(reserve, k);
		if (json_array_append(to, id) != 0)
			return err_set(err, RC_NOMEM, "no memory for a result");
	}
	return RC_OK;
}

static enum rc draw_subjects(const json_t *paper, const char *seed,
			     json_t *result, json_t *reserve, struct err *err)
{
	const json_t *frame = json_object_get(paper, "frame");
	const json_t *strata =
		json_object_get(json_object_get(paper, "committed"), "strata");
	struct quotas q = { .count = json_array_size(strata) };
	const char **ids = texts_of(frame, err);
	uint32_t *order = NULL;
	enum rc rc = ids ? RC_OK : RC_NOMEM;

	for (size_t k = 0; k < q.count; k++) {
		q.left[k] = json_int(json_array_get(strata, k), "n", 0);
		json_array_append_new(reserve, json_array());
	}
	if (rc == RC_OK)
		rc = draw_order(seed, ids, json_array_size(frame), &order, err);
	if (rc == RC_OK)
		rc = take(paper, order, &q, result, reserve, err);
	free(order);
	free(ids);
	return rc;
}

struct pool {
	size_t n; /* candidates */
	const char **ids;
	int64_t *load;
	uint32_t *order;
};

static void pool_release(struct pool *p)
{
	free(p->ids);
	free(p->load);
	free(p->order);
}

static enum rc pool_init(struct pool *p, const json_t *paper, struct err *err)
{
	const json_t *all = json_object_get(paper, "pool");
	const char *day = json_text(
		json_object_get(json_object_get(paper, "committed"), "rules"),
		"day");
	size_t room = json_array_size(all) + 1;

	*p = (struct pool){ .ids = malloc(room * sizeof(*p->ids)),
			    .load = calloc(room, sizeof(*p->load)),
			    .order = malloc(room * sizeof(*p->order)) };
	if (!p->ids || !p->load || !p->order)
		return err_set(err, RC_NOMEM, "no memory for %zu officers",
			       room);
	for (size_t i = 0; i + 1 < room; i++) {
		const json_t *officer = json_array_get(all, i);

		if (!draw_officer_refused(officer, day))
			p->ids[p->n++] = json_text(officer, "id");
	}
	return RC_OK;
}

static size_t free_under(const struct pool *p, int64_t limit)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		n += p->load[i] < limit;
	return n;
}

/* [subject, officer, ...] */
static json_t *match_one(struct pool *p, const char *subject, size_t wanted,
			 int64_t limit)
{
	json_t *pair = json_array();

	json_array_append_new(pair, json_string(subject));
	while (free_under(p, limit) < wanted)
		limit++;
	for (size_t i = 0; i < p->n && json_array_size(pair) <= wanted; i++) {
		uint32_t o = p->order[i];

		if (p->load[o] >= limit)
			continue;
		p->load[o]++;
		json_array_append_new(pair, json_string(p->ids[o]));
	}
	return pair;
}

enum rc draw_match(const json_t *paper, const char *seed, const json_t *result,
		   json_t **pairs, struct err *err)
{
	size_t subjects = json_array_size(result);
	size_t wanted = (size_t)json_int(json_object_get(paper, "committed"),
					 "officers_per_subject", 2);
	struct pool p;
	enum rc rc = pool_init(&p, paper, err);
	int64_t limit;

	*pairs = NULL;
	if (rc == RC_OK && p.n < wanted)
		rc = err_set(err, RC_INVALID,
			     "%zu officers may be drawn, %zu are needed for "
			     "each subject",
			     p.n, wanted);
	if (rc == RC_OK && !(*pairs = json_array()))
		rc = err_set(err, RC_NOMEM, "no memory for pairs");
	if (rc == RC_OK)
		limit = (int64_t)((subjects * wanted + p.n - 1) / p.n) + 1;
	for (size_t i = 0; rc == RC_OK && i < subjects; i++) {
		const char *subject =
			json_string_value(json_array_get(result, i));

		rc = draw_order_officers(seed, subject, p.ids, p.n, p.order,
					 err);
		if (rc == RC_OK &&
		    json_array_append_new(
			    *pairs, match_one(&p, subject, wanted, limit)) != 0)
			rc = err_set(err, RC_NOMEM, "no memory for pairs");
	}
	pool_release(&p);
	return rc;
}

enum rc draw_outcome(const json_t *paper, const char *seed, json_t **out,
		     struct err *err)
{
	json_t *result = json_array(), *reserve = json_array(), *pairs = NULL;
	char hash[65];
	enum rc rc;

	*out = NULL;
	rc = draw_subjects(paper, seed, result, reserve, err);
	if (rc == RC_OK)
		rc = draw_match(paper, seed, result, &pairs, err);
	if (rc == RC_OK) {
		*out = json_pack("{s:O, s:O, s:O}", "pairs", pairs, "reserve",
				 reserve, "result", result);
		rc = *out ? draw_hash(hash, *out, err)
			  : err_set(err, RC_NOMEM, "no memory for a result");
	}
	if (rc == RC_OK)
		json_object_set_new(*out, "result_hash", json_string(hash));
	json_decref(result);
	json_decref(reserve);
	json_decref(pairs);
	if (rc != RC_OK) {
		json_decref(*out);
		*out = NULL;
	}
	return rc;
}
