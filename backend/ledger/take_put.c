/* ledger/take_put.c - what a packet's commit says of its records; a packet and
 * what became of them, in the tables and in the main commit to be. */
#include "ledger/take_impl.h"

#include "object/packet.h"
#include "sql_store.gen.h"

enum rc take_seal(const struct take *t, struct oid *tree,
		  unsigned char content[SHA256_BYTES], struct err *err)
{
	struct packet_item *items = calloc(t->nrecords + 1, sizeof(*items));
	enum rc rc;

	if (!items)
		return err_set(err, RC_NOMEM, "out of memory");
	for (size_t i = 0; i < t->nrecords; i++) {
		items[i].kind = t->records[i].kind;
		items[i].id = t->records[i].id;
		items[i].body = t->records[i].body;
		items[i].body_bytes = t->records[i].body_bytes;
	}
	rc = packet_seal(items, t->nrecords, packet_is_marked(&t->commit), tree,
			 content, NULL, NULL, err);
	free(items);
	return rc;
}

enum rc take_put_record(struct batch *b, int64_t packet,
			const struct take_record *r, const struct outcome *o)
{
	struct query *q = query_begin(b->store->db, SQL_PACKET_RECORD_PUT);

	query_int(q, 1, packet);
	query_text(q, 2, r->kind);
	query_text(q, 3, r->id);
	if (o->position)
		query_int(q, 4, o->position);
	else
		query_textn(q, 5, r->body, r->body_bytes);
	query_text(q, 6, r->code);
	return query_end(q, b->err);
}

enum rc take_put(struct batch *b, struct batch_scope *bs, const struct take *t,
		 int64_t number)
{
	const struct packet_commit *c = &t->commit;
	struct query *q = query_begin(b->store->db, SQL_PACKET_PUT);
	enum rc rc;

	query_int(q, 1, number);
	query_blob(q, 2, t->oid.b, OID_BYTES);
	query_text(q, 3, bs->scope);
	query_text(q, 4, c->journal);
	query_int(q, 5, c->sequence);
	query_text(q, 6, c->author);
	query_text(q, 7, c->terminal);
	query_int(q, 8, bs->head.number + 1);
	query_int(q, 9, b->now_ms);
	query_text(q, 10, "");
	query_textn(q, 11, t->bytes, t->nbytes);
	rc = query_end(q, b->err);
	if (rc != RC_OK)
		return rc;
	q = query_begin(b->store->db, SQL_JOURNAL_PUT);
	query_text(q, 1, bs->scope);
	query_text(q, 2, c->journal);
	query_text(q, 3, t->enrolment);
	query_blob(q, 4, t->oid.b, OID_BYTES);
	query_int(q, 5, c->sequence);
	query_int(q, 6, c->seconds);
	return query_end(q, b->err);
}

/* Make room for one more element. */
static enum rc list_grow(struct batch *b, void **list, size_t n, size_t *room,
			 size_t size)
{
	void *grown;

	if (n < *room)
		return RC_OK;
	grown = realloc(*list, (*room ? *room * 2 : 16) * size);
	if (!grown)
		return err_set(b->err, RC_NOMEM, "out of memory");
	*list = grown;
	*room = *room ? *room * 2 : 16;
	return RC_OK;
}

enum rc take_note_tip(struct batch *b, struct batch_scope *bs,
		      const struct take *t)
{
	enum rc rc;

	rc = list_grow(b, (void **)&bs->merged, bs->nmerged, &bs->room_merged,
		       sizeof(*bs->merged));
	if (rc != RC_OK)
		return rc;
	bs->merged[bs->nmerged++] = t->oid;
	for (size_t i = 0; i < bs->ntips; i++)
		if (!strcmp(bs->tips[i].journal, t->commit.journal)) {
			bs->tips[i].oid = t->oid;
			return RC_OK;
		}
	rc = list_grow(b, (void **)&bs->tips, bs->ntips, &bs->room_tips,
		       sizeof(*bs->tips));
	if (rc != RC_OK)
		return rc;
	snprintf(bs->tips[bs->ntips].journal, sizeof(bs->tips->journal), "%s",
		 t->commit.journal);
	bs->tips[bs->ntips++].oid = t->oid;
	return RC_OK;
}

enum rc take_note_quarantine(struct batch *b, struct batch_scope *bs,
			     const struct take *t, const struct take_record *r,
			     json_t *list)
{
	char *path = arena_printf(&b->mem, "%s/%s", r->kind, r->id);
	struct main_quarantined *mq;
	enum rc rc = list_grow(b, (void **)&bs->quarantined, bs->nquarantined,
			       &bs->room_quarantined, sizeof(*mq));

	if (rc != RC_OK || !path)
		return err_set(b->err, RC_NOMEM, "out of memory");
	mq = &bs->quarantined[bs->nquarantined++];
	mq->packet = t->oid;
	mq->path = path;
	mq->code = r->code;
	json_array_append_new(list, json_pack("[s, s]", path, r->code));
	return RC_OK;
}
