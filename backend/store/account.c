/* store/account.c - accounts of the office: who they are and what they may. */
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

/* Is the prefix `scope` of n bytes within one of the list? */
static bool scope_is_within(const char *scope, size_t n, const char *list)
{
	for (const char *at = list; *at;) {
		size_t len = strcspn(at, ",");

		if ((len == 1 && *at == '*') ||
		    (len <= n && !strncmp(at, scope, len)))
			return true;
		at += len + (at[len] == ',');
	}
	return false;
}

bool account_scopes_cover(const char *scopes, const char *all)
{
	for (const char *at = scopes; *at;) {
		size_t n = strcspn(at, ",");

		if (!scope_is_within(at, n, all))
			return false;
		at += n + (at[n] == ',');
	}
	return true;
}

bool account_agency_is_legal(const char *agency)
{
	char id[34];

	if (strlen(agency) >= sizeof(((struct account *)0)->agency))
		return false;
	for (const char *at = agency; *at;) {
		size_t n = strcspn(at, ",");

		snprintf(id, sizeof(id), "%.*s", (int)n, at);
		if (n > 32 || !name_is_id(id) || (at[n] && !at[n + 1]))
			return false;
		at += n + (at[n] == ',');
	}
	return true;
}

void account_roles_text(char *out, size_t n, unsigned roles)
{
	size_t at = 0;

	out[0] = '\0';
	for (unsigned bit = 1; bit <= ROLE_SERVER; bit <<= 1)
		if (roles & bit && at < n)
			at += (size_t)snprintf(out + at, n - at, "%s%s",
					       at ? "," : "", role_name(bit));
}

bool account_may(const struct account *a, unsigned role, const char *scope)
{
	return a->roles & (role | ROLE_SERVER) &&
	       scope_is_within(scope, strlen(scope), a->scopes);
}

bool account_may_agency(const struct account *a, const char *agency)
{
	return !agency || !a->agency[0] ||
	       list_has(a->agency, agency, strlen(agency));
}

enum rc account_look(struct store *s, const char *name, struct account *out,
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
		if (!query_is_null(q, 2))
			snprintf(out->agency, sizeof(out->agency), "%s",
				 query_get_text(q, 2));
		out->is_disabled = strcmp(query_get_text(q, 3), "active") != 0;
		out->password_version = query_get_int(q, 4);
	}
	rc = query_end(q, err);
	if (rc == RC_OK && !found)
		rc = err_set(err, RC_NOT_FOUND, "there is no account '%.64s'",
			     name);
	return rc;
}

enum rc account_get(struct store *s, const char *name, struct account *out,
		    struct err *err)
{
	enum rc rc = account_look(s, name, out, err);

	if (rc == RC_OK && out->is_disabled)
		rc = err_set(err, RC_DENIED, "account '%s' is disabled", name);
	return rc;
}

/* Of no password: so that an unknown name costs what a known one does. */
static const char nobodys_hash[] =
	"$argon2id$v=19$m=65536,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

enum rc account_proves(struct store *s, const char *name, const char *password,
		       struct account *out, struct err *err)
{
	struct query *q = query_begin(s->db, SQL_ACCOUNT_PASSWORD);
	char hash[PASSWORD_HASH_MAX];
	struct err ignored = { 0 };
	enum rc rc;

	snprintf(hash, sizeof(hash), "%s", nobodys_hash);
	query_text(q, 1, name);
	if (query_row(q) && !query_is_null(q, 0))
		snprintf(hash, sizeof(hash), "%s", query_get_text(q, 0));
	rc = query_end(q, err);
	if (rc != RC_OK)
		return rc;
	/* The account first: a password set meanwhile is not the proved one. */
	rc = account_get(s, name, out, &ignored);
	if (!password_is(hash, password) || rc != RC_OK)
		return err_set(err, RC_DENIED, "wrong name or password");
	return RC_OK;
}
