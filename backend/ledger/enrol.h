/* ledger/enrol.h - terminals: one-time codes, enrolment, revocation
 * (docs/protocol.md section 12). */
#ifndef LEDGER_ENROL_H
#define LEDGER_ENROL_H

#include "ledger/ledger.h"

#define ENROL_CODE_SIZE 21
#define ENROL_CODE_MS (10 * 60 * 1000)

/* A code for an officer of this scope, valid for 10 minutes, once. */
enum rc enrol_code_new(struct op *op, const char *officer, const char *scope,
		       char code[ENROL_CODE_SIZE]);
/* The request and reply of POST /v1/enroll; *reply is a new reference. The same
 * code from the same terminal gets the same answer. op->actor is not used. */
enum rc enrol_take(struct op *op, const json_t *request, json_t **reply);
/* Revoke an enrolment by its id or its terminal's. RC_DENIED where its officer
 * is of an agency that the actor does not act for. */
enum rc enrol_revoke(struct op *op, const char *scope, const char *id,
		     const char *reason);

#endif
