/* api/login.h - who asks, by a name and a password of `hufud account add`, as a
 * session begins with or as HTTP Basic (RFC 7617). What was right is remembered
 * for ten minutes as a keyed hash, as long as the password stays: a git client
 * proves itself at every request, and Argon2id is dear on purpose. Wrong ones
 * make that name wait (store/backoff.h). */
#ifndef API_LOGIN_H
#define API_LOGIN_H

#include "store/store.h"

struct login;

enum rc login_new(struct login **out, const struct host *host, struct err *err);
void login_free(struct login *l);
/* RC_DENIED, in one wording: no such account, disabled, or not its password.
 * RC_BUSY: others are being checked, or the name has to wait; *wait_s says how
 * long, and is 0 before. Any thread. */
enum rc login_password(struct login *l, struct store *store, const char *name,
		       const char *password, struct account *out, int *wait_s,
		       struct err *err);
/* `authorization` is the header or NULL. With *wait_s above 0 what is not
 * remembered is not checked: RC_BUSY, and *wait_s stays. */
enum rc login_basic(struct login *l, struct store *store,
		    const char *authorization, struct account *out, int *wait_s,
		    struct err *err);

#endif
