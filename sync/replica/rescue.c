/* replica/rescue.c - what the server has not got of this replica, in one body
 * that only the server opens (docs/protocol.md section 17):
 *
 *   {"format":1,"order":…,"terminal":…,"enrolment":…,"time":ms}
 *   {"packet":{"scope":S,"commit":…,"rows":[…]}}       signed, not acknowledged
 *   {"edit":{"kind":K,"record":{…},"base":oid?}}       not signed by anybody
 *   {"unread":{"kind":K,"id":…,"why":…,"cells":…}}     a row that is no record
 *   {"file":{"id":…,"scope":S,"sha256":…,"size":n,"bytes":n}} LF and so many
 * bytes
 *   {"end":1}
 *
 * The terminal's key signs for the whole; it says nothing for the officer. */
#include "replica/wipe_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "blob/blob.h"
#include "blob/whole.h"
#include "replica/evidence_impl.h"
#include "sql_sync.gen.h"
#include "wire/bundle.h"
#include "wire/message.h"

#define RESCUE_FORMAT 1
#define RESCUE_BODY_MAX (BUNDLE_BYTES_MAX - 4096)
/* So many bytes of files go along: photos do not get smaller, and one request
 * has to carry them. The rest is named. */
#define RESCUE_FILES_BYTES (8 << 20)

struct gathering {
	struct replica *r;
	struct line_writer w;
	struct rescued *out;
	json_t *taken; /* files that are in it already; owned */
	char *folder; /* of evidence; owned */
	int64_t files_bytes;
};

/* Takes the reference of `what`. */
static enum rc line_put(struct gathering *g, const char *name, json_t *what,
			struct err *err)
{
	json_t *line = what ? json_pack("{s:o}", name, what) : NULL;
	enum rc rc =
		line ? line_writer_put(&g->w, line, err) : out_of_memory(err);

	json_decref(line);
	return rc;
}

static enum rc packets_put(struct gathering *g, struct err *err)
{
	struct query *q = query_begin(g->r->db, SQL_R_RESCUE_PACKETS);
	enum rc rc = RC_OK, ended;

	while (rc == RC_OK && query_row(q)) {
		const char *scope = query_get_text(q, 1);
		json_t *packet = NULL;
		size_t bytes;

		rc = packet_json(g->r, scope, query_get_int(q, 0),
				 query_get_text(q, 2), true, &packet, &bytes,
				 err);
		if (rc == RC_OK) {
			json_object_set_new(packet, "scope",
					    json_string(scope));
			rc = line_put(g, "packet", packet, err);
			g->out->packets++;
		}
	}
	ended = query_end(q, err);
	return rc == RC_OK ? ended : rc;
}

static enum rc unread_put(struct gathering *g, const struct edit *e,
			  struct err *err)
{
	struct query *q = query_begin(g->r->db, e->captured->cells);
	json_t *what;
	enum rc rc;

	query_text(q, 1, e->id);
	what = json_pack("{s:s, s:s, s:s, s:s}", "kind",
			 e->captured->kind->name, "id", e->id, "why", e->bad,
			 "cells", query_row(q) ? query_get_text(q, 0) : "");
	rc = query_end(q, err);
	g->out->unread++;
	if (rc != RC_OK) {
		json_decref(what);
		return rc;
	}
	return line_put(g, "unread", what, err);
}

static enum rc edit_put(void *ctx, struct edit *e, struct err *err)
{
	struct gathering *g = ctx;
	json_t *what;

	if (e->bad)
		return unread_put(g, e, err);
	what = json_pack("{s:s, s:O}", "kind", e->captured->kind->name,
			 "record", e->after);
	if (what && e->base[0])
		json_object_set_new(what, "base", json_string(e->base));
	g->out->edits++;
	return line_put(g, "edit", what, err);
}

/* A file that cannot be read is named, and holds up nothing. */
static enum rc file_read(struct gathering *g, const char *sha256,
			 struct buf *bytes, struct err *err)
{
	struct err ignored = { 0 };
	char *path = blob_path(g->folder, sha256, "");
	enum rc rc =
		path ? whole_read(path, bytes, &ignored) : out_of_memory(err);

	free(path);
	if (rc != RC_OK && rc != RC_NOMEM)
		buf_reset(bytes);
	return path ? RC_OK : rc;
}

static enum rc file_put(void *ctx, const json_t *o, struct err *err)
{
	struct gathering *g = ctx;
	const char *sha256 = json_text(o, "sha256");
	int64_t size = json_int(o, "size", 0);
	bool goes = !json_object_get(g->taken, sha256) &&
		    size <= RESCUE_FILES_BYTES - g->files_bytes;
	struct buf bytes;
	json_t *what;
	enum rc rc = RC_OK;

	buf_init(&bytes, RESCUE_FILES_BYTES);
	if (goes)
		rc = file_read(g, sha256, &bytes, err);
	what = json_pack("{s:s, s:s, s:s, s:I, s:I}", "id", json_text(o, "id"),
			 "scope", json_text(o, "scope"), "sha256", sha256,
			 "size", (json_int_t)size, "bytes",
			 (json_int_t)bytes.len);
	if (rc == RC_OK)
		rc = line_put(g, "file", what, err);
	else
		json_decref(what);
	if (rc == RC_OK && bytes.len) {
		rc = line_writer_bytes(&g->w, DEFLATE_NUMBERS, bytes.data,
				       bytes.len, err);
		json_object_set_new(g->taken, sha256, json_true());
		g->files_bytes += (int64_t)bytes.len;
		g->out->files++;
	} else if (!json_object_get(g->taken, sha256)) {
		g->out->files_named++;
	}
	buf_release(&bytes);
	return rc;
}

static enum rc head_put(struct gathering *g, const struct wipe_order *order,
			struct err *err)
{
	json_t *head = json_pack("{s:i, s:s, s:s, s:s, s:I}", "format",
				 RESCUE_FORMAT, "order", order->id, "terminal",
				 order->terminal, "enrolment", order->enrolment,
				 "time", (json_int_t)host_wall_ms(g->r->host));
	enum rc rc =
		head ? line_writer_put(&g->w, head, err) : out_of_memory(err);

	json_decref(head);
	return rc;
}

/* The records, from one moment. */
static enum rc records_put(struct gathering *g, struct err *err)
{
	enum rc rc = replica_begin_read(g->r, err);

	if (rc != RC_OK)
		return rc;
	rc = packets_put(g, err);
	if (rc == RC_OK)
		rc = edits_each(g->r, edit_put, g, err);
	return replica_end(g->r, rc, err);
}

static enum rc body_make(struct replica *r, const struct wipe_order *order,
			 struct buf *body, struct rescued *out, struct err *err)
{
	struct gathering g = { .r = r,
			       .out = out,
			       .taken = json_object(),
			       .folder = evidence_folder(r) };
	enum rc rc = g.taken && g.folder ? RC_OK : out_of_memory(err);

	if (rc == RC_OK)
		rc = line_writer_init(&g.w, body, err);
	if (rc == RC_OK)
		rc = head_put(&g, order, err);
	if (rc == RC_OK)
		rc = records_put(&g, err);
	if (rc == RC_OK)
		rc = replica_evidence(r, file_put, &g, err);
	if (rc == RC_OK)
		rc = line_writer_end(&g.w, err);
	line_writer_release(&g.w);
	json_decref(g.taken);
	free(g.folder);
	return rc;
}

/* Signed by the terminal, sealed to the server. */
static enum rc body_seal(struct replica *r, const struct wipe_order *order,
			 const struct buf *body, struct buf *file,
			 struct rescued *out, struct err *err)
{
	unsigned char server[SIGN_PUBLIC_BYTES], raw[SIGN_BYTES];
	struct bundle_item item = { .type = BUNDLE_RESCUE };
	char signature[SIGNATURE_TEXT_SIZE];
	struct sign_key key = { 0 };
	size_t n = sizeof(raw);
	struct buf box;
	enum rc rc = meta_server_key(r, server, err);

	buf_init(&box, BUNDLE_BYTES_MAX);
	if (rc == RC_OK)
		rc = meta_terminal_key(r, &key, err);
	if (rc == RC_OK)
		rc = request_sign(signature, &key, "POST", "/v1/rescue",
				  body->data, body->len, err);
	if (rc == RC_OK) {
		base64_decode(raw, &n, signature, strlen(signature));
		rc = bundle_request_seal(&box, server, r->host, raw, body, err);
	}
	sha256_hex(out->sha256, body->data, body->len);
	memcpy(item.digest, out->sha256, sizeof(item.digest));
	snprintf(item.terminal, sizeof(item.terminal), "%s", order->terminal);
	item.box = box.data;
	item.box_bytes = box.len;
	if (rc == RC_OK)
		rc = bundle_write(file, &item, 1, err);
	sign_key_release(&key);
	buf_release(&box);
	return rc;
}

enum rc rescue_make(struct replica *r, const struct wipe_order *order,
		    struct buf *file, struct rescued *out, struct err *err)
{
	struct buf body;
	enum rc rc;

	memset(out, 0, sizeof(*out));
	buf_init(&body, RESCUE_BODY_MAX);
	rc = db_int(r->db, SQL_R_DATA_VERSION, 0, &out->version, err);
	if (rc == RC_OK)
		rc = body_make(r, order, &body, out, err);
	if (rc == RC_OK)
		rc = body_seal(r, order, &body, file, out, err);
	wipe(body.data, body.len);
	buf_release(&body);
	return rc;
}
