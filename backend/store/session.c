/* store/session.c - sessions of browsers. */
#include "store/session.h"

#include "base/hex.h"
#include "sql_store.gen.h"
#include "store/store_impl.h"

#define USE_STEP_MS (60 * 1000) /* how exactly a use is written down */

_Static_assert(SESSION_SIZE == SECRET_SIZE, "an id is a secret");

static enum rc old_ones_drop(struct store *s, int64_t now_ms, struct err *err)
{
	struct query *q = query_begin(s->db, SQL_SESSION_DROP_OLD);

	query_int(q, 1, now_ms - SESSION_IDLE_MS);
	query_int(q, 2, now_ms - SESSION_MAX_MS);
	return query_end(q, err);
}

static enum rc session_put(struct store *s, const struct account *a,
			   const char *id, int64_t now_ms, struct err *err)
{
	unsigned char hash[SHA256_BYTES];
	struct query *q = query_begin(s->db, SQL_SESSION_PUT);

	sha256(hash, id, strlen(id));
	query_blob(q, 1, hash, sizeof(hash));
	query_text(q, 2, a->name);
	query_int(q, 3, a->password_version);
	query_int(q, 4, now_ms);
	return query_end(q, err);
}

/* What the audit log knows a session by: it cannot be used as one. */
static void session_name(char out[32], const char *id)
{
	unsigned char hash[SHA256_BYTES];
	char text[13];

	sha256(hash, id, strlen(id));
	hex_encode(text, hash, 6);
	snprintf(out, 32, "session:%s", text);
}

enum rc session_begin(struct store *s, const struct account *account,
		      const struct audit_by *by, char id[SESSION_SIZE],
		      struct err *err)
{
	char name[32];
	const struct audit_entry e = { .by = *by,
				       .operation = "login",
				       .kind = "account",
				       .id = account->name,
				       .detail = name };
	int64_t now_ms = by_ms(s, by);
	bool mine;
	enum rc rc = store_write_begin(s, &mine, err);

	secret_new(s->host, id);
	session_name(name, id);
	if (rc == RC_OK)
		rc = old_ones_drop(s, now_ms, err);
	if (rc == RC_OK)
		rc = session_put(s, account, id, now_ms, err);
	if (rc == RC_OK)
		rc = audit_put(s, &e, err);
	rc = store_write_end(s, mine, rc, err);
	if (rc != RC_OK)
		wipe(id, SESSION_SIZE);
	return rc;
}

struct session {
	char account[33];
	int64_t password_version, begun_at, used_at;
};

static enum rc session_load(struct store *s,
			    const unsigned char hash[SHA256_BYTES],
			    struct session *out, bool *found, struct err *err)
{
	struct query *q = query_begin(s->db, SQL_SESSION_GET);

	query_blob(q, 1, hash, SHA256_BYTES);
	*found = query_row(q);
	if (*found) {
		snprintf(out->account, sizeof(out->account), "%s",
			 query_get_text(q, 0));
		out->password_version = query_get_int(q, 1);
		out->begun_at = query_get_int(q, 2);
		out->used_at = query_get_int(q, 3);
	}
	return query_end(q, err);
}

/* A failure to tidy up or to note a use is nobody's: the next one does it. */
static void session_note(struct store *s, const char *sql,
			 const unsigned char hash[SHA256_BYTES],
			 const int64_t *now_ms)
{
	struct err ignored = { 0 };
	struct query *q = query_begin(s->db, sql);

	query_blob(q, 1, hash, SHA256_BYTES);
	if (now_ms)
		query_int(q, 2, *now_ms);
	query_end(q, &ignored);
}

/* With `is_use` it is written down that it was used, or that it has ended. */
static enum rc session_account(struct store *s, const char *id, int64_t now_ms,
			       bool is_use, struct account *out,
			       struct err *err)
{
	unsigned char hash[SHA256_BYTES];
	struct err why = { 0 };
	struct session session;
	bool found;
	enum rc rc;

	sha256(hash, id, strlen(id));
	rc = session_load(s, hash, &session, &found, err);
	if (rc != RC_OK)
		return rc;
	if (found)
		rc = account_get(s, session.account, out, &why);
	if (why.code && why.code != RC_DENIED && why.code != RC_NOT_FOUND)
		return err_set(err, why.code, "%s", why.text);
	if (found &&
	    (rc != RC_OK || out->password_version != session.password_version ||
	     now_ms >= session.begun_at + SESSION_MAX_MS ||
	     now_ms >= session.used_at + SESSION_IDLE_MS)) {
		if (is_use)
			session_note(s, SQL_SESSION_DROP, hash, NULL);
		found = false;
	}
	if (!found) {
		memset(out, 0, sizeof(*out));
		return err_set(err, RC_DENIED,
			       "the session has ended: log in again");
	}
	session_name(out->with, id);
	if (is_use && now_ms >= session.used_at + USE_STEP_MS)
		session_note(s, SQL_SESSION_USED, hash, &now_ms);
	return RC_OK;
}

enum rc session_find(struct store *s, const char *id, int64_t now_ms,
		     struct account *out, struct err *err)
{
	return session_account(s, id, now_ms, true, out, err);
}

enum rc session_look(struct store *s, const char *id, int64_t now_ms,
		     struct account *out, struct err *err)
{
	return session_account(s, id, now_ms, false, out, err);
}

enum rc session_end(struct store *s, const char *id, struct err *err)
{
	unsigned char hash[SHA256_BYTES];
	struct query *q = query_begin(s->db, SQL_SESSION_DROP);

	sha256(hash, id, strlen(id));
	query_blob(q, 1, hash, sizeof(hash));
	return query_end(q, err);
}

enum rc session_end_all(struct store *s, const char *account, struct err *err)
{
	struct query *q = query_begin(s->db, SQL_SESSION_DROP_ALL);

	query_text(q, 1, account);
	return query_end(q, err);
}
