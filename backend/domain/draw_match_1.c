/* domain/draw_match_1.c - who checks whom in formats 1 and 2: the first
 * officers by lot whose load is below a limit. */
#include "domain/draw_match.h"

#include "base/jcs.h"
#include "domain/draw_candidates.h"
#include "domain/draw_ticket.h"

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
	json_t *candidates = draw_candidates(paper), *officer;
	size_t room = json_array_size(candidates) + 1, i;

	*p = (struct pool){ .ids = malloc(room * sizeof(*p->ids)),
			    .load = calloc(room, sizeof(*p->load)),
			    .order = malloc(room * sizeof(*p->order)) };
	if (!candidates || !p->ids || !p->load || !p->order) {
		json_decref(candidates);
		return err_set(err, RC_NOMEM, "no memory for %zu officers",
			       room);
	}
	json_array_foreach(candidates, i, officer)
	{
		p->ids[p->n++] = json_text(officer, "id"); /* the paper's */
	}
	json_decref(candidates);
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

enum rc draw_match_1(const json_t *paper, const char *seed,
		     const json_t *result, json_t **pairs, struct err *err)
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
