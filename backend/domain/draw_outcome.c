/* domain/draw_outcome.c - what a seed makes of a committed paper: who is
 * checked, who stands in reserve, and who checks. */
#include "domain/draw_paper.h"

#include "base/jcs.h"
#include "domain/draw_lots.h"
#include "domain/draw_match.h"
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

/* The places of an array's texts in the order of their tickets, malloc'd. */
static enum rc order_of(const json_t *array, const char *seed, uint32_t **order,
			struct err *err)
{
	const char **ids = texts_of(array, err);
	enum rc rc =
		ids ? draw_order(seed, ids, json_array_size(array), order, err)
		    : RC_NOMEM;

	free(ids);
	return rc;
}

struct outcome {
	json_t *drawn; /* lots of each stratum, of a draw by grade */
	json_t *result, *reserve, *pairs;
};

static void outcome_release(struct outcome *o)
{
	json_decref(o->drawn);
	json_decref(o->result);
	json_decref(o->reserve);
	json_decref(o->pairs);
}

/* The frame in ticket order: the first n of each stratum are drawn, the others
 * wait in the same order. */
static enum rc take(const json_t *paper, const uint32_t *order, int64_t *left,
		    struct outcome *o, struct err *err)
{
	const json_t *frame = json_object_get(paper, "frame");
	const json_t *membership = json_object_get(paper, "membership");

	for (size_t i = 0; i < json_array_size(frame); i++) {
		json_t *id = json_array_get(frame, order[i]);
		size_t k = (size_t)json_integer_value(
			json_array_get(membership, order[i]));
		json_t *to = o->result;

		if (left[k] > 0)
			left[k]--;
		else
			to = json_array_get(o->reserve, k);
		if (json_array_append(to, id) != 0)
			return err_set(err, RC_NOMEM, "no memory for a result");
	}
	return RC_OK;
}

static const json_t *strata_of(const json_t *paper)
{
	return json_object_get(json_object_get(paper, "committed"), "strata");
}

static enum rc draw_subjects(const json_t *paper, const char *seed,
			     struct outcome *o, struct err *err)
{
	const json_t *strata = strata_of(paper);
	int64_t left[DRAW_STRATA_MAX] = { 0 };
	uint32_t *order = NULL;
	enum rc rc;

	for (size_t k = 0; k < json_array_size(strata); k++) {
		left[k] = json_int(json_array_get(strata, k), "n", 0);
		json_array_append_new(o->reserve, json_array());
	}
	rc = order_of(json_object_get(paper, "frame"), seed, &order, err);
	if (rc == RC_OK)
		rc = take(paper, order, left, o, err);
	free(order);
	return rc;
}

/* -- by grade: lots are drawn, then named -- */

static enum rc draw_stratum(const json_t *lots, int64_t n, const char *seed,
			    struct outcome *o, struct err *err)
{
	json_t *drawn = json_array(), *reserve = json_array();
	uint32_t *order = NULL;
	enum rc rc = order_of(lots, seed, &order, err);

	json_array_append_new(o->drawn, drawn);
	json_array_append_new(o->reserve, reserve);
	for (size_t i = 0; rc == RC_OK && i < json_array_size(lots); i++)
		if (json_array_append((int64_t)i < n ? drawn : reserve,
				      json_array_get(lots, order[i])) != 0)
			rc = err_set(err, RC_NOMEM, "no memory for a result");
	free(order);
	return rc;
}

/* The names of what was drawn, in no order yet. */
static enum rc name_drawn(const json_t *paper, const json_t *drawn,
			  json_t *names, struct err *err)
{
	const json_t *frame = json_object_get(paper, "frame");
	struct lot_names lots;
	enum rc rc = lot_names_init(&lots, json_text(paper, "key"), frame, err);
	size_t k, i;
	json_t *of, *lot;

	json_array_foreach(drawn, k, of)
	{
		json_array_foreach(of, i, lot)
		{
			if (rc == RC_OK &&
			    json_array_append(
				    names, lot_names_find(&lots, frame,
							  json_string_value(
								  lot))) != 0)
				rc = err_set(err, RC_CORRUPT,
					     "a lot is nobody's");
		}
	}
	lot_names_release(&lots);
	return rc;
}

/* What a public paper says was drawn, if it can be: so many of the frame. */
static enum rc names_said(const json_t *paper, const json_t *drawn,
			  json_t *names, struct err *err)
{
	const json_t *frame = json_object_get(paper, "frame");
	const json_t *said = json_object_get(paper, "result");
	json_t *open = json_object();
	size_t i, n = 0;
	json_t *one;
	bool fits = true;

	json_array_foreach((json_t *)(uintptr_t)frame, i, one)
		json_object_set_new(open, json_string_value(one), json_true());
	json_array_foreach(drawn, i, one) n += json_array_size(one);
	json_array_foreach((json_t *)(uintptr_t)said, i, one) fits &=
		json_object_del(open, json_string_value(one)) == 0 &&
		json_array_append(names, one) == 0;
	json_decref(open);
	return fits && json_array_size(said) == n
		       ? RC_OK
		       : err_set(err, RC_CORRUPT,
				 "result: not as many of the frame as were "
				 "drawn");
}

static enum rc draw_by_grade(const json_t *paper, const char *seed,
			     struct outcome *o, struct err *err)
{
	const json_t *strata = strata_of(paper);
	const json_t *lots = json_object_get(paper, "lots");
	json_t *names = json_array();
	uint32_t *order = NULL;
	enum rc rc = RC_OK;

	o->drawn = json_array();
	for (size_t k = 0; rc == RC_OK && k < json_array_size(strata); k++)
		rc = draw_stratum(json_array_get(lots, k),
				  json_int(json_array_get(strata, k), "n", 0),
				  seed, o, err);
	if (rc == RC_OK)
		rc = draw_is_public(paper)
			     ? names_said(paper, o->drawn, names, err)
			     : name_drawn(paper, o->drawn, names, err);
	/* In an order that has nothing to do with that of their lots. */
	if (rc == RC_OK)
		rc = order_of(names, seed, &order, err);
	for (size_t i = 0; rc == RC_OK && i < json_array_size(names); i++)
		json_array_append(o->result, json_array_get(names, order[i]));
	free(order);
	json_decref(names);
	return rc;
}

static enum rc pack(const struct outcome *o, json_t **out, struct err *err)
{
	char hash[65];
	enum rc rc;

	*out = json_pack("{s:O, s:O, s:O}", "pairs", o->pairs, "reserve",
			 o->reserve, "result", o->result);
	if (o->drawn)
		json_object_set(*out, "drawn", o->drawn);
	rc = *out ? draw_hash(hash, *out, err)
		  : err_set(err, RC_NOMEM, "no memory for a result");
	if (rc == RC_OK)
		json_object_set_new(*out, "result_hash", json_string(hash));
	return rc;
}

enum rc draw_outcome(const json_t *paper, const char *seed, json_t **out,
		     struct err *err)
{
	struct outcome o = { .result = json_array(), .reserve = json_array() };
	enum rc rc = draw_is_by_grade(paper)
			     ? draw_by_grade(paper, seed, &o, err)
			     : draw_subjects(paper, seed, &o, err);

	*out = NULL;
	if (rc == RC_OK)
		rc = json_int(paper, "format", 0) < 3
			     ? draw_match_1(paper, seed, o.result, &o.pairs,
					    err)
			     : match_all(paper, seed, o.result, &o.pairs, err);
	if (rc == RC_OK)
		rc = pack(&o, out, err);
	outcome_release(&o);
	if (rc != RC_OK) {
		json_decref(*out);
		*out = NULL;
	}
	return rc;
}
