/* api/login.h - who asks, by a name and a password of `hufud account add`, as a
 * session begins with or as HTTP Basic (RFC 7617). What was right is remembered
 * for ten minutes as a keyed hash, as long as the password stays: a git client
 * proves itself at every request, and Argon2id is dear on purpose. Wrong ones
 * make that name wait (store/backoff.h); the same wrong one again, as of a
 * program that has an old password, is no new guess and costs nothing. */
#ifndef API_LOGIN_H
#define API_LOGIN_H

#include "store/store.h"

struct login;
struct service;

enum rc login_new(struct login **out, const struct host *host, struct err *err);
void login_free(struct login *l);
struct login_try {
	/* Whose `login` bucket of which service a wrong one takes from, the
	 * address's; NULL: nobody's. Where that is empty nothing is checked. */
	struct service *service;
	const char *network; /* http/forwarded.h */
	int wait_s; /* out: for how long it is RC_BUSY */
	bool is_guess; /* out: a password was checked, and was wrong */
};
/* RC_DENIED, in one wording: no such account, disabled, or not its password.
 * RC_BUSY: others are being checked, or the name has to wait. Any thread. */
enum rc login_password(struct login *l, struct store *store, const char *name,
		       const char *password, struct account *out,
		       struct login_try *try, struct err *err);
/* `authorization` is the header or NULL; `name` whose password it says it is,
 * cut, "" where it says nothing. */
#define LOGIN_NAME_SIZE 65
enum rc login_basic(struct login *l, struct store *store,
		    const char *authorization, char name[LOGIN_NAME_SIZE],
		    struct account *out, struct login_try *try,
		    struct err *err);

#endif
