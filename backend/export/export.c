/* export/export.c - from one read transaction to a file and its manifest. */
#include "export/export_impl.h"

#include "base/hex.h"
#include "base/jcs.h"
#include "kind/rows.h"
#include "kind/sealed.h"
#include "sql_store.gen.h"

#define SQL_MAX (64u << 10)

struct exporting {
	const struct export_job *job;
	const struct kind *kind;
	struct export_done *done;
	struct sink sink;
	struct err *err;
	char commit[2 * OID_BYTES + 1];
	int64_t position;
};

const struct kind *export_kind(const struct registry *kinds, const char *word)
{
	const struct kind *k = registry_kind(kinds, word);
	size_t n = strlen(word);
	char name[64];

	if (k || n < 3 || n >= sizeof(name) || word[n - 1] != 's')
		return k;
	snprintf(name, sizeof(name), "%.*s", (int)n - 1, word);
	k = registry_kind(kinds, name);
	if (!k && strcmp(word + n - 3, "ies") == 0) {
		snprintf(name, sizeof(name), "%.*sy", (int)n - 3, word);
		k = registry_kind(kinds, name);
	}
	return k;
}

/* Reference data of the catalog is read by everybody who has the role. */
static enum rc check_reader(const struct exporting *e)
{
	const struct account *a = e->job->actor;
	const struct kind *k = e->kind;
	bool may = k->is_catalog ? (a->roles & (k->readers | ROLE_SERVER)) != 0
				 : account_may(a, k->readers, e->job->scope);

	if (!may)
		return err_set(e->err, RC_DENIED,
			       "account '%s' may not read '%s' of '%s'",
			       a->name, k->name, e->job->scope);
	if (k->is_sealed && !e->job->private)
		return err_set(e->err, RC_DENIED,
			       "'%s' is personal data: it is exported only "
			       "when asked for as private",
			       k->name);
	return RC_OK;
}

/* As text from the registry's validated names, in the order of the key. */
static void select_text(struct buf *sql, const struct kind *k)
{
	buf_init(sql, SQL_MAX);
	buf_puts(sql, "SELECT ");
	if (k->is_sealed)
		buf_puts(sql, "id,scope,town");
	else
		rows_columns(sql, k, "");
	buf_printf(sql,
		   " FROM %s WHERE scope = ?1 AND (?2 IS NULL OR town = ?2)"
		   " ORDER BY id",
		   k->name);
}

static enum rc put_record(struct exporting *e, const json_t *record)
{
	enum rc rc = RC_OK;

	if (e->job->format == EXPORT_CSV) {
		record_csv(&e->sink.pending, record, e->kind);
	} else {
		rc = jcs_write(&e->sink.pending, record, e->err);
		buf_byte(&e->sink.pending, '\n');
	}
	return rc;
}

static enum rc put_plain_row(struct exporting *e, struct query *q)
{
	json_t *record = NULL;
	enum rc rc;

	if (e->job->format == EXPORT_CSV) {
		row_csv(&e->sink.pending, q, e->kind);
		return RC_OK;
	}
	rc = rows_read(q, 0, e->kind, &record, e->err);
	if (rc == RC_OK)
		rc = put_record(e, record);
	json_decref(record);
	return rc;
}

static enum rc unseal(struct exporting *e, const json_t *outer, json_t **plain)
{
	unsigned char key[SEAL_KEY_BYTES];
	const char *key_id = json_text(outer, "key");
	enum rc rc = store_key_by_id(e->job->store, key_id ? key_id : "", key,
				     e->err);

	if (rc == RC_OK)
		rc = sealed_open(plain, e->kind->name, outer, key, e->err);
	wipe(key, sizeof(key));
	if (rc != RC_NOT_FOUND)
		return rc;
	e->done->shredded++;
	*plain =
		json_pack("{s:O, s:O, s:O}", "id", json_object_get(outer, "id"),
			  "scope", json_object_get(outer, "scope"), "town",
			  json_object_get(outer, "town"));
	return *plain ? RC_OK : err_set(e->err, RC_NOMEM, "out of memory");
}

static enum rc put_sealed_row(struct exporting *e, struct query *q)
{
	json_t *outer = NULL, *plain = NULL;
	char *text = NULL;
	size_t len;
	enum rc rc =
		store_record(e->job->store, e->job->scope, e->kind->name,
			     query_get_text(q, 0), &text, &len, NULL, e->err);

	if (rc == RC_OK)
		rc = json_read(text, len, &outer, e->err);
	if (rc == RC_OK)
		rc = unseal(e, outer, &plain);
	if (rc == RC_OK)
		rc = put_record(e, plain);
	free(text);
	json_decref(outer);
	json_decref(plain);
	return rc;
}

static enum rc put_rows(struct exporting *e)
{
	struct query *q;
	struct buf sql;
	enum rc rc, ended;

	select_text(&sql, e->kind);
	rc = buf_status(&sql, e->err);
	if (rc == RC_OK) {
		q = query_begin(e->job->store->db, sql.data);
		query_text(q, 1, e->job->scope);
		query_text(q, 2, e->job->town);
		while (rc == RC_OK && query_row(q)) {
			rc = e->kind->is_sealed ? put_sealed_row(e, q)
						: put_plain_row(e, q);
			e->done->rows++;
			if (rc == RC_OK)
				rc = sink_flush(&e->sink, false, e->err);
		}
		ended = query_end(q, e->err);
		rc = rc == RC_OK ? ended : rc;
	}
	buf_release(&sql);
	return rc;
}

static enum rc read_head(struct exporting *e)
{
	struct query *q = query_begin(e->job->store->db, SQL_MAIN_HEAD);
	const void *oid;
	size_t n;

	query_text(q, 1, e->job->scope);
	if (query_row(q)) {
		oid = query_get_blob(q, 0, &n);
		if (oid && n == OID_BYTES)
			hex_encode(e->commit, oid, n);
		e->position = query_get_int(q, 2);
	}
	return query_end(q, e->err);
}

/* All that a file says comes from one state of the store. */
static enum rc write_snapshot(struct exporting *e)
{
	struct db *db = e->job->store->db;
	enum rc rc = db_begin(db, false, e->err);

	if (rc != RC_OK)
		return rc;
	rc = read_head(e);
	if (rc == RC_OK && e->job->format == EXPORT_CSV)
		header_csv(&e->sink.pending, e->kind);
	if (rc == RC_OK)
		rc = put_rows(e);
	db_rollback(db);
	return rc;
}

static json_t *manifest_of(const struct exporting *e)
{
	json_t *columns = json_pack("[s, s, s]", "id", "scope", "town");
	json_t *filter = json_object();

	for (size_t i = 0; i < e->kind->nfields; i++)
		json_array_append_new(columns,
				      json_string(e->kind->fields[i].name));
	if (e->job->town)
		json_object_set_new(filter, "town", json_string(e->job->town));
	return json_pack(
		"{s:s, s:s, s:s, s:o, s:o, s:I, s:I, s:s, s:I, s:s, s:I}",
		"kind", e->kind->name, "scope", e->job->scope, "format",
		e->job->format == EXPORT_CSV ? "csv" : "jsonl", "filter",
		filter, "columns", columns, "rows", (json_int_t)e->done->rows,
		"bytes", (json_int_t)e->done->bytes, "sha256", e->done->sha256,
		"position", (json_int_t)e->position, "commit", e->commit,
		"shredded", (json_int_t)e->done->shredded);
}

static enum rc write_manifest(struct exporting *e)
{
	size_t n = strlen(e->job->out) + sizeof(".manifest.json");
	json_t *manifest = manifest_of(e);
	char *path = malloc(n), hash[65];
	struct sink s = { 0 };
	enum rc rc = path && manifest
			     ? RC_OK
			     : err_set(e->err, RC_NOMEM, "out of memory");

	if (rc == RC_OK) {
		snprintf(path, n, "%s.manifest.json", e->job->out);
		rc = sink_open(&s, path, e->err);
	}
	if (rc == RC_OK)
		rc = jcs_write(&s.pending, manifest, e->err);
	buf_byte(&s.pending, '\n');
	if (rc == RC_OK)
		rc = sink_end(&s, hash, e->err);
	sink_close(&s);
	free(path);
	json_decref(manifest);
	return rc;
}

enum rc export_write(const struct export_job *job, struct export_done *done,
		     struct err *err)
{
	struct exporting e = { .job = job, .done = done, .err = err };
	enum rc rc;

	memset(done, 0, sizeof(*done));
	e.kind = export_kind(job->store->kinds, job->kind);
	if (!e.kind)
		return err_set(err, RC_NOT_FOUND, "there is no kind '%.60s'",
			       job->kind);
	if (e.kind->is_catalog != (strcmp(job->scope, "catalog") == 0))
		return err_set(err, RC_INVALID, "'%s' belongs to %s",
			       e.kind->name,
			       e.kind->is_catalog ? "the scope catalog"
						  : "a county's scope");
	snprintf(done->kind, sizeof(done->kind), "%s", e.kind->name);
	rc = check_reader(&e);
	if (rc != RC_OK)
		return rc;
	rc = sink_open(&e.sink, job->out, err);
	if (rc == RC_OK)
		rc = write_snapshot(&e);
	if (rc == RC_OK)
		rc = sink_end(&e.sink, done->sha256, err);
	done->bytes = e.sink.bytes;
	if (rc == RC_OK && job->out)
		rc = write_manifest(&e);
	sink_close(&e.sink);
	return rc;
}
