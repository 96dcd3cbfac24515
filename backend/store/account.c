/* store/account.c - accounts of the office. */
#include "store/store_impl.h"

#include "base/hex.h"
#include "sql_store.gen.h"

bool account_scopes_are_legal(const char *scopes)
{
	size_t n = strlen(scopes);

	if (!strcmp(scopes, "*"))
		return true;
	if (!n || n >= sizeof(((struct account *)0)->scopes))
		return false;
	for (const char *at = scopes; at; at = strchr(at, ',')) {
		at += *at == ',';
		n = strcspn(at, ",");
		if (n == 7 && !strncmp(at, "catalog", 7))
			continue;
		if (n < 2 || n > 6 || strspn(at, "0123456789") < n)
			return false;
	}
	return true;
}

enum rc account_add(struct store *s, const char *name, unsigned roles,
		    const char *scopes, const char *password, struct err *err)
{
	char hash[PASSWORD_HASH_MAX];
	struct account old;
	struct err ignored = { 0 };
	struct query *q;
	enum rc rc = RC_OK;

	if (!name_is_id(name))
		return err_set(err, RC_INVALID,
			       "an account's name is 1 to 32 of a-z and 0-9, "
			       "not '%s'",
			       name);
	if (!roles)
		return err_set(err, RC_INVALID, "account '%s' needs a role",
			       name);
	if (!account_scopes_are_legal(scopes))
		return err_set(err, RC_INVALID,
			       "scopes are division prefixes such as 3301, "
			       "'catalog' or '*', not '%s'",
			       scopes);
	if (account_get(s, name, &old, &ignored) == RC_OK)
		return err_set(err, RC_INVALID, "account '%s' exists already",
			       name);
	if (password)
		rc = password_hash(hash, password, err);
	if (rc != RC_OK)
		return rc;
	q = query_begin(s->db, SQL_ACCOUNT_PUT);
	query_text(q, 1, name);
	query_int(q, 2, roles);
	query_text(q, 3, scopes);
	query_text(q, 4, password ? hash : NULL);
	return query_end(q, err);
}

/* Of no password: so that an unknown name costs what a known one does. */
static const char nobodys_hash[] =
	"$argon2id$v=19$m=65536,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

enum rc account_proves(struct store *s, const char *name, const char *password,
		       struct account *out, struct err *err)
{
	struct query *q = query_begin(s->db, SQL_ACCOUNT_GET);
	char hash[PASSWORD_HASH_MAX];
	struct err ignored = { 0 };
	enum rc rc;

	snprintf(hash, sizeof(hash), "%s", nobodys_hash);
	query_text(q, 1, name);
	if (query_row(q) && !query_is_null(q, 2))
		snprintf(hash, sizeof(hash), "%s", query_get_text(q, 2));
	rc = query_end(q, err);
	if (rc != RC_OK)
		return rc;
	if (!password_is(hash, password) ||
	    account_get(s, name, out, &ignored) != RC_OK)
		return err_set(err, RC_DENIED, "wrong name or password");
	return RC_OK;
}

enum rc account_get(struct store *s, const char *name, struct account *out,
		    struct err *err)
{
	struct query *q = query_begin(s->db, SQL_ACCOUNT_GET);
	bool found;
	enum rc rc;

	memset(out, 0, sizeof(*out));
	query_text(q, 1, name);
	found = query_row(q);
	if (found) {
		snprintf(out->name, sizeof(out->name), "%s", name);
		out->roles = (unsigned)query_get_int(q, 0);
		snprintf(out->scopes, sizeof(out->scopes), "%s",
			 query_get_text(q, 1));
	}
	rc = query_end(q, err);
	if (rc == RC_OK && !found)
		rc = err_set(err, RC_NOT_FOUND, "there is no account '%s'",
			     name);
	return rc;
}

bool account_may(const struct account *a, unsigned role, const char *scope)
{
	if (!(a->roles & (role | ROLE_SERVER)))
		return false;
	for (const char *at = a->scopes; *at;) {
		size_t n = strcspn(at, ",");

		if ((n == 1 && *at == '*') || !strncmp(at, scope, n))
			return true;
		at += n + (at[n] == ',');
	}
	return false;
}
