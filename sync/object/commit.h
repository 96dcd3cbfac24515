/* object/commit.h - the two kinds of commit, packets and main commits, as
 * docs/protocol.md sections 6 and 7 state them byte for byte.
 *
 * Reading is strict: bytes are accepted only when writing the parsed commit
 * again gives the same bytes, so a commit has exactly one form. */
#ifndef OBJECT_COMMIT_H
#define OBJECT_COMMIT_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/seal.h"
#include "object/oid.h"

#define COMMIT_FORMAT 1 /* of main commits */
#define PACKET_FORMAT 2 /* of packets; 1 is read, too */
#define COMMIT_MESSAGE_MAX 200 /* bytes */
#define PACKET_RECORDS_MAX 1000
#define PACKET_BYTES_MAX (1u << 20)

struct packet_commit {
	int format; /* 1 or PACKET_FORMAT */
	struct oid tree;
	bool has_parent;
	struct oid parent;
	const char *author; /* officer or account id */
	const char *terminal; /* terminal id, or "server" */
	int64_t seconds;
	const char *message; /* one line */
	const char *scope;
	const char *journal; /* 20 hex digits, or "office" */
	int64_t sequence; /* from 1 */
	bool has_base;
	struct oid base;
	bool has_supersedes;
	struct oid supersedes;
	const char *operation; /* journal office only, else NULL */
	int64_t wall_ms;
	int64_t monotonic_ms;
	const char *boot;
	int64_t anchor_ms;
	unsigned char content[32];
};

struct main_quarantined {
	struct oid packet;
	const char *path; /* kind/id */
	const char *code;
};

struct main_commit {
	struct oid tree;
	size_t nparents;
	struct oid *parents; /* previous main commit first, if there is one */
	int64_t seconds;
	const char *scope;
	const char *epoch;
	int64_t position;
	int64_t time_ms;
	size_t nmerged;
	struct oid *merged;
	size_t nquarantined;
	struct main_quarantined *quarantined;
	unsigned char content[32];
};

/* Has the packet's tree its records with the mode 100755? So it is in every
 * second packet of a journal, in format 2: a packet that says the very bytes
 * that the one before said is a change to Git all the same. */
bool packet_is_marked(const struct packet_commit *c);
/* May a packet have this message: one line of UTF-8, not too long? RC_INVALID
 * says why not. */
enum rc commit_message_check(const char *message, struct err *err);
/* Append the signed commit object's bytes and hand out its id. RC_INVALID when
 * a part breaks the format. */
enum rc packet_commit_write(struct buf *out, struct oid *oid,
			    const struct packet_commit *c,
			    const struct sign_key *key, struct err *err);
enum rc main_commit_write(struct buf *out, struct oid *oid,
			  const struct main_commit *c,
			  const struct sign_key *key, struct err *err);

/* Parse; strings and arrays live in `mem`. RC_CORRUPT on any deviation,
 * RC_INVALID "format 3 is newer ..." for an unknown Format. The signature is
 * not checked here. */
enum rc packet_commit_read(struct packet_commit *c, struct oid *oid,
			   const char *bytes, size_t n, struct arena *mem,
			   struct err *err);
enum rc main_commit_read(struct main_commit *c, struct oid *oid,
			 const char *bytes, size_t n, struct arena *mem,
			 struct err *err);

/* Verify the gpgsig of a commit of either kind by this key. */
enum rc commit_verify(const char *bytes, size_t n,
		      const unsigned char public[SIGN_PUBLIC_BYTES],
		      struct err *err);

#endif
