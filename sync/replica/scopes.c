/* replica/scopes.c - the scopes of a replica come and go as its enrolment says:
 * docs/protocol.md section 12.
 *
 *   comes   the enrolment's record on main lists it: an empty scope is added,
 *           and the same sync fetches it whole
 *   goes    a signed answer says that this terminal has no part in it. What was
 *           written there was sent with that very request; once nothing of the
 *           scope is unsent its records leave this file, together. Until then
 *           all of it stays, and the sync says what holds it. */
#include "replica/evidence.h"
#include "replica/replica_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/jcs.h"
#include "sql_sync.gen.h"

enum rc scope_join(struct replica *r, const char *name, bool *is_new,
		   struct err *err)
{
	struct scope s;
	enum rc rc = scope_get(r, name, &s, err);

	*is_new = rc == RC_NOT_FOUND;
	if (!*is_new)
		return rc;
	memset(&s, 0, sizeof(s));
	snprintf(s.scope, sizeof(s.scope), "%s", name);
	oid_parse(&s.root, OID_EMPTY_TREE, strlen(OID_EMPTY_TREE));
	rc = scope_put(r, &s, err);
	return rc == RC_OK ? twins_begin(r, err) : rc;
}

/* The enrolment on main; RC_NOT_FOUND without a message. */
static enum rc enrolment_of(struct replica *r, json_t **out, struct err *err)
{
	char *id = NULL;
	enum rc rc = meta_get(r, "enrolment", &id, err);

	*out = NULL;
	if (rc == RC_OK)
		rc = id ? record_main(r, "enrolment", id, out, err)
			: RC_NOT_FOUND;
	free(id);
	return rc;
}

static enum rc listed_join(struct replica *r, const json_t *enrolment,
			   int *came, struct err *err)
{
	const json_t *name;
	size_t i;
	enum rc rc = RC_OK;

	json_array_foreach(json_object_get(enrolment, "scopes"), i, name)
	{
		const char *text = json_string_value(name);
		bool is_new = false;

		if (rc != RC_OK || i >= SCOPES_MAX - 1)
			break;
		if (text && name_is_scope(text))
			rc = scope_join(r, text, &is_new, err);
		*came += is_new;
	}
	/* Key events of before were those of the other scopes. */
	return rc == RC_OK && *came ? meta_put_int(r, "keys", 0, err) : rc;
}

enum rc scopes_follow(struct sync *s, bool *came, struct err *err)
{
	json_t *enrolment = NULL;
	bool missing = false;
	int joined = 0;
	enum rc rc = replica_begin_read(s->r, err);

	*came = false;
	if (rc != RC_OK)
		return rc;
	rc = enrolment_of(s->r, &enrolment, err);
	for (size_t i = 0;
	     i < json_array_size(json_object_get(enrolment, "scopes")); i++) {
		const char *name = json_string_value(json_array_get(
			json_object_get(enrolment, "scopes"), i));

		missing |= name && !sync_scope_of(s, name);
	}
	rc = replica_end(s->r, rc == RC_NOT_FOUND ? RC_OK : rc, err);
	if (rc == RC_OK && missing) {
		rc = replica_begin(s->r, err);
		if (rc == RC_OK)
			rc = replica_end(
				s->r,
				listed_join(s->r, enrolment, &joined, err),
				err);
	}
	json_decref(enrolment);
	*came = joined > 0;
	s->sum->scopes_came += joined;
	return rc;
}

/* What has not reached the server. */
struct unsent {
	struct replica *r;
	const char *scope;
	int64_t packets, edits, files;
};

static enum rc file_see(void *ctx, const json_t *file, struct err *err)
{
	struct unsent *u = ctx;
	const struct captured *c = captured_of(u->r, "evidence");
	struct query *q;

	if (!c)
		return RC_OK;
	q = query_begin(u->r->db, c->live_scope);
	query_text(q, 1, json_text(file, "id"));
	if (query_row(q) && query_get_text(q, 0) &&
	    !strcmp(query_get_text(q, 0), u->scope))
		u->files++;
	return query_end(q, err);
}

static enum rc unsent_count(struct unsent *u, struct err *err)
{
	struct query *q = query_begin(u->r->db, SQL_R_SCOPE_UNSENT);
	enum rc rc;

	query_text(q, 1, u->scope);
	u->packets = query_row(q) ? query_get_int(q, 0) : 0;
	rc = query_end(q, err);
	for (size_t i = 0; i < u->r->ncaptured && rc == RC_OK; i++) {
		q = query_begin(u->r->db, u->r->captured[i].shadow_count);
		query_text(q, 1, u->scope);
		u->edits += query_row(q) ? query_get_int(q, 0) : 0;
		rc = query_end(q, err);
	}
	return rc == RC_OK ? replica_evidence(u->r, file_see, u, err) : rc;
}

static enum rc record_leave(struct replica *r, const char *scope,
			    const char *kind, const char *id, struct err *err)
{
	json_t *aside = NULL;
	enum rc rc = twin_get(r, scope, kind, id, &aside, err);

	json_decref(aside);
	if (rc == RC_OK)
		return twin_put(r, scope, kind, id, NULL, 0, err);
	if (rc != RC_NOT_FOUND)
		return rc;
	return record_main_put(r, scope, kind, id, NULL, NULL, 0, err);
}

static enum rc kind_leave(struct replica *r, const char *scope,
			  const char *town, const char *kind, struct err *err)
{
	struct tree_list l;
	enum rc rc = tree_records(r->db, scope, town, kind, "", &l, err);

	for (size_t i = 0; i < l.n && rc == RC_OK; i++)
		rc = record_leave(r, scope, kind, l.items[i].name, err);
	tree_list_release(&l);
	return rc;
}

static enum rc town_leave(struct replica *r, const char *scope,
			  const char *town, struct err *err)
{
	struct tree_list l;
	enum rc rc = tree_list(r->db, scope, town, "", "", &l, err);

	for (size_t i = 0; i < l.n && rc == RC_OK; i++)
		rc = kind_leave(r, scope, town, l.items[i].name, err);
	tree_list_release(&l);
	return rc;
}

static enum rc records_leave(struct replica *r, const char *scope,
			     struct err *err)
{
	struct tree_list l;
	enum rc rc = tree_list(r->db, scope, "", "", "", &l, err);

	for (size_t i = 0; i < l.n && rc == RC_OK; i++)
		rc = town_leave(r, scope, l.items[i].name, err);
	tree_list_release(&l);
	return rc == RC_OK ? tree_forget(r->db, scope, err) : rc;
}

/* What is about the scope and no record of it. */
static enum rc traces_leave(struct replica *r, const char *scope,
			    struct err *err)
{
	static const char *const all[] = {
		SQL_R_SCOPE_KEYS_DROP,    SQL_R_SCOPE_MAIN_DROP,
		SQL_R_SCOPE_COMMITS_DROP, SQL_R_SCOPE_STAGE_DROP,
		SQL_R_SCOPE_PEERS_DROP,   SQL_R_SCOPE_DROP,
	};
	enum rc rc = bundle_tables(r, err);

	for (size_t i = 0; i < sizeof(all) / sizeof(*all) && rc == RC_OK; i++) {
		struct query *q = query_begin(r->db, all[i]);

		query_text(q, 1, scope);
		rc = query_end(q, err);
	}
	/* Freed pages still have the bytes, until they are written anew. */
	return rc == RC_OK ? meta_put_int(r, "vacuum", 1, err) : rc;
}

static enum rc scope_leave(struct replica *r, const char *scope,
			   struct unsent *u, struct err *err)
{
	enum rc rc = replica_begin(r, err);

	if (rc != RC_OK)
		return rc;
	rc = edits_clean(r, err);
	if (rc == RC_OK)
		rc = unsent_count(u, err);
	if (rc == RC_OK && !u->packets && !u->edits && !u->files) {
		rc = packets_settle(r, scope, err);
		if (rc == RC_OK)
			rc = records_leave(r, scope, err);
		if (rc == RC_OK)
			rc = traces_leave(r, scope, err);
	}
	return replica_end(r, rc, err);
}

static enum rc unsent_report(const struct unsent *u, struct err *err)
{
	return err_set(err, RC_DENIED,
		       "this terminal has no part in scope '%s' any more, and "
		       "its records stay here while something of it is not "
		       "sent (%lld packets, %lld edits, %lld files): 'hufu "
		       "status' names it, 'hufu undo' takes an edit back",
		       u->scope, (long long)u->packets, (long long)u->edits,
		       (long long)u->files);
}

static enum rc one_leave(struct sync *s, struct sync_scope *scope, bool *again,
			 struct err *err)
{
	struct unsent u = { .r = s->r, .scope = scope->scope };
	enum rc rc = scope_leave(s->r, scope->scope, &u, err);

	if (rc != RC_OK)
		return rc;
	if (!u.packets && !u.edits && !u.files) {
		s->sum->scopes_went++;
	} else if (u.edits && s->r->is_unlocked && !s->is_parting) {
		s->is_parting = *again = true;
		s->is_committed = false;
	} else if (!*again) {
		return unsent_report(&u, err);
	}
	scope->error[0] = '\0';
	return RC_OK;
}

enum rc scopes_leave(struct sync *s, bool *again, struct err *err)
{
	char *home = NULL;
	enum rc rc = meta_get(s->r, "home", &home, err);

	for (size_t i = 0; i < s->nscopes && rc == RC_OK; i++) {
		struct sync_scope *scope = &s->scopes[i];

		if (!strcmp(scope->error, "scope") &&
		    (!home || strcmp(scope->scope, home) != 0))
			rc = one_leave(s, scope, again, err);
	}
	free(home);
	return rc;
}
