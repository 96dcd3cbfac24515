/* api/exchange_log.h - a line for every exchange, for tests: `hufud serve
 * --log-exchanges FILE`.
 *
 * A line is one JSON object: at, document, id, method, path, query, by, headers
 * and body of the request, status, headers and body of the reply. Bodies are
 * there when they are JSON of at most EXCHANGE_BODY_MAX bytes; of the others
 * only how long they were. No secret is: members whose names say that they hold
 * one, and values of such parameters, are "***", and of the headers that prove
 * who asks only which they were. Several servers may write to one file.
 *
 * Beside it stands FILE.<hash>.json: the document of the operations that the
 * line's `document` names. */
#ifndef API_EXCHANGE_LOG_H
#define API_EXCHANGE_LOG_H

#include "http/exchange.h"

#define EXCHANGE_BODY_MAX (256u << 10)

struct service;
struct exchange_log;

/* `service` is borrowed and outlives it. */
enum rc exchange_log_open(struct exchange_log **out, const char *file,
			  struct service *service, struct err *err);
/* An http_observer; `log` is the log. What cannot be written is said in the
 * program's own log. */
void exchange_log_put(void *log, const struct exchange *e);
void exchange_log_close(struct exchange_log *log);

#endif
