/* ledger/found.c - the catalog's first records, and kinds on a running system.
 */
#include "ledger/batch.h"

#include <errno.h>

#include "base/jcs.h"
#include "kind/rows.h"
#include "object/sshsig.h"
#include "sql_store.gen.h"

static struct account server_account(void)
{
	struct account a = { .name = "server", .roles = ROLE_SERVER };

	snprintf(a.scopes, sizeof(a.scopes), "*");
	return a;
}

static json_t *kind_record(const json_t *definition)
{
	return json_pack("{s:O, s:O}", "name",
			 json_object_get(definition, "kind"), "definition",
			 definition);
}

/* A table that is there before a kind of its name is the store's own. */
static enum rc table_check(struct op *op, const char *kind)
{
	struct query *q = query_begin(op->store->db, SQL_NAME_TAKEN);
	bool is_taken;
	enum rc rc;

	query_text(q, 1, kind);
	is_taken = query_row(q);
	rc = query_end(q, op->err);
	if (rc == RC_OK && is_taken)
		rc = err_set(op->err, RC_INVALID,
			     "no kind can be named '%s': the store has a table "
			     "of that name: choose another name",
			     kind);
	return rc;
}

/* Tables stand before the first record of the kind `kind` does. */
static enum rc tables_make(struct op *op, const struct registry *r)
{
	enum rc rc = db_begin(op->store->db, true, op->err);

	for (size_t i = 0; i < registry_count(r) && rc == RC_OK; i++) {
		rc = table_check(op, registry_at(r, i)->name);
		if (rc == RC_OK)
			rc = rows_create(op->store->db, registry_at(r, i),
					 ROWS_SERVER, NULL, op->err);
	}
	if (rc == RC_OK)
		rc = db_commit(op->store->db, op->err);
	if (rc != RC_OK)
		db_rollback(op->store->db);
	return rc;
}

static enum rc outcomes_check(struct op *op, const struct office_write *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->records[i].outcome == OFFICE_REFUSED)
			return err_set(op->err, RC_INVALID, "%s '%s': %s",
				       w->records[i].kind, w->records[i].id,
				       w->records[i].why);
	return RC_OK;
}

static enum rc catalog_write(struct op *op, const struct registry *r)
{
	size_t n = registry_count(r) + 1;
	struct office_record *records = calloc(n, sizeof(*records));
	struct account server = server_account();
	struct op as_server = *op;
	struct office_write w = { .scope = "catalog",
				  .operation = "init",
				  .message = "the catalog's kinds",
				  .records = records,
				  .n = n };
	char key_text[SSH_PUBLIC_TEXT_MAX], key_id[21];
	enum rc rc;

	if (!records)
		return err_set(op->err, RC_NOMEM, "out of memory");
	as_server.actor = &server;
	for (size_t i = 0; i + 1 < n; i++) {
		const struct kind *k = registry_at(r, i);

		records[i].kind = "kind";
		records[i].id = k->id;
		records[i].record = kind_record(k->definition);
	}
	ssh_public_text(key_text, op->store->key.public);
	host_new_id(op->store->host, key_id);
	records[n - 1].kind = "server_key";
	records[n - 1].id = key_id;
	records[n - 1].record =
		json_pack("{s:s, s:I, s:s}", "public_key", key_text, "from_ms",
			  (json_int_t)op->now_ms, "state", "active");
	rc = ledger_office(&as_server, &w);
	if (rc == RC_OK)
		rc = outcomes_check(op, &w);
	for (size_t i = 0; i < n; i++)
		json_decref((json_t *)(uintptr_t)records[i].record);
	free(records);
	return rc;
}

enum rc ledger_found(struct op *op, const char *schema_dir)
{
	struct registry *r = op->store->kinds;
	size_t n = strlen(schema_dir) + sizeof("/kinds");
	char *folder = malloc(n);
	enum rc rc;

	if (!folder)
		return err_set(op->err, RC_NOMEM, "out of memory");
	snprintf(folder, n, "%s/kinds", schema_dir);
	rc = registry_load_folder(r, folder, op->err);
	free(folder);
	if (rc == RC_OK &&
	    (!registry_kind(r, "kind") || !registry_kind(r, "server_key") ||
	     !registry_kind(r, "conflict")))
		rc = err_set(op->err, RC_INVALID,
			     "'%s/kinds' lacks kind.json, server_key.json or "
			     "conflict.json",
			     schema_dir);
	if (rc == RC_OK)
		rc = tables_make(op, r);
	return rc == RC_OK ? catalog_write(op, r) : rc;
}

static enum rc file_read(const char *path, struct buf *out, struct err *err)
{
	FILE *f = fopen(path, "rb");
	char piece[8192];
	size_t n;

	if (!f)
		return err_set(err, RC_NOT_FOUND, "cannot read '%s': %s", path,
			       strerror(errno));
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_put(out, piece, n);
	fclose(f);
	return buf_status(out, err);
}

enum rc ledger_kind_put(struct op *op, const json_t *definition, bool *changed)
{
	struct account server = server_account();
	struct office_record record = { .kind = "kind" };
	struct office_write w = { .scope = "catalog",
				  .operation = "kind",
				  .records = &record,
				  .n = 1 };
	struct op as_server = *op;
	const char *name = json_text(definition, "kind");
	const struct kind *old;
	char id[33], message[64];
	enum rc rc;

	*changed = false;
	if (!account_may(op->actor, ROLE_ADMINISTRATOR, "catalog"))
		return err_set(op->err, RC_DENIED,
			       "only an administrator of the catalog loads "
			       "kinds");
	if (!name)
		return err_set(op->err, RC_INVALID, "it names no kind");
	old = registry_kind(op->store->kinds, name);
	rc = old ? kind_change_check(old, definition, op->err)
		 : table_check(op, name);
	if (rc != RC_OK)
		return rc;
	/* The author stays the administrator; the kind's writers are not. */
	snprintf(server.name, sizeof(server.name), "%s", op->actor->name);
	as_server.actor = &server;
	kind_record_id(id, name);
	snprintf(message, sizeof(message), "load kind %s", name);
	record.id = id;
	record.record = kind_record(definition);
	w.message = message;
	rc = ledger_office(&as_server, &w);
	json_decref((json_t *)(uintptr_t)record.record);
	if (rc == RC_OK)
		rc = outcomes_check(op, &w);
	*changed = rc == RC_OK && record.outcome != OFFICE_SAME;
	return rc;
}

enum rc ledger_kind_read(const char *file, json_t **definition, struct err *err)
{
	struct buf text;
	enum rc rc;

	*definition = NULL;
	buf_init(&text, RECORD_BYTES_MAX);
	rc = file_read(file, &text, err);
	if (rc == RC_OK)
		rc = json_read(text.data, text.len, definition, err);
	buf_release(&text);
	if (rc == RC_OK && !json_text(*definition, "kind"))
		rc = err_set(err, RC_INVALID, "'%s' names no kind", file);
	if (rc != RC_OK) {
		json_decref(*definition);
		*definition = NULL;
	}
	return rc;
}

enum rc ledger_kind_load(struct op *op, const char *file, bool *changed)
{
	json_t *definition;
	enum rc rc = ledger_kind_read(file, &definition, op->err);

	*changed = false;
	if (rc == RC_OK)
		rc = ledger_kind_put(op, definition, changed);
	json_decref(definition);
	return rc;
}
