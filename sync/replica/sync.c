/* replica/sync.c - commit, push, pull, apply: usually one round trip. */
#include "replica/replica_impl.h"

#include <string.h>

#include "sql_sync.gen.h"

#define REQUESTS_MAX 64
#define PAGES_MAX 100000
#define ANSWER_BYTES_MAX (64u << 20)

enum rc sync_scopes_begin(struct sync *s, struct err *err)
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

void sync_scopes_end(struct sync *s)
{
	for (size_t i = 0; i < s->nscopes; i++)
		json_decref(s->scopes[i].receipted);
	s->nscopes = 0;
}

/* Is there anything to write before asking: edits, or packets not yet sent? */
static enum rc must_write(struct sync *s, bool *must, struct err *err)
{
	int64_t local = 0;
	enum rc rc = db_int(s->r->db, SQL_R_PACKET_LOCAL_COUNT, 0, &local, err);

	*must = local > 0;
	for (size_t i = 0;
	     i < s->r->ncaptured && rc == RC_OK && !*must && !s->is_committed;
	     i++) {
		char id[33] = "";

		rc = next_id(s->r, s->r->captured[i].shadow_next, NULL, id,
			     must, err);
	}
	return rc;
}

/* One bad record must not keep a tablet from its district: it stays edited and
 * is told of, the rest goes. */
static enum rc commit_first(struct sync *s, struct err *err)
{
	int packets, records;

	if (s->is_committed)
		return RC_OK;
	memset(&s->sum->held, 0, sizeof(s->sum->held));
	return s->r->is_unlocked
		       ? commit_edits(s->r, "edits before a sync", &packets,
				      &records, &s->sum->held, err)
		       : edits_clean(s->r, err);
}

/* Uncommitted edits become packets and the request is made, in one
 * transaction: of reading alone when there is nothing to write. */
enum rc sync_request_first(struct sync *s, struct buf *body,
			   unsigned char digest[32], struct err *err)
{
	bool must = true;
	enum rc rc = replica_begin_read(s->r, err);

	if (rc != RC_OK)
		return rc;
	rc = must_write(s, &must, err);
	if (rc == RC_OK && !must)
		rc = request_make(s, false, body, digest, err);
	rc = replica_end(s->r, rc, err);
	if (rc != RC_OK || !must)
		return rc;
	rc = replica_begin(s->r, err);
	if (rc != RC_OK)
		return rc;
	rc = commit_first(s, err);
	if (rc == RC_OK)
		rc = request_make(s, false, body, digest, err);
	rc = replica_end(s->r, rc, err);
	s->is_committed |= rc == RC_OK;
	return rc;
}

static enum rc request_page(struct sync *s, struct buf *body,
			    unsigned char digest[32], struct err *err)
{
	enum rc rc = replica_begin_read(s->r, err);

	if (rc == RC_OK)
		rc = replica_end(s->r, request_make(s, true, body, digest, err),
				 err);
	return rc;
}

/* Apply, or leave everything but the receipts as it was. *kept is false when
 * not even that could be done. */
enum rc sync_apply_or_not(struct sync *s, bool *kept, struct err *err)
{
	struct err ignored = { 0 };
	enum rc rc = db_savepoint(s->r->db, "apply", err);

	*kept = rc == RC_OK;
	if (rc != RC_OK)
		return rc;
	rc = apply_staged(s, err);
	if (rc == RC_OK)
		rc = db_release(s->r->db, "apply", err);
	if (rc != RC_OK) {
		*kept = db_rollback_to(s->r->db, "apply", &ignored) == RC_OK;
		s->r->kinds_serial = -1;
	}
	return rc;
}

/* Receipts, rows, roots: one transaction, unless further pages follow. A cut
 * answer, or one whose rows do not fit, leaves its receipts. */
static enum rc answer_apply(struct sync *s, bool pages, const struct buf *body,
			    const unsigned char digest[32], struct err *err)
{
	enum rc rc = replica_begin(s->r, err), applied = RC_OK;
	bool whole = false, kept = true;

	if (rc != RC_OK)
		return rc;
	rc = answer_take(s, pages, body, digest, &whole, err);
	if (rc == RC_OK && !whole)
		applied = err_set(err, RC_IO,
				  "the answer broke off: its receipts are "
				  "kept, sync again for the rest");
	else if (rc == RC_OK && !sync_has_more(s))
		applied = sync_apply_or_not(s, &kept, err);
	s->is_damaged = applied == RC_CORRUPT;
	if (!kept)
		rc = applied;
	rc = replica_end(s->r, rc, err);
	return rc == RC_OK ? applied : rc;
}

/* 403 may carry receipts (the packets of a revoked terminal are kept): they
 * count as any others, and so do those of an answer that was cut. */
static void receipts_save(struct sync *s, const struct exchange_reply *reply,
			  const unsigned char digest[32])
{
	struct err ignored = { 0 };
	bool whole;
	enum rc rc;

	if (!reply->body.len || reply->body.data[0] != 0x78 ||
	    replica_begin(s->r, &ignored) != RC_OK)
		return;
	rc = answer_take(s, false, &reply->body, digest, &whole, &ignored);
	replica_end(s->r, rc, &ignored);
}

static enum rc refused(const struct sync *s, const struct exchange_reply *reply,
		       struct err *err)
{
	for (size_t i = 0; i < s->nscopes; i++)
		if (!strcmp(s->scopes[i].error, "revoked"))
			return err_set(err, RC_DENIED,
				       "this terminal was revoked: what it "
				       "sent is kept aside, ask the office");
	return reply_failed(reply, "the server refused the sync", err);
}

/* One request, one answer. */
static enum rc round_trip(struct sync *s, bool pages, struct err *err)
{
	struct exchange_reply reply = { 0 };
	unsigned char digest[32];
	struct buf body;
	enum rc rc;

	buf_init(&body, ANSWER_BYTES_MAX);
	buf_init(&reply.body, ANSWER_BYTES_MAX);
	rc = pages ? request_page(s, &body, digest, err)
		   : sync_request_first(s, &body, digest, err);
	if (rc != RC_OK)
		goto out;
	s->sum->requests++;
	s->sum->bytes_up += (int64_t)body.len;
	rc = exchange_post(s->r, s->exchange, "/v1/sync",
			   "application/x-hufu-sync", true, &body, &reply, err);
	s->sum->bytes_down += (int64_t)reply.body.len;
	if (rc == RC_OK && reply.status == 200) {
		rc = answer_apply(s, pages, &reply.body, digest, err);
		goto out;
	}
	if (!pages)
		receipts_save(s, &reply, digest);
	if (rc == RC_OK)
		rc = refused(s, &reply, err);
out:
	buf_release(&body);
	buf_release(&reply.body);
	return rc;
}

enum rc sync_journals_renew(struct sync *s, struct err *err)
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

/* Push, pull, apply once. The last page applies them all. */
static enum rc round_do(struct sync *s, struct err *err)
{
	int pages = 0;
	enum rc rc = round_trip(s, false, err);

	while (rc == RC_OK && sync_has_more(s)) {
		if (++pages > PAGES_MAX)
			return err_set(err, RC_IO,
				       "the server's pages do not end");
		rc = round_trip(s, true, err);
	}
	return rc == RC_OK ? sync_journals_renew(s, err) : rc;
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

/* Nothing may stay behind in silence. What another program committed since is
 * its own affair. */
static enum rc left_report(const struct sync *s, struct err *err)
{
	struct query *q = query_begin(s->r->db, SQL_R_PACKET_OPEN_COUNT);
	int64_t left;
	enum rc rc;

	query_int(q, 1, s->last_packet);
	left = query_row(q) ? query_get_int(q, 0) : 0;
	rc = query_end(q, err);
	if (rc == RC_OK && left > 0 && s->npackets)
		rc = err_set(err, RC_CONFLICT,
			     "the server took no notice of %lld packet%s: "
			     "kept, sync again",
			     (long long)left, left == 1 ? "" : "s");
	return rc;
}

/* A server that was restored from a backup does not know this replica's head:
 * the halves are laid together, and what it lost goes again. */
static enum rc lost_follow(struct sync *s, bool *again, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < s->nscopes && rc == RC_OK; i++) {
		if (strcmp(s->scopes[i].error, "unknown_head") != 0)
			continue;
		s->scopes[i].error[0] = '\0';
		s->sum->restored = *again = true;
		rc = compare_scope(s, s->scopes[i].scope, true, err);
	}
	return rc;
}

enum rc scopes_change(struct sync *s, bool *again, struct err *err)
{
	bool came = false;
	enum rc rc = scopes_leave(s, again, err);

	if (rc == RC_OK)
		rc = scopes_follow(s, &came, err);
	*again |= came;
	return rc;
}

/* Push, pull, apply, and what follows from the answer. */
static enum rc round_follow(struct sync *s, bool *again, struct err *err)
{
	bool came = false;
	enum rc rc = round_do(s, err);

	*again = s->progressed || s->left_out;
	if (rc == RC_OK)
		rc = lost_follow(s, again, err);
	if (rc == RC_OK)
		rc = scopes_change(s, again, err);
	if (rc == RC_OK)
		rc = refusal_report(s, err);
	if (rc == RC_OK)
		rc = keys_came(s, &came, err);
	/* What they seal was held back, and can go now. */
	if (came && s->r->is_unlocked) {
		s->is_committed = false;
		*again = true;
	}
	if (rc == RC_OK && !*again)
		rc = left_report(s, err);
	return rc;
}

/* What does not give the root that the server signed is damaged here: once a
 * sync it is put right. */
static enum rc damage_follow(struct sync *s, struct err *err)
{
	enum rc rc;

	s->is_damaged = false;
	s->sum->was_damaged = true;
	sync_scopes_end(s);
	rc = sync_scopes_begin(s, err);
	return rc == RC_OK ? repair_all(s, err) : rc;
}

static enum rc rounds_do(struct sync *s, struct err *err)
{
	for (int i = 0; i < REQUESTS_MAX; i++) {
		bool again = false;
		enum rc rc = sync_scopes_begin(s, err);

		if (rc == RC_OK)
			rc = round_follow(s, &again, err);
		if (rc == RC_CORRUPT && s->is_damaged && !s->sum->was_damaged) {
			err_clear(err);
			rc = damage_follow(s, err);
			again = true;
		}
		sync_scopes_end(s);
		if (rc != RC_OK || !again)
			return rc;
	}
	return err_set(err, RC_IO, "the sync did not end after %d requests",
		       REQUESTS_MAX);
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

static enum rc repair_first(struct sync *s, struct err *err)
{
	enum rc rc = sync_scopes_begin(s, err);

	if (rc == RC_OK)
		rc = repair_all(s, err);
	s->sum->was_damaged = s->sum->repaired || s->sum->rebuilt;
	sync_scopes_end(s);
	return rc;
}

/* What this tablet carries for others goes first: a colleague's answers come
 * before the signature that rests on them. It holds up nothing. */
static void cargo_first(struct sync *s)
{
	struct err why = { 0 };

	if (cargo_deliver(s->r, s->exchange, s->sum, &why) != RC_OK)
		snprintf(s->sum->carried_why, sizeof(s->sum->carried_why), "%s",
			 why.text);
}

static enum rc sync_run(struct replica *r, const struct exchange *x,
			bool repair, struct sync_summary *out, struct err *err)
{
	struct sync *s;
	enum rc rc;

	memset(out, 0, sizeof(*out));
	if (r->wipe == WIPE_DONE)
		return wiped_sync(r, x, err);
	if (r->wipe == WIPE_ORDERED) {
		rc = wipe_resume(r, x, err);
		if (rc != RC_OK || r->wipe != WIPE_NONE)
			return rc;
	}
	s = calloc(1, sizeof(*s));
	if (!s)
		return out_of_memory(err);
	s->r = r;
	s->exchange = x;
	s->sum = out;
	rc = replica_mend(r, err);
	if (rc == RC_OK && repair)
		rc = repair_first(s, err);
	if (rc == RC_OK)
		cargo_first(s);
	if (rc == RC_OK)
		rc = rounds_do(s, err);
	rc = wipe_after(s, rc, err);
	out->all_equal = rc == RC_OK;
	if (r->wipe == WIPE_NONE)
		vacuum_if_due(r);
	staged_forget(s);
	free(s);
	return rc;
}

enum rc replica_sync(struct replica *r, const struct exchange *x,
		     struct sync_summary *out, struct err *err)
{
	return sync_run(r, x, false, out, err);
}

enum rc replica_repair(struct replica *r, const struct exchange *x,
		       struct sync_summary *out, struct err *err)
{
	return sync_run(r, x, true, out, err);
}
