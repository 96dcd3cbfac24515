/* replica/receipt.c - what the server says became of a packet. */
#include "replica/replica_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/jcs.h"
#include "sql_sync.gen.h"

/* A packet of ours that a receipt names. */
struct named {
	int64_t number;
	char scope[8], journal[24], state[16];
	struct oid oid;
};

/* RC_NOT_FOUND when it is not ours. */
static enum rc named_get(struct replica *r, const json_t *receipt,
			 struct named *out, struct err *err)
{
	const char *hex = json_text(receipt, "packet");
	struct query *q;
	bool found;
	enum rc rc;

	if (!hex || !oid_parse(&out->oid, hex, strlen(hex)))
		return err_set(err, RC_CORRUPT, "a receipt names no packet");
	q = query_begin(r->db, SQL_R_PACKET_BY_OID);
	query_text(q, 1, hex);
	found = query_row(q);
	if (found) {
		out->number = query_get_int(q, 0);
		snprintf(out->scope, sizeof(out->scope), "%s",
			 query_get_text(q, 1));
		snprintf(out->journal, sizeof(out->journal), "%s",
			 query_get_text(q, 2));
		snprintf(out->state, sizeof(out->state), "%s",
			 query_get_text(q, 3));
	}
	rc = query_end(q, err);
	return rc == RC_OK && !found ? RC_NOT_FOUND : rc;
}

/* [["kind/id", code]...] */
static enum rc codes_keep(struct replica *r, int64_t number,
			  const json_t *quarantined, struct err *err)
{
	const json_t *entry;
	enum rc rc = RC_OK;
	size_t i;

	json_array_foreach(quarantined, i, entry)
	{
		const char *path = json_string_value(json_array_get(entry, 0));
		const char *code = json_string_value(json_array_get(entry, 1));
		const char *slash = path ? strchr(path, '/') : NULL;
		struct query *q;

		if (!slash || !code)
			return err_set(err, RC_CORRUPT,
				       "a receipt is malformed");
		q = query_begin(r->db, SQL_R_PACKET_CODE);
		query_textn(q, 1, path, (size_t)(slash - path));
		query_text(q, 2, slash + 1);
		query_int(q, 3, number);
		query_text(q, 4, code);
		rc = query_end(q, err);
		if (rc != RC_OK)
			return rc;
	}
	return rc;
}

static enum rc count_add(struct sync *s, int64_t number, const json_t *receipt,
			 struct err *err)
{
	struct query *q = query_begin(s->r->db, SQL_R_PACKET_RECORD_COUNT);
	struct sync_summary *sum = s->sum;

	query_int(q, 1, number);
	if (query_row(q))
		sum->records_sent += (int)query_get_int(q, 0);
	sum->packets_sent++;
	sum->merged += (int)json_array_size(json_object_get(receipt, "merged"));
	sum->conflicts +=
		(int)json_array_size(json_object_get(receipt, "conflicts"));
	sum->quarantined +=
		(int)json_array_size(json_object_get(receipt, "quarantined"));
	return query_end(q, err);
}

static enum rc merged_take(struct sync *s, struct sync_scope *scope,
			   const struct named *p, const json_t *receipt,
			   struct err *err)
{
	int64_t anchor_ms, now_ms = 0;
	struct query *q;
	struct buf text;
	enum rc rc;

	if (strcmp(p->state, "local") != 0 && strcmp(p->state, "sent") != 0)
		return RC_OK;
	buf_init(&text, LINE_BYTES_MAX);
	rc = json_write(&text, receipt, err);
	if (rc == RC_OK)
		rc = anchor_get(s->r, &anchor_ms, &now_ms, err);
	if (rc == RC_OK) {
		q = query_begin(s->r->db, SQL_R_PACKET_ACKNOWLEDGE);
		query_int(q, 1, p->number);
		query_textn(q, 2, text.data, text.len);
		query_int(q, 3, json_int(receipt, "position", 0));
		query_int(q, 4, now_ms);
		rc = query_end(q, err);
	}
	buf_release(&text);
	if (rc == RC_OK)
		rc = codes_keep(s->r, p->number,
				json_object_get(receipt, "quarantined"), err);
	if (rc == RC_OK)
		rc = count_add(s, p->number, receipt, err);
	if (rc == RC_OK && json_array_append_new(scope->receipted,
						 json_integer(p->number)) != 0)
		rc = out_of_memory(err);
	return rc;
}

/* The server lacks earlier packets of the journal, as after a restore. */
static enum rc waiting_take(struct sync *s, const struct named *p,
			    struct err *err)
{
	struct query *q = query_begin(s->r->db, SQL_R_PACKET_RESEND);

	query_text(q, 1, p->scope);
	query_text(q, 2, p->journal);
	query_int(q, 3, p->number);
	query_row(q);
	if (query_changes(q) > 0)
		s->progressed = true;
	return query_end(q, err);
}

static enum rc whole_take(struct sync *s, const struct named *p,
			  struct err *err)
{
	struct query *q = query_begin(s->r->db, SQL_R_PACKET_WHOLE);

	query_int(q, 1, p->number);
	s->progressed = true;
	return query_end(q, err);
}

enum rc receipt_take(struct sync *s, struct sync_scope *scope,
		     const json_t *receipt, struct err *err)
{
	const char *state = json_text(receipt, "state");
	struct named p;
	enum rc rc = named_get(s->r, receipt, &p, err);

	if (rc == RC_NOT_FOUND ||
	    (rc == RC_OK && strcmp(p.scope, scope->scope)))
		return RC_OK; /* nothing of ours */
	if (rc != RC_OK)
		return rc;
	if (!state)
		return err_set(err, RC_CORRUPT, "a receipt has no state");
	if (!strcmp(state, "merged"))
		return merged_take(s, scope, &p, receipt, err);
	if (!strcmp(state, "need_whole"))
		return whole_take(s, &p, err);
	/* A server that was restored says which are to come again. */
	if (!strcmp(state, "waiting"))
		return scope->has_forked || (scope->error[0] &&
					     strcmp(scope->error, "scope") != 0)
			       ? RC_OK
			       : waiting_take(s, &p, err);
	if (strcmp(state, "fork") != 0 && strcmp(state, "unverifiable") != 0)
		return err_set(err, RC_INVALID,
			       "the server answers a packet with '%s', which "
			       "this version does not know",
			       state);
	if (!scope->has_forked) {
		scope->has_forked = true;
		scope->forked = p.oid;
	}
	s->progressed = true;
	return RC_OK;
}
