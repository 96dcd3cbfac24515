/* api/api_files.c - records as files: taken out, and taken in. A file of the
 * request lives in a folder of its own in the data folder, and goes when the
 * reply is sent. */
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

struct desk {
	char *folder;
	char file[4200], beside[4300]; /* `beside`: the file's companion */
};

static enum rc desk_open(struct desk *d, struct call *c, const char *suffix)
{
	d->folder = store_path(c->store, "work-XXXXXX");
	if (!d->folder || !mkdtemp(d->folder)) {
		free(d->folder);
		d->folder = NULL;
		return err_set(&c->err, RC_IO, "cannot make a folder: %s",
			       strerror(errno));
	}
	snprintf(d->file, sizeof(d->file), "%s/file", d->folder);
	snprintf(d->beside, sizeof(d->beside), "%s%s", d->file, suffix);
	return RC_OK;
}

static void desk_close(struct desk *d)
{
	if (!d->folder)
		return;
	(void)unlink(d->file);
	(void)unlink(d->beside);
	(void)rmdir(d->folder);
	free(d->folder);
	d->folder = NULL;
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
static void manifest_say(struct call *c, const char *path)
{
	json_t *m = json_load_file(path, 0, NULL);
	const char *commit = json_text(m, "commit");

	reply_header(c->reply, "Hufu-Rows", "%lld",
		     (long long)json_int(m, "rows", 0));
	reply_header(c->reply, "Hufu-Class", "%lld",
		     (long long)json_int(m, "class", 0));
	reply_header(c->reply, "Hufu-Position", "%lld",
		     (long long)json_int(m, "position", 0));
	reply_header(c->reply, "Hufu-Sha256", "%s", json_text(m, "sha256"));
	if (commit)
		reply_header(c->reply, "Hufu-Commit", "%s", commit);
	json_decref(m);
}

static enum rc export_send(struct call *c, const struct desk *d, bool is_csv)
{
	FILE *f = fopen(d->file, "rb");

	if (!f)
		return err_set(&c->err, RC_IO, "cannot read '%s'", d->file);
	manifest_say(c, d->beside);
	c->reply->content_type =
		is_csv ? "text/csv; charset=utf-8" : "application/jsonl";
	c->reply->stream = file_stream;
	c->reply->stream_ctx = f;
	c->reply->stream_free = file_free;
	return RC_OK;
}

/* The kind that rights are asked of: results are visits. */
static enum rc export_kind_take(struct call *c, const char *word)
{
	const struct kind *k = export_kind(c->store->kinds, word);

	if (k)
		c->kind = registry_kind(c->store->kinds, k->name);
	if (k && !c->kind)
		c->kind = registry_kind(c->store->kinds, "visit");
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

enum rc export_get(struct call *c)
{
	const char *as_of = json_text(c->args, "as-of");
	bool is_csv = !strcmp(json_text(c->args, "format"), "csv");
	int64_t day, position = as_of ? strtoll(as_of, NULL, 10) : 0;
	bool is_day = as_of && date_parse(as_of, &day);
	struct export_done done;
	struct desk desk = { 0 };
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
		rc = desk_open(&desk, c, ".manifest.json");
	job.scope = c->scope;
	job.out = desk.file;
	if (rc == RC_OK)
		rc = export_write(&job, &done, &c->err);
	if (rc == RC_OK)
		rc = export_send(c, &desk, is_csv);
	desk_close(&desk);
	return rc;
}

/* -- in -- */

static enum rc file_put(struct call *c, const char *path)
{
	FILE *f = fopen(path, "wb");
	bool ok = f && fwrite(c->raw, 1, c->raw_bytes, f) == c->raw_bytes;

	if (f)
		ok = fclose(f) == 0 && ok;
	return ok ? RC_OK : err_set(&c->err, RC_IO, "cannot write '%s'", path);
}

/* The refused rows, to be corrected and sent again. */
static void rejects_take(struct call *c, const char *path)
{
	char piece[PIECE_BYTES];
	FILE *f = fopen(path, "rb");
	struct buf text;
	size_t n;

	buf_init(&text, REJECTS_BYTES_MAX);
	while (f && (n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_put(&text, piece, n);
	if (f)
		fclose(f);
	if (text.len && buf_status(&text, &c->err) == RC_OK)
		json_object_set_new(c->result, "rejects",
				    json_stringn(text.data, text.len));
	buf_release(&text);
}

/* What was committed before a failure stays; the same again does the rest. */
enum rc import_take(struct call *c)
{
	const char *source = json_text(c->args, "source");
	struct import_report report = { 0 };
	struct desk desk = { 0 };
	struct import_job job = {
		.kind = json_text(c->args, "kind"),
		.source = source,
		.latin1 = !strcmp(json_text(c->args, "encoding"), "latin1"),
	};
	enum rc rc = RC_OK;

	c->kind = registry_kind(c->store->kinds, job.kind);
	if (!c->kind)
		return call_refuse(c, RC_NOT_FOUND, 404, "not_found",
				   "there is no kind '%s'", job.kind);
	if (c->kind->is_catalog && strcmp(c->scope, "catalog") != 0)
		return call_wrong(c, "scope",
				  "has to be catalog for this kind");
	job.scope = c->scope;
	rc = desk_open(&desk, c, ".rejects.csv");
	job.file = desk.file;
	if (rc == RC_OK)
		rc = file_put(c, desk.file);
	if (rc == RC_OK)
		rc = import_csv(&c->op, &job, &report);
	if (rc == RC_OK) {
		c->result = import_report_json(&report);
		json_object_del(c->result, "rejects");
		rejects_take(c, desk.beside);
	}
	import_report_release(&report);
	desk_close(&desk);
	return rc;
}
