/* evidence/evidence.h - the files of evidence that the office has, and those
 * that are on their way:
 *
 *   DIR/evidence/<2 hex>/<sha256>          the bytes (blob/blob.h)
 *   DIR/evidence/<2 hex>/<sha256>.<scope>  this scope has sent all of them
 *   DIR/evidence/parts/<scope>-<sha256>    what has come of a file so far
 *
 * What is known of a file is in the file system alone: the size of a part is
 * the offset at which its sender goes on, after a kill as well as after a cut.
 * Records say what there should be (kind `evidence`), never what has come.
 *
 * Bytes count as there for a scope only once that scope has sent all of them:
 * who knows the hash of a file of another scope neither learns that it is here
 * nor gets to read it. Nothing is looked into; a file whose hash is another
 * than was said is taken away.
 *
 * Calls of any number of threads and processes may meet. */
#ifndef EVIDENCE_EVIDENCE_H
#define EVIDENCE_EVIDENCE_H

#include "blob/blob.h"
#include "store/store.h"

struct evidence_limits {
	int64_t file_bytes; /* the most that one file has */
	int64_t total_bytes; /* of all files; 0: what the disk has */
	int64_t free_bytes; /* that stay free on the disk */
};
extern const struct evidence_limits evidence_limits_usual;
/* A part that nobody has added to for so long is taken away. */
#define EVIDENCE_PART_MS (INT64_C(30) * 24 * 60 * 60 * 1000)

struct evidence;
/* Of a data folder; nothing is made in it yet. */
enum rc evidence_new(struct evidence **out, const char *dir,
		     const struct evidence_limits *limits, struct err *err);
void evidence_free(struct evidence *e);

/* A file, as its record says. Text is borrowed. */
struct evidence_file {
	const char *scope, *sha256;
	int64_t bytes;
};
/* RC_CONFLICT where its record names no hash or size that a file can have. */
enum rc evidence_file_check(const struct evidence_file *f, struct err *err);

enum evidence_state { EVIDENCE_NONE, EVIDENCE_PART, EVIDENCE_WHOLE };
const char *evidence_state_name(enum evidence_state state);
struct evidence_seen {
	enum evidence_state state;
	int64_t offset; /* bytes that are here */
	int64_t touched_ms; /* of a part: when it last grew */
};
/* In a data folder; one of the calls that need no struct evidence. */
enum rc evidence_look(const char *dir, const struct evidence_file *f,
		      struct evidence_seen *out, struct err *err);
/* Where the bytes are, malloc'd; NULL when memory ran out. */
char *evidence_path(const char *dir, const struct evidence_file *f);

/* Begin a part, unless there is one, or the whole. RC_INVALID: the file is
 * larger than files may be. RC_NOMEM: there is no room for it. Takes old parts
 * away. */
enum rc evidence_begin(struct evidence *e, const struct evidence_file *f,
		       int64_t now_ms, struct err *err);
/* Take a part away; RC_NOT_FOUND without a message. The whole stays. */
enum rc evidence_drop(struct evidence *e, const struct evidence_file *f,
		      struct err *err);

/* A part that grows. RC_NOT_FOUND without a message when there is none, RC_BUSY
 * while another sends it. */
struct evidence_part {
	struct evidence *evidence; /* borrowed */
	struct evidence_file file;
	char *path; /* owned */
	int fd;
	int64_t offset;
};
enum rc part_open(struct evidence_part *p, struct evidence *e,
		  const struct evidence_file *f, struct err *err);
/* RC_INVALID: more than the file has. RC_NOMEM: the disk is full. */
enum rc part_put(struct evidence_part *p, const void *bytes, size_t n,
		 struct err *err);
/* Forget what came after that offset. */
enum rc part_cut(struct evidence_part *p, int64_t offset, struct err *err);
/* What came is on the disk. A part that has all its bytes becomes the file:
 * *whole; RC_CORRUPT when they are others, and the part is gone. */
enum rc part_keep(struct evidence_part *p, bool *whole, struct err *err);
void part_close(struct evidence_part *p);

/* Read every file and hash it. `fn` is told of those whose bytes are no more
 * what their names say; *files counts all. */
typedef void evidence_bad_fn(void *ctx, const char *sha256, const char *is);
enum rc evidence_check(const char *dir, evidence_bad_fn *fn, void *ctx,
		       int64_t *files, struct err *err);

/* -- of the records of a store (records.c) -- */

/* What there should be of a visit and what there is, by id, without what is of
 * class L3; those that are void are left out: [{"id", "size", "state":
 * "whole"|"part"|"none", "offset", "media", "points"}]. *out is a new
 * reference, empty where the store's kinds have no evidence; *missing counts
 * what is not whole. */
enum rc evidence_of_visit(struct store *s, const char *scope, const char *visit,
			  json_t **out, int *missing, struct err *err);

#endif
