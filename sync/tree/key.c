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

/* The shortest length at which few records share a prefix. */
static size_t key_guess(int64_t records)
{
	size_t n = TREE_KEY_MIN;

	for (int64_t room = 65536; room < records * 4; room *= 16)
		n++;
	return n;
}

enum rc tree_key(struct db *db, const char *scope, const char *kind,
		 const char *id, int margin, char out[TREE_KEY_SIZE],
		 struct err *err)
{
	int64_t records = tree_count(db, scope, kind, err);
	char hex[65], found[33];
	size_t n;
	int count = 2;

	if (records < 0)
		return err->code;
	sha256_hex(hex, id, strlen(id));
	for (n = key_guess(records); n <= 2 * HASH_BYTES; n++) {
		enum rc rc =
			key_count(db, scope, kind, hex, n, found, &count, err);

		if (rc != RC_OK)
			return rc;
		if (count < 2)
			break;
	}
	n += (size_t)margin;
	if (count > 1 || n > 2 * HASH_BYTES)
		snprintf(out, TREE_KEY_SIZE, "=%s", id);
	else
		snprintf(out, TREE_KEY_SIZE, "%.*s", (int)n, hex);
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
