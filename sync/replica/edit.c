/* replica/edit.c - edits by calls rather than by somebody's SQL. The triggers
 * see no difference. */
#include "replica/replica_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/jcs.h"
#include "kind/rows.h"

enum rc replica_edit(struct replica *r, const char *sql, struct err *err)
{
	enum rc rc = replica_begin_edit(r, err);

	if (rc != RC_OK)
		return rc;
	rc = db_script_given(r->db, sql, err);
	if (rc == RC_OK && !db_in_transaction(r->db))
		return err_set(err, RC_INVALID,
			       "an edit is one transaction by itself: leave "
			       "BEGIN and COMMIT out");
	return replica_end(r, rc, err);
}

static enum rc known_kind(struct replica *r, const char *kind,
			  const struct captured **out, struct err *err)
{
	*out = captured_of(r, kind);
	return *out ? RC_OK
		    : err_set(err, RC_INVALID, "there is no kind '%s' here",
			      kind);
}

static enum rc live_get(struct replica *r, const struct captured *c,
			const char *id, json_t **out, struct err *err)
{
	enum rc rc = rows_get(r->db, c->kind, ROWS_REPLICA, NULL, id, out, err);

	return rc == RC_NOT_FOUND ? err_set(err, rc, "there is no %s '%s'",
					    c->kind->name, id)
				  : rc;
}

enum rc replica_live(struct replica *r, const char *kind, const char *id,
		     json_t **out, struct err *err)
{
	const struct captured *c;
	enum rc rc = replica_begin_read(r, err);

	*out = NULL;
	if (rc != RC_OK)
		return rc;
	rc = known_kind(r, kind, &c, err);
	if (rc == RC_OK)
		rc = live_get(r, c, id, out, err);
	rc = replica_end(r, rc, err);
	if (rc != RC_OK) {
		json_decref(*out);
		*out = NULL;
	}
	return rc;
}

/* A record of nothing but an id and a place. */
static enum rc blank_new(struct replica *r, const struct kind *k,
			 const json_t *fields, json_t **out, struct err *err)
{
	const char *scope = json_text(fields, "scope");
	char id[21], guess[8], *home = NULL;
	enum rc rc = RC_OK;

	if (k->is_catalog)
		scope = "catalog";
	else if (!scope)
		rc = place_guess(r, k, fields, guess, err);
	if (!scope && rc == RC_OK && guess[0])
		scope = guess;
	else if (!scope && rc == RC_OK &&
		 (rc = meta_need(r, "home", &home, err)) == RC_OK)
		scope = home;
	if (rc != RC_OK)
		return rc;
	host_new_id(r->host, id);
	*out = json_pack("{s:s, s:s, s:s}", "id", id, "scope", scope, "town",
			 "000");
	free(home);
	return *out ? RC_OK : out_of_memory(err);
}

static enum rc member_put(const struct kind *k, json_t *record,
			  const char *name, json_t *value, bool is_new,
			  struct err *err)
{
	const struct field *f = kind_field(k, name);
	bool is_place =
		!strcmp(name, "town") || (is_new && !strcmp(name, "scope"));
	enum rc rc = RC_OK;

	if (!f && !is_place)
		return err_set(err, RC_INVALID, "%s has no field '%.40s'%s",
			       k->name, name,
			       !strcmp(name, "id") || !strcmp(name, "scope")
				       ? " that can be set"
				       : "");
	if (f && json_is_null(value)) {
		json_object_del(record, name);
		return RC_OK;
	}
	if (is_place && !json_is_string(value))
		return err_set(err, RC_INVALID, "%s: '%s' is a text", k->name,
			       name);
	if (json_object_set(record, name, value) != 0)
		return out_of_memory(err);
	/* Sets may come in any order, and are checked in theirs. */
	kind_normalise(k, record);
	if (f)
		rc = field_check(k, f, json_object_get(record, name), err);
	return rc;
}

static enum rc put_fields(struct replica *r, const char *kind, const char *id,
			  json_t *fields, char made[33], struct err *err)
{
	const struct captured *c;
	json_t *record = NULL, *before = NULL, *value;
	const char *name;
	enum rc rc = known_kind(r, kind, &c, err);

	if (rc == RC_OK && id)
		rc = live_get(r, c, id, &record, err);
	else if (rc == RC_OK)
		rc = blank_new(r, c->kind, fields, &record, err);
	if (rc == RC_OK && id) {
		before = json_deep_copy(record);
		if (!before)
			rc = out_of_memory(err);
	}
	json_object_foreach(fields, name, value)
	{
		if (rc == RC_OK)
			rc = member_put(c->kind, record, name, value, !id, err);
	}
	if (rc == RC_OK)
		rc = rights_check(r, c->kind, before, record, err);
	if (rc == RC_OK)
		rc = rows_put(r->db, c->kind, ROWS_REPLICA, record, err);
	if (rc == RC_OK)
		snprintf(made, 33, "%s", json_text(record, "id"));
	json_decref(before);
	json_decref(record);
	return rc;
}

enum rc replica_put(struct replica *r, const char *kind, const char *id,
		    const char *fields, char made[33], struct err *err)
{
	json_t *object = NULL;
	enum rc rc = json_read(fields, strlen(fields), &object, err);

	if (rc == RC_OK && !json_is_object(object))
		rc = err_set(err, RC_INVALID, "the fields are no JSON object");
	if (rc == RC_OK)
		rc = replica_begin_edit(r, err);
	if (rc == RC_OK)
		rc = replica_end(r, put_fields(r, kind, id, object, made, err),
				 err);
	json_decref(object);
	return rc;
}

/* "%word%", with what LIKE would read otherwise escaped. */
static void pattern_write(struct buf *b, const char *word, size_t n)
{
	buf_byte(b, '%');
	for (size_t i = 0; i < n; i++) {
		if (strchr("%_\\", word[i]))
			buf_byte(b, '\\');
		buf_byte(b, word[i]);
	}
	buf_byte(b, '%');
	buf_byte(b, '\0');
}

/* Patterns one behind the other, each with its NUL. */
static enum rc patterns_make(struct buf *b, const char *words, size_t *n,
			     struct err *err)
{
	*n = 0;
	buf_init(b, 64u << 10);
	for (const char *p = words + strspn(words, " "); *p;
	     p += strspn(p, " ")) {
		size_t len = strcspn(p, " ");

		if (++*n > FIND_WORDS_MAX)
			return err_set(err, RC_INVALID,
				       "more than %d words to find",
				       FIND_WORDS_MAX);
		pattern_write(b, p, len);
		p += len;
	}
	if (!*n)
		return err_set(err, RC_INVALID, "no word to find");
	return buf_status(b, err);
}

struct finder {
	struct buf patterns;
	size_t npatterns;
	int left; /* entries that may still be told */
	json_fn *fn;
	void *ctx;
};

static enum rc found_tell(struct finder *f, const char *kind, struct query *q,
			  struct err *err)
{
	const char *name = query_get_text(q, 1);
	json_t *o = json_pack("{s:s, s:s, s:s}", "kind", kind, "id",
			      query_get_text(q, 0), "name", name ? name : "");
	enum rc rc = o ? f->fn(f->ctx, o, err) : out_of_memory(err);

	f->left--;
	json_decref(o);
	return rc;
}

static enum rc find_in(struct replica *r, const struct captured *c,
		       struct finder *f, struct err *err)
{
	struct query *q = query_begin(r->db, c->find);
	const char *pattern = f->patterns.data;
	enum rc rc = RC_OK, ended;

	for (size_t i = 0; i < f->npatterns; i++) {
		query_text(q, (int)i + 1, pattern);
		pattern += strlen(pattern) + 1;
	}
	query_int(q, FIND_WORDS_MAX + 1, f->left);
	while (rc == RC_OK && query_row(q))
		rc = found_tell(f, c->kind->name, q, err);
	ended = query_end(q, err);
	return rc == RC_OK ? ended : rc;
}

static enum rc find_all(struct replica *r, const char *kind, struct finder *f,
			struct err *err)
{
	const struct captured *only = NULL;
	enum rc rc = kind ? known_kind(r, kind, &only, err) : RC_OK;

	if (rc == RC_OK && only && !only->find)
		rc = err_set(err, RC_INVALID,
			     "nothing of a %s is searched: read it by its id",
			     kind);
	if (rc == RC_OK && only)
		return find_in(r, only, f, err);
	for (size_t i = 0; i < r->ncaptured && rc == RC_OK && f->left > 0; i++)
		if (r->captured[i].find)
			rc = find_in(r, &r->captured[i], f, err);
	return rc;
}

enum rc replica_find(struct replica *r, const char *kind, const char *words,
		     int most, json_fn *fn, void *ctx, struct err *err)
{
	struct finder f = { .left = most, .fn = fn, .ctx = ctx };
	enum rc rc = patterns_make(&f.patterns, words, &f.npatterns, err);

	if (rc == RC_OK && most < 1)
		rc = err_set(err, RC_INVALID, "at most %d entries are none",
			     most);
	if (rc == RC_OK)
		rc = replica_begin_read(r, err);
	if (rc == RC_OK)
		rc = replica_end(r, find_all(r, kind, &f, err), err);
	buf_release(&f.patterns);
	return rc;
}
