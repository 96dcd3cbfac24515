/* domain/draw_replace.c - replacements, each computed from all before it. */
#include "domain/draw_replace.h"

#include <stdlib.h>
#include <string.h>

#include "base/jcs.h"
#include "domain/draw_lots.h"
#include "domain/draw_match.h"
#include "domain/draw_paper.h"

struct walk {
	const json_t *paper, *frame, *membership;
	struct match match;
	struct lot_names names; /* of a draw by grade with its key */
	json_t *pairs; /* as they stand */
	size_t used[DRAW_STRATA_MAX]; /* of each reserve */
	json_t *seen; /* {subject: true}: drawn, or came in */
};

static void walk_release(struct walk *w)
{
	match_release(&w->match);
	lot_names_release(&w->names);
	json_decref(w->pairs);
	json_decref(w->seen);
}

static enum rc walk_init(struct walk *w, const json_t *paper, struct err *err)
{
	const char *key = json_text(paper, "key");
	size_t i;
	json_t *pair;
	enum rc rc;

	*w = (struct walk){
		.paper = paper,
		.frame = json_object_get(paper, "frame"),
		.membership = json_object_get(paper, "membership"),
		.pairs = json_deep_copy(json_object_get(paper, "pairs")),
		.seen = json_object(),
	};
	rc = match_init(&w->match, paper, json_text(paper, "seed"), err);
	json_array_foreach(w->pairs, i, pair)
	{
		match_count(&w->match, pair, 1);
		json_object_set_new(w->seen,
				    json_string_value(json_array_get(pair, 0)),
				    json_true());
	}
	if (rc == RC_OK && key)
		rc = lot_names_init(&w->names, key, w->frame, err);
	return rc;
}

/* Where the subject stands among the pairs, or their number. */
static size_t pair_of(const struct walk *w, const char *subject)
{
	size_t n = json_array_size(w->pairs);

	for (size_t i = 0; i < n; i++) {
		const json_t *pair = json_array_get(w->pairs, i);

		if (!strcmp(json_string_value(json_array_get(pair, 0)),
			    subject))
			return i;
	}
	return n;
}

static size_t stratum_of(const struct walk *w, const char *subject)
{
	for (size_t i = 0; w->membership && i < json_array_size(w->frame); i++)
		if (!strcmp(json_string_value(json_array_get(w->frame, i)),
			    subject))
			return (size_t)json_integer_value(
				json_array_get(w->membership, i));
	return 0;
}

/* The next of the reserve; NULL sets err. */
static const char *next_in(struct walk *w, const char *out, struct err *err)
{
	size_t k = stratum_of(w, out);
	const json_t *reserve =
		json_array_get(json_object_get(w->paper, "reserve"), k);
	const char *next =
		json_string_value(json_array_get(reserve, w->used[k]++));

	if (next && w->names.all)
		next = json_string_value(
			lot_names_find(&w->names, w->frame, next));
	if (!next)
		err_set(err, RC_CONFLICT, "the reserve of '%s' is used up",
			out);
	return next;
}

/* What a public paper says came in, if it can be. */
static const char *said_in(struct walk *w, const json_t *said, struct err *err)
{
	const char *in = json_text(said, "in");
	size_t n = json_array_size(w->frame), i = 0;

	while (i < n &&
	       strcmp(json_string_value(json_array_get(w->frame, i)), in) != 0)
		i++;
	if (i < n && !json_object_get(w->seen, in))
		return in;
	err_set(err, RC_CORRUPT, "replacement: '%s' cannot come in", in);
	return NULL;
}

static json_t *subject_event(struct walk *w, const char *out,
			     const json_t *said, struct err *err)
{
	size_t at = pair_of(w, out);
	const char *in;
	json_t *pair, *officers;

	if (at == json_array_size(w->pairs)) {
		err_set(err, RC_NOT_FOUND,
			"'%.32s' is no subject that stands drawn", out);
		return NULL;
	}
	in = draw_is_public(w->paper) ? said_in(w, said, err)
				      : next_in(w, out, err);
	if (!in)
		return NULL;
	match_count(&w->match, json_array_get(w->pairs, at), -1);
	pair = match_subject(&w->match, in, err);
	if (!pair)
		return NULL;
	officers = json_copy(pair);
	json_array_remove(officers, 0);
	json_array_set_new(w->pairs, at, pair);
	json_object_set_new(w->seen, in, json_true());
	return json_pack("{s:s, s:o, s:s}", "in", in, "officers", officers,
			 "out", out);
}

static json_t *officer_event(struct walk *w, const char *out,
			     const char *subject, struct err *err)
{
	size_t at = pair_of(w, subject), i = 0;
	json_t *pair = json_array_get(w->pairs, at);
	const char *in;

	for (i = 1; i < json_array_size(pair); i++)
		if (!strcmp(json_string_value(json_array_get(pair, i)), out))
			break;
	if (i >= json_array_size(pair)) {
		err_set(err, RC_NOT_FOUND,
			"'%.32s' is no officer of '%.32s' in this draw", out,
			subject);
		return NULL;
	}
	in = match_officer(&w->match, pair, out, err);
	if (!in)
		return NULL;
	json_array_set_new(pair, i, json_string(in));
	return json_pack("{s:s, s:s, s:s}", "in", in, "out", out, "subject",
			 subject);
}

static json_t *event_of(struct walk *w, const json_t *said, struct err *err)
{
	const char *subject = json_text(said, "subject");
	const char *out = json_text(said, "out");

	return subject ? officer_event(w, out, subject, err)
		       : subject_event(w, out, said, err);
}

/* Everything that was said, again; answers whether it is the same. */
static enum rc walk_on(struct walk *w, struct err *err)
{
	const json_t *all = json_object_get(w->paper, "replacements");
	int64_t before = json_int(w->paper, "revealed_at", 0);

	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *said = json_array_get(all, i);
		json_t *found = event_of(w, said, err);
		int64_t at = json_int(said, "at", 0);
		bool is_same;

		if (!found)
			return err->code;
		json_object_set(found, "at", json_object_get(said, "at"));
		json_object_set(found, "reason",
				json_object_get(said, "reason"));
		is_same = json_equal(found, said) && at >= before &&
			  *json_text(said, "reason");
		json_decref(found);
		if (!is_same)
			return err_set(err, RC_CORRUPT,
				       "replacement %zu is not what the paper "
				       "gives",
				       i + 1);
		before = at;
	}
	return RC_OK;
}

enum rc draw_replacements_check(const json_t *paper, struct err *err)
{
	struct walk w;
	enum rc rc;

	if (!json_object_get(paper, "replacements"))
		return RC_OK;
	rc = walk_init(&w, paper, err);
	if (rc == RC_OK && walk_on(&w, err) != RC_OK)
		rc = err->code = RC_CORRUPT;
	walk_release(&w);
	return rc;
}

enum rc draw_replacement(const json_t *paper, const char *out,
			 const char *subject, json_t **event, struct err *err)
{
	struct walk w;
	enum rc rc = walk_init(&w, paper, err);

	*event = NULL;
	if (rc == RC_OK)
		rc = walk_on(&w, err);
	if (rc == RC_OK)
		*event = subject ? officer_event(&w, out, subject, err)
				 : subject_event(&w, out, NULL, err);
	walk_release(&w);
	return err->code;
}

json_t *draw_pairs_now(const json_t *paper, struct err *err)
{
	struct walk w;
	json_t *pairs = NULL;
	enum rc rc = walk_init(&w, paper, err);

	if (rc == RC_OK)
		rc = walk_on(&w, err);
	if (rc == RC_OK)
		pairs = json_incref(w.pairs);
	walk_release(&w);
	return pairs;
}
