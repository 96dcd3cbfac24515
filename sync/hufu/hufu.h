/* hufu/hufu.h - libhufu: a tablet's half of Hufu, for programs of others.
 *
 * A replica is one SQLite file with a table for each kind of record. Any
 * SQLite edits it (UPDATE and INSERT; the file notes what changed), libhufu
 * turns the edits into signed packets and lays them together with the server's
 * half. What the command `hufu` does, it does by these functions alone.
 *
 *     struct hufu *h = hufu_new();
 *
 *     if (hufu_open(h, "tablet.db") || hufu_unlock(h, pin) ||
 *         hufu_sync(h, NULL))
 *             fprintf(stderr, "%s\n", hufu_message(h));
 *     hufu_free(h);
 *
 * Link with `pkg-config --cflags --libs libhufu`, or libhufu-static for the
 * archive. Nothing here is a macro that a foreign function interface would
 * miss, but for the names of versions and constants.
 *
 * Errors. A function that can fail returns an enum hufu_code, HUFU_OK or why
 * not; hufu_message says it in a sentence. After a failure the file is as it
 * was before the call, and the handle may be used on; what needs the network
 * keeps how far it came, and the next call goes on from there. Where a function
 * fails, its results are NULL or 0. One exception: where memory runs out for a
 * report (HUFU_NOMEM), what it reports on is done.
 *
 * Ownership. What comes as `struct hufu_list **` is the caller's, to be given
 * to hufu_list_free; NULL may be passed for one that is not wanted. Text that
 * is returned belongs to the handle or list and stays as long as is said
 * there. Text that is passed is copied. All text is UTF-8 and ends with a NUL.
 *
 * Threads. A handle, with its lists, is used by one thread at a time. Handles
 * are independent: several threads may have one each, also of the same file;
 * who meets the other's write waits for it, 5 seconds at most (HUFU_BUSY).
 *
 * Other SQLite in the same program. Edit the file with the SQLite that you
 * link. Where that is not the library's own (a copy inside the program), POSIX
 * drops the locks of one when the other closes the file: then use the file by
 * turns, not from two threads at once. Let no transaction of yours be open
 * while you call a function here that writes.
 *
 * The library prints nothing but, on stderr, a warning about a kind that it
 * does not understand; it handles no signals, changes no locale and exits
 * never. It starts libcurl, libgit2 and libsodium when it first needs them,
 * and keeps the allocation functions that the program gave to jansson before.
 *
 * Compatibility. Functions and constants stay as long as the library is
 * libhufu.so.1; new ones come with a new minor version. Lists may get new
 * members and codes may be added: take an unknown code for a failure. Strings
 * that are called stable are not reworded; messages are. */
#ifndef HUFU_HUFU_H
#define HUFU_HUFU_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HUFU_VERSION_MAJOR 1 /* as in libhufu.so.1 */
#define HUFU_VERSION_MINOR 2
#define HUFU_VERSION_PATCH 0
#define HUFU_VERSION "1.2.0"

#ifndef HUFU_API
#define HUFU_API __attribute__((visibility("default")))
#endif

/* The version of the library that runs, such as "1.0.0"; a program was
 * compiled against HUFU_VERSION. Static text; any thread. */
HUFU_API const char *hufu_version(void);

/* Stable: a number never changes what it means. */
enum hufu_code {
	HUFU_OK = 0,
	HUFU_INVALID = 1, /* what was given breaks a stated rule */
	HUFU_DENIED = 2, /* locked, a wrong PIN, or not yours to do */
	HUFU_NOT_FOUND = 3, /* there is no such thing */
	HUFU_CONFLICT = 4, /* the record moved on since */
	HUFU_BUSY = 5, /* somebody else has it; try again */
	HUFU_CORRUPT = 6, /* stored or received bytes fail their check */
	HUFU_IO = 7, /* the disk or the network failed; try again */
	HUFU_NOMEM = 8, /* memory ran out, or a stated limit was reached */
	HUFU_STOPPED = 9, /* a progress function asked to stop */
};

/* The stable name of a code, such as "not_found"; "unknown" for a number that
 * is none. Static text; any thread. */
HUFU_API const char *hufu_code_name(enum hufu_code code);

/* A handle: one replica at a time, and what belongs to its use. */
struct hufu;

/* A new handle without a replica, for hufu_free; NULL where memory ran out. */
HUFU_API struct hufu *hufu_new(void);
/* Close the replica and forget the handle, the officer's key and the message;
 * lists live on. NULL is nothing to do. */
HUFU_API void hufu_free(struct hufu *h);
/* What the last call that failed had to say: one line, lower case, for people,
 * "" where the last call did not fail. Stays until the next call with the
 * handle. */
HUFU_API const char *hufu_message(const struct hufu *h);

/* Lists: what a function found, as entries with named members. An entry is a
 * JSON object; what members it has stands beside the function. A list is a
 * copy: it does not follow the replica and may outlive the handle. */
struct hufu_list;

/* How many entries there are; 0 for NULL. */
HUFU_API size_t hufu_list_count(const struct hufu_list *list);
/* Go to the first entry, then to the next. HUFU_NOT_FOUND behind the last one,
 * and the next call begins anew; HUFU_NOMEM. */
HUFU_API enum hufu_code hufu_list_next(struct hufu_list *list);
/* A member of the entry: text as it is, anything else as JSON; NULL where it is
 * absent or null. A dotted name reaches inside: "packets.0", "scopes.1.head".
 * Stays until the next hufu_list_next or hufu_list_free. */
HUFU_API const char *hufu_list_text(struct hufu_list *list, const char *name);
/* A member that is a whole number or a truth (0 or 1), otherwise `otherwise`.
 */
HUFU_API int64_t hufu_list_int(const struct hufu_list *list, const char *name,
			       int64_t otherwise);
/* A member as JSON, so that "12" and 12 differ; the whole entry where `name` is
 * NULL; NULL where it is absent. Stays as hufu_list_text. */
HUFU_API const char *hufu_list_json(struct hufu_list *list, const char *name);
/* The whole list as one JSON array on one line. Stays until hufu_list_free;
 * NULL where memory ran out. */
HUFU_API const char *hufu_list_all(struct hufu_list *list);
/* Free the list and all text that came from it. NULL is nothing to do. */
HUFU_API void hufu_list_free(struct hufu_list *list);

/* A new, empty replica at `path`, with mode 0600, and open it; HUFU_INVALID
 * where there is a file. A replica that was open is closed first; so by all
 * functions that open. */
HUFU_API enum hufu_code hufu_create(struct hufu *h, const char *path);
/* HUFU_NOT_FOUND where there is none, HUFU_INVALID where the file is none. */
HUFU_API enum hufu_code hufu_open(struct hufu *h, const char *path);
/* A private copy of a file that is only read: it may lie where nobody may
 * write. What is written to it is gone when it is closed. */
HUFU_API enum hufu_code hufu_open_copy(struct hufu *h, const char *path);
/* Was this terminal wiped by order of the office, or is it to be? Then all
 * others answer HUFU_DENIED, and a sync sends what could not be sent before. */
HUFU_API int hufu_is_wiped(const struct hufu *h);
/* Close what is open and forget the officer's key. The file may be opened
 * again, by anybody. */
HUFU_API void hufu_close(struct hufu *h);

/* Plain http is refused but to this machine's loopback; 1 allows it to all, for
 * this handle: whoever listens can read the data then. */
HUFU_API void hufu_allow_plain_http(struct hufu *h, int allow);

/* Called while the network or the disk works, from the thread that called the
 * library: `what` is what is done ("download 330106", "send"), `done` and
 * `total` are bytes or records, total 0 where nobody knows. An answer other
 * than 0 stops at the next piece of the network: the call ends with
 * HUFU_STOPPED, and nothing that was fetched is lost. The function may not use
 * the handle. */
typedef int hufu_progress_fn(void *ctx, const char *what, int64_t done,
			     int64_t total);
/* For all later calls; NULL for none. `ctx` is handed through. */
HUFU_API void hufu_on_progress(struct hufu *h, hufu_progress_fn *fn, void *ctx);

/* Would this address of a server do? HUFU_INVALID says why not; nothing is
 * sent. */
HUFU_API enum hufu_code hufu_url_check(struct hufu *h, const char *url);

/* Enrol this terminal at `url` with the office's one-time code: makes the
 * officer's key, sealed by `pin` (6 characters or more), and the terminal's
 * key, proves both, and remembers the server's key. With the same code again it
 * is safe after a lost answer. Unlocks nothing. */
HUFU_API enum hufu_code hufu_enroll(struct hufu *h, const char *url,
				    const char *code, const char *pin);
/* Open the officer's key, which signs, until the replica is closed. Takes a
 * while on purpose. HUFU_DENIED: a wrong PIN. */
HUFU_API enum hufu_code hufu_unlock(struct hufu *h, const char *pin);
/* 1 after hufu_unlock. */
HUFU_API int hufu_is_unlocked(const struct hufu *h);

/* What hufu_clone will come to, before anything of it is fetched. *out is a
 * list of one entry and stands at it; HUFU_NOT_FOUND where the server cannot
 * say. scopes, records, bytes           of all scopes together; bytes to load
 *   records_warn, bytes_warn         more is unwise, the server says
 *   records_most, bytes_most         more is refused
 *   space_bytes                      that the file will take, about
 *   free_bytes                       that there are beside it, -1: not known */
HUFU_API enum hufu_code hufu_clone_size(struct hufu *h, struct hufu_list **out);
/* Fetch all data for the first time, resumed where an earlier try broke off,
 * check its roots and sync once. HUFU_INVALID where there is data already,
 * HUFU_DENIED where it is more than the server gives one terminal; both before
 * anything is fetched. While the server prepares the data it waits, minutes at
 * most. */
HUFU_API enum hufu_code hufu_clone(struct hufu *h);

/* One round: commit what is uncommitted (while unlocked), push, pull, and
 * compare roots. HUFU_IO: the network failed, and everything is kept for the
 * next try. HUFU_CORRUPT: the halves do not match. Edits that break a rule of
 * their kind stay uncommitted and hold up nothing. *report is a list of one
 * entry and stands at it:
 *   equal         every root is the server's
 *   requests      round trips
 *   packets_sent, records_sent       acknowledged in this call
 *   records_received
 *   merged, conflicts, quarantined   records of what was sent
 *   bytes_up, bytes_down             HTTP bodies
 *   fork          a new journal was begun: a copy of the file had synced, too
 *   restored      the server came back from a backup: what it had lost of this
 *                 replica was sent again
 *   damaged       this file was, and was put right; repaired: how many records
 *                 were fetched again or taken out for it; rebuilt: indexes or
 *                 tables were written anew, too
 *   uncommitted   edited records that were not sent, the handle being locked
 *   held_back     edited records that no packet may have; held_why: of the
 *                 first
 *   mended        what was wrong with the capture of edits, or ""
 *   carried       requests of other tablets that were handed over (hufu_carry);
 *                 carried_why: why one was not, or ""
 *   scopes_came   counties that the office added to this terminal, and that are
 *                 here now; scopes_went: that it took away: all was sent, and
 *                 their records left the replica
 *   scopes        as in hufu_info */
HUFU_API enum hufu_code hufu_sync(struct hufu *h, struct hufu_list **report);
/* Look for damage of every kind (pages, indexes, tree, rows, keys) and put
 * right what differs from the server's half, fetching that alone; then the same
 * as hufu_sync, with the same report. What the server has not seen yet stays as
 * it is. hufu_sync does so by itself where it stumbles over damage.
 * HUFU_CORRUPT: the file's pages cannot be used. */
HUFU_API enum hufu_code hufu_repair(struct hufu *h, struct hufu_list **report);

/* A sync by file, where there is no network. Write the request of a sync to a
 * new file, sealed to the server and signed by this device; what is uncommitted
 * is committed first (while unlocked). `hufud bundle apply` answers it with
 * another file. Meanwhile the replica may be edited and synced as ever. It
 * takes along the requests that it carries for others. HUFU_INVALID where there
 * is a file of that name. *report stands at its one entry: packets, carried,
 * bytes, left_out (there is more than one bundle holds: another one, after the
 * answer), uncommitted, held_back, held_why. */
HUFU_API enum hufu_code hufu_bundle_create(struct hufu *h, const char *file,
					   struct hufu_list **report);
/* Take the answers to this replica's requests out of a file, in one
 * transaction, and keep those to requests that it carries. The same file twice
 * changes nothing. HUFU_CONFLICT: the replica has newer already. HUFU_INVALID:
 * it has no answer to a request of this replica. HUFU_CORRUPT: cut or altered.
 * *report stands at its one entry: applied, again (applied before),
 * receipts_only (the replica was synced since: the rest comes by the next
 * sync), kept (for others), needs_another (something is still to be sent),
 * fork, packets_sent, records_sent, records_received, merged, conflicts,
 * quarantined and scopes, as of hufu_sync. */
HUFU_API enum hufu_code hufu_bundle_apply(struct hufu *h, const char *file,
					  struct hufu_list **report);
/* Carry what other tablets put into a file: the next hufu_sync hands their
 * requests to the server, hufu_bundle_create takes them along. They are sealed:
 * the carrier can neither read nor change them. *report stands at its one
 * entry: requests, answers, own (of this replica, not carried). */
HUFU_API enum hufu_code hufu_carry(struct hufu *h, const char *file,
				   struct hufu_list **report);
/* Write the answers that came for `terminal`, or for anybody where it is NULL,
 * to a new file, for their hufu_bundle_apply. *answers (or NULL) counts them.
 * HUFU_NOT_FOUND: there is none yet. */
HUFU_API enum hufu_code hufu_carried_answers(struct hufu *h, const char *file,
					     const char *terminal,
					     int *answers);
/* What is carried: terminal, digest (of its request), bytes, state ("waiting",
 * "answered" or "refused"), why, and taken (UTC ms, when at the earliest). Kept
 * for 30 days. */
HUFU_API enum hufu_code hufu_carried(struct hufu *h, struct hufu_list **out);

/* Two officers at one visit, without a network: write for the others whom the
 * visit names in `officers` what was answered here, in packets that prove
 * themselves, to a new file that only their tablets open. What is uncommitted
 * is committed first (while unlocked). The file is a bundle as of
 * hufu_bundle_create, too. *report stands at its one entry: terminals (that can
 * read it), packets, bytes. HUFU_NOT_FOUND: nothing was signed here of the
 * visit, or nobody else is known. */
HUFU_API enum hufu_code hufu_peer_create(struct hufu *h, const char *visit,
					 const char *file,
					 struct hufu_list **report);
/* Take such a file: what it says stands beside one's own until the office has
 * it, and its request is carried (hufu_carry). HUFU_DENIED: the other tablet is
 * not known here, or revoked. HUFU_CORRUPT: not what the other officer signed;
 * nothing is taken. *report stands at its one entry: visit, officer, answers.
 */
HUFU_API enum hufu_code hufu_peer_take(struct hufu *h, const char *file,
				       struct hufu_list **report);
/* What the answers to a visit's checklist come to, colleagues' among them.
 * *report stands at its one entry: verdict, disputed (points), open, failed,
 * points (each with its answers) and root, the same for everybody who has the
 * same answers. */
HUFU_API enum hufu_code hufu_peer_verdict(struct hufu *h, const char *visit,
					  struct hufu_list **report);
#define HUFU_ROOT_SIZE 65 /* of a root as hex digits, with its NUL */

/* Sign a visit over that root, as an edit: state and root_hash. HUFU_INVALID
 * while officers disagree. `root` (or NULL) receives the root. */
HUFU_API enum hufu_code hufu_peer_sign(struct hufu *h, const char *visit,
				       char root[HUFU_ROOT_SIZE]);

#define HUFU_LANE_BYTES 8388608 /* of evidence that a sync may well send */

/* Evidence: files that belong to a visit. Copy `file` into the folder beside
 * the replica and make its record, with its hash, time, officer and a signature
 * of this device: an edit, to be committed and synced. `fields` is a JSON
 * object with members of the record (points, caption, media, latitude,
 * longitude) or NULL. `quota_bytes` is for the folder, 0 for 4 GiB: HUFU_NOMEM
 * where the file would exceed it, and nothing was done. *report stands at its
 * one entry: id, sha256, size, again (the visit had this file), used and quota
 * (bytes). */
HUFU_API enum hufu_code hufu_attach(struct hufu *h, const char *visit,
				    const char *file, const char *fields,
				    int64_t quota_bytes,
				    struct hufu_list **report);
/* Files that the server has not said to have, in the order in which they go:
 * id, visit, sha256, size, name, media, and synced (its record is at the
 * office). */
HUFU_API enum hufu_code hufu_evidence(struct hufu *h, struct hufu_list **out);
/* Send files whose records were synced, each from where the server stands, and
 * forget those that it has whole. Begins no piece (4 MiB) after `most_bytes`, 0
 * for all; sends `bytes_per_s` at most, 0 for as fast as it goes. HUFU_IO and
 * HUFU_BUSY: the network or the server is not ready, all is kept. *report
 * stands at its one entry: requests, bytes_up, files (whole now), left,
 * left_bytes, refused, and why of the first refused. */
HUFU_API enum hufu_code hufu_upload(struct hufu *h, int64_t most_bytes,
				    int64_t bytes_per_s,
				    struct hufu_list **report);

/* Records with something to say: kind, id, state and, where there is one,
 * detail. States (stable): "new" and "edited" are uncommitted, "local" is
 * committed, "sent", "conflict" an open one (detail: its field), "quarantined"
 * (detail: the code). A record that no commit would take has `bad`, the reason,
 * in place of detail. */
HUFU_API enum hufu_code hufu_status(struct hufu *h, struct hufu_list **out);

/* Uncommitted changes, field by field: kind, id, new (the whole record is),
 * field, before, after; the last two as values, null for none. A record that no
 * commit would take comes first with `bad` and no field. */
HUFU_API enum hufu_code hufu_diff(struct hufu *h, struct hufu_list **out);

#define HUFU_COMMIT_SOUND 1u /* leave out what breaks a rule */

/* Sign uncommitted edits: a packet for each scope and state that they began
 * from, of 1,000 records or 1 MiB at most. HUFU_INVALID names the record and
 * field that breaks a rule of its kind, and nothing is committed, unless
 * `flags` has HUFU_COMMIT_SOUND. HUFU_DENIED while locked. `message` is one
 * line that says what was done. *report stands at its one entry: packets,
 * records, held_back, held_why. */
HUFU_API enum hufu_code hufu_commit(struct hufu *h, const char *message,
				    unsigned flags, struct hufu_list **report);
/* May a packet have this message? HUFU_INVALID says why not. */
HUFU_API enum hufu_code hufu_message_check(struct hufu *h, const char *message);

/* Take back the uncommitted edit of one record, or of all where `kind` is NULL.
 * *records (or NULL) counts them. HUFU_NOT_FOUND where that one has none. */
HUFU_API enum hufu_code hufu_undo(struct hufu *h, const char *kind,
				  const char *id, int *records);

/* Run SQL on the replica, all of it or nothing: the same as an edit by any
 * other SQLite. One or more statements without BEGIN and COMMIT; rows that they
 * answer are dropped. HUFU_INVALID says what SQLite says. */
HUFU_API enum hufu_code hufu_edit(struct hufu *h, const char *sql);

#define HUFU_ID_SIZE 33 /* of an id, with its NUL */

/* Write members of a record: `fields` is a JSON object, null takes a member
 * away, others stay. `id` NULL makes a new record with an id of its own (scope
 * and town as members, where they are not the replica's only scope and "000").
 * Values are checked here as a commit would. `out` (or NULL) receives the id.
 * HUFU_DENIED says which member the officer's role does not write, and who
 * does; an edit by SQL of such a member is held back by the commit. */
HUFU_API enum hufu_code hufu_put(struct hufu *h, const char *kind,
				 const char *id, const char *fields,
				 char out[HUFU_ID_SIZE]);

#define HUFU_LIVE 0 /* as it is seen and edited here */
#define HUFU_MAIN 1 /* as the server has it, which the root covers */

/* One record: *out stands at its one entry, whose members are id, scope, town
 * and the kind's fields. `state` is HUFU_LIVE or HUFU_MAIN. HUFU_NOT_FOUND. */
HUFU_API enum hufu_code hufu_record(struct hufu *h, const char *kind,
				    const char *id, int state,
				    struct hufu_list **out);

/* Records in which each of the words stands, in the id or in a field that the
 * kind declares as searched, wherever in it; the case of a to z does not count.
 * Words are set apart by spaces, four at most. `kind` NULL: of all kinds. At
 * most `most` entries in order of kind and id: kind, id, name. */
HUFU_API enum hufu_code hufu_find(struct hufu *h, const char *kind,
				  const char *words, int most,
				  struct hufu_list **out);

/* Packets that were signed here, newest first: packet, scope, journal,
 * sequence, message, records, wall (UTC ms), state, and receipt once there is
 * one. */
HUFU_API enum hufu_code hufu_log(struct hufu *h, struct hufu_list **out);

/* What needs a person. `what` is "conflict": the conflict's record, open, or
 * decided otherwise than this officer wrote and not accepted yet, with
 * author_name and server_author_name where they are known; stands: which value
 * does now, "terminal", "server" or "other"; accepted, where this officer did;
 * and says.en and says.zh, the same in sentences, one a line. Or it is
 * "quarantined": record_kind, record_id, code, packet, scope, record; says.en
 * and says.zh, what the code means; and, where somebody has said so, state
 * ("adopted", "rejected"), decided_by, decision. */
HUFU_API enum hufu_code hufu_conflicts(struct hufu *h, struct hufu_list **out);
/* Answer a conflict as this officer, by an edit of its record: `appeal` NULL
 * accepts what stands; a text says why the decision should not stand, and asks
 * the office for another. HUFU_DENIED: it is between others. HUFU_INVALID: it
 * was accepted already, or there is no decision to appeal. HUFU_NOT_FOUND. */
HUFU_API enum hufu_code hufu_answer_conflict(struct hufu *h, const char *id,
					     const char *appeal);
/* Take another's record out of quarantine as this officer: fetched from the
 * server, and said in an uncommitted record of kind `adoption`, which the next
 * commit signs. `reason` may be NULL. *entry stands at its one entry: record,
 * base (null: it was new), author, code, reason, packet, entry (the adoption's
 * id), after (a packet in quarantine that it builds on), followed_by.
 * HUFU_DENIED: it is one's own. HUFU_CONFLICT: somebody has closed it. */
HUFU_API enum hufu_code hufu_adopt(struct hufu *h, const char *packet,
				   const char *kind, const char *id,
				   const char *reason,
				   struct hufu_list **entry);

/* Who, where, at which position. *out stands at its one entry: terminal,
 * enrolment, officer, name, url, server_key, epoch (absent before enrolment),
 * and scopes, an array of scope, root, position, records, and head once there
 * is data. */
HUFU_API enum hufu_code hufu_info(struct hufu *h, struct hufu_list **out);
/* The scopes alone, an entry each; the catalog first. */
HUFU_API enum hufu_code hufu_scopes(struct hufu *h, struct hufu_list **out);

/* Recompute everything from the rows: versions of records, nodes, roots,
 * signatures and chains of packets. HUFU_CORRUPT names the first thing that is
 * wrong. Minutes for a million records. */
HUFU_API enum hufu_code hufu_verify(struct hufu *h);

/* Are the triggers there that note edits? HUFU_CORRUPT names the first that is
 * not. Reads only. */
HUFU_API enum hufu_code hufu_check_capture(struct hufu *h);
/* Make them again, and find what was edited meanwhile; hufu_commit and
 * hufu_sync begin with it. *report stands at its one entry, all that was mended
 * since the replica was opened: triggers, edits, restored, and what, a line for
 * people, or "". */
HUFU_API enum hufu_code hufu_mend(struct hufu *h, struct hufu_list **report);

#define HUFU_TIME_SIZE 25 /* of a time as text, with its NUL */

/* UTC milliseconds since 1970 as "2026-11-22T09:30:00.000Z". Any thread. */
HUFU_API void hufu_time_text(char out[HUFU_TIME_SIZE], int64_t ms);

#ifdef __cplusplus
}
#endif

#endif
