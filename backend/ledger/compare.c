/* ledger/compare.c - the server's half, laid open for a terminal that looks for
 * what differs: docs/protocol.md section 10. */
#include "ledger/sync_impl.h"

#include "base/jcs.h"
#include "tree/tree.h"
#include "wire/group.h"

static const char *text_at(const json_t *list, size_t i)
{
	return json_string_value(json_array_get(list, i));
}

static const char *const below_names[] = { "towns", "kinds", "nodes",
					   "records" };

static enum rc place_put(struct store *s, const struct wire_scope *ws,
			 json_t *place, json_t *out, struct err *err)
{
	json_t *items = json_array(), *entry;
	struct tree_list l;
	enum rc rc = tree_list(s->db, ws->scope, text_at(place, 0),
			       text_at(place, 1), text_at(place, 2), &l, err);

	for (size_t i = 0; rc == RC_OK && i < l.n; i++) {
		char hex[OID_HEX_SIZE];

		oid_hex(hex, &l.items[i].oid);
		json_array_append_new(
			items, json_pack("[s, s]", l.items[i].name, hex));
	}
	entry = rc == RC_OK ? json_pack("{s:O, s:O}", "at", place,
					below_names[l.what], items)
			    : NULL;
	tree_list_release(&l);
	json_decref(items);
	if (rc == RC_OK && (!entry || json_array_append_new(out, entry) != 0))
		rc = err_set(err, RC_NOMEM, "out of memory");
	return rc;
}

/* A line {"scope", name: list}; takes the list. */
static enum rc line_put(struct line_writer *w, const char *scope,
			const char *name, json_t *list, struct err *err)
{
	json_t *line = json_pack("{s:s, s:o}", "scope", scope, name, list);
	enum rc rc = line ? line_writer_put(w, line, err)
			  : err_set(err, RC_NOMEM, "out of memory");

	json_decref(line);
	return rc;
}

static enum rc places_put(struct store *s, const struct wire_scope *ws,
			  struct line_writer *w, struct err *err)
{
	json_t *list = json_array(), *place;
	size_t i;
	enum rc rc = list ? RC_OK : err_set(err, RC_NOMEM, "out of memory");

	json_array_foreach(ws->tree, i, place)
	{
		if (rc == RC_OK)
			rc = place_put(s, ws, place, list, err);
	}
	if (rc != RC_OK || !json_array_size(list)) {
		json_decref(list);
		return rc;
	}
	return line_put(w, ws->scope, "tree", list, err);
}

static enum rc record_put(struct store *s, const struct wire_scope *ws,
			  const json_t *name, struct groups *groups,
			  struct err *err)
{
	json_t *record = NULL;
	char *text = NULL;
	size_t n;
	enum rc rc = store_record(s, ws->scope, text_at(name, 0),
				  text_at(name, 1), &text, &n, NULL, err);

	if (rc == RC_NOT_FOUND)
		return RC_OK; /* the tree said so, or it moved on meanwhile */
	if (rc == RC_OK)
		rc = json_read(text, n, &record, err);
	if (rc == RC_OK)
		rc = groups_add_whole(groups, text_at(name, 0), record, err);
	json_decref(record);
	free(text);
	return rc;
}

/* As many as fit a page: the terminal asks again for the rest. */
static enum rc records_put(struct store *s, const struct wire_scope *ws,
			   struct line_writer *w, struct err *err)
{
	struct groups groups;
	const json_t *name;
	size_t i;
	enum rc rc = groups_init(&groups, err);

	json_array_foreach(ws->whole, i, name)
	{
		if (rc == RC_OK && groups.bytes <= wire_page_bytes())
			rc = record_put(s, ws, name, &groups, err);
	}
	if (rc == RC_OK && groups.records)
		rc = line_put(w, ws->scope, "rows", groups_take(&groups), err);
	groups_release(&groups);
	return rc;
}

enum rc comparison_put(struct store *s, const struct wire_scope *ws,
		       struct line_writer *w, struct err *err)
{
	enum rc rc = places_put(s, ws, w, err);

	return rc == RC_OK ? records_put(s, ws, w, err) : rc;
}

enum rc comparison_known(struct store *s, const struct wire_scope *ws,
			 struct oid *out, struct err *err)
{
	const json_t *hex;
	size_t i;

	json_array_foreach(ws->known, i, hex)
	{
		struct head head;
		enum rc rc;

		oid_parse(out, json_string_value(hex), json_string_length(hex));
		rc = ledger_head_at(s, ws->scope, out, &head, err);
		if (rc != RC_NOT_FOUND)
			return rc;
	}
	return RC_NOT_FOUND;
}
