/* ledger/batch.h - one transaction of the writer: packets go in, a signed main
 * commit a scope comes out.
 *
 *   batch_begin -> (batch_mark -> batch_take ... -> batch_keep | batch_undo)*
 *               -> batch_end
 *
 * Between mark and keep lies one sync, in a savepoint: its failure takes back
 * its own packets and nobody else's. Not for other rooms. */
#ifndef LEDGER_BATCH_H
#define LEDGER_BATCH_H

#include "base/hash.h"
#include "ledger/ledger.h"
#include "ledger/plain.h"
#include "merge/merge.h"
#include "object/commit.h"
#include "tree/tree.h"

#define BATCH_SCOPES_MAX 64

/* A record that this batch changed: what its leaf was and will be. */
struct touched {
	char kind[32], id[33], town_before[8], town_after[8];
	bool is_new;
	struct oid oid;
	int64_t position;
};

struct batch_tip {
	char journal[33];
	struct oid oid;
};

struct batch_scope {
	char scope[16];
	bool has_head;
	struct head head; /* before the batch */
	int64_t position; /* of the newest log entry */
	int64_t seconds; /* of the commit to be */
	struct sha256 chain; /* Content-SHA256 so far */
	struct touched *touched;
	size_t ntouched, room_touched;
	json_t *index; /* "kind/id" -> number in touched */
	struct batch_tip *tips;
	size_t ntips, room_tips;
	struct oid *merged;
	size_t nmerged, room_merged;
	struct main_quarantined *quarantined; /* strings in the arena */
	size_t nquarantined, room_quarantined;
};

struct batch {
	struct store *store;
	struct arena mem;
	int64_t now_ms;
	struct batch_scope scopes[BATCH_SCOPES_MAX];
	size_t nscopes;
	bool catalog_touched;
	/* receipts that need the main commit's id: packet numbers by scope */
	json_t *receipts; /* array of {number, scope, receipt} */
	struct batch_mark *mark;
	struct err *err;
};

/* One record of a packet, ready to be merged. */
struct take_record {
	const char *kind, *id; /* borrowed */
	json_t *terminal; /* as sent: outer form when sealed; owned */
	char *body; /* canonical bytes of it; owned */
	size_t body_bytes;
	json_t *base; /* what the author saw, or NULL; owned */
	/* the earlier packet of the journal that the base comes from */
	bool has_q;
	struct oid q;
	char q_code[24]; /* its quarantine code for this record, or "" */
	const char *code; /* static: why it goes to quarantine, or NULL */
	char why[ERR_TEXT_MAX];
	bool is_marked, is_history; /* office_record */
	bool changed, is_new;
	/* what became an observation, and what stood there; owned, or NULL */
	json_t *found, *seen;
	bool altered; /* out: a recorded fact, by an import */
};

/* The role of who writes something that an import may write as well. */
static inline unsigned role_with_import(unsigned role, bool may)
{
	return may ? role | (unsigned)ROLE_IMPORT : role;
}

/* A verified packet with its records. */
struct take {
	struct oid oid;
	struct packet_commit commit; /* strings in the caller's arena */
	char boot[33]; /* of one that office_seal made */
	const char *bytes; /* of the commit object */
	size_t nbytes;
	const char *enrolment; /* or "office" */
	unsigned role; /* of the author */
	/* Who wrote the record that the author adopts, and in whose name it
	 * speaks; NULL: the author himself. */
	const char *voice;
	const struct account *actor; /* with what an account came; NULL: none */
	const char *code; /* static: all records go to quarantine */
	struct take_record *records;
	size_t nrecords;
	json_t *receipt; /* out: new reference */
};

/* In whose name its records speak. */
static inline const char *take_name(const struct take *t)
{
	return t->voice ? t->voice : t->commit.author;
}

enum rc batch_begin(struct batch *b, struct store *s, int64_t now_ms,
		    struct err *err);
/* Makes the main commits and commits the transaction; on failure everything is
 * rolled back. Releases the batch either way. */
enum rc batch_end(struct batch *b);
void batch_abort(struct batch *b);

enum rc batch_mark(struct batch *b);
enum rc batch_keep(struct batch *b);
enum rc batch_undo(struct batch *b);

/* The scope's state in this batch, opened at first use. */
enum rc batch_scope(struct batch *b, const char *scope,
		    struct batch_scope **out);
/* Merge a packet whose journal was checked: log, rows, conflicts, quarantine,
 * receipt. */
enum rc batch_take(struct batch *b, struct take *t);

/* -- between the files of this room -- */

/* Would one record go in, if this packet had it? r->code says why not; nothing
 * is written. `around`: by what stands beside it as well. */
enum rc take_would(struct batch *b, const struct batch_scope *bs,
		   const struct take *t, struct take_record *r, bool around);

/* Who wrote a version of the log, in which packet, received when. */
struct log_author {
	char author[33], packet[OID_HEX_SIZE]; /* "": unknown */
	int64_t received_ms;
};
/* From the row of SQL_LOG_AUTHORS that stands in q. */
void log_author_read(struct log_author *out, struct query *q);

/* Sign a packet of the office's journal: its records are filled, and author,
 * message, scope, operation and base of its commit. Its bytes are appended, and
 * borrowed by the packet. */
enum rc office_seal(struct batch *b, struct take *t, struct buf *bytes);
/* Office packets inside a batch that is open: see ledger_office. */
enum rc office_in_batch(struct batch *b, struct op *op, struct office_write *w);
/* consequence.c: what follows for other records from the packet that was just
 * taken, written as a packet of the server in the same batch. */
enum rc consequence_follow(struct batch *b, struct batch_scope *bs,
			   const struct take *t);

/* Append a record's new version to the log and its row; `packet` 0: none. */
enum rc batch_write(struct batch *b, struct batch_scope *bs, const char *kind,
		    const char *id, const json_t *record, const char *body,
		    size_t body_bytes, int64_t packet, bool merged,
		    int64_t *position);
/* Write what a merge could not decide into conflict records; ids are appended
 * to the JSON array `ids`. */
enum rc conflict_write(struct batch *b, struct batch_scope *bs,
		       const struct kind *k, const struct take *t,
		       const struct take_record *r,
		       const struct merge_result *m, json_t *ids);
/* Take out of a record what is the office's alone and comes from elsewhere:
 * `terminal` has what the author saw there, `found` and `seen` the rest. */
enum rc observe_split(struct batch *b, const struct kind *k, unsigned role,
		      struct take_record *r);
/* Who may answer it: the authors of both sides, into its field `parties`. */
void conflict_parties(const struct registry *kinds, const char *kind,
		      json_t *conflict);
/* Before it is decided again: what was decided and said against it goes into
 * its list of decisions. */
void conflict_past(const struct registry *kinds, const char *kind,
		   json_t *conflict);
/* Outer form under the subject's key; mints the key when `mint`. */
enum rc record_sealed(struct store *s, const struct kind *k, const char *scope,
		      const json_t *plain, bool mint, json_t **out,
		      struct err *err);
/* Canonical bytes, malloc'd. */
enum rc record_bytes(const json_t *record, char **out, size_t *len,
		     struct err *err);
void take_release(struct take *t);
/* The tree and the content hash of its records, as its commit says them or is
 * to say them (packet_seal). */
enum rc take_seal(const struct take *t, struct oid *tree,
		  unsigned char content[SHA256_BYTES], struct err *err);

#endif
