/* replica/packet.c - making packets: their tree and content hash, their place
 * in the journal, their form on the wire. docs/protocol.md 6 and 9. */
#include "replica/replica_impl.h"

#include <stdlib.h>
#include <string.h>

#include "object/packet.h"
#include "sql_sync.gen.h"
#include "wire/group.h"

#define COMMIT_TEXT_MAX 8192

enum rc packet_hashes(const struct written *records, size_t n, bool is_marked,
		      struct oid *tree, unsigned char content[32],
		      struct err *err)
{
	struct packet_item *items = calloc(n ? n : 1, sizeof(*items));
	enum rc rc;

	if (!items)
		return out_of_memory(err);
	for (size_t i = 0; i < n; i++) {
		items[i].kind = records[i].kind;
		items[i].id = records[i].id;
		items[i].body = records[i].body;
		items[i].body_bytes = records[i].body_bytes;
	}
	rc = packet_seal(items, n, is_marked, tree, content, NULL, NULL, err);
	free(items);
	return rc;
}

/* When: as an earlier packet said, or now. */
static enum rc times_fill(struct replica *r, struct packet_commit *c,
			  const struct packet_plan *plan, char boot[33],
			  struct err *err)
{
	int64_t earliest_ms;
	enum rc rc;

	if (plan->times) {
		c->wall_ms = plan->times->wall_ms;
		c->monotonic_ms = plan->times->monotonic_ms;
		c->boot = plan->times->boot;
		c->anchor_ms = plan->times->anchor_ms;
		c->seconds = plan->times->seconds;
		return RC_OK;
	}
	rc = anchor_get(r, &c->anchor_ms, &earliest_ms, err);
	host_boot_id(r->host, boot);
	c->wall_ms = host_wall_ms(r->host);
	c->monotonic_ms = host_monotonic_ms(r->host);
	c->boot = boot;
	c->seconds = earliest_ms / 1000;
	if (c->wall_ms < 0)
		c->wall_ms = 0;
	return rc;
}

static enum rc records_keep(struct replica *r, int64_t number,
			    const struct written *records, size_t n,
			    struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < n && rc == RC_OK; i++) {
		struct query *q = query_begin(r->db, SQL_R_PACKET_RECORD_PUT);

		query_text(q, 1, records[i].kind);
		query_text(q, 2, records[i].id);
		query_int(q, 3, number);
		query_textn(q, 4, records[i].body, records[i].body_bytes);
		query_text(q, 5, records[i].base);
		rc = query_end(q, err);
	}
	return rc;
}

static enum rc packet_keep(struct replica *r, const struct scope *s,
			   const struct packet_plan *plan, const char *text,
			   struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_PACKET_PUT);
	char hex[OID_HEX_SIZE];
	int64_t number = 0;
	enum rc rc;

	oid_hex(hex, &s->tip);
	query_text(q, 1, hex);
	query_text(q, 2, s->scope);
	query_text(q, 3, s->journal);
	query_int(q, 4, s->sequence);
	query_text(q, 5, text);
	query_text(q, 6, plan->base);
	query_text(q, 7, plan->message);
	query_int(q, 8, plan->whole);
	query_int(q, 9, host_wall_ms(r->host));
	if (query_row(q))
		number = query_get_int(q, 0);
	rc = query_end(q, err);
	if (rc == RC_OK)
		rc = records_keep(r, number, plan->records, plan->n, err);
	return rc == RC_OK ? scope_put(r, s, err) : rc;
}

/* Write the commit and let the journal end in it. */
static enum rc packet_sign(struct replica *r, struct scope *s,
			   struct packet_commit *c,
			   const struct packet_plan *plan, struct buf *text,
			   struct err *err)
{
	enum rc rc;

	c->format = PACKET_FORMAT;
	c->scope = s->scope;
	c->journal = s->journal;
	c->sequence = s->sequence + 1;
	c->has_parent = s->has_tip;
	c->parent = s->tip;
	c->message = plan->message;
	if (plan->base) {
		c->has_base = true;
		oid_parse(&c->base, plan->base, strlen(plan->base));
	}
	if (plan->supersedes) {
		c->has_supersedes = true;
		c->supersedes = *plan->supersedes;
	}
	if (c->seconds < s->seconds)
		c->seconds = s->seconds;
	rc = packet_hashes(plan->records, plan->n, packet_is_marked(c),
			   &c->tree, c->content, err);
	if (rc == RC_OK)
		rc = packet_commit_write(text, &s->tip, c, &r->officer, err);
	if (rc != RC_OK)
		return rc;
	s->has_tip = true;
	s->sequence = c->sequence;
	s->seconds = c->seconds;
	return RC_OK;
}

enum rc packet_make(struct replica *r, struct scope *s,
		    const struct packet_plan *plan, struct err *err)
{
	struct packet_commit c = { .sequence = 0 };
	char *author = NULL, *terminal = NULL, boot[33];
	struct buf text;
	enum rc rc;

	buf_init(&text, COMMIT_TEXT_MAX);
	if (!s->journal[0])
		host_new_id(r->host, s->journal);
	rc = meta_need(r, "officer", &author, err);
	if (rc == RC_OK)
		rc = meta_need(r, "terminal", &terminal, err);
	c.author = author;
	c.terminal = terminal;
	if (rc == RC_OK)
		rc = times_fill(r, &c, plan, boot, err);
	if (rc == RC_OK)
		rc = packet_sign(r, s, &c, plan, &text, err);
	if (rc == RC_OK)
		rc = packet_keep(r, s, plan, text.data, err);
	free(author);
	free(terminal);
	buf_release(&text);
	return rc;
}

static char *text_of(struct query *q, int col, bool *failed)
{
	const char *text = query_get_text(q, col);
	char *copy = text ? strdup(text) : NULL;

	*failed |= text && !copy;
	return copy;
}

enum rc packet_records(struct replica *r, int64_t number, struct written **out,
		       size_t *n, struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_PACKET_RECORDS);
	struct written *w = calloc(PACKET_RECORDS_MAX, sizeof(*w));
	bool failed = !w;
	enum rc rc;

	*n = 0;
	query_int(q, 1, number);
	while (!failed && *n < PACKET_RECORDS_MAX && query_row(q)) {
		struct written *it = &w[(*n)++];

		snprintf(it->kind, sizeof(it->kind), "%s",
			 query_get_text(q, 0));
		snprintf(it->id, sizeof(it->id), "%s", query_get_text(q, 1));
		it->body = text_of(q, 2, &failed);
		it->body_bytes = it->body ? strlen(it->body) : 0;
		it->base = text_of(q, 3, &failed);
	}
	rc = query_end(q, err);
	if (rc == RC_OK && failed)
		rc = out_of_memory(err);
	if (rc != RC_OK) {
		if (w)
			written_release(w, *n);
		free(w);
		w = NULL;
	}
	*out = w;
	return rc;
}

/* One unacknowledged packet, once more at the end of the new journal. */
static enum rc packet_remake(struct replica *r, struct scope *s, int64_t number,
			     const char *body, const struct oid *supersedes,
			     struct err *err)
{
	struct packet_commit old;
	struct packet_plan plan = { .whole = true,
				    .times = &old,
				    .supersedes = supersedes };
	struct written *records = NULL;
	int64_t anchor_ms, now_ms = 0;
	char base[OID_HEX_SIZE];
	struct arena mem;
	struct query *q;
	struct oid oid;
	size_t n = 0;
	enum rc rc;

	arena_init(&mem, COMMIT_BYTES_MAX);
	rc = packet_commit_read(&old, &oid, body, strlen(body), &mem, err);
	if (rc == RC_OK)
		rc = packet_records(r, number, &records, &n, err);
	if (rc == RC_OK)
		rc = anchor_get(r, &anchor_ms, &now_ms, err);
	if (rc == RC_OK) {
		q = query_begin(r->db, SQL_R_PACKET_SUPERSEDE);
		query_int(q, 1, number);
		query_int(q, 2, now_ms);
		rc = query_end(q, err);
	}
	if (rc == RC_OK) {
		oid_hex(base, &old.base);
		plan.base = old.has_base ? base : NULL;
		plan.message = old.message;
		plan.records = records;
		plan.n = n;
		rc = packet_make(r, s, &plan, err);
	}
	if (records)
		written_release(records, n);
	free(records);
	arena_release(&mem);
	return rc;
}

/* The scope's next unacknowledged packet after `number`; *body is malloc'd. */
static enum rc packet_next(struct replica *r, const char *scope,
			   int64_t *number, char **body, struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_PACKET_UNSENT);
	bool failed = false;
	enum rc rc;

	*body = NULL;
	query_text(q, 1, scope);
	query_int(q, 2, *number);
	if (query_row(q)) {
		*number = query_get_int(q, 0);
		*body = text_of(q, 2, &failed);
	}
	rc = query_end(q, err);
	return rc == RC_OK && failed ? out_of_memory(err) : rc;
}

static enum rc open_last(struct replica *r, const char *scope, int64_t *last,
			 struct err *err)
{
	int64_t number = 0;
	char *body;
	enum rc rc;

	do {
		*last = number;
		rc = packet_next(r, scope, &number, &body, err);
		free(body);
	} while (rc == RC_OK && number != *last);
	return rc;
}

enum rc journal_renew(struct replica *r, const char *scope,
		      const struct oid *forked, struct err *err)
{
	struct scope s;
	int64_t number = 0, last;
	char *body = NULL;
	enum rc rc = scope_get(r, scope, &s, err);

	if (rc != RC_OK)
		return rc;
	if (!r->is_unlocked)
		return err_set(err, RC_DENIED,
			       "the journal of scope '%s' must begin anew: the "
			       "PIN is needed to sign its packets again",
			       scope);
	s.journal[0] = '\0';
	s.sequence = 0;
	s.has_tip = false;
	s.seconds = 0;
	rc = open_last(r, scope, &last, err);
	if (rc == RC_OK)
		rc = scope_put(r, &s, err);
	while (rc == RC_OK && number < last) {
		rc = packet_next(r, scope, &number, &body, err);
		if (rc == RC_OK && body)
			rc = packet_remake(r, &s, number, body, forked, err);
		forked = NULL;
		free(body);
	}
	return rc;
}

/* A short key where the record is in the tree, else its whole id. */
static enum rc row_key(struct replica *r, const char *scope,
		       const struct written *w, char key[TREE_KEY_SIZE],
		       struct err *err)
{
	char found[33] = "";
	enum rc rc = tree_key(r->db, scope, w->kind, w->id, 1, key, err);

	if (rc == RC_OK)
		rc = tree_find(r->db, scope, w->kind, key, found, err);
	if (rc == RC_OK && !strcmp(found, w->id))
		return RC_OK;
	if (rc != RC_OK && rc != RC_NOT_FOUND && rc != RC_CONFLICT)
		return rc;
	snprintf(key, TREE_KEY_SIZE, "=%s", w->id);
	return RC_OK;
}

static enum rc row_add(struct replica *r, const char *scope,
		       struct groups *groups, const struct written *w,
		       bool whole, struct err *err)
{
	json_t *before = NULL, *after = NULL;
	char key[TREE_KEY_SIZE];
	enum rc rc = record_parse(w->body, w->body_bytes, &after, err);

	if (rc == RC_OK && !whole && w->base)
		rc = record_parse(w->base, strlen(w->base), &before, err);
	if (rc == RC_OK && (!before || json_equal(before, after))) {
		rc = groups_add_whole(groups, w->kind, after, err);
	} else if (rc == RC_OK) {
		rc = row_key(r, scope, w, key, err);
		if (rc == RC_OK)
			rc = groups_add_change(groups, w->kind, key, before,
					       after, err);
	}
	json_decref(before);
	json_decref(after);
	return rc;
}

/* Is the main commit that the author saw one that this replica has given up,
 * because the server lost it? */
static enum rc base_is_lost(struct replica *r, int64_t number, bool *lost,
			    struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_PACKET_BASE_LOST);

	query_int(q, 1, number);
	*lost = query_row(q);
	return query_end(q, err);
}

/* Then what he saw goes along, whole. */
static enum rc bases_add(struct replica *r, int64_t number,
			 const struct written *records, size_t n,
			 json_t *packet, size_t *bytes, struct err *err)
{
	struct groups groups = { 0 };
	bool lost;
	enum rc rc = base_is_lost(r, number, &lost, err);

	if (rc != RC_OK || !lost)
		return rc;
	rc = groups_init(&groups, err);
	for (size_t i = 0; i < n && rc == RC_OK; i++) {
		json_t *base = NULL;

		if (!records[i].base)
			continue;
		rc = record_parse(records[i].base, strlen(records[i].base),
				  &base, err);
		if (rc == RC_OK)
			rc = groups_add_whole(&groups, records[i].kind, base,
					      err);
		json_decref(base);
	}
	*bytes += groups.bytes;
	if (rc == RC_OK &&
	    json_object_set_new(packet, "bases", groups_take(&groups)) != 0)
		rc = out_of_memory(err);
	groups_release(&groups);
	return rc;
}

enum rc packet_json(struct replica *r, const char *scope, int64_t number,
		    const char *body, bool whole, json_t **out, size_t *bytes,
		    struct err *err)
{
	struct written *records = NULL;
	struct groups groups = { 0 };
	size_t n = 0;
	enum rc rc = packet_records(r, number, &records, &n, err);

	*out = NULL;
	if (rc == RC_OK)
		rc = groups_init(&groups, err);
	for (size_t i = 0; i < n && rc == RC_OK; i++)
		rc = row_add(r, scope, &groups, &records[i], whole, err);
	if (rc == RC_OK) {
		*bytes = groups.bytes + strlen(body) + 256;
		*out = json_pack("{s:s, s:o}", "commit", body, "rows",
				 groups_take(&groups));
		rc = *out ? bases_add(r, number, records, n, *out, bytes, err)
			  : out_of_memory(err);
	}
	groups_release(&groups);
	if (records)
		written_release(records, n);
	free(records);
	return rc;
}
