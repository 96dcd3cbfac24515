/* ledger/blame.c - who last changed each field of a record. */
#include "ledger/blame.h"

#include <stdlib.h>

#include "base/jcs.h"
#include "ledger/batch.h"
#include "ledger/history.h"
#include "ledger/plain.h"
#include "sql_store.gen.h"

struct blamed {
	struct store *s;
	const char *scope, *kind, *id;
	struct err *err;
};

static enum rc plain_read(const struct blamed *b, const char *text, size_t n,
			  json_t **out)
{
	json_t *stored = NULL;
	enum rc rc = json_read(text, n, &stored, b->err);

	if (rc == RC_OK)
		rc = record_plain(b->s, registry_kind(b->s->kinds, b->kind),
				  stored, out, b->err);
	json_decref(stored);
	return rc;
}

/* A version as it is stored. */
struct version {
	const char *text;
	size_t len;
};

/* Hands `take` the newest version up to a position; *at is 0 where there is
 * none. */
static enum rc version_find(const struct blamed *b, int64_t upto, int64_t *at,
			    enum rc (*take)(const struct blamed *b,
					    const struct version *v, void *ctx),
			    void *ctx)
{
	struct query *q = query_begin(b->s->db, SQL_LOG_AT);
	enum rc rc = RC_OK;

	*at = 0;
	query_text(q, 1, b->scope);
	query_text(q, 2, b->kind);
	query_text(q, 3, b->id);
	query_int(q, 4, upto);
	if (query_row(q)) {
		const struct version v = { query_get_text(q, 0),
					   query_get_len(q, 0) };

		*at = query_get_int(q, 1);
		rc = take(b, &v, ctx);
	}
	return query_end(q, b->err) == RC_OK ? rc : b->err->code;
}

static enum rc plain_take(const struct blamed *b, const struct version *v,
			  void *out)
{
	return plain_read(b, v->text, v->len, out);
}

/* The newest version up to a position, plain. */
static enum rc version_at(const struct blamed *b, int64_t upto, json_t **out,
			  int64_t *at)
{
	*out = NULL;
	return version_find(b, upto, at, plain_take, out);
}

/* What changed from one version to the next has this position. */
static enum rc fold(const struct blamed *b, json_t *map, const json_t *before,
		    const json_t *after, int64_t position)
{
	const json_t *const sides[] = { before, after };
	const char *name;
	json_t *value;
	int failed = 0;

	for (size_t i = 0; i < 2; i++)
		json_object_foreach((json_t *)(uintptr_t)sides[i], name, value)
		{
			const json_t *other =
				json_object_get(sides[1 - i], name);

			if (!other || !json_equal(value, other))
				failed |= json_object_set_new(
					map, name, json_integer(position));
		}
	return failed ? err_set(b->err, RC_NOMEM, "out of memory") : RC_OK;
}

static enum rc map_walk(const struct blamed *b, int64_t upto, json_t *map)
{
	struct query *q = query_begin(b->s->db, SQL_BLAME_VERSIONS);
	json_t *last = NULL, *next;
	enum rc rc = RC_OK;

	query_text(q, 1, b->scope);
	query_text(q, 2, b->kind);
	query_text(q, 3, b->id);
	query_int(q, 4, upto);
	while (rc == RC_OK && query_row(q)) {
		rc = plain_read(b, query_get_text(q, 1), query_get_len(q, 1),
				&next);
		if (rc == RC_OK && last)
			rc = fold(b, map, last, next, query_get_int(q, 0));
		json_decref(last);
		last = next;
		next = NULL;
	}
	json_decref(last);
	return query_end(q, b->err) == RC_OK ? rc : b->err->code;
}

static enum rc first_position(const struct blamed *b, int64_t *out)
{
	struct query *q = query_begin(b->s->db, SQL_BLAME_FIRST);

	*out = 0;
	query_text(q, 1, b->scope);
	query_text(q, 2, b->kind);
	query_text(q, 3, b->id);
	if (query_row(q))
		*out = query_get_int(q, 0);
	return query_end(q, b->err);
}

/* Field -> position, of the version that stands at `at`; *out is a new
 * reference. */
static enum rc map_load(const struct blamed *b, int64_t at, json_t **out)
{
	struct query *q = query_begin(b->s->db, SQL_BLAME_GET);
	int64_t first;
	enum rc rc = RC_OK;

	*out = NULL;
	query_text(q, 1, b->scope);
	query_int(q, 2, at);
	if (query_row(q))
		rc = json_read(query_get_text(q, 0), query_get_len(q, 0), out,
			       b->err);
	if (query_end(q, b->err) != RC_OK)
		rc = b->err->code;
	if (rc != RC_OK || *out)
		return rc;
	*out = json_object();
	if (!*out)
		return err_set(b->err, RC_NOMEM, "out of memory");
	rc = first_position(b, &first);
	return rc == RC_OK && first != at ? map_walk(b, at, *out) : rc;
}

/* Two versions, or of what is not sealed only what they differ in. */
struct sides {
	const struct version *next;
	json_t *before, *after;
};

static enum rc members_differ(const struct blamed *b, const struct version *v,
			      struct sides *s)
{
	struct buf before, after;
	enum rc rc;

	buf_init(&before, RECORD_BYTES_MAX + 2);
	buf_init(&after, RECORD_BYTES_MAX + 2);
	rc = jcs_differ(&before, &after, v->text, v->len, s->next->text,
			s->next->len, b->err);
	if (rc == RC_OK)
		rc = json_read(before.data, before.len, &s->before, b->err);
	if (rc == RC_OK)
		rc = json_read(after.data, after.len, &s->after, b->err);
	buf_release(&before);
	buf_release(&after);
	return rc;
}

static enum rc sides_take(const struct blamed *b, const struct version *v,
			  void *ctx)
{
	const struct kind *k = registry_kind(b->s->kinds, b->kind);
	struct sides *s = ctx;
	enum rc rc;

	if (!k || !k->is_sealed)
		return members_differ(b, v, s);
	rc = plain_read(b, v->text, v->len, &s->before);
	return rc == RC_OK
		       ? plain_read(b, s->next->text, s->next->len, &s->after)
		       : rc;
}

/* The row of the version `next` at a position; NULL where it is the record's
 * first. malloc'd. */
static enum rc row_make(const struct blamed *b, int64_t position,
			const struct version *next, char **text, size_t *len)
{
	struct sides s = { .next = next };
	json_t *map = NULL;
	int64_t at;
	enum rc rc = version_find(b, position - 1, &at, sides_take, &s);

	*text = NULL;
	if (rc == RC_OK && at)
		rc = map_load(b, at, &map);
	if (rc == RC_OK && at)
		rc = fold(b, map, s.before, s.after, position);
	if (rc == RC_OK && at)
		rc = record_bytes(map, text, len, b->err);
	json_decref(s.before);
	json_decref(s.after);
	json_decref(map);
	return rc;
}

enum rc blame_write(struct store *s, const char *scope, const char *kind,
		    const char *id, int64_t position, const char *body,
		    size_t body_bytes, struct err *err)
{
	const struct version next = { body, body_bytes };
	struct err why = { 0 };
	const struct blamed b = {
		.s = s, .scope = scope, .kind = kind, .id = id, .err = &why
	};
	struct query *q;
	char *text;
	size_t len = 0;
	enum rc rc = row_make(&b, position, &next, &text, &len);

	if (rc == RC_OK && text) {
		q = query_begin(s->db, SQL_BLAME_PUT);
		query_text(q, 1, scope);
		query_int(q, 2, position);
		query_textn(q, 3, text, len);
		rc = query_end(q, &why);
	}
	free(text);
	if (rc == RC_OK || rc == RC_DENIED) /* of a destroyed key */
		return RC_OK;
	return err_set(err, rc, "%s", why.text);
}

enum rc blame_rebuild(struct store *s, const char *scope, struct err *err)
{
	struct query *q = query_begin(s->db, SQL_BLAME_EMPTY);
	enum rc rc, ended;

	query_text(q, 1, scope);
	rc = query_end(q, err);
	if (rc != RC_OK)
		return rc;
	q = query_begin(s->db, SQL_BLAME_LATER);
	query_text(q, 1, scope);
	while (rc == RC_OK && query_row(q))
		rc = blame_write(s, scope, query_get_text(q, 1),
				 query_get_text(q, 2), query_get_int(q, 0),
				 query_get_text(q, 3), query_get_len(q, 3),
				 err);
	ended = query_end(q, err);
	return rc == RC_OK ? ended : rc;
}

/* *fits: the row in the query says what the versions say, or they can no longer
 * be read. */
static enum rc row_check(const struct blamed *b, struct query *q, bool *fits)
{
	struct version next;
	char *text = NULL;
	size_t len = 0;
	enum rc rc;

	*fits = false;
	if (query_is_null(q, 2)) /* no such version */
		return RC_OK;
	next = (struct version){ query_get_text(q, 3), query_get_len(q, 3) };
	rc = row_make(b, query_get_int(q, 0), &next, &text, &len);
	*fits = rc == RC_DENIED ||
		(rc == RC_OK && text && len == query_get_len(q, 4) &&
		 !memcmp(text, query_get_text(q, 4), len));
	free(text);
	if (rc == RC_DENIED)
		err_clear(b->err);
	return rc == RC_DENIED ? RC_OK : rc;
}

enum rc blame_check(struct store *s, const char *scope, int64_t *position,
		    struct err *err)
{
	struct query *q = query_begin(s->db, SQL_BLAME_ALL);
	enum rc rc = RC_OK, ended;
	bool fits = true;

	*position = 0;
	query_text(q, 1, scope);
	while (rc == RC_OK && fits && query_row(q)) {
		const struct blamed b = { .s = s,
					  .scope = scope,
					  .kind = query_get_text(q, 1),
					  .id = query_get_text(q, 2),
					  .err = err };

		rc = row_check(&b, q, &fits);
		if (!fits)
			*position = query_get_int(q, 0);
	}
	ended = query_end(q, err);
	return rc == RC_OK ? ended : rc;
}

/* Of an entry of the history, what it says of one field. */
static json_t *field_entry(const json_t *entry, const char *field,
			   const json_t *value, int64_t position)
{
	static const char *const same[] = { "received", "author",    "terminal",
					    "packet",   "operation", "message",
					    "merged" };
	json_t *out = json_pack("{s:s, s:O?, s:I}", "field", field, "value",
				value, "position", (json_int_t)position);
	const json_t *change;
	const char *rule = "server";
	size_t i;

	json_array_foreach(json_object_get(entry, "changes"), i, change)
	{
		if (!strcmp(json_text(change, "field"), field))
			rule = json_text(change, "rule");
	}
	for (i = 0; i < sizeof(same) / sizeof(*same); i++)
		json_object_set(out, same[i], json_object_get(entry, same[i]));
	json_object_set_new(out, "rule", json_string(rule));
	return out;
}

struct blaming {
	struct op *op;
	struct blamed b;
	int64_t first;
	json_t *record, *map;
	json_t *entries; /* position as text -> entry of the history */
	json_t *fields;
};

static enum rc entry_of(struct blaming *a, int64_t position, json_t **out)
{
	char key[24];
	enum rc rc = RC_OK;

	snprintf(key, sizeof(key), "%lld", (long long)position);
	*out = json_object_get(a->entries, key);
	if (*out)
		return RC_OK;
	rc = ledger_history_at(a->op, a->b.scope, a->b.kind, a->b.id, position,
			       out);
	if (rc == RC_OK)
		json_object_set_new(a->entries, key, *out);
	return rc;
}

static enum rc field_tell(struct blaming *a, const char *name)
{
	const json_t *value = json_object_get(a->record, name);
	const json_t *changed = json_object_get(a->map, name);
	int64_t position = changed ? json_integer_value(changed) : a->first;
	json_t *entry;
	enum rc rc;

	if ((!value && !changed) || !strcmp(name, "id") ||
	    !strcmp(name, "scope"))
		return RC_OK;
	rc = entry_of(a, position, &entry);
	if (rc == RC_OK)
		json_array_append_new(
			a->fields, field_entry(entry, name, value, position));
	return rc;
}

/* Each field once: the kind's in its order, then those it does not know. */
static enum rc fields_tell(struct blaming *a)
{
	const struct kind *k = registry_kind(a->b.s->kinds, a->b.kind);
	const json_t *const sides[] = { a->record, a->map };
	json_t *names = json_object(), *value;
	const char *name;
	enum rc rc = RC_OK;

	json_object_set_new(names, "town", json_true());
	for (size_t i = 0; i < k->nfields; i++)
		json_object_set_new(names, k->fields[i].name, json_true());
	for (size_t i = 0; i < 2; i++)
		json_object_foreach((json_t *)(uintptr_t)sides[i], name, value)
			json_object_set_new(names, name, json_true());
	json_object_foreach(names, name, value) if (rc == RC_OK) rc =
		field_tell(a, name);
	json_decref(names);
	return rc;
}

enum rc ledger_blame(struct op *op, const char *scope, const char *kind,
		     const char *id, int64_t at, json_t **out)
{
	struct blaming a = { .op = op,
			     .b = { op->store, scope, kind, id, op->err },
			     .entries = json_object(),
			     .fields = json_array() };
	int64_t position = 0;
	enum rc rc = registry_kind(op->store->kinds, kind)
			     ? version_at(&a.b, at, &a.record, &position)
			     : err_set(op->err, RC_NOT_FOUND,
				       "there is no kind '%s'", kind);

	*out = NULL;
	if (rc == RC_OK && !position)
		rc = err_set(op->err, RC_NOT_FOUND,
			     at == INT64_MAX
				     ? "there is no %s '%s' in scope %s"
				     : "there was no %s '%s' in scope %s then",
			     kind, id, scope);
	if (rc == RC_OK)
		rc = first_position(&a.b, &a.first);
	if (rc == RC_OK)
		rc = map_load(&a.b, position, &a.map);
	if (rc == RC_OK)
		rc = fields_tell(&a);
	if (rc == RC_OK)
		*out = json_pack("{s:I, s:O}", "position", (json_int_t)position,
				 "fields", a.fields);
	json_decref(a.record);
	json_decref(a.map);
	json_decref(a.entries);
	json_decref(a.fields);
	return rc;
}
