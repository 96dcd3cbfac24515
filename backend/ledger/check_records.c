/* ledger/check_records.c - the records as they stand: rows of the kinds' tables
 * against the log's newest versions, references, keys, leaves. */
#include "ledger/check_impl.h"

#include "base/jcs.h"
#include "kind/rows.h"
#include "kind/sealed.h"
#include "sql_store.gen.h"
#include "tree/tree.h"

/* One newest version. */
struct newest {
	struct check *c;
	const struct kind *k;
	const char *id;
	int64_t position;
	json_t *record; /* as stored; owned */
	char what[96];
};

/* What the row of a record can hold of it: fields of a later version and
 * values of another type are in the log alone. */
static json_t *row_of(const struct newest *n)
{
	static const char *const place[] = { "id", "scope", "town" };
	json_t *row = json_object();

	for (int i = 0; i < 3; i++)
		json_object_set(row, place[i],
				json_object_get(n->record, place[i]));
	for (size_t i = 0; i < n->k->nfields; i++) {
		const struct field *f = &n->k->fields[i];
		json_t *value = json_object_get(n->record, f->name);

		if (value && field_fits(f, value))
			json_object_set(row, f->name, value);
	}
	return row;
}

/* The first member in which they differ. */
static const char *difference(json_t *want, json_t *is)
{
	const char *name;
	json_t *value;

	json_object_foreach(
		want, name,
		value) if (!json_equal(value,
				       json_object_get(is, name))) return name;
	json_object_foreach(
		is, name, value) if (!json_object_get(want, name)) return name;
	return NULL;
}

static enum rc row_check(const struct newest *n)
{
	struct check *c = n->c;
	json_t *want, *row = NULL;
	struct err why = { 0 };
	const char *name;
	enum rc rc;

	rc = rows_get(c->s->db, n->k, ROWS_SERVER, c->at->scope, n->id, &row,
		      &why);
	if (rc == RC_NOT_FOUND)
		return check_fault(c, n->position, n->what,
				   "it is not in the table '%s'", n->k->name);
	if (rc != RC_OK)
		return check_pass(c, n->position, n->what, &why);
	want = n->k->is_sealed ? json_incref(n->record) : row_of(n);
	name = difference(want, row);
	/* Both die here; the name may be theirs. */
	rc = name ? check_fault(c, n->position, n->what,
				"the column '%s' is not what the log says",
				name)
		  : RC_OK;
	json_decref(want);
	json_decref(row);
	return rc;
}

static enum rc is_there(struct check *c, const char *scope, const char *kind,
			const char *id, bool *there)
{
	struct query *q = query_begin(c->s->db, SQL_CHECK_RECORD);

	query_text(q, 1, scope);
	query_text(q, 2, kind);
	query_text(q, 3, id);
	*there = query_row(q) && !query_is_null(q, 0);
	return query_end(q, c->err);
}

static void loose_note(const struct newest *n, const struct field *f,
		       const char *id)
{
	struct check_report *r = n->c->report;
	struct check_loose *l = &r->loose[r->nloose];

	n->c->at->dangling++;
	if (r->nloose == CHECK_LOOSE_MAX)
		return;
	snprintf(l->scope, sizeof(l->scope), "%s", n->c->at->scope);
	snprintf(l->what, sizeof(l->what), "%s", n->what);
	snprintf(l->field, sizeof(l->field), "%s", f->name);
	snprintf(l->to, sizeof(l->to), "%s/%s", f->refers, id);
	r->nloose++;
}

static enum rc reference_count(const struct newest *n, const struct field *f,
			       const char *id)
{
	struct check *c = n->c;
	bool there;
	enum rc rc = is_there(c, c->at->scope, f->refers, id, &there);

	if (rc == RC_OK && !there)
		rc = is_there(c, "catalog", f->refers, id, &there);
	if (rc == RC_OK && !there)
		loose_note(n, f, id);
	return rc;
}

/* A reference may point at what another scope or a later sync brings: counted
 * and named, not a fault. */
static enum rc references_count(const struct newest *n, const json_t *plain)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < n->k->nfields; i++) {
		const struct field *f = &n->k->fields[i];
		const json_t *value = json_object_get(plain, f->name), *one;
		size_t j;

		if (f->refers && json_is_string(value))
			rc = reference_count(n, f, json_string_value(value));
		else if (f->refers)
			json_array_foreach(value, j, one)
			{
				if (rc == RC_OK && json_is_string(one))
					rc = reference_count(
						n, f, json_string_value(one));
			}
	}
	return rc;
}

static enum rc packet_is_there(struct check *c, const char *hex, bool *there)
{
	struct query *q;
	struct oid oid;

	*there = false;
	if (!hex || !oid_parse(&oid, hex, strlen(hex)))
		return RC_OK;
	q = query_begin(c->s->db, SQL_CHECK_MERGED);
	query_blob(q, 1, oid.b, OID_BYTES);
	*there = query_row(q);
	return query_end(q, c->err);
}

static enum rc conflict_check(const struct newest *n, const json_t *plain)
{
	const json_t *packets = json_object_get(plain, "packets"), *packet;
	enum rc rc = RC_OK;
	size_t i;

	json_array_foreach(packets, i, packet)
	{
		const char *hex = json_string_value(packet);
		bool there;

		rc = packet_is_there(n->c, hex, &there);
		if (rc == RC_OK && !there)
			rc = check_fault(n->c, n->position, n->what,
					 "packet '%s', which it names, is not "
					 "there",
					 hex ? hex : "");
		if (rc != RC_OK)
			break;
	}
	return rc;
}

/* Whatever needs the record in plain form; what no key opens stays closed. */
static enum rc plain_check(const struct newest *n)
{
	unsigned char key[SEAL_KEY_BYTES];
	struct check *c = n->c;
	json_t *plain = NULL;
	struct err why = { 0 };
	bool held = false;
	enum rc rc = RC_OK;

	if (!n->k->is_sealed) {
		plain = json_incref(n->record);
	} else {
		rc = check_key(c, n->position, n->what, n->record, key, &held);
		if (rc == RC_OK && held &&
		    sealed_open(&plain, n->k->name, n->record, key, &why) !=
			    RC_OK)
			rc = check_pass(c, n->position, n->what, &why);
		wipe(key, sizeof(key));
	}
	if (rc == RC_OK && plain)
		rc = references_count(n, plain);
	if (rc == RC_OK && plain && !strncmp(n->k->name, "conflict", 8))
		rc = conflict_check(n, plain);
	json_decref(plain);
	return rc;
}

/* The current row of SQL_CHECK_NEWEST. */
static enum rc newest_check(struct check *c, struct query *q)
{
	const char *kind = query_get_text(q, 0), *body = query_get_text(q, 3);
	struct newest n = { .c = c,
			    .k = registry_kind(c->s->kinds, kind),
			    .id = query_get_text(q, 1),
			    .position = query_get_int(q, 2) };
	size_t len = query_get_len(q, 3);
	struct oid oid;
	enum rc rc;

	snprintf(n.what, sizeof(n.what), "%s/%s", kind, n.id);
	rc = json_read(body, len, &n.record, c->err);
	if (rc == RC_OK)
		rc = oid_of(&oid, OBJECT_BLOB, body, len, c->err);
	if (rc == RC_OK)
		rc = tree_leaf_put(c->scratch, c->at->scope,
				   json_text(n.record, "town"), kind, n.id,
				   &oid, n.position, c->err);
	if (rc == RC_OK)
		rc = row_check(&n);
	if (rc == RC_OK)
		rc = plain_check(&n);
	json_decref(n.record);
	c->at->records += rc == RC_OK;
	return rc;
}

enum rc check_records(struct check *c)
{
	struct query *q = query_begin(c->s->db, SQL_CHECK_NEWEST);
	enum rc rc = RC_OK;

	query_text(q, 1, c->at->scope);
	while (rc == RC_OK && query_row(q))
		rc = newest_check(c, q);
	return query_end(q, c->err) == RC_OK ? rc : c->err->code;
}

/* -- rows without a log -- */

static enum rc kind_strays(struct check *c, const struct kind *k,
			   const char *scope)
{
	char sql[400], what[96] = "", where[16] = "";
	struct query *q;
	enum rc rc;

	/* The name was validated by the registry. */
	snprintf(sql, sizeof(sql),
		 "SELECT t.scope, t.id FROM %s AS t "
		 "WHERE (?2 IS NULL OR t.scope = ?2) "
		 "AND (SELECT max(l.position) FROM log AS l "
		 "WHERE l.scope = t.scope AND l.kind = ?1 AND l.id = t.id) "
		 "IS NULL ORDER BY t.scope, t.id LIMIT 1",
		 k->name);
	q = query_begin(c->s->db, sql);
	query_text(q, 1, k->name);
	query_text(q, 2, scope);
	if (query_row(q)) {
		const char *in = query_get_text(q, 0);
		const char *id = query_get_text(q, 1);

		snprintf(where, sizeof(where), "%s", in ? in : "");
		snprintf(what, sizeof(what), "%s/%s", k->name, id ? id : "");
	}
	rc = query_end(q, c->err);
	if (rc == RC_OK && what[0])
		rc = check_fault(c, 0, what,
				 "a row of scope '%s' that the log does not "
				 "have",
				 where);
	if (what[0])
		snprintf(c->report->fault.scope, sizeof(where), "%s", where);
	return rc;
}

enum rc check_strays(struct check *c)
{
	const struct registry *r = c->s->kinds;
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < registry_count(r); i++)
		rc = kind_strays(c, registry_at(r, i),
				 c->at ? c->at->scope : NULL);
	return rc;
}
