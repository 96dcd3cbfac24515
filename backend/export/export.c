/* export/export.c - from one read transaction to a file and its manifest. */
#include "export/export_impl.h"

#include "base/hex.h"
#include "base/jcs.h"
#include "kind/rows.h"
#include "kind/sealed.h"
#include "sql_store.gen.h"
#include "store/past.h"

#define SQL_MAX (64u << 10)

struct exporting {
	const struct export_job *job;
	const struct kind *kind;
	struct export_done *done;
	struct sink sink;
	struct err *err;
	struct past_point point;
	bool is_choosy; /* not every record is for the actor */
	char *manifest; /* its path, owned */
};

static bool is_results(const struct kind *k)
{
	return k == &export_results;
}

const struct kind *export_kind(const struct registry *kinds, const char *word)
{
	const struct kind *k = registry_kind(kinds, word);
	size_t n = strlen(word);
	char name[64];

	if (!k && strcmp(word, export_results.name) == 0)
		return &export_results;
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

/* As text from the registry's validated names, in the order of the key. */
static void select_text(struct buf *sql, const struct kind *k)
{
	buf_init(sql, SQL_MAX);
	if (is_results(k)) {
		buf_puts(sql, SQL_EXPORT_RESULTS);
		return;
	}
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

/* The text in the column of a field, or NULL. */
static const char *column_text(struct query *q, const struct kind *k,
			       const char *name)
{
	const struct field *f = kind_field(k, name);
	int col = f ? 3 + (int)(f - k->fields) : -1;

	return f && query_get_type(q, col) == 't' ? query_get_text(q, col)
						  : NULL;
}

static enum rc may_have_row(const struct exporting *e, struct query *q,
			    bool *may)
{
	const struct field *whose = store_whose(e->kind);
	const struct reader_row row = {
		.agency = column_text(q, e->kind, "agency"),
		.record_kind = whose ? whose->refers
				     : column_text(q, e->kind, "record_kind"),
		.record_id = column_text(q, e->kind,
					 whose ? whose->name : "record_id"),
	};

	return reader_may(e->job, &row, may, e->err);
}

static enum rc put_plain_row(struct exporting *e, struct query *q)
{
	json_t *record = NULL;
	bool may = true;
	enum rc rc = RC_OK;

	if (e->is_choosy)
		rc = may_have_row(e, q, &may);
	if (rc != RC_OK || !may)
		return rc;
	e->done->rows++;
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

static enum rc may_have_record(const struct exporting *e, const json_t *record,
			       bool *may)
{
	const struct reader_row row = {
		.agency = json_text(record, "agency"),
		.record_kind = json_text(record, "record_kind"),
		.record_id = json_text(record, "record_id"),
	};

	return reader_may(e->job, &row, may, e->err);
}

static enum rc put_sealed_row(struct exporting *e, struct query *q)
{
	bool may = true;
	json_t *outer = NULL, *plain = NULL;
	char *text = NULL;
	size_t len;
	enum rc rc = store_record_at(e->job->store, e->job->scope,
				     e->kind->name, query_get_text(q, 0),
				     e->point.position, &text, &len, e->err);

	if (rc == RC_OK)
		rc = json_read(text, len, &outer, e->err);
	if (rc == RC_OK)
		rc = unseal(e, outer, &plain);
	if (rc == RC_OK && e->is_choosy)
		rc = may_have_record(e, plain, &may);
	if (rc == RC_OK && may) {
		e->done->rows++;
		rc = put_record(e, plain);
	}
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
			if (rc == RC_OK)
				rc = sink_flush(&e->sink, false, e->err);
		}
		ended = query_end(q, e->err);
		rc = rc == RC_OK ? ended : rc;
	}
	buf_release(&sql);
	return rc;
}

/* All that a file says comes from one state of the store. */
static enum rc write_snapshot(struct exporting *e, bool of_now)
{
	struct db *db = e->job->store->db;
	enum rc rc = db_begin(db, false, e->err);

	if (rc != RC_OK)
		return rc;
	if (of_now)
		rc = past_now(e->job->store, e->job->scope, &e->point, e->err);
	if (rc == RC_OK && e->job->format == EXPORT_CSV)
		header_csv(&e->sink.pending, e->kind);
	if (rc == RC_OK)
		rc = put_rows(e);
	db_rollback(db);
	return rc;
}

static enum rc write_past(struct exporting *e)
{
	const char *const one[] = { e->kind->name, NULL };
	const char *const *kinds =
		is_results(e->kind) ? export_results_kinds : one;
	struct past past = { 0 };
	enum rc rc = past_begin(&past, e->job->store, e->job->scope, kinds,
				NULL, e->err);
	enum rc ended;

	if (rc == RC_OK)
		rc = past_advance(&past, e->point.position, e->err);
	if (rc == RC_OK)
		rc = write_snapshot(e, false);
	ended = past_end(&past, e->err);
	return rc == RC_OK ? ended : rc;
}

static enum rc write_state(struct exporting *e)
{
	const struct export_job *j = e->job;
	enum rc rc;

	/* Sorting a year's results is no work for memory. */
	rc = db_script(j->store->db, "PRAGMA temp_store=FILE", e->err);
	if (rc != RC_OK)
		return rc;
	if (!j->as_of && !j->position)
		return write_snapshot(e, true);
	rc = j->as_of
		     ? past_day(j->store, j->scope, j->as_of, &e->point, e->err)
		     : past_position(j->store, j->scope, *j->position,
				     &e->point, e->err);
	return rc == RC_OK ? write_past(e) : rc;
}

static json_t *columns_of(const struct kind *k)
{
	json_t *columns = json_pack("[s, s, s]", "id", "scope", "town");

	for (size_t i = 0; i < k->nfields; i++)
		json_array_append_new(columns, json_string(k->fields[i].name));
	return columns;
}

static json_t *readers_of(const struct kind *k)
{
	json_t *readers = json_array();

	for (unsigned role = ROLE_INSPECTOR; role <= ROLE_SERVER; role <<= 1)
		if (k->readers & role)
			json_array_append_new(readers,
					      json_string(role_name(role)));
	return readers;
}

static enum rc add_schema(const struct kind *k, json_t *schema, struct err *err)
{
	struct buf text;
	char hash[65];
	enum rc rc;

	buf_init(&text, RECORD_BYTES_MAX);
	rc = jcs_write(&text, k->definition, err);
	if (rc == RC_OK) {
		sha256_hex(hash, text.data, text.len);
		json_object_set_new(schema, k->name, json_string(hash));
	}
	buf_release(&text);
	return rc;
}

static enum rc schema_of(const struct exporting *e, json_t *schema)
{
	enum rc rc = RC_OK;

	if (!is_results(e->kind))
		return add_schema(e->kind, schema, e->err);
	for (size_t i = 0; rc == RC_OK && export_results_kinds[i]; i++) {
		const struct kind *k = registry_kind(e->job->store->kinds,
						     export_results_kinds[i]);

		if (k)
			rc = add_schema(k, schema, e->err);
	}
	return rc;
}

static enum rc manifest_of(const struct exporting *e, json_t **out)
{
	const struct export_job *job = e->job;
	json_t *filter = json_object(), *schema = json_object();
	enum rc rc = schema_of(e, schema);
	char class[3] = { 'L', (char)('0' + e->kind->privacy), '\0' };

	if (job->town)
		json_object_set_new(filter, "town", json_string(job->town));
	if (e->is_choosy && job->actor->agency[0])
		json_object_set_new(filter, "agencies",
				    json_string(job->actor->agency));
	*out = json_pack(
		"{s:s, s:s, s:b, s:o, s:s, s:s, s:o, s:o, s:I, s:I, s:s, s:I, "
		"s:s, s:I, s:b}",
		"kind", e->kind->name, "class", class, "private",
		(int)job->private, "schema", schema, "scope", job->scope,
		"format", job->format == EXPORT_CSV ? "csv" : "jsonl", "filter",
		filter, "columns", columns_of(e->kind), "rows",
		(json_int_t)e->done->rows, "bytes", (json_int_t)e->done->bytes,
		"sha256", e->done->sha256, "position",
		(json_int_t)e->point.position, "commit", e->point.commit,
		"shredded", (json_int_t)e->done->shredded, "final",
		(int)job->is_final);
	if (!*out)
		return err_set(e->err, RC_NOMEM, "out of memory");
	if (job->as_of)
		json_object_set_new(*out, "as_of", json_string(job->as_of));
	if (json_object_get(e->kind->definition, "readers"))
		json_object_set_new(*out, "readers", readers_of(e->kind));
	return rc;
}

/* Ready beside its name. */
static enum rc write_manifest(struct exporting *e, struct sink *s)
{
	size_t n = strlen(e->job->out) + sizeof(".manifest.json");
	json_t *manifest = NULL;
	char hash[65];
	enum rc rc = manifest_of(e, &manifest);

	e->manifest = malloc(n);
	if (!e->manifest)
		rc = err_set(e->err, RC_NOMEM, "out of memory");
	if (rc == RC_OK) {
		snprintf(e->manifest, n, "%s.manifest.json", e->job->out);
		rc = sink_open(s, e->manifest, e->err);
	}
	if (rc == RC_OK)
		rc = jcs_write(&s->pending, manifest, e->err);
	if (rc == RC_OK) {
		buf_byte(&s->pending, '\n');
		rc = sink_end(s, hash, e->err);
	}
	json_decref(manifest);
	return rc;
}

static enum rc write_files(struct exporting *e)
{
	struct sink manifest = { 0 };
	enum rc rc =
		sink_open(&e->sink, e->job->file ? NULL : e->job->out, e->err);

	if (e->job->file)
		e->sink.file = e->job->file;
	if (rc == RC_OK)
		rc = write_state(e);
	if (rc == RC_OK)
		rc = sink_end(&e->sink, e->done->sha256, e->err);
	e->done->bytes = e->sink.bytes;
	e->done->position = e->point.position;
	if (rc == RC_OK && e->job->file)
		rc = manifest_of(e, e->job->manifest);
	else if (rc == RC_OK && e->job->out)
		rc = write_manifest(e, &manifest);
	if (rc == RC_OK)
		rc = sink_place(&e->sink, e->err);
	if (rc == RC_OK && e->job->out && !e->job->file)
		rc = sink_place(&manifest, e->err);
	sink_close(&e->sink);
	sink_close(&manifest);
	free(e->manifest);
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
	done->privacy = e.kind->privacy;
	rc = reader_check(job, e.kind, err);
	e.is_choosy = reader_is_choosy(job, e.kind);
	return rc == RC_OK ? write_files(&e) : rc;
}
