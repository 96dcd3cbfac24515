#include "ledger/people.h"

#include <string.h>

#include "base/jcs.h"
#include "kind/fsm.h"
#include "sql_store.gen.h"

static void name_add(struct people *p, const char *name)
{
	if (!people_has(p, name) && p->n < PEOPLE_NAMES_MAX)
		snprintf(p->names[p->n++], sizeof(p->names[0]), "%s", name);
}

enum rc people_of(struct store *s, const char *scope, const char *name,
		  struct people *out, struct err *err)
{
	const struct kind *k = registry_kind(s->kinds, "officer");
	struct query *q;

	out->n = 0;
	name_add(out, name);
	/* Kinds of an earlier version link nobody. */
	if (!k || !kind_field(k, "account"))
		return RC_OK;
	q = query_begin(s->db, SQL_OFFICER_OF_ACCOUNT);
	query_text(q, 1, scope);
	query_text(q, 2, name);
	while (query_row(q)) {
		name_add(out, query_get_text(q, 0));
		if (!query_is_null(q, 1))
			name_add(out, query_get_text(q, 1));
	}
	return query_end(q, err);
}

enum rc people_behind(struct store *s, const char *scope, const char *name,
		      struct people *out, struct err *err)
{
	enum rc rc = people_of(s, scope, name, out, err);
	size_t own = out->n;
	struct query *q;

	for (size_t i = 0; rc == RC_OK && i < own; i++) {
		q = query_begin(s->db, SQL_TOKENS_MADE_FOR);
		query_text(q, 1, out->names[i]);
		while (query_row(q))
			name_add(out, query_get_text(q, 0));
		rc = query_end(q, err);
	}
	return rc;
}

static const char *name_in(const struct people *p, const char *name)
{
	for (size_t i = 0; name && i < p->n; i++)
		if (!strcmp(p->names[i], name))
			return p->names[i];
	return NULL;
}

bool people_has(const struct people *p, const char *name)
{
	return name_in(p, name) != NULL;
}

const char *people_among(const struct people *p, const json_t *value)
{
	const char *found = name_in(p, json_string_value(value));
	const json_t *one;
	size_t i;

	json_array_foreach(value, i, one)
	{
		if (!found)
			found = name_in(p, json_string_value(one));
	}
	return found;
}

static bool has_second(const struct fsm *t)
{
	for (size_t i = 0; t && i < t->nmoves; i++)
		if (t->moves[i].other_than)
			return true;
	return false;
}

enum rc people_second(struct store *s, const char *scope, const struct kind *k,
		      unsigned role, const char *author, const json_t *before,
		      const json_t *after, struct err *why)
{
	struct people p;
	enum rc rc;

	if (!has_second(k->fsm))
		return RC_OK;
	rc = people_behind(s, scope, author, &p, why);
	for (size_t i = 0; rc == RC_OK && i < p.n; i++)
		rc = fsm_second(k, role, p.names[i], before, after, why);
	return rc;
}

enum rc people_in_person(const struct account *actor, struct err *why)
{
	if (!actor->given_by[0])
		return RC_OK;
	return err_set(why, RC_DENIED,
		       "this is for a second person to say, and this token of "
		       "'%s' was made by '%s': come with a session, with the "
		       "account and its password, or with a token of your own",
		       actor->name, actor->given_by);
}
