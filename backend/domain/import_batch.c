/* import_batch.c - lay facts over what stands and hand them to the office. */
#include "domain/import_batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/jcs.h"
#include "domain/import_edition.h"
#include "kind/fsm.h"
#include "kind/marks.h"
#include "sql_store.gen.h"

#define TEXT_FLUSH_BYTES (8u << 20) /* of rows kept for refusals */

static const struct entry_remark altered = { NULL, "recorded facts altered" };

struct import_pending {
	char id[33];
	int64_t line;
	size_t at; /* of the records */
	char *why; /* refused already; owned */
	json_t *record, *base; /* owned */
	json_t *past; /* an edition that ends, or NULL; owned */
	char past_id[33];
	const struct entry_remark *remarks[ENTRY_REMARKS_MAX];
	size_t text_at, text_bytes;
};

/* A catalog that moves brings a new registry, and old kinds are gone. */
static enum rc find_kind(struct import_batch *b)
{
	struct store *s = b->op->store;
	enum rc rc = store_refresh_kinds(s, b->op->err);

	if (rc != RC_OK)
		return rc;
	b->kind = registry_kind(s->kinds, b->kind_name);
	if (!b->kind)
		return err_set(b->op->err, RC_INVALID, "there is no kind '%s'",
			       b->kind_name);
	rc = entry_kind(b->kind, b->op->err);
	if (rc != RC_OK)
		return rc;
	if ((strcmp(b->job->scope, "catalog") == 0) == b->kind->is_catalog)
		return RC_OK;
	return err_set(b->op->err, RC_INVALID,
		       "kind '%s' lives in %s, not in '%s'", b->kind_name,
		       b->kind->is_catalog ? "the scope catalog"
					   : "the scope of a county",
		       b->job->scope);
}

static void write_row(struct buf *out, const struct csv_row *row, size_t skip)
{
	for (size_t i = skip; i < row->n; i++) {
		if (i > skip)
			buf_byte(out, ',');
		csv_write_raw(out, row->cells[i].p, row->cells[i].n);
	}
}

enum rc batch_open(struct import_batch *b, struct op *op,
		   const struct import_job *job, const char *kind,
		   const char *file, const struct csv_row *header,
		   struct import_report *report)
{
	const char *asked = job->rejects_path;
	size_t n = strlen(file) + (asked ? strlen(asked) : 0) +
		   sizeof("/.rejects.csv.part");
	enum rc rc;

	*b = (struct import_batch){ .op = op, .job = job, .report = report };
	b->file = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
	buf_init(&b->text, TEXT_FLUSH_BYTES + 2 * CSV_RECORD_MAX);
	buf_init(&b->header, 2 * CSV_RECORD_MAX);
	snprintf(b->kind_name, sizeof(b->kind_name), "%s", kind);
	/* A row may end an edition, and begin another. */
	b->records = calloc(2 * LEDGER_BATCH_RECORDS, sizeof(*b->records));
	b->pending = calloc(LEDGER_BATCH_RECORDS, sizeof(*b->pending));
	b->path = malloc(n);
	b->part = malloc(n);
	if (!b->records || !b->pending || !b->path || !b->part)
		return err_set(op->err, RC_NOMEM, "out of memory");
	if (!asked)
		snprintf(b->path, n, "%s.rejects.csv", file);
	else if (job->kind && strcmp(job->kind, "lives") != 0)
		snprintf(b->path, n, "%s", asked);
	else
		snprintf(b->path, n, "%s/%s.rejects.csv", asked, b->file);
	snprintf(b->part, n, "%s.part", b->path);
	if (header->n > 2 && header_is(&header->cells[0], "refused_line") &&
	    header_is(&header->cells[1], "refused_why"))
		b->skip = 2;
	write_row(&b->header, header, b->skip);
	rc = buf_status(&b->header, op->err);
	return rc == RC_OK ? find_kind(b) : rc;
}

/* One more row; its text is kept in case that it is refused. */
static enum rc pend(struct import_batch *b, const struct csv_row *row,
		    struct import_pending p)
{
	enum rc rc;

	p.line = row->line;
	p.text_at = b->text.len;
	write_row(&b->text, row, b->skip);
	p.text_bytes = b->text.len - p.text_at;
	b->pending[b->n++] = p;
	rc = buf_status(&b->text, b->op->err);
	if (rc == RC_OK &&
	    (b->n == LEDGER_BATCH_RECORDS || b->text.len > TEXT_FLUSH_BYTES))
		rc = batch_flush(b);
	return rc;
}

enum rc batch_refuse(struct import_batch *b, const struct csv_row *row,
		     const char *why)
{
	struct import_pending p = { .why = strdup(why) };

	if (!p.why)
		return err_set(b->op->err, RC_NOMEM, "out of memory");
	return pend(b, row, p);
}

/* The record as it stands in *out (a new reference), or NULL. RC_DENIED, for a
 * record whose key was destroyed, is the row's failure: `why` says so. */
static enum rc find_standing(struct import_batch *b, const char *id,
			     json_t **out, struct err *why)
{
	struct op op = *b->op;
	enum rc rc;

	*out = NULL;
	op.err = why;
	rc = ledger_record(&op, b->job->scope, b->kind_name, id, out);
	if (rc != RC_NOT_FOUND)
		return rc;
	err_clear(why);
	return RC_OK;
}

/* Has the record ever stood in that state? */
static enum rc was_once(struct import_batch *b, const char *id,
			const json_t *state, bool *found)
{
	const char *field = b->kind->fsm->field->name;
	struct query *q = query_begin(b->op->store->db, SQL_RECORD_VERSIONS);
	enum rc rc = RC_OK, ended;

	*found = false;
	query_text(q, 1, b->job->scope);
	query_text(q, 2, b->kind_name);
	query_text(q, 3, id);
	while (rc == RC_OK && !*found && query_row(q)) {
		json_t *version = NULL;

		rc = json_read(query_get_text(q, 0), query_get_len(q, 0),
			       &version, b->op->err);
		*found = rc == RC_OK &&
			 json_equal(json_object_get(version, field),
				    (json_t *)(uintptr_t)state);
		json_decref(version);
	}
	ended = query_end(q, b->op->err);
	return rc == RC_OK ? ended : rc;
}

/* A file says how records began, and the same file twice changes nothing: what
 * has moved on from a state where records begin stays where it is. A state that
 * the record never had is a move, and the state table's to judge. */
static enum rc keep_state(struct import_batch *b, const char *id,
			  const json_t *standing, json_t *record)
{
	const struct fsm *t = b->kind->fsm;
	json_t *was, *now;
	bool found = false;
	enum rc rc;

	was = t ? json_object_get(standing, t->field->name) : NULL;
	now = t ? json_object_get(record, t->field->name) : NULL;
	if (!was || !now || json_equal(was, now) || !fsm_is_start(t, record))
		return RC_OK;
	rc = was_once(b, id, now, &found);
	if (rc == RC_OK && found &&
	    json_object_set(record, t->field->name, was) != 0)
		rc = err_set(b->op->err, RC_NOMEM, "out of memory");
	return rc;
}

/* A new row without a state says what has been, not what begins now. */
static enum rc give_state(struct import_batch *b, const json_t *standing,
			  json_t *record)
{
	const struct fsm *t = b->kind->fsm;
	const char *field = t ? t->field->name : NULL;

	if (!t || !t->import_start || standing ||
	    json_object_get(record, field) ||
	    json_object_set_new(record, field, json_string(t->import_start)) ==
		    0)
		return RC_OK;
	return err_set(b->op->err, RC_NOMEM, "out of memory");
}

/* A new record gets the flags that its words earn; which it got stays with what
 * it was when it came. */
static enum rc give_flag(struct import_batch *b, const char *flag,
			 struct entry_fact *fact, json_t *record)
{
	json_t *flags = json_object_get(record, FSM_FLAGS);

	if (!flags) {
		flags = json_array();
		json_object_set_new(record, FSM_FLAGS, flags);
	}
	if (!flags || json_array_append_new(flags, json_string(flag)))
		return err_set(b->op->err, RC_NOMEM, "out of memory");
	kind_normalise(b->kind, record);
	if (strcmp(flag, entry_no_check.flag) == 0)
		entry_note(fact, &entry_no_check);
	return RC_OK;
}

static enum rc give_flags(struct import_batch *b, const json_t *standing,
			  struct entry_fact *fact, json_t *record)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !standing && i < b->kind->nfields; i++) {
		const struct field *f = &b->kind->fields[i];
		const char *text = json_text(record, f->name), *flag;
		size_t next = 0;

		while (rc == RC_OK && (flag = marks_earned(f, text, &next)))
			rc = give_flag(b, flag, fact, record);
	}
	return rc;
}

static enum rc check_record(const struct import_batch *b, const json_t *record,
			    struct err *why)
{
	struct err long_why = { 0 };
	const char *text;

	if (kind_check(b->kind, record, &long_why) == RC_OK)
		return RC_OK;
	/* Without "kind 'id': ", which the line says better. */
	text = strstr(long_why.text, "': ");
	return err_set(why, long_why.code, "%s",
		       text ? text + 3 : long_why.text);
}

/* A source speaks of its own facts: what another told is not its to change,
 * though the id be the same. */
static enum rc check_source(const struct import_batch *b,
			    const json_t *standing, struct err *why)
{
	const char *source = json_text(standing, "source");

	if (!b->rules_of || !b->kind->fsm || !standing ||
	    (source && !strcmp(source, b->rules_of)))
		return RC_OK;
	return err_set(why, RC_INVALID,
		       "there is a %s with this id of the source '%.40s': "
		       "import it under another --source than '%.40s'",
		       b->kind_name, source ? source : "", b->rules_of);
}

/* Rows without the rest of their file: what has their key on record may be
 * another row's. */
static enum rc check_adds(const struct import_batch *b, const json_t *standing,
			  json_t *record, struct err *why)
{
	if (!b->adds_only || !standing ||
	    json_equal((json_t *)(uintptr_t)standing, record))
		return RC_OK;
	return err_set(why, RC_INVALID,
		       "there is a %s of this key that says something else: "
		       "correct the row in the whole file and import that",
		       b->kind_name);
}

static enum rc pend_record(struct import_batch *b, const struct csv_row *row,
			   const struct entry_fact *fact,
			   struct import_pending next, bool is_marked)
{
	struct import_pending *p = &b->pending[b->n];
	json_t *record = next.record, *base = next.base;

	if (next.past)
		b->records[b->nrecords++] =
			(struct office_record){ .kind = b->kind_name,
						.id = p->past_id,
						.record = next.past,
						.is_marked = true,
						.is_history = true };
	next.at = b->nrecords;
	snprintf(next.id, sizeof(next.id), "%s", fact->id);
	memcpy(next.remarks, fact->remarks, sizeof(next.remarks));
	json_object_del(record, "id");
	json_object_del(record, "scope");
	b->records[b->nrecords++] =
		(struct office_record){ .kind = b->kind_name,
					.id = p->id,
					.record = record,
					.base = base,
					.is_marked = is_marked,
					.is_history = true };
	return pend(b, row, next);
}

static enum rc repeats(struct import_batch *b, const struct csv_row *row,
		       const char *id, uint32_t *line)
{
	const char *parts[] = { id, NULL };
	struct seen_slot *slot;
	enum rc rc = seen_at(&b->ids, seen_key(parts), &slot, b->op->err);

	if (rc != RC_OK)
		return rc;
	*line = slot->n;
	if (slot->n == 0)
		slot->n = (uint32_t)row->line;
	return RC_OK;
}

enum rc batch_put(struct import_batch *b, const struct csv_row *row,
		  struct entry_fact *fact)
{
	json_t *standing = NULL, *record = NULL;
	struct import_pending next = { 0 };
	struct err why = { 0 };
	bool is_marked = false;
	uint32_t line;
	enum rc rc;

	rc = find_standing(b, fact->id, &standing, &why);
	if (rc == RC_DENIED)
		return batch_refuse(b, row, why.text);
	if (rc != RC_OK)
		return err_set(b->op->err, rc, "%s", why.text);
	rc = entry_clean(b->kind, (json_t *)(uintptr_t)fact->given, standing,
			 fact, b->op->err);
	if (rc == RC_OK)
		rc = entry_shared(b->op, b->job->scope, b->kind, fact,
				  b->op->err);
	if (rc != RC_OK)
		goto out;
	record = entry_record(b->kind, b->job->scope, fact, standing);
	if (!record)
		rc = err_set(b->op->err, RC_NOMEM, "out of memory");
	else
		is_marked = !entry_claims(b->kind, fact, record);
	if (rc == RC_OK)
		rc = keep_state(b, fact->id, standing, record);
	if (rc == RC_OK)
		rc = give_state(b, standing, record);
	if (rc == RC_OK && !b->rules_of)
		rc = give_flags(b, standing, fact, record);
	if (rc != RC_OK)
		goto out;
	if (check_source(b, standing, &why) != RC_OK ||
	    check_adds(b, standing, record, &why) != RC_OK ||
	    check_record(b, record, &why) != RC_OK) {
		rc = batch_refuse(b, row, why.text);
		goto out;
	}
	rc = repeats(b, row, fact->id, &line);
	if (rc == RC_OK && line != 0) {
		err_set(&why, RC_INVALID, "repeats the record of line %u",
			line);
		rc = batch_refuse(b, row, why.text);
		goto out;
	}
	if (rc == RC_OK)
		rc = edition_end(b, fact, standing, record, &next.past,
				 next.past_id);
	if (rc == RC_OK) {
		fact->taken = true;
		next.record = record;
		next.base = standing;
		return pend_record(b, row, fact, next, is_marked);
	}
out:
	json_decref(next.past);
	json_decref(record);
	json_decref(standing);
	return rc;
}

static void drop_pending(struct import_batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		free(b->pending[i].why);
		json_decref(b->pending[i].record);
		json_decref(b->pending[i].base);
		json_decref(b->pending[i].past);
	}
	b->n = 0;
	b->nrecords = 0;
	buf_reset(&b->text);
}

static void count_outcome(struct import_batch *b,
			  const struct import_pending *p)
{
	const struct office_record *o = p->why ? NULL : &b->records[p->at];

	if (!o || o->outcome == OFFICE_REFUSED) {
		batch_refused(b, p->line, o ? o->why : p->why,
			      b->text.data ? b->text.data + p->text_at : "",
			      p->text_bytes);
		return;
	}
	b->report->same += o->outcome == OFFICE_SAME;
	b->report->added += o->outcome == OFFICE_NEW;
	b->report->changed += o->outcome == OFFICE_CHANGED;
	if (o->altered)
		batch_remarked(b, p->line, p->id, &altered);
	for (int k = 0; k < ENTRY_REMARKS_MAX && p->remarks[k]; k++)
		batch_remarked(b, p->line, p->id, p->remarks[k]);
}

static void written(void *ctx, size_t done, size_t total)
{
	struct import_batch *b = ctx;

	(void)total;
	if (b->job->progress)
		b->job->progress(b->job->ctx, b->done + done, 0);
}

enum rc batch_flush(struct import_batch *b)
{
	char message[120];
	struct office_write w = { .scope = b->job->scope,
				  .operation = "import",
				  .message = message,
				  .records = b->records,
				  .n = b->nrecords,
				  .entered = true,
				  .progress = written,
				  .ctx = b };
	struct account importer = *b->op->actor;
	struct op op = *b->op;
	enum rc rc;

	if (b->n == 0)
		return RC_OK;
	if (b->rules_of)
		importer.roles |= ROLE_IMPORT;
	op.actor = &importer;
	snprintf(message, sizeof(message), "import %s, from row %zu",
		 b->report->name, b->done + 1);
	rc = ledger_office(&op, &w);
	if (rc == RC_OK) {
		for (size_t i = 0; i < b->n; i++)
			count_outcome(b, &b->pending[i]);
		b->done += b->n;
		rc = find_kind(b);
	}
	drop_pending(b);
	return rc;
}

void batch_close(struct import_batch *b)
{
	if (b->kind)
		batch_publish(b);
	if (b->pending)
		drop_pending(b);
	free(b->path);
	free(b->part);
	free(b->records);
	free(b->pending);
	buf_release(&b->text);
	buf_release(&b->header);
	seen_release(&b->ids);
	*b = (struct import_batch){ 0 };
}
