/* store/store_impl.h - what the files of this room share. */
#ifndef STORE_STORE_IMPL_H
#define STORE_STORE_IMPL_H

#include "store/audit.h"
#include "store/store.h"

#define STORE_FORMAT 4

/* upgrade.c: bring a folder of format `from` up to date, inside the caller's
 * transaction. */
enum rc store_upgrade(struct store *s, int from, struct err *err);
/* Read the format; upgrade when it is an earlier one. */
enum rc store_format_check(struct store *s, struct err *err);

/* audit_end.c: note where the audit log ends in a folder of a version that did
 * not. */
enum rc audit_end_check(struct store *s, struct err *err);

/* May the actor give the account `name` these roles, or what lets somebody act
 * in them? Only those that it has, but for an administrator of all scopes.
 * RC_DENIED. */
enum rc account_gives(const struct account *actor, const char *name,
		      unsigned roles, struct err *err);
/* Are there divisions of the scopes, and the agencies, that `after` has and
 * `before` had not? RC_INVALID names the first that is not there. Any will do
 * while the catalog has no division, or no agency, at all. */
enum rc account_is_known(struct store *s, const struct account *before,
			 const struct account *after, struct err *err);
/* 256 random bits as 43 characters of base64url and a NUL. */
#define SECRET_SIZE 44
void secret_new(const struct host *host, char out[SECRET_SIZE]);
/* "a,b" contains "b"? Members of lists as text. */
bool list_has(const char *list, const char *member, size_t n);
int64_t by_ms(const struct store *s, const struct audit_by *by);

#endif
