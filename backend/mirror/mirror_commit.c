/* mirror/mirror_commit.c - one main commit as objects: its packets, its
 * records, the tree nodes that it changed, itself. */
#include "mirror/mirror_impl.h"

#include "base/jcs.h"
#include "object/packet.h"
#include "sql_store.gen.h"

enum rc mirror_object(struct mirror_walk *w, enum object_kind kind,
		      const void *bytes, size_t n, struct oid *oid)
{
	enum rc rc = repo_add(w->m->repo, kind, bytes, n, oid, w->err);

	if (rc == RC_OK && repo_queued_bytes(w->m->repo) >= MIRROR_PACK_BYTES) {
		w->flushed = true;
		rc = repo_flush(w->m->repo, w->err);
	}
	return rc;
}

/* -- packets -- */

struct packet_items {
	struct packet_item *list; /* room for PACKET_RECORDS_MAX; owned */
	size_t n;
};

static enum rc items_read(struct mirror_walk *w, int64_t number,
			  struct packet_items *items)
{
	struct query *q = query_begin(w->m->store->db, SQL_PACKET_RECORDS);
	struct arena *mem = &w->m->mem;
	enum rc rc = RC_OK;

	query_int(q, 1, number);
	query_text(q, 2, w->at.scope);
	while (rc == RC_OK && query_row(q)) {
		struct packet_item *item = &items->list[items->n];

		if (items->n++ == PACKET_RECORDS_MAX || query_is_null(q, 2)) {
			rc = err_set(w->err, RC_CORRUPT,
				     "scope %s: the records of packet number "
				     "%lld are not there",
				     w->at.scope, (long long)number);
			break;
		}
		item->body_bytes = query_get_len(q, 2);
		item->kind = arena_strdup(mem, query_get_text(q, 0));
		item->id = arena_strdup(mem, query_get_text(q, 1));
		item->body =
			arena_dup(mem, query_get_text(q, 2), item->body_bytes);
		if (!item->kind || !item->id || !item->body)
			rc = err_set(w->err, RC_NOMEM, "out of memory");
	}
	return query_end(q, w->err) == RC_OK ? rc : w->err->code;
}

static enum rc packet_object(void *ctx, enum object_kind kind,
			     const struct oid *oid, const void *bytes, size_t n,
			     struct err *err)
{
	(void)oid;
	(void)err; /* it is the walk's */
	return mirror_object(ctx, kind, bytes, n, NULL);
}

static enum rc packet_trees(struct mirror_walk *w, int64_t number,
			    const struct packet_commit *c)
{
	struct packet_items items = { 0 };
	unsigned char content[SHA256_BYTES];
	struct oid tree;
	enum rc rc;

	items.list = calloc(PACKET_RECORDS_MAX + 1, sizeof(*items.list));
	if (!items.list)
		return err_set(w->err, RC_NOMEM, "out of memory");
	rc = items_read(w, number, &items);
	if (rc == RC_OK)
		rc = packet_seal(items.list, items.n, packet_is_marked(c),
				 &tree, content, packet_object, w, w->err);
	free(items.list);
	if (rc == RC_OK && !oid_equal(&tree, &c->tree))
		rc = err_set(w->err, RC_CORRUPT,
			     "scope %s, journal %s, packet %lld: its records "
			     "do not give its tree",
			     w->at.scope, c->journal, (long long)c->sequence);
	return rc;
}

static enum rc tip_note(struct mirror_walk *w, const char *journal,
			const struct oid *oid)
{
	for (size_t i = 0; i < w->ntips; i++)
		if (!strcmp(w->tips[i].journal, journal)) {
			w->tips[i].oid = *oid;
			return RC_OK;
		}
	if (w->ntips == w->room) {
		size_t room = w->room ? w->room * 2 : 16;
		struct mirror_tip *grown =
			realloc(w->tips, room * sizeof(*grown));

		if (!grown)
			return err_set(w->err, RC_NOMEM, "out of memory");
		w->tips = grown;
		w->room = room;
	}
	snprintf(w->tips[w->ntips].journal, sizeof(w->tips->journal), "%s",
		 journal);
	w->tips[w->ntips++].oid = *oid;
	return RC_OK;
}

/* Office packets are signed by the server for an account. */
static enum rc author_note(struct mirror_walk *w, const struct packet_commit *c)
{
	struct query *q;

	if (strcmp(c->journal, "office") != 0)
		return RC_OK;
	q = query_begin(w->m->db, SQL_MIRROR_AUTHOR_PUT);
	query_text(q, 1, c->author);
	return query_end(q, w->err);
}

enum rc mirror_packet(struct mirror_walk *w, const struct oid *oid)
{
	struct query *q = query_begin(w->m->store->db, SQL_MIRROR_PACKET);
	char hex[OID_HEX_SIZE];
	struct packet_commit c;
	struct oid is;
	int64_t number = 0;
	char *body = NULL;
	size_t n = 0;
	enum rc rc;

	query_blob(q, 1, oid->b, OID_BYTES);
	if (query_row(q) && !strcmp(query_get_text(q, 1), w->at.scope)) {
		number = query_get_int(q, 0);
		n = query_get_len(q, 2);
		body = arena_dup(&w->m->mem, query_get_text(q, 2), n);
	}
	rc = query_end(q, w->err);
	if (rc != RC_OK)
		return rc;
	oid_hex(hex, oid);
	if (!body)
		return err_set(w->err, RC_CORRUPT,
			       "scope %s: packet %s is merged but not there",
			       w->at.scope, hex);
	rc = packet_commit_read(&c, &is, body, n, &w->m->mem, w->err);
	if (rc == RC_OK && !oid_equal(&is, oid))
		rc = err_set(w->err, RC_CORRUPT,
			     "scope %s: the bytes of packet %s are not its own",
			     w->at.scope, hex);
	if (rc == RC_OK)
		rc = packet_trees(w, number, &c);
	if (rc == RC_OK)
		rc = mirror_object(w, OBJECT_COMMIT, body, n, NULL);
	if (rc == RC_OK)
		rc = author_note(w, &c);
	return rc == RC_OK ? tip_note(w, c.journal, oid) : rc;
}

/* -- the main tree -- */

static enum rc town_of(struct mirror_walk *w, const char *body, size_t n,
		       const char **town)
{
	json_t *record = NULL;
	enum rc rc = json_read(body, n, &record, w->err);
	const char *text = json_text(record, "town");

	*town = text ? arena_strdup(&w->m->mem, text) : NULL;
	if (rc == RC_OK && !*town)
		rc = err_set(w->err, RC_CORRUPT,
			     "scope %s: a record of main commit %lld has no "
			     "town",
			     w->at.scope, (long long)w->at.commits + 1);
	json_decref(record);
	return rc;
}

static enum rc change_begin(struct mirror_walk *w, const char *kind,
			    const char *id, struct tree_change **out)
{
	struct tree_change *c;
	char *text = NULL;
	size_t n;
	enum rc rc;

	if (w->nchanges == w->room_changes) {
		size_t room = w->room_changes ? w->room_changes * 2 : 256;
		struct tree_change *grown =
			realloc(w->changes, room * sizeof(*grown));

		if (!grown)
			return err_set(w->err, RC_NOMEM, "out of memory");
		w->changes = grown;
		w->room_changes = room;
	}
	c = *out = &w->changes[w->nchanges++];
	memset(c, 0, sizeof(*c));
	c->kind = arena_strdup(&w->m->mem, kind);
	c->id = arena_strdup(&w->m->mem, id);
	if (!c->kind || !c->id)
		return err_set(w->err, RC_NOMEM, "out of memory");
	rc = store_record_at(w->m->store, w->at.scope, kind, id, w->at.position,
			     &text, &n, w->err);
	if (rc == RC_NOT_FOUND)
		return RC_OK;
	if (rc == RC_OK)
		rc = town_of(w, text, n, &c->town_before);
	free(text);
	return rc;
}

/* The current row of SQL_MIRROR_LOG; versions of one record lie in a row, and
 * the last one stands. */
static enum rc entry_read(struct mirror_walk *w, struct query *q)
{
	const char *kind = query_get_text(q, 0), *id = query_get_text(q, 1);
	const char *body = query_get_text(q, 2);
	size_t n = query_get_len(q, 2);
	struct tree_change *c =
		w->nchanges ? &w->changes[w->nchanges - 1] : NULL;
	enum rc rc = RC_OK;

	if (!c || strcmp(c->kind, kind) != 0 || strcmp(c->id, id) != 0)
		rc = change_begin(w, kind, id, &c);
	if (rc == RC_OK)
		rc = town_of(w, body, n, &c->town_after);
	return rc == RC_OK ? mirror_object(w, OBJECT_BLOB, body, n, &c->oid)
			   : rc;
}

static enum rc entries_read(struct mirror_walk *w, int64_t position)
{
	struct query *q = query_begin(w->m->store->db, SQL_MIRROR_LOG);
	int64_t n = 0;
	enum rc rc = RC_OK;

	w->nchanges = 0;
	query_text(q, 1, w->at.scope);
	query_int(q, 2, w->at.position);
	query_int(q, 3, position);
	for (; rc == RC_OK && query_row(q); n++)
		rc = entry_read(w, q);
	if (query_end(q, w->err) != RC_OK)
		rc = w->err->code;
	if (rc == RC_OK && n != position - w->at.position)
		rc = err_set(w->err, RC_CORRUPT,
			     "scope %s, position %lld: the log has %lld "
			     "entries where main commit %lld has %lld",
			     w->at.scope, (long long)position, (long long)n,
			     (long long)w->at.commits + 1,
			     (long long)(position - w->at.position));
	return rc;
}

static enum rc node_object(void *ctx, const struct oid *oid, const void *bytes,
			   size_t n, struct err *err)
{
	(void)oid;
	(void)err; /* it is the walk's */
	return mirror_object(ctx, OBJECT_TREE, bytes, n, NULL);
}

static enum rc tree_write(struct mirror_walk *w, int64_t position,
			  const struct oid *want)
{
	const struct tree_sink sink = { .object = node_object, .ctx = w };
	char hex[OID_HEX_SIZE], want_hex[OID_HEX_SIZE];
	struct oid root;
	enum rc rc = tree_update(w->m->db, w->at.scope, w->changes, w->nchanges,
				 &sink, &root, NULL, w->err);

	if (rc != RC_OK || oid_equal(&root, want))
		return rc;
	oid_hex(hex, &root);
	oid_hex(want_hex, want);
	return err_set(w->err, RC_CORRUPT,
		       "scope %s, position %lld: the log gives the tree %s, "
		       "the main commit says %s",
		       w->at.scope, (long long)position, hex, want_hex);
}

/* The row of the next main commit, in the arena. */
static enum rc commit_row(struct mirror_walk *w, struct mirror_scope *next,
			  struct oid *root, char **body, size_t *n, bool *found)
{
	struct query *q = query_begin(w->m->store->db, SQL_MIRROR_COMMIT);
	size_t len;
	enum rc rc;

	query_text(q, 1, w->at.scope);
	query_int(q, 2, w->at.commits + 1);
	*next = w->at;
	*found = query_row(q);
	if (*found) {
		next->commits++;
		memcpy(next->head.b, query_get_blob(q, 0, &len), OID_BYTES);
		memcpy(root->b, query_get_blob(q, 1, &len), OID_BYTES);
		next->position = query_get_int(q, 2);
		*n = query_get_len(q, 3);
		*body = arena_dup(&w->m->mem, query_get_text(q, 3), *n);
	}
	rc = query_end(q, w->err);
	if (rc == RC_OK && *found && !*body)
		rc = err_set(w->err, RC_NOMEM, "out of memory");
	return rc;
}

enum rc mirror_commit(struct mirror_walk *w, bool *found)
{
	struct mirror_scope next;
	struct main_commit c;
	struct oid root, is;
	char *body = NULL;
	size_t n = 0;
	enum rc rc;

	arena_reset(&w->m->mem);
	rc = commit_row(w, &next, &root, &body, &n, found);
	if (rc != RC_OK || !*found)
		return rc;
	rc = main_commit_read(&c, &is, body, n, &w->m->mem, w->err);
	if (rc == RC_OK &&
	    (!oid_equal(&is, &next.head) || !oid_equal(&c.tree, &root) ||
	     c.position != next.position))
		rc = err_set(w->err, RC_CORRUPT,
			     "scope %s, position %lld: main commit %lld is not "
			     "what its row says",
			     w->at.scope, (long long)next.position,
			     (long long)next.commits);
	for (size_t i = 0; rc == RC_OK && i < c.nmerged; i++)
		rc = mirror_packet(w, &c.merged[i]);
	if (rc == RC_OK)
		rc = entries_read(w, next.position);
	if (rc == RC_OK)
		rc = tree_write(w, next.position, &root);
	if (rc == RC_OK)
		rc = mirror_object(w, OBJECT_COMMIT, body, n, NULL);
	if (rc == RC_OK) {
		next.packets += (int64_t)c.nmerged;
		w->at = next;
	}
	return rc;
}
