/* ledger/ledger.h - the main line of each scope: takes packets in, merges,
 * logs, keeps conflicts, quarantine and receipts, signs main commits.
 *
 * docs/protocol.md sections 6 to 10. Everything below writes in transactions
 * that take the database's one write lock (BEGIN IMMEDIATE), so programs may
 * write beside a running server. */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include "base/arena.h"
#include "store/audit.h"
#include "store/store.h"

#define LEDGER_BATCH_RECORDS 2000 /* of a bulk job in one main commit */

/* Who acts, when, and where it is written: what a domain function is given. */
struct op {
	struct store *store;
	const struct account *actor;
	int64_t now_ms; /* UTC; the domain never reads a clock */
	struct err *err;
	/* For the audit log: how it came, and which request. May be 0, NULL. */
	enum audit_via via;
	const char *request_id;
	bool is_told; /* the caller leaves the entry of the audit log */
};
/* The op's part of an entry of the audit log. Borrowed from the op. */
struct audit_by op_by(const struct op *op);

/* Found the catalog: kind records from registry files, and the server's key. */
enum rc ledger_found(struct op *op, const char *schema_dir);
/* Add or extend a kind on a running system: writes its `kind` record. A name
 * that the store has for a table of its own is RC_INVALID. */
enum rc ledger_kind_load(struct op *op, const char *file, bool *changed);
/* Its two parts: a file that names a kind (new reference), and what is done
 * with a definition. */
enum rc ledger_kind_read(const char *file, json_t **definition,
			 struct err *err);
enum rc ledger_kind_put(struct op *op, const json_t *definition, bool *changed);

/* One record that the office writes. */
struct office_record {
	const char *kind, *id; /* borrowed */
	/* The fields to be (town with them, without id and scope): all of the
	 * record, plain even for sealed kinds. Borrowed. */
	const json_t *record;
	/* What the author saw: a three-way base, whole; NULL: as it stands now,
	 * or new. Borrowed. */
	const json_t *base;
	/* Its flags are what the entry computed, and no word of the actor. */
	bool is_marked;
	/* A row of a file: what is new may begin as only imports begin. */
	bool is_history;
	/* out: */
	enum office_outcome {
		OFFICE_SAME, /* nothing to change */
		OFFICE_NEW,
		OFFICE_CHANGED,
		OFFICE_REFUSED, /* `why` says so; the others went in */
	} outcome;
	char why[ERR_TEXT_MAX];
	bool altered; /* OFFICE_CHANGED, and it was a recorded fact */
};

struct office_write {
	const char *scope;
	const char *operation; /* a word: import, set, draw, rate, ... */
	const char *message; /* one line */
	struct office_record *records;
	size_t n;
	/* What the audit log says that it is about (NULL: the record, where it
	 * is one), and in which words (NULL: the message). */
	const char *about_kind, *about_id, *detail;
	/* People entered it: what they changed must be within the limits that
	 * the kind's file states (kind/limits.h), and a reference must find its
	 * record in the scope, in the catalog or in this write. */
	bool entered;
	/* In whose name the records speak, where the actor adopts them; NULL:
	 * the actor's. */
	const char *voice;
	/* Called after each main commit; may be NULL. */
	void (*progress)(void *ctx, size_t done, size_t total);
	void *ctx;
};

/* Write records as packets of the office's journal, author = op->actor, signed
 * by the server, merged like any packet; bulk is split. A refusal of one record
 * (role, kind's rules) never stops the rest. One transaction per main commit:
 * after a failure what was committed stays and the rest is not written. Needs
 * an actor whose scopes cover the scope: RC_DENIED. A job of the server itself
 * sets actor->roles to ROLE_SERVER. Each main commit leaves one entry in the
 * audit log, in its transaction; a call that fails as a whole leaves none. */
enum rc ledger_office(struct op *op, struct office_write *w);

/* The record as it stands, decoded and unsealed (RC_DENIED when its key was
 * destroyed); *out is a new reference. RC_NOT_FOUND names it. */
enum rc ledger_record(struct op *op, const char *scope, const char *kind,
		      const char *id, json_t **out);

/* Destroy the key of a subject's sealed records, for ever, with an entry in the
 * audit log. RC_DENIED unless an administrator of the scope asks, RC_NOT_FOUND
 * when there is no key. */
enum rc ledger_shred(struct op *op, const char *scope, const char *subject,
		     const char *reason);

/* What the answers to a visit's checklist amount to: form/verdict.h. */
enum rc ledger_verdict(struct op *op, const char *scope, const char *visit,
		       json_t **out);

/* The head of a scope; RC_NOT_FOUND when it has no commit yet. */
struct head {
	struct oid commit, root;
	int64_t position;
	int64_t number; /* of the main commit in its scope, from 1 */
	unsigned char content[32];
	int64_t seconds;
};
enum rc ledger_head(struct store *s, const char *scope, struct head *out,
		    struct err *err);

/* The same of an earlier main commit of the scope. */
enum rc ledger_head_at(struct store *s, const char *scope,
		       const struct oid *commit, struct head *out,
		       struct err *err);

/* Decide a conflict: `decision` is "terminal", "server" or "other" with `value`
 * ({field: value} of the group). A signed three-way write against the value
 * that the decider saw; RC_CONFLICT when the record moved on. */
enum rc ledger_decide(struct op *op, const char *scope, const char *conflict,
		      const char *decision, const json_t *value,
		      const char *reason);

#endif
