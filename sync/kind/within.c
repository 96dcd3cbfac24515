/* kind/within.c - is it at the right one, and by one of its people? */
#include "kind/within.h"

#include <string.h>

#include "base/jcs.h"
#include "base/words.h"
#include "kind/fsm.h"
#include "kind/kind_impl.h"

#define ROLES_FREE (ROLE_SERVER | ROLE_IMPORT)

/* Does one version of the other allow it? */
typedef bool allows_fn(const struct kind *k, const struct kind *of,
		       const json_t *after, const json_t *version,
		       const char *word);

static bool any_allows(const struct kind *k, const struct kind *of,
		       const json_t *after, const json_t *versions,
		       const char *word, allows_fn *allows)
{
	const json_t *v;
	size_t i;

	json_array_foreach(versions, i,
			   v) if (allows(k, of, after, v, word)) return true;
	return false;
}

static const char *state_of(const struct kind *of, const json_t *version)
{
	return of->fsm ? json_text(version, of->fsm->field->name) : NULL;
}

static bool is_at(const struct kind *k, const struct kind *of,
		  const json_t *after, const json_t *version, const char *word)
{
	(void)after;
	(void)word;
	return words_have(k->within.at, state_of(of, version));
}

static bool is_not_at(const struct kind *k, const struct kind *of,
		      const json_t *after, const json_t *version,
		      const char *word)
{
	(void)after;
	(void)word;
	return !words_have(k->within.not_at, state_of(of, version));
}

static bool is_same(const struct kind *k, const struct kind *of,
		    const json_t *after, const json_t *version,
		    const char *word)
{
	const json_t *a = json_object_get(after, word);
	const json_t *b = json_object_get(version, word);

	(void)k;
	(void)of;
	return a == b || (a && b && json_equal(a, b));
}

static bool names(const struct kind *k, const struct kind *of,
		  const json_t *after, const json_t *version, const char *word)
{
	const json_t *team = json_object_get(version, of->team);

	(void)k;
	(void)after;
	return !json_array_size(team) || json_has_text(team, word);
}

/* What is to be changed in the other is closed there, and can have the value.
 */
static enum rc changes_check(const struct kind *of, const struct field *f,
			     const json_t *after, struct err *why)
{
	json_t *changes = json_object_get(after, f->name), *value;
	const char *name;

	if (!json_object_size(changes))
		return err_set(why, RC_INVALID,
			       "field '%s' names nothing that is to change",
			       f->name);
	json_object_foreach(changes, name, value)
	{
		const struct field *changed = kind_field(of, name);
		bool closed = false;

		for (unsigned s = 0; changed && of->fsm && s < of->fsm->nstates;
		     s++)
			closed |= fsm_is_closed(of->fsm, ROLE_INSPECTOR, (int)s,
						name);
		if (!closed)
			return err_set(why, RC_INVALID,
				       "field '%s': '%.60s' is nothing of a %s "
				       "that is changed in this way",
				       f->name, name, of->name);
		if (field_check(of, changed, value, why) != RC_OK)
			return why->code;
	}
	return RC_OK;
}

/* What holds when it is made, whoever makes it. */
static enum rc made_check(const struct kind *k, const struct kind *of,
			  unsigned role, const json_t *after,
			  const json_t *versions, struct err *why)
{
	const char *id = json_text(after, k->within.field);

	if (k->within.at && !any_allows(k, of, after, versions, NULL, is_at))
		return err_set(why, RC_INVALID,
			       "%s '%s' is not yet, or no longer, in a state "
			       "for it",
			       of->name, id);
	if (role == ROLE_INSPECTOR &&
	    !any_allows(k, of, after, versions, NULL, is_not_at))
		return err_set(why, RC_DENIED,
			       "%s '%s' is of the records, and an inspector "
			       "adds nothing to it",
			       of->name, id);
	for (const char *const *f = k->within.same; f && *f; f++)
		if (!any_allows(k, of, after, versions, *f, is_same))
			return err_set(why, RC_INVALID,
				       "field '%s' is not that of %s '%s'", *f,
				       of->name, id);
	return RC_OK;
}

static enum rc judge(const struct kind *k, const struct kind *of, unsigned role,
		     const char *author, const json_t *before,
		     const json_t *after, const json_t *versions,
		     struct err *why)
{
	const char *id = json_text(after, k->within.field);
	enum rc rc = RC_OK;

	if (!id)
		return role == ROLE_INSPECTOR && !before
			       ? err_set(why, RC_INVALID,
					 "field '%s' is missing: an inspector "
					 "writes it at a %s",
					 k->within.field, of->name)
			       : RC_OK;
	for (size_t i = 0; rc == RC_OK && !before && i < k->nfields; i++)
		if (k->fields[i].is_changes)
			rc = changes_check(of, &k->fields[i], after, why);
	if (rc != RC_OK || !json_array_size(versions))
		return rc;
	if (!before)
		rc = made_check(k, of, role, after, versions, why);
	if (rc == RC_OK && role == ROLE_INSPECTOR && of->team &&
	    !any_allows(k, of, after, versions, author, names))
		rc = err_set(why, RC_DENIED,
			     "'%s' of %s '%s' does not name '%s'", of->team,
			     of->name, id, author);
	return rc;
}

bool within_asks(const struct kind *k, unsigned role, const json_t *before,
		 const json_t *after)
{
	return k->within.field && !(role & ROLES_FREE) &&
	       !(before && json_equal(before, after));
}

enum rc within_check(const struct kind *k, const struct kind *of, unsigned role,
		     const char *author, const json_t *before,
		     const json_t *after, const json_t *versions,
		     struct err *err)
{
	const char *id = json_text(after, "id");
	struct err why = { 0 };

	if (!of || !within_asks(k, role, before, after) ||
	    judge(k, of, role, author, before, after, versions, &why) == RC_OK)
		return RC_OK;
	return err_set(err, why.code, "%s '%s': %s", k->name, id ? id : "",
		       why.text);
}
