/* replica/seed.c - a block of a clone becomes rows without a detour by JSON.
 * What its table cannot hold takes the way of every other record. */
#include "replica/replica_impl.h"

#include <stdlib.h>

#include "kind/rows.h"
#include "wire/columns.h"

struct seeding {
	struct replica *r;
	const struct block *b;
	const char *scope;
	const struct kind *kind; /* NULL: by JSON */
	const struct cell **columns; /* owned; one a field of the kind, or NULL
				      * where the block has none */
	struct cell *row; /* owned; one a field */
	const struct cell *towns;
	bool has_more; /* the block has fields that the kind has not */
};

static const struct cell *column_of(const struct block *b, const char *field)
{
	for (size_t i = 0; i < b->ncolumns; i++)
		if (!strcmp(b->columns[i].field, field))
			return b->columns[i].cells;
	return NULL;
}

static enum rc seeding_begin(struct seeding *s, struct err *err)
{
	const struct captured *c = captured_of(s->r, s->b->kind);
	size_t known = 2; /* id and town */

	s->towns = column_of(s->b, "town");
	if (!s->towns)
		return err_set(err, RC_CORRUPT,
			       "records of '%s' have no legal town",
			       s->b->kind);
	if (!c || c->kind->is_sealed)
		return RC_OK;
	s->kind = c->kind;
	s->columns = calloc(c->kind->nfields + 1, sizeof(*s->columns));
	s->row = calloc(c->kind->nfields + 1, sizeof(*s->row));
	if (!s->columns || !s->row)
		return out_of_memory(err);
	for (size_t i = 0; i < c->kind->nfields; i++) {
		s->columns[i] = column_of(s->b, c->kind->fields[i].name);
		known += s->columns[i] != NULL;
	}
	s->has_more = known != s->b->ncolumns;
	return RC_OK;
}

static enum rc by_cells(struct seeding *s, size_t at, bool *fits,
			struct err *err)
{
	static const struct cell absent = { .type = CELL_ABSENT };

	for (size_t i = 0; i < s->kind->nfields; i++)
		s->row[i] = s->columns[i] ? s->columns[i][at] : absent;
	return rows_put_cells(s->r->db, s->kind,
			      s->b->columns[0].cells[at].v.text, s->scope,
			      s->towns[at].v.text, s->row, fits, err);
}

static enum rc by_json(struct seeding *s, const char *id,
		       const struct buf *body, struct err *err)
{
	json_t *record;
	enum rc rc = record_parse(body->data, body->len, &record, err);

	if (rc == RC_OK)
		rc = record_seed(s->r, s->b->kind, id, record, body->data,
				 body->len, err);
	json_decref(record);
	return rc;
}

static enum rc record_at(struct seeding *s, size_t at, struct leaves *leaves,
			 struct buf *body, struct err *err)
{
	const char *id = s->b->columns[0].cells[at].v.text;
	bool fits = false, aside = false;
	enum rc rc;

	if (s->towns[at].type != CELL_TEXT)
		return err_set(err, RC_CORRUPT, "%s '%s' has no legal town",
			       s->b->kind, id);
	buf_reset(body);
	block_record(s->b, at, s->scope, body);
	rc = buf_status(body, err);
	if (rc == RC_OK)
		rc = leaves_add(leaves, s->towns[at].v.text, s->b->kind, id,
				body, err);
	if (rc == RC_OK)
		rc = twin_is_aside(s->r, s->scope, s->b->kind, id, &aside, err);
	if (rc == RC_OK && s->kind && !s->has_more && !aside)
		rc = by_cells(s, at, &fits, err);
	return rc == RC_OK && !fits ? by_json(s, id, body, err) : rc;
}

enum rc block_seed(struct replica *r, const struct block *b, const char *scope,
		   struct leaves *leaves, struct buf *body, struct err *err)
{
	struct seeding s = { .r = r, .b = b, .scope = scope };
	enum rc rc = seeding_begin(&s, err);

	for (size_t i = 0; i < b->records && rc == RC_OK; i++)
		rc = record_at(&s, i, leaves, body, err);
	free(s.columns);
	free(s.row);
	return rc;
}

enum rc block_kinds(struct replica *r, const struct block *b, const char *scope,
		    struct buf *body, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < b->records && rc == RC_OK; i++) {
		json_t *record = NULL;

		buf_reset(body);
		block_record(b, i, scope, body);
		rc = buf_status(body, err);
		if (rc == RC_OK)
			rc = record_parse(body->data, body->len, &record, err);
		if (rc == RC_OK)
			rc = kind_install(r, record, err);
		json_decref(record);
	}
	return rc;
}
