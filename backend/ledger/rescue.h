/* ledger/rescue.h - what was on a terminal when it was wiped by order of the
 * office (docs/protocol.md section 17): taken as it came, sealed; opened by two
 * persons; and then in quarantine, from where the usual adoption takes it.
 *
 * The enrolment's record says what became of it: `rescues` (the hashes of what
 * came), `rescue_state` received, asked, opened, `rescue_asked_by`,
 * `rescue_opened_by`. */
#ifndef LEDGER_RESCUE_H
#define LEDGER_RESCUE_H

#include "evidence/evidence.h"
#include "ledger/ledger.h"

#define RESCUES_MAX 8 /* of one enrolment */

/* Take a file of sync/wire/bundle.h with one item of the type `rescue`;
 * *receipt is a new reference, the same for the same file. It proves itself:
 * op->actor is not used. RC_DENIED: its terminal was not ordered to be wiped;
 * RC_INVALID, RC_CORRUPT: the file is no good. */
enum rc rescue_take(struct op *op, const void *file, size_t n,
		    json_t **receipt);

/* Terminals of the scope that were ordered to be wiped: [{enrolment, terminal,
 * officer, wipe_at, rescues, state (ordered, received, asked, opened),
 * asked_by, opened_by}]. New reference. */
enum rc rescue_list(struct op *op, const char *scope, json_t **out);
/* One, by its enrolment or terminal, and what there is of it in quarantine:
 * `records` [{packet, kind, id, code}]; once it is opened also `unread` (rows
 * that are no record) and `files` [{id, sha256, size, bytes: that came}]. */
enum rc rescue_show(struct op *op, const char *scope, const char *id,
		    json_t **out);

/* The first person, an administrator, asks; the second, another coordinator or
 * administrator, opens. Signed packets go to their journals and unsigned edits
 * into a packet of the office (code `unsigned`), all of it to quarantine; files
 * to those of evidence. *out (new reference) says what was done: state, and
 * when opened packets, edits, unread, files, files_named. RC_DENIED: the same
 * person again. RC_CONFLICT: it is open. RC_NOT_FOUND: nothing came yet. */
enum rc rescue_open(struct op *op, const char *scope, const char *id,
		    struct evidence *evidence, json_t **out);

#endif
