/* domain/draw_near.c - a frame that is almost that of another draw: one subject
 * more or less makes no other draw of it. */
#include "domain/draw_impl.h"

#include "base/jcs.h"
#include "sql_store.gen.h"

/* Both in the order of ids. */
static size_t in_common(const json_t *a, const json_t *b)
{
	size_t i = 0, j = 0, n = 0;

	while (i < json_array_size(a) && j < json_array_size(b)) {
		int order = strcmp(json_string_value(json_array_get(a, i)),
				   json_string_value(json_array_get(b, j)));

		n += order == 0;
		i += order <= 0;
		j += order >= 0;
	}
	return n;
}

/* Draws for two items ask two things of one subject. */
static bool same_item(const json_t *record, const char *item)
{
	const char *of = json_text(record, "item");

	return of && item ? !strcmp(of, item) : of == item;
}

static enum rc compare(struct op *op, const char *scope, const char *id,
		       const char *item, const json_t *frame, size_t *common)
{
	json_t *record = NULL, *material = NULL;
	const json_t *other;
	size_t n, larger = json_array_size(frame);
	enum rc rc = ledger_record(op, scope, "draw", id, &record);

	*common = 0;
	if (rc == RC_OK && same_item(record, item))
		rc = draw_material(op, id, json_object_get(record, "rules"),
				   &material);
	other = json_object_get(material, "frame");
	n = in_common(frame, other);
	if (json_array_size(other) > larger)
		larger = json_array_size(other);
	if (n && n * 10 >= larger * 9)
		*common = n;
	json_decref(record);
	json_decref(material);
	return rc;
}

enum rc draw_near(struct op *op, const char *scope, const char *item,
		  const json_t *frame, char id[33], char state[16],
		  size_t *common)
{
	struct query *q = query_begin(op->store->db, SQL_DRAWS_OPEN);
	enum rc rc = RC_OK;

	*id = *state = '\0';
	*common = 0;
	query_text(q, 1, scope);
	query_int(q, 2, (int64_t)json_array_size(frame));
	while (rc == RC_OK && !*common && query_row(q)) {
		snprintf(id, 33, "%s", query_get_text(q, 0));
		snprintf(state, 16, "%s", query_get_text(q, 1));
		rc = compare(op, scope, id, item, frame, common);
	}
	if (query_end(q, op->err) != RC_OK)
		rc = op->err->code;
	if (!*common)
		*id = *state = '\0';
	return rc;
}
