/* ledger/conflict.c - conflicts as records: opened, extended, never doubled. */
#include "ledger/batch.h"

#include "base/jcs.h"
#include "sql_store.gen.h"

/* A group's values in a record. */
static json_t *group_values(const json_t *record, const json_t *fields)
{
	json_t *out = json_object();
	const json_t *name;
	size_t i;

	json_array_foreach(fields, i, name)
	{
		json_t *v = json_object_get(record, json_string_value(name));

		if (v)
			json_object_set(out, json_string_value(name), v);
	}
	return out;
}

void log_author_read(struct log_author *out, struct query *q)
{
	struct oid oid;
	size_t n;

	snprintf(out->author, sizeof(out->author), "%s", query_get_text(q, 1));
	out->packet[0] = '\0';
	if (query_is_null(q, 2))
		return;
	memcpy(oid.b, query_get_blob(q, 2, &n), OID_BYTES);
	oid_hex(out->packet, &oid);
	out->received_ms = query_get_int(q, 3);
}

/* The oldest of the newest versions in a row that have the server's value: what
 * was merged since, such as a state that neither side wrote, is newer. */
static enum rc standing_author(struct batch *b, const struct batch_scope *bs,
			       const struct kind *k, const char *id,
			       const json_t *fields, const json_t *server,
			       struct log_author *out)
{
	struct query *q = query_begin(b->store->db, SQL_LOG_AUTHORS);
	struct err ignored = { 0 };
	bool found = false, more = true;

	memset(out, 0, sizeof(*out));
	query_text(q, 1, bs->scope);
	query_text(q, 2, k->name);
	query_text(q, 3, id);
	while (more && query_row(q)) {
		json_t *stored = NULL, *plain = NULL, *values = NULL;
		bool is_it;

		if (json_read(query_get_text(q, 0), query_get_len(q, 0),
			      &stored, &ignored) == RC_OK &&
		    record_plain(b->store, k, stored, &plain, &ignored) ==
			    RC_OK)
			values = group_values(plain, fields);
		is_it = values && json_equal(values, server);
		if (is_it)
			log_author_read(out, q);
		more = values && (is_it || !found);
		found |= is_it;
		json_decref(values);
		json_decref(plain);
		json_decref(stored);
	}
	return query_end(q, b->err);
}

static const char *conflict_kind(const struct kind *k)
{
	return k->is_sealed ? "conflict_private" : "conflict";
}

/* An open conflict of this group that an earlier packet of the journal began:
 * its id and its record, or RC_NOT_FOUND. */
static enum rc conflict_find(struct batch *b, const struct batch_scope *bs,
			     const struct kind *k, const struct take *t,
			     const struct take_record *r, const char *group,
			     char id[33], json_t **out)
{
	const struct kind *ck =
		registry_kind(b->store->kinds, conflict_kind(k));
	struct query *q = query_begin(b->store->db, SQL_PACKET_WRITERS);
	enum rc rc = RC_NOT_FOUND;

	query_text(q, 1, k->name);
	query_text(q, 2, r->id);
	query_text(q, 3, bs->scope);
	query_text(q, 4, t->commit.journal);
	query_int(q, 5, t->commit.sequence);
	while (rc == RC_NOT_FOUND && query_row(q)) {
		char hex[OID_HEX_SIZE];
		json_t *stored = NULL;
		struct oid oid;
		char *text;
		size_t len;

		memcpy(oid.b, query_get_blob(q, 0, &len), OID_BYTES);
		oid_hex(hex, &oid);
		conflict_id(id, k->name, r->id, group, hex);
		rc = store_record(b->store, bs->scope, ck->name, id, &text,
				  &len, NULL, b->err);
		if (rc != RC_OK)
			continue;
		rc = json_read(text, len, &stored, b->err);
		free(text);
		if (rc == RC_OK)
			rc = record_plain(b->store, ck, stored, out, b->err);
		json_decref(stored);
		if (rc == RC_OK &&
		    strcmp(json_text(*out, "state"), "open") != 0) {
			json_decref(*out);
			*out = NULL;
			rc = RC_NOT_FOUND;
		}
	}
	return query_end(q, b->err) == RC_OK ? rc : b->err->code;
}

void conflict_parties(const struct registry *kinds, const char *kind,
		      json_t *conflict)
{
	static const char *const sides[] = { "server_author", "author" };
	const struct kind *k = registry_kind(kinds, kind);
	json_t *both = json_array();

	for (size_t i = 0; i < 2; i++)
		if (json_text(conflict, sides[i]))
			json_array_append(both,
					  json_object_get(conflict, sides[i]));
	/* A catalog of an earlier version asks nobody. */
	if (k && kind_field(k, "parties")) {
		json_object_set(conflict, "parties", both);
		kind_normalise(k, conflict);
	}
	json_decref(both);
}

/* A decision is never written over: it and what was said against it go into the
 * list of those before. */
void conflict_past(const struct registry *kinds, const char *kind,
		   json_t *conflict)
{
	const struct kind *k = registry_kind(kinds, kind);
	static const char *const said[] = { "decision",    "decided_value",
					    "decided_by",  "decided_at",
					    "reason",      "appeal",
					    "appealed_by", "appealed_at" };
	json_t *past = json_object(), *history, *value;

	if (k && kind_field(k, "history") &&
	    json_text(conflict, "decided_by")) {
		history = json_object_get(conflict, "history");
		history = history ? json_copy(history) : json_array();
		for (size_t i = 0; i < sizeof(said) / sizeof(*said); i++) {
			value = json_object_get(conflict, said[i]);
			if (value)
				json_object_set(past, said[i], value);
		}
		json_array_append(history, past);
		json_object_set_new(conflict, "history", history);
	}
	json_decref(past);
	for (size_t i = 5; i < sizeof(said) / sizeof(*said); i++)
		json_object_del(conflict, said[i]);
}

static json_t *set_of(const char *text)
{
	return json_pack("[s]", text);
}

/* Who wrote the server's value, into the conflict's record. */
static enum rc server_put(struct batch *b, const struct batch_scope *bs,
			  const struct kind *k, const struct take_record *r,
			  const struct merge_conflict *c, json_t *record)
{
	struct log_author server;
	enum rc rc = standing_author(b, bs, k, r->id,
				     json_object_get(record, "fields"),
				     c->server, &server);

	json_object_set(record, "server_value", c->server);
	json_object_del(record, "server_author");
	json_object_del(record, "server_packet");
	json_object_del(record, "server_at");
	if (server.author[0])
		json_object_set_new(record, "server_author",
				    json_string(server.author));
	if (server.packet[0]) {
		json_object_set_new(record, "server_packet",
				    json_string(server.packet));
		json_object_set_new(record, "server_at",
				    json_integer(server.received_ms));
	}
	return rc;
}

/* A new conflict's record in plain form. */
static enum rc conflict_open(struct batch *b, const struct batch_scope *bs,
			     const struct kind *k, const struct take *t,
			     const struct take_record *r,
			     const struct merge_conflict *c,
			     const json_t *standing, const char *id,
			     json_t **out)
{
	json_t *fields = json_array(), *seen = json_object(), *v;
	const json_t *const sides[] = { c->base, c->server, c->terminal };
	char hex[OID_HEX_SIZE];
	const char *name;
	enum rc rc;

	for (size_t i = 0; i < 3; i++)
		json_object_foreach((json_t *)(uintptr_t)sides[i], name, v)
			json_object_set_new(seen, name, json_true());
	json_object_foreach(seen, name, v)
		json_array_append_new(fields, json_string(name));
	json_decref(seen);
	oid_hex(hex, &t->oid);
	*out = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:O, s:O, s:O, s:o,"
		" s:s, s:I, s:s}",
		"id", id, "scope", bs->scope, "town",
		json_text(standing, "town"), "record_kind", k->name,
		"record_id", r->id, "field_group", c->group, "fields", fields,
		"base_value", c->base, "terminal_value", c->terminal,
		"standing_value", c->standing, "packets", set_of(hex), "author",
		t->commit.author, "opened_at", (json_int_t)b->now_ms, "state",
		"open");
	if (!*out)
		return err_set(b->err, RC_NOMEM, "out of memory");
	if (kind_field(registry_kind(b->store->kinds, conflict_kind(k)),
		       "rule"))
		json_object_set_new(*out, "rule", json_string(c->rule));
	rc = server_put(b, bs, k, r, c, *out);
	if (t->commit.has_base) {
		oid_hex(hex, &t->commit.base);
		json_object_set_new(*out, "base_commit", json_string(hex));
	}
	return rc;
}

/* The author wrote again. The server's side is what it was, unless somebody has
 * written over what stood: then that is what a decision for it means. */
static enum rc conflict_extend(struct batch *b, const struct batch_scope *bs,
			       const struct kind *k, const struct take *t,
			       const struct take_record *r,
			       const struct merge_conflict *c, json_t *record)
{
	char hex[OID_HEX_SIZE];
	enum rc rc = RC_OK;

	if (!json_equal(c->server, json_object_get(record, "standing_value")))
		rc = server_put(b, bs, k, r, c, record);
	oid_hex(hex, &t->oid);
	json_array_append_new(json_object_get(record, "packets"),
			      json_string(hex));
	json_object_set(record, "terminal_value", c->terminal);
	json_object_set(record, "standing_value", c->standing);
	return rc;
}

static enum rc conflict_put(struct batch *b, struct batch_scope *bs,
			    const struct kind *ck, json_t *plain)
{
	json_t *stored = NULL;
	char *body = NULL;
	size_t len;
	int64_t position;
	enum rc rc;

	conflict_parties(b->store->kinds, ck->name, plain);
	kind_normalise(ck, plain);
	rc = record_sealed(b->store, ck, bs->scope, plain, true, &stored,
			   b->err);
	if (rc == RC_OK)
		rc = record_bytes(stored, &body, &len, b->err);
	if (rc == RC_OK)
		rc = batch_write(b, bs, ck->name, json_text(plain, "id"),
				 stored, body, len, 0, false, &position);
	free(body);
	json_decref(stored);
	return rc;
}

enum rc conflict_write(struct batch *b, struct batch_scope *bs,
		       const struct kind *k, const struct take *t,
		       const struct take_record *r,
		       const struct merge_result *m, json_t *ids)
{
	const struct kind *ck =
		registry_kind(b->store->kinds, conflict_kind(k));
	enum rc rc = RC_OK;

	if (!ck)
		return err_set(b->err, RC_CORRUPT,
			       "the catalog has no kind '%s'",
			       conflict_kind(k));
	for (size_t i = 0; i < m->nconflicts && rc == RC_OK; i++) {
		const struct merge_conflict *c = &m->conflicts[i];
		json_t *plain = NULL;
		char id[33], hex[OID_HEX_SIZE];

		rc = conflict_find(b, bs, k, t, r, c->group, id, &plain);
		if (rc == RC_OK) {
			rc = conflict_extend(b, bs, k, t, r, c, plain);
		} else if (rc == RC_NOT_FOUND) {
			oid_hex(hex, &t->oid);
			conflict_id(id, k->name, r->id, c->group, hex);
			rc = conflict_open(b, bs, k, t, r, c, m->record, id,
					   &plain);
		}
		if (rc == RC_OK)
			rc = conflict_put(b, bs, ck, plain);
		json_array_append_new(ids, json_string(id));
		json_decref(plain);
	}
	return rc;
}
