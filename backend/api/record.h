/* api/record.h - one record of the operation's kind and scope: as its author
 * has seen it, written, shown. For the handlers of deeds. */
#ifndef API_RECORD_H
#define API_RECORD_H

#include "api/call.h"

/* The record that the caller has seen, plain; *plain is a new reference or
 * NULL. Refused with 404 when it is not there for this account, with 412 when
 * If-Match names another version than stands. */
enum rc record_seen(struct call *c, const char *id, json_t **plain);
/* As it stands now, in c->result, with c->etag. */
enum rc record_show(struct call *c, const char *id);
/* Write what people entered; the first refusal becomes a 409. */
enum rc record_write(struct call *c, struct office_record *records, size_t n,
		     const char *message);
/* The record that was seen with these fields (null takes one away; times as
 * RFC 3339), written and shown. */
enum rc record_patch(struct call *c, json_t *patch);

#endif
