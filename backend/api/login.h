/* api/login.h - who asks, by HTTP Basic (RFC 7617): a name and a password of
 * `hufud account add`. What was right is remembered for ten minutes as a keyed
 * hash, because a git client proves itself at every request and Argon2id is
 * dear on purpose. */
#ifndef API_LOGIN_H
#define API_LOGIN_H

#include "store/store.h"

struct login;

enum rc login_new(struct login **out, const struct host *host, struct err *err);
void login_free(struct login *l);
/* `authorization` is the header or NULL. RC_DENIED: not who they say; RC_BUSY:
 * others are being checked, try again. Any thread. */
enum rc login_basic(struct login *l, struct store *store,
		    const char *authorization, struct account *out,
		    struct err *err);

#endif
