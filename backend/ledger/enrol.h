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
/* The same for several counties, none twice: the first has the enrolment, and
 * each has the officer as a record of its own. RC_DENIED unless the actor may
 * enrol terminals in all of them, and these are one and the same person. */
#define ENROL_SCOPES_MAX 16
enum rc enrol_code_for(struct op *op, const char *officer,
		       const char *const *scopes, size_t n,
		       char code[ENROL_CODE_SIZE]);
/* May the actor make a terminal of this officer of `home` part of a scope? */
enum rc enrol_officer_check(struct op *op, const char *home, const char *scope,
			    const char *officer);
/* A terminal, by its id or its enrolment's, gets or loses its part in a scope.
 * To give it takes rights in both counties, to take it those of this one.
 * *out is the enrolment as it then stands (new reference). RC_CONFLICT: it is
 * revoked, or the scope is the one that it was enrolled in. */
enum rc enrol_join(struct op *op, const char *scope, const char *id,
		   json_t **out);
enum rc enrol_leave(struct op *op, const char *scope, const char *id,
		    const char *reason, json_t **out);
/* Whoever may give an officer a terminal may take it away: RC_DENIED else. */
enum rc enrol_officer_is_ones_own(struct op *op, const char *scope,
				  const char *officer);
/* The request and reply of POST /v1/enroll; *reply is a new reference. The same
 * code from the same terminal gets the same answer. op->actor is not used. */
enum rc enrol_take(struct op *op, const json_t *request, json_t **reply);
/* Revoke an enrolment by its id or its terminal's. RC_DENIED where its officer
 * is of an agency that the actor does not act for. */
enum rc enrol_revoke(struct op *op, const char *scope, const char *id,
		     const char *reason);
/* The same, and order the terminal to be wiped at its next contact; of one that
 * was revoked before, too. RC_CONFLICT: the order was given. */
enum rc enrol_wipe(struct op *op, const char *scope, const char *id,
		   const char *reason);
/* The enrolment that an id, or its terminal's, names; *out (new reference) is
 * its record. RC_DENIED where its officer is of an agency that the actor does
 * not act for. */
enum rc enrol_find(struct op *op, const char *scope, const char *id,
		   json_t **out);
/* Write it back, as a job of the server in the actor's name. */
enum rc enrol_write(struct op *op, const char *scope, const json_t *enrolment,
		    const char *operation, const char *message,
		    const char *detail);

#endif
