/* store/token.h - opaque tokens for programs: "hufu_" and 43 characters of
 * base64url, 256 random bits. The store has the SHA-256 of that text only.
 *
 * A token acts for its account with part of the account's rights. What it may
 * is computed when it is used: an account that was narrowed narrows its tokens,
 * a disabled one ends them. A new password does not: revoke them by themselves.
 */
#ifndef STORE_TOKEN_H
#define STORE_TOKEN_H

#include "store/audit.h"

#define TOKEN_SIZE 49 /* with its NUL */
#define TOKEN_LABEL_MAX 64
#define TOKEN_DAYS_MAX 366
#define TOKEN_DAYS_DEFAULT 90

/* What is asked for. Text is borrowed. */
struct token_wish {
	const char *account;
	const char *label; /* 1 to 64 characters; one token of an account has
			    * it at a time */
	unsigned roles; /* 0: those of the account */
	const char *scopes; /* NULL: those of the account */
	const char *agency; /* NULL: those of the account */
	bool is_reader; /* it changes nothing */
	int64_t expires_ms; /* 0: in TOKEN_DAYS_DEFAULT days */
};
/* Make one; `text` is told this once, `id` names it from now on. `actor` makes
 * it for itself, or is an administrator whose scopes have the account's.
 * RC_INVALID: a label, scopes or a time that are none, more than 366 days, a
 * label that is taken, or rights that the account does not have. Leaves an
 * entry in the audit log. */
enum rc token_make(struct store *s, const struct account *actor,
		   const struct token_wish *wish, const struct audit_by *by,
		   char text[TOKEN_SIZE], char id[21], struct err *err);

/* Whose token is this, and what may it do now? *out has the name of its account
 * and the rights that both have, and is_reader where it is for reading only,
 * which the caller holds to, with what it came and who made that; token_id (may
 * be NULL) its id. RC_DENIED, in
 * one wording, for a token that is unknown, expired, revoked, of a disabled
 * account, or without any right left. Remembers the use, at most once an hour,
 * and never inside a transaction. */
enum rc token_find(struct store *s, const char *text, int64_t now_ms,
		   struct account *out, char token_id[21], struct err *err);

/* Revoke by id, or by the label of the account's token (`account` NULL: the
 * actor's). RC_NOT_FOUND names it. Leaves an entry. */
enum rc token_revoke(struct store *s, const struct account *actor,
		     const char *account, const char *id_or_label,
		     const struct audit_by *by, struct err *err);

/* Text is borrowed until the next one. */
struct token_row {
	const char *id, *account, *label, *scopes, *agency, *created_by;
	unsigned roles;
	bool is_reader;
	int64_t created_ms, expires_ms, used_ms, revoked_ms; /* 0: never */
};
typedef enum rc token_row_fn(void *ctx, const struct token_row *row,
			     struct err *err);
/* The tokens of an account, or all (NULL), by account and time. */
enum rc token_each(struct store *s, const char *account, token_row_fn *fn,
		   void *ctx, struct err *err);

#endif
