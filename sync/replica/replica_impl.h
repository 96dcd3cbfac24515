/* replica/replica_impl.h - what the files of this room share, and the few
 * functions that tests seed a replica with.
 *
 * Where a record stands (docs/protocol.md section 10):
 *
 *   live    the kind's table; unknown kinds have none
 *   shadow  old_<kind>: live as it was before the first uncommitted edit
 *   packet  hufu_packet_record: canonical bytes that somebody signed
 *   main    hufu_main when there is an entry (body NULL: not on main), else the
 *           shadow, else live; of a sealed kind always hufu_sealed (the outer
 *           form); of an unknown kind always hufu_extra
 *
 * A record is *pending* while a packet that wrote it is unacknowledged, or
 * acknowledged by an answer whose rows were not applied. Pending or edited
 * records keep their live row when main moves. */
#ifndef REPLICA_REPLICA_IMPL_H
#define REPLICA_REPLICA_IMPL_H

#include "base/arena.h"
#include "db/db.h"
#include "kind/kind.h"
#include "object/commit.h"
#include "replica/replica.h"
#include "tree/tree.h"

#define REPLICA_FORMAT "1"
#define KEEP_MS (INT64_C(30) * 24 * 60 * 60 * 1000)
#define LINE_BYTES_MAX (16u << 20)
#define COMMIT_BYTES_MAX (4u << 20) /* of a main commit's text */

/* A kind's statements over its table and its shadow, from validated names. */
struct captured {
	const struct kind *kind; /* borrowed from the registry */
	char *shadow_get; /* hufu_base, hufu_new, columns; ?1 id */
	char *shadow_next; /* the id after ?1 */
	char *shadow_drop; /* ?1 id */
	char *shadow_restore; /* live becomes what the shadow has; ?1 id */
	char *shadow_copy; /* live as it is becomes the shadow; ?1 id */
	char *shadow_mark; /* live is a new record; ?1 id */
	char *shadow_new; /* is the record ?1 new here? */
	char *live_next; /* the id after ?1 */
	char *live_scope; /* of the id ?1 */
	char *shadow_count; /* in scope ?1 */
	char *by_subject; /* sealed: the id after ?2 sealed for subject ?1 */
	char *keyless; /* sealed: subjects in scope ?1 whose key is missing */
	char *gone; /* ids that should have a live row and have none */
	char *find; /* id, name: patterns ?1 to ?4, at most ?5; NULL where the
		     * kind declares nothing that is searched */
	char *cells; /* the row ?1 as one text, whatever is in it */
};

/* wipe_impl.h: what is left of a replica that was wiped. */
struct wiped {
	char order[33], url[256];
	unsigned char server[SIGN_PUBLIC_BYTES];
	int64_t time_ms;
};
enum wipe_state {
	WIPE_NONE,
	WIPE_ORDERED, /* and not done yet: nothing else is */
	WIPE_RUNNING,
	WIPE_DONE
};

struct replica {
	struct db *db;
	const struct host *host; /* borrowed */
	char *path;
	struct registry *registry;
	int64_t kinds_serial; /* of what the registry holds; -1: stale */
	struct captured *captured; /* one per kind, in the registry's order */
	size_t ncaptured;
	char *url; /* what replica_url answers */
	struct sign_key officer;
	bool is_unlocked;
	bool is_writing; /* inside replica_begin and replica_end */
	unsigned role; /* what rights_role answers in this transaction, or 0 */
	enum { TWINS_UNKNOWN, TWINS_NONE, TWINS_MAY_BE } twins; /* likewise */
	int64_t schema_seen; /* SQLite's number of the schema whose capture was
			      * found sound, or -1 */
	struct mended mended;
	enum wipe_state wipe;
	struct wiped wiped; /* WIPE_DONE */
};

/* A transaction: begin, work, end. `rc` is the work's outcome; a failure rolls
 * back and makes memory be read again from the file. What is written inside is
 * not captured as an edit. */
enum rc replica_begin(struct replica *r, struct err *err);
enum rc replica_begin_read(struct replica *r, struct err *err);
/* To write as an inspector does: what is written inside is an edit. */
enum rc replica_begin_edit(struct replica *r, struct err *err);
enum rc replica_end(struct replica *r, enum rc rc, struct err *err);

/* meta.c: what the replica knows of itself. *out is malloc'd, NULL when the key
 * is absent. */
enum rc meta_get(struct replica *r, const char *key, char **out,
		 struct err *err);
/* Like meta_get, but RC_INVALID "not enrolled yet" when it is absent. */
enum rc meta_need(struct replica *r, const char *key, char **out,
		  struct err *err);
enum rc meta_get_int(struct replica *r, const char *key, int64_t otherwise,
		     int64_t *out, struct err *err);
/* NULL removes. */
enum rc meta_put(struct replica *r, const char *key, const char *value,
		 struct err *err);
enum rc meta_put_int(struct replica *r, const char *key, int64_t value,
		     struct err *err);
enum rc meta_terminal_key(struct replica *r, struct sign_key *out,
			  struct err *err);
enum rc meta_server_key(struct replica *r, unsigned char out[SIGN_PUBLIC_BYTES],
			struct err *err);
/* The last verified server time with the monotonic clock of its receipt. */
enum rc anchor_put(struct replica *r, int64_t server_ms, struct err *err);
/* anchor_ms, and the earliest time that `now` can be, in ms (protocol.md 6). */
enum rc anchor_get(struct replica *r, int64_t *anchor_ms, int64_t *earliest_ms,
		   struct err *err);

struct scope {
	char scope[8];
	bool has_head;
	struct oid head, root;
	int64_t position;
	char epoch[17];
	char journal[24]; /* "" before the first packet */
	int64_t sequence; /* of the journal's last packet */
	bool has_tip;
	struct oid tip;
	int64_t seconds; /* of the journal's last packet */
};
#define SCOPES_MAX 64
/* RC_NOT_FOUND without a message. */
enum rc scope_get(struct replica *r, const char *name, struct scope *out,
		  struct err *err);
enum rc scope_put(struct replica *r, const struct scope *s, struct err *err);
/* All scopes, the catalog first; *out is malloc'd. */
enum rc scope_all(struct replica *r, struct scope **out, size_t *n,
		  struct err *err);
/* The head, its root and position, in hufu_scope and hufu_main_commit. */
enum rc scope_advance(struct replica *r, struct scope *s,
		      const struct oid *head, const struct oid *root,
		      int64_t position, const char *epoch, struct err *err);

/* scopes.c: a scope that is new here, or not: empty, and nothing written to it.
 */
enum rc scope_join(struct replica *r, const char *name, bool *is_new,
		   struct err *err);

/* kinds.c */
enum rc kinds_load(struct replica *r, struct err *err);
/* None is known from then on. */
void kinds_forget(struct replica *r);
const struct captured *captured_of(const struct replica *r, const char *kind);
/* A `kind` record of main: its table, shadow, triggers, and the rows that
 * were carried for it. A definition that this version cannot use stays unknown.
 */
enum rc kind_install(struct replica *r, const json_t *record, struct err *err);

/* capture.c */
enum rc capture_create(struct replica *r, const struct kind *k,
		       struct err *err);
/* Without triggers for the rest of the transaction: each row of a clone would
 * start three of them in vain. */
enum rc capture_pause(struct replica *r, struct err *err);
enum rc capture_resume(struct replica *r, struct err *err);
/* What is there of each kind's capture. */
#define CAPTURE_SHADOW 0x10 /* the table; the bits below are the triggers */
#define CAPTURE_WHOLE 0x1f
struct survey {
	bool is_sound, is_off;
	unsigned char *found; /* one a kind, malloc'd; NULL when all is sound */
};
/* One look at the schema, none while it has not changed. Inside replica_begin
 * the capture is off, so `found` is always answered. */
enum rc capture_survey(struct replica *r, struct survey *out, struct err *err);
/* Shadow table and triggers are made again; RC_CORRUPT when the live table
 * cannot be what it was. */
enum rc capture_restore(struct replica *r, const struct kind *k,
			struct err *err);
/* "INSERT INTO old_K ... SELECT ... FROM K WHERE id=": a record as it stands
 * becomes its shadow. Appends. */
void capture_copy_write(struct buf *b, const struct kind *k);
/* captured.c */
enum rc captured_make(struct captured *c, const struct kind *k,
		      struct err *err);
void captured_release(struct captured *c);

/* record.c */
enum rc record_jcs(struct buf *out, const json_t *record, struct err *err);
enum rc record_parse(const char *text, size_t n, json_t **out, struct err *err);
/* The main version (of a sealed kind the outer form); RC_NOT_FOUND without a
 * message. *out is a new reference. */
enum rc record_main(struct replica *r, const char *kind, const char *id,
		    json_t **out, struct err *err);
struct shadow {
	json_t *before; /* owned; NULL when the record is new */
	bool is_new;
	char base[OID_HEX_SIZE]; /* "" when the scope had no head */
};
/* RC_NOT_FOUND without a message. */
enum rc record_shadow(struct replica *r, const struct captured *c,
		      const char *id, struct shadow *out, struct err *err);
void shadow_release(struct shadow *s);
enum rc record_is_edited(struct replica *r, const struct captured *c,
			 const char *id, bool *edited, struct err *err);
enum rc record_is_pending(struct replica *r, const char *kind, const char *id,
			  bool *pending, struct err *err);
/* Main becomes `after` (NULL: the record left); live follows unless the record
 * is pending or edited. */
enum rc record_main_put(struct replica *r, const char *scope, const char *kind,
			const char *id, const json_t *after, const char *body,
			size_t body_bytes, struct err *err);
/* The same where nothing is pending, edited or known yet: a clone. */
enum rc record_seed(struct replica *r, const char *kind, const char *id,
		    const json_t *record, const char *body, size_t body_bytes,
		    struct err *err);
/* Live becomes main unless the record is pending or edited. */
enum rc record_settle(struct replica *r, const char *kind, const char *id,
		      struct err *err);
/* Run a statement with kind ?1 and id ?2 (and text ?3 when not NULL). */
enum rc record_run(struct replica *r, const char *sql, const char *kind,
		   const char *id, const char *text, struct err *err);
/* ... with kind ?1, id ?2, scope ?3 and, when not NULL, n bytes of text ?4. */
enum rc record_run_in(struct replica *r, const char *sql, const char *scope,
		      const char *kind, const char *id, const char *body,
		      size_t n, struct err *err);
/* The one text of a statement's first row; RC_NOT_FOUND without a message.
 * *is_null says whether the row has none. Malloc'd. */
enum rc record_text(struct replica *r, const char *sql, const char *kind,
		    const char *id, char **out, bool *is_null, struct err *err);
/* The next id of a statement "... > ?n"; id is overwritten. */
enum rc next_id(struct replica *r, const char *sql, const char *first,
		char id[33], bool *found, struct err *err);

/* mains.c: each record that may be on main, once: those of the tables, of
 * hufu_main, sealed ones, those of unknown kinds, and those that stand aside,
 * which alone name their scope (else NULL). Inside a transaction; `fn` may
 * write, but make no record new. */
typedef enum rc main_fn(void *ctx, const char *scope, const char *kind,
			const char *id, struct err *err);
enum rc mains_each(struct replica *r, main_fn *fn, void *ctx, struct err *err);

/* twin.c: records of one kind and id in several scopes. May there be any? */
enum rc twins_may_be(struct replica *r, bool *may, struct err *err);
/* The table for them, once a scope was added. */
enum rc twins_begin(struct replica *r, struct err *err);
/* Has a record of another scope the place, so that this one stands aside? */
enum rc twin_is_aside(struct replica *r, const char *scope, const char *kind,
		      const char *id, bool *aside, struct err *err);
/* `body` NULL removes it. */
enum rc twin_put(struct replica *r, const char *scope, const char *kind,
		 const char *id, const char *body, size_t n, struct err *err);
/* RC_NOT_FOUND without a message. */
enum rc twin_get(struct replica *r, const char *scope, const char *kind,
		 const char *id, json_t **out, struct err *err);
/* Is what a new record refers to of its own county, as far as it is here? */
enum rc place_judge(struct replica *r, const struct kind *k,
		    const json_t *record, struct err *why);
/* In a replica of several counties, the one of the first record of one that
 * these fields refer to, or "". */
enum rc place_guess(struct replica *r, const struct kind *k,
		    const json_t *fields, char scope[8], struct err *err);
/* record_main of this scope, wherever it stands. */
enum rc record_main_in(struct replica *r, const char *scope, const char *kind,
		       const char *id, json_t **out, struct err *err);
/* A place may have become free: the first that stands aside takes it. */
enum rc twin_follow(struct replica *r, const char *kind, const char *id,
		    struct err *err);
enum rc twins_each(struct replica *r, main_fn *fn, void *ctx, struct err *err);
/* By the tree, the version of what has the place; RC_NOT_FOUND without a
 * message. */
enum rc twin_leaf(struct replica *r, const char *kind, const char *id,
		  struct oid *oid, struct err *err);

/* clone_size.c: RC_DENIED when it is larger than the server allows, RC_IO when
 * it cannot fit on the disk. */
enum rc clone_size_check(const struct clone_size *size, struct err *err);
/* leaves.c: the leaves of a clone on their way into the tree's table. */
struct leaves {
	struct db *db; /* borrowed, as the next */
	const char *scope;
	struct leaf_row *rows; /* owned */
	size_t n;
};
/* `body` is what the record's version is the hash of. */
enum rc leaves_add(struct leaves *s, const char *town, const char *kind,
		   const char *id, const struct buf *body, struct err *err);
enum rc leaves_flush(struct leaves *s, struct err *err);
void leaves_release(struct leaves *s);
/* seed.c: the records of a block as record_seed has them; `body` is for their
 * canonical bytes. */
struct block;
enum rc block_seed(struct replica *r, const struct block *b, const char *scope,
		   struct leaves *leaves, struct buf *body, struct err *err);
/* Only install them: they are kinds. */
enum rc block_kinds(struct replica *r, const struct block *b, const char *scope,
		    struct buf *body, struct err *err);

/* edits.c: uncommitted edits that change something. */
struct edit {
	const struct captured *captured;
	char id[33];
	bool is_new;
	char base[OID_HEX_SIZE];
	json_t *before, *after; /* owned; plain form, normalised; before may be
				 * NULL */
	json_t *shadow; /* owned; `before` as it is stored */
	const char *bad; /* why the live row cannot be read, or NULL */
};
typedef enum rc edit_fn(void *ctx, struct edit *e, struct err *err);
/* In order of kind and id. `fn` may change and keep what it takes out of the
 * edit. */
enum rc edits_each(struct replica *r, edit_fn *fn, void *ctx, struct err *err);
/* The same of one kind. */
enum rc edits_of(struct replica *r, const struct captured *c, edit_fn *fn,
		 void *ctx, struct err *err);
/* rights.c: which role the server takes this replica's officer to have. */
enum rc rights_role(struct replica *r, unsigned *role, struct err *err);
/* May that role take a record from `before` (NULL: new) to `after`? RC_DENIED
 * says who may and what to do. What is found in a field of the rule `ref` is
 * for anybody to say: the server makes it an observation. */
enum rc rights_check(struct replica *r, const struct kind *k, json_t *before,
		     json_t *after, struct err *why);
/* The same of an edit; one that former rights allowed is. */
enum rc rights_judge(struct replica *r, const struct edit *e, struct err *why);
/* Rights are about to change, of one kind or (NULL) of all: edits that they
 * allow now are the server's to judge later. */
enum rc rights_remember(struct replica *r, const char *kind, struct err *err);
/* So, where this record of main that is about to change decides them. */
enum rc rights_before_record(struct replica *r, const char *kind,
			     const char *id, struct err *err);
/* The edit is over. */
enum rc rights_forget(struct replica *r, const char *kind, const char *id,
		      struct err *err);
/* fill.c: what this tablet knows and the visit leaves empty, in the edit and in
 * the live row. */
enum rc visit_fill(struct replica *r, struct edit *e, struct err *err);
/* checklist.c: a live record; NULL where it is not here. */
enum rc live_record(struct replica *r, const char *kind, const char *id,
		    json_t **out, struct err *err);
/* kind/within.h, as far as this tablet has the other record. */
enum rc within_judge(struct replica *r, const struct edit *e, unsigned role,
		     const char *officer, struct err *why);
/* RC_INVALID while officers disagree on a visit to be signed. */
enum rc sign_judge(struct replica *r, const struct edit *e, struct err *why);
/* Who leads is set before the first answer that main has. */
enum rc lead_judge(struct replica *r, const struct edit *e, struct err *why);
/* Forget shadows that differ in nothing from live. */
enum rc edits_clean(struct replica *r, struct err *err);
enum rc shadow_drop(struct replica *r, const struct captured *c, const char *id,
		    struct err *err);

/* commit.c */
struct written { /* one record of a packet; owned strings */
	char kind[32];
	char id[33];
	char *body, *base; /* canonical; base NULL: new */
	size_t body_bytes;
};
void written_release(struct written *w, size_t n);
/* Could this edit be committed? Otherwise the reason: RC_INVALID or RC_DENIED.
 * *scope is the record's. */
enum rc edit_judge(struct replica *r, const struct edit *e, struct scope *scope,
		   struct err *why);
/* Inside a transaction. `held` NULL: a bad record fails the commit. */
enum rc commit_edits(struct replica *r, const char *message, int *packets,
		     int *records, struct held_back *held, struct err *err);

/* packet.c */
struct packet_plan {
	const struct written *records; /* in byte order of kind/id */
	size_t n;
	const char *base; /* hex, or NULL */
	const char *message;
	const struct packet_commit *times; /* wall, monotonic, boot, anchor and
					    * seconds of an earlier packet, or
					    * NULL for now */
	const struct oid *supersedes; /* or NULL */
	bool whole;
};
/* Sign and keep a packet as the next of the scope's journal. */
enum rc packet_make(struct replica *r, struct scope *s,
		    const struct packet_plan *plan, struct err *err);
/* Tree and content hash of records in byte order of their paths. */
enum rc packet_hashes(const struct written *records, size_t n, bool is_marked,
		      struct oid *tree, unsigned char content[32],
		      struct err *err);
/* The records of a packet; *out is malloc'd: written_release, free. */
enum rc packet_records(struct replica *r, int64_t number, struct written **out,
		       size_t *n, struct err *err);
/* Begin a new journal and make all unacknowledged packets of the scope's
 * journal again; the first supersedes `forked`. */
enum rc journal_renew(struct replica *r, const char *scope,
		      const struct oid *forked, struct err *err);
/* The packet's JSON for a request: {commit, rows}. */
enum rc packet_json(struct replica *r, const char *scope, int64_t number,
		    const char *body, bool whole, json_t **out, size_t *bytes,
		    struct err *err);

/* exchange.c */
enum rc exchange_post(struct replica *r, const struct exchange *x,
		      const char *path, const char *type, bool sign_it,
		      const struct buf *body, struct exchange_reply *reply,
		      struct err *err);
enum rc exchange_get(struct replica *r, const struct exchange *x,
		     const char *path, int64_t from, const char *etag,
		     struct exchange_reply *reply, struct err *err);
/* One of the requests by which a file is sent, signed as a GET is. An offset or
 * length below 0 is not said. */
struct tus_request {
	const char *method, *path;
	int64_t offset, length;
	const void *body; /* or NULL */
	size_t body_bytes;
	int64_t bytes_per_s; /* 0: as fast as it goes */
};
enum rc exchange_tus(struct replica *r, const struct exchange *x,
		     const struct tus_request *t, struct exchange_reply *reply,
		     struct err *err);
/* A failure from an answer that is not 200. */
enum rc reply_failed(const struct exchange_reply *reply, const char *doing,
		     struct err *err);

/* sync: one request with its answer and what is to be done about it. */
struct sync_scope {
	char scope[8];
	bool has_head; /* as the request named it */
	struct oid head;
	bool is_answered;
	bool is_new; /* line 1 has a new head */
	struct oid new_head, new_root;
	int64_t new_position;
	char error[64]; /* the server's code, or "" */
	bool has_more;
	char more_kind[33], more_id[33];
	bool has_forked;
	struct oid forked; /* first packet that a new journal supersedes */
	bool is_settled; /* by receipts: packets acknowledged */
	json_t *receipted; /* array of packet numbers acknowledged here */
};

/* A line of an answer until it is applied. */
struct staged {
	char scope[8]; /* "" for key events */
	char *line; /* owned */
	size_t bytes;
};

struct sync {
	struct replica *r;
	const struct exchange *exchange;
	struct sync_summary *sum;
	struct sync_scope scopes[SCOPES_MAX];
	size_t nscopes;
	char epoch[17];
	bool is_damaged; /* rows of an answer did not give its root */
	bool is_carried; /* the answer came as a file, some time after it was
			  * made
			  */
	bool left_out; /* packets that did not fit this request */
	bool progressed; /* receipts that are worth another request */
	size_t npackets; /* in this request */
	int64_t last_packet; /* the newest that was ever in one */
	bool is_committed; /* edits were committed, once a sync */
	bool is_parting; /* and once more, of a scope that leaves */
	size_t nwanted; /* keys that the request asked for */
	json_t *wipe; /* owned: an order that holds, or NULL */
	struct err wipe_why; /* one came, and does not */
	struct staged *staged; /* of the first page; owned, and the lines */
	size_t nstaged, staged_room;
};
/* wipe.c: an order to wipe that came with an answer (or NULL) is kept, inside a
 * transaction, and carried out once the answer was taken: what the sync ends
 * with then, or `rc` as it was. */
enum rc wipe_order_take(struct sync *s, const json_t *order, struct err *err);
enum rc wipe_after(struct sync *s, enum rc rc, struct err *err);
/* Go on with one that is kept; RC_OK where none is. Without a network it is no
 * failure if that cannot be. */
enum rc wipe_resume(struct replica *r, const struct exchange *x,
		    struct err *err);
/* Of a file that may be one that was wiped: end that. RC_NOT_FOUND without a
 * message: it is none. */
enum rc wiped_open(struct replica *r, struct err *err);
enum rc wiped_sync(struct replica *r, const struct exchange *x,
		   struct err *err);
/* RC_DENIED: what a wiped replica answers. */
enum rc wipe_refuses(const struct replica *r, struct err *err);

/* sync.c: the parts of a sync that one by file has, too. Scopes as they stand
 * now; call sync_scopes_end after either outcome. */
enum rc sync_scopes_begin(struct sync *s, struct err *err);
void sync_scopes_end(struct sync *s);
/* Commit what is uncommitted and write the request, in a transaction. */
enum rc sync_request_first(struct sync *s, struct buf *body,
			   unsigned char digest[32], struct err *err);
/* Apply what an answer brought, or leave all but its receipts as it was, inside
 * a transaction. *kept is false when not even that could be done. */
enum rc sync_apply_or_not(struct sync *s, bool *kept, struct err *err);
/* Begin a new journal where an answer says so. */
enum rc sync_journals_renew(struct sync *s, struct err *err);
/* Scopes that the enrolment came to list are added, those that it lost are
 * gone. *again: there is more to ask for. */
enum rc scopes_change(struct sync *s, bool *again, struct err *err);
/* bundle.c: the tables of sync_bundle.sql, once a replica needs them; in a
 * transaction. */
enum rc bundle_tables(struct replica *r, struct err *err);
enum rc bundle_tables_are_here(struct replica *r, bool *here, struct err *err);
/* A bundle read from a file. */
struct bundle_file {
	struct buf bytes;
	struct bundle_item *items; /* within `bytes` */
	size_t n; /* at least one */
	char *terminal; /* this replica's */
};
/* To be released, whatever came of it. */
enum rc bundle_file_read(struct replica *r, const char *path,
			 struct bundle_file *out, struct err *err);
void bundle_file_release(struct bundle_file *f);
/* The same as replica_bundle_create, with more items; their boxes are
 * borrowed. */
struct bundle_item;
enum rc bundle_create_with(struct replica *r, const char *path,
			   const struct bundle_item *more, size_t nmore,
			   struct bundle_made *out, struct err *err);
/* peer.c: add what other officers said of a visit to this tablet's answers,
 * where the office has not got it yet; inside a transaction. */
enum rc peer_answers(struct replica *r, const char *visit, json_t *answers,
		     struct err *err);
/* checklist.c: the join of a visit's answers as far as this tablet knows them,
 * with `root`, over those that count. New reference. */
enum rc checklist_verdict(struct replica *r, const json_t *visit,
			  json_t **verdict, struct err *err);
/* cargo.c: what this tablet carries for others; inside a transaction. */
enum rc cargo_put(struct replica *r, const struct bundle_item *item,
		  struct err *err);
enum rc cargo_is_carried(struct replica *r, const char *digest, bool *carried,
			 struct err *err);
/* The next request without an answer, or answer, after *n; RC_NOT_FOUND. Its
 * box is appended. */
enum rc cargo_next(struct replica *r, bool answers, int64_t *n,
		   struct bundle_item *item, struct buf *box, struct err *err);
/* Hand requests to the server, without a transaction open. What fails stays. */
enum rc cargo_deliver(struct replica *r, const struct exchange *x,
		      struct sync_summary *sum, struct err *err);

/* request.c: subjects of this scope with an uncommitted edit that no key here
 * seals; new reference. */
enum rc keys_wanted(struct replica *r, const char *scope, json_t **out,
		    struct err *err);
/* Have keys come that the last request asked for? */
enum rc keys_came(struct sync *s, bool *came, struct err *err);
struct sync_scope *sync_scope_of(struct sync *s, const char *scope);

/* request.c: the request's body; `pages` asks for further pages only. */
enum rc request_make(struct sync *s, bool pages, struct buf *body,
		     unsigned char digest[32], struct err *err);
/* The envelope around the scopes of a request, deflated. */
enum rc envelope_write(struct replica *r, json_t *scopes, struct buf *body,
		       unsigned char digest[32], struct err *err);
/* compare.c: the halves of a scope laid together, place by place, and what
 * differs put right: main becomes what the server has, edits and packets stay.
 * `lost`: the server does not know this replica's head, because it was restored
 * from a backup; packets that it took in since are sent again by the next
 * request. No transaction is open. */
enum rc compare_scope(struct sync *s, const char *scope, bool lost,
		      struct err *err);
/* repair.c: find what is damaged and put it right, without a transaction open.
 */
enum rc repair_all(struct sync *s, struct err *err);
/* answer.c: verify an answer and keep its receipts, inside a transaction. Rows
 * are held in memory, or in hufu_stage when further pages follow. `body` may be
 * cut: *whole says so. */
enum rc answer_take(struct sync *s, bool pages, const struct buf *body,
		    const unsigned char digest[32], bool *whole,
		    struct err *err);
/* Does an answer's second line, the signature, vouch for its first? RC_CORRUPT
 * when it does not. */
enum rc answer_vouch(const char *line, size_t n,
		     const unsigned char server[SIGN_PUBLIC_BYTES],
		     const unsigned char digest[32], const char *first,
		     size_t first_bytes, struct err *err);
void staged_forget(struct sync *s);
bool sync_has_more(const struct sync *s);
/* receipt.c */
enum rc receipt_take(struct sync *s, struct sync_scope *scope,
		     const json_t *receipt, struct err *err);
/* apply.c: staged rows and what the receipts imply, inside a transaction whose
 * caller undoes them all after a failure. */
enum rc apply_staged(struct sync *s, struct err *err);

/* Packets that the head has dealt with stop holding live rows back. */
enum rc packets_settle(struct replica *r, const char *scope, struct err *err);
/* scopes.c, without a transaction open: scopes that the enrolment on main lists
 * and that are not here are added. Was there one? */
enum rc scopes_follow(struct sync *s, bool *came, struct err *err);
/* Scopes in which the answer says that this terminal has no part leave, or
 * RC_DENIED says what is not sent. Not while there is *again more to send,
 * which may be an edit that was made while the request was under way. */
enum rc scopes_leave(struct sync *s, bool *again, struct err *err);

/* rows that become main in one scope */
struct apply {
	struct sync *sync;
	struct replica *r;
	const char *scope;
	struct arena mem;
	struct tree_change *changes;
	size_t n, room;
	json_t *seen; /* {"kind/id": true} */
	int64_t received;
	bool only_kinds; /* first walk over the catalog */
	bool skip_kinds; /* second walk */
};
enum rc apply_record(struct apply *a, const char *kind, const char *id,
		     const json_t *before, const json_t *after,
		     struct err *err);

/* All that a comparison found, instead of the staged lines of an answer. */
struct found {
	json_t *put; /* [[kind, record]...]: whole, kinds of records first */
	json_t *gone; /* [[kind, id]...] */
};
enum rc apply_found(struct sync *s, struct sync_scope *scope,
		    const struct found *found, struct err *err);

/* keys.c: [[serial, key id, scope, subject, base64 or null]...] */
enum rc keys_take(struct replica *r, const json_t *events, struct err *err);
/* Write the plain row of a sealed record, or remove it where no key opens it.
 */
enum rc sealed_show(struct replica *r, const struct kind *k, const char *id,
		    struct err *err);
/* Is the key of a sealed record here, and does not open it? */
enum rc sealed_is_shut(struct replica *r, const struct kind *k, const char *id,
		       bool *shut, struct err *err);
/* The plain form of an outer one; RC_NOT_FOUND without a message where no key
 * opens it. */
enum rc sealed_read(struct replica *r, const struct kind *k,
		    const json_t *outer, json_t **out, struct err *err);
/* The outer form of a plain record; RC_DENIED names it when its key is not
 * here. */
enum rc sealed_hide(struct replica *r, const struct kind *k,
		    const json_t *plain, json_t **out, struct err *err);

/* enroll.c: remember what an enrolment's answer said. Scopes come from the
 * array; the catalog is always added. */
enum rc enrolment_keep(struct replica *r, const char *url, const json_t *answer,
		       struct err *err);
/* The keys of a new enrolment, before it is asked for. */
enum rc enrolment_keys(struct replica *r, const char *code, const char *pin,
		       struct err *err);

/* snapshot.c: one scope's snapshot, fed piece by piece. For the catalog, feed
 * it twice: first with kinds_only. The caller holds the transaction. */
struct snapshot;
enum rc snapshot_new(struct snapshot **out, struct replica *r,
		     const char *scope, bool kinds_only, struct err *err);
enum rc snapshot_feed(struct snapshot *s, const void *p, size_t n,
		      struct err *err);
/* Checks end, roots and the signed commit, and moves the scope's head. */
enum rc snapshot_end(struct snapshot *s, struct err *err);
void snapshot_free(struct snapshot *s);
int64_t snapshot_records(const struct snapshot *s);
/* A whole snapshot out of memory, in a transaction of its own. */
enum rc replica_clone_from_lines(struct replica *r, const char *scope,
				 const void *bytes, size_t n, struct err *err);

enum rc out_of_memory(struct err *err);

#endif
