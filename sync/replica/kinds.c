#include "replica/replica_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/jcs.h"
#include "base/log.h"
#include "kind/rows.h"
#include "sql_sync.gen.h"

static void captured_forget(struct replica *r)
{
	for (size_t i = 0; i < r->ncaptured; i++)
		captured_release(&r->captured[i]);
	free(r->captured);
	r->captured = NULL;
	r->ncaptured = 0;
}

void kinds_forget(struct replica *r)
{
	captured_forget(r);
	registry_free(r->registry);
	r->registry = NULL;
	r->kinds_serial = -1;
}

/* A kind's statements live as long as its definition. */
static enum rc captured_rebuild(struct replica *r, struct err *err)
{
	size_t n = registry_count(r->registry);
	enum rc rc = RC_OK;

	captured_forget(r);
	r->captured = calloc(n + 1, sizeof(*r->captured));
	if (!r->captured)
		return out_of_memory(err);
	for (; r->ncaptured < n && rc == RC_OK; r->ncaptured++)
		rc = captured_make(&r->captured[r->ncaptured],
				   registry_at(r->registry, r->ncaptured), err);
	return rc;
}

static enum rc definitions_read(struct replica *r, struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_KIND_ALL);
	enum rc rc = RC_OK;

	while (rc == RC_OK && query_row(q)) {
		json_t *definition = NULL;

		rc = json_read(query_get_text(q, 1), query_get_len(q, 1),
			       &definition, err);
		if (rc == RC_OK)
			rc = registry_add(r->registry, definition, err);
		json_decref(definition);
	}
	if (query_end(q, err) != RC_OK)
		rc = err->code;
	return rc;
}

enum rc kinds_load(struct replica *r, struct err *err)
{
	int64_t serial;
	enum rc rc;

	kinds_forget(r);
	rc = registry_new(&r->registry, err);
	if (rc == RC_OK)
		rc = meta_get_int(r, "kinds", 0, &serial, err);
	if (rc == RC_OK)
		rc = definitions_read(r, err);
	if (rc == RC_OK)
		rc = captured_rebuild(r, err);
	if (rc == RC_OK)
		r->kinds_serial = serial;
	return rc;
}

const struct captured *captured_of(const struct replica *r, const char *kind)
{
	size_t low = 0, high = r->ncaptured;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int d = strcmp(kind, r->captured[mid].kind->name);

		if (!d)
			return &r->captured[mid];
		if (d < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

/* One record that was carried whole while its kind was unknown. */
static enum rc carried_move(struct replica *r, const struct kind *k,
			    const char *id, json_t *record, const char *body,
			    size_t n, struct err *err)
{
	const char *scope = json_text(record, "scope");
	enum rc rc = record_run(r, SQL_R_EXTRA_DROP, k->name, id, NULL, err);

	if (rc != RC_OK)
		return rc;
	return record_main_put(r, scope ? scope : "", k->name, id, record, body,
			       n, err);
}

static enum rc carried_take(struct replica *r, const struct kind *k,
			    struct err *err)
{
	char id[33] = "";
	bool found = false;
	enum rc rc;

	for (;;) {
		json_t *record = NULL;
		char *body = NULL;
		bool is_null;

		rc = next_id(r, SQL_R_EXTRA_NEXT, k->name, id, &found, err);
		if (rc != RC_OK || !found)
			return rc;
		rc = record_text(r, SQL_R_EXTRA_GET, k->name, id, &body,
				 &is_null, err);
		if (rc == RC_OK)
			rc = record_parse(body, strlen(body), &record, err);
		if (rc == RC_OK)
			rc = carried_move(r, k, id, record, body, strlen(body),
					  err);
		json_decref(record);
		free(body);
		if (rc != RC_OK)
			return rc;
	}
}

/* Is it another one than the definition in force? `text` gets its form. */
static enum rc definition_differs(struct replica *r, const char *name,
				  const json_t *definition, struct buf *text,
				  bool *differs, bool *known, struct err *err)
{
	char *old = NULL;
	bool is_null;
	enum rc rc = record_jcs(text, definition, err);

	if (rc != RC_OK)
		return rc;
	rc = record_text(r, SQL_R_KIND_GET, name, NULL, &old, &is_null, err);
	*known = rc == RC_OK;
	*differs = !*known || strcmp(old, text->data) != 0;
	free(old);
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc kind_keep(struct replica *r, const char *name, const char *text,
			 struct err *err)
{
	int64_t serial;
	enum rc rc = record_run(r, SQL_R_KIND_PUT, name, text, NULL, err);

	if (rc == RC_OK)
		rc = meta_get_int(r, "kinds", 0, &serial, err);
	if (rc == RC_OK)
		rc = meta_put_int(r, "kinds", serial + 1, err);
	if (rc == RC_OK)
		r->kinds_serial = serial + 1;
	return rc;
}

static enum rc tables_install(struct replica *r, const char *name, bool known,
			      struct err *err)
{
	const struct kind *k = registry_kind(r->registry, name);
	char *home = NULL;
	enum rc rc = meta_get(r, "home", &home, err);

	if (rc == RC_OK)
		rc = rows_create(r->db, k, ROWS_REPLICA, home, err);
	if (rc == RC_OK)
		rc = capture_create(r, k, err);
	if (rc == RC_OK && !known)
		rc = carried_take(r, k, err);
	free(home);
	return rc;
}

enum rc kind_install(struct replica *r, const json_t *record, struct err *err)
{
	const json_t *definition = json_object_get(record, "definition");
	const char *name = json_text(definition, "kind");
	struct err why = { 0 };
	bool differs, known;
	struct buf text;
	enum rc rc;

	if (!name)
		return RC_OK;
	buf_init(&text, RECORD_BYTES_MAX);
	rc = definition_differs(r, name, definition, &text, &differs, &known,
				err);
	if (rc == RC_OK && differs && known)
		rc = rights_remember(r, name, err);
	if (rc != RC_OK || !differs)
		goto out;
	rc = registry_add(r->registry, definition, &why);
	if (rc == RC_INVALID) {
		/* Its records are carried untouched, as those of any kind
		 * that this version does not know. */
		log_warn("kind %s is not understood here: %s", name, why.text);
		rc = RC_OK;
		goto out;
	}
	if (rc != RC_OK)
		err_set(err, rc, "%s", why.text);
	if (rc == RC_OK)
		rc = captured_rebuild(r, err);
	if (rc == RC_OK)
		rc = kind_keep(r, name, text.data, err);
	if (rc == RC_OK)
		rc = tables_install(r, name, known, err);
out:
	buf_release(&text);
	return rc;
}
