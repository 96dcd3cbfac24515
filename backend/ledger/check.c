/* ledger/check.c - the check's frame: one read transaction, scope by scope. */
#include "ledger/check_impl.h"

#include <stdarg.h>

#include "base/jcs.h"
#include "ledger/blame.h"
#include "object/sshsig.h"
#include "sql_store.gen.h"
#include "tree/tree.h"

enum rc check_fault(struct check *c, int64_t position, const char *what,
		    const char *fmt, ...)
{
	struct check_fault *f = &c->report->fault;
	va_list ap;

	snprintf(f->scope, sizeof(f->scope), "%s", c->at ? c->at->scope : "");
	f->position = position;
	snprintf(f->what, sizeof(f->what), "%s", what);
	va_start(ap, fmt);
	vsnprintf(f->why, sizeof(f->why), fmt, ap);
	va_end(ap);
	if (!c->at)
		return err_set(c->err, RC_CORRUPT, "%s: %s", f->what, f->why);
	if (!position)
		return err_set(c->err, RC_CORRUPT, "scope %s, %s: %s", f->scope,
			       f->what, f->why);
	return err_set(c->err, RC_CORRUPT, "scope %s, position %lld, %s: %s",
		       f->scope, (long long)position, f->what, f->why);
}

enum rc check_pass(struct check *c, int64_t position, const char *what,
		   const struct err *why)
{
	if (why->code == RC_NOMEM || why->code == RC_IO || why->code == RC_BUSY)
		return err_set(c->err, why->code, "%s", why->text);
	return check_fault(c, position, what, "%s", why->text);
}

bool check_signed(const struct check *c, const char *bytes, size_t n)
{
	for (size_t i = 0; i < c->nkeys; i++) {
		struct err ignored = { 0 };

		if (commit_verify(bytes, n, c->keys[i], &ignored) == RC_OK)
			return true;
	}
	return false;
}

bool check_oid(struct query *q, int col, struct oid *out)
{
	size_t n;
	const void *blob = query_get_blob(q, col, &n);

	if (!blob || n != OID_BYTES)
		return false;
	memcpy(out->b, blob, OID_BYTES);
	return true;
}

enum rc check_key(struct check *c, int64_t position, const char *what,
		  const json_t *outer, unsigned char key[SEAL_KEY_BYTES],
		  bool *held)
{
	struct query *q = query_begin(c->s->keys, SQL_CHECK_KEY);
	const char *id = json_text(outer, "key");
	bool found, fits = false;
	size_t n = 0;

	*held = false;
	query_text(q, 1, id ? id : "");
	found = query_row(q);
	if (found) {
		const void *secret = query_get_blob(q, 1, &n);
		const char *scope = query_get_text(q, 0);

		fits = scope && !strcmp(scope, c->at->scope) &&
		       (!secret || n == SEAL_KEY_BYTES);
		*held = fits && secret;
		if (*held && key)
			memcpy(key, secret, SEAL_KEY_BYTES);
	}
	if (query_end(q, c->err) != RC_OK)
		return c->err->code;
	if (!found)
		return check_fault(c, position, what,
				   "its key '%s' is not in keys.db",
				   id ? id : "");
	return fits ? RC_OK
		    : check_fault(c, position, what,
				  "its key '%s' in keys.db is damaged or of "
				  "another scope",
				  id);
}

static enum rc integrity_check(struct check *c, struct db *db, const char *name)
{
	struct query *q = query_begin(db, SQL_CHECK_INTEGRITY);
	char said[200] = "";
	struct err why = { 0 };

	if (query_row(q))
		snprintf(said, sizeof(said), "%s", query_get_text(q, 0));
	if (query_end(q, &why) != RC_OK)
		return check_pass(c, 0, name, &why);
	return !strcmp(said, "ok") ? RC_OK
				   : check_fault(c, 0, name, "%s", said);
}

/* Every key that the server ever signed with is a record. */
static enum rc server_keys_load(struct check *c)
{
	struct query *q = query_begin(c->s->db, SQL_LOG_KIND_LATEST);
	enum rc rc = RC_OK;

	query_text(q, 1, "catalog");
	query_text(q, 2, "server_key");
	while (rc == RC_OK && query_row(q)) {
		unsigned char(*grown)[SIGN_PUBLIC_BYTES] =
			realloc(c->keys, (c->nkeys + 1) * sizeof(*grown));
		struct err why = { 0 };
		json_t *record = NULL;
		const char *text;

		if (!grown) {
			rc = err_set(c->err, RC_NOMEM, "out of memory");
			break;
		}
		c->keys = grown;
		json_read(query_get_text(q, 1), query_get_len(q, 1), &record,
			  &why);
		text = json_text(record, "public_key");
		if (ssh_public_parse(grown[c->nkeys], text ? text : "", &why) ==
		    RC_OK)
			c->nkeys++;
		json_decref(record);
	}
	return query_end(q, c->err) == RC_OK ? rc : c->err->code;
}

static enum rc scopes_load(struct check *c, const char *scope)
{
	struct query *q = query_begin(c->s->db, SQL_CHECK_SCOPES);
	struct check_report *r = c->report;
	enum rc rc = RC_OK;

	query_text(q, 1, scope);
	while (rc == RC_OK && query_row(q)) {
		struct check_scope *grown =
			realloc(r->scopes, (r->nscopes + 1) * sizeof(*grown));
		const char *name = query_get_text(q, 0);

		if (!grown) {
			rc = err_set(c->err, RC_NOMEM, "out of memory");
			break;
		}
		r->scopes = grown;
		memset(&grown[r->nscopes], 0, sizeof(*grown));
		snprintf(grown[r->nscopes++].scope, sizeof(grown->scope), "%s",
			 name ? name : "");
	}
	if (query_end(q, c->err) != RC_OK)
		rc = c->err->code;
	if (rc == RC_OK && scope && !r->nscopes)
		rc = err_set(c->err, RC_NOT_FOUND, "there is no scope '%s'",
			     scope);
	return rc;
}

static enum rc scratch_open(struct check *c)
{
	/* "": SQLite's own temporary file, which spills from its cache. */
	const struct db_options options = { .mode = DB_CREATE,
					    .synchronous_off = true };
	enum rc rc = db_open(&c->scratch, "", &options, c->err);

	return rc == RC_OK ? tree_create(c->scratch, c->err) : rc;
}

static enum rc blames_check(struct check *c)
{
	int64_t position;
	enum rc rc = blame_check(c->s, c->at->scope, &position, c->err);

	return rc == RC_OK && position
		       ? check_fault(c, position, "table blame",
				     "it is not what the versions up to there "
				     "say")
		       : rc;
}

static enum rc scope_check(struct check *c)
{
	enum rc rc = check_main_line(c);

	if (rc == RC_OK)
		rc = db_begin(c->scratch, true, c->err);
	if (rc == RC_OK)
		rc = check_records(c);
	if (rc == RC_OK)
		rc = check_tree(c);
	db_rollback(c->scratch);
	if (rc == RC_OK)
		rc = blames_check(c);
	return rc == RC_OK ? check_packets(c) : rc;
}

/* What belongs to no scope's chain. */
static enum rc lost_records_check(struct check *c)
{
	struct query *q = query_begin(c->s->db, SQL_CHECK_LOST_RECORD);
	char what[96] = "";
	int64_t packet = 0;

	if (query_row(q)) {
		snprintf(what, sizeof(what), "%s/%s", query_get_text(q, 0),
			 query_get_text(q, 1));
		packet = query_get_int(q, 2);
	}
	if (query_end(q, c->err) != RC_OK)
		return c->err->code;
	return what[0] ? check_fault(c, 0, what,
				     "it belongs to packet number %lld, which "
				     "is not there",
				     (long long)packet)
		       : RC_OK;
}

static enum rc all_check(struct check *c, const char *scope)
{
	enum rc rc = integrity_check(c, c->s->db, "hufu.db");

	if (rc == RC_OK)
		rc = integrity_check(c, c->s->keys, "keys.db");
	if (rc == RC_OK)
		rc = store_refresh_kinds(c->s, c->err);
	if (rc == RC_OK)
		rc = check_schema(c);
	if (rc == RC_OK)
		rc = server_keys_load(c);
	if (rc == RC_OK)
		rc = scopes_load(c, scope);
	for (size_t i = 0; rc == RC_OK && i < c->report->nscopes; i++) {
		c->at = &c->report->scopes[i];
		rc = scope_check(c);
		if (rc != RC_OK)
			c->report->nscopes = i;
	}
	if (rc == RC_OK && !scope)
		c->at = NULL;
	if (rc == RC_OK)
		rc = check_strays(c);
	if (rc == RC_OK && !scope)
		rc = lost_records_check(c);
	return rc == RC_OK && !scope ? check_office(c) : rc;
}

enum rc ledger_check(struct store *s, const char *scope,
		     struct check_report *out, struct err *err)
{
	struct check c = { .s = s, .report = out, .err = err };
	enum rc rc;

	memset(out, 0, sizeof(*out));
	arena_init(&c.mem, CHECK_ARENA_BYTES);
	rc = scratch_open(&c);
	/* Keys are minted before the records that they seal, and committed
	 * first: seen after the store, none is missing. */
	if (rc == RC_OK)
		rc = db_begin(s->db, false, err);
	if (rc == RC_OK)
		rc = all_check(&c, scope);
	db_rollback(s->db);
	out->is_sound = rc == RC_OK;
	db_close(c.scratch);
	arena_release(&c.mem);
	free(c.keys);
	return rc;
}

void check_report_release(struct check_report *r)
{
	free(r->scopes);
	memset(r, 0, sizeof(*r));
}
