/* replica/verify.c - recompute everything from the rows. */
#include "replica/replica_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/jcs.h"
#include "object/sshsig.h"
#include "sql_sync.gen.h"

struct counting {
	struct replica *r;
	int64_t records;
};

/* One record of main against its leaf; counts it when it is on main. */
static enum rc record_verify(struct replica *r, const char *aside,
			     const char *kind, const char *id, int64_t *count,
			     struct err *err)
{
	json_t *record = NULL;
	const char *scope, *town;
	struct oid oid, leaf;
	struct buf body;
	enum rc rc = aside ? twin_get(r, aside, kind, id, &record, err)
			   : record_main(r, kind, id, &record, err);

	if (rc == RC_NOT_FOUND)
		return RC_OK;
	buf_init(&body, RECORD_BYTES_MAX);
	scope = json_text(record, "scope");
	town = json_text(record, "town");
	if (rc == RC_OK)
		rc = record_jcs(&body, record, err);
	if (rc == RC_OK)
		rc = oid_of(&oid, OBJECT_BLOB, body.data, body.len, err);
	if (rc == RC_OK)
		rc = tree_version(r->db, scope ? scope : "", town ? town : "",
				  kind, id, &leaf, err);
	if (rc == RC_NOT_FOUND || (rc == RC_OK && !oid_equal(&oid, &leaf)))
		rc = err_set(err, RC_CORRUPT,
			     "%s '%s' is not what the tree of scope '%s' says: "
			     "'hufu repair' fetches it again",
			     kind, id, scope ? scope : "");
	if (rc == RC_OK)
		++*count;
	json_decref(record);
	buf_release(&body);
	return rc;
}

static enum rc record_see(void *ctx, const char *scope, const char *kind,
			  const char *id, struct err *err)
{
	struct counting *c = ctx;

	return record_verify(c->r, scope, kind, id, &c->records, err);
}

static enum rc records_verify(struct replica *r, struct err *err)
{
	struct counting c = { .r = r };
	int64_t leaves = 0;
	enum rc rc = mains_each(r, record_see, &c, err);

	if (rc == RC_OK)
		rc = db_int(r->db, SQL_R_LEAF_COUNT, 0, &leaves, err);
	if (rc == RC_OK && leaves != c.records)
		rc = err_set(err, RC_CORRUPT,
			     "the tree has %lld records, the tables have %lld",
			     (long long)leaves, (long long)c.records);
	return rc;
}

static enum rc nodes_hash(struct replica *r, unsigned char out[SHA256_BYTES],
			  struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_NODE_ALL);
	struct sha256 h;

	sha256_begin(&h);
	while (query_row(q)) {
		size_t n;
		const void *children = query_get_blob(q, 4, &n);

		for (int i = 0; i < 4; i++)
			sha256_add(&h, query_get_text(q, i),
				   query_get_len(q, i) + 1);
		sha256_add(&h, children, n);
	}
	sha256_end(&h, out);
	return query_end(q, err);
}

/* Inside a transaction that is rolled back: nodes are made anew. */
static enum rc roots_verify(struct replica *r, struct err *err)
{
	unsigned char before[SHA256_BYTES], after[SHA256_BYTES];
	struct scope *all;
	struct oid root;
	size_t n;
	enum rc rc = scope_all(r, &all, &n, err);

	if (rc == RC_OK)
		rc = nodes_hash(r, before, err);
	for (size_t i = 0; i < n && rc == RC_OK; i++) {
		rc = tree_root(r->db, all[i].scope, &root, err);
		if (rc == RC_OK && oid_equal(&root, &all[i].root))
			rc = tree_rebuild(r->db, all[i].scope, NULL, &root,
					  err);
		if (rc == RC_OK && !oid_equal(&root, &all[i].root))
			rc = err_set(err, RC_CORRUPT,
				     "the root of scope '%s' is not the one "
				     "that the server signed",
				     all[i].scope);
	}
	if (rc == RC_OK)
		rc = nodes_hash(r, after, err);
	if (rc == RC_OK && memcmp(before, after, sizeof(before)) != 0)
		rc = err_set(err, RC_CORRUPT,
			     "the tree's nodes are not what its leaves say");
	free(all);
	return rc;
}

/* The packet before, in the walk along the journals. */
struct chain {
	char journal[24];
	int64_t sequence;
	struct oid oid;
	unsigned char officer[SIGN_PUBLIC_BYTES];
};

static bool chain_fits(const struct chain *chain, const struct packet_commit *c)
{
	if (strcmp(chain->journal, c->journal) != 0)
		return true; /* the first that is still kept */
	return c->sequence == chain->sequence + 1 && c->has_parent &&
	       oid_equal(&c->parent, &chain->oid);
}

static enum rc content_verify(struct replica *r, int64_t number,
			      const struct packet_commit *c, bool *good,
			      struct err *err)
{
	unsigned char content[32];
	struct written *records;
	struct oid tree;
	size_t n = 0;
	enum rc rc = packet_records(r, number, &records, &n, err);

	*good = false;
	if (rc == RC_OK)
		rc = packet_hashes(records, n, packet_is_marked(c), &tree,
				   content, err);
	if (rc == RC_OK)
		*good = n && oid_equal(&tree, &c->tree) &&
			!memcmp(content, c->content, sizeof(content));
	if (records)
		written_release(records, n);
	free(records);
	return rc;
}

static enum rc packet_verify(struct replica *r, int64_t number, const char *hex,
			     const char *body, size_t bytes,
			     struct chain *chain, struct err *err)
{
	struct packet_commit c;
	struct oid oid, named;
	struct arena mem;
	bool good = false;
	enum rc rc;

	arena_init(&mem, COMMIT_BYTES_MAX);
	rc = packet_commit_read(&c, &oid, body, bytes, &mem, err);
	if (rc == RC_OK)
		rc = commit_verify(body, bytes, chain->officer, err);
	if (rc == RC_OK)
		rc = content_verify(r, number, &c, &good, err);
	if (rc == RC_OK && (!good || !oid_parse(&named, hex, strlen(hex)) ||
			    !oid_equal(&oid, &named)))
		rc = err_set(err, RC_CORRUPT,
			     "packet '%s' is not what was signed", hex);
	if (rc == RC_OK && !chain_fits(chain, &c))
		rc = err_set(err, RC_CORRUPT,
			     "packet '%s' does not follow the one before it in "
			     "its journal",
			     hex);
	if (rc == RC_OK) {
		snprintf(chain->journal, sizeof(chain->journal), "%s",
			 c.journal);
		chain->sequence = c.sequence;
		chain->oid = oid;
	}
	arena_release(&mem);
	return rc;
}

static enum rc packets_verify(struct replica *r, struct err *err)
{
	struct chain chain = { .sequence = 0 };
	struct query *q;
	char *public = NULL;
	enum rc rc = meta_get(r, "officer_public", &public, err), ended;

	if (rc == RC_OK && public)
		rc = ssh_public_parse(chain.officer, public, err);
	free(public);
	if (rc != RC_OK)
		return rc;
	q = query_begin(r->db, SQL_R_PACKET_CHAIN);
	while (rc == RC_OK && query_row(q))
		rc = packet_verify(r, query_get_int(q, 0), query_get_text(q, 1),
				   query_get_text(q, 5), query_get_len(q, 5),
				   &chain, err);
	ended = query_end(q, err);
	return rc == RC_OK ? ended : rc;
}

enum rc replica_verify(struct replica *r, struct err *err)
{
	enum rc rc = replica_check_capture(r, err);

	if (rc == RC_OK)
		rc = replica_begin(r, err);
	if (rc != RC_OK)
		return rc;
	rc = records_verify(r, err);
	if (rc == RC_OK)
		rc = packets_verify(r, err);
	if (rc == RC_OK)
		rc = roots_verify(r, err);
	/* Nothing of this is to stay. */
	db_rollback(r->db);
	r->is_writing = false;
	return rc;
}
