/* ledger/check_impl.h - what the files of the check share. */
#ifndef LEDGER_CHECK_IMPL_H
#define LEDGER_CHECK_IMPL_H

#include "base/hash.h"
#include "ledger/check.h"
#include "object/commit.h"

#define CHECK_ARENA_BYTES (64u << 20) /* of one main commit, parsed */

struct check {
	struct store *s;
	struct db *scratch; /* the tree, made anew */
	struct arena mem; /* reset by every commit and packet */
	unsigned char (*keys)[SIGN_PUBLIC_BYTES]; /* of the server; owned */
	size_t nkeys;
	struct check_report *report;
	struct check_scope *at; /* the scope being checked */
	struct oid head_root; /* of its newest main commit */
	int64_t head_position;
	char head_epoch[17];
	struct err *err;
};

/* Note the fault and answer RC_CORRUPT. */
enum rc check_fault(struct check *c, int64_t position, const char *what,
		    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* What a lower room found: a fault of the store, or a failure of the check. */
enum rc check_pass(struct check *c, int64_t position, const char *what,
		   const struct err *why);
/* The gpgsig of a commit by one of the server's keys. */
bool check_signed(const struct check *c, const char *bytes, size_t n);
/* A blob of an oid; false when it has another length. */
bool check_oid(struct query *q, int col, struct oid *out);
/* Is this sealed record's key known, or was it destroyed? `key` (may be NULL)
 * and *held: its secret. */
enum rc check_key(struct check *c, int64_t position, const char *what,
		  const json_t *outer, unsigned char key[SEAL_KEY_BYTES],
		  bool *held);

/* Tables, indexes, columns: as this program makes them, and nothing else. */
enum rc check_schema(struct check *c);
/* What nothing signs: settings, accounts, codes, terminals. */
enum rc check_office(struct check *c);
/* The main line and the log under it. */
enum rc check_main_line(struct check *c);
/* The newest versions: rows, references, leaves of the scratch tree. */
enum rc check_records(struct check *c);
/* Rows of a kind's table that the log knows nothing of. */
enum rc check_strays(struct check *c);
/* The stored tree against the scratch tree and the head. */
enum rc check_tree(struct check *c);
/* Packets, journals, receipts. */
enum rc check_packets(struct check *c);

#endif
