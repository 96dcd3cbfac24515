/* store/audit_end.c - the log's last entry, noted a second time. */
#include "store/audit_impl.h"

#include <stdlib.h>

#include "base/hex.h"
#include "base/log.h"
#include "sql_store.gen.h"

#define END "audit_end"

static bool end_read(const char *text, struct audit_head *out)
{
	const char *hash = strrchr(text, ' ');
	char *rest;

	out->seq = strtoll(text, &rest, 10);
	out->at_ms = *rest == ' ' ? strtoll(rest, &rest, 10) : -1;
	return hash && rest == hash && out->seq >= 0 && out->at_ms >= 0 &&
	       hex_decode(out->hash, SHA256_BYTES, hash + 1, strlen(hash + 1));
}

enum rc audit_end_get(struct store *s, struct audit_head *out, struct err *err)
{
	char *text = NULL;
	enum rc rc = store_meta_get(s, END, &text, err);

	memset(out, 0, sizeof(*out));
	if (rc == RC_NOT_FOUND)
		return err_set(err, rc,
			       "'%s/hufu.db' does not note where its audit log "
			       "ends",
			       s->dir);
	if (rc == RC_OK && !end_read(text, out))
		rc = err_set(err, RC_CORRUPT,
			     "'%s/hufu.db' does not note where its audit log "
			     "ends: 'audit_end' in 'meta' was altered",
			     s->dir);
	free(text);
	return rc;
}

static enum rc end_put(struct store *s, int64_t seq, int64_t at_ms,
		       const unsigned char hash[SHA256_BYTES], struct err *err)
{
	char text[2 * SHA256_BYTES + 64], hex[2 * SHA256_BYTES + 1];

	hex_encode(hex, hash, SHA256_BYTES);
	snprintf(text, sizeof(text), "%lld %lld %s", (long long)seq,
		 (long long)at_ms, hex);
	return store_meta_put(s, END, text, err);
}

/* Does the log still have what was noted? One that goes on behind it does: a
 * version that noted nothing may have written in between. */
static enum rc end_stands(struct store *s, const struct audit_head *end,
			  const struct audit_head *head, bool *stands,
			  struct err *err)
{
	struct query *q;
	const void *hash;
	size_t n;

	*stands = end->seq == head->seq &&
		  !memcmp(end->hash, head->hash, SHA256_BYTES);
	if (*stands || end->seq >= head->seq)
		return RC_OK;
	*stands = end->seq == 0;
	q = query_begin(s->db, SQL_AUDIT_HASH);
	query_int(q, 1, end->seq);
	if (query_row(q)) {
		hash = query_get_blob(q, 0, &n);
		*stands = n == SHA256_BYTES && !memcmp(hash, end->hash, n);
	}
	return query_end(q, err);
}

enum rc audit_end_move(struct store *s, const struct audit_head *before,
		       const struct audit_row *row, struct err *err)
{
	struct err why = { 0 };
	struct audit_head end;
	bool stands = false;
	enum rc rc = audit_end_get(s, &end, &why);

	if (rc == RC_NOT_FOUND || rc == RC_CORRUPT)
		return RC_OK;
	if (rc != RC_OK)
		return err_set(err, rc, "%s", why.text);
	rc = end_stands(s, &end, before, &stands, err);
	return rc == RC_OK && stands
		       ? end_put(s, row->seq, row->at_ms, row->hash, err)
		       : rc;
}

enum rc audit_end_note(struct store *s, struct err *err)
{
	struct audit_head head;
	enum rc rc = audit_head(s, &head, err);

	return rc == RC_OK ? end_put(s, head.seq, head.at_ms, head.hash, err)
			   : rc;
}

enum rc audit_end_check(struct store *s, struct err *err)
{
	struct err why = { 0 };
	struct audit_head end;
	bool mine;
	enum rc rc = audit_end_get(s, &end, &why);

	if (rc != RC_NOT_FOUND)
		return rc == RC_OK || rc == RC_CORRUPT
			       ? RC_OK
			       : err_set(err, rc, "%s", why.text);
	rc = store_write_begin(s, &mine, err);
	if (rc == RC_OK)
		rc = store_write_end(s, mine, audit_end_note(s, err), err);
	if (rc == RC_CORRUPT) { /* 'hufud audit verify' says where */
		err_clear(err);
		return RC_OK;
	}
	if (rc == RC_OK)
		log_warn("audit folder=%s the end of the log was not noted "
			 "and is from now on",
			 s->dir);
	return rc;
}
