/* replica/sync.c - commit, push, pull, apply: usually one round trip. */
#include "replica/replica_impl.h"

#include <string.h>

#include "sql_sync.gen.h"

#define REQUESTS_MAX 64
#define PAGES_MAX 100000
#define ANSWER_BYTES_MAX (64u << 20)

static enum rc scopes_begin(struct sync *s, struct err *err)
{
	struct scope *all;
	size_t n;
	enum rc rc = scope_all(s->r, &all, &n, err);

	if (rc != RC_OK)
		return rc;
	s->left_out = s->progressed = false;
	s->nscopes = n;
	for (size_t i = 0; i < n; i++) {
		struct sync_scope *scope = &s->scopes[i];

		memset(scope, 0, sizeof(*scope));
		memcpy(scope->scope, all[i].scope, sizeof(scope->scope));
		scope->has_head = all[i].has_head;
		scope->head = all[i].head;
		scope->receipted = json_array();
		if (!scope->receipted)
			rc = out_of_memory(err);
	}
	free(all);
	return rc;
}

static void scopes_end(struct sync *s)
{
	for (size_t i = 0; i < s->nscopes; i++)
		json_decref(s->scopes[i].receipted);
	s->nscopes = 0;
}

/* 403 may carry receipts (the packets of a revoked terminal are kept): they
 * count as any others. */
static enum rc refused(struct sync *s, bool pages,
		       const struct exchange_reply *reply,
		       const unsigned char digest[32], struct err *err)
{
	struct err ignored = { 0 };
	bool whole;

	if (reply->status == 403 && !pages && reply->body.len &&
	    reply->body.data[0] == 0x78)
		answer_take(s, false, &reply->body, digest, &whole, &ignored);
	for (size_t i = 0; i < s->nscopes; i++)
		if (!strcmp(s->scopes[i].error, "revoked"))
			return err_set(err, RC_DENIED,
				       "this terminal was revoked: what it "
				       "sent is kept aside, ask the office");
	return reply_failed(reply, "the server refused the sync", err);
}

/* One request, one answer, its receipts kept and its rows staged. */
static enum rc round_trip(struct sync *s, bool pages, struct err *err)
{
	struct exchange_reply reply = { 0 };
	struct err cut = { 0 };
	unsigned char digest[32];
	bool whole = false;
	struct buf body;
	enum rc rc;

	buf_init(&body, ANSWER_BYTES_MAX);
	buf_init(&reply.body, ANSWER_BYTES_MAX);
	rc = replica_begin(s->r, err);
	if (rc == RC_OK)
		rc = replica_end(
			s->r, request_make(s, pages, &body, digest, err), err);
	if (rc != RC_OK)
		goto out;
	s->sum->requests++;
	s->sum->bytes_up += (int64_t)body.len;
	rc = exchange_post(s->r, s->exchange, "/v1/sync",
			   "application/x-hufu-sync", true, &body, &reply, err);
	s->sum->bytes_down += (int64_t)reply.body.len;
	if (rc == RC_OK && reply.status != 200) {
		rc = refused(s, pages, &reply, digest, err);
	} else if (rc == RC_OK) {
		rc = answer_take(s, pages, &reply.body, digest, &whole, err);
		if (rc == RC_OK && !whole)
			rc = err_set(err, RC_IO,
				     "the answer broke off: its receipts are "
				     "kept, sync again for the rest");
	} else if (!pages && reply.body.len) {
		/* Receipts count even if the rest was cut. */
		answer_take(s, pages, &reply.body, digest, &whole, &cut);
	}
out:
	buf_release(&body);
	buf_release(&reply.body);
	return rc;
}

static bool has_more(const struct sync *s)
{
	for (size_t i = 0; i < s->nscopes; i++)
		if (s->scopes[i].has_more)
			return true;
	return false;
}

static enum rc journals_renew(struct sync *s, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < s->nscopes && rc == RC_OK; i++) {
		if (!s->scopes[i].has_forked)
			continue;
		rc = replica_begin(s->r, err);
		if (rc == RC_OK)
			rc = replica_end(s->r,
					 journal_renew(s->r, s->scopes[i].scope,
						       &s->scopes[i].forked,
						       err),
					 err);
		s->sum->fork = true;
	}
	return rc;
}

/* Push, pull, apply once. */
static enum rc round_do(struct sync *s, struct err *err)
{
	int pages = 0;
	enum rc rc = round_trip(s, false, err);

	while (rc == RC_OK && has_more(s)) {
		if (++pages > PAGES_MAX)
			return err_set(err, RC_IO,
				       "the server's pages do not end");
		rc = round_trip(s, true, err);
	}
	if (rc == RC_OK)
		rc = apply_staged(s, err);
	return rc == RC_OK ? journals_renew(s, err) : rc;
}

static enum rc refusal_report(const struct sync *s, struct err *err)
{
	for (size_t i = 0; i < s->nscopes; i++)
		if (s->scopes[i].error[0])
			return err_set(err, RC_DENIED,
				       "the server refused scope '%s': %s",
				       s->scopes[i].scope, s->scopes[i].error);
	return RC_OK;
}

/* Nothing may stay behind in silence. */
static enum rc left_report(struct sync *s, struct err *err)
{
	int64_t left;
	enum rc rc = db_int(s->r->db, SQL_R_PACKET_OPEN_COUNT, 0, &left, err);

	if (rc == RC_OK && left > 0 && s->npackets)
		rc = err_set(err, RC_CONFLICT,
			     "the server took no notice of %lld packets: they "
			     "are kept",
			     (long long)left);
	return rc;
}

static enum rc rounds_do(struct sync *s, struct err *err)
{
	for (int i = 0; i < REQUESTS_MAX; i++) {
		bool again;
		enum rc rc = scopes_begin(s, err);

		if (rc == RC_OK)
			rc = round_do(s, err);
		if (rc == RC_OK)
			rc = refusal_report(s, err);
		again = s->progressed || s->left_out;
		if (rc == RC_OK && !again)
			rc = left_report(s, err);
		scopes_end(s);
		if (rc != RC_OK || !again)
			return rc;
	}
	return err_set(err, RC_IO, "the sync did not end after %d requests",
		       REQUESTS_MAX);
}

/* One bad record must not keep a tablet from its district: it stays edited and
 * is told of, the rest goes. */
static enum rc commit_first(struct replica *r, struct held_back *held,
			    struct err *err)
{
	int packets, records;
	enum rc rc;

	if (r->is_unlocked)
		return replica_commit_sound(r, "edits before a sync", &packets,
					    &records, held, err);
	rc = replica_begin(r, err);
	return rc == RC_OK ? replica_end(r, edits_clean(r, err), err) : rc;
}

/* A destroyed key's traces: pages that were free before. */
static void vacuum_if_due(struct replica *r)
{
	struct err ignored = { 0 };
	int64_t due = 0;

	if (meta_get_int(r, "vacuum", 0, &due, &ignored) != RC_OK || !due)
		return;
	if (db_script(r->db, "VACUUM", &ignored) == RC_OK)
		meta_put(r, "vacuum", NULL, &ignored);
}

enum rc replica_sync(struct replica *r, const struct exchange *x,
		     struct sync_summary *out, struct err *err)
{
	struct sync *s = calloc(1, sizeof(*s));
	enum rc rc;

	memset(out, 0, sizeof(*out));
	if (!s)
		return out_of_memory(err);
	s->r = r;
	s->exchange = x;
	s->sum = out;
	rc = commit_first(r, &out->held, err);
	if (rc == RC_OK)
		rc = rounds_do(s, err);
	out->all_equal = rc == RC_OK;
	vacuum_if_due(r);
	free(s);
	return rc;
}
