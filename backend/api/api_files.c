/* api/api_files.c - records as files: taken out, and taken in. What is written
 * on the way has no name in the data folder, so that nothing of it stays
 * whatever happens. */
#include "api/handlers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/date.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "domain/import.h"
#include "export/export.h"

#define PIECE_BYTES (64u << 10)
#define REJECTS_BYTES_MAX (32u << 20)
/* Of one request: at 0.1 to 0.4 ms each it ends before a proxy gives up. */
#define REQUEST_ROWS_MAX 50000

/* A file without a name. */
static enum rc scratch_open(struct call *c, FILE **out)
{
	char *path = store_path(c->store, "work-XXXXXX");
	int fd = path ? mkstemp(path) : -1;

	*out = NULL;
	if (fd >= 0 && unlink(path) == 0)
		*out = fdopen(fd, "w+b");
	if (!*out)
		err_set(&c->err, RC_IO, "cannot make a file: %s",
			strerror(errno));
	if (!*out && fd >= 0)
		close(fd);
	free(path);
	return *out ? RC_OK : c->err.code;
}

/* -- out -- */

static enum rc file_stream(void *ctx, struct stream *stream)
{
	char piece[PIECE_BYTES];
	enum rc rc = RC_OK;
	size_t n;

	while (rc == RC_OK && (n = fread(piece, 1, sizeof(piece), ctx)) > 0)
		rc = stream_write(stream, piece, n);
	return rc == RC_OK && ferror(ctx) ? RC_IO : rc;
}

static void file_free(void *ctx)
{
	fclose(ctx);
}

/* What the manifest says that fits in headers. */
static void manifest_say(struct call *c, const json_t *m, const char *asked_as,
			 const struct export_done *done)
{
	const char *commit = json_text(m, "commit");

	reply_header(c->reply, "Hufu-Rows", "%lld", (long long)done->rows);
	reply_header(c->reply, "Hufu-Class", "%d", done->privacy);
	reply_header(c->reply, "Hufu-Position", "%lld",
		     (long long)done->position);
	reply_header(c->reply, "Hufu-Sha256", "%s", done->sha256);
	if (commit)
		reply_header(c->reply, "Hufu-Commit", "%s", commit);
	snprintf(c->detail, sizeof(c->detail), "%s rows=%lld sha256=%s",
		 asked_as, (long long)done->rows, done->sha256);
}

/* The file is the reply's from here on. */
static void export_send(struct call *c, FILE *f, bool is_csv)
{
	rewind(f);
	c->reply->content_type =
		is_csv ? "text/csv; charset=utf-8" : "application/jsonl";
	c->reply->stream = file_stream;
	c->reply->stream_ctx = f;
	c->reply->stream_free = file_free;
}

/* The kind that rights are asked of: results are visits. */
static enum rc export_kind_take(struct call *c, const char *word)
{
	const struct kind *k = export_kind(c->store->kinds, word);

	if (k)
		c->kind = registry_kind(c->store->kinds, k->name);
	if (k && !c->kind)
		c->kind = registry_kind(c->store->kinds, "visit");
	if (c->kind)
		snprintf(c->about_kind, sizeof(c->about_kind), "%s",
			 c->kind->name);
	if (!k || !c->kind)
		return call_refuse(c, RC_NOT_FOUND, 404, "not_found",
				   "there is no kind '%s'", word);
	if (!call_may_read(c, c->kind))
		return call_refuse(c, RC_DENIED, 403, "denied",
				   "account '%s' may not read %s",
				   c->actor.name, c->kind->name);
	if (c->kind->is_catalog)
		snprintf(c->scope, sizeof(c->scope), "catalog");
	return RC_OK;
}

/* What was asked for, as the audit log tells it: "ratings format=csv
 * private as-of=2026-07-01". */
static void asked_for(const struct call *c, char *out, size_t size)
{
	static const char *const names[] = { "format", "as-of", "town" };
	size_t at = (size_t)snprintf(out, size, "%.40s",
				     json_text(c->args, "kind"));

	for (size_t i = 0; i < 3 && at < size; i++) {
		const char *value = json_text(c->args, names[i]);

		if (value)
			at += (size_t)snprintf(out + at, size - at, " %s=%.40s",
					       names[i], value);
	}
	if (at < size && json_is_true(json_object_get(c->args, "private")))
		snprintf(out + at, size - at, " private");
}

enum rc export_get(struct call *c)
{
	const char *as_of = json_text(c->args, "as-of");
	bool is_csv = !strcmp(json_text(c->args, "format"), "csv");
	int64_t day, position = as_of ? strtoll(as_of, NULL, 10) : 0;
	bool is_day = as_of && date_parse(as_of, &day);
	struct export_done done;
	json_t *manifest = NULL;
	char asked[240];
	FILE *file = NULL;
	struct export_job job = {
		.store = c->store,
		.actor = &c->actor,
		.kind = json_text(c->args, "kind"),
		.format = is_csv ? EXPORT_CSV : EXPORT_JSONL,
		.town = json_text(c->args, "town"),
		.as_of = is_day ? as_of : NULL,
		.position = as_of && !is_day ? &position : NULL,
		.private = json_is_true(json_object_get(c->args, "private")),
	};
	enum rc rc = export_kind_take(c, job.kind);

	if (rc == RC_OK)
		rc = scratch_open(c, &file);
	job.scope = c->scope;
	job.file = file;
	job.manifest = &manifest;
	if (rc == RC_OK)
		rc = export_write(&job, &done, &c->err);
	if (rc == RC_OK) {
		asked_for(c, asked, sizeof(asked));
		manifest_say(c, manifest, asked, &done);
		export_send(c, file, is_csv);
	} else if (file) {
		fclose(file);
	}
	json_decref(manifest);
	return rc;
}

/* -- in -- */

/* The refused rows, to be corrected and sent again. */
static void rejects_take(struct call *c, FILE *f)
{
	char piece[PIECE_BYTES];
	struct buf text;
	size_t n;

	buf_init(&text, REJECTS_BYTES_MAX);
	rewind(f);
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_put(&text, piece, n);
	if (text.len && buf_status(&text, &c->err) == RC_OK)
		json_object_set_new(c->result, "rejects",
				    json_stringn(text.data, text.len));
	buf_release(&text);
}

static size_t rows_of(const char *csv, size_t n)
{
	bool is_quoted = false;
	size_t lines = 0;

	for (size_t i = 0; i < n; i++) {
		is_quoted ^= csv[i] == '"';
		lines += csv[i] == '\n' && !is_quoted;
	}
	lines += n > 0 && csv[n - 1] != '\n';
	return lines ? lines - 1 : 0; /* but for the header */
}

/* What was committed before a failure stays; the same again does the rest. */
enum rc import_take(struct call *c)
{
	const char *source = json_text(c->args, "source");
	struct import_report report = { 0 };
	struct import_job job = {
		.file = "the body",
		.kind = json_text(c->args, "kind"),
		.source = source,
	};
	enum rc rc = RC_OK;

	(void)csv_encoding_parse(json_text(c->args, "encoding"), &job.encoding);
	c->kind = registry_kind(c->store->kinds, job.kind);
	if (!c->kind)
		return call_refuse(c, RC_NOT_FOUND, 404, "not_found",
				   "there is no kind '%s'", job.kind);
	snprintf(c->about_kind, sizeof(c->about_kind), "%s", c->kind->name);
	if (c->kind->is_catalog && strcmp(c->scope, "catalog") != 0)
		return call_wrong(c, "scope",
				  "has to be catalog for this kind");
	if (rows_of(c->raw, c->raw_bytes) > REQUEST_ROWS_MAX)
		return call_refuse(c, RC_NOMEM, 413, "content_too_large",
				   "the file has %zu rows, more than %d: send "
				   "it in parts, each with the header, or use "
				   "'hufud import'; nothing of it was written",
				   rows_of(c->raw, c->raw_bytes),
				   REQUEST_ROWS_MAX);
	job.scope = c->scope;
	rc = scratch_open(c, &job.rejects);
	if (rc == RC_OK) {
		job.bytes = c->raw ? c->raw : "";
		job.nbytes = c->raw_bytes;
		rc = import_csv(&c->op, &job, &report);
	}
	if (rc == RC_OK) {
		c->result = import_report_json(&report);
		snprintf(c->detail, sizeof(c->detail),
			 "%.80s: read=%lld new=%lld changed=%lld refused=%lld",
			 source, (long long)report.read,
			 (long long)report.added, (long long)report.changed,
			 (long long)report.refused);
		json_object_del(c->result, "rejects");
		json_object_del(c->result, "rejects_lost");
		rejects_take(c, job.rejects);
	}
	import_report_release(&report);
	if (job.rejects)
		fclose(job.rejects);
	return rc;
}
