/* store/audit_verify.c - is the chain what was written? */
#include "store/audit_impl.h"

#include "base/date.h"
#include "sql_store.gen.h"

/* What somebody wrote down of the log, and what the log has there. */
struct noted {
	const struct audit_head *head; /* or NULL */
	const char *by;
	unsigned char there[SHA256_BYTES];
};

struct walk {
	struct store *s;
	struct audit_head *head; /* how far it is */
	struct audit_head end; /* as hufu.db notes it */
	struct noted noted[2];
	struct audit_fault *fault;
	struct err *err;
};

static enum rc fault_at(struct walk *w, int64_t seq, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static enum rc fault_at(struct walk *w, int64_t seq, const char *fmt, ...)
{
	va_list args;

	w->fault->seq = seq;
	va_start(args, fmt);
	vsnprintf(w->fault->why, sizeof(w->fault->why), fmt, args);
	va_end(args);
	return err_set(w->err, RC_CORRUPT, "audit log, entry %lld: %s",
		       (long long)seq, w->fault->why);
}

/* Types as they were written: what a comparison as text would not see. */
static bool types_hold(struct query *q)
{
	for (int col = 0; col < 12; col++) {
		char type = query_get_type(q, col);
		bool optional = col == 5 || col == 6 || col == 7 || col == 9 ||
				col == 10;
		char want = col < 2 ? 'i' : col == 11 ? 'b' : 't';

		if (type != want && !(optional && type == 'n'))
			return false;
		if (type == 't' &&
		    strlen(query_get_text(q, col)) != query_get_len(q, col))
			return false;
	}
	return query_get_len(q, 11) == SHA256_BYTES;
}

/* Would the row that q is on follow as entry `seq`? */
static enum rc row_follows(struct walk *w, struct query *q, int64_t seq,
			   struct audit_row *row, bool *follows)
{
	unsigned char hash[SHA256_BYTES];
	bool holds = types_hold(q); /* reading converts */
	int64_t own;
	enum rc rc;

	audit_row_read(q, row);
	own = row->seq;
	row->seq = seq;
	rc = audit_row_hash(row, w->head->hash, hash, w->err);
	row->seq = own;
	*follows = holds && !memcmp(hash, row->hash, sizeof(hash));
	return rc;
}

/* Entry `seq` does not follow. Does another one, so that it was only moved? */
static enum rc moved_to(struct walk *w, int64_t seq, int64_t *where)
{
	struct query *q = query_begin(w->s->db, SQL_AUDIT_WALK);
	struct audit_row row;
	bool follows = false;
	enum rc rc = RC_OK;

	*where = 0;
	while (rc == RC_OK && !follows && query_row(q)) {
		rc = row_follows(w, q, seq, &row, &follows);
		*where = row.seq;
	}
	if (query_end(q, w->err) != RC_OK)
		rc = w->err->code;
	if (!follows)
		*where = 0;
	return rc;
}

/* Why entry `want` is not what stands where it should; `found` is the seq that
 * stands there. */
static enum rc explain(struct walk *w, int64_t want, int64_t found)
{
	int64_t where;
	enum rc rc;

	if (found < want)
		return fault_at(w, found, "no entry has this number");
	rc = moved_to(w, want, &where);
	if (rc != RC_OK)
		return rc;
	if (where)
		return fault_at(w, want, "it was moved: it stands at %lld now",
				(long long)where);
	if (found > want)
		return fault_at(w, want, "it is missing: entry %lld is next",
				(long long)found);
	return fault_at(w, want, "it was altered");
}

/* Is the entry that the walk came to one that was written down? */
static void noted_look(struct walk *w)
{
	for (size_t i = 0; i < 2; i++) {
		struct noted *n = &w->noted[i];

		if (n->head && n->head->seq == w->head->seq)
			memcpy(n->there, w->head->hash, SHA256_BYTES);
	}
}

static enum rc chain_walk(struct walk *w)
{
	struct query *q = query_begin(w->s->db, SQL_AUDIT_WALK);
	struct audit_head *head = w->head;
	int64_t wrong = 0;
	bool follows = true;
	enum rc rc = RC_OK;

	while (rc == RC_OK && follows && query_row(q)) {
		struct audit_row row;

		rc = row_follows(w, q, head->seq + 1, &row, &follows);
		wrong = row.seq;
		follows = follows && wrong == head->seq + 1;
		if (rc != RC_OK || !follows)
			break;
		head->seq = row.seq;
		head->at_ms = row.at_ms;
		memcpy(head->hash, row.hash, SHA256_BYTES);
		noted_look(w);
	}
	if (query_end(q, w->err) != RC_OK)
		rc = w->err->code;
	return rc == RC_OK && !follows ? explain(w, head->seq + 1, wrong) : rc;
}

static enum rc noted_compare(struct walk *w, const struct noted *n)
{
	const struct audit_head *kept = n->head;
	char when[25];

	if (!kept || !kept->seq)
		return RC_OK;
	time_format(when, kept->at_ms);
	if (kept->seq > w->head->seq)
		return fault_at(w, w->head->seq + 1,
				"it is missing: the log was cut off, %s names "
				"entry %lld of %s",
				n->by, (long long)kept->seq, when);
	if (memcmp(n->there, kept->hash, SHA256_BYTES) != 0)
		return fault_at(w, kept->seq,
				"it is not the one that %s names (%s): the log "
				"up to here was written anew",
				n->by, when);
	return RC_OK;
}

static enum rc begin_at(struct walk *w)
{
	const struct audit_head *kept = w->noted[0].head;
	struct audit_head now;
	enum rc rc = audit_head(w->s, &now, w->err);

	if (rc == RC_CORRUPT)
		err_clear(w->err); /* the walk says which */
	else if (rc != RC_OK)
		return rc;
	memcpy(w->head->epoch, now.epoch, sizeof(now.epoch));
	audit_genesis(now.epoch, w->head->hash);
	if (kept && strcmp(kept->epoch, now.epoch) != 0)
		return err_set(w->err, RC_INVALID,
			       "the head that was kept is of another folder: "
			       "its audit log began with epoch %s, this one "
			       "with %s",
			       kept->epoch, now.epoch);
	rc = audit_end_get(w->s, &w->end, w->err);
	if (rc == RC_CORRUPT)
		snprintf(w->fault->why, sizeof(w->fault->why), "%s",
			 w->err->text);
	return rc;
}

enum rc audit_verify(struct store *s, const struct audit_head *kept,
		     struct audit_head *head, struct audit_fault *fault,
		     struct err *err)
{
	struct walk w = { .s = s, .head = head, .fault = fault, .err = err };
	bool mine = !db_in_transaction(s->db);
	enum rc rc = mine ? db_begin(s->db, false, err) : RC_OK;

	w.noted[0] = (struct noted){ kept, "the head that was kept", { 0 } };
	w.noted[1] = (struct noted){ &w.end, "hufu.db", { 0 } };
	memset(head, 0, sizeof(*head));
	memset(fault, 0, sizeof(*fault));
	if (rc == RC_OK)
		rc = begin_at(&w);
	if (rc == RC_OK)
		rc = chain_walk(&w);
	if (rc == RC_OK)
		rc = noted_compare(&w, &w.noted[0]);
	if (rc == RC_OK)
		rc = noted_compare(&w, &w.noted[1]);
	if (mine)
		db_rollback(s->db);
	return rc;
}
