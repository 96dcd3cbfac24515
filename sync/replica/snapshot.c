/* replica/snapshot.c - a snapshot (docs/protocol.md 11) becomes main and live.
 */
#include "replica/replica_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/deflate.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "wire/group.h"
#include "wire/message.h"

#define LEAVES_MAX 65536 /* rows of hufu_leaf that are put in one go */

/* A record's place in the tree, until enough of them are there to be written in
 * the order of the table: its pages are then filled one after the other. */
struct leaf_row {
	struct { /* compared as bytes, zeros behind the texts */
		char town[4];
		char kind[32];
		unsigned char hash[SHA256_BYTES];
	} key;
	char id[33];
	struct oid oid;
};

struct snapshot {
	struct replica *r;
	char scope[8];
	bool kinds_only;
	struct line_inflater *lines;
	struct buf body; /* canonical bytes of the record at work */
	json_t *head; /* line 1, owned */
	int64_t records;
	bool is_ended;
	struct leaf_row *leaves; /* owned */
	size_t nleaves;
};

static enum rc malformed(const struct snapshot *s, const char *what,
			 struct err *err)
{
	return err_set(err, RC_CORRUPT,
		       "the snapshot of scope '%s' is malformed: %s", s->scope,
		       what);
}

static int leaf_order(const void *a, const void *b)
{
	const struct leaf_row *x = a, *y = b;

	return memcmp(&x->key, &y->key, sizeof(x->key));
}

static enum rc leaves_flush(struct snapshot *s, struct err *err)
{
	enum rc rc = RC_OK;

	if (s->nleaves)
		qsort(s->leaves, s->nleaves, sizeof(*s->leaves), leaf_order);
	for (size_t i = 0; i < s->nleaves && rc == RC_OK; i++) {
		const struct leaf_row *l = &s->leaves[i];

		rc = tree_leaf_put(s->r->db, s->scope, l->key.town, l->key.kind,
				   l->id, &l->oid, 0, err);
	}
	s->nleaves = 0;
	return rc;
}

static enum rc leaf_add(struct snapshot *s, const char *town, const char *kind,
			const char *id, const struct oid *oid, struct err *err)
{
	struct leaf_row *l;

	if (!s->leaves)
		s->leaves = malloc(LEAVES_MAX * sizeof(*s->leaves));
	if (!s->leaves)
		return out_of_memory(err);
	l = &s->leaves[s->nleaves++];
	memset(l, 0, sizeof(*l));
	memcpy(l->key.town, town, strnlen(town, sizeof(l->key.town) - 1));
	memcpy(l->key.kind, kind, strnlen(kind, sizeof(l->key.kind) - 1));
	sha256(l->key.hash, id, strlen(id));
	memcpy(l->id, id, strnlen(id, sizeof(l->id) - 1));
	l->oid = *oid;
	return s->nleaves == LEAVES_MAX ? leaves_flush(s, err) : RC_OK;
}

static enum rc record_take(struct snapshot *s, const char *kind, const char *id,
			   const json_t *record, struct err *err)
{
	const char *town = json_text(record, "town");
	struct oid oid;
	enum rc rc;

	if (!town || !name_is_town(town))
		return malformed(s, "a record has no legal town", err);
	rc = record_jcs(&s->body, record, err);
	if (rc == RC_OK)
		rc = oid_of(&oid, OBJECT_BLOB, s->body.data, s->body.len, err);
	if (rc == RC_OK)
		rc = leaf_add(s, town, kind, id, &oid, err);
	return rc == RC_OK ? record_seed(s->r, kind, id, record, s->body.data,
					 s->body.len, err)
			   : rc;
}

static enum rc row_take(void *ctx, const char *kind, enum group_form form,
			const char *name, const json_t *fields, struct err *err)
{
	struct snapshot *s = ctx;
	json_t *record;
	enum rc rc;

	s->records++;
	if (s->kinds_only && strcmp(kind, "kind") != 0)
		return RC_OK;
	if (form != GROUP_WHOLE)
		return malformed(s, "a record is not whole", err);
	rc = record_rebuild(&record, s->scope, name, NULL, fields, err);
	if (rc == RC_OK)
		rc = s->kinds_only ? kind_install(s->r, record, err)
				   : record_take(s, kind, name, record, err);
	json_decref(record);
	return rc;
}

static enum rc head_check(const struct snapshot *s, struct err *err)
{
	const char *scope = json_text(s->head, "scope");

	if (json_int(s->head, "format", 0) != WIRE_FORMAT)
		return err_set(err, RC_INVALID,
			       "the snapshot has a format that this version "
			       "does not know");
	if (!scope || strcmp(scope, s->scope) != 0)
		return malformed(s, "it is of another scope", err);
	return RC_OK;
}

static enum rc take_line(void *ctx, char *line, size_t n, struct err *err)
{
	struct snapshot *s = ctx;
	const json_t *group;
	json_t *o = NULL;
	size_t i;
	enum rc rc = json_read(line, n, &o, err);

	if (rc != RC_OK)
		return rc;
	if (!s->head) {
		s->head = o;
		return head_check(s, err);
	}
	if (json_object_get(o, "end"))
		s->is_ended = true;
	json_array_foreach(json_object_get(o, "rows"), i, group)
	{
		if (rc == RC_OK)
			rc = group_each(group, row_take, s, err);
	}
	json_decref(o);
	return rc;
}

enum rc snapshot_new(struct snapshot **out, struct replica *r,
		     const char *scope, bool kinds_only, struct err *err)
{
	struct snapshot *s = calloc(1, sizeof(*s));

	*out = s;
	if (!s)
		return out_of_memory(err);
	s->r = r;
	s->kinds_only = kinds_only;
	snprintf(s->scope, sizeof(s->scope), "%s", scope);
	buf_init(&s->body, RECORD_BYTES_MAX);
	s->lines = line_inflater_new(LINE_BYTES_MAX, take_line, s);
	return s->lines ? RC_OK : out_of_memory(err);
}

enum rc snapshot_feed(struct snapshot *s, const void *p, size_t n,
		      struct err *err)
{
	return line_inflater_feed(s->lines, p, n, err);
}

/* The head's commit is signed by the server and has this root. */
static enum rc commit_check(const struct snapshot *s, const struct oid *root,
			    struct main_commit *c, struct oid *head,
			    struct arena *mem, struct err *err)
{
	const json_t *commit = json_object_get(s->head, "commit");
	const char *hex = json_text(s->head, "head");
	unsigned char server[SIGN_PUBLIC_BYTES];
	struct oid named;
	enum rc rc;

	if (!hex || !oid_parse(&named, hex, strlen(hex)) ||
	    !json_is_string(commit))
		return malformed(s, "it has no commit", err);
	rc = meta_server_key(s->r, server, err);
	if (rc == RC_OK)
		rc = main_commit_read(c, head, json_string_value(commit),
				      json_string_length(commit), mem, err);
	if (rc == RC_OK)
		rc = commit_verify(json_string_value(commit),
				   json_string_length(commit), server, err);
	if (rc != RC_OK)
		return rc;
	if (!oid_equal(head, &named) || strcmp(c->scope, s->scope) != 0)
		return malformed(s, "its commit is another one", err);
	if (!oid_equal(&c->tree, root))
		return err_set(err, RC_CORRUPT,
			       "the halves of scope '%s' do not match",
			       s->scope);
	return RC_OK;
}

static enum rc head_take(struct snapshot *s, struct err *err)
{
	struct main_commit c;
	struct oid root, head;
	struct arena mem;
	struct scope scope;
	enum rc rc = tree_rebuild(s->r->db, s->scope, NULL, &root, err);

	if (rc == RC_OK)
		rc = scope_get(s->r, s->scope, &scope, err);
	if (rc == RC_NOT_FOUND)
		rc = malformed(s, "its scope is not one of this replica", err);
	if (rc != RC_OK)
		return rc;
	if (!json_object_get(s->head, "head"))
		return s->records ? malformed(s, "it has no head", err) : RC_OK;
	arena_init(&mem, COMMIT_BYTES_MAX);
	rc = commit_check(s, &root, &c, &head, &mem, err);
	if (rc == RC_OK)
		rc = scope_advance(s->r, &scope, &head, &root, c.position,
				   c.epoch, err);
	arena_release(&mem);
	return rc;
}

enum rc snapshot_end(struct snapshot *s, struct err *err)
{
	enum rc rc = line_inflater_end(s->lines, err);

	if (rc != RC_OK)
		return rc;
	if (!s->head || !s->is_ended)
		return malformed(s, "it has no end", err);
	if (json_int(s->head, "records", -1) != s->records)
		return malformed(s, "records are missing", err);
	if (s->kinds_only)
		return RC_OK;
	rc = leaves_flush(s, err);
	return rc == RC_OK ? head_take(s, err) : rc;
}

void snapshot_free(struct snapshot *s)
{
	if (!s)
		return;
	line_inflater_free(s->lines);
	json_decref(s->head);
	buf_release(&s->body);
	free(s->leaves);
	free(s);
}

int64_t snapshot_records(const struct snapshot *s)
{
	return s->records;
}

static enum rc lines_take(struct replica *r, const char *scope, bool kinds_only,
			  const void *bytes, size_t n, struct err *err)
{
	struct snapshot *s;
	enum rc rc = snapshot_new(&s, r, scope, kinds_only, err);

	if (rc == RC_OK)
		rc = snapshot_feed(s, bytes, n, err);
	if (rc == RC_OK)
		rc = snapshot_end(s, err);
	snapshot_free(s);
	return rc;
}

enum rc replica_clone_from_lines(struct replica *r, const char *scope,
				 const void *bytes, size_t n, struct err *err)
{
	enum rc rc = replica_begin(r, err);

	if (rc != RC_OK)
		return rc;
	if (!strcmp(scope, "catalog"))
		rc = lines_take(r, scope, true, bytes, n, err);
	if (rc == RC_OK)
		rc = capture_pause(r, err);
	if (rc == RC_OK)
		rc = tree_bulk_begin(r->db, err);
	if (rc == RC_OK)
		rc = lines_take(r, scope, false, bytes, n, err);
	if (rc == RC_OK)
		rc = tree_bulk_end(r->db, err);
	if (rc == RC_OK)
		rc = capture_resume(r, err);
	return replica_end(r, rc, err);
}
