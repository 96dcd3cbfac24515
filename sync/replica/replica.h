/* replica/replica.h - the tablet's file: a plain SQLite database that anyone
 * may edit with stock sqlite3, and what turns those edits into signed packets
 * and brings the main line back. docs/data-model.md, docs/protocol.md 6
 * and 10.
 *
 * Two states: *main*, which the root covers, and *live*, the tables that the
 * inspector sees and edits. The tablet never merges. Every function that
 * writes does so in one transaction: after a failure the file is as before. One
 * thread at a time; other processes may edit the file between calls. */
#ifndef REPLICA_REPLICA_H
#define REPLICA_REPLICA_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/host.h"
#include "base/seal.h"
#include "object/oid.h"
#include "wire/exchange.h"

struct replica;

/* Make a new, empty replica file; RC_INVALID when there is one. */
enum rc replica_create(struct replica **out, const char *path,
		       const struct host *host, struct err *err);
enum rc replica_open(struct replica **out, const char *path,
		     const struct host *host, struct err *err);
/* A private copy of a file that is only read: it may lie where nobody may
 * write. Nothing that is written to it stays. */
enum rc replica_open_copy(struct replica **out, const char *path,
			  const struct host *host, struct err *err);
void replica_close(struct replica *r);

/* Enrol: makes the officer's key (sealed by the PIN) and the terminal's key,
 * proves both to the server, and remembers the server's key and what it said.
 * A second call after a lost answer with the same code succeeds. */
enum rc replica_enroll(struct replica *r, const struct exchange *x,
		       const char *url, const char *code, const char *pin,
		       struct err *err);
/* The server's address, or NULL before enrolment. */
const char *replica_url(struct replica *r);

/* The officer's key is needed to commit. RC_DENIED "wrong pin". */
enum rc replica_unlock(struct replica *r, const char *pin, struct err *err);
/* For programs that keep the seed themselves; RC_DENIED when it is another's.
 */
enum rc replica_unlock_seed(struct replica *r,
			    const unsigned char seed[SIGN_SEED_BYTES],
			    struct err *err);
bool replica_is_unlocked(const struct replica *r);

typedef void progress_fn(void *ctx, const char *what, int64_t done,
			 int64_t total);

/* What a clone comes to, as the server says it. */
struct clone_size {
	int64_t records, bytes; /* of all scopes; bytes to load */
	int scopes;
	int64_t records_warn, bytes_warn; /* larger than this is unwise */
	int64_t records_most, bytes_most; /* than this is refused */
	int64_t space_bytes; /* that the replica will take, about */
	int64_t free_bytes; /* that there are where it lies; -1: not known */
};
/* RC_NOT_FOUND without a message when the server is too old to say. */
enum rc replica_clone_size(struct replica *r, const struct exchange *x,
			   struct clone_size *out, struct err *err);
/* Fetch the snapshots of all scopes into files beside the replica (each resumed
 * where a former try was cut, by a signal or a lost network alike), check their
 * roots, then sync once; the files go when they are no longer needed. Refuses
 * when there is already data, and, before it loads anything, when the clone is
 * larger than the server allows or than the disk has room for. While the server
 * prepares a snapshot it waits, for minutes, and says so to `progress`. */
enum rc replica_clone(struct replica *r, const struct exchange *x,
		      progress_fn *progress, void *ctx, struct err *err);

/* Take another's record out of quarantine: fetched, held against its hash, and
 * said in an uncommitted record of kind `adoption`. *entry (new reference) is
 * what the server shows: record, base, author, code, reason, entry. RC_DENIED:
 * it is one's own; RC_CONFLICT: it was closed. `reason` may be NULL. */
enum rc replica_adopt(struct replica *r, const struct exchange *x,
		      const char *packet, const char *kind, const char *id,
		      const char *reason, json_t **entry, struct err *err);

/* State of a record with something to say: "new", "edited" (uncommitted),
 * "local" (committed, unsent), "sent", "conflict" (an open one), "quarantined"
 * (needs me; `detail` is the code). */
struct status_entry {
	const char *kind, *id, *state, *detail;
	bool is_bad; /* an edit that no commit would take; `detail` says why */
};
typedef enum rc status_fn(void *ctx, const struct status_entry *e,
			  struct err *err);
enum rc replica_status(struct replica *r, status_fn *fn, void *ctx,
		       struct err *err);
/* Triggers, shadow tables and columns are as they should be; RC_CORRUPT names
 * the first that is not. */
enum rc replica_check_capture(struct replica *r, struct err *err);

/* Programs that drop or change triggers, or switch the capture off, would lose
 * what they edit then. This looks at the schema: triggers that are missing are
 * made again, rows of the kinds concerned are compared with the tree, and a row
 * that differs is an edit from then on. RC_CORRUPT, and nothing is changed,
 * when a table is gone or what a row was before is not known here. Every commit
 * and sync begins with it; its cost does not grow with the records unless
 * something is wrong. */
enum rc replica_mend(struct replica *r, struct err *err);
struct mended {
	int triggers; /* made again; 0: nothing was wrong */
	int edits; /* records whose change had been missed */
	int restored; /* records that had been deleted */
	char what[ERR_TEXT_MAX]; /* one line for people */
};
/* By all calls since the replica was opened. */
const struct mended *replica_mended(const struct replica *r);

/* Uncommitted changes, field by field; values are canonical JSON text or NULL.
 * A record that no commit would take comes first without a field, with the
 * reason; where a cell of it cannot be read, that is all. */
struct diff_entry {
	const char *kind, *id, *field, *before, *after;
	bool is_new; /* the whole record is */
	const char *bad; /* NULL where field is not */
};
typedef enum rc diff_fn(void *ctx, const struct diff_entry *e, struct err *err);
enum rc replica_diff(struct replica *r, diff_fn *fn, void *ctx,
		     struct err *err);

/* Turn uncommitted edits into signed packets: one per scope and distinct base,
 * oldest first, split at 1,000 records or 1 MiB. RC_INVALID names the record
 * and field that breaks its kind's rules and nothing is committed; RC_DENIED
 * when locked. `packets` and `records` count what was made (0, 0: no change).
 */
enum rc replica_commit(struct replica *r, const char *message, int *packets,
		       int *records, struct err *err);
/* RC_INVALID says why no packet may have this message. */
enum rc replica_message_check(const char *message, struct err *err);
/* Take back uncommitted edits of one record, or of all (kind NULL). */
enum rc replica_undo(struct replica *r, const char *kind, const char *id,
		     int *records, struct err *err);

/* Records that a commit left out, and why the first of them was. */
struct held_back {
	int records;
	char why[ERR_TEXT_MAX];
};
/* The same, but a record that breaks its kind's rules, or that cannot be sealed
 * for want of a key, stays uncommitted and keeps nothing else. */
enum rc replica_commit_sound(struct replica *r, const char *message,
			     int *packets, int *records, struct held_back *held,
			     struct err *err);

struct sync_summary {
	int requests;
	int packets_sent; /* acknowledged in this call */
	int records_sent;
	int records_received;
	int merged, conflicts, quarantined; /* of what was sent */
	int64_t bytes_up, bytes_down; /* HTTP bodies */
	bool fork; /* a new journal was begun */
	bool restored; /* the server came back from a backup: what it had lost
			* of this replica was sent again */
	bool was_damaged; /* this file was, and is not any more */
	int repaired; /* records that were fetched again or taken out for it */
	bool rebuilt; /* its indexes or tables were written anew, too */
	bool all_equal; /* every scope's root matched */
	struct held_back held; /* edits that were not committed */
	int scopes_came; /* that the enrolment came to list */
	int scopes_went; /* in which this terminal has no part any more: their
			  * records left this file */
	int carried; /* requests of others that were handed over */
	char carried_why[ERR_TEXT_MAX]; /* why one was not, or "" */
};
/* Commit what is uncommitted (when unlocked, or when there is nothing), push,
 * pull, apply in one transaction, compare roots. RC_IO: the network failed and
 * everything is kept for the next try. RC_CORRUPT: roots differ. */
enum rc replica_sync(struct replica *r, const struct exchange *x,
		     struct sync_summary *out, struct err *err);

/* Was this terminal wiped by order of the office, or is it to be? The order
 * comes with the answer to a sync or in a bundle, and is carried out there or,
 * where that was cut, when the file is next opened (docs/protocol.md 17): what
 * was not sent is sealed to the server and sent, or left beside the replica as
 * FILE.rescue; then nothing else is left. Everything answers RC_DENIED from
 * then on; a sync sends FILE.rescue if it is there. */
bool replica_is_wiped(const struct replica *r);

/* Look for damage of every kind (pages, indexes, tree, rows, keys), put right
 * what differs from the server's half, fetching only that, then sync. Edits and
 * packets that the server has not seen stay. replica_sync does so by itself
 * when an answer does not give the signed root; this one does it in any case.
 * RC_CORRUPT: the file's pages cannot be used. */
enum rc replica_repair(struct replica *r, const struct exchange *x,
		       struct sync_summary *out, struct err *err);

typedef enum rc json_fn(void *ctx, const json_t *object, struct err *err);
/* The same as a file, where there is no network: the request of a sync, sealed
 * to the server; `hufud bundle apply` answers it with another file. Files of
 * sync/wire/bundle.h. RC_INVALID where there is already a file. */
struct bundle_made {
	int packets; /* of this replica */
	int carried; /* requests of others */
	bool left_out; /* packets that did not fit: another bundle, later */
	int64_t bytes;
	struct held_back held;
};
enum rc replica_bundle_create(struct replica *r, const char *path,
			      struct bundle_made *out, struct err *err);
/* Take the answers to this replica's requests out of a file, and keep those to
 * requests that it carries. The replica may have been edited and synced since.
 * RC_CONFLICT: what the answer says is older than what is here. RC_INVALID: it
 * has no answer for this replica; RC_CORRUPT: cut or altered. In all these
 * cases nothing is changed. */
struct bundle_taken {
	int applied; /* answers */
	int again; /* that were applied before: nothing changed */
	int receipts_only; /* of which, after a sync since, only receipts count
			    */
	int kept; /* for others */
	bool needs_another; /* something is still to be sent */
	struct sync_summary sum;
};
enum rc replica_bundle_apply(struct replica *r, const char *path,
			     struct bundle_taken *out, struct err *err);
/* Keep requests of other tablets, and answers to them, out of a file: the next
 * sync hands them to the server, and the next bundle of this replica has them,
 * too. They are sealed: who carries them can neither read nor change them. */
struct bundle_carried {
	int requests, answers; /* in the file, of others */
	int own; /* of this replica: not carried */
};
enum rc replica_bundle_carry(struct replica *r, const char *path,
			     struct bundle_carried *out, struct err *err);
/* Write the answers that are kept for `terminal` (NULL: for anybody) to a file;
 * RC_NOT_FOUND where there is none. */
enum rc replica_bundle_answers(struct replica *r, const char *path,
			       const char *terminal, int *answers,
			       struct err *err);
/* What is carried: {terminal, digest, bytes, state, taken, why}, where state is
 * "waiting", "answered" or "refused". */
enum rc replica_bundle_cargo(struct replica *r, json_fn *fn, void *ctx,
			     struct err *err);

/* Two officers at one visit, without a network. Write for the other officers
 * that the visit names a file with what this one answered, in signed packets
 * (what is uncommitted is committed first, while unlocked), sealed to their
 * terminals; it is a bundle of replica_bundle_create as well. RC_NOT_FOUND
 * where there is nothing to show or nobody to show it to. */
struct peer_made {
	int terminals; /* that can read it */
	struct bundle_made bundle;
};
enum rc replica_peer_create(struct replica *r, const char *visit,
			    const char *path, struct peer_made *out,
			    struct err *err);
/* Take what a colleague shows, beside one's own: it is no edit, and gives way
 * to what the office has later. The request of the bundle is carried from then
 * on. RC_DENIED: by a tablet that is not known here, or revoked. RC_CORRUPT:
 * not what was signed; nothing is taken. */
struct peer_taken {
	char visit[33], officer[33]; /* "" where the file said nothing */
	int answers;
};
enum rc replica_peer_take(struct replica *r, const char *path,
			  struct peer_taken *out, struct err *err);
/* The join of a visit's answers, colleagues' among them (form/verdict.h), with
 * `root`. New reference. */
enum rc replica_peer_verdict(struct replica *r, const char *visit, json_t **out,
			     struct err *err);
/* Sign a visit with the root of its answers, as an edit that the next commit
 * signs: state and root_hash. RC_INVALID while officers disagree. */
enum rc replica_peer_sign(struct replica *r, const char *visit, char root[65],
			  struct err *err);

/* Packets of this replica, newest first, as JSON objects:
 * {packet, scope, journal, sequence, message, records, wall, state, receipt}.
 */
enum rc replica_log(struct replica *r, json_fn *fn, void *ctx, struct err *err);
/* Open conflicts and quarantined records that concern this replica, `what` says
 * which. A conflict is its record with author_name and server_author_name,
 * where an officer of this replica is the author, and `stands`: which of the
 * values does now, "terminal", "server" or "other". */
enum rc replica_conflicts(struct replica *r, json_fn *fn, void *ctx,
			  struct err *err);
/* Answer one as this replica's officer, as an edit: with `appeal`, a text, a
 * decision is asked for again; NULL accepts what stands. RC_DENIED: it is
 * between others. RC_INVALID: there is no decision yet to appeal. */
enum rc replica_answer_conflict(struct replica *r, const char *id,
				const char *appeal, struct err *err);

/* Recompute everything from the rows: record versions, nodes, roots, packets'
 * signatures and chains. RC_CORRUPT names the first thing that is wrong. */
enum rc replica_verify(struct replica *r, struct err *err);

/* What the replica knows of itself, as a JSON object (new reference):
 * {terminal, enrolment, officer, name, url, server_key, epoch, scopes: [{scope,
 * head, root, position, records}]}. */
enum rc replica_info(struct replica *r, json_t **out, struct err *err);
/* The root of a scope's main state. */
enum rc replica_root(struct replica *r, const char *scope, struct oid *root,
		     struct err *err);
/* Direct access for tests and apps that edit: same file, same connection. */
enum rc replica_exec(struct replica *r, const char *sql, struct err *err);
/* The same as an edit, all of it or nothing: without BEGIN and COMMIT.
 * RC_INVALID says what SQLite says. */
enum rc replica_edit(struct replica *r, const char *sql, struct err *err);
/* Write members of a record, as an edit: `fields` is the text of a JSON object
 * whose nulls take members away; each value is checked as by a commit. `id`
 * NULL: a new record, in `home` where the fields name no scope. `made` receives
 * the id. */
enum rc replica_put(struct replica *r, const char *kind, const char *id,
		    const char *fields, char made[33], struct err *err);
/* The live state of a record, with what no column holds; new reference. */
enum rc replica_live(struct replica *r, const char *kind, const char *id,
		     json_t **out, struct err *err);
/* Live records in which all words (set apart by spaces, FIND_WORDS_MAX) stand:
 * {kind, id, name}, at most `most`, of one kind or of all (NULL). */
#define FIND_WORDS_MAX 4
enum rc replica_find(struct replica *r, const char *kind, const char *words,
		     int most, json_fn *fn, void *ctx, struct err *err);
/* Main state of a record as canonical JSON text (malloc'd), RC_NOT_FOUND. */
enum rc replica_main(struct replica *r, const char *kind, const char *id,
		     char **out, struct err *err);

#endif
