/* domain/draw_match.c - officers by load and lot. */
#include "domain/draw_match.h"

#include <stdlib.h>
#include <string.h>

#include "base/jcs.h"
#include "domain/draw_candidates.h"
#include "domain/draw_ticket.h"

static json_t *recused_of(const json_t *recusals)
{
	json_t *all = json_object();

	for (size_t i = 0; i < json_array_size(recusals); i++) {
		const json_t *r = json_array_get(recusals, i);
		const char *subject = json_text(r, "subject");
		json_t *of = json_object_get(all, subject);

		if (!of) {
			of = json_object();
			json_object_set_new(all, subject, of);
		}
		json_object_set_new(of, json_text(r, "officer"), json_true());
	}
	return all;
}

enum rc match_init(struct match *m, const json_t *paper, const char *seed,
		   struct err *err)
{
	const json_t *committed = json_object_get(paper, "committed");
	json_t *candidates = draw_candidates(paper), *officer;
	size_t room = json_array_size(candidates) + 1, i;

	*m = (struct match){
		.seed = seed,
		.wanted =
			(size_t)json_int(committed, "officers_per_subject", 2),
		.ids = malloc(room * sizeof(*m->ids)),
		.leads = malloc(room * sizeof(*m->leads)),
		.load = calloc(room, sizeof(*m->load)),
		.order = malloc(room * sizeof(*m->order)),
		.recused = recused_of(json_object_get(paper, "recusals")),
	};
	if (!candidates || !m->ids || !m->leads || !m->load || !m->order ||
	    !m->recused) {
		json_decref(candidates);
		return err_set(err, RC_NOMEM, "no memory for %zu officers",
			       room);
	}
	json_array_foreach(candidates, i, officer)
	{
		m->leads[m->n] = json_object_get(officer, "lead") != NULL;
		m->ids[m->n++] = json_text(officer, "id"); /* the paper's */
	}
	json_decref(candidates);
	return RC_OK;
}

void match_release(struct match *m)
{
	free(m->ids);
	free(m->leads);
	free(m->load);
	free(m->order);
	json_decref(m->recused);
}

static bool is_in(const json_t *pair, const char *officer)
{
	for (size_t i = 1; i < json_array_size(pair); i++)
		if (!strcmp(json_string_value(json_array_get(pair, i)),
			    officer))
			return true;
	return false;
}

/* The next for a pair, in the order of lots that stands; m->n: nobody. */
static size_t pick(const struct match *m, const json_t *pair, bool only_leads)
{
	const json_t *recused = json_object_get(
		m->recused, json_string_value(json_array_get(pair, 0)));
	size_t best = m->n;

	for (size_t i = 0; i < m->n; i++) {
		size_t o = m->order[i];

		if ((best == m->n || m->load[o] < m->load[best]) &&
		    (!only_leads || m->leads[o]) &&
		    !json_object_get(recused, m->ids[o]) &&
		    !is_in(pair, m->ids[o]))
			best = o;
	}
	return best;
}

/* A lead where one is wanted and there is one, else anybody. */
static const char *pick_for(struct match *m, const json_t *pair,
			    bool wants_lead, struct err *err)
{
	size_t o = wants_lead ? pick(m, pair, true) : m->n;

	if (o == m->n)
		o = pick(m, pair, false);
	if (o == m->n) {
		err_set(err, RC_INVALID,
			"subject '%s' has too few officers who may check it",
			json_string_value(json_array_get(pair, 0)));
		return NULL;
	}
	m->load[o]++;
	return m->ids[o];
}

json_t *match_subject(struct match *m, const char *subject, struct err *err)
{
	json_t *pair = json_pack("[s]", subject);

	if (!pair) {
		err_set(err, RC_NOMEM, "no memory for pairs");
		return NULL;
	}
	if (draw_order_officers(m->seed, subject, m->ids, m->n, m->order,
				err) != RC_OK)
		goto failed;
	while (json_array_size(pair) <= m->wanted) {
		const char *officer =
			pick_for(m, pair, json_array_size(pair) == 1, err);

		if (!officer)
			goto failed;
		json_array_append_new(pair, json_string(officer));
	}
	return pair;
failed:
	json_decref(pair);
	return NULL;
}

void match_count(struct match *m, const json_t *pair, int64_t by)
{
	for (size_t i = 0; i < m->n; i++)
		if (is_in(pair, m->ids[i]))
			m->load[i] += by;
}

const char *match_officer(struct match *m, const json_t *pair, const char *gone,
			  struct err *err)
{
	const char *subject = json_string_value(json_array_get(pair, 0));
	json_t *recused = json_object_get(m->recused, subject);
	bool was_lead = false;

	if (!recused) {
		recused = json_object();
		json_object_set_new(m->recused, subject, recused);
	}
	json_object_set_new(recused, gone, json_true());
	for (size_t i = 0; i < m->n; i++)
		if (!strcmp(m->ids[i], gone)) {
			was_lead = m->leads[i];
			m->load[i]--;
		}
	if (draw_order_officers(m->seed, subject, m->ids, m->n, m->order,
				err) != RC_OK)
		return NULL;
	return pick_for(m, pair, was_lead, err);
}

enum rc match_all(const json_t *paper, const char *seed, const json_t *result,
		  json_t **pairs, struct err *err)
{
	struct match m;
	enum rc rc = match_init(&m, paper, seed, err);

	*pairs = json_array();
	if (rc == RC_OK && m.n < m.wanted)
		rc = err_set(err, RC_INVALID,
			     "%zu officers may be drawn, %zu are needed for "
			     "each subject",
			     m.n, m.wanted);
	for (size_t i = 0; rc == RC_OK && i < json_array_size(result); i++) {
		json_t *pair = match_subject(
			&m, json_string_value(json_array_get(result, i)), err);

		if (!pair || json_array_append_new(*pairs, pair) != 0)
			rc = err_set(err, RC_NOMEM, "no memory for pairs");
	}
	match_release(&m);
	return err->code ? err->code : rc;
}
