/* store/keys.c - keys of sealed records, in a database of their own. */
#include "store/store_impl.h"

#include "sql_store.gen.h"

static bool secret_copy(struct query *q, int col,
			unsigned char key[SEAL_KEY_BYTES])
{
	size_t n;
	const void *secret = query_get_blob(q, col, &n);

	if (!secret || n != SEAL_KEY_BYTES)
		return false;
	memcpy(key, secret, SEAL_KEY_BYTES);
	return true;
}

/* *destroyed says why there is none. */
static enum rc key_find(struct store *s, const char *scope, const char *subject,
			char key_id[21], unsigned char key[SEAL_KEY_BYTES],
			bool *destroyed, struct err *err)
{
	struct query *q = query_begin(s->keys, SQL_KEY_OF);
	bool found = false;
	enum rc rc;

	*destroyed = false;
	query_text(q, 1, scope);
	query_text(q, 2, subject);
	if (query_row(q)) {
		snprintf(key_id, 21, "%s", query_get_text(q, 0));
		found = secret_copy(q, 1, key);
		*destroyed = !found;
	}
	rc = query_end(q, err);
	return rc != RC_OK ? rc : found ? RC_OK : RC_NOT_FOUND;
}

enum rc store_key_of(struct store *s, const char *scope, const char *subject,
		     char key_id[21], unsigned char key[SEAL_KEY_BYTES],
		     struct err *err)
{
	bool destroyed;

	return key_find(s, scope, subject, key_id, key, &destroyed, err);
}

enum rc store_key_by_id(struct store *s, const char *key_id,
			unsigned char key[SEAL_KEY_BYTES], struct err *err)
{
	struct query *q = query_begin(s->keys, SQL_KEY_BY_ID);
	bool found = false;
	enum rc rc;

	query_text(q, 1, key_id);
	if (query_row(q))
		found = secret_copy(q, 0, key);
	rc = query_end(q, err);
	return rc != RC_OK ? rc : found ? RC_OK : RC_NOT_FOUND;
}

enum rc store_key_mint(struct store *s, const char *scope, const char *subject,
		       char key_id[21], unsigned char key[SEAL_KEY_BYTES],
		       struct err *err)
{
	struct query *q;
	bool destroyed;
	enum rc rc = key_find(s, scope, subject, key_id, key, &destroyed, err);

	if (rc != RC_NOT_FOUND)
		return rc;
	if (destroyed)
		return err_set(err, RC_DENIED,
			       "the personal data of subject '%s' was "
			       "destroyed for ever",
			       subject);
	if (s->keys_wait && !db_in_transaction(s->keys) &&
	    db_begin(s->keys, true, err) != RC_OK)
		return err->code;
	host_new_id(s->host, key_id);
	host_random(s->host, key, SEAL_KEY_BYTES);
	q = query_begin(s->keys, SQL_KEY_PUT);
	query_text(q, 1, key_id);
	query_text(q, 2, scope);
	query_text(q, 3, subject);
	query_blob(q, 4, key, SEAL_KEY_BYTES);
	query_int(q, 5, host_wall_ms(s->host));
	return query_end(q, err);
}

enum rc store_key_destroy(struct store *s, const char *scope,
			  const char *subject, const char *by,
			  const char *reason, struct err *err)
{
	struct query *q = query_begin(s->keys, SQL_KEY_DESTROY);
	int64_t changed;
	enum rc rc;

	query_text(q, 1, scope);
	query_text(q, 2, subject);
	query_text(q, 3, by);
	query_text(q, 4, reason);
	query_int(q, 5, host_wall_ms(s->host));
	query_row(q);
	changed = query_changes(q);
	rc = query_end(q, err);
	if (rc == RC_OK && !changed)
		rc = err_set(err, RC_NOT_FOUND,
			     "there is no key for subject '%s' in scope %s",
			     subject, scope);
	return rc == RC_OK ? db_checkpoint(s->keys, err) : rc;
}
