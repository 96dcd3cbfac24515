/* store/account_known.c - is there what an account's scopes and agencies name?
 *
 * Asked of what is new to the account, and where the catalog has such records:
 * the first accounts of a folder are made before its divisions and agencies are
 * imported. */
#include "store/store_impl.h"

#include <string.h>

#include "sql_store.gen.h"

/* Ask of one member of a list. */
typedef enum rc member_fn(struct store *s, const char *member, struct err *err);

static enum rc scope_is_known(struct store *s, const char *scope,
			      struct err *err)
{
	struct query *q;
	bool known;

	if (!strcmp(scope, "*") || !strcmp(scope, "catalog") ||
	    !registry_kind(s->kinds, "division"))
		return RC_OK;
	q = query_begin(s->db, SQL_ACCOUNT_SCOPE_IS);
	query_text(q, 1, scope);
	known = query_row(q) && (!query_get_int(q, 0) || query_get_int(q, 1) ||
				 query_get_int(q, 2));
	if (query_end(q, err) != RC_OK || known)
		return err->code;
	return err_set(err, RC_INVALID,
		       "no division has a code that begins with %s: is it "
		       "mistyped? If not, import the division first",
		       scope);
}

static enum rc agency_is_known(struct store *s, const char *agency,
			       struct err *err)
{
	struct query *q;
	bool known;

	if (!registry_kind(s->kinds, "agency"))
		return RC_OK;
	q = query_begin(s->db, SQL_ACCOUNT_AGENCY_IS);
	query_text(q, 1, agency);
	known = query_row(q) && (!query_get_int(q, 0) || query_get_int(q, 1));
	if (query_end(q, err) != RC_OK || known)
		return err->code;
	return err_set(err, RC_INVALID,
		       "there is no agency '%s': is its id mistyped? If not, "
		       "import the agency first",
		       agency);
}

/* Each member of `now` that `before` has not. */
static enum rc new_ones(struct store *s, const char *now, const char *before,
			member_fn *is_known, struct err *err)
{
	char member[40];
	enum rc rc = RC_OK;

	for (const char *at = now; *at && rc == RC_OK;) {
		size_t n = strcspn(at, ",");

		snprintf(member, sizeof(member), "%.*s", (int)n, at);
		if (!list_has(before, at, n))
			rc = is_known(s, member, err);
		at += n + (at[n] == ',');
	}
	return rc;
}

enum rc account_is_known(struct store *s, const struct account *before,
			 const struct account *after, struct err *err)
{
	enum rc rc =
		new_ones(s, after->scopes, before->scopes, scope_is_known, err);

	return rc == RC_OK ? new_ones(s, after->agency, before->agency,
				      agency_is_known, err)
			   : rc;
}
