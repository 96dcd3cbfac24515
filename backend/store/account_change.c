/* store/account_change.c - accounts come, change and are disabled. */
#include "store/store_impl.h"

#include "base/hex.h"
#include "sql_store.gen.h"
#include "store/session.h"

/* What is wrong with the words alone. */
static enum rc change_is_legal(const struct account_change *c, struct err *err)
{
	if (!name_is_id(c->name))
		return err_set(err, RC_INVALID,
			       "an account's name is 1 to 32 of a-z and 0-9, "
			       "not '%s'",
			       c->name);
	if (c->is_new && !c->roles)
		return err_set(err, RC_INVALID, "account '%s' needs a role",
			       c->name);
	if (c->is_new && !c->scopes)
		return err_set(err, RC_INVALID, "account '%s' needs a scope",
			       c->name);
	if (c->scopes && !account_scopes_are_legal(c->scopes))
		return err_set(err, RC_INVALID,
			       "scopes are division prefixes such as 3301, "
			       "'catalog' or '*', not '%s'",
			       c->scopes);
	if (c->agency && !account_agency_is_legal(c->agency))
		return err_set(err, RC_INVALID,
			       "agencies are ids with commas between them, not "
			       "'%s'",
			       c->agency);
	return RC_OK;
}

static bool rights_differ(const struct account *a, const struct account *b)
{
	return a->roles != b->roles || strcmp(a->scopes, b->scopes) != 0 ||
	       strcmp(a->agency, b->agency) != 0;
}

/* The roles that somebody can act in after the change who could not before: all
 * that the account has where there is a new password, which the actor knows, or
 * where it reaches further. */
static unsigned roles_given(const struct account_change *c,
			    const struct account *before,
			    const struct account *after)
{
	bool is_wider = !account_scopes_cover(after->scopes, before->scopes) ||
			(before->agency[0] &&
			 strcmp(after->agency, before->agency) != 0);

	return c->is_new || c->password || is_wider
		       ? after->roles
		       : after->roles & ~before->roles;
}

enum rc account_gives(const struct account *actor, const char *name,
		      unsigned roles, struct err *err)
{
	char lacks[128];

	if (actor->roles & ROLE_SERVER ||
	    account_scopes_cover("*", actor->scopes) ||
	    !(roles & ~actor->roles))
		return RC_OK;
	account_roles_text(lacks, sizeof(lacks), roles & ~actor->roles);
	return err_set(err, RC_DENIED,
		       "account '%s' does not have the role %s itself, and so "
		       "gives it to nobody, nor a password or a token to '%s', "
		       "who has it: an administrator of all scopes does",
		       actor->name, lacks, name);
}

static enum rc actor_may(const struct account *actor,
			 const struct account_change *c,
			 const struct account *before,
			 const struct account *after, struct err *err)
{
	bool is_own_password = c->password && !c->is_new && !c->roles &&
			       !c->scopes && !c->agency && !c->state;

	if (!actor || (is_own_password && !strcmp(actor->name, c->name)))
		return RC_OK;
	if (!(actor->roles & (ROLE_ADMINISTRATOR | ROLE_SERVER)))
		return err_set(err, RC_DENIED,
			       "only an administrator %s accounts",
			       c->is_new ? "adds" : "changes");
	if (actor->agency[0])
		return err_set(err, RC_DENIED,
			       "account '%s' is bound to an agency: only an "
			       "administrator of all agencies manages accounts",
			       actor->name);
	if (!strcmp(actor->name, c->name) && rights_differ(before, after))
		return err_set(err, RC_DENIED,
			       "roles, scopes and agencies of account '%s' are "
			       "for another administrator to change",
			       actor->name);
	if (!account_scopes_cover(before->scopes, actor->scopes) ||
	    !account_scopes_cover(after->scopes, actor->scopes))
		return err_set(err, RC_DENIED,
			       "account '%s' has no rights in all of the "
			       "scopes of account '%s'",
			       actor->name, c->name);
	return account_gives(actor, c->name, roles_given(c, before, after),
			     err);
}

/* Of all scopes, and not for one agency alone. */
static bool is_of_all(const struct account *a)
{
	return !strcmp(a->scopes, "*") && !a->agency[0];
}

/* Somebody has to be able to put it right again: of one who kept all scopes,
 * somebody who keeps them all, since a county's administrator makes none. */
static enum rc keeper_is_left(struct store *s, bool of_all, struct err *err)
{
	struct query *q = query_begin(s->db, SQL_ACCOUNT_KEEPERS);
	int64_t n = 0;
	enum rc rc;

	query_int(q, 1, ROLE_ADMINISTRATOR);
	query_int(q, 2, of_all);
	if (query_row(q))
		n = query_get_int(q, 0);
	rc = query_end(q, err);
	return rc == RC_OK && !n
		       ? err_set(err, RC_DENIED,
				 "no administrator%s would be left: make "
				 "another one first",
				 of_all ? " of all scopes" : "")
		       : rc;
}

static void apply(const struct account_change *c, struct account *a)
{
	snprintf(a->name, sizeof(a->name), "%s", c->name);
	if (c->roles)
		a->roles = c->roles;
	if (c->scopes)
		snprintf(a->scopes, sizeof(a->scopes), "%s", c->scopes);
	if (c->agency)
		snprintf(a->agency, sizeof(a->agency), "%s", c->agency);
	if (c->state != ACCOUNT_AS_IS)
		a->is_disabled = c->state == ACCOUNT_DISABLE;
	a->password_version += c->password != NULL;
}

static enum rc account_put(struct store *s, const struct account *a,
			   const char *hash, int64_t now_ms, struct err *err)
{
	struct query *q = query_begin(s->db, SQL_ACCOUNT_PUT);

	query_text(q, 1, a->name);
	query_int(q, 2, a->roles);
	query_text(q, 3, a->scopes);
	query_text(q, 4, a->agency[0] ? a->agency : NULL);
	query_text(q, 5, hash);
	query_text(q, 6, a->is_disabled ? "disabled" : "active");
	query_int(q, 7, now_ms);
	query_int(q, 8, a->password_version);
	return query_end(q, err);
}

/* What it may now, and what it might before where that was something else. */
static void rights_say(const struct account_change *c,
		       const struct account *before, const struct account *a,
		       struct buf *out)
{
	char roles[128];

	account_roles_text(roles, sizeof(roles), a->roles);
	buf_printf(out, "roles=%s scopes=%s agency=%s state=%s%s", roles,
		   a->scopes, a->agency[0] ? a->agency : "*",
		   a->is_disabled ? "disabled" : "active",
		   c->password ? " password=set" : "");
	if (c->is_new || !rights_differ(before, a))
		return;
	account_roles_text(roles, sizeof(roles), before->roles);
	buf_printf(out, " before: roles=%s scopes=%s agency=%s", roles,
		   before->scopes, before->agency[0] ? before->agency : "*");
}

static enum rc entry_put(struct store *s, const struct account_change *c,
			 const struct account *before, const struct account *a,
			 const struct audit_by *by, struct err *err)
{
	struct buf detail;
	enum rc rc;
	struct audit_entry e = { .by = *by, .kind = "account", .id = c->name };

	e.operation = c->is_new                     ? "account add"
		      : c->state == ACCOUNT_DISABLE ? "account disable"
		      : c->state == ACCOUNT_ENABLE  ? "account enable"
		      : c->roles                    ? "account set-roles"
		      : c->scopes || c->agency      ? "account set-scopes"
						    : "account set-password";
	buf_init(&detail, 4096);
	rights_say(c, before, a, &detail);
	rc = buf_status(&detail, err);
	e.detail = detail.data;
	if (rc == RC_OK)
		rc = audit_put(s, &e, err);
	buf_release(&detail);
	return rc;
}

void account_etag(const struct account *a, char out[ACCOUNT_ETAG_SIZE])
{
	char text[sizeof(*a) + 64];
	unsigned char hash[SHA256_BYTES];

	snprintf(text, sizeof(text), "%s\n%u\n%s\n%s\n%d\n%lld", a->name,
		 a->roles, a->scopes, a->agency, a->is_disabled,
		 (long long)a->password_version);
	sha256(hash, text, strlen(text));
	hex_encode(out, hash, (ACCOUNT_ETAG_SIZE - 1) / 2);
}

static enum rc seen_check(const struct account_change *c,
			  const struct account *now, struct err *err)
{
	char etag[ACCOUNT_ETAG_SIZE];

	account_etag(now, etag);
	return c->seen && strcmp(c->seen, etag) != 0
		       ? err_set(err, RC_CONFLICT,
				 "account '%s' is not what you have seen any "
				 "more: read it again (its etag is \"%s\")",
				 c->name, etag)
		       : RC_OK;
}

/* What there is, and what it becomes. */
static enum rc states_load(struct store *s, const struct account *actor,
			   const struct account_change *c,
			   struct account *before, struct account *after,
			   struct err *err)
{
	struct err missing = { 0 };
	enum rc rc = account_look(s, c->name, before, &missing);
	bool exists;

	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return err_set(err, rc, "%s", missing.text);
	/* Who may not change everybody is told the same of one that there is
	 * not as of one that is another's. */
	exists = rc == RC_OK;
	if (rc == RC_NOT_FOUND || c->is_new) {
		*before = (struct account){ 0 };
		snprintf(before->scopes, sizeof(before->scopes), "%s",
			 c->is_new ? "" : "*");
	}
	*after = *before;
	apply(c, after);
	if (actor_may(actor, c, before, after, err) != RC_OK)
		return err->code;
	/* Only who could have made it learns that it is there. */
	if (exists && c->is_new)
		return err_set(err, RC_CONFLICT, "account '%s' exists already",
			       c->name);
	if (rc == RC_NOT_FOUND && !c->is_new)
		return err_set(err, rc, "%s", missing.text);
	if (account_is_known(s, before, after, err) != RC_OK)
		return err->code;
	/* Last: it tells what the account is now. */
	return seen_check(c, before, err);
}

enum rc account_change(struct store *s, const struct account *actor,
		       const struct account_change *c,
		       const struct audit_by *by, struct err *err)
{
	char hash[PASSWORD_HASH_MAX] = "";
	struct account before, after;
	bool mine = false;
	enum rc rc = change_is_legal(c, err);

	/* Asked for twice: before the work of a hash, and under the lock. */
	if (rc == RC_OK)
		rc = states_load(s, actor, c, &before, &after, err);
	if (rc == RC_OK && c->hash)
		snprintf(hash, sizeof(hash), "%s", c->hash);
	else if (rc == RC_OK && c->password)
		rc = password_hash(hash, c->password, err);
	if (rc == RC_OK)
		rc = store_write_begin(s, &mine, err);
	if (rc != RC_OK)
		return rc;
	rc = states_load(s, actor, c, &before, &after, err);
	if (rc == RC_OK)
		rc = account_put(s, &after, c->password ? hash : NULL,
				 by_ms(s, by), err);
	if (rc == RC_OK && (before.roles & ROLE_ADMINISTRATOR))
		rc = keeper_is_left(s, is_of_all(&before), err);
	if (rc == RC_OK && (after.is_disabled || c->password))
		rc = session_end_all(s, c->name, err);
	if (rc == RC_OK)
		rc = entry_put(s, c, &before, &after, by, err);
	wipe(hash, sizeof(hash));
	return store_write_end(s, mine, rc, err);
}

enum rc account_add(struct store *s, const char *name, unsigned roles,
		    const char *scopes, const char *password, struct err *err)
{
	const struct account_change c = { .name = name,
					  .is_new = true,
					  .roles = roles,
					  .scopes = scopes,
					  .password = password };
	const struct audit_by by = { .who = "server", .via = VIA_JOB };

	return account_change(s, NULL, &c, &by, err);
}
