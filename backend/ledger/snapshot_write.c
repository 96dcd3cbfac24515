/* ledger/snapshot_write.c - a scope's rows into the bytes of a snapshot. */
#include "ledger/snapshot_write.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/jcs.h"
#include "ledger/ledger.h"
#include "sql_store.gen.h"
#include "wire/columns.h"
#include "wire/group.h"

#define GROUP_RECORDS 2000
#define PIECE_BYTES (128u << 20)
#define DIGEST_DIGITS 16 /* of the bytes' SHA-256 in an ETag */

struct snapping {
	struct store *s;
	const char *scope;
	int format;
	struct head head;
	int fd;
	struct sha256 digest; /* of all that was written */
	struct buf out;
	struct line_writer w;
	struct groups groups; /* format 1 */
	struct block_writer *block; /* later ones */
	struct err *err;
};

static enum rc out_flush(struct snapping *p)
{
	size_t done = 0;

	sha256_add(&p->digest, p->out.data, p->out.len);
	while (done < p->out.len) {
		ssize_t n = write(p->fd, p->out.data + done, p->out.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(p->err, RC_IO,
				       "cannot write a snapshot: %s",
				       strerror(errno));
		done += (size_t)n;
	}
	buf_reset(&p->out);
	return RC_OK;
}

static enum rc rows_flush(struct snapping *p)
{
	json_t *line;
	enum rc rc;

	if (p->format > 1) {
		rc = block_write(p->block, &p->w, p->err);
		return rc == RC_OK ? out_flush(p) : rc;
	}
	if (!p->groups.records)
		return RC_OK;
	line = json_pack("{s:o}", "rows", groups_take(&p->groups));
	rc = line ? line_writer_put(&p->w, line, p->err)
		  : err_set(p->err, RC_NOMEM, "out of memory");
	json_decref(line);
	return rc == RC_OK ? out_flush(p) : rc;
}

static enum rc record_put(struct snapping *p, const char *kind,
			  const json_t *record)
{
	bool is_full;
	enum rc rc;

	if (p->format > 1) {
		rc = block_add(p->block, kind, record, p->err);
		is_full = block_is_full(p->block);
	} else {
		rc = groups_add_whole(&p->groups, kind, record, p->err);
		is_full = p->groups.records == GROUP_RECORDS ||
			  p->groups.bytes > JSON_BYTES_MAX / 2;
	}
	return rc == RC_OK && is_full ? rows_flush(p) : rc;
}

static enum rc kind_put(struct snapping *p, const char *kind)
{
	struct query *q = query_begin(p->s->db, SQL_SNAPSHOT_ROWS);
	enum rc rc = RC_OK;

	query_text(q, 1, p->scope);
	query_text(q, 2, kind);
	while (rc == RC_OK && query_row(q)) {
		json_t *record;

		rc = json_read(query_get_text(q, 1), query_get_len(q, 1),
			       &record, p->err);
		if (rc == RC_OK)
			rc = record_put(p, kind, record);
		json_decref(record);
	}
	if (query_end(q, p->err) != RC_OK)
		rc = p->err->code;
	return rc == RC_OK ? rows_flush(p) : rc;
}

enum rc snapshot_count(struct store *s, const char *scope, int64_t *records,
		       struct err *err)
{
	struct query *q = query_begin(s->db, SQL_SNAPSHOT_COUNT);

	query_text(q, 1, scope);
	*records = query_row(q) ? query_get_int(q, 0) : 0;
	return query_end(q, err);
}

static enum rc head_put(struct snapping *p)
{
	char head[OID_HEX_SIZE], root[OID_HEX_SIZE];
	struct query *q;
	int64_t records;
	json_t *line;
	enum rc rc = snapshot_count(p->s, p->scope, &records, p->err);

	if (rc != RC_OK)
		return rc;
	oid_hex(head, &p->head.commit);
	oid_hex(root, &p->head.root);
	q = query_begin(p->s->db, SQL_MAIN_BODY);
	query_text(q, 1, p->scope);
	query_blob(q, 2, p->head.commit.b, OID_BYTES);
	query_row(q);
	line = json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:I, s:I}", "format",
			 p->format, "scope", p->scope, "epoch", p->s->epoch,
			 "head", head, "commit", query_get_text(q, 0), "root",
			 root, "position", (json_int_t)p->head.position,
			 "records", (json_int_t)records);
	rc = query_end(q, p->err);
	if (rc == RC_OK)
		rc = line ? line_writer_put(&p->w, line, p->err)
			  : err_set(p->err, RC_NOMEM, "out of memory");
	json_decref(line);
	return rc;
}

static enum rc kinds_put(struct snapping *p)
{
	struct query *q = query_begin(p->s->db, SQL_SNAPSHOT_KINDS);
	enum rc rc = RC_OK;

	query_text(q, 1, p->scope);
	while (rc == RC_OK && query_row(q))
		rc = kind_put(p, query_get_text(q, 0));
	return query_end(q, p->err) == RC_OK ? rc : p->err->code;
}

static enum rc scope_put(struct snapping *p)
{
	enum rc rc = db_begin(p->s->db, false, p->err);

	if (rc == RC_OK)
		rc = ledger_head(p->s, p->scope, &p->head, p->err);
	if (rc == RC_NOT_FOUND)
		err_set(p->err, rc, "there is no scope '%s' here", p->scope);
	if (rc == RC_OK)
		rc = head_put(p);
	if (rc == RC_OK)
		rc = kinds_put(p);
	if (rc == RC_OK)
		rc = line_writer_end(&p->w, p->err);
	if (rc == RC_OK)
		rc = out_flush(p);
	db_rollback(p->s->db);
	if (rc == RC_OK && fsync(p->fd) != 0)
		rc = err_set(p->err, RC_IO, "cannot write a snapshot: %s",
			     strerror(errno));
	return rc;
}

static void etag_write(struct snapping *p, char etag[SNAPSHOT_ETAG_BYTES])
{
	unsigned char digest[SHA256_BYTES];
	char head[OID_HEX_SIZE], hex[2 * SHA256_BYTES + 1];

	sha256_end(&p->digest, digest);
	hex_encode(hex, digest, sizeof(digest));
	oid_hex(head, &p->head.commit);
	if (p->format > 1)
		snprintf(etag, SNAPSHOT_ETAG_BYTES, "%s-%.*s", head,
			 DIGEST_DIGITS, hex);
	else
		snprintf(etag, SNAPSHOT_ETAG_BYTES, "%s", head);
}

enum rc snapshot_write(struct store *s, const char *scope, int format, int fd,
		       char etag[SNAPSHOT_ETAG_BYTES], struct err *err)
{
	struct snapping p = {
		.s = s, .scope = scope, .format = format, .fd = fd, .err = err
	};
	enum rc rc;

	buf_init(&p.out, PIECE_BYTES);
	sha256_begin(&p.digest);
	rc = groups_init(&p.groups, err);
	if (rc == RC_OK && !(p.block = block_writer_new()))
		rc = err_set(err, RC_NOMEM, "out of memory");
	if (rc == RC_OK)
		rc = line_writer_init(&p.w, &p.out, err);
	if (rc == RC_OK)
		rc = scope_put(&p);
	if (rc == RC_OK)
		etag_write(&p, etag);
	groups_release(&p.groups);
	block_writer_free(p.block);
	line_writer_release(&p.w);
	buf_release(&p.out);
	return rc;
}
