/* ledger/check.h - does everything that is stored fit together?
 *
 * Log, main line, signatures, packets, receipts, rows, tree, keys: everything
 * is recomputed from the log or held against a signature, in one read
 * transaction beside a running server. It streams: memory follows the largest
 * main commit, not the store. */
#ifndef LEDGER_CHECK_H
#define LEDGER_CHECK_H

#include "ledger/ledger.h"

/* The first thing that is wrong. */
struct check_fault {
	char scope[16]; /* "" when it belongs to none */
	int64_t position; /* of the log; 0 where there is none */
	char what[96]; /* kind/id, a commit, a packet, a tree node */
	char why[ERR_TEXT_MAX];
};

struct check_scope {
	char scope[16];
	int64_t records, entries, commits, packets;
	int64_t dangling; /* references to records that are not here */
	struct oid root;
};

#define CHECK_LOOSE_MAX 20

/* A reference to a record that is not here. */
struct check_loose {
	char scope[16], what[96]; /* kind/id of who refers */
	char field[40], to[72]; /* kind/id of what is missing */
};

struct check_report {
	struct check_scope *scopes; /* in byte order; owned */
	size_t nscopes;
	struct check_loose loose[CHECK_LOOSE_MAX]; /* the first ones */
	size_t nloose;
	bool is_sound;
	struct check_fault fault; /* when it is not */
};

/* Check one scope, or all (NULL). RC_OK: it is sound. RC_CORRUPT: the report
 * has the first fault, and the scopes that were checked before it. Anything
 * else: the check could not be made. check_report_release either way. */
enum rc ledger_check(struct store *s, const char *scope,
		     struct check_report *out, struct err *err);
void check_report_release(struct check_report *r);

#endif
