/* ledger/seen.c - the version of its subject that the signer of a visit saw. No
 * field has to say so: the packet that signed names the main commit on which it
 * was written. */
#include "ledger/gate.h"

#include <string.h>

#include "base/jcs.h"
#include "object/commit.h"
#include "sql_store.gen.h"

#define COMMIT_MEMORY (64 * 1024)

/* Where the log stood for who wrote this packet; 0: it names nothing. */
static enum rc base_of(struct store *s, const char *scope, struct query *q,
		       int64_t *position, struct err *err)
{
	struct packet_commit c;
	struct head head = { 0 };
	struct arena mem;
	struct oid oid;
	enum rc rc;

	arena_init(&mem, COMMIT_MEMORY);
	rc = packet_commit_read(&c, &oid, query_get_text(q, 0),
				query_get_len(q, 0), &mem, err);
	if (rc == RC_OK && c.has_base && strcmp(c.journal, "office") != 0)
		rc = ledger_head_at(s, scope, &c.base, &head, err);
	*position = head.position;
	arena_release(&mem);
	return rc;
}

enum rc seen_subject(struct store *s, const char *scope, const json_t *visit,
		     json_t *out, struct err *err)
{
	const char *subject = json_text(visit, "subject");
	int64_t signed_at, position = 0;
	char hex[OID_HEX_SIZE], *text = NULL;
	struct err none = { 0 };
	struct query *q;
	struct oid oid;
	size_t len;
	enum rc rc = visit_signed_at(s, scope, json_text(visit, "id"),
				     &signed_at, err);

	if (rc != RC_OK || !subject || signed_at == INT64_MAX)
		return rc;
	q = query_begin(s->db, SQL_PACKET_AT);
	query_text(q, 1, scope);
	query_int(q, 2, signed_at);
	if (query_row(q))
		rc = base_of(s, scope, q, &position, err);
	if (query_end(q, err) != RC_OK)
		return err->code;
	if (rc != RC_OK || !position)
		return rc;
	rc = store_record_at(s, scope, "subject", subject, position, &text,
			     &len, &none);
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		err_set(err, rc, "%s", none.text);
	if (rc == RC_OK)
		rc = oid_of(&oid, OBJECT_BLOB, text, len, err);
	free(text);
	if (rc != RC_OK)
		return rc == RC_NOT_FOUND ? RC_OK : rc;
	oid_hex(hex, &oid);
	return json_object_set_new(out, "subject_version_seen",
				   json_string(hex)) == 0
		       ? RC_OK
		       : err_set(err, RC_NOMEM, "out of memory");
}
