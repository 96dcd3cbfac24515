/* store/audit.h - who did what: a chain of entries that nobody changes unseen.
 *
 * An entry's hash is SHA-256 over the hash before it and the canonical JSON of
 * the entry's columns but the hash; before the first stands SHA-256("hufu audit
 * 1" || epoch), with the epoch of the folder when the chain began. Entries are
 * never changed and never deleted. What the chain alone cannot show, that its
 * end was cut off or all of it written anew, a head that was kept elsewhere
 * shows: audit_head, signed by the server's key.
 *
 * docs/operations.md, "The audit log", says what is logged. */
#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include "base/hash.h"
#include "store/store.h"

enum audit_via {
	VIA_JOB, /* the server itself */
	VIA_CLI,
	VIA_API,
	VIA_SYNC, /* a terminal */
	VIA__MAX
};

enum audit_outcome {
	AUDIT_DONE, /* "ok" */
	AUDIT_REFUSED, /* not allowed, or against a rule */
	AUDIT_FAILED, /* disk, memory: a defect */
	AUDIT__MAX
};
const char *audit_via_name(enum audit_via via);
const char *audit_outcome_name(enum audit_outcome outcome);
/* What a code means for the log. */
enum audit_outcome audit_outcome_of(enum rc rc);

/* On whose behalf. Text is borrowed; NULL: there is none. */
struct audit_by {
	const char *who; /* account, officer, or "server" */
	/* With which credential, and who gave it: members of struct account. An
	 * entry's detail begins with them. */
	const char *with, *given_by;
	enum audit_via via;
	const char *request_id;
	int64_t now_ms; /* 0: the store's host says */
};

/* One entry. Text is borrowed; NULL: there is none. Bytes that are not valid
 * UTF-8 and control characters become '?', and a text is cut after
 * AUDIT_TEXT_MAX bytes: an attacker's words never keep an entry out. Where
 * by.with is said, the stored detail is "by <with>[, made by <given_by>]; "
 * and then the detail. */
#define AUDIT_TEXT_MAX 2000 /* lists of rights before and after, whole */
struct audit_entry {
	struct audit_by by;
	const char *operation; /* a word or two: "set", "token make" */
	const char *scope, *kind, *id; /* what it was about */
	enum audit_outcome outcome;
	const char *detail; /* one line */
};

/* Append an entry: inside the caller's transaction where there is one (which
 * has to be one that may write), so that it stands with its effect or not at
 * all; else in one of its own. Counts in s->audited. */
enum rc audit_put(struct store *s, const struct audit_entry *e,
		  struct err *err);
/* A read of this kind leaves an entry: class L3 and L4, which ratings are. */
bool audit_is_due(const struct kind *k);

/* An entry as it is stored. Text is borrowed until the next one. */
struct audit_row {
	int64_t seq, at_ms;
	const char *who, *via, *operation, *scope, *kind, *id, *outcome,
		*request_id, *detail; /* NULL where there is none */
	unsigned char hash[SHA256_BYTES];
};
/* Whose entries an account sees: those of its scopes; one of no scope is about
 * the whole folder, and for an account of all scopes. */
#define AUDIT_ROLES (ROLE_AUDITOR | ROLE_ADMINISTRATOR)
bool audit_is_seen(const struct account *a, const struct audit_row *row);
/* Which ones; NULL or 0: all. `operation` takes its subcommands too: "token"
 * has "token make". `about` is the id of what an entry is about, or one that
 * its detail names in quotes, as those whom a list was read of. `with` is a
 * credential, "token:<id>". [from_ms, to_ms). */
struct audit_filter {
	const char *who, *operation, *scope;
	const char *kind, *outcome, *request_id, *about, *with;
	int64_t from_ms, to_ms;
	int64_t after_seq;
};
typedef enum rc audit_row_fn(void *ctx, const struct audit_row *row,
			     struct err *err);
/* Hand them out by seq. Ends with what `fn` answers, when it is not RC_OK. */
enum rc audit_each(struct store *s, const struct audit_filter *f,
		   audit_row_fn *fn, void *ctx, struct err *err);

/* Was such an entry made since then? For what may come again and again. */
enum rc audit_lately(struct store *s, const char *operation, const char *kind,
		     const char *id, int64_t since_ms, bool *found,
		     struct err *err);

/* Where the chain stands. */
struct audit_head {
	int64_t seq; /* 0: no entry yet */
	int64_t at_ms; /* of the last entry */
	unsigned char hash[SHA256_BYTES];
	char epoch[17]; /* with which the chain began */
};
enum rc audit_head(struct store *s, struct audit_head *out, struct err *err);
/* The head as signed JSON, canonical but for the line feed behind it:
 *   {"at_ms":..,"epoch":"..","format":"hufu audit head 1","hash":"..",
 *    "seq":..,"server_key":"ssh-ed25519 ..","signature":".."}
 * The signature is an SSH signature (armoured, namespace "git", as in protocol
 * section 4) over the canonical JSON of the members but itself. Appends. */
enum rc audit_head_write(struct store *s, struct buf *out, struct err *err);
/* Read one that was kept: RC_INVALID when it is none, RC_DENIED when it was
 * not signed by this server's key. */
enum rc audit_head_read(struct store *s, const char *text, size_t n,
			struct audit_head *out, struct err *err);

/* The first entry that is not as it was written. */
struct audit_fault {
	int64_t seq; /* 0: no fault */
	char why[ERR_TEXT_MAX];
};
/* Walk the chain in one read transaction and hold it against `kept`, a head of
 * earlier, which may be NULL. RC_OK: it is whole, *head is where it stands.
 * RC_CORRUPT: *fault says where it first is not. */
enum rc audit_verify(struct store *s, const struct audit_head *kept,
		     struct audit_head *head, struct audit_fault *fault,
		     struct err *err);

#endif
