/* api/api_evidence.c - files of evidence: sent by tus 1.0 (core, creation,
 * checksum, termination, expiration; docs/protocol.md section 15) and read as
 * attachments. A file is addressed by its record: the same place whoever sends
 * it and however often. */
#include "api/handlers.h"

#include <string.h>
#include <time.h>

#include "api/service_impl.h"
#include "base/hash.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "evidence/evidence.h"
#include "store/audit.h"

#define PIECE_BYTES 65536
#define TUS "1.0.0"

/* The file that the operation is about. Text is borrowed from `record`. */
struct asked {
	json_t *record; /* owned */
	struct evidence_file file;
	struct evidence_seen seen;
};

/* What a tus client of another version means is not known (412); a plain GET
 * need not say any. */
static enum rc version_check(struct call *c)
{
	const char *said = json_text(c->args, "Tus-Resumable");
	bool may_lack = !strcmp(c->operation->method, "GET");

	if (said ? !strcmp(said, TUS) : may_lack)
		return RC_OK;
	return call_refuse(c, RC_INVALID, 412, "tus_version",
			   "send Tus-Resumable: " TUS
			   ", the version that is spoken here");
}

static enum rc record_take(struct call *c, struct asked *a)
{
	const char *id = json_text(c->args, "id"), *state;
	enum rc rc =
		ledger_record(&c->op, c->scope, "evidence", id, &a->record);

	if (rc == RC_NOT_FOUND) {
		err_clear(&c->err);
		return call_gone(c, id);
	}
	if (rc != RC_OK)
		return rc;
	state = json_text(a->record, "state");
	if (state && !strcmp(state, "void"))
		return call_refuse(c, RC_CONFLICT, 409, "void",
				   "evidence '%s' is void", id);
	a->file = (struct evidence_file){
		.scope = c->scope,
		.sha256 = json_text(a->record, "sha256"),
		.bytes = json_int(a->record, "size", 0),
	};
	return evidence_file_check(&a->file, &c->err);
}

static enum rc lock_refuse(struct call *c, enum rc rc)
{
	if (rc == RC_BUSY) {
		c->problem_status = 423;
		c->problem_type = "locked";
	}
	return rc;
}

/* The end of a part that has all its bytes was lost, to a kill: finish it. */
static enum rc finish_lost(struct call *c, struct asked *a)
{
	struct evidence_part part;
	bool whole;
	enum rc rc;

	if (a->seen.state != EVIDENCE_PART || a->seen.offset < a->file.bytes)
		return RC_OK;
	rc = part_open(&part, c->service->evidence, &a->file, &c->err);
	if (rc == RC_NOT_FOUND) /* another was at it */
		return RC_OK;
	if (rc != RC_OK)
		return lock_refuse(c, rc);
	rc = part_keep(&part, &whole, &c->err);
	part_close(&part);
	return rc;
}

static enum rc asked_take(struct call *c, struct asked *a)
{
	enum rc rc = version_check(c);

	*a = (struct asked){ .record = NULL };
	if (rc == RC_OK)
		rc = record_take(c, a);
	if (rc == RC_OK)
		rc = evidence_look(c->store->dir, &a->file, &a->seen, &c->err);
	return rc;
}

static void asked_release(struct asked *a)
{
	json_decref(a->record);
}

static void header_expires(struct call *c, int64_t at_ms)
{
	time_t at = (time_t)(at_ms / 1000);
	char text[40];
	struct tm tm;

	if (gmtime_r(&at, &tm) &&
	    strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm) > 0)
		reply_header(c->reply, "Upload-Expires", "%s", text);
}

static void offset_say(struct call *c, const struct asked *a)
{
	if (!c->reply)
		return;
	reply_header(c->reply, "Upload-Offset", "%lld",
		     (long long)a->seen.offset);
	reply_header(c->reply, "Upload-Length", "%lld",
		     (long long)a->file.bytes);
	if (a->seen.state == EVIDENCE_PART)
		header_expires(c, a->seen.touched_ms + EVIDENCE_PART_MS);
}

static void state_say(struct call *c, const struct asked *a)
{
	c->result = json_pack("{s:s, s:I, s:I}", "state",
			      evidence_state_name(a->seen.state), "offset",
			      (json_int_t)a->seen.offset, "length",
			      (json_int_t)a->file.bytes);
}

static enum rc room_refuse(struct call *c, enum rc rc)
{
	if (rc == RC_INVALID) {
		c->problem_status = 413;
		c->problem_type = "content_too_large";
	} else if (rc == RC_NOMEM) {
		c->problem_status = 507;
		c->problem_type = "insufficient_storage";
	}
	return rc;
}

enum rc evidence_upload_make(struct call *c)
{
	const char *asked_scope = json_text(c->args, "scope");
	int64_t length = json_int(c->args, "Upload-Length", -1);
	struct asked a;
	enum rc rc = asked_take(c, &a);

	if (rc == RC_OK && length < 0)
		rc = call_wrong(c, "Upload-Length",
				"is missing; the length of a file of evidence "
				"is known when it is taken");
	if (rc == RC_OK && length != a.file.bytes)
		rc = call_refuse(c, RC_CONFLICT, 409, "other_length",
				 "the record says that the file has %lld "
				 "bytes, not %lld",
				 (long long)a.file.bytes, (long long)length);
	if (rc == RC_OK)
		rc = room_refuse(c,
				 evidence_begin(c->service->evidence, &a.file,
						c->op.now_ms, &c->err));
	if (rc == RC_OK)
		rc = evidence_look(c->store->dir, &a.file, &a.seen, &c->err);
	if (rc == RC_OK) {
		c->status = 201;
		snprintf(c->location, sizeof(c->location),
			 "/v1/evidence/%s/upload%s%s", json_text(c->args, "id"),
			 asked_scope ? "?scope=" : "",
			 asked_scope ? asked_scope : "");
		offset_say(c, &a);
		state_say(c, &a);
	}
	asked_release(&a);
	return rc;
}

enum rc evidence_upload_look(struct call *c)
{
	struct asked a;
	enum rc rc = asked_take(c, &a);

	if (rc == RC_OK)
		rc = finish_lost(c, &a);
	if (rc == RC_OK)
		rc = evidence_look(c->store->dir, &a.file, &a.seen, &c->err);
	if (rc == RC_OK && a.seen.state == EVIDENCE_NONE)
		rc = call_refuse(c, RC_NOT_FOUND, 404, "not_found",
				 "nothing of this file has been sent: begin "
				 "with a POST");
	if (rc == RC_OK) {
		offset_say(c, &a);
		state_say(c, &a);
	}
	asked_release(&a);
	return rc;
}

enum rc evidence_upload_drop(struct call *c)
{
	struct asked a;
	enum rc rc = asked_take(c, &a);

	if (rc == RC_OK && a.seen.state == EVIDENCE_WHOLE)
		rc = call_refuse(c, RC_CONFLICT, 409, "whole",
				 "the file is whole: make its record void if "
				 "it is not to count");
	if (rc == RC_OK)
		rc = evidence_drop(c->service->evidence, &a.file, &c->err);
	if (rc == RC_NOT_FOUND)
		rc = call_refuse(c, rc, 404, "not_found",
				 "nothing of this file has been sent");
	c->status = 204;
	asked_release(&a);
	return rc;
}

/* -- bytes -- */

/* `Upload-Checksum: sha1 <base64>`, over the body of this request. */
struct checksum {
	bool is_sha1, is_sha256;
	struct sha1 sha1;
	struct sha256 sha256;
	unsigned char want[SHA256_BYTES + 1];
	size_t want_bytes;
};

static enum rc checksum_read(struct call *c, struct checksum *sum)
{
	const char *said = json_text(c->args, "Upload-Checksum"), *text;

	memset(sum, 0, sizeof(*sum));
	if (!said)
		return RC_OK;
	text = strchr(said, ' ');
	sum->is_sha1 = !strncmp(said, "sha1 ", 5);
	sum->is_sha256 = !strncmp(said, "sha256 ", 7);
	sum->want_bytes = sizeof(sum->want);
	if ((!sum->is_sha1 && !sum->is_sha256) ||
	    !base64_decode(sum->want, &sum->want_bytes, text + 1,
			   strlen(text + 1)) ||
	    sum->want_bytes != (sum->is_sha1 ? SHA1_BYTES : SHA256_BYTES))
		return call_wrong(c, "Upload-Checksum",
				  "is not sha1 or sha256 and its base64");
	sha1_begin(&sum->sha1);
	sha256_begin(&sum->sha256);
	return RC_OK;
}

static void checksum_add(struct checksum *sum, const void *p, size_t n)
{
	if (sum->is_sha1)
		sha1_add(&sum->sha1, p, n);
	if (sum->is_sha256)
		sha256_add(&sum->sha256, p, n);
}

static bool checksum_fits(struct checksum *sum)
{
	unsigned char is[SHA256_BYTES];

	if (sum->is_sha1)
		sha1_end(&sum->sha1, is);
	if (sum->is_sha256)
		sha256_end(&sum->sha256, is);
	return !sum->want_bytes || !memcmp(is, sum->want, sum->want_bytes);
}

/* What came is kept, however the body ended; *cut says that it was cut. */
static enum rc body_take(struct call *c, struct evidence_part *part,
			 struct checksum *sum, bool *cut)
{
	char piece[PIECE_BYTES];
	struct err why = { 0 };
	size_t got = 0;
	enum rc rc = RC_OK;

	do {
		rc = request_read(c->request, piece, sizeof(piece), &got, &why);
		*cut = rc == RC_IO;
		if (rc == RC_BUSY)
			return err_set(&c->err, rc, "%s", why.text);
		checksum_add(sum, piece, got);
		rc = part_put(part, piece, got, &c->err);
	} while (rc == RC_OK && !*cut && got > 0);
	if (rc == RC_INVALID)
		c->problem_status = 413;
	return rc == RC_NOMEM ? room_refuse(c, rc) : rc;
}

/* One that completes a file leaves an entry, and so does one whose file was
 * another; a piece does not. */
static enum rc whole_log(struct call *c, const struct asked *a)
{
	char detail[160];
	const struct audit_entry e = {
		.by = { .who = c->actor.name,
			.via = call_via(c),
			.request_id = c->request_id,
			.now_ms = c->op.now_ms },
		.operation = c->operation->id,
		.scope = c->scope,
		.kind = "evidence",
		.id = json_text(c->args, "id"),
		.outcome = AUDIT_DONE,
		.detail = detail,
	};

	snprintf(detail, sizeof(detail), "the file is whole: %lld bytes, %s",
		 (long long)a->file.bytes, a->file.sha256);
	return audit_put(c->store, &e, &c->err);
}

/* The part is open, the offset right. */
static enum rc part_grow(struct call *c, struct asked *a,
			 struct evidence_part *part)
{
	int64_t before = part->offset;
	struct checksum sum;
	bool cut = false, whole = false;
	enum rc rc = checksum_read(c, &sum);

	if (rc != RC_OK)
		return rc;
	rc = body_take(c, part, &sum, &cut);
	/* Bytes that nobody could check are not kept. */
	if (rc == RC_OK && sum.want_bytes && (cut || !checksum_fits(&sum))) {
		rc = part_cut(part, before, &c->err);
		if (rc == RC_OK)
			rc = call_refuse(c, RC_CORRUPT, 460,
					 "checksum_mismatch",
					 "the bytes do not match their "
					 "Upload-Checksum: send them again");
	}
	if (rc == RC_OK) {
		rc = part_keep(part, &whole, &c->err);
		if (rc == RC_NOMEM)
			(void)room_refuse(c, rc);
	}
	if (rc == RC_OK && whole)
		rc = whole_log(c, a);
	a->seen = (struct evidence_seen){
		.state = whole ? EVIDENCE_WHOLE : EVIDENCE_PART,
		.offset = part->offset,
		.touched_ms = c->op.now_ms,
	};
	return rc;
}

static enum rc part_take(struct call *c, struct asked *a)
{
	int64_t offset = json_int(c->args, "Upload-Offset", -1);
	struct evidence_part part;
	enum rc rc = part_open(&part, c->service->evidence, &a->file, &c->err);

	if (rc == RC_NOT_FOUND && a->seen.state == EVIDENCE_NONE)
		return call_refuse(c, rc, 404, "not_found",
				   "nothing of this file has been begun: "
				   "begin with a POST");
	if (rc == RC_NOT_FOUND)
		return call_refuse(c, RC_CONFLICT, 409, "other_offset",
				   "the file is whole");
	if (rc != RC_OK)
		return lock_refuse(c, rc);
	if (offset != part.offset)
		rc = call_refuse(c, RC_CONFLICT, 409, "other_offset",
				 "%lld bytes are here: go on from there",
				 (long long)part.offset);
	if (rc == RC_OK)
		rc = part_grow(c, a, &part);
	part_close(&part);
	return rc;
}

enum rc evidence_upload_send(struct call *c)
{
	struct asked a;
	enum rc rc;

	if (!c->request)
		return call_refuse(c, RC_INVALID, 400, "bad_request",
				   "bytes are sent over HTTP only");
	rc = asked_take(c, &a);
	if (rc == RC_OK && json_int(c->args, "Upload-Offset", -1) < 0)
		rc = call_wrong(c, "Upload-Offset", "is missing");
	if (rc == RC_OK)
		rc = part_take(c, &a);
	if (rc == RC_OK) {
		c->status = 204;
		offset_say(c, &a);
	}
	asked_release(&a);
	return rc;
}

/* -- reading -- */

/* ".jpg" of a name, where it is short and plain; else "". */
static void extension_of(const char *name, char out[10])
{
	const char *dot = name ? strrchr(name, '.') : NULL;
	size_t n = dot ? strspn(dot + 1, "abcdefghijklmnopqrstuvwxyz"
					 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789")
		       : 0;

	snprintf(out, 10, "%s", n && n <= 8 && !dot[n + 1] ? dot : "");
}

enum rc evidence_file_get(struct call *c)
{
	const char *id = json_text(c->args, "id");
	char extension[10];
	struct asked a = { .record = NULL };
	enum rc rc;

	if (!c->reply)
		return call_refuse(c, RC_INVALID, 400, "bad_request",
				   "files are read over HTTP only");
	rc = record_take(c, &a);
	if (rc == RC_OK)
		rc = evidence_look(c->store->dir, &a.file, &a.seen, &c->err);
	if (rc == RC_OK && a.seen.state != EVIDENCE_WHOLE)
		rc = call_refuse(c, RC_NOT_FOUND, 404, "not_here_yet",
				 "the file of evidence '%s' is not here yet",
				 id);
	if (rc == RC_OK) {
		c->reply->file = evidence_path(c->store->dir, &a.file);
		if (!c->reply->file)
			rc = err_set(&c->err, RC_NOMEM, "out of memory");
	}
	if (rc == RC_OK) {
		extension_of(json_text(a.record, "name"), extension);
		c->reply->content_type = "application/octet-stream";
		snprintf(c->reply->etag, sizeof(c->reply->etag), "%s",
			 a.file.sha256);
		reply_header(c->reply, "Content-Disposition",
			     "attachment; filename=\"evidence-%s%s\"", id,
			     extension);
		reply_header(c->reply, "Content-Security-Policy",
			     "default-src 'none'; sandbox");
		snprintf(c->detail, sizeof(c->detail), "file of %lld bytes, %s",
			 (long long)a.file.bytes, a.file.sha256);
	}
	asked_release(&a);
	return rc;
}
