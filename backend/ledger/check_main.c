/* ledger/check_main.c - the main line of a scope: its chain of signed commits,
 * and under each the entries of the log that it covers. */
#include "ledger/check_impl.h"

#include "base/hex.h"
#include "base/jcs.h"
#include "kind/sealed.h"
#include "sql_store.gen.h"
#include "tree/tree.h"

/* A packet that the commit at hand merges. */
struct merged {
	int64_t number;
	char journal[33];
	struct oid oid;
};

struct line {
	struct check *c;
	struct query *log; /* stands on the next entry when `has_entry` */
	bool has_entry;
	int64_t number; /* of the commit at hand */
	int64_t position; /* of the last entry read */
	struct oid previous; /* commit */
	unsigned char content[SHA256_BYTES]; /* of it */
	struct merged *merged; /* owned */
	size_t nmerged, room, last;
};

/* -- entries -- */

static bool is_merged(struct line *l, int64_t packet)
{
	/* Entries of one packet lie together. */
	if (l->last < l->nmerged && l->merged[l->last].number == packet)
		return true;
	for (l->last = 0; l->last < l->nmerged; l->last++)
		if (l->merged[l->last].number == packet)
			return true;
	return false;
}

static enum rc record_check(struct check *c, int64_t position, const char *what,
			    const struct kind *k, const char *id,
			    const json_t *record)
{
	const char *own = json_text(record, "id");
	const char *scope = json_text(record, "scope");
	const char *town = json_text(record, "town");
	struct err why = { 0 };
	bool held;

	if (!own || strcmp(own, id) != 0 || !name_is_id(id))
		return check_fault(c, position, what, "its id is '%s'",
				   own ? own : "");
	if (!scope || strcmp(scope, c->at->scope) != 0)
		return check_fault(c, position, what, "its scope is '%s'",
				   scope ? scope : "");
	if (!town || !name_is_town(town))
		return check_fault(c, position, what, "its town is '%s'",
				   town ? town : "");
	if (!k->is_sealed)
		return RC_OK;
	if (sealed_check(record, &why) != RC_OK)
		return check_pass(c, position, what, &why);
	return check_key(c, position, what, record, NULL, &held);
}

/* The current row of the log; its bytes join the chain. */
static enum rc entry_check(struct line *l, struct sha256 *chain)
{
	struct check *c = l->c;
	int64_t position = query_get_int(l->log, 0);
	const char *kind = query_get_text(l->log, 1);
	const char *id = query_get_text(l->log, 2);
	const char *body = query_get_text(l->log, 3);
	const struct kind *k = registry_kind(c->s->kinds, kind);
	size_t n = query_get_len(l->log, 3);
	struct err why = { 0 };
	json_t *record = NULL;
	char what[96];
	enum rc rc;

	snprintf(what, sizeof(what), "%s/%s", kind, id);
	if (position != l->position + 1)
		return check_fault(c, l->position + 1, "log",
				   "the entry is missing");
	l->position = position;
	if (!k)
		return check_fault(c, position, what, "there is no such kind");
	if (!query_is_null(l->log, 4) &&
	    !is_merged(l, query_get_int(l->log, 4)))
		return check_fault(c, position, what,
				   "its packet number %lld is not one that "
				   "main commit %lld merges",
				   (long long)query_get_int(l->log, 4),
				   (long long)l->number);
	rc = jcs_read(body, n, &record, &why);
	if (rc != RC_OK)
		return check_pass(c, position, what, &why);
	rc = record_check(c, position, what, k, id, record);
	json_decref(record);
	sha256_add_record(chain, kind, id, body, n);
	c->at->entries++;
	return rc;
}

/* RC_NOT_FOUND without a message when the log ends too soon: only the end of
 * its query tells whether it did, or could not be read. */
static enum rc entries_check(struct line *l, int64_t upto,
			     unsigned char content[SHA256_BYTES])
{
	struct sha256 chain;
	enum rc rc = RC_OK;

	sha256_begin(&chain);
	sha256_add(&chain, l->content, SHA256_BYTES);
	while (rc == RC_OK && l->has_entry &&
	       query_get_int(l->log, 0) <= upto) {
		rc = entry_check(l, &chain);
		if (rc == RC_OK)
			l->has_entry = query_row(l->log);
	}
	sha256_end(&chain, content);
	if (rc != RC_OK || l->position == upto)
		return rc;
	return l->has_entry ? check_fault(l->c, l->position + 1, "log",
					  "the entry is missing")
			    : RC_NOT_FOUND;
}

/* The chain says that an entry was altered, not which; the tree knows, while
 * the record has not changed since. */
static enum rc altered_find(struct line *l, int64_t from, int64_t upto)
{
	struct check *c = l->c;
	struct query *q = query_begin(c->s->db, SQL_CHECK_LOG);
	struct err ignored = { 0 };
	int64_t position = 0;
	char what[96];

	snprintf(what, sizeof(what), "main commit %lld", (long long)l->number);
	query_text(q, 1, c->at->scope);
	query_int(q, 2, from);
	while (!position && query_row(q) && query_get_int(q, 0) <= upto) {
		const char *kind = query_get_text(q, 1);
		const char *id = query_get_text(q, 2);
		struct oid leaf, is;
		json_t *record = NULL;
		int64_t newest = 0;
		char *text = NULL;
		size_t n;

		if (store_record(c->s, c->at->scope, kind, id, &text, &n,
				 &newest, &ignored) == RC_OK &&
		    newest == query_get_int(q, 0) &&
		    jcs_read(text, n, &record, &ignored) == RC_OK &&
		    oid_of(&is, OBJECT_BLOB, text, n, &ignored) == RC_OK &&
		    tree_version(c->s->db, c->at->scope,
				 json_text(record, "town"), kind, id, &leaf,
				 &ignored) == RC_OK &&
		    !oid_equal(&leaf, &is)) {
			position = newest;
			snprintf(what, sizeof(what), "%s/%s", kind, id);
		}
		json_decref(record);
		free(text);
	}
	if (query_end(q, c->err) != RC_OK)
		return c->err->code;
	return check_fault(c, position ? position : upto, what,
			   "the log is not what main commit %lld signs",
			   (long long)l->number);
}

/* -- commits -- */

static enum rc merged_add(struct line *l, const char *what,
			  const struct oid *oid)
{
	struct check *c = l->c;
	struct query *q;
	struct merged *m;
	char hex[OID_HEX_SIZE];
	bool fits = false;

	if (l->nmerged == l->room) {
		size_t room = l->room ? l->room * 2 : 16;
		struct merged *grown = realloc(l->merged, room * sizeof(*m));

		if (!grown)
			return err_set(c->err, RC_NOMEM, "out of memory");
		l->merged = grown;
		l->room = room;
	}
	m = &l->merged[l->nmerged++];
	memset(m, 0, sizeof(*m));
	m->oid = *oid;
	q = query_begin(c->s->db, SQL_CHECK_MERGED);
	query_blob(q, 1, oid->b, OID_BYTES);
	if (query_row(q)) {
		const char *scope = query_get_text(q, 1);
		const char *journal = query_get_text(q, 2);

		m->number = query_get_int(q, 0);
		snprintf(m->journal, sizeof(m->journal), "%s",
			 journal ? journal : "");
		fits = scope && !strcmp(scope, c->at->scope) &&
		       query_get_int(q, 3) == l->number;
	}
	if (query_end(q, c->err) != RC_OK)
		return c->err->code;
	oid_hex(hex, oid);
	return fits ? RC_OK
		    : check_fault(c, 0, what,
				  "packet %s, which it merges, is not there",
				  hex);
}

static int journal_order(const void *a, const void *b)
{
	return strcmp((*(const struct merged *const *)a)->journal,
		      (*(const struct merged *const *)b)->journal);
}

/* Its parents are the commit before it and the tip of each journal. */
static enum rc parents_check(struct line *l, const struct main_commit *m,
			     const char *what)
{
	struct merged **tips = calloc(l->nmerged + 1, sizeof(struct merged *));
	size_t n = 0, at = l->number > 1;
	bool fits;

	if (!tips)
		return err_set(l->c->err, RC_NOMEM, "out of memory");
	for (size_t i = 0; i < l->nmerged; i++) {
		size_t k = 0;

		while (k < n &&
		       strcmp(tips[k]->journal, l->merged[i].journal) != 0)
			k++;
		tips[k] = &l->merged[i];
		n += k == n;
	}
	qsort(tips, n, sizeof(*tips), journal_order);
	fits = m->nparents == n + at &&
	       (!at || oid_equal(&m->parents[0], &l->previous));
	for (size_t i = 0; fits && i < n; i++)
		fits = oid_equal(&m->parents[at + i], &tips[i]->oid);
	free(tips);
	return fits ? RC_OK
		    : check_fault(l->c, m->position, what,
				  "its parents are not the commit before it "
				  "and the journals that it takes in");
}

static enum rc quarantined_check(struct line *l, const struct main_commit *m,
				 const char *what)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < m->nquarantined; i++) {
		const struct main_quarantined *mq = &m->quarantined[i];
		struct query *q =
			query_begin(l->c->s->db, SQL_CHECK_QUARANTINED);
		int kind = (int)strcspn(mq->path, "/");
		const char *code;
		bool fits;

		query_blob(q, 1, mq->packet.b, OID_BYTES);
		query_textn(q, 2, mq->path, (size_t)kind);
		query_text(q, 3, mq->path + kind + 1);
		code = query_row(q) ? query_get_text(q, 0) : NULL;
		fits = code && !strcmp(code, mq->code);
		rc = query_end(q, l->c->err);
		if (rc == RC_OK && !fits)
			rc = check_fault(l->c, m->position, what,
					 "'%s' stands there as quarantined, "
					 "and is not",
					 mq->path);
	}
	return rc;
}

/* Do the columns of the row say what the commit says? */
static bool row_fits(struct query *q, const struct main_commit *m,
		     const char *scope, const struct oid *is)
{
	struct oid oid, root;
	const void *content;
	size_t n;

	content = query_get_blob(q, 6, &n);
	return check_oid(q, 1, &oid) && oid_equal(&oid, is) &&
	       check_oid(q, 2, &root) && oid_equal(&root, &m->tree) &&
	       query_get_int(q, 3) == m->position &&
	       query_get_int(q, 4) == m->time_ms &&
	       query_get_int(q, 5) == m->seconds && content &&
	       n == SHA256_BYTES && !memcmp(content, m->content, n) &&
	       !strcmp(m->scope, scope);
}

static enum rc commit_parse(struct line *l, struct query *q,
			    struct main_commit *m, struct oid *oid,
			    const char *what)
{
	const char *body = query_get_text(q, 7);
	size_t n = query_get_len(q, 7);
	struct check *c = l->c;
	struct err why = { 0 };

	arena_reset(&c->mem);
	if (query_get_int(q, 0) != l->number)
		return check_fault(c, l->position, what, "it is missing");
	if (main_commit_read(m, oid, body, n, &c->mem, &why) != RC_OK)
		return check_pass(c, l->position, what, &why);
	if (!check_signed(c, body, n))
		return check_fault(c, m->position, what,
				   "it is not signed by a key of the server");
	if (!row_fits(q, m, c->at->scope, oid))
		return check_fault(c, m->position, what,
				   "its row is not what the commit says");
	return RC_OK;
}

static enum rc commit_check(struct line *l, struct query *q)
{
	unsigned char content[SHA256_BYTES];
	int64_t from = l->position;
	struct main_commit m;
	struct oid oid;
	char what[48];
	enum rc rc;

	l->number++;
	snprintf(what, sizeof(what), "main commit %lld", (long long)l->number);
	rc = commit_parse(l, q, &m, &oid, what);
	l->nmerged = 0;
	for (size_t i = 0; rc == RC_OK && i < m.nmerged; i++)
		rc = merged_add(l, what, &m.merged[i]);
	if (rc == RC_OK)
		rc = parents_check(l, &m, what);
	if (rc == RC_OK)
		rc = quarantined_check(l, &m, what);
	if (rc == RC_OK)
		rc = entries_check(l, m.position, content);
	if (rc == RC_OK && memcmp(content, m.content, SHA256_BYTES) != 0)
		rc = altered_find(l, from, m.position);
	if (rc != RC_OK)
		return rc;
	l->previous = oid;
	memcpy(l->content, m.content, SHA256_BYTES);
	l->c->at->commits++;
	l->c->head_root = m.tree;
	l->c->head_position = m.position;
	snprintf(l->c->head_epoch, sizeof(l->c->head_epoch), "%s", m.epoch);
	return RC_OK;
}

enum rc check_main_line(struct check *c)
{
	struct line l = { .c = c };
	struct query *q;
	bool known = true;
	enum rc rc = RC_OK, ended;

	/* A scope without commits has no head. */
	memset(&c->head_root, 0, sizeof(c->head_root));
	l.log = query_begin(c->s->db, SQL_CHECK_LOG);
	query_text(l.log, 1, c->at->scope);
	query_int(l.log, 2, 0);
	l.has_entry = query_row(l.log);
	q = query_begin(c->s->db, SQL_CHECK_MAIN);
	query_text(q, 1, c->at->scope);
	while (rc == RC_OK && query_row(q))
		rc = commit_check(&l, q);
	if (query_end(q, c->err) != RC_OK)
		rc = c->err->code;
	ended = query_end(l.log, c->err);
	if (ended != RC_OK)
		rc = ended;
	else if (rc == RC_NOT_FOUND)
		rc = check_fault(c, l.position + 1, "log",
				 "the entry is missing");
	else if (rc == RC_OK && l.has_entry)
		rc = check_fault(c, l.position + 1, "log",
				 "no main commit signs the entry");
	if (rc == RC_OK && !c->at->commits)
		rc = check_fault(c, 0, "main line", "it has no commit");
	if (rc == RC_OK)
		rc = store_epoch_known(c->s, c->head_epoch, &known, c->err);
	if (rc == RC_OK && !known)
		rc = check_fault(c, 0, "meta epoch",
				 "it is not that of the newest main commit");
	free(l.merged);
	return rc;
}
