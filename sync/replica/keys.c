/* replica/keys.c - keys of sealed records as they come and go. */
#include "replica/replica_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/jcs.h"
#include "kind/rows.h"
#include "kind/sealed.h"
#include "sql_sync.gen.h"

/* By the key's id, or (`scope`) by the subject that it seals there. */
static enum rc key_get(struct replica *r, const char *sql, const char *name,
		       const char *scope, int secret_column, char id[33],
		       unsigned char out[SEAL_KEY_BYTES], struct err *err)
{
	struct query *q = query_begin(r->db, sql);
	bool found = false;
	const void *p;
	size_t n;
	enum rc rc;

	query_text(q, 1, name);
	if (scope)
		query_text(q, 2, scope);
	if (query_row(q)) {
		if (secret_column)
			snprintf(id, 33, "%s", query_get_text(q, 0));
		p = query_get_blob(q, secret_column, &n);
		found = n == SEAL_KEY_BYTES;
		if (found)
			memcpy(out, p, n);
	}
	rc = query_end(q, err);
	return rc == RC_OK && !found ? RC_NOT_FOUND : rc;
}

enum rc sealed_hide(struct replica *r, const struct kind *k,
		    const json_t *plain, json_t **out, struct err *err)
{
	const char *subject =
		json_text(plain, k->companion_key ? k->companion_key : "id");
	const char *scope = json_text(plain, "scope");
	unsigned char key[SEAL_KEY_BYTES];
	char id[33];
	enum rc rc = RC_NOT_FOUND;

	*out = NULL;
	if (subject && scope)
		rc = key_get(r, SQL_R_KEY_OF, subject, scope, 1, id, key, err);
	if (rc == RC_OK)
		rc = sealed_make(out, k->name, plain, id, key, err);
	wipe(key, sizeof(key));
	if (rc == RC_NOT_FOUND)
		rc = err_set(err, RC_DENIED,
			     "%s '%s' cannot be sealed: the key of '%s' is not "
			     "on this terminal, a sync asks the office for it",
			     k->name, json_text(plain, "id"),
			     subject ? subject : "");
	return rc;
}

enum rc sealed_read(struct replica *r, const struct kind *k,
		    const json_t *outer, json_t **out, struct err *err)
{
	const char *name = json_text(outer, "key");
	unsigned char key[SEAL_KEY_BYTES];
	struct err why = { 0 };
	char unused[33];
	enum rc rc = RC_NOT_FOUND;

	*out = NULL;
	if (name)
		rc = key_get(r, SQL_R_KEY_GET, name, NULL, 0, unused, key, err);
	if (rc == RC_OK) {
		rc = sealed_open(out, k->name, outer, key, &why);
		/* A box that its key does not open stays shut; the root
		 * covers it all the same. */
		if (rc == RC_CORRUPT || rc == RC_INVALID)
			rc = RC_NOT_FOUND;
		else if (rc != RC_OK)
			err_set(err, rc, "%s", why.text);
	}
	wipe(key, sizeof(key));
	return rc;
}

enum rc sealed_is_shut(struct replica *r, const struct kind *k, const char *id,
		       bool *shut, struct err *err)
{
	json_t *outer = NULL, *plain = NULL;
	unsigned char key[SEAL_KEY_BYTES];
	const char *name;
	char unused[33];
	enum rc rc = record_main(r, k->name, id, &outer, err);

	*shut = false;
	name = json_text(outer, "key");
	if (rc == RC_OK && name)
		rc = key_get(r, SQL_R_KEY_GET, name, NULL, 0, unused, key, err);
	if (rc == RC_OK && name) {
		rc = sealed_read(r, k, outer, &plain, err);
		*shut = rc == RC_NOT_FOUND;
	}
	wipe(key, sizeof(key));
	json_decref(outer);
	json_decref(plain);
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* The plain form of what is stored; RC_NOT_FOUND where no key opens it. */
static enum rc sealed_plain(struct replica *r, const struct kind *k,
			    const char *id, json_t **out, struct err *err)
{
	json_t *outer = NULL;
	enum rc rc = record_main(r, k->name, id, &outer, err);

	*out = NULL;
	if (rc == RC_OK)
		rc = sealed_read(r, k, outer, out, err);
	json_decref(outer);
	return rc;
}

enum rc sealed_show(struct replica *r, const struct kind *k, const char *id,
		    struct err *err)
{
	json_t *plain;
	enum rc rc = sealed_plain(r, k, id, &plain, err);

	if (rc == RC_NOT_FOUND)
		return rows_drop(r->db, k, ROWS_REPLICA, NULL, id, err);
	if (rc == RC_OK)
		rc = rows_put(r->db, k, ROWS_REPLICA, plain, err);
	json_decref(plain);
	return rc;
}

/* For each sealed record under a key. */
typedef enum rc sealed_fn(struct replica *r, const char *kind, const char *id,
			  struct err *err);

static enum rc sealed_each(struct replica *r, const char *key, sealed_fn *fn,
			   struct err *err)
{
	char kind[33] = "", id[33] = "";

	for (;;) {
		struct query *q = query_begin(r->db, SQL_R_SEALED_BY_KEY);
		bool found;
		enum rc rc;

		query_text(q, 1, key);
		query_text(q, 2, kind);
		query_text(q, 3, id);
		found = query_row(q);
		if (found) {
			snprintf(kind, sizeof(kind), "%s",
				 query_get_text(q, 0));
			snprintf(id, sizeof(id), "%s", query_get_text(q, 1));
		}
		rc = query_end(q, err);
		if (rc == RC_OK && found)
			rc = fn(r, kind, id, err);
		if (rc != RC_OK || !found)
			return rc;
	}
}

static enum rc key_insert(struct replica *r, const json_t *event,
			  const unsigned char secret[SEAL_KEY_BYTES],
			  struct err *err)
{
	const char *key = json_string_value(json_array_get(event, 1));
	struct query *q = query_begin(r->db, SQL_R_KEY_PUT);
	enum rc rc;

	query_text(q, 1, key);
	query_text(q, 2, json_string_value(json_array_get(event, 2)));
	query_text(q, 3, json_string_value(json_array_get(event, 3)));
	query_blob(q, 4, secret, SEAL_KEY_BYTES);
	query_int(q, 5, json_integer_value(json_array_get(event, 0)));
	rc = query_end(q, err);
	return rc == RC_OK ? sealed_each(r, key, record_settle, err) : rc;
}

/* Everything readable of one record goes: its row, its shadow, what is carried
 * for it. */
static enum rc plain_forget(struct replica *r, const char *kind, const char *id,
			    struct err *err)
{
	const struct captured *c = captured_of(r, kind);
	enum rc rc;

	if (!c)
		return RC_OK;
	rc = shadow_drop(r, c, id, err);
	if (rc == RC_OK)
		rc = rows_drop(r->db, c->kind, ROWS_REPLICA, NULL, id, err);
	return rc;
}

static enum rc is_of_scope(struct replica *r, const struct captured *c,
			   const char *id, const char *scope, bool *is_of,
			   struct err *err)
{
	struct query *q = query_begin(r->db, c->live_scope);
	const char *text;

	query_text(q, 1, id);
	text = query_row(q) ? query_get_text(q, 0) : NULL;
	*is_of = text && !strcmp(text, scope);
	return query_end(q, err);
}

/* Rows that were written here and never sealed have no outer form to find
 * them by; another key of the subject may still open some. */
static enum rc subject_forget(struct replica *r, const struct captured *c,
			      const char *scope, const char *subject,
			      struct err *err)
{
	char id[33] = "";

	for (;;) {
		bool found, is_of = false;
		enum rc rc =
			next_id(r, c->by_subject, subject, id, &found, err);

		if (rc == RC_OK && found)
			rc = is_of_scope(r, c, id, scope, &is_of, err);
		if (rc == RC_OK && found && !is_of)
			continue;
		if (rc == RC_OK && found)
			rc = plain_forget(r, c->kind->name, id, err);
		if (rc == RC_OK && found)
			rc = sealed_show(r, c->kind, id, err);
		if (rc != RC_OK || !found)
			return rc;
	}
}

static enum rc key_destroy(struct replica *r, const char *key,
			   const char *scope, const char *subject,
			   struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_KEY_DROP);
	enum rc rc;

	query_text(q, 1, key);
	rc = query_end(q, err);
	if (rc == RC_OK)
		rc = sealed_each(r, key, plain_forget, err);
	for (size_t i = 0; i < r->ncaptured && rc == RC_OK; i++)
		if (r->captured[i].kind->is_sealed)
			rc = subject_forget(r, &r->captured[i], scope, subject,
					    err);
	/* Pages that were freed before secure_delete was on, or by another
	 * program, are wiped by the next vacuum. */
	return rc == RC_OK ? meta_put_int(r, "vacuum", 1, err) : rc;
}

static enum rc event_take(struct replica *r, const json_t *event,
			  struct err *err)
{
	const char *key = json_string_value(json_array_get(event, 1));
	const char *scope = json_string_value(json_array_get(event, 2));
	const char *subject = json_string_value(json_array_get(event, 3));
	const char *text = json_string_value(json_array_get(event, 4));
	unsigned char secret[SEAL_KEY_BYTES];
	size_t n = sizeof(secret);
	enum rc rc;

	if (!json_is_integer(json_array_get(event, 0)) || !key || !subject ||
	    !scope)
		return err_set(err, RC_CORRUPT, "a key event is malformed");
	if (!text)
		return key_destroy(r, key, scope, subject, err);
	if (strlen(text) >= BASE64_SIZE(SEAL_KEY_BYTES) ||
	    !base64_decode(secret, &n, text, strlen(text)) ||
	    n != SEAL_KEY_BYTES)
		return err_set(err, RC_CORRUPT, "a key is malformed");
	rc = key_insert(r, event, secret, err);
	wipe(secret, sizeof(secret));
	return rc;
}

enum rc keys_take(struct replica *r, const json_t *events, struct err *err)
{
	const json_t *event;
	int64_t serial, last;
	size_t i;
	enum rc rc = meta_get_int(r, "keys", 0, &serial, err);

	last = serial;
	json_array_foreach(events, i, event)
	{
		if (rc == RC_OK)
			rc = event_take(r, event, err);
		if (json_integer_value(json_array_get(event, 0)) > last)
			last = json_integer_value(json_array_get(event, 0));
	}
	return rc == RC_OK && last != serial
		       ? meta_put_int(r, "keys", last, err)
		       : rc;
}
