/* replica/evidence_send.c - files of evidence on their way to the server. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/jcs.h"
#include "blob/blob.h"
#include "replica/evidence_impl.h"
#include "replica/replica_impl.h"

/* A piece is in memory, and what a cut costs at most where the server did not
 * keep what came before it. */
#define PIECE_BYTES (4u << 20)
#define ANSWER_BYTES_MAX (64u << 10)
/* A piece is asked for again so often where the server stands elsewhere. */
#define RESTARTS_MAX 3

struct sending {
	struct replica *r;
	const struct exchange *x;
	const struct upload_options *options;
	struct upload_summary *sum;
	char *folder; /* owned */
	char *piece; /* owned */
	json_t *all; /* what is under way; owned */
};

/* Where the server stands with a file. */
struct stand {
	int status; /* of HTTP */
	bool is_whole;
	int64_t offset;
	char why[ERR_TEXT_MAX]; /* of a refusal */
};

static void stand_read(struct stand *s, const struct exchange_reply *reply)
{
	struct err why = { 0 };
	json_t *o = NULL;

	s->status = reply->status;
	if (reply->status >= 300) {
		(void)reply_failed(reply, "the server does not take it", &why);
		snprintf(s->why, sizeof(s->why), "%s", why.text);
		return;
	}
	if (reply->body.len &&
	    json_read(reply->body.data, reply->body.len, &o, &why) == RC_OK) {
		s->offset = json_int(o, "offset", 0);
		s->is_whole = json_text(o, "state") &&
			      !strcmp(json_text(o, "state"), "whole");
	}
	json_decref(o);
}

static enum rc ask(struct sending *s, struct tus_request *q, struct stand *out,
		   struct err *err)
{
	struct exchange_reply reply = { 0 };
	enum rc rc;

	buf_init(&reply.body, ANSWER_BYTES_MAX);
	q->bytes_per_s = s->options->bytes_per_s;
	s->sum->requests++;
	*out = (struct stand){ 0 };
	rc = exchange_tus(s->r, s->x, q, &reply, err);
	if (rc == RC_OK)
		stand_read(out, &reply);
	buf_release(&reply.body);
	return rc;
}

/* Not this file's fault: nothing else would go either. */
static bool is_for_all(int status)
{
	return status == 401 || status == 408 || status == 429 ||
	       status == 500 || status == 503 || status == 507;
}

static enum rc stand_judge(const struct stand *s, struct err *err)
{
	if (!is_for_all(s->status))
		return RC_OK;
	return err_set(err, s->status == 401 ? RC_DENIED : RC_BUSY, "%s",
		       s->why);
}

/* Where to go on; also what makes sure that it is whole. */
static enum rc stand_ask(struct sending *s, const char *path, int64_t size,
			 struct stand *out, struct err *err)
{
	struct tus_request q = {
		.method = "POST", .path = path, .offset = -1, .length = size
	};
	enum rc rc = ask(s, &q, out, err);

	return rc == RC_OK ? stand_judge(out, err) : rc;
}

static bool may_go_on(const struct sending *s)
{
	return !s->options->bytes_max ||
	       s->sum->bytes_up < s->options->bytes_max;
}

static void tell(const struct sending *s, int64_t done, int64_t total)
{
	if (s->options->progress)
		s->options->progress(s->options->ctx, "upload", done, total);
}

/* One piece from the server's offset on. */
static enum rc piece_send(struct sending *s, int fd, const char *path,
			  int64_t size, struct stand *at, struct err *err)
{
	struct tus_request q = { .method = "PATCH",
				 .path = path,
				 .offset = at->offset,
				 .length = -1,
				 .body = s->piece };
	ssize_t n = pread(fd, s->piece, PIECE_BYTES, (off_t)at->offset);
	int64_t offset = at->offset;
	enum rc rc;

	if (n <= 0)
		return err_set(err, RC_IO, "cannot read a file in '%s': %s",
			       s->folder, n < 0 ? strerror(errno) : "it ended");
	q.body_bytes = (size_t)n;
	rc = ask(s, &q, at, err);
	if (rc != RC_OK)
		return rc;
	at->offset = offset;
	if (at->status == 204) {
		at->offset += n;
		s->sum->bytes_up += n;
		tell(s, at->offset, size);
	}
	return stand_judge(at, err);
}

/* Until the server has the whole, refuses it, or enough went for this time. */
static enum rc file_send(struct sending *s, int fd, const char *path,
			 int64_t size, struct stand *at, struct err *err)
{
	int restarts = 0;
	enum rc rc = stand_ask(s, path, size, at, err);

	while (rc == RC_OK && at->status == 201 && !at->is_whole &&
	       at->offset < size && may_go_on(s)) {
		rc = piece_send(s, fd, path, size, at, err);
		if (rc != RC_OK)
			break;
		/* Another, or an answer that was lost, moved the offset. */
		if (at->status == 409 && restarts++ < RESTARTS_MAX)
			rc = stand_ask(s, path, size, at, err);
		else if (at->status == 204 && at->offset == size)
			rc = stand_ask(s, path, size, at, err);
		else if (at->status == 204)
			at->status = 201;
	}
	return rc;
}

static void refuse(struct sending *s, const char *id, const char *why)
{
	if (!s->sum->refused++)
		snprintf(s->sum->why, sizeof(s->sum->why),
			 "evidence %.32s: %.240s", id, why);
}

/* One entry; "done" is set in it where the server has the whole. */
static enum rc entry_send(struct sending *s, json_t *entry, struct err *err)
{
	const char *id = json_text(entry, "id");
	char *file = blob_path(s->folder, json_text(entry, "sha256"), "");
	int fd = file ? open(file, O_RDONLY | O_CLOEXEC) : -1;
	struct stand at = { 0 };
	char path[80];
	enum rc rc = RC_OK;

	snprintf(path, sizeof(path), "/v1/evidence/%s/upload", id);
	if (fd < 0) {
		rc = file ? err_set(err, RC_IO, "cannot read '%s': %s", file,
				    strerror(errno))
			  : out_of_memory(err);
	} else {
		rc = file_send(s, fd, path, json_int(entry, "size", 0), &at,
			       err);
		close(fd);
	}
	free(file);
	if (rc != RC_OK)
		return rc;
	if (at.is_whole)
		json_object_set_new(entry, "done", json_true());
	else if (at.status >= 300 && at.status != 423)
		refuse(s, id, at.why);
	return RC_OK;
}

/* A file goes once nothing more is to be sent of it: two records may name it.
 */
static enum rc file_settle(struct sending *s, const json_t *entry,
			   struct err *err)
{
	const char *sha256 = json_text(entry, "sha256");
	const json_t *other;
	size_t i;

	json_array_foreach(
		s->all, i,
		other) if (!strcmp(json_text(other, "sha256"), sha256) &&
			   !json_object_get(other, "done")) return RC_OK;
	s->sum->files++;
	return blob_drop(s->folder, sha256, err);
}

static enum rc entry_note(void *ctx, const json_t *entry, struct err *err)
{
	json_t *copy = json_copy((json_t *)(uintptr_t)entry);

	return !copy || json_array_append_new(ctx, copy) ? out_of_memory(err)
							 : RC_OK;
}

static enum rc all_send(struct sending *s, struct err *err)
{
	json_t *entry;
	size_t i;
	enum rc rc = RC_OK;

	json_array_foreach(s->all, i, entry)
	{
		if (rc != RC_OK || !may_go_on(s) ||
		    !json_is_true(json_object_get(entry, "synced")))
			continue;
		rc = entry_send(s, entry, err);
		if (rc == RC_OK && json_object_get(entry, "done"))
			rc = file_settle(s, entry, err);
	}
	json_array_foreach(s->all, i, entry)
	{
		if (json_object_get(entry, "done"))
			continue;
		s->sum->left++;
		s->sum->left_bytes += json_int(entry, "size", 0);
	}
	return rc;
}

enum rc replica_upload(struct replica *r, const struct exchange *x,
		       const struct upload_options *o,
		       struct upload_summary *out, struct err *err)
{
	struct sending s = { .r = r, .x = x, .options = o, .sum = out };
	enum rc rc;

	memset(out, 0, sizeof(*out));
	s.folder = evidence_folder(r);
	s.piece = malloc(PIECE_BYTES);
	s.all = json_array();
	rc = s.folder && s.piece && s.all ? RC_OK : out_of_memory(err);
	if (rc == RC_OK) {
		blob_sweep(s.folder, host_wall_ms(r->host));
		rc = replica_evidence(r, entry_note, s.all, err);
	}
	if (rc == RC_OK)
		rc = all_send(&s, err);
	json_decref(s.all);
	free(s.piece);
	free(s.folder);
	return rc;
}
