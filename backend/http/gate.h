/* http/gate.h - the head of a request, checked before anything acts on it.
 *
 * CivetWeb 1.15 accepts framings that two programs can read in two ways (both
 * Content-Length and Transfer-Encoding, two lengths, `+3`, more headers than it
 * keeps). The gate reads the head by RFC 9112 without the leniencies, so that
 * one which passes has one meaning only. It is a pure function of its input;
 * tests/fuzz feeds it any. */
#ifndef HTTP_GATE_H
#define HTTP_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define GATE_URI_MAX 2048
#define GATE_HEADERS_MAX 59 /* CivetWeb drops what comes after the 64th */

struct gate_header {
	const char *name;
	const char *value; /* without white space at its ends */
};

/* As it came; nothing decoded or compared. */
struct gate_input {
	const char *method;
	const char *path;
	const char *query; /* behind the "?", or NULL */
	const char *version; /* behind "HTTP/" */
	const struct gate_header *headers;
	size_t nheaders;
};

struct gate_head {
	const char *method; /* borrowed from the input, as are the headers */
	const char *path; /* decoded; no dot or empty segments; in `text` */
	const char *query; /* raw, or "" */
	int minor; /* HTTP/1.minor */
	const struct gate_header *headers;
	size_t nheaders;
	int64_t content_length; /* -1: none was given */
	bool expects_continue;
	int status; /* HTTP status of a refusal */
	char text[GATE_URI_MAX + 1];
};

/* RC_INVALID, and RC_DENIED for a method that this server has no use for;
 * head->status then says how to answer. `head` may be asked for headers in any
 * case. Do not copy it. */
enum rc gate_check(struct gate_head *head, const struct gate_input *in,
		   struct err *err);

/* The first header of that name (case does not matter), or NULL. */
const char *gate_header(const struct gate_head *head, const char *name);

/* uri.c: check a request target, decode its path into head->text. */
enum rc gate_uri(struct gate_head *head, const struct gate_input *in,
		 struct err *err);

#endif
