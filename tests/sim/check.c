/* sim/check.c - the halves match, and rows equal the tree that they claim to
 * be: promises 1, 5 and 6. */
#include "sim/sim.h"

#include "base/jcs.h"
#include "kind/rows.h"
#include "kind/sealed.h"

#define MATCH "1 the halves match"
#define ROWS "5 rows equal the tree"

json_t *plain_of(struct sim *s, const char *kind, const json_t *stored)
{
	const struct kind *k = registry_kind(s->loop.store->kinds, kind);
	unsigned char key[SEAL_KEY_BYTES];
	struct err why = { 0 };
	json_t *plain = NULL;
	const char *name = json_text(stored, "key");

	if (!k || !k->is_sealed)
		return json_deep_copy(stored);
	if (name && store_key_by_id(s->loop.store, name, key, &why) == RC_OK &&
	    sealed_open(&plain, kind, stored, key, &why) != RC_OK)
		broke(s, "a sealed record opens", "%s '%s': %s", kind,
		      json_text(stored, "id"), why.text);
	return plain;
}

json_t *plain_read(struct sim *s, const char *kind, const char *text, size_t n)
{
	json_t *stored = NULL, *plain = NULL;

	if (must(s, json_read(text, n, &stored, &s->err), "read a record"))
		plain = plain_of(s, kind, stored);
	json_decref(stored);
	return plain;
}

static enum rc status_see(void *ctx, const struct status_entry *e,
			  struct err *err)
{
	struct tablet *t = ctx;

	(void)err;
	if (strcmp(e->state, "conflict") != 0 &&
	    strcmp(e->state, "quarantined") != 0)
		broke(t->sim, MATCH,
		      "tablet %d has %s '%s' as '%s' after a successful sync"
		      "%s%s",
		      t->number, e->kind, e->id, e->state,
		      e->detail ? ": " : "", e->detail ? e->detail : "");
	return RC_OK;
}

/* A record of the server as the inspector sees it. That main equals it is said
 * by the root, and by replica_verify. */
static void record_compare(struct tablet *t, const char *kind, const char *id,
			   const char *text, size_t n)
{
	struct sim *s = t->sim;
	const struct captured *c = captured_of(t->r, kind);
	json_t *live = NULL, *plain;
	enum rc rc;

	if (!c)
		return;
	plain = plain_read(s, kind, text, n);
	rc = rows_get(t->r->db, c->kind, ROWS_REPLICA, NULL, id, &live,
		      &s->err);
	if (rc == RC_NOT_FOUND ? plain != NULL : !json_equal(live, plain)) {
		char *a = json_dumps(live, JSON_COMPACT | JSON_SORT_KEYS);
		char *b = json_dumps(plain, JSON_COMPACT | JSON_SORT_KEYS);

		broke(s, MATCH,
		      "the inspector of tablet %d sees %s '%s' as %.200s, it "
		      "is %.200s",
		      t->number, kind, id, a ? a : "nothing",
		      b ? b : "nothing");
		free(a);
		free(b);
	}
	json_decref(live);
	json_decref(plain);
}

static void records_compare(struct tablet *t)
{
	static const char sql[] =
		"SELECT f.kind, f.id, l.body FROM hufu_leaf AS f JOIN log AS l "
		"ON l.scope = f.scope AND l.position = f.position "
		"WHERE f.scope = '" COUNTY
		"' AND f.kind IN ('visit', 'answer', "
		"'assignment', 'subject', 'subject_private') "
		"ORDER BY f.kind, f.id";
	struct sim *s = t->sim;
	struct query *q = query_begin(s->loop.store->db, sql);

	while (!s->failed && query_row(q))
		record_compare(t, query_get_text(q, 0), query_get_text(q, 1),
			       query_get_text(q, 2), query_get_len(q, 2));
	must(s, query_end(q, &s->err), "list records");
}

#define COUNTED "'visit','answer','subject','assignment','item','conflict'"
static const char count_sql[] =
	"SELECT (SELECT count(*) FROM visit) + (SELECT count(*) FROM answer) + "
	"(SELECT count(*) FROM subject) + (SELECT count(*) FROM assignment) + "
	"(SELECT count(*) FROM item) + (SELECT count(*) FROM conflict)";
/* Those that stand aside are in no table. */
static const char aside_sql[] =
	"SELECT count(*) FROM hufu_twin WHERE kind IN (" COUNTED ")";
static const char abroad_sql[] =
	"SELECT count(*) FROM hufu_leaf WHERE scope = '" OTHER
	"' AND kind IN (" COUNTED ")";

void check_tablet(struct tablet *t, bool deep)
{
	struct sim *s = t->sim;
	int64_t count = 0, abroad = 0, shown;

	for (int i = 0; i < SCOPES && !s->failed; i++) {
		char here[OID_HEX_SIZE], there[OID_HEX_SIZE];
		struct head head;
		struct oid root;

		must(s, ledger_head(s->loop.store, scopes[i], &head, &s->err),
		     "read a head");
		if (!strcmp(scopes[i], OTHER) && !t->is_in_other)
			continue;
		must(s, replica_root(t->r, scopes[i], &root, &s->err),
		     "read a root");
		oid_hex(here, &head.root);
		oid_hex(there, &root);
		if (strcmp(here, there) != 0)
			broke(s, MATCH, "scope %s is %s here, %s on tablet %d",
			      scopes[i], here, there, t->number);
	}
	if (!s->failed && has_other(t) != t->is_in_other)
		broke(s, MATCH, "tablet %d and the office disagree on " OTHER,
		      t->number);
	if (!deep)
		return;
	if (!s->failed && replica_verify(t->r, &s->err) != RC_OK)
		broke(s, ROWS, "tablet %d: %s", t->number, s->err.text);
	if (!s->failed)
		must(s, replica_status(t->r, status_see, t, &s->err), "status");
	if (!s->failed)
		records_compare(t);
	must(s, db_int(s->loop.store->db, count_sql, 0, &count, &s->err),
	     "count");
	if (!t->is_in_other)
		must(s,
		     db_int(s->loop.store->db, abroad_sql, 0, &abroad, &s->err),
		     "count");
	shown = ask_int(t, count_sql) + ask_int(t, aside_sql);
	if (!s->failed && count - abroad != shown)
		broke(s, MATCH, "tablet %d shows %lld records, %lld are here",
		      t->number, (long long)shown, (long long)(count - abroad));
}

void check_server_quick(struct sim *s)
{
	static const char sql[] = "SELECT coalesce(max(position), 0), count(*) "
				  "FROM log WHERE scope = ?1";
	struct db *db = s->loop.store->db;

	for (int i = 0; i < SCOPES && !s->failed; i++) {
		struct head head;
		struct oid root;
		struct query *q;
		int64_t last = -1, count = -1;

		must(s, ledger_head(s->loop.store, scopes[i], &head, &s->err),
		     "read a head");
		must(s, tree_root(db, scopes[i], &root, &s->err),
		     "read a root");
		q = query_begin(db, sql);
		query_text(q, 1, scopes[i]);
		if (query_row(q)) {
			last = query_get_int(q, 0);
			count = query_get_int(q, 1);
		}
		must(s, query_end(q, &s->err), "read the log");
		if (s->failed)
			return;
		if (!oid_equal(&root, &head.root))
			broke(s, ROWS, "the root of scope %s is not its head's",
			      scopes[i]);
		if (last != head.position || count != last)
			broke(s, ROWS,
			      "the log of scope %s has %lld entries up to "
			      "%lld, its head says %lld",
			      scopes[i], (long long)count, (long long)last,
			      (long long)head.position);
	}
}

static void leaf_check(struct sim *s, struct query *q, const char *scope)
{
	const char *kind = query_get_text(q, 0), *id = query_get_text(q, 1);
	const char *text = query_get_text(q, 3);
	const struct kind *k = registry_kind(s->loop.store->kinds, kind);
	size_t n, len = query_get_len(q, 3);
	json_t *row = NULL, *body = NULL;
	struct oid oid;

	if (!text || query_get_int(q, 4) != query_get_int(q, 5)) {
		broke(s, ROWS, "the leaf of %s '%s' is not its newest version",
		      kind, id);
		return;
	}
	must(s, oid_of(&oid, OBJECT_BLOB, text, len, &s->err), "hash");
	if (memcmp(oid.b, query_get_blob(q, 2, &n), OID_BYTES) != 0)
		broke(s, ROWS, "the leaf of %s '%s' has another id", kind, id);
	if (!k)
		return;
	must(s, json_read(text, len, &body, &s->err), "read a record");
	must(s,
	     rows_get(s->loop.store->db, k, ROWS_SERVER, scope, id, &row,
		      &s->err),
	     "read a row");
	if (!s->failed && !json_equal(row, body))
		broke(s, ROWS, "the row of %s '%s' is not its version", kind,
		      id);
	json_decref(row);
	json_decref(body);
}

void check_server(struct sim *s)
{
	static const char sql[] =
		"SELECT f.kind, f.id, f.oid, l.body, f.position, "
		"(SELECT max(m.position) FROM log AS m WHERE m.scope = f.scope "
		"AND m.kind = f.kind AND m.id = f.id) FROM hufu_leaf AS f "
		"LEFT JOIN log AS l ON l.scope = f.scope AND "
		"l.position = f.position WHERE f.scope = ?1";
	struct db *db = s->loop.store->db;

	check_server_quick(s);
	for (int i = 0; i < SCOPES && !s->failed; i++) {
		struct oid before, after;
		struct query *q = query_begin(db, sql);

		query_text(q, 1, scopes[i]);
		while (!s->failed && query_row(q))
			leaf_check(s, q, scopes[i]);
		must(s, query_end(q, &s->err), "read the leaves");
		must(s, tree_root(db, scopes[i], &before, &s->err), "root");
		must(s, db_begin(db, true, &s->err), "begin");
		must(s, tree_rebuild(db, scopes[i], NULL, &after, &s->err),
		     "build the tree again");
		db_rollback(db);
		if (!s->failed && !oid_equal(&before, &after))
			broke(s, ROWS,
			      "the tree of scope %s, built again, is "
			      "another",
			      scopes[i]);
	}
}

void check_wanted(struct tablet *t)
{
	struct sim *s = t->sim;
	const char *path;
	json_t *value;
	void *next;

	if (t->is_revoked)
		return;
	json_object_foreach_safe(t->wanted, next, path, value)
	{
		json_t *list = value_packets(s, t->terminal, path, value);
		const json_t *oid;
		bool received = false;
		char *text;
		size_t i;

		json_array_foreach(list, i, oid) received |=
			json_object_get(json_object_get(s->packets,
							json_string_value(oid)),
					"receipt") != NULL;
		/* Edits of a shredded subject go with it. */
		if (!list && !strncmp(path, "subject_private/", 16))
			received = true;
		if (!received) {
			text = json_dumps(value, JSON_ENCODE_ANY);
			broke(s, "2 nothing is lost",
			      "tablet %d: the edit %s=%s is %s", t->number,
			      path, text,
			      list ? "signed but has no receipt"
				   : "in no packet");
			free(text);
		}
		json_object_del(t->wanted, path);
	}
}
