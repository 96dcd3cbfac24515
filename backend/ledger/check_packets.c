/* ledger/check_packets.c - journals: chains of signed packets and the records
 * that they hold. */
#include "ledger/check_chain.h"

#include "base/hex.h"
#include "base/jcs.h"
#include "object/sshsig.h"
#include "sql_store.gen.h"

static enum rc enrolment_key(struct chain *ch, const char *enrolment)
{
	struct query *q = query_begin(ch->c->s->db, SQL_ENROLMENT_FIND);
	struct err why = { 0 };
	json_t *record = NULL;
	const char *text;
	char what[64];
	enum rc rc = RC_CORRUPT;

	snprintf(what, sizeof(what), "journal %s", ch->journal);
	query_text(q, 1, enrolment);
	if (query_row(q) && json_read(query_get_text(q, 0), query_get_len(q, 0),
				      &record, &why) == RC_OK) {
		text = json_text(record, "officer_key");
		rc = ssh_public_parse(ch->key, text ? text : "", &why);
	}
	json_decref(record);
	if (query_end(q, ch->c->err) != RC_OK)
		return ch->c->err->code;
	return rc == RC_OK ? RC_OK
			   : check_fault(ch->c, 0, what,
					 "its enrolment '%s' is not there, or "
					 "has no key",
					 enrolment);
}

static enum rc journal_begin(struct chain *ch, const char *journal)
{
	struct query *q;
	char enrolment[33] = "";

	snprintf(ch->journal, sizeof(ch->journal), "%s", journal);
	ch->sequence = 0;
	ch->is_office = !strcmp(journal, "office");
	ch->has_journal = true;
	q = query_begin(ch->c->s->db, SQL_JOURNAL_GET);
	query_text(q, 1, ch->c->at->scope);
	query_text(q, 2, journal);
	if (query_row(q)) {
		const char *text = query_get_text(q, 0);

		snprintf(enrolment, sizeof(enrolment), "%s", text ? text : "");
	}
	if (query_end(q, ch->c->err) != RC_OK)
		return ch->c->err->code;
	ch->njournals++;
	return ch->is_office ? RC_OK : enrolment_key(ch, enrolment);
}

/* The journal's own row is its newest packet. */
static enum rc journal_end(struct chain *ch)
{
	struct query *q;
	char what[64];
	struct oid tip;
	bool fits;

	if (!ch->has_journal)
		return RC_OK;
	q = query_begin(ch->c->s->db, SQL_JOURNAL_GET);
	query_text(q, 1, ch->c->at->scope);
	query_text(q, 2, ch->journal);
	fits = query_row(q) && check_oid(q, 1, &tip) &&
	       oid_equal(&tip, &ch->tip) &&
	       query_get_int(q, 2) == ch->sequence &&
	       query_get_int(q, 3) == ch->seconds;
	if (query_end(q, ch->c->err) != RC_OK)
		return ch->c->err->code;
	snprintf(what, sizeof(what), "journal %s", ch->journal);
	return fits ? RC_OK
		    : check_fault(ch->c, 0, what,
				  "its tip is not its newest packet");
}

/* -- records -- */

static enum rc item_read(struct chain *ch, struct query *q)
{
	struct arena *mem = &ch->c->mem;
	struct packet_item *item = &ch->items[ch->nitems];

	if (ch->nitems++ == PACKET_RECORDS_MAX)
		return check_fault(ch->c, 0, ch->what, "too many records");
	if (query_is_null(q, 2))
		return check_fault(ch->c, 0, ch->what,
				   "what it says of '%s/%s' is not there",
				   query_get_text(q, 0), query_get_text(q, 1));
	item->body_bytes = query_get_len(q, 2);
	item->kind = arena_strdup(mem, query_get_text(q, 0));
	item->id = arena_strdup(mem, query_get_text(q, 1));
	item->body = arena_dup(mem, query_get_text(q, 2), item->body_bytes);
	if (!item->kind || !item->id || !item->body)
		return err_set(ch->c->err, RC_NOMEM, "out of memory");
	if (!query_is_null(q, 3)) {
		char path[72];

		snprintf(path, sizeof(path), "%s/%s", item->kind, item->id);
		json_array_append_new(
			ch->quarantined,
			json_pack("[s, s]", path, query_get_text(q, 3)));
	}
	return RC_OK;
}

static enum rc items_check(struct chain *ch, int64_t number,
			   const struct packet_commit *p)
{
	struct query *q = query_begin(ch->c->s->db, SQL_PACKET_RECORDS);
	unsigned char content[SHA256_BYTES];
	struct err why = { 0 };
	struct oid tree;
	enum rc rc = RC_OK;

	ch->nitems = 0;
	json_array_clear(ch->quarantined);
	query_int(q, 1, number);
	query_text(q, 2, ch->c->at->scope);
	while (rc == RC_OK && query_row(q))
		rc = item_read(ch, q);
	if (query_end(q, ch->c->err) != RC_OK)
		rc = ch->c->err->code;
	if (rc != RC_OK)
		return rc;
	if (packet_seal(ch->items, ch->nitems, packet_is_marked(p), &tree,
			content, NULL, NULL, &why) != RC_OK)
		return check_pass(ch->c, 0, ch->what, &why);
	if (!oid_equal(&tree, &p->tree) ||
	    memcmp(content, p->content, SHA256_BYTES) != 0)
		return check_fault(ch->c, 0, ch->what,
				   "its records are not what it signs");
	return RC_OK;
}

/* -- the commit -- */

static enum rc place_check(struct chain *ch, struct query *q,
			   const struct packet_commit *p)
{
	bool follows = p->sequence == ch->sequence + 1 &&
		       (!p->has_parent || oid_equal(&p->parent, &ch->tip));

	if (strcmp(p->scope, ch->c->at->scope) != 0 ||
	    strcmp(p->journal, ch->journal) != 0 ||
	    p->sequence != query_get_int(q, 3) ||
	    strcmp(p->author, query_get_text(q, 4)) != 0 ||
	    strcmp(p->terminal, query_get_text(q, 5)) != 0)
		return check_fault(ch->c, 0, ch->what,
				   "its row is not what the commit says");
	return follows ? RC_OK
		       : check_fault(ch->c, 0, ch->what,
				     "it does not follow packet %lld of "
				     "journal %s",
				     (long long)ch->sequence, ch->journal);
}

static enum rc packet_parse(struct chain *ch, struct query *q,
			    const struct oid *oid, struct packet_commit *p)
{
	const char *body = query_get_text(q, 8);
	size_t n = query_get_len(q, 8);
	struct err why = { 0 };
	struct oid is;

	arena_reset(&ch->c->mem);
	if (packet_commit_read(p, &is, body, n, &ch->c->mem, &why) != RC_OK)
		return check_pass(ch->c, 0, ch->what, &why);
	if (!oid_equal(&is, oid))
		return check_fault(ch->c, 0, ch->what,
				   "its bytes are not its own");
	if (ch->is_office ? !check_signed(ch->c, body, n)
			  : commit_verify(body, n, ch->key, &why) != RC_OK)
		return check_fault(ch->c, 0, ch->what, "it is not signed by %s",
				   ch->is_office ? "a key of the server"
						 : "its author's key");
	return RC_OK;
}

/* The current row of SQL_CHECK_PACKET. */
static enum rc packet_check(struct chain *ch, struct query *q)
{
	const char *journal = query_get_text(q, 2);
	char hex[OID_HEX_SIZE] = "", what[64];
	struct packet_commit p;
	struct oid oid;
	enum rc rc = RC_OK;

	if (!check_oid(q, 1, &oid))
		return check_fault(ch->c, 0, "packet", "its row has no id");
	oid_hex(hex, &oid);
	snprintf(what, sizeof(what), "packet %s", hex);
	ch->hex = hex;
	ch->what = what;
	if (!ch->has_journal || strcmp(journal, ch->journal) != 0) {
		rc = journal_end(ch);
		if (rc == RC_OK)
			rc = journal_begin(ch, journal);
	}
	if (rc == RC_OK)
		rc = packet_parse(ch, q, &oid, &p);
	if (rc == RC_OK)
		rc = place_check(ch, q, &p);
	if (rc == RC_OK)
		rc = items_check(ch, query_get_int(q, 0), &p);
	if (rc == RC_OK)
		rc = check_taken(ch, q);
	if (rc != RC_OK)
		return rc;
	ch->sequence = p.sequence;
	ch->seconds = p.seconds;
	ch->tip = oid;
	ch->c->at->packets++;
	return RC_OK;
}

/* Packets outside any journal are kept as they came. */
static enum rc held_check(struct check *c)
{
	struct query *q = query_begin(c->s->db, SQL_CHECK_HELD);
	enum rc rc = RC_OK;

	query_text(q, 1, c->at->scope);
	while (rc == RC_OK && query_row(q)) {
		char hex[OID_HEX_SIZE], what[64];
		struct oid oid, is;

		rc = oid_of(&is, OBJECT_COMMIT, query_get_text(q, 1),
			    query_get_len(q, 1), c->err);
		if (rc != RC_OK ||
		    (check_oid(q, 0, &oid) && oid_equal(&oid, &is)))
			continue;
		oid_hex(hex, &is);
		snprintf(what, sizeof(what), "held packet %s", hex);
		rc = check_fault(c, 0, what, "its bytes are not its own");
	}
	return query_end(q, c->err) == RC_OK ? rc : c->err->code;
}

static enum rc journals_count(struct chain *ch)
{
	struct query *q = query_begin(ch->c->s->db, SQL_CHECK_JOURNALS);
	int64_t n;

	query_text(q, 1, ch->c->at->scope);
	n = query_row(q) ? query_get_int(q, 0) : 0;
	if (query_end(q, ch->c->err) != RC_OK)
		return ch->c->err->code;
	return n == ch->njournals
		       ? RC_OK
		       : check_fault(ch->c, 0, "journals",
				     "%lld are named, %lld have packets",
				     (long long)n, (long long)ch->njournals);
}

enum rc check_packets(struct check *c)
{
	struct chain ch = { .c = c, .quarantined = json_array() };
	struct query *q;
	enum rc rc = RC_OK;

	ch.items = calloc(PACKET_RECORDS_MAX + 1, sizeof(*ch.items));
	if (!ch.items || !ch.quarantined)
		rc = err_set(c->err, RC_NOMEM, "out of memory");
	q = query_begin(c->s->db, SQL_CHECK_PACKET);
	query_text(q, 1, c->at->scope);
	while (rc == RC_OK && query_row(q))
		rc = packet_check(&ch, q);
	if (query_end(q, c->err) != RC_OK)
		rc = c->err->code;
	if (rc == RC_OK)
		rc = journal_end(&ch);
	if (rc == RC_OK)
		rc = journals_count(&ch);
	free(ch.items);
	json_decref(ch.quarantined);
	if (rc == RC_OK)
		rc = check_merged(c);
	return rc == RC_OK ? held_check(c) : rc;
}
