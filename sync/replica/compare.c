/* replica/compare.c - the halves of a scope laid together: docs/protocol.md
 * section 14.
 *
 * The walk begins at the towns and goes down only where an entry of the
 * server's tree has another id than the one here. At the records it ends: those
 * that differ are asked for whole, those that the server does not have are
 * gone. A head that moves meanwhile starts the walk again: what was put right
 * is not, but what is equal costs nothing twice. */
#include "replica/replica_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/jcs.h"
#include "sql_sync.gen.h"
#include "wire/group.h"
#include "wire/message.h"

#define ANSWER_BYTES_MAX (64u << 20)
#define PLACES_EACH 400 /* in one request */
#define RECORDS_EACH 1000
#define STARTS_MAX 8 /* walks begun again because the head moved */

struct compare {
	struct sync *s;
	struct replica *r;
	struct sync_scope *scope;
	bool lost;
	json_t *places; /* [[town, kind, path]...] still to look at */
	json_t *wanted; /* {"kind/id": true}: records still to fetch */
	struct found found;
	json_t *known; /* the newest main commit that both have, or NULL */
	/* line 1 of the answer until it is verified */
	const unsigned char *digest;
	unsigned char server[SIGN_PUBLIC_BYTES];
	char *first;
	size_t first_bytes;
	bool is_verified, is_ended, has_moved;
	bool is_heard; /* the server answers of trees */
};

static const char *text_at(const json_t *list, size_t i)
{
	return json_string_value(json_array_get(list, i));
}

static enum rc place_add(struct compare *c, const char *town, const char *kind,
			 const char *path, struct err *err)
{
	return json_array_append_new(
		       c->places, json_pack("[s, s, s]", town, kind, path)) != 0
		       ? out_of_memory(err)
		       : RC_OK;
}

static enum rc want(struct compare *c, const char *kind, const char *id,
		    struct err *err)
{
	char path[72];

	snprintf(path, sizeof(path), "%s/%s", kind, id);
	return json_object_set_new(c->wanted, path, json_true()) != 0
		       ? out_of_memory(err)
		       : RC_OK;
}

/* All records that are here below a place are not there. */
static enum rc gone_below(struct compare *c, const char *town, const char *kind,
			  const char *path, struct err *err)
{
	struct tree_list l;
	enum rc rc = tree_records(c->r->db, c->scope->scope, town, kind, path,
				  &l, err);

	for (size_t i = 0; i < l.n && rc == RC_OK; i++)
		if (json_array_append_new(
			    c->found.gone,
			    json_pack("[s, s]", kind, l.items[i].name)) != 0)
			rc = out_of_memory(err);
	tree_list_release(&l);
	return rc;
}

static enum rc town_gone(struct compare *c, const char *town, struct err *err)
{
	struct tree_list l;
	enum rc rc =
		tree_list(c->r->db, c->scope->scope, town, "", "", &l, err);

	for (size_t i = 0; i < l.n && rc == RC_OK; i++)
		rc = gone_below(c, town, l.items[i].name, "", err);
	tree_list_release(&l);
	return rc;
}

/* One entry below a place: "mine" is NULL where it is not here, `theirs` where
 * it is not there. They differ. */
static enum rc entry_differs(struct compare *c, const json_t *at,
			     const char *what, const char *name, bool there,
			     struct err *err)
{
	const char *town = text_at(at, 0), *kind = text_at(at, 1);
	char path[TREE_DEPTH_MAX + 2];

	if (!strcmp(what, "towns"))
		return there ? place_add(c, name, "", "", err)
			     : town_gone(c, name, err);
	if (!strcmp(what, "kinds"))
		return there ? place_add(c, town, name, "", err)
			     : gone_below(c, town, name, "", err);
	if (!strcmp(what, "nodes")) {
		snprintf(path, sizeof(path), "%s%s", text_at(at, 2), name);
		return there ? place_add(c, town, kind, path, err)
			     : gone_below(c, town, kind, path, err);
	}
	if (there)
		return want(c, kind, name, err);
	return json_array_append_new(c->found.gone,
				     json_pack("[s, s]", kind, name)) != 0
		       ? out_of_memory(err)
		       : RC_OK;
}

/* Both lists are in order of name. */
static enum rc lists_differ(struct compare *c, const json_t *at,
			    const char *what, const json_t *theirs,
			    const struct tree_list *mine, struct err *err)
{
	size_t i = 0, n = 0;
	enum rc rc = RC_OK;

	while (rc == RC_OK && (i < mine->n || n < json_array_size(theirs))) {
		const json_t *entry = json_array_get(theirs, n);
		const char *name = text_at(entry, 0), *hex = text_at(entry, 1);
		struct oid oid;
		int order;

		if (entry && (!name || strlen(name) >= TREE_NAME_SIZE || !hex ||
			      !oid_parse(&oid, hex, strlen(hex))))
			return err_set(err, RC_CORRUPT,
				       "the answer is malformed: an entry of "
				       "the tree");
		order = i == mine->n ? 1
			: !entry     ? -1
				     : strcmp(mine->items[i].name, name);
		if (order < 0)
			rc = entry_differs(c, at, what, mine->items[i].name,
					   false, err);
		else if (order > 0 || !oid_equal(&oid, &mine->items[i].oid))
			rc = entry_differs(c, at, what, name, true, err);
		i += order <= 0;
		n += order >= 0;
	}
	return rc;
}

/* What is here at the place, in the shape that the server's has: where it has
 * nodes and here is a leaf, every node is looked into, and records here under
 * none of them are gone. */
static enum rc mine_below(struct compare *c, const json_t *at, const char *what,
			  struct tree_list *out, struct err *err)
{
	const char *town = text_at(at, 0), *kind = text_at(at, 1);
	const char *path = text_at(at, 2), *scope = c->scope->scope;
	enum rc rc;

	if (!strcmp(what, "records"))
		return tree_records(c->r->db, scope, town, kind, path, out,
				    err);
	rc = tree_list(c->r->db, scope, town, kind, path, out, err);
	if (rc != RC_OK || strcmp(what, "nodes") != 0 ||
	    out->what == TREE_NODES)
		return rc;
	tree_list_release(out);
	for (int digit = 0; digit < 16 && rc == RC_OK; digit++) {
		char below[TREE_DEPTH_MAX + 2], name[2] = { 0 };
		struct tree_list l;

		snprintf(name, sizeof(name), "%x", digit);
		snprintf(below, sizeof(below), "%s%s", path, name);
		rc = tree_records(c->r->db, scope, town, kind, below, &l, err);
		if (rc == RC_OK && l.n) {
			struct tree_item *grown = realloc(
				out->items, (out->n + 1) * sizeof(*grown));

			if (!grown)
				rc = out_of_memory(err);
			else {
				out->items = grown;
				memset(&grown[out->n], 0, sizeof(*grown));
				memcpy(grown[out->n++].name, name, 2);
			}
		}
		tree_list_release(&l);
	}
	return rc;
}

static enum rc place_compare(struct compare *c, const json_t *entry,
			     struct err *err)
{
	static const char *const all[] = { "towns", "kinds", "nodes",
					   "records" };
	const json_t *at = json_object_get(entry, "at");
	struct tree_list mine = { 0 };

	if (!text_at(at, 0) || !text_at(at, 1) || !text_at(at, 2) ||
	    strlen(text_at(at, 2)) > TREE_DEPTH_MAX)
		return err_set(err, RC_CORRUPT,
			       "the answer is malformed: a place of the tree");
	for (size_t i = 0; i < 4; i++) {
		const json_t *theirs = json_object_get(entry, all[i]);
		enum rc rc;

		if (!theirs)
			continue;
		rc = mine_below(c, at, all[i], &mine, err);
		if (rc == RC_OK)
			rc = lists_differ(c, at, all[i], theirs, &mine, err);
		tree_list_release(&mine);
		return rc;
	}
	return err_set(err, RC_CORRUPT,
		       "the answer is malformed: nothing stands at a place");
}

static enum rc row_keep(void *ctx, const char *kind, enum group_form form,
			const char *name, const json_t *fields, struct err *err)
{
	struct compare *c = ctx;
	json_t *record = NULL;
	char path[72];
	int failed;
	enum rc rc;

	snprintf(path, sizeof(path), "%s/%s", kind, name);
	if (form != GROUP_WHOLE || !json_object_get(c->wanted, path))
		return RC_OK; /* nobody asked */
	rc = record_rebuild(&record, c->scope->scope, name, NULL, fields, err);
	if (rc != RC_OK)
		return rc;
	/* Kinds first: records of a kind find their table. */
	if (!strcmp(kind, "kind"))
		failed = json_array_insert_new(
			c->found.put, 0, json_pack("[s, o]", kind, record));
	else
		failed = json_array_append_new(
			c->found.put, json_pack("[s, o]", kind, record));
	json_object_del(c->wanted, path);
	return failed ? out_of_memory(err) : RC_OK;
}

static enum rc line_take(struct compare *c, const char *line, size_t n,
			 struct err *err)
{
	const json_t *list, *entry;
	json_t *o = NULL;
	size_t i;
	enum rc rc = json_read(line, n, &o, err);

	if (rc != RC_OK)
		return rc;
	c->is_ended |= json_object_get(o, "end") != NULL;
	list = json_object_get(o, "tree");
	c->is_heard |= list != NULL;
	json_array_foreach(list, i, entry)
	{
		if (rc == RC_OK && !c->has_moved)
			rc = place_compare(c, entry, err);
	}
	list = json_object_get(o, "rows");
	json_array_foreach(list, i, entry)
	{
		if (rc == RC_OK && !c->has_moved)
			rc = group_each(entry, row_keep, c, err);
	}
	json_decref(o);
	return rc;
}

static enum rc scope_head_take(struct compare *c, const json_t *o,
			       struct err *err)
{
	const char *head = json_text(o, "head"), *root = json_text(o, "root");
	const char *error = json_text(o, "error");
	struct sync_scope *scope = c->scope;
	struct oid oid;

	if (error)
		return err_set(err, RC_DENIED,
			       "the server refused scope '%s': %s",
			       scope->scope, error);
	if (!head || !root || !oid_parse(&oid, head, strlen(head)) ||
	    !oid_parse(&scope->new_root, root, strlen(root)))
		return err_set(err, RC_CORRUPT,
			       "the answer is malformed: a head without root");
	c->has_moved = scope->is_new && !oid_equal(&oid, &scope->new_head);
	scope->is_new = true;
	scope->new_head = oid;
	scope->new_position = json_int(o, "position", 0);
	if (json_object_get(o, "known")) {
		json_decref(c->known);
		c->known = json_incref(json_object_get(o, "known"));
	}
	return RC_OK;
}

static enum rc head_take(struct compare *c, struct err *err)
{
	json_t *head = NULL;
	const json_t *o;
	const char *epoch;
	size_t i;
	enum rc rc = json_read(c->first, c->first_bytes, &head, err);

	if (rc != RC_OK)
		return rc;
	epoch = json_text(head, "epoch");
	if (!epoch || strlen(epoch) >= sizeof(c->s->epoch))
		rc = err_set(err, RC_CORRUPT,
			     "the answer is malformed: no epoch");
	else
		snprintf(c->s->epoch, sizeof(c->s->epoch), "%s", epoch);
	json_array_foreach(json_object_get(head, "scopes"), i, o)
	{
		const char *name = json_text(o, "scope");

		if (rc == RC_OK && name && !strcmp(name, c->scope->scope))
			rc = scope_head_take(c, o, err);
	}
	json_decref(head);
	return rc;
}

static enum rc take_line(void *ctx, char *line, size_t n, struct err *err)
{
	struct compare *c = ctx;
	enum rc rc;

	if (!c->first) {
		c->first = malloc(n + 1);
		if (!c->first)
			return out_of_memory(err);
		memcpy(c->first, line, n);
		c->first[n] = '\0';
		c->first_bytes = n;
		return RC_OK;
	}
	if (c->is_verified)
		return line_take(c, line, n, err);
	rc = answer_vouch(line, n, c->server, c->digest, c->first,
			  c->first_bytes, err);
	if (rc == RC_OK)
		rc = head_take(c, err);
	c->is_verified = rc == RC_OK;
	return rc;
}

static enum rc answer_read(struct compare *c, const struct buf *body,
			   struct err *err)
{
	struct line_inflater *lines =
		line_inflater_new(LINE_BYTES_MAX, take_line, c);
	enum rc rc;

	if (!lines)
		return out_of_memory(err);
	free(c->first);
	c->first = NULL;
	c->is_verified = c->is_ended = c->has_moved = false;
	rc = line_inflater_feed(lines, body->data, body->len, err);
	if (rc == RC_OK)
		rc = line_inflater_end(lines, err);
	line_inflater_free(lines);
	if (rc == RC_OK && !c->is_ended)
		rc = err_set(err, RC_IO, "the answer broke off");
	return rc;
}

/* The main commits that this replica knows, newest first. */
static enum rc known_list(struct compare *c, json_t *out, struct err *err)
{
	struct query *q = query_begin(c->r->db, SQL_R_COMMIT_NEWEST);
	enum rc rc = RC_OK;

	query_text(q, 1, c->scope->scope);
	while (query_row(q) && json_array_size(out) < WIRE_KNOWN_MAX)
		if (json_array_append_new(out,
					  json_string(query_get_text(q, 0))))
			rc = out_of_memory(err);
	return query_end(q, err) == RC_OK ? rc : err->code;
}

/* Move up to `max` entries of `from` to a new list. */
static json_t *taken(json_t *from, size_t max)
{
	json_t *out = json_array();

	while (out && json_array_size(from) && json_array_size(out) < max) {
		size_t last = json_array_size(from) - 1;

		json_array_append(out, json_array_get(from, last));
		json_array_remove(from, last);
	}
	return out;
}

static json_t *wanted_part(const struct compare *c)
{
	json_t *out = json_array();
	const char *path;
	json_t *unused;

	json_object_foreach(c->wanted, path, unused)
	{
		const char *slash = strchr(path, '/');

		if (json_array_size(out) == RECORDS_EACH)
			break;
		json_array_append_new(out, json_pack("[s%, s]", path,
						     (size_t)(slash - path),
						     slash + 1));
	}
	return out;
}

static enum rc request_write(struct compare *c, bool first, struct buf *body,
			     unsigned char digest[32], struct err *err)
{
	json_t *scopes = json_array(), *known = json_array();
	json_t *tree = taken(c->places, PLACES_EACH), *whole = wanted_part(c);
	json_t *o = json_pack("{s:s, s:O, s:O}", "scope", c->scope->scope,
			      "tree", tree, "whole", whole);
	enum rc rc = scopes && known && tree && whole && o ? RC_OK
							   : out_of_memory(err);

	if (rc == RC_OK && first && c->lost) {
		rc = known_list(c, known, err);
		json_object_set(o, "known", known);
	}
	if (rc == RC_OK && json_array_append(scopes, o) != 0)
		rc = out_of_memory(err);
	if (rc == RC_OK)
		rc = envelope_write(c->r, scopes, body, digest, err);
	json_decref(scopes);
	json_decref(known);
	json_decref(tree);
	json_decref(whole);
	json_decref(o);
	return rc;
}

static enum rc ask(struct compare *c, bool first, struct err *err)
{
	struct exchange_reply reply = { 0 };
	unsigned char digest[32];
	size_t wanted = json_object_size(c->wanted);
	struct buf body;
	enum rc rc;

	buf_init(&body, ANSWER_BYTES_MAX);
	buf_init(&reply.body, ANSWER_BYTES_MAX);
	rc = request_write(c, first, &body, digest, err);
	if (rc == RC_OK) {
		c->s->sum->requests++;
		c->s->sum->bytes_up += (int64_t)body.len;
		rc = exchange_post(c->r, c->s->exchange, "/v1/sync",
				   "application/x-hufu-sync", true, &body,
				   &reply, err);
		c->s->sum->bytes_down += (int64_t)reply.body.len;
	}
	if (rc == RC_OK && reply.status != 200)
		rc = reply_failed(&reply, "the server refused the comparison",
				  err);
	c->digest = digest;
	if (rc == RC_OK)
		rc = answer_read(c, &reply.body, err);
	/* What it said is there by the same head cannot be missing. */
	if (rc == RC_OK && wanted && !c->has_moved &&
	    json_object_size(c->wanted) == wanted)
		rc = err_set(err, RC_CORRUPT,
			     "the server's tree names records that it does not "
			     "have: run 'hufud check' there");
	buf_release(&body);
	buf_release(&reply.body);
	return rc;
}

static enum rc walk(struct compare *c, struct err *err)
{
	bool first = true;

	for (int starts = 0; starts < STARTS_MAX; starts++) {
		enum rc rc;

		json_array_clear(c->places);
		json_object_clear(c->wanted);
		json_array_clear(c->found.put);
		json_array_clear(c->found.gone);
		rc = place_add(c, "", "", "", err);
		do {
			if (rc == RC_OK)
				rc = ask(c, first, err);
			first = false;
		} while (rc == RC_OK && !c->has_moved &&
			 (json_array_size(c->places) ||
			  json_object_size(c->wanted)));
		if (rc != RC_OK || !c->has_moved)
			return rc;
	}
	return err_set(err, RC_BUSY,
		       "the server was too busy to compare with: try again");
}

/* What the server took in after the newest commit that both know is lost there:
 * it goes again, and the commits since never were. */
static enum rc lost_forget(struct compare *c, struct err *err)
{
	static const char *const all[] = { SQL_R_PACKET_LOST_CODES,
					   SQL_R_PACKET_LOST,
					   SQL_R_COMMIT_FORGET };
	struct query *q;
	int64_t position = 0;
	enum rc rc = RC_OK;

	if (c->known) {
		q = query_begin(c->r->db, SQL_R_COMMIT_POSITION);
		query_text(q, 1, c->scope->scope);
		query_text(q, 2, json_string_value(c->known));
		if (query_row(q))
			position = query_get_int(q, 0);
		rc = query_end(q, err);
	}
	for (size_t i = 0; i < 3 && rc == RC_OK; i++) {
		q = query_begin(c->r->db, all[i]);
		query_text(q, 1, c->scope->scope);
		query_int(q, 2, position);
		rc = query_end(q, err);
	}
	return rc;
}

static enum rc put_right(struct compare *c, struct err *err)
{
	enum rc rc = replica_begin(c->r, err);

	if (rc != RC_OK)
		return rc;
	if (c->lost)
		rc = lost_forget(c, err);
	if (rc == RC_OK)
		rc = apply_found(c->s, c->scope, &c->found, err);
	return replica_end(c->r, rc, err);
}

static enum rc compare_make(struct compare *c, struct err *err)
{
	c->places = json_array();
	c->wanted = json_object();
	c->found.put = json_array();
	c->found.gone = json_array();
	if (!c->places || !c->wanted || !c->found.put || !c->found.gone)
		return out_of_memory(err);
	return meta_server_key(c->r, c->server, err);
}

/* A record that moved to another town is both gone and fetched: it is one. */
static enum rc found_count(const struct compare *c, int *n, struct err *err)
{
	json_t *paths = json_object();
	const json_t *entry;
	char path[72];
	size_t i;
	enum rc rc = paths ? RC_OK : out_of_memory(err);

	json_array_foreach(c->found.put, i, entry)
	{
		snprintf(path, sizeof(path), "%s/%s", text_at(entry, 0),
			 json_text(json_array_get(entry, 1), "id"));
		if (json_object_set_new(paths, path, json_true()) != 0)
			rc = out_of_memory(err);
	}
	json_array_foreach(c->found.gone, i, entry)
	{
		snprintf(path, sizeof(path), "%s/%s", text_at(entry, 0),
			 text_at(entry, 1));
		if (json_object_set_new(paths, path, json_true()) != 0)
			rc = out_of_memory(err);
	}
	*n = (int)json_object_size(paths);
	json_decref(paths);
	return rc;
}

enum rc compare_scope(struct sync *s, const char *scope, bool lost,
		      struct err *err)
{
	struct compare c = { .s = s, .r = s->r, .lost = lost };
	int n = 0;
	enum rc rc;

	c.scope = sync_scope_of(s, scope);
	if (!c.scope)
		return err_set(err, RC_INVALID,
			       "the scope '%s' is not one of this replica",
			       scope);
	c.scope->is_new = false;
	rc = compare_make(&c, err);
	if (rc == RC_OK)
		rc = walk(&c, err);
	/* A server of before knows no comparison and passes over it: where only
	 * the tree was damaged, the next sync finds the halves equal. */
	if (rc == RC_OK && c.is_heard)
		rc = put_right(&c, err);
	else if (rc == RC_OK && lost)
		rc = err_set(err, RC_DENIED,
			     "the server does not know what this replica holds "
			     "of scope '%s', and is too old to compare: update "
			     "the server",
			     scope);
	if (rc == RC_OK && !lost)
		rc = found_count(&c, &n, err);
	s->sum->repaired += n;
	json_decref(c.places);
	json_decref(c.wanted);
	json_decref(c.found.put);
	json_decref(c.found.gone);
	json_decref(c.known);
	free(c.first);
	return rc;
}
