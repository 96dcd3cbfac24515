/* kind/kind_more.c - what a kind file may say beside types and rules: tables of
 * codes, the shape of JSON, limits, whose a record is, what no two records
 * share or hold on one day, what is searched. */
#include "kind/acting.h"
#include "kind/codes.h"
#include "kind/limits.h"
#include "kind/marks.h"

#include <string.h>

#include "base/jcs.h"
#include "kind/kind_impl.h"

static enum rc field_more(struct parse *p, const json_t *o)
{
	const char *name = json_text(o, "name");
	const char *shape = json_text(o, "shape");
	const struct field *known = name ? kind_field(p->kind, name) : NULL;
	struct field *f;

	if (!known)
		return RC_OK; /* of a type of a later version */
	f = &p->fields[known - p->kind->fields];
	f->codes = json_object_get(o, "codes");
	f->is_points = shape && strcmp(shape, "points") == 0;
	f->is_changes = shape && strcmp(shape, "changes") == 0;
	f->told = json_text(o, "told");
	if ((f->is_points || f->is_changes) && f->type != FIELD_JSON)
		return err_set(p->err, RC_INVALID,
			       "kind '%s': field '%s' does not suit its shape",
			       p->kind->name, name);
	if (f->rule == MERGE_OWN && !kind_field(p->kind, f->own))
		return err_set(p->err, RC_INVALID,
			       "kind '%s': field '%s' is owned by no field "
			       "'%s'",
			       p->kind->name, name, f->own);
	if (f->codes && codes_declared(p->kind, f, p->err) != RC_OK)
		return p->err->code;
	if (limits_declared(p->kind, f, o, p->err) != RC_OK)
		return p->err->code;
	if (parse_words(p, o, "acting", &f->acting) != RC_OK ||
	    acting_declared(p->kind, f, p->err) != RC_OK)
		return p->err->code;
	return marks_declared(p->kind, f, o, p->err);
}

static enum rc unique_check(struct parse *p)
{
	for (const char *const *u = p->kind->unique; u && *u; u++) {
		const struct field *f = kind_field(p->kind, *u);

		if (!f || f->type == FIELD_SET || f->type == FIELD_JSON ||
		    p->kind->is_sealed)
			return err_set(p->err, RC_INVALID,
				       "kind '%s' cannot be unique by '%s'",
				       p->kind->name, *u);
	}
	return RC_OK;
}

static bool is_day(const struct kind *k, const char *name)
{
	const struct field *f = name ? kind_field(k, name) : NULL;

	return f && f->type == FIELD_DATE;
}

static enum rc apart_parse(struct parse *p, const json_t *said)
{
	struct kind_apart *a = &p->kind->apart;
	enum rc rc;

	if (!said)
		return RC_OK;
	rc = parse_words(p, said, "by", &a->by);
	a->from = json_text(said, "from");
	a->to = json_text(said, "to");
	a->at = json_text(said, "at");
	for (const char *const *b = a->by; rc == RC_OK && b && *b; b++) {
		const struct field *f = kind_field(p->kind, *b);

		if (!f || (f->type != FIELD_TEXT && f->type != FIELD_REF))
			rc = RC_INVALID;
	}
	if (rc != RC_OK || !a->by || !is_day(p->kind, a->from) ||
	    !is_day(p->kind, a->to) || !a->at || !p->kind->fsm ||
	    p->kind->is_sealed)
		return err_set(p->err, RC_INVALID,
			       "kind '%s': 'apart' needs texts or references "
			       "'by', two days and a state 'at'",
			       p->kind->name);
	return RC_OK;
}

/* An index of what is sealed would outlive the key, and who reads what is of
 * class L3 leaves an entry in the audit log, which a list of hits does not. */
static enum rc search_check(struct parse *p)
{
	const char *const *words = p->kind->search;

	if (words && (p->kind->is_sealed || p->kind->privacy > 2))
		return err_set(p->err, RC_INVALID,
			       "kind '%s' is sealed or of class L3 or L4 and "
			       "cannot be searched",
			       p->kind->name);
	for (size_t i = 0; words && words[i]; i++) {
		const struct field *f = kind_field(p->kind, words[i]);

		if (!f || f->type != FIELD_TEXT)
			return err_set(p->err, RC_INVALID,
				       "kind '%s': '%s' is no field of text to "
				       "search in",
				       p->kind->name, words[i]);
	}
	return RC_OK;
}

static enum rc editions_check(struct parse *p)
{
	const char *const *words = p->kind->editions;

	if (words &&
	    (!is_day(p->kind, EDITION_FROM) || !is_day(p->kind, EDITION_TO)))
		return err_set(p->err, RC_INVALID,
			       "kind '%s': 'editions' needs the days "
			       "'" EDITION_FROM "' and '" EDITION_TO "'",
			       p->kind->name);
	for (size_t i = 0; words && words[i]; i++)
		if (!kind_field(p->kind, words[i]))
			return err_set(p->err, RC_INVALID,
				       "kind '%s': no field '%s' for editions",
				       p->kind->name, words[i]);
	return RC_OK;
}

static enum rc within_parse(struct parse *p, const json_t *said)
{
	struct kind_within *w = &p->kind->within;
	const struct field *f;
	enum rc rc;

	if (!said)
		return RC_OK;
	w->field = json_text(said, "field");
	f = w->field ? kind_field(p->kind, w->field) : NULL;
	if (!f || f->type != FIELD_REF || p->kind->is_sealed)
		return err_set(
			p->err, RC_INVALID,
			"kind '%s': 'within' needs a 'field' that refers "
			"to a record",
			p->kind->name);
	rc = parse_words(p, said, "at", &w->at);
	if (rc == RC_OK)
		rc = parse_words(p, said, "not_at", &w->not_at);
	if (rc == RC_OK)
		rc = parse_words(p, said, "same", &w->same);
	for (const char *const *n = w->same; rc == RC_OK && n && *n; n++)
		if (!kind_field(p->kind, *n))
			rc = err_set(p->err, RC_INVALID,
				     "kind '%s': no field '%s' for within",
				     p->kind->name, *n);
	return rc;
}

/* Whose a record is: one person's, or that of some. */
static enum rc persons_parse(struct parse *p, const json_t *o)
{
	struct kind *k = p->kind;
	const struct field *owner, *team;

	k->owner = json_text(o, "owner");
	k->owner_may_lack = json_is_true(json_object_get(o, "owner_may_lack"));
	k->team = json_text(o, "team");
	owner = k->owner ? kind_field(k, k->owner) : NULL;
	team = k->team ? kind_field(k, k->team) : NULL;
	if (k->owner && (!owner || owner->type != FIELD_REF))
		return err_set(p->err, RC_INVALID,
			       "kind '%s': its owner '%s' is no field that "
			       "refers to a person",
			       k->name, k->owner);
	if (k->team && (!team || team->type != FIELD_SET))
		return err_set(p->err, RC_INVALID,
			       "kind '%s': its team '%s' is no set", k->name,
			       k->team);
	return RC_OK;
}

enum rc more_parse(struct parse *p, const json_t *o)
{
	const json_t *fields = json_object_get(o, "fields");
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < json_array_size(fields); i++)
		rc = field_more(p, json_array_get(fields, i));
	if (rc == RC_OK)
		rc = parse_words(p, o, "unique", &p->kind->unique);
	if (rc == RC_OK)
		rc = unique_check(p);
	if (rc == RC_OK)
		rc = apart_parse(p, json_object_get(o, "apart"));
	if (rc == RC_OK)
		rc = parse_words(p, o, "search", &p->kind->search);
	if (rc == RC_OK)
		rc = search_check(p);
	if (rc == RC_OK)
		rc = parse_words(p, o, "editions", &p->kind->editions);
	if (rc == RC_OK)
		rc = editions_check(p);
	if (rc == RC_OK)
		rc = within_parse(p, json_object_get(o, "within"));
	return rc == RC_OK ? persons_parse(p, o) : rc;
}

/* The owner's name stays too: nobody hands over what is signed as theirs. */
static enum rc owner_check(const struct kind *k, unsigned role,
			   const char *author, const json_t *before,
			   const json_t *after, struct err *err)
{
	const char *was = json_text(before, k->owner);
	const char *now = json_text(after, k->owner);
	const char *id = json_text(after, "id");
	bool is_own = now && strcmp(now, author) == 0;

	if (was && (strcmp(was, author) != 0 || !is_own))
		return err_set(err, RC_DENIED,
			       "%s '%s' is %s's: only its author changes it",
			       k->name, id ? id : "", was);
	if (!was && !is_own && !(role & ROLE_IMPORT) &&
	    (now || (!before && role != ROLE_INSPECTOR && !k->owner_may_lack)))
		return err_set(err, RC_DENIED,
			       "%s '%s': '%s' can only be '%s', who writes it",
			       k->name, id ? id : "", k->owner, author);
	return RC_OK;
}

/* A stranger moves nobody's order and nobody's visit. Who was in the team when
 * the author saw it may: a later exchange is told by other means. */
static enum rc team_check(const struct kind *k, unsigned role,
			  const char *author, const json_t *before,
			  const json_t *after, struct err *err)
{
	const json_t *team = json_object_get(before, k->team), *one;
	const char *id = json_text(after, "id");
	size_t i;

	/* Who also analyses or audits is no less a stranger. */
	if (!(role & ROLE_INSPECTOR) ||
	    role & ~(ROLE_INSPECTOR | ROLE_ANALYST | ROLE_AUDITOR) ||
	    !json_array_size(team))
		return RC_OK;
	json_array_foreach(team, i, one) if (json_is_string(one) &&
					     !strcmp(json_string_value(one),
						     author)) return RC_OK;
	return err_set(err, RC_DENIED,
		       "%s '%s': '%s' does not name '%s', and only who it "
		       "names changes it",
		       k->name, id ? id : "", k->team, author);
}

/* A record that had such codes before there was the table stays usable: what
 * was no better before is nobody's mistake now. */
static enum rc codes_change(const struct kind *k, const struct field *f,
			    const json_t *before, const json_t *after,
			    struct err *err)
{
	const json_t *was = json_object_get(before, f->name);
	const json_t *now = json_object_get(after, f->name);
	const char *id = json_text(after, "id");
	struct err why = { 0 }, before_too = { 0 };

	if (codes_check(f, after, &why) == RC_OK ||
	    (was && now && json_equal(was, now) &&
	     codes_check(f, before, &before_too) != RC_OK))
		return RC_OK;
	return err_set(err, why.code, "%s '%s': %s", k->name, id ? id : "",
		       why.text);
}

/* Does a value that only grows go back, or away? */
static bool is_less(const json_t *now, const json_t *was)
{
	if (!was)
		return false;
	if (json_is_string(was) && json_is_string(now))
		return strcmp(json_string_value(now), json_string_value(was)) <
		       0;
	if (json_is_integer(was) && json_is_integer(now))
		return json_integer_value(now) < json_integer_value(was);
	return !now;
}

enum rc kind_may_change(const struct kind *k, unsigned role, const char *author,
			const json_t *before, const json_t *after,
			struct err *err)
{
	const char *id = json_text(after, "id");
	enum rc rc = RC_OK;

	if (before && json_equal(before, after))
		return RC_OK;
	for (size_t i = 0; rc == RC_OK && i < k->nfields; i++)
		rc = codes_change(k, &k->fields[i], before, after, err);
	if (rc != RC_OK || role & ROLE_SERVER)
		return rc;
	for (size_t i = 0; before && i < k->nfields; i++) {
		const struct field *f = &k->fields[i];
		const json_t *was = json_object_get(before, f->name);
		const json_t *now = json_object_get(after, f->name);

		if (f->rule == MERGE_ONCE && was &&
		    (!now || !json_equal(was, now)))
			return err_set(err, RC_CONFLICT,
				       "%s '%s': field '%s' is set once, and "
				       "stays",
				       k->name, id ? id : "", f->name);
		if (f->rule == MERGE_MAX && is_less(now, was))
			return err_set(err, RC_CONFLICT,
				       "%s '%s': field '%s' only moves forward",
				       k->name, id ? id : "", f->name);
	}
	if (!(role & ROLE_IMPORT))
		rc = acting_check(k, author, before, after, err);
	if (rc == RC_OK && k->owner)
		rc = owner_check(k, role, author, before, after, err);
	return rc == RC_OK && k->team
		       ? team_check(k, role, author, before, after, err)
		       : rc;
}
