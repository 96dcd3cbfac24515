/* http/reply.h - writing a reply to its connection. */
#ifndef HTTP_REPLY_H
#define HTTP_REPLY_H

#include "http/conn.h"
#include "http/problem.h"

/* Send what the handler (or the server) made of the request, by the method and
 * the conditions in conn->head. Answers the status that went out: 304, 206, 416
 * or 500 are decided here. */
int reply_send(struct conn *conn, struct reply *reply);

#endif
