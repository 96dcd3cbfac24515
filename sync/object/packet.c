/* object/packet.c - a packet's tree and its SHA-256 over the records. */
#include "object/packet.h"

#include "object/commit.h"
#include "object/treeobj.h"

#define TREE_BYTES_MAX (256u * 1024)

static int item_order(const void *a, const void *b)
{
	const struct packet_item *x = a, *y = b;
	int d = strcmp(x->kind, y->kind);

	return d ? d : strcmp(x->id, y->id);
}

struct sealing {
	struct tree_entry *kinds, *records;
	size_t nkinds;
	bool is_marked;
	struct buf bytes;
	packet_object_fn *object;
	void *ctx;
	struct err *err;
};

static enum rc tree_emit(struct sealing *s, struct tree_entry *entries,
			 size_t n, struct oid *out)
{
	enum rc rc;

	buf_reset(&s->bytes);
	rc = treeobj_make(out, s->object ? &s->bytes : NULL, entries, n,
			  s->err);
	if (rc == RC_OK && s->object)
		rc = s->object(s->ctx, OBJECT_TREE, out, s->bytes.data,
			       s->bytes.len, s->err);
	return rc;
}

/* The records of one kind: items[0..n). */
static enum rc kind_seal(struct sealing *s, const struct packet_item *items,
			 size_t n)
{
	struct tree_entry *k = &s->kinds[s->nkinds++];
	enum rc rc = RC_OK;

	memset(k, 0, sizeof(*k));
	k->name = items[0].kind;
	k->is_tree = true;
	for (size_t i = 0; i < n && rc == RC_OK; i++) {
		struct tree_entry *e = &s->records[i];

		memset(e, 0, sizeof(*e));
		e->name = items[i].id;
		e->is_marked = s->is_marked;
		rc = oid_of(&e->oid, OBJECT_BLOB, items[i].body,
			    items[i].body_bytes, s->err);
		if (rc == RC_OK && s->object)
			rc = s->object(s->ctx, OBJECT_BLOB, &e->oid,
				       items[i].body, items[i].body_bytes,
				       s->err);
	}
	return rc == RC_OK ? tree_emit(s, s->records, n, &k->oid) : rc;
}

static enum rc items_check(struct packet_item *items, size_t n,
			   unsigned char content[SHA256_BYTES], struct err *err)
{
	struct sha256 h;
	size_t bytes = 0;

	if (!n || n > PACKET_RECORDS_MAX)
		return err_set(err, RC_INVALID,
			       "a packet holds 1 to %d records, not %zu",
			       PACKET_RECORDS_MAX, n);
	qsort(items, n, sizeof(*items), item_order);
	sha256_begin(&h);
	for (size_t i = 0; i < n; i++) {
		if (i && !item_order(&items[i - 1], &items[i]))
			return err_set(err, RC_INVALID,
				       "a packet holds '%s/%s' twice",
				       items[i].kind, items[i].id);
		sha256_add_record(&h, items[i].kind, items[i].id, items[i].body,
				  items[i].body_bytes);
		bytes += items[i].body_bytes;
	}
	sha256_end(&h, content);
	if (bytes > PACKET_BYTES_MAX && n > 1)
		return err_set(err, RC_INVALID,
			       "a packet holds at most %u bytes, not %zu",
			       PACKET_BYTES_MAX, bytes);
	return RC_OK;
}

enum rc packet_seal(struct packet_item *items, size_t n, bool is_marked,
		    struct oid *tree, unsigned char content[SHA256_BYTES],
		    packet_object_fn *object, void *ctx, struct err *err)
{
	struct sealing s = {
		.is_marked = is_marked, .object = object, .ctx = ctx, .err = err
	};
	enum rc rc = items_check(items, n, content, err);

	if (rc != RC_OK)
		return rc;
	buf_init(&s.bytes, TREE_BYTES_MAX);
	s.kinds = calloc(n, sizeof(*s.kinds));
	s.records = calloc(n, sizeof(*s.records));
	if (!s.kinds || !s.records)
		rc = err_set(err, RC_NOMEM, "out of memory");
	for (size_t i = 0, end; i < n && rc == RC_OK; i = end) {
		for (end = i + 1; end < n; end++)
			if (strcmp(items[end].kind, items[i].kind) != 0)
				break;
		rc = kind_seal(&s, items + i, end - i);
	}
	if (rc == RC_OK)
		rc = tree_emit(&s, s.kinds, s.nkinds, tree);
	free(s.kinds);
	free(s.records);
	buf_release(&s.bytes);
	return rc;
}
