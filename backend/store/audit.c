/* store/audit.c - the chain: an entry's text, its hash, and the next one. */
#include "store/audit_impl.h"

#include <stdlib.h>

#include "base/hex.h"
#include "base/jcs.h"
#include "sql_store.gen.h"

#define AUDIT_DETAIL_BYTES (128u << 10) /* before it is cut */

const char *audit_via_name(enum audit_via via)
{
	static const char *const names[VIA__MAX] = { [VIA_JOB] = "job",
						     [VIA_CLI] = "cli",
						     [VIA_API] = "api",
						     [VIA_SYNC] = "sync" };

	return names[via];
}

const char *audit_outcome_name(enum audit_outcome outcome)
{
	static const char *const names[AUDIT__MAX] = { [AUDIT_DONE] = "ok",
						       [AUDIT_REFUSED] =
							       "refused",
						       [AUDIT_FAILED] =
							       "failed" };

	return names[outcome];
}

enum audit_outcome audit_outcome_of(enum rc rc)
{
	if (rc == RC_OK)
		return AUDIT_DONE;
	return rc == RC_CORRUPT || rc == RC_IO || rc == RC_NOMEM
		       ? AUDIT_FAILED
		       : AUDIT_REFUSED;
}

bool audit_is_due(const struct kind *k)
{
	return k && k->privacy >= 3;
}

/* Members in the order of canonical JSON. */
enum rc audit_row_hash(const struct audit_row *row,
		       const unsigned char before[SHA256_BYTES],
		       unsigned char out[SHA256_BYTES], struct err *err)
{
	const struct member {
		const char *name, *text;
		int64_t number; /* where there is no text */
		bool is_number;
	} members[] = {
		{ "at_ms", NULL, row->at_ms, true },
		{ "detail", row->detail, 0, false },
		{ "id", row->id, 0, false },
		{ "kind", row->kind, 0, false },
		{ "operation", row->operation, 0, false },
		{ "outcome", row->outcome, 0, false },
		{ "request_id", row->request_id, 0, false },
		{ "scope", row->scope, 0, false },
		{ "seq", NULL, row->seq, true },
		{ "via", row->via, 0, false },
		{ "who", row->who, 0, false },
	};
	struct sha256 h;
	struct buf text;
	enum rc rc;

	buf_init(&text, 64 * 1024);
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		const struct member *m = &members[i];

		if (!m->is_number && !m->text)
			continue;
		buf_byte(&text, text.len ? ',' : '{');
		buf_printf(&text, "\"%s\":", m->name);
		if (m->is_number)
			buf_int(&text, m->number);
		else
			jcs_string(&text, m->text, strlen(m->text));
	}
	buf_byte(&text, '}');
	rc = buf_status(&text, err);
	if (rc == RC_OK) {
		sha256_begin(&h);
		sha256_add(&h, before, SHA256_BYTES);
		sha256_add(&h, text.data, text.len);
		sha256_end(&h, out);
	}
	buf_release(&text);
	return rc;
}

void audit_genesis(const char *epoch, unsigned char out[SHA256_BYTES])
{
	struct sha256 h;

	sha256_begin(&h);
	sha256_add(&h, "hufu audit 1", 12);
	sha256_add(&h, epoch, strlen(epoch));
	sha256_end(&h, out);
}

enum rc audit_head(struct store *s, struct audit_head *out, struct err *err)
{
	char *epoch = NULL;
	struct query *q;
	const void *hash;
	size_t n = SHA256_BYTES;
	enum rc rc = store_meta_get(s, "audit_epoch", &epoch, err);

	memset(out, 0, sizeof(*out));
	if (rc == RC_NOT_FOUND)
		return err_set(err, RC_CORRUPT,
			       "'%s/hufu.db' does not say where its audit log "
			       "began",
			       s->dir);
	if (rc != RC_OK)
		return rc;
	snprintf(out->epoch, sizeof(out->epoch), "%s", epoch);
	audit_genesis(epoch, out->hash);
	free(epoch);
	q = query_begin(s->db, SQL_AUDIT_LAST);
	if (query_row(q)) {
		out->seq = query_get_int(q, 0);
		out->at_ms = query_get_int(q, 1);
		hash = query_get_blob(q, 2, &n);
		if (n == SHA256_BYTES)
			memcpy(out->hash, hash, SHA256_BYTES);
	}
	rc = query_end(q, err);
	if (rc == RC_OK && n != SHA256_BYTES)
		rc = err_set(err, RC_CORRUPT,
			     "the audit log's last entry has no hash: see "
			     "'hufud audit verify'");
	return rc;
}

/* Bytes of a UTF-8 character by its first, 0 for none that begins one. */
static size_t utf8_length(unsigned char c)
{
	return c < 0x80   ? 1
	       : c < 0xc2 ? 0
	       : c < 0xe0 ? 2
	       : c < 0xf0 ? 3
	       : c < 0xf5 ? 4
			  : 0;
}

/* A copy that can stand in canonical JSON on one line; NULL of NULL. */
static const char *clean(char out[AUDIT_TEXT_MAX + 1], const char *text)
{
	size_t left = text ? strlen(text) : 0, at = 0;

	if (!text)
		return NULL;
	while (left) {
		size_t n = utf8_length((unsigned char)*text);
		bool ok = n && n <= left && utf8_is_valid(text, n) &&
			  (unsigned char)*text >= 0x20 && *text != 0x7f;

		n = ok ? n : 1;
		if (at + n > AUDIT_TEXT_MAX)
			break;
		if (ok)
			memcpy(out + at, text, n);
		else
			out[at] = '?';
		at += n;
		text += n;
		left -= n;
	}
	out[at] = '\0';
	return out;
}

static enum rc row_put(struct store *s, const struct audit_row *row,
		       struct err *err)
{
	struct query *q = query_begin(s->db, SQL_AUDIT_PUT);

	query_int(q, 1, row->seq);
	query_int(q, 2, row->at_ms);
	query_text(q, 3, row->who);
	query_text(q, 4, row->via);
	query_text(q, 5, row->operation);
	query_text(q, 6, row->scope);
	query_text(q, 7, row->kind);
	query_text(q, 8, row->id);
	query_text(q, 9, row->outcome);
	query_text(q, 10, row->request_id);
	query_text(q, 11, row->detail);
	query_blob(q, 12, row->hash, SHA256_BYTES);
	return query_end(q, err);
}

/* The detail with what the actor came with before it. */
static const char *detail_of(const struct audit_entry *e, struct buf *out)
{
	const struct audit_by *by = &e->by;

	if (!by->with || !by->with[0])
		return e->detail;
	buf_printf(out, "by %s", by->with);
	if (by->given_by && by->given_by[0])
		buf_printf(out, ", made by %s", by->given_by);
	if (e->detail)
		buf_printf(out, "; %s", e->detail);
	return out->data;
}

enum rc audit_put(struct store *s, const struct audit_entry *e, struct err *err)
{
	char text[7][AUDIT_TEXT_MAX + 1];
	struct buf detail;
	struct audit_row row = {
		.at_ms = by_ms(s, &e->by),
		.who = clean(text[0], e->by.who ? e->by.who : "server"),
		.via = audit_via_name(e->by.via),
		.operation = clean(text[1], e->operation),
		.scope = clean(text[2], e->scope),
		.kind = clean(text[3], e->kind),
		.id = clean(text[4], e->id),
		.outcome = audit_outcome_name(e->outcome),
		.request_id = clean(text[5], e->by.request_id),
	};
	struct audit_head head;
	bool mine;
	enum rc rc;

	buf_init(&detail, AUDIT_DETAIL_BYTES);
	row.detail = clean(text[6], detail_of(e, &detail));
	rc = buf_status(&detail, err);
	buf_release(&detail);
	if (rc == RC_OK)
		rc = store_write_begin(s, &mine, err);
	if (rc != RC_OK)
		return rc;
	rc = audit_head(s, &head, err);
	if (rc == RC_OK) {
		row.seq = head.seq + 1;
		rc = audit_row_hash(&row, head.hash, row.hash, err);
	}
	if (rc == RC_OK)
		rc = row_put(s, &row, err);
	if (rc == RC_OK)
		rc = audit_end_move(s, &head, &row, err);
	s->audited += rc == RC_OK;
	return store_write_end(s, mine, rc, err);
}

bool audit_is_seen(const struct account *a, const struct audit_row *row)
{
	return account_may(a, AUDIT_ROLES, row->scope ? row->scope : "*");
}

void audit_row_read(struct query *q, struct audit_row *out)
{
	size_t n;
	const void *hash = query_get_blob(q, 11, &n);

	*out = (struct audit_row){
		.seq = query_get_int(q, 0),
		.at_ms = query_get_int(q, 1),
		.who = query_get_text(q, 2),
		.via = query_get_text(q, 3),
		.operation = query_get_text(q, 4),
		.scope = query_get_text(q, 5),
		.kind = query_get_text(q, 6),
		.id = query_get_text(q, 7),
		.outcome = query_get_text(q, 8),
		.request_id = query_get_text(q, 9),
		.detail = query_get_text(q, 10),
	};
	if (n == SHA256_BYTES)
		memcpy(out->hash, hash, SHA256_BYTES);
}

enum rc audit_each(struct store *s, const struct audit_filter *f,
		   audit_row_fn *fn, void *ctx, struct err *err)
{
	struct query *q = query_begin(s->db, SQL_AUDIT_SELECT);
	struct audit_row row;
	enum rc rc = RC_OK;

	query_int(q, 1, f->from_ms);
	query_int(q, 2, f->to_ms ? f->to_ms : INT64_MAX);
	query_text(q, 3, f->who);
	query_text(q, 4, f->operation);
	query_text(q, 5, f->scope);
	query_int(q, 6, f->after_seq);
	query_text(q, 7, f->kind);
	query_text(q, 8, f->outcome);
	query_text(q, 9, f->request_id);
	query_text(q, 10, f->about);
	query_text(q, 11, f->with);
	while (rc == RC_OK && query_row(q)) {
		audit_row_read(q, &row);
		rc = fn(ctx, &row, err);
	}
	if (query_end(q, err) != RC_OK)
		rc = err->code;
	return rc;
}

enum rc audit_lately(struct store *s, const char *operation, const char *kind,
		     const char *id, int64_t since_ms, bool *found,
		     struct err *err)
{
	struct query *q = query_begin(s->db, SQL_AUDIT_LATELY);

	query_text(q, 1, operation);
	query_text(q, 2, kind);
	query_text(q, 3, id);
	query_int(q, 4, since_ms);
	*found = query_row(q);
	return query_end(q, err);
}
