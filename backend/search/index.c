/* search/index.c - the index brought up to where the log stands.
 *
 * A part (the records of a kind in a scope) is followed by position: a document
 * has the number `part << 40 | position` of the version that it was made from,
 * so it is a function of the log alone. A new version takes the document before
 * away and adds its own; `seen` says up to where, in the same transaction. */
#include "search/search_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/jcs.h"
#include "search/fold.h"
#include "sql_store.gen.h"

#define CHUNK 4000 /* documents of one transaction */
#define LONG_RANGE 4000 /* positions that are read by the index of the kind */
#define PACK_AFTER 20000 /* documents that are worth packing the grams */
#define WHOLE_BYTES_MAX 64
#define GRAM_BYTES_MAX (1u << 20)

struct update {
	struct search *s;
	struct store *store;
	const struct search_part *part;
	int64_t number, seen, head;
	struct err *err;
};

/* -- parts -- */

static void fields_text(const struct kind *k, struct buf *out)
{
	buf_init(out, 8192);
	for (size_t i = 0; k->search && k->search[i]; i++) {
		buf_puts(out, i ? "," : "");
		buf_puts(out, k->search[i]);
	}
	buf_put(out, "", 1);
}

enum rc part_find(struct search *s, const struct search_part *part,
		  int64_t *number, int64_t *seen, struct err *err)
{
	struct query *q = query_begin(s->db, SQL_SEARCH_PART_GET);
	struct err why = { 0 };
	struct buf fields;
	bool is_same = true;

	*number = 0;
	fields_text(part->kind, &fields);
	query_text(q, 1, part->scope);
	query_text(q, 2, part->kind->name);
	if (query_row(q)) {
		*number = query_get_int(q, 0);
		is_same = fields.data &&
			  !strcmp(query_get_text(q, 1), fields.data);
		if (seen)
			*seen = query_get_int(q, 2);
	} else if (seen) {
		*seen = 0;
	}
	query_end(q, &why);
	if (buf_status(&fields, &why) == RC_OK && !is_same)
		err_set(&why, RC_CORRUPT,
			"the search index has other fields of kind '%s'",
			part->kind->name);
	buf_release(&fields);
	return why.code ? index_failed(s, &why, err) : RC_OK;
}

static enum rc part_add(struct update *u, struct err *why)
{
	struct query *q = query_begin(u->s->db, SQL_SEARCH_PART_PUT);
	struct buf fields;

	fields_text(u->part->kind, &fields);
	buf_status(&fields, why);
	query_text(q, 1, u->part->scope);
	query_text(q, 2, u->part->kind->name);
	query_text(q, 3, fields.data);
	if (query_row(q))
		u->number = query_get_int(q, 0);
	while (query_row(q))
		;
	buf_release(&fields);
	return query_end(q, why);
}

/* -- documents -- */

/* Each value of the document that a question can be the whole of. */
static void wholes(struct update *u, const char *sql, int64_t number,
		   const char *id, const char *name, const char *rest,
		   struct err *why)
{
	const char *const texts[] = { id, name, rest };

	for (size_t i = 0; i < 3; i++)
		for (const char *p = texts[i]; *p;) {
			size_t n = strcspn(p, "\n");
			struct query *q;

			if (n > 0 && n <= WHOLE_BYTES_MAX) {
				q = query_begin(u->s->db, sql);
				query_textn(q, 1, p, n);
				query_int(q, 2, number);
				query_end(q, why);
			}
			p += n + (p[n] == '\n');
		}
}

static void grams_write(struct update *u, const char *sql, int64_t number,
			const char *name, const char *rest, struct err *why)
{
	struct query *q = query_begin(u->s->db, sql);
	struct buf text;

	buf_init(&text, GRAM_BYTES_MAX);
	grams(&text, name, GRAM_START);
	grams(&text, name, GRAM_NAME);
	grams(&text, name, GRAM_ANY);
	grams(&text, rest, GRAM_ANY);
	query_int(q, 1, number);
	query_textn(q, 2, text.data ? text.data : "", text.len);
	query_end(q, why);
	buf_status(&text, why);
	buf_release(&text);
}

static void doc_drop(struct update *u, const char *id, struct err *why)
{
	struct query *q = query_begin(u->s->db, SQL_SEARCH_DOC_GET);
	char *name = NULL, *rest = NULL;
	int64_t number = 0;

	query_int(q, 1, u->number);
	query_text(q, 2, id);
	if (query_row(q)) {
		number = query_get_int(q, 0);
		name = strdup(query_get_text(q, 1));
		rest = strdup(query_get_text(q, 2));
	}
	query_end(q, why);
	if (number && (!name || !rest)) {
		err_set(why, RC_NOMEM, "out of memory");
	} else if (number) {
		wholes(u, SQL_SEARCH_WHOLE_DROP, number, id, name, rest, why);
		grams_write(u, SQL_SEARCH_GRAM_DROP, number, name, rest, why);
		q = query_begin(u->s->db, SQL_SEARCH_DOC_DROP);
		query_int(q, 1, number);
		query_end(q, why);
	}
	free(name);
	free(rest);
}

static void doc_put(struct update *u, int64_t position, const char *id,
		    const json_t *record, struct err *why)
{
	int64_t number = u->number << PART_SHIFT | position;
	struct query *q;
	struct doc d;

	doc_make(&d, u->part->kind, record);
	if (buf_status(&d.name, why) != RC_OK ||
	    buf_status(&d.rest, why) != RC_OK) {
		doc_release(&d);
		return;
	}
	doc_drop(u, id, why);
	q = query_begin(u->s->db, SQL_SEARCH_DOC_PUT);
	query_int(q, 1, number);
	query_int(q, 2, u->number);
	query_text(q, 3, id);
	query_text(q, 4, d.name.data);
	query_text(q, 5, d.rest.data);
	query_text(q, 6, d.agency);
	query_end(q, why);
	wholes(u, SQL_SEARCH_WHOLE_PUT, number, id, d.name.data, d.rest.data,
	       why);
	grams_write(u, SQL_SEARCH_GRAM_PUT, number, d.name.data, d.rest.data,
		    why);
	doc_release(&d);
}

/* -- a chunk -- */

static enum rc seen_put(struct update *u, struct err *why)
{
	struct query *q = query_begin(u->s->db, SQL_SEARCH_PART_SEEN);

	query_int(q, 1, u->number);
	query_int(q, 2, u->seen);
	return query_end(q, why);
}

/* The next versions of the log into the open transaction. A failure of the log
 * goes to u->err, one of the index to *why. */
static void chunk_take(struct update *u, int64_t most, int64_t *n,
		       struct err *why)
{
	bool is_long = u->head - u->seen > LONG_RANGE;
	struct query *q =
		query_begin(u->store->db,
			    is_long ? SQL_LOG_KIND_SINCE : SQL_LOG_KIND_RANGE);
	int64_t last = u->seen;

	*n = 0;
	query_text(q, 1, u->part->scope);
	query_text(q, 2, u->part->kind->name);
	query_int(q, 3, u->seen);
	query_int(q, 4, u->head);
	query_int(q, 5, most);
	while (!why->code && !u->err->code && query_row(q)) {
		json_t *record = NULL;

		last = query_get_int(q, 0);
		if (json_read(query_get_text(q, 2), query_get_len(q, 2),
			      &record, u->err) == RC_OK)
			doc_put(u, last, query_get_text(q, 1), record, why);
		json_decref(record);
		(*n)++;
	}
	query_end(q, u->err);
	u->seen = *n < most ? u->head : last;
}

static enum rc chunk(struct update *u, int64_t most, int64_t *n)
{
	struct err why = { 0 };
	enum rc rc = db_begin(u->s->db, true, &why);

	*n = 0;
	if (rc == RC_OK)
		rc = part_find(u->s, u->part, &u->number, &u->seen, &why);
	if (rc == RC_OK && !u->number)
		rc = part_add(u, &why);
	if (rc == RC_OK && u->seen < u->head)
		chunk_take(u, most, n, &why);
	if (!why.code && !u->err->code)
		seen_put(u, &why);
	if (!why.code && !u->err->code)
		db_commit(u->s->db, &why);
	db_rollback(u->s->db);
	return why.code ? index_failed(u->s, &why, u->err) : u->err->code;
}

/* One piece out of the many that a build leaves: a question is then read from
 * one place. Nobody is waiting; a failure is the next one's. */
static void pack(struct update *u)
{
	struct err ignored = { 0 };

	query_end(query_begin(u->s->db, SQL_SEARCH_GRAM_PACK), &ignored);
	(void)db_checkpoint(u->s->db, &ignored);
}

static enum rc part_update(struct update *u, const struct search_work *work,
			   struct search_done *done)
{
	int64_t before = done->records, n, most;
	enum rc rc = part_find(u->s, u->part, &u->number, &u->seen, u->err);

	if (rc == RC_OK && u->seen > u->head) {
		const struct err ahead = { RC_CORRUPT,
					   "the search index is ahead of the "
					   "log" };

		return index_failed(u->s, &ahead, u->err);
	}
	while (rc == RC_OK && (u->seen < u->head || !u->number)) {
		most = work->most < 0 ? CHUNK : work->most - done->records;
		if (most > CHUNK)
			most = CHUNK;
		if (most <= 0 || (work->stop && work->stop(work->ctx))) {
			done->left = true;
			break;
		}
		rc = chunk(u, most, &n);
		done->records += n;
		if (rc == RC_BUSY) { /* another is at it */
			err_clear(u->err);
			rc = RC_OK;
			done->left = work->most >= 0;
			if (done->left)
				break;
		}
	}
	if (done->records - before >= PACK_AFTER)
		pack(u);
	return rc;
}

static enum rc head_of(struct store *store, const char *scope, int64_t *out,
		       struct err *err)
{
	struct query *q = query_begin(store->db, SQL_LOG_HEAD);

	query_text(q, 1, scope);
	*out = query_row(q) ? query_get_int(q, 0) : 0;
	return query_end(q, err);
}

static enum rc parts_update(struct search *s, struct store *store,
			    const struct search_work *work,
			    struct search_done *done, struct err *err)
{
	enum rc rc = search_ready(s, store, err);

	*done = (struct search_done){ 0 };
	for (size_t i = 0; i < work->nparts && rc == RC_OK; i++) {
		struct update u = { .s = s,
				    .store = store,
				    .part = &work->parts[i],
				    .err = err };

		rc = head_of(store, u.part->scope, &u.head, err);
		if (rc == RC_OK)
			rc = part_update(&u, work, done);
	}
	return rc;
}

enum rc search_update(struct search *s, struct store *store,
		      const struct search_work *work, struct search_done *done,
		      struct err *err)
{
	enum rc rc = parts_update(s, store, work, done, err);

	if (rc == RC_OK || !s->is_damaged)
		return rc;
	err_clear(err);
	rc = search_forget(s, store, err);
	return rc == RC_OK ? parts_update(s, store, work, done, err) : rc;
}

enum rc search_state(struct search *s, struct store *store,
		     const struct search_part *part, struct search_state *out,
		     struct err *err)
{
	struct err why = { 0 };
	struct query *q;
	int64_t number;
	enum rc rc = search_ready(s, store, err);

	*out = (struct search_state){ 0 };
	if (rc == RC_OK)
		rc = part_find(s, part, &number, &out->seen, err);
	if (rc == RC_OK)
		rc = head_of(store, part->scope, &out->head, err);
	if (rc != RC_OK)
		return rc;
	q = query_begin(s->db, SQL_SEARCH_COUNT);
	query_int(q, 1, number);
	out->records = query_row(q) ? query_get_int(q, 0) : 0;
	return query_end(q, &why) == RC_OK ? RC_OK : index_failed(s, &why, err);
}
