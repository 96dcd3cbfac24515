/* replica/leaves.c - the leaves of a clone, gathered until enough of them are
 * there to be written in the order of their table: its pages are then filled
 * one after the other. */
#include "replica/replica_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/hex.h"

#define LEAVES_MAX 131072 /* rows of hufu_leaf that are put in one go */

/* A record's place in the tree. */
struct leaf_row {
	struct { /* compared as bytes, zeros behind the texts */
		char town[4];
		char kind[32];
		unsigned char hash[SHA256_BYTES];
	} key;
	char id[33];
	struct oid oid;
};

static int leaf_order(const void *a, const void *b)
{
	const struct leaf_row *x = a, *y = b;

	return memcmp(&x->key, &y->key, sizeof(x->key));
}

enum rc leaves_flush(struct leaves *s, struct err *err)
{
	enum rc rc = RC_OK;

	if (s->n)
		qsort(s->rows, s->n, sizeof(*s->rows), leaf_order);
	for (size_t i = 0; i < s->n && rc == RC_OK; i++) {
		const struct leaf_row *l = &s->rows[i];

		rc = tree_leaf_put(s->db, s->scope, l->key.town, l->key.kind,
				   l->id, &l->oid, 0, err);
	}
	s->n = 0;
	return rc;
}

enum rc leaves_add(struct leaves *s, const char *town, const char *kind,
		   const char *id, const struct buf *body, struct err *err)
{
	struct leaf_row *l;
	enum rc rc;

	if (!name_is_town(town))
		return err_set(err, RC_CORRUPT, "%s '%s' has no legal town",
			       kind, id);
	if (!s->rows)
		s->rows = malloc(LEAVES_MAX * sizeof(*s->rows));
	if (!s->rows)
		return out_of_memory(err);
	l = &s->rows[s->n++];
	memset(l, 0, sizeof(*l));
	memcpy(l->key.town, town, strnlen(town, sizeof(l->key.town) - 1));
	memcpy(l->key.kind, kind, strnlen(kind, sizeof(l->key.kind) - 1));
	sha256(l->key.hash, id, strlen(id));
	memcpy(l->id, id, strnlen(id, sizeof(l->id) - 1));
	rc = oid_of(&l->oid, OBJECT_BLOB, body->data, body->len, err);
	return rc == RC_OK && s->n == LEAVES_MAX ? leaves_flush(s, err) : rc;
}

void leaves_release(struct leaves *s)
{
	free(s->rows);
	s->rows = NULL;
	s->n = 0;
}
