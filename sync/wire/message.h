/* wire/message.h - the bytes of a sync and who vouches for them: requests,
 * answers, and their signatures (docs/protocol.md sections 10 to 12). */
#ifndef WIRE_MESSAGE_H
#define WIRE_MESSAGE_H

#include <jansson.h>

#include "base/arena.h"
#include "base/deflate.h"
#include "base/hash.h"
#include "base/hex.h"
#include "base/seal.h"
#include "object/oid.h"

#define WIRE_FORMAT 1
#define SNAPSHOT_FORMAT 2 /* format 1 is still served and read */
#define SNAPSHOT_FORMAT_TEXT "2"
#define WIRE_WANTED_MAX 1000 /* keys that one request asks for in a scope */
#define WIRE_PLACES_MAX 1000 /* of a tree, asked for in a scope */
#define WIRE_WHOLE_MAX 2000 /* records asked for by name */
#define WIRE_KNOWN_MAX 1000 /* main commits that a terminal names */
#define WIRE_CLOCK_MAX_MS (10 * 60 * 1000)
/* Rows in one answer, before deflate: 4 MiB. Packets in one request: 3 MiB of
 * the 4 MiB of JSON that are allowed. */
size_t wire_page_bytes(void);
size_t wire_request_bytes(void);
#ifdef WITH_FAULTS
/* For tests only, and only in builds with faults: limits so small that a short
 * history has many pages and many requests. 0: as above. */
void wire_limits_for_tests(size_t page_bytes, size_t request_bytes);
#endif
#define SIGNATURE_TEXT_SIZE BASE64_SIZE(SIGN_BYTES)

struct wire_packet {
	const char *commit; /* borrowed from the request */
	size_t commit_bytes;
	json_t *rows; /* array of groups, borrowed */
	json_t *bases; /* the same, what the author saw; NULL: not said */
};

struct wire_scope {
	const char *scope;
	bool has_head;
	struct oid head;
	size_t npackets;
	struct wire_packet *packets;
	bool has_target; /* a further page */
	struct oid target;
	const char *after_kind, *after_id;
	json_t *wanted; /* array of subjects whose key is asked for, borrowed;
			 * NULL: none */
	/* A comparison of halves instead of rows: all NULL where it is none. */
	json_t *tree; /* [[town, kind, path]...] */
	json_t *whole; /* [[kind, id]...] */
	json_t *known; /* main commits, newest first */
};

/* Does the scope's part of a request compare trees? */
bool wire_is_comparison(const struct wire_scope *s);

struct wire_request {
	json_t *json; /* owned: wire_request_release */
	const char *enrolment;
	int64_t time_ms;
	int64_t keys; /* -1: may hold none */
	size_t nscopes;
	struct wire_scope *scopes; /* in the arena */
	unsigned char digest[SHA256_BYTES];
};

/* Inflate, parse and check a request's body. Strings are borrowed from it. */
enum rc wire_request_read(struct wire_request *r, const void *body, size_t n,
			  struct arena *mem, struct err *err);
void wire_request_release(struct wire_request *r);
/* Deflate a request built as JSON; digest is what the answer is bound to. */
enum rc wire_request_write(struct buf *body, unsigned char digest[SHA256_BYTES],
			   const json_t *request, struct err *err);

/* `Hufu-Signature` of a request with a body; of one without, `time_text` is
 * what is signed in its place. Writes base64 and a NUL. */
enum rc request_sign(char out[SIGNATURE_TEXT_SIZE], const struct sign_key *key,
		     const char *method, const char *path, const void *body,
		     size_t n, struct err *err);
bool request_is_signed(const char *signature,
		       const unsigned char public[SIGN_PUBLIC_BYTES],
		       const char *method, const char *path, const void *body,
		       size_t n);
/* The same before the body has come, by the SHA-256 that the head says of it.
 */
bool request_head_is_signed(const char *signature,
			    const unsigned char public[SIGN_PUBLIC_BYTES],
			    const char *method, const char *path,
			    const unsigned char digest[SHA256_BYTES]);
/* `Content-Digest` of a body: "sha-256=:...:" and a NUL. */
#define CONTENT_DIGEST_SIZE (sizeof("sha-256=::") + BASE64_SIZE(SHA256_BYTES))
void content_digest(char out[CONTENT_DIGEST_SIZE], const void *body, size_t n);

/* Lines of an answer or a snapshot, deflated as they come. */
struct line_writer {
	struct deflater *deflater;
	struct buf *out; /* borrowed */
	struct buf line;
};

enum rc line_writer_init(struct line_writer *w, struct buf *out,
			 struct err *err);
enum rc line_writer_put(struct line_writer *w, const json_t *line,
			struct err *err);
/* Bytes that are no line; the line before says how many. */
enum rc line_writer_bytes(struct line_writer *w, enum deflate_next what,
			  const void *p, size_t n, struct err *err);
/* Writes {"end":1} and ends the stream. */
enum rc line_writer_end(struct line_writer *w, struct err *err);
void line_writer_release(struct line_writer *w);

/* Line 1 and the signature line that binds it to the request. */
enum rc answer_begin(struct line_writer *w, const json_t *head,
		     const struct sign_key *server,
		     const unsigned char request_digest[SHA256_BYTES],
		     struct err *err);
/* Does `signature` (base64) cover this first line of an answer? */
bool answer_is_signed(const char *signature,
		      const unsigned char server[SIGN_PUBLIC_BYTES],
		      const unsigned char request_digest[SHA256_BYTES],
		      const char *line, size_t n);

/* The message that both proofs of an enrolment sign; appended. */
void enroll_message(struct buf *out, const char *code, const char *terminal);

#endif
