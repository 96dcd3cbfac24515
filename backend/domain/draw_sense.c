/* domain/draw_sense.c - words of a commitment that name what is not there.
 * Where a list could be complete (divisions, items, schemes are loaded), a word
 * that is not on it is a slip; else whatever no subject has is one. */
#include "domain/draw_impl.h"

#include "base/jcs.h"
#include "domain/credit.h"
#include "sql_store.gen.h"

struct sense {
	struct op *op;
	const char *scope;
	const struct draw_options *o;
	char day[11];
};

typedef enum rc word_fn(struct sense *s, const char *word);

/* The checks below, for each word of a list or NULL. */
static enum rc each_word(struct sense *s, const char *list, word_fn *fn)
{
	json_t *words = draw_words(list), *word;
	enum rc rc = RC_OK;
	size_t i;

	json_array_foreach(words, i, word) if (rc == RC_OK) rc =
		fn(s, json_string_value(word));
	json_decref(words);
	return rc;
}

/* Columns 0 to n-1 of the one row of a statement of (scope, word). */
static enum rc ask(struct sense *s, const char *sql, const char *word, int n,
		   bool *out)
{
	struct query *q = query_begin(s->op->store->db, sql);
	bool found;

	query_text(q, 1, s->scope);
	query_text(q, 2, word);
	found = query_row(q);
	for (int i = 0; i < n; i++)
		out[i] = found && query_get_int(q, i);
	return query_end(q, s->op->err);
}

static enum rc town_check(struct sense *s, const char *town)
{
	bool is[3]; /* has subjects; the scope has divisions; is one of them */
	enum rc rc = ask(s, SQL_DRAW_SENSE_TOWN, town, 3, is);

	if (rc != RC_OK || is[0])
		return rc;
	if (is[1] && !is[2])
		return err_set(s->op->err, RC_INVALID,
			       "there is no town '%.3s' in '%s': no division "
			       "has the code %s%.3s",
			       town, s->scope, s->scope, town);
	return err_set(s->op->err, RC_INVALID,
		       "no subject of '%s' is in town '%.3s'", s->scope, town);
}

static enum rc flag_check(struct sense *s, const char *flag)
{
	bool is;
	enum rc rc = ask(s, SQL_DRAW_SENSE_FLAG, flag, 1, &is);

	return rc != RC_OK || is
		       ? rc
		       : err_set(s->op->err, RC_INVALID,
				 "no subject of '%s' has the flag '%.60s'",
				 s->scope, flag);
}

static enum rc tag_check(struct sense *s, const char *tag)
{
	bool is;
	enum rc rc = ask(s, SQL_DRAW_SENSE_TAG, tag, 1, &is);

	return rc != RC_OK || is
		       ? rc
		       : err_set(s->op->err, RC_INVALID,
				 "no subject of '%s' has the tag '%.60s': set "
				 "'tags' of those that are meant",
				 s->scope, tag);
}

static enum rc industry_check(struct sense *s, const char *industry)
{
	bool is;
	enum rc rc = ask(s, SQL_DRAW_SENSE_INDUSTRY, industry, 1, &is);

	return rc != RC_OK || is
		       ? rc
		       : err_set(s->op->err, RC_INVALID,
				 "no subject of '%s' is of an industry that "
				 "begins with '%.60s'",
				 s->scope, industry);
}

static enum rc item_check(struct sense *s, const char *item)
{
	bool is[2]; /* are there items; is it one of them */
	enum rc rc = ask(s, SQL_DRAW_SENSE_ITEM, item, 2, is);

	return rc != RC_OK || !is[0] || is[1]
		       ? rc
		       : err_set(s->op->err, RC_INVALID,
				 "there is no item '%.60s'", item);
}

/* "a, b, c" */
static void said(char *out, size_t size, const char *word)
{
	size_t at = strlen(out);

	snprintf(out + at, size - at, "%s%s", at ? ", " : "", word);
}

static enum rc state_check(struct sense *s, const char *state)
{
	const struct kind *k = registry_kind(s->op->store->kinds, "subject");
	const struct field *f = k ? kind_field(k, "state") : NULL;
	char all[300] = "";

	if (!f || !f->values)
		return RC_OK;
	for (size_t i = 0; f->values[i]; i++) {
		if (!strcmp(f->values[i], state))
			return RC_OK;
		said(all, sizeof(all), f->values[i]);
	}
	return err_set(s->op->err, RC_INVALID,
		       "there is no state '%.60s' of subjects: there are %s",
		       state, all);
}

/* The grades of the scheme in force, and "unrated"; NULL where the store has
 * no scheme. A new reference. */
static enum rc grades_known(struct sense *s, json_t **out)
{
	struct query *q = query_begin(s->op->store->db, SQL_SCHEME_IN_FORCE);
	json_t *definition = NULL;
	const json_t *grades, *g;
	size_t i;

	*out = NULL;
	query_text(q, 1, s->o->scheme ? s->o->scheme : SCHEME_DEFAULT);
	query_text(q, 2, s->day);
	if (query_row(q))
		definition = json_loads(query_get_text(q, 2), 0, NULL);
	grades = json_object_get(definition, "grades");
	if (json_array_size(grades))
		*out = json_array();
	json_array_foreach(grades, i, g)
		json_array_append(*out, json_object_get(g, "grade"));
	if (*out)
		json_array_append_new(*out, json_string("unrated"));
	json_decref(definition);
	return query_end(q, s->op->err);
}

static enum rc grade_check(struct sense *s, const char *grade)
{
	const char *equals = strchr(grade, '=');
	size_t n = equals ? (size_t)(equals - grade) : strlen(grade), i;
	json_t *known = NULL, *k;
	char all[300] = "";
	bool is = false;
	enum rc rc = grades_known(s, &known);

	json_array_foreach(known, i, k)
	{
		const char *name = json_string_value(k);

		is |= strlen(name) == n && !memcmp(name, grade, n);
		said(all, sizeof(all), name);
	}
	if (rc == RC_OK && known && !is)
		rc = err_set(s->op->err, RC_INVALID,
			     "there is no grade '%.*s': there are %s",
			     (int)(n < 60 ? n : 60), grade, all);
	json_decref(known);
	return rc;
}

static enum rc scheme_check(struct sense *s, const char *code)
{
	json_t *known = NULL;
	enum rc rc = grades_known(s, &known);

	if (rc == RC_OK && !known)
		rc = err_set(s->op->err, RC_INVALID,
			     "there is no scheme '%.60s' in force on %s", code,
			     s->day);
	json_decref(known);
	return rc;
}

static enum rc due_check(struct sense *s, const char *due)
{
	if (strcmp(due, s->day) >= 0)
		return RC_OK;
	return err_set(s->op->err, RC_INVALID,
		       "the assignments would be due on %s, which is over: "
		       "name a day from today on",
		       due);
}

enum rc draw_sense(struct op *op, const char *scope, const char day[11],
		   const struct draw_options *o)
{
	struct sense s = { .op = op, .scope = scope, .o = o };
	bool has_grades = o->ratio && strchr(o->ratio, '=');
	const struct {
		const char *list;
		word_fn *fn;
	} checks[] = {
		{ o->towns, town_check },
		{ o->industry, industry_check },
		{ o->flags, flag_check },
		{ o->tags, tag_check },
		{ o->item, item_check },
		{ o->states, state_check },
		{ o->scheme, scheme_check },
		{ o->due, due_check },
		{ o->grades, grade_check },
		{ o->quota, grade_check },
		{ has_grades ? o->ratio : NULL, grade_check },
	};
	enum rc rc = RC_OK;

	snprintf(s.day, sizeof(s.day), "%s", day);
	for (size_t i = 0; rc == RC_OK && i < sizeof(checks) / sizeof(*checks);
	     i++)
		if (checks[i].list)
			rc = each_word(&s, checks[i].list, checks[i].fn);
	return rc;
}
