/* replica/snapshot.c - a snapshot (docs/protocol.md 11) becomes main and live.
 */
#include "replica/replica_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/deflate.h"
#include "base/jcs.h"
#include "wire/columns.h"
#include "wire/group.h"
#include "wire/message.h"

struct snapshot {
	struct replica *r;
	char scope[8];
	bool kinds_only;
	struct line_inflater *lines;
	struct buf body; /* canonical bytes of the record at work */
	json_t *head; /* line 1, owned */
	struct block block; /* whose bytes come next */
	bool has_block;
	int64_t records;
	bool is_ended;
	struct leaves leaves;
};

static enum rc malformed(const struct snapshot *s, const char *what,
			 struct err *err)
{
	return err_set(err, RC_CORRUPT,
		       "the snapshot of scope '%s' is malformed: %s", s->scope,
		       what);
}

static enum rc record_take(struct snapshot *s, const char *kind, const char *id,
			   const json_t *record, struct err *err)
{
	const char *town = json_text(record, "town");
	enum rc rc;

	if (!town)
		return malformed(s, "a record has no legal town", err);
	rc = record_jcs(&s->body, record, err);
	if (rc == RC_OK)
		rc = leaves_add(&s->leaves, town, kind, id, &s->body, err);
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
	int64_t format = json_int(s->head, "format", 0);

	if (format < 1 || format > SNAPSHOT_FORMAT)
		return err_set(err, RC_INVALID,
			       "the server is of a later version (format %lld "
			       "of a snapshot): update this program",
			       (long long)format);
	if (!scope || strcmp(scope, s->scope) != 0)
		return malformed(s, "it is of another scope", err);
	return RC_OK;
}

/* The bytes behind a block's line. */
static enum rc take_block(struct snapshot *s, const char *body, struct err *err)
{
	struct block *b = &s->block;
	bool is_kinds = !strcmp(b->kind, "kind");
	enum rc rc = RC_OK;

	s->has_block = false;
	s->records += (int64_t)b->records;
	if (!s->kinds_only || is_kinds)
		rc = block_body(b, body, err);
	if (rc == RC_OK && !s->kinds_only)
		rc = block_seed(s->r, b, s->scope, &s->leaves, &s->body, err);
	else if (rc == RC_OK && is_kinds)
		rc = block_kinds(s->r, b, s->scope, &s->body, err);
	block_release(b);
	return rc;
}

static enum rc take_line(void *ctx, char *line, size_t n, struct err *err)
{
	struct snapshot *s = ctx;
	const json_t *group;
	json_t *o = NULL;
	size_t i;
	enum rc rc;

	if (s->has_block)
		return take_block(s, line, err);
	rc = json_read(line, n, &o, err);
	if (rc != RC_OK)
		return rc;
	if (!s->head) {
		s->head = o;
		return head_check(s, err);
	}
	if (json_object_get(o, "columns")) {
		s->has_block = true;
		rc = block_begin(&s->block, o, err);
		line_inflater_bytes(s->lines, s->block.body_bytes);
		return rc;
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
	s->leaves = (struct leaves){ .db = r->db, .scope = s->scope };
	s->lines = line_inflater_new(BLOCK_BODY_MAX, take_line, s);
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
	rc = leaves_flush(&s->leaves, err);
	return rc == RC_OK ? head_take(s, err) : rc;
}

void snapshot_free(struct snapshot *s)
{
	if (!s)
		return;
	line_inflater_free(s->lines);
	json_decref(s->head);
	buf_release(&s->body);
	block_release(&s->block);
	leaves_release(&s->leaves);
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
