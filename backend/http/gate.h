/* http/gate.h - the head of a request, checked before anything acts on it.
 *
 * CivetWeb 1.15 accepts framings that two programs can read in two ways (both
 * Content-Length and Transfer-Encoding, two lengths, `+3`, folded lines, bare
 * LF, headers it silently drops). The gate reads the raw bytes itself, by RFC
 * 9112 without its leniencies, so that a head which passes has one meaning
 * only. It is a pure function of the bytes; tests/fuzz feeds it any. */
#ifndef HTTP_GATE_H
#define HTTP_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define GATE_HEAD_MAX 8192 /* bytes, with the empty line */
#define GATE_URI_MAX 2048
#define GATE_HEADERS_MAX 59

struct gate_header {
	const char *name;
	const char *value; /* without white space at its ends */
};

/* All pointers lead into `text`: do not copy the struct. */
struct gate_head {
	const char *method;
	const char *path; /* decoded; no dot or empty segments, no NUL */
	const char *query; /* raw, or "" */
	int minor; /* HTTP/1.minor */
	struct gate_header headers[GATE_HEADERS_MAX];
	size_t nheaders;
	int64_t content_length; /* -1: none was given */
	bool expects_continue;
	int status; /* HTTP status of a refusal */
	char text[GATE_HEAD_MAX + 1];
};

/* Where the head ends (just behind its empty line), 0 when more bytes are
 * needed, -1 when no further byte can make it well-formed. */
long gate_find_end(const char *bytes, size_t n);

/* Read a whole head of n bytes, as gate_find_end measured it. RC_INVALID, and
 * RC_DENIED for a method that this server has no use for; head->status then
 * says how to answer. */
enum rc gate_check(struct gate_head *head, const char *bytes, size_t n,
		   struct err *err);

/* The first header of that name (case does not matter), or NULL. */
const char *gate_header(const struct gate_head *head, const char *name);

/* uri.c: split and decode a request target in place. */
enum rc gate_uri(struct gate_head *head, char *uri, struct err *err);

#endif
