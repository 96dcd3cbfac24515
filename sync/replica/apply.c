/* replica/apply.c - main moves on: staged rows and what receipts imply, with
 * the tree, in one transaction that ends with a comparison of roots. */
#include "replica/replica_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/jcs.h"
#include "sql_sync.gen.h"
#include "wire/group.h"

#define APPLY_BYTES_MAX (512u << 20)

static enum rc change_push(struct apply *a, const char *kind, const char *id,
			   const json_t *before, const json_t *after,
			   const struct buf *body, struct err *err)
{
	const char *town = json_text(after, "town");
	struct tree_change *c;

	if (after && (!town || !name_is_town(town)))
		return err_set(err, RC_CORRUPT, "%s '%s' has no legal town",
			       kind, id);
	if (a->n == a->room) {
		size_t room = a->room ? a->room * 2 : 256;
		struct tree_change *grown =
			realloc(a->changes, room * sizeof(*grown));

		if (!grown)
			return out_of_memory(err);
		a->changes = grown;
		a->room = room;
	}
	c = &a->changes[a->n];
	memset(c, 0, sizeof(*c));
	c->kind = arena_strdup(&a->mem, kind);
	c->id = arena_strdup(&a->mem, id);
	if (before)
		c->town_before =
			arena_strdup(&a->mem, json_text(before, "town"));
	if (after)
		c->town_after = arena_strdup(&a->mem, town);
	if (!c->kind || !c->id || (before && !c->town_before) ||
	    (after && !c->town_after))
		return out_of_memory(err);
	a->n++;
	return after ? oid_of(&c->oid, OBJECT_BLOB, body->data, body->len, err)
		     : RC_OK;
}

static enum rc seen_put(struct apply *a, const char *kind, const char *id,
			struct err *err)
{
	char path[72];

	snprintf(path, sizeof(path), "%s/%s", kind, id);
	return json_object_set_new(a->seen, path, json_true())
		       ? out_of_memory(err)
		       : RC_OK;
}

enum rc apply_record(struct apply *a, const char *kind, const char *id,
		     const json_t *before, const json_t *after, struct err *err)
{
	struct buf body;
	enum rc rc = seen_put(a, kind, id, err);

	buf_init(&body, RECORD_BYTES_MAX);
	if (rc == RC_OK && after)
		rc = record_jcs(&body, after, err);
	if (rc == RC_OK && (before || after))
		rc = change_push(a, kind, id, before, after, &body, err);
	if (rc == RC_OK)
		rc = rights_before_record(a->r, kind, id, err);
	if (rc == RC_OK)
		rc = record_main_put(a->r, a->scope, kind, id, after, body.data,
				     body.len, err);
	if (rc == RC_OK && after && !strcmp(kind, "kind") &&
	    !strcmp(a->scope, "catalog"))
		rc = kind_install(a->r, after, err);
	buf_release(&body);
	return rc;
}

static enum rc row_id(struct apply *a, const char *kind, enum group_form form,
		      const char *name, char id[33], struct err *err)
{
	enum rc rc;

	if (form == GROUP_WHOLE) {
		snprintf(id, 33, "%s", name);
		return RC_OK;
	}
	rc = tree_find(a->r->db, a->scope, kind, name, id, err);
	if (rc == RC_NOT_FOUND || rc == RC_CONFLICT)
		return err_set(
			err, RC_CORRUPT,
			"the answer changes a record of '%s' that is not "
			"here (%s)",
			kind, name);
	return rc;
}

static enum rc row_take(void *ctx, const char *kind, enum group_form form,
			const char *name, const json_t *fields, struct err *err)
{
	struct apply *a = ctx;
	bool is_kind = !strcmp(kind, "kind");
	json_t *before = NULL, *after = NULL;
	char id[33] = "";
	enum rc rc;

	if ((a->only_kinds && !is_kind) || (a->skip_kinds && is_kind))
		return RC_OK;
	rc = row_id(a, kind, form, name, id, err);
	if (rc == RC_OK)
		rc = record_main_in(a->r, a->scope, kind, id, &before, err);
	if (rc == RC_NOT_FOUND)
		rc = form == GROUP_CHANGE
			     ? err_set(err, RC_CORRUPT,
				       "the answer changes %s '%s', which is "
				       "not here",
				       kind, id)
			     : RC_OK;
	if (rc == RC_OK && form != GROUP_GONE)
		rc = record_rebuild(&after, a->scope, id,
				    form == GROUP_CHANGE ? before : NULL,
				    fields, err);
	if (rc == RC_OK)
		rc = apply_record(a, kind, id, before, after, err);
	a->received++;
	json_decref(before);
	json_decref(after);
	return rc;
}

static enum rc table_next(struct replica *r, const char *scope, int64_t *n,
			  json_t **out, struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_STAGE_NEXT);
	enum rc rc = RC_OK, ended;

	query_text(q, 1, scope);
	query_int(q, 2, *n);
	if (query_row(q)) {
		*n = query_get_int(q, 0);
		rc = json_read(query_get_text(q, 1), query_get_len(q, 1), out,
			       err);
	}
	ended = query_end(q, err);
	return rc == RC_OK ? ended : rc;
}

/* A walk over the staged lines of a scope ("" for keys): those in memory, then
 * those in the table. */
struct stage_walk {
	size_t held;
	int64_t n;
};

/* The next line as JSON; NULL at the end. One line at a time, and no statement
 * open between: applying a line may change the schema. */
static enum rc stage_next(struct sync *s, const char *scope,
			  struct stage_walk *at, json_t **out, struct err *err)
{
	*out = NULL;
	while (at->held < s->nstaged) {
		const struct staged *it = &s->staged[at->held++];

		if (!strcmp(it->scope, scope))
			return json_read(it->line, it->bytes, out, err);
	}
	return table_next(s->r, scope, &at->n, out, err);
}

static enum rc rows_walk(struct apply *a, struct err *err)
{
	struct stage_walk at = { 0 };
	json_t *line;
	enum rc rc;

	for (;;) {
		const json_t *group;
		size_t i;

		rc = stage_next(a->sync, a->scope, &at, &line, err);
		if (rc != RC_OK || !line)
			return rc;
		json_array_foreach(json_object_get(line, "rows"), i, group)
		{
			if (rc == RC_OK)
				rc = group_each(group, row_take, a, err);
		}
		json_decref(line);
		if (rc != RC_OK)
			return rc;
	}
}

/* Kinds first: rows of a kind that comes with them find their table. */
static enum rc rows_apply(struct apply *a, struct err *err)
{
	enum rc rc = RC_OK;

	if (!strcmp(a->scope, "catalog")) {
		a->only_kinds = true;
		rc = rows_walk(a, err);
		a->only_kinds = false;
		a->skip_kinds = true;
	}
	return rc == RC_OK ? rows_walk(a, err) : rc;
}

/* {"kind/id": body, or null where the newest packet is in quarantine} */
static enum rc newest_read(struct apply *a, const json_t *receipted,
			   json_t *newest, struct err *err)
{
	const json_t *number;
	size_t i;
	enum rc rc = RC_OK;

	json_array_foreach(receipted, i, number)
	{
		struct query *q = query_begin(a->r->db, SQL_R_PACKET_RECORDS);
		char path[72];

		query_int(q, 1, json_integer_value(number));
		while (query_row(q)) {
			bool is_held = !query_is_null(q, 4);

			snprintf(path, sizeof(path), "%s/%s",
				 query_get_text(q, 0), query_get_text(q, 1));
			if (json_object_set_new(
				    newest, path,
				    is_held ? json_null()
					    : json_string(query_get_text(
						      q, 2))) != 0)
				rc = out_of_memory(err);
		}
		if (query_end(q, err) != RC_OK)
			rc = err->code;
		if (rc != RC_OK)
			return rc;
	}
	return rc;
}

/* A record that was sent, has no row in the answer and is not held: main has
 * the bytes of its newest packet. */
static enum rc newest_apply(struct apply *a, const char *path,
			    const json_t *body, struct err *err)
{
	const char *slash = strchr(path, '/');
	json_t *before = NULL, *after = NULL;
	char kind[33];
	enum rc rc;

	snprintf(kind, sizeof(kind), "%.*s", (int)(slash - path), path);
	rc = record_main_in(a->r, a->scope, kind, slash + 1, &before, err);
	if (rc == RC_OK || rc == RC_NOT_FOUND)
		rc = record_parse(json_string_value(body),
				  json_string_length(body), &after, err);
	if (rc == RC_OK && !json_equal(before, after))
		rc = apply_record(a, kind, slash + 1, before, after, err);
	json_decref(before);
	json_decref(after);
	return rc;
}

static enum rc receipted_apply(struct apply *a, const json_t *receipted,
			       struct err *err)
{
	json_t *newest = json_object(), *body;
	const char *path;
	enum rc rc = newest ? newest_read(a, receipted, newest, err)
			    : out_of_memory(err);

	json_object_foreach(newest, path, body)
	{
		if (rc == RC_OK && !json_is_null(body) &&
		    !json_object_get(a->seen, path))
			rc = newest_apply(a, path, body, err);
	}
	json_decref(newest);
	return rc;
}

enum rc packets_settle(struct replica *r, const char *scope, struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_UNSETTLED);
	json_t *list = json_array();
	const json_t *pair;
	size_t i;
	enum rc rc;

	query_text(q, 1, scope);
	while (query_row(q))
		json_array_append_new(list,
				      json_pack("[s,s]", query_get_text(q, 0),
						query_get_text(q, 1)));
	rc = query_end(q, err);
	if (rc == RC_OK) {
		q = query_begin(r->db, SQL_R_SETTLED);
		query_text(q, 1, scope);
		rc = query_end(q, err);
	}
	json_array_foreach(list, i, pair)
	{
		if (rc == RC_OK)
			rc = record_settle(
				r, json_string_value(json_array_get(pair, 0)),
				json_string_value(json_array_get(pair, 1)),
				err);
	}
	json_decref(list);
	return rc;
}

static enum rc root_check(struct apply *a, const struct sync_scope *scope,
			  const struct scope *s, struct err *err)
{
	const struct oid *expected =
		scope->is_new ? &scope->new_root : &s->root;
	struct oid root;
	enum rc rc = tree_update(a->r->db, a->scope, a->changes, a->n, NULL,
				 &root, NULL, err);

	if (rc == RC_OK && !oid_equal(&root, expected))
		rc = err_set(
			err, RC_CORRUPT,
			"the halves of scope '%s' do not match: this file "
			"is damaged, and what the server has did not mend "
			"it. What was signed is sent all the same; 'hufu "
			"verify' names the place; enroll and clone another "
			"file",
			a->scope);
	return rc;
}

static bool is_same_head(const struct sync_scope *scope, const struct scope *s)
{
	return scope->has_head == s->has_head &&
	       (!s->has_head || oid_equal(&scope->head, &s->head));
}

static enum rc found_gone(struct apply *a, const json_t *gone, struct err *err)
{
	const json_t *entry;
	size_t i;
	enum rc rc = RC_OK;

	json_array_foreach(gone, i, entry)
	{
		const char *kind = json_string_value(json_array_get(entry, 0));
		const char *id = json_string_value(json_array_get(entry, 1));
		json_t *before = NULL;
		char path[72];

		/* It moved to another town. */
		snprintf(path, sizeof(path), "%s/%s", kind, id);
		if (json_object_get(a->seen, path))
			continue;
		rc = record_main_in(a->r, a->scope, kind, id, &before, err);
		if (rc == RC_OK)
			rc = apply_record(a, kind, id, before, NULL, err);
		json_decref(before);
		if (rc != RC_OK && rc != RC_NOT_FOUND)
			return rc;
	}
	return RC_OK;
}

static enum rc found_put(struct apply *a, const json_t *put, struct err *err)
{
	const json_t *entry;
	size_t i;
	enum rc rc = RC_OK;

	json_array_foreach(put, i, entry)
	{
		const char *kind = json_string_value(json_array_get(entry, 0));
		const json_t *after = json_array_get(entry, 1);
		const char *id = json_text(after, "id");
		json_t *before = NULL;

		rc = record_main_in(a->r, a->scope, kind, id, &before, err);
		if (rc == RC_OK || rc == RC_NOT_FOUND)
			rc = apply_record(a, kind, id, before, after, err);
		json_decref(before);
		if (rc != RC_OK)
			return rc;
		a->received++;
	}
	return rc;
}

/* Rows come from an answer, or (`found`) from a comparison. */
static enum rc scope_rows(struct apply *a, struct sync_scope *scope,
			  const struct found *found, struct err *err)
{
	enum rc rc;

	if (found) {
		rc = found_put(a, found->put, err);
		return rc == RC_OK ? found_gone(a, found->gone, err) : rc;
	}
	rc = rows_apply(a, err);
	return rc == RC_OK ? receipted_apply(a, scope->receipted, err) : rc;
}

static enum rc scope_apply(struct sync *sync, struct sync_scope *scope,
			   const struct found *found, struct err *err)
{
	struct apply a = { .sync = sync, .r = sync->r, .scope = scope->scope };
	struct scope s;
	enum rc rc = scope_get(sync->r, scope->scope, &s, err);

	if (rc != RC_OK)
		return rc;
	if (!is_same_head(scope, &s))
		return err_set(err, RC_BUSY,
			       "another program synced this replica meanwhile: "
			       "try again");
	arena_init(&a.mem, APPLY_BYTES_MAX);
	a.seen = json_object();
	rc = a.seen ? scope_rows(&a, scope, found, err) : out_of_memory(err);
	if (rc == RC_OK)
		rc = root_check(&a, scope, &s, err);
	if (rc == RC_OK && scope->is_new)
		rc = scope_advance(sync->r, &s, &scope->new_head,
				   &scope->new_root, scope->new_position,
				   sync->epoch, err);
	if (rc == RC_OK)
		rc = packets_settle(a.r, a.scope, err);
	if (rc == RC_OK)
		sync->sum->records_received += (int)a.received;
	json_decref(a.seen);
	free(a.changes);
	arena_release(&a.mem);
	return rc;
}

enum rc apply_found(struct sync *s, struct sync_scope *scope,
		    const struct found *found, struct err *err)
{
	return scope_apply(s, scope, found, err);
}

static enum rc keys_apply(struct sync *s, struct err *err)
{
	struct stage_walk at = { 0 };
	json_t *line;
	enum rc rc;

	for (;;) {
		rc = stage_next(s, "", &at, &line, err);
		if (rc != RC_OK || !line)
			return rc;
		rc = keys_take(s->r, json_object_get(line, "keys"), err);
		json_decref(line);
		if (rc != RC_OK)
			return rc;
	}
}

static enum rc epoch_keep(struct sync *s, struct err *err)
{
	char *known;
	enum rc rc = meta_get(s->r, "epoch", &known, err);

	if (rc == RC_OK && (!known || strcmp(known, s->epoch) != 0))
		rc = meta_put(s->r, "epoch", s->epoch, err);
	free(known);
	return rc;
}

/* Forget what 30 days made needless: the server's days, for a tablet's own
 * clock may jump by years. */
static enum rc prune(struct replica *r, struct err *err)
{
	const char *const all[] = { SQL_R_PACKET_PRUNE_RECORDS,
				    SQL_R_PACKET_PRUNE };
	int64_t anchor_ms, now_ms;
	enum rc rc = anchor_get(r, &anchor_ms, &now_ms, err);

	for (size_t i = 0; i < 2 && rc == RC_OK; i++) {
		struct query *q = query_begin(r->db, all[i]);

		query_int(q, 1, now_ms - KEEP_MS);
		rc = query_end(q, err);
	}
	return rc;
}

static enum rc all_apply(struct sync *s, struct err *err)
{
	struct query *q;
	enum rc rc = keys_apply(s, err);

	for (size_t i = 0; i < s->nscopes && rc == RC_OK; i++) {
		struct sync_scope *scope = &s->scopes[i];

		if (scope->error[0])
			continue;
		rc = scope->is_answered
			     ? scope_apply(s, scope, NULL, err)
			     : err_set(err, RC_CORRUPT,
				       "the answer leaves out scope '%s'",
				       scope->scope);
	}
	if (rc == RC_OK)
		rc = epoch_keep(s, err);
	if (rc == RC_OK)
		rc = prune(s->r, err);
	if (rc != RC_OK)
		return rc;
	q = query_begin(s->r->db, SQL_R_STAGE_CLEAR);
	return query_end(q, err);
}

enum rc apply_staged(struct sync *s, struct err *err)
{
	int received = s->sum->records_received;
	enum rc rc = all_apply(s, err);

	if (rc != RC_OK)
		s->sum->records_received = received;
	return rc;
}
