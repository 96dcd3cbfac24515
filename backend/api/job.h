/* api/job.h - an operation of minutes as a job: asked for, done beside the
 * request, told of at /v1/jobs/{id}.
 *
 * {"with": {"job": true}}. Whoever asks waits a few seconds for the result, as
 * for any other, and none with `Prefer: respond-async` (RFC 7240). What takes
 * longer is answered 202 with the job. Of one operation there is one job in a
 * scope at a time; the same request of the same account joins it, and so does
 * the same Idempotency-Key, also once it is done. A job that ended with the
 * server is interrupted: asked for again it begins anew. */
#ifndef API_JOB_H
#define API_JOB_H

#include "api/call.h"
#include "api/jobs.h"

/* Of a service with a writer. What ran when a server ended is written down as
 * interrupted. */
enum rc job_service_start(struct service *s, struct err *err);
/* Begin or join, and leave in c what came of it or the job. `request`: what
 * makes two requests the same. Leaves its audit entries itself. */
enum rc job_ask(struct call *c, const unsigned char request[SHA256_BYTES]);
/* call.c: the handler and the audit entry, on the job's thread. */
enum rc call_work(struct call *c);

#endif
