/* store/session.h - sessions of browsers: 43 characters of base64url, 256
 * random bits. The store has their SHA-256 only; the cookie is the caller's.
 *
 * A session ends 15 minutes after its last use, 12 hours after it began, when
 * its account is disabled and when the account's password is set. A use is
 * written down once a minute, so that idle means 14 to 15 minutes. */
#ifndef STORE_SESSION_H
#define STORE_SESSION_H

#include "store/audit.h"

#define SESSION_SIZE 44 /* with its NUL */
#define SESSION_IDLE_MS (15 * 60 * 1000)
#define SESSION_MAX_MS (12 * 60 * 60 * 1000)

/* Begin one for an account that account_proves has just answered: it ends with
 * the password that was proved. Removes what has expired. Leaves an entry
 * "login" in the audit log, with
 * the name by which entries say that it was this session. */
enum rc session_begin(struct store *s, const struct account *account,
		      const struct audit_by *by, char id[SESSION_SIZE],
		      struct err *err);
/* Whose session is this? *out is the account as it is now. RC_DENIED, in one
 * wording, when there is none or it has ended. Not inside a transaction. */
enum rc session_find(struct store *s, const char *id, int64_t now_ms,
		     struct account *out, struct err *err);
/* The same without counting as a use: for what goes on by itself. */
enum rc session_look(struct store *s, const char *id, int64_t now_ms,
		     struct account *out, struct err *err);
/* End it; one that is not there has ended. */
enum rc session_end(struct store *s, const char *id, struct err *err);
/* All of an account's. */
enum rc session_end_all(struct store *s, const char *account, struct err *err);

#endif
