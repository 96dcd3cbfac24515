/* http/problem.h - RFC 9457 problems, and the words for a status. */
#ifndef HTTP_PROBLEM_H
#define HTTP_PROBLEM_H

#include "http/http.h"

/* "Not Found" of 404; "Unknown" for what this server never sends. */
const char *status_phrase(int status);

/* "Not allowed" of "denied"; NULL for a type that is none of this room's. */
const char *problem_title(const char *type);

/* A problem that the server itself found, named after its status
 * ("/problems/method_not_allowed"). */
void problem_of_status(struct reply *reply, int status, const char *detail,
		       const char *request_id);

/* To the start of a handler's turn: status 200, nothing in the body. */
void reply_init(struct reply *reply);
void reply_release(struct reply *reply);

/* headers.c: was it added with reply_header()? */
bool reply_has_header(const struct reply *reply, const char *name);

#endif
