/* import_batch.c - lay facts over what stands and hand them to the office. */
#include "domain/import_batch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/jcs.h"
#include "kind/fsm.h"

#define WHITE " \t\r\n" /* as convert_value drops it */
#define TEXT_FLUSH_BYTES (8u << 20) /* of rows kept for refusals */

struct import_pending {
	char id[33];
	int64_t line;
	json_t *record, *base; /* owned */
	const struct import_remark *remarks[IMPORT_REMARKS_MAX];
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
	size_t n = strlen(file) + sizeof(".rejects.csv.part");
	enum rc rc;

	*b = (struct import_batch){ .op = op, .job = job, .report = report };
	buf_init(&b->text, TEXT_FLUSH_BYTES + 2 * CSV_RECORD_MAX);
	buf_init(&b->header, 2 * CSV_RECORD_MAX);
	snprintf(b->kind_name, sizeof(b->kind_name), "%s", kind);
	b->records = calloc(LEDGER_BATCH_RECORDS, sizeof(*b->records));
	b->pending = calloc(LEDGER_BATCH_RECORDS, sizeof(*b->pending));
	b->path = malloc(n);
	b->part = malloc(n);
	if (!b->records || !b->pending || !b->path || !b->part)
		return err_set(op->err, RC_NOMEM, "out of memory");
	snprintf(b->path, n, "%s.rejects.csv", file);
	snprintf(b->part, n, "%s.part", b->path);
	if (header->n > 2 && header_is(&header->cells[0], "refused_line") &&
	    header_is(&header->cells[1], "refused_why"))
		b->skip = 2;
	write_row(&b->header, header, b->skip);
	rc = buf_status(&b->header, op->err);
	return rc == RC_OK ? find_kind(b) : rc;
}

enum rc batch_refuse(struct import_batch *b, const struct csv_row *row,
		     const char *why)
{
	size_t at = b->text.len;
	enum rc rc;

	write_row(&b->text, row, b->skip);
	rc = buf_status(&b->text, b->op->err);
	if (rc == RC_OK)
		batch_refused(b, row->line, why,
			      b->text.data ? b->text.data + at : "",
			      b->text.len - at);
	b->text.len = at;
	return rc;
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

/* Would a file that shows what stands bring what is given? An import drops
 * white space around a text, and an empty text is none: that a text was
 * exported is no reason to change it. */
static bool reads_the_same(const json_t *standing, const json_t *given)
{
	const char *text = json_string_value(standing);
	const char *want = json_is_null(given) ? "" : json_string_value(given);
	size_t n;

	if (!text || !want)
		return false;
	text += strspn(text, WHITE);
	n = strlen(text);
	while (n > 0 && strchr(WHITE, text[n - 1]))
		n--;
	return n == strlen(want) && memcmp(text, want, n) == 0;
}

static int lay(json_t *record, const json_t *facts)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)facts, name, value)
	{
		if (reads_the_same(json_object_get(record, name), value))
			continue;
		if (json_is_null(value))
			json_object_del(record, name);
		else if (json_object_set(record, name, value) != 0)
			return -1;
	}
	return 0;
}

static bool is_own(const struct import_fact *fact, const char *flag)
{
	for (size_t i = 0; fact->own && fact->own[i]; i++)
		if (fact->own[i]->flag && !strcmp(fact->own[i]->flag, flag))
			return true;
	return false;
}

/* The flags as they stand, less what this file decides, and what the row
 * earned. A set without members is no field. */
static int lay_flags(const struct kind *k, json_t *record,
		     const struct import_fact *fact)
{
	const json_t *standing = json_object_get(record, "flags");
	json_t *flags = json_array();
	int bad = flags ? 0 : -1;

	if (!kind_field(k, "flags"))
		goto out;
	for (size_t i = 0; i < json_array_size(standing); i++) {
		json_t *flag = json_array_get(standing, i);

		if (!is_own(fact, json_string_value(flag)))
			bad |= json_array_append(flags, flag);
	}
	for (int i = 0; i < IMPORT_REMARKS_MAX && fact->remarks[i]; i++)
		if (fact->remarks[i]->flag)
			bad |= json_array_append_new(
				flags, json_string(fact->remarks[i]->flag));
	if (json_array_size(flags) > 0)
		bad |= json_object_set(record, "flags", flags);
	else if (json_array_size(standing) > 0)
		bad |= json_object_del(record, "flags");
	/* Canonical order; a flag that is there already is there once. */
	kind_normalise(k, record);
out:
	json_decref(flags);
	return bad;
}

void fact_remark(struct import_fact *fact, const struct import_remark *remark)
{
	int i = 0;

	while (i < IMPORT_REMARKS_MAX - 1 && fact->remarks[i])
		i++;
	assert(!fact->remarks[i]);
	fact->remarks[i] = remark;
}

/* A file says how records began. What has moved since stays where it is, so
 * that the same file twice changes nothing. */
static int keep_state(const struct kind *k, json_t *record,
		      const json_t *standing)
{
	const char *name = k->fsm ? k->fsm->field->name : "";
	json_t *state = json_object_get(standing, name);

	if (!state || !fsm_is_start(k->fsm, record))
		return 0;
	return json_object_set(record, name, state);
}

/* What the record is to be: what stands, and the facts over it. */
static json_t *record_of(struct import_batch *b, const struct import_fact *fact,
			 const json_t *standing)
{
	json_t *record = standing ? json_copy((json_t *)(uintptr_t)standing)
				  : json_object();
	int bad = 0;

	if (!standing) {
		bad |= json_object_set_new(record, "town", json_string("000"));
		if (fact->first)
			bad |= lay(record, fact->first);
	}
	bad |= json_object_set_new(record, "id", json_string(fact->id));
	bad |= json_object_set_new(record, "scope", json_string(b->job->scope));
	bad |= lay(record, fact->given);
	bad |= keep_state(b->kind, record, standing);
	if (fact->own || fact->remarks[0])
		bad |= lay_flags(b->kind, record, fact);
	if (bad) {
		json_decref(record);
		return NULL;
	}
	return record;
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

/* Keep the row's text, in case that the ledger refuses it. */
static enum rc pend(struct import_batch *b, const struct csv_row *row,
		    const struct import_fact *fact, json_t *record,
		    json_t *base)
{
	struct import_pending *p = &b->pending[b->n];
	enum rc rc;

	*p = (struct import_pending){ .line = row->line,
				      .record = record,
				      .base = base,
				      .text_at = b->text.len };
	snprintf(p->id, sizeof(p->id), "%s", fact->id);
	memcpy(p->remarks, fact->remarks, sizeof(p->remarks));
	json_object_del(record, "id");
	json_object_del(record, "scope");
	b->records[b->n] = (struct office_record){ .kind = b->kind_name,
						   .id = p->id,
						   .record = record,
						   .base = base };
	b->n++;
	write_row(&b->text, row, b->skip);
	p->text_bytes = b->text.len - p->text_at;
	rc = buf_status(&b->text, b->op->err);
	if (rc == RC_OK &&
	    (b->n == LEDGER_BATCH_RECORDS || b->text.len > TEXT_FLUSH_BYTES))
		rc = batch_flush(b);
	return rc;
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
		  struct import_fact *fact)
{
	json_t *standing = NULL, *record = NULL;
	struct err why = { 0 };
	uint32_t line;
	enum rc rc;

	rc = find_standing(b, fact->id, &standing, &why);
	if (rc == RC_DENIED)
		return batch_refuse(b, row, why.text);
	if (rc != RC_OK)
		return err_set(b->op->err, rc, "%s", why.text);
	record = record_of(b, fact, standing);
	if (!record) {
		rc = err_set(b->op->err, RC_NOMEM, "out of memory");
		goto out;
	}
	if (check_record(b, record, &why) != RC_OK) {
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
	if (rc == RC_OK) {
		fact->taken = true;
		return pend(b, row, fact, record, standing);
	}
out:
	json_decref(record);
	json_decref(standing);
	return rc;
}

static void drop_pending(struct import_batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		json_decref(b->pending[i].record);
		json_decref(b->pending[i].base);
	}
	b->n = 0;
	buf_reset(&b->text);
}

static void count_outcome(struct import_batch *b, size_t i)
{
	const struct import_pending *p = &b->pending[i];

	switch (b->records[i].outcome) {
	case OFFICE_SAME: b->report->same++; break;
	case OFFICE_NEW: b->report->added++; break;
	case OFFICE_CHANGED: b->report->changed++; break;
	case OFFICE_REFUSED:
		batch_refused(b, p->line, b->records[i].why,
			      b->text.data ? b->text.data + p->text_at : "",
			      p->text_bytes);
		return;
	}
	for (int k = 0; k < IMPORT_REMARKS_MAX && p->remarks[k]; k++)
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
				  .n = b->n,
				  .progress = written,
				  .ctx = b };
	struct account importer = *b->op->actor;
	struct op op = *b->op;
	enum rc rc;

	if (b->n == 0)
		return RC_OK;
	if (b->has_rules)
		importer.roles |= ROLE_IMPORT;
	op.actor = &importer;
	snprintf(message, sizeof(message), "import %s, from row %zu",
		 b->report->name, b->done + 1);
	rc = ledger_office(&op, &w);
	if (rc == RC_OK) {
		for (size_t i = 0; i < b->n; i++)
			count_outcome(b, i);
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
