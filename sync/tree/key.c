/* tree/key.c - short names of records on the wire: prefixes of SHA-256(id). */
#include "tree/tree_impl.h"

#include "base/hash.h"
#include "base/hex.h"
#include "sql_sync.gen.h"

/* The digits of a key, as the lowest and the highest hash that begin so. */
static bool key_range(const char *key, size_t n, unsigned char low[HASH_BYTES],
		      unsigned char high[HASH_BYTES])
{
	char text[2 * HASH_BYTES + 1];

	if (n > 2 * HASH_BYTES)
		n = 2 * HASH_BYTES;
	memset(text, '0', 2 * HASH_BYTES);
	memcpy(text, key, n);
	if (!hex_decode(low, HASH_BYTES, text, 2 * HASH_BYTES))
		return false;
	memset(text + n, 'f', 2 * HASH_BYTES - n);
	return hex_decode(high, HASH_BYTES, text, 2 * HASH_BYTES);
}

/* How many ids begin so (0, 1, 2 for more); the first one in `id`. */
static enum rc key_count(struct db *db, const char *scope, const char *kind,
			 const char *key, size_t n, char id[33], int *count,
			 struct err *err)
{
	unsigned char low[HASH_BYTES], high[HASH_BYTES];
	struct query *q;

	*count = 0;
	if (!key_range(key, n, low, high))
		return RC_OK;
	q = query_begin(db, SQL_LEAF_FIND);
	query_text(q, 1, scope);
	query_text(q, 2, kind);
	query_blob(q, 3, low, HASH_BYTES);
	query_blob(q, 4, high, HASH_BYTES);
	while (query_row(q)) {
		if (!*count)
			snprintf(id, 33, "%s", query_get_text(q, 0));
		++*count;
	}
	return query_end(q, err);
}

/* How many digits two hashes have in common. */
static int digits_shared(const unsigned char *a, const unsigned char *b)
{
	int n = 0;

	while (n < 2 * HASH_BYTES && hash_digit(a, n) == hash_digit(b, n))
		n++;
	return n;
}

/* How many digits tell a hash from all others: one more than it shares with
 * one of those beside it. */
static enum rc digits_needed(struct db *db, const char *scope, const char *kind,
			     const unsigned char *hash, int *digits,
			     struct err *err)
{
	struct query *q = query_begin(db, SQL_LEAF_NEIGHBOURS);

	*digits = TREE_KEY_MIN;
	query_text(q, 1, scope);
	query_text(q, 2, kind);
	query_blob(q, 3, hash, HASH_BYTES);
	if (query_row(q))
		for (int i = 0; i < 2; i++) {
			size_t n;
			const void *beside = query_get_blob(q, i, &n);
			int shared = beside && n == HASH_BYTES
					     ? digits_shared(hash, beside)
					     : 0;

			if (*digits <= shared)
				*digits = shared + 1;
		}
	return query_end(q, err);
}

enum rc tree_key(struct db *db, const char *scope, const char *kind,
		 const char *id, int margin, char out[TREE_KEY_SIZE],
		 struct err *err)
{
	unsigned char hash[HASH_BYTES];
	char hex[2 * HASH_BYTES + 1];
	int digits;
	enum rc rc;

	leaf_hash(hash, id);
	rc = digits_needed(db, scope, kind, hash, &digits, err);
	if (rc != RC_OK)
		return rc;
	digits += margin;
	hex_encode(hex, hash, HASH_BYTES);
	if (digits > 2 * HASH_BYTES)
		snprintf(out, TREE_KEY_SIZE, "=%s", id);
	else
		snprintf(out, TREE_KEY_SIZE, "%.*s", digits, hex);
	return RC_OK;
}

enum rc tree_find(struct db *db, const char *scope, const char *kind,
		  const char *key, char id[33], struct err *err)
{
	size_t n = strlen(key);
	int count;
	enum rc rc;

	if (key[0] == '=') {
		if (!name_is_id(key + 1))
			return RC_NOT_FOUND;
		snprintf(id, 33, "%s", key + 1);
		return RC_OK;
	}
	if (n < TREE_KEY_MIN)
		return RC_NOT_FOUND;
	rc = key_count(db, scope, kind, key, n, id, &count, err);
	if (rc != RC_OK)
		return rc;
	return count == 0 ? RC_NOT_FOUND : count == 1 ? RC_OK : RC_CONFLICT;
}
