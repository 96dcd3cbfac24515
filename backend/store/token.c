/* store/token.c - tokens for programs. */
#include "store/token.h"

#include "base/hex.h"
#include "base/plain.h"
#include "sql_store.gen.h"
#include "store/store_impl.h"

#define PREFIX "hufu_"
#define DAY_MS INT64_C(86400000)
#define USE_STEP_MS (60 * 60 * 1000) /* how exactly a use is written down */

_Static_assert(TOKEN_SIZE == sizeof(PREFIX) - 1 + SECRET_SIZE, "a token");

static enum rc label_is_legal(const char *label, struct err *err)
{
	size_t n = label ? strlen(label) : 0;
	bool ok = n >= 1 && n <= TOKEN_LABEL_MAX && utf8_is_valid(label, n);
	uint32_t c;

	for (size_t i = 0; i < n && ok; i++)
		ok = !plain_odd(label + i, &c);
	return ok ? RC_OK
		  : err_set(err, RC_INVALID,
			    "a token needs a label of 1 to %d characters that "
			    "says what it is for",
			    TOKEN_LABEL_MAX);
}

static enum rc times_are_legal(const struct token_wish *w, int64_t now_ms,
			       struct err *err)
{
	if (w->expires_ms && w->expires_ms <= now_ms)
		return err_set(err, RC_INVALID,
			       "the token would have expired already");
	if (w->expires_ms > now_ms + TOKEN_DAYS_MAX * DAY_MS)
		return err_set(err, RC_INVALID,
			       "a token is valid for %d days at most",
			       TOKEN_DAYS_MAX);
	return RC_OK;
}

static bool agency_covers(const char *agency, const char *all)
{
	if (!all[0])
		return true;
	for (const char *at = agency; *at;) {
		size_t n = strcspn(at, ",");

		if (!list_has(all, at, n))
			return false;
		at += n + (at[n] == ',');
	}
	return agency[0] != '\0';
}

/* Asking for more than the account has is a mistake, not a wish. */
static enum rc rights_are_there(const struct token_wish *w,
				const struct account *a, struct err *err)
{
	char roles[128];

	account_roles_text(roles, sizeof(roles), w->roles & ~a->roles);
	if (w->roles & ~a->roles)
		return err_set(err, RC_INVALID,
			       "account '%s' does not have the role %s itself",
			       a->name, roles);
	if (w->scopes && (!account_scopes_are_legal(w->scopes) ||
			  !account_scopes_cover(w->scopes, a->scopes)))
		return err_set(err, RC_INVALID,
			       "scopes of a token lie within those of its "
			       "account, '%s'",
			       a->scopes);
	if (w->agency &&
	    (!w->agency[0] || !account_agency_is_legal(w->agency) ||
	     !agency_covers(w->agency, a->agency)))
		return err_set(err, RC_INVALID,
			       "agencies of a token are one or more of those "
			       "of its account: leave them out for all of "
			       "these");
	return RC_OK;
}

static enum rc rights_are_known(struct store *s, const struct token_wish *w,
				const struct account *owner, struct err *err)
{
	struct account wished = *owner;

	if (w->scopes)
		snprintf(wished.scopes, sizeof(wished.scopes), "%s", w->scopes);
	if (w->agency)
		snprintf(wished.agency, sizeof(wished.agency), "%s", w->agency);
	return account_is_known(s, owner, &wished, err);
}

bool account_manages(const struct account *actor, const struct account *of)
{
	return actor->roles & (ROLE_ADMINISTRATOR | ROLE_SERVER) &&
	       !actor->agency[0] &&
	       account_scopes_cover(of->scopes, actor->scopes);
}

bool account_sees(const struct account *actor, const struct account *of)
{
	return actor->roles &
		       (ROLE_ADMINISTRATOR | ROLE_AUDITOR | ROLE_SERVER) &&
	       !actor->agency[0] &&
	       account_scopes_cover(of->scopes, actor->scopes);
}

/* For one's own account, or as an administrator of all of its scopes. */
static enum rc actor_may(const struct account *actor,
			 const struct account *owner, struct err *err)
{
	if (!strcmp(actor->name, owner->name) || account_manages(actor, owner))
		return RC_OK;
	return err_set(err, RC_DENIED,
		       "account '%s' may not manage tokens of account '%s'",
		       actor->name, owner->name);
}

/* Whose token it is to be. Who may not manage everybody's is told the same of
 * an account that there is not as of one that is another's. */
static enum rc owner_get(struct store *s, const struct account *actor,
			 const char *name, struct account *owner,
			 struct err *err)
{
	struct err missing = { 0 };
	enum rc rc = account_look(s, name, owner, &missing);

	if (rc == RC_NOT_FOUND) {
		*owner = (struct account){ .scopes = "*" };
		snprintf(owner->name, sizeof(owner->name), "%s", name);
	} else if (rc != RC_OK) {
		return err_set(err, rc, "%s", missing.text);
	}
	if (actor_may(actor, owner, err) != RC_OK)
		return err->code;
	if (rc == RC_OK && owner->is_disabled)
		rc = err_set(&missing, RC_DENIED, "account '%s' is disabled",
			     name);
	return rc == RC_OK ? rc : err_set(err, rc, "%s", missing.text);
}

static enum rc label_is_free(struct store *s, const struct token_wish *w,
			     struct err *err)
{
	struct query *q = query_begin(s->db, SQL_TOKEN_BY_NAME);
	bool taken;
	enum rc rc;

	query_text(q, 1, w->label);
	query_text(q, 2, w->account);
	taken = query_row(q) && !strcmp(query_get_text(q, 2), w->label);
	rc = query_end(q, err);
	return rc == RC_OK && taken
		       ? err_set(err, RC_INVALID,
				 "account '%s' has a token '%s' already: "
				 "revoke it, or take another label",
				 w->account, w->label)
		       : rc;
}

/* What is written: the wish with its defaults. */
struct token {
	const char *id, *text, *by;
	unsigned roles;
	const char *scopes, *agency; /* NULL: those of the account */
	int64_t now_ms, expires_ms;
};

static enum rc token_put(struct store *s, const struct token_wish *w,
			 const struct token *t, struct err *err)
{
	unsigned char hash[SHA256_BYTES];
	struct query *q = query_begin(s->db, SQL_TOKEN_PUT);

	sha256(hash, t->text, strlen(t->text));
	query_text(q, 1, t->id);
	query_blob(q, 2, hash, sizeof(hash));
	query_text(q, 3, w->account);
	query_text(q, 4, w->label);
	query_int(q, 5, t->roles);
	query_text(q, 6, t->scopes);
	query_text(q, 7, t->agency);
	query_int(q, 8, t->now_ms);
	query_text(q, 9, t->by);
	query_int(q, 10, t->expires_ms);
	query_int(q, 11, w->is_reader);
	return query_end(q, err);
}

static enum rc entry_put(struct store *s, const char *operation,
			 const struct audit_by *by, const char *id,
			 const char *detail, struct err *err)
{
	const struct audit_entry e = { .by = *by,
				       .operation = operation,
				       .kind = "token",
				       .id = id,
				       .detail = detail };

	return audit_put(s, &e, err);
}

static enum rc token_write(struct store *s, const struct account *owner,
			   const struct token_wish *w,
			   const struct audit_by *by, const struct token *t,
			   struct err *err)
{
	char detail[AUDIT_TEXT_MAX + 1], roles[128];
	bool mine;
	enum rc rc = store_write_begin(s, &mine, err);

	account_roles_text(roles, sizeof(roles), t->roles);
	snprintf(detail, sizeof(detail),
		 "account=%s label=%s roles=%s scopes=%s agency=%s days=%lld%s",
		 owner->name, w->label, roles, t->scopes,
		 t->agency ? t->agency : "*",
		 (long long)((t->expires_ms - t->now_ms) / DAY_MS),
		 w->is_reader ? " read_only" : "");
	if (rc == RC_OK)
		rc = label_is_free(s, w, err);
	if (rc == RC_OK)
		rc = token_put(s, w, t, err);
	if (rc == RC_OK)
		rc = entry_put(s, "token make", by, t->id, detail, err);
	return store_write_end(s, mine, rc, err);
}

enum rc token_make(struct store *s, const struct account *actor,
		   const struct token_wish *w, const struct audit_by *by,
		   char text[TOKEN_SIZE], char id[21], struct err *err)
{
	struct account owner;
	struct token t = { .id = id, .text = text, .by = actor->name };
	enum rc rc = owner_get(s, actor, w->account, &owner, err);

	t.now_ms = by_ms(s, by);
	if (rc == RC_OK)
		rc = label_is_legal(w->label, err);
	if (rc == RC_OK)
		rc = times_are_legal(w, t.now_ms, err);
	if (rc == RC_OK)
		rc = rights_are_there(w, &owner, err);
	if (rc == RC_OK)
		rc = rights_are_known(s, w, &owner, err);
	if (rc == RC_OK && strcmp(actor->name, owner.name) != 0)
		rc = account_gives(actor, owner.name,
				   w->roles ? w->roles : owner.roles, err);
	if (rc != RC_OK)
		return rc;
	memcpy(text, PREFIX, sizeof(PREFIX));
	secret_new(s->host, text + sizeof(PREFIX) - 1);
	host_new_id(s->host, id);
	t.roles = w->roles ? w->roles : owner.roles;
	t.scopes = w->scopes ? w->scopes : owner.scopes;
	t.agency = w->agency         ? w->agency
		   : owner.agency[0] ? owner.agency
				     : NULL;
	t.expires_ms = w->expires_ms ? w->expires_ms
				     : t.now_ms + TOKEN_DAYS_DEFAULT * DAY_MS;
	rc = token_write(s, &owner, w, by, &t, err);
	if (rc != RC_OK)
		wipe(text, TOKEN_SIZE);
	return rc;
}

/* -- use -- */

static void member_add(char *list, size_t room, const char *member, size_t n)
{
	size_t at = strlen(list);

	if (list_has(list, member, n) || at + n + 2 > room)
		return;
	if (at)
		list[at++] = ',';
	memcpy(list + at, member, n);
	list[at + n] = '\0';
}

/* Those prefixes of `some` that lie within `all`. */
static void scopes_within(char *out, size_t room, const char *some,
			  const char *all)
{
	for (const char *at = some; *at;) {
		size_t n = strcspn(at, ",");
		char one[256];

		snprintf(one, sizeof(one), "%.*s", (int)n, at);
		if (account_scopes_cover(one, all))
			member_add(out, room, at, n);
		at += n + (at[n] == ',');
	}
}

/* Agencies of both; false when they have none in common. */
static bool agency_of_both(struct account *out, const char *token,
			   const char *account)
{
	if (!token[0] || !account[0]) {
		snprintf(out->agency, sizeof(out->agency), "%s",
			 token[0] ? token : account);
		return true;
	}
	out->agency[0] = '\0';
	for (const char *at = token; *at;) {
		size_t n = strcspn(at, ",");

		if (list_has(account, at, n))
			member_add(out->agency, sizeof(out->agency), at, n);
		at += n + (at[n] == ',');
	}
	return out->agency[0] != '\0';
}

/* What the token says and the account still has. Prefixes that do not fit the
 * room are left out: less, never more. */
static bool rights_of_both(struct account *out, const struct account *token,
			   const struct account *account)
{
	*out = *account;
	out->roles = token->roles & account->roles;
	out->is_reader = token->is_reader;
	if (strcmp(token->given_by, account->name) != 0)
		snprintf(out->given_by, sizeof(out->given_by), "%s",
			 token->given_by);
	out->scopes[0] = '\0';
	scopes_within(out->scopes, sizeof(out->scopes), token->scopes,
		      account->scopes);
	scopes_within(out->scopes, sizeof(out->scopes), account->scopes,
		      token->scopes);
	return agency_of_both(out, token->agency, account->agency) &&
	       out->roles && out->scopes[0];
}

static void column_copy(struct query *q, int col, char *out, size_t n)
{
	const char *text = query_get_text(q, col);

	snprintf(out, n, "%s", text ? text : "");
}

static enum rc token_load(struct store *s, const char *text, int64_t now_ms,
			  char id[21], struct account *token, int64_t *used_ms,
			  bool *found, struct err *err)
{
	unsigned char hash[SHA256_BYTES];
	struct query *q = query_begin(s->db, SQL_TOKEN_BY_HASH);

	memset(token, 0, sizeof(*token));
	sha256(hash, text, strlen(text));
	query_blob(q, 1, hash, sizeof(hash));
	query_int(q, 2, now_ms);
	*found = query_row(q);
	if (*found) {
		column_copy(q, 0, id, 21);
		column_copy(q, 1, token->name, sizeof(token->name));
		token->roles = (unsigned)query_get_int(q, 2);
		column_copy(q, 3, token->scopes, sizeof(token->scopes));
		column_copy(q, 4, token->agency, sizeof(token->agency));
		*used_ms = query_get_int(q, 5);
		token->is_reader = query_get_int(q, 6) != 0;
		column_copy(q, 7, token->given_by, sizeof(token->given_by));
	}
	return query_end(q, err);
}

/* Whether the note comes through matters to nobody. */
static void use_note(struct store *s, const char *id, int64_t now_ms)
{
	struct err ignored = { 0 };
	struct query *q = query_begin(s->db, SQL_TOKEN_USED);

	query_text(q, 1, id);
	query_int(q, 2, now_ms);
	query_end(q, &ignored);
}

enum rc token_find(struct store *s, const char *text, int64_t now_ms,
		   struct account *out, char token_id[21], struct err *err)
{
	struct account token, owner;
	struct err why = { 0 };
	char id[21] = "";
	int64_t used_ms = 0;
	bool found = false;
	enum rc rc = RC_OK;

	if (!strncmp(text, PREFIX, sizeof(PREFIX) - 1) &&
	    strnlen(text, TOKEN_SIZE) == TOKEN_SIZE - 1)
		rc = token_load(s, text, now_ms, id, &token, &used_ms, &found,
				err);
	if (rc != RC_OK)
		return rc;
	if (found)
		rc = account_get(s, token.name, &owner, &why);
	if (why.code && why.code != RC_DENIED && why.code != RC_NOT_FOUND)
		return err_set(err, why.code, "%s", why.text);
	if (!found || rc != RC_OK || !rights_of_both(out, &token, &owner)) {
		memset(out, 0, sizeof(*out));
		return err_set(err, RC_DENIED,
			       "the token is wrong, expired or revoked");
	}
	snprintf(out->with, sizeof(out->with), "token:%s", id);
	if (token_id)
		memcpy(token_id, id, sizeof(id));
	if (now_ms >= used_ms + USE_STEP_MS && !db_in_transaction(s->db))
		use_note(s, id, now_ms);
	return RC_OK;
}

/* -- the end -- */

struct named {
	char id[21], account[33], label[TOKEN_LABEL_MAX + 1];
};

static enum rc token_named(struct store *s, const char *account,
			   const char *id_or_label, struct named *out,
			   struct err *err)
{
	struct query *q = query_begin(s->db, SQL_TOKEN_BY_NAME);
	bool found;
	enum rc rc;

	query_text(q, 1, id_or_label);
	query_text(q, 2, account);
	found = query_row(q);
	if (found) {
		column_copy(q, 0, out->id, sizeof(out->id));
		column_copy(q, 1, out->account, sizeof(out->account));
		column_copy(q, 2, out->label, sizeof(out->label));
	}
	rc = query_end(q, err);
	return rc == RC_OK && !found
		       ? err_set(err, RC_NOT_FOUND,
				 "account '%s' has no token '%.64s' that could "
				 "be revoked",
				 account, id_or_label)
		       : rc;
}

static enum rc revoked_put(struct store *s, const char *id, int64_t now_ms,
			   struct err *err)
{
	struct query *q = query_begin(s->db, SQL_TOKEN_REVOKE);

	query_text(q, 1, id);
	query_int(q, 2, now_ms);
	return query_end(q, err);
}

enum rc token_revoke(struct store *s, const struct account *actor,
		     const char *account, const char *id_or_label,
		     const struct audit_by *by, struct err *err)
{
	char detail[AUDIT_TEXT_MAX + 1];
	struct named token;
	struct account owner;
	bool mine;
	enum rc rc = store_write_begin(s, &mine, err);

	if (rc == RC_OK)
		rc = token_named(s, account ? account : actor->name,
				 id_or_label, &token, err);
	if (rc == RC_OK)
		rc = account_look(s, token.account, &owner, err);
	if (rc == RC_OK)
		rc = actor_may(actor, &owner, err);
	if (rc == RC_OK)
		rc = revoked_put(s, token.id, by_ms(s, by), err);
	if (rc == RC_OK) {
		snprintf(detail, sizeof(detail), "account=%s label=%s",
			 token.account, token.label);
		rc = entry_put(s, "token revoke", by, token.id, detail, err);
	}
	return store_write_end(s, mine, rc, err);
}

enum rc token_each(struct store *s, const char *account, token_row_fn *fn,
		   void *ctx, struct err *err)
{
	struct query *q = query_begin(s->db, SQL_TOKEN_LIST);
	enum rc rc = RC_OK;

	query_text(q, 1, account);
	while (rc == RC_OK && query_row(q)) {
		const struct token_row row = {
			.id = query_get_text(q, 0),
			.account = query_get_text(q, 1),
			.label = query_get_text(q, 2),
			.roles = (unsigned)query_get_int(q, 3),
			.scopes = query_get_text(q, 4),
			.agency = query_get_text(q, 5),
			.created_ms = query_get_int(q, 6),
			.created_by = query_get_text(q, 7),
			.expires_ms = query_get_int(q, 8),
			.used_ms = query_get_int(q, 9),
			.revoked_ms = query_get_int(q, 10),
			.is_reader = query_get_int(q, 11) != 0,
		};

		rc = fn(ctx, &row, err);
	}
	if (query_end(q, err) != RC_OK)
		rc = err->code;
	return rc;
}
