/* kind/rows_cells.c - a record that comes as cells into its row. */
#include "kind/rows.h"

#include "base/jcs.h"
#include "kind/kind_impl.h"

/* As field_fits, of what may come in canonical bytes. */
static bool cell_fits(const struct field *f, const struct cell *c)
{
	struct err ignored = { 0 };
	json_t *value = NULL;
	bool fits;

	switch (f->type) {
	case FIELD_TEXT:
	case FIELD_DATE:
	case FIELD_REF: return c->type == CELL_TEXT;
	case FIELD_INT:
	case FIELD_TIME:
	case FIELD_MONEY:
	case FIELD_COORDINATE: return c->type == CELL_INT;
	default: break;
	}
	if (c->type != CELL_JSON ||
	    json_read(c->v.text, c->len, &value, &ignored) != RC_OK)
		return false;
	fits = field_fits(f, value);
	json_decref(value);
	return fits;
}

static void fitting_bind(struct query *q, int n, const struct field *f,
			 const struct cell *c)
{
	if (c->type == CELL_ABSENT)
		query_null(q, n);
	else if (c->type == CELL_INT)
		query_int(q, n, c->v.number);
	else if (f->type == FIELD_BOOL)
		query_int(q, n, c->v.text[0] == 't');
	else
		query_textn(q, n, c->v.text, c->len);
}

enum rc rows_put_cells(struct db *db, const struct kind *k, const char *id,
		       const char *scope, const char *town,
		       const struct cell *cells, bool *fits, struct err *err)
{
	struct query *q;

	*fits = true;
	for (size_t i = 0; i < k->nfields && *fits; i++)
		*fits = cells[i].type == CELL_ABSENT ||
			cell_fits(&k->fields[i], &cells[i]);
	if (!*fits)
		return RC_OK;
	q = query_begin(db, k->sql_replica_put);
	query_text(q, 1, id);
	query_text(q, 2, scope);
	query_text(q, 3, town);
	for (size_t i = 0; i < k->nfields; i++)
		fitting_bind(q, (int)i + 4, &k->fields[i], &cells[i]);
	query_row(q);
	return query_end(q, err);
}
