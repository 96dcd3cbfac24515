/* ledger/take_judge.c - what a record of a packet can be refused for before it
 * is merged. */
#include "ledger/take_impl.h"

#include "base/jcs.h"
#include "kind/fsm.h"
#include "ledger/people.h"
#include "sql_store.gen.h"

void take_refuse(struct take_record *r, const char *code, const char *why)
{
	if (r->code)
		return;
	r->code = code;
	snprintf(r->why, sizeof(r->why), "%s", why);
}

/* Q may have come with the same request: only now is it known what became of
 * it. */
static enum rc q_judge(struct batch *b, struct take_record *r)
{
	struct query *q;

	if (!r->has_q || r->q_code[0])
		return RC_OK;
	q = query_begin(b->store->db, SQL_PACKET_CODE);
	query_blob(q, 1, r->q.b, OID_BYTES);
	query_text(q, 2, r->kind);
	query_text(q, 3, r->id);
	if (query_row(q) && !query_is_null(q, 0))
		snprintf(r->q_code, sizeof(r->q_code), "%s",
			 query_get_text(q, 0));
	return query_end(q, b->err);
}

/* A failure that says nothing of the record: the server's disk or memory. What
 * goes to quarantine stays there, so this never does. */
static bool is_servers_own(enum rc rc)
{
	return rc == RC_IO || rc == RC_NOMEM || rc == RC_BUSY;
}

/* `field` where the role may write some of such a record, but not this; `role`
 * where it may write none. New ones are for the kind's own writers. */
static const char *denied_code(const struct kind *k, unsigned role, bool is_new)
{
	return (is_new ? k->writers : kind_writers(k)) & role ? "field"
							      : "role";
}

/* May the role write what the record, which its kind allows, changes? */
static enum rc plain_judge(struct batch *b, const struct kind *k,
			   const struct take *t, struct take_record *r,
			   const json_t *before, const json_t *plain,
			   struct err *why)
{
	enum rc rc = kind_check(k, plain, why);

	if (is_servers_own(rc))
		return rc;
	if (rc != RC_OK)
		take_refuse(r, "invalid", why->text);
	err_clear(why);
	rc = kind_may_write(k, role_with_import(t->role, r->is_marked), before,
			    plain, why);
	if (is_servers_own(rc))
		return rc;
	if (rc != RC_OK)
		take_refuse(r, denied_code(k, t->role, !before), why->text);
	err_clear(why);
	if (!r->code &&
	    fsm_check(k, role_with_import(t->role, r->is_history && !before),
		      before, plain, why) != RC_OK)
		take_refuse(r, "state", why->text);
	if (!r->code)
		rc = people_second(b->store, json_text(plain, "scope"), k,
				   t->role, t->commit.author, before, plain,
				   why);
	if (!r->code && rc == RC_OK && t->voice)
		rc = people_second(b->store, json_text(plain, "scope"), k,
				   t->role, t->voice, before, plain, why);
	if (!r->code && is_servers_own(rc))
		return rc;
	if (!r->code && rc != RC_OK)
		take_refuse(r, "role", why->text);
	return RC_OK;
}

/* Everything that one record alone can be refused for. */
enum rc take_judge_record(struct batch *b, const struct batch_scope *bs,
			  const struct take *t, struct take_record *r)
{
	const struct kind *k = registry_kind(b->store->kinds, r->kind);
	const char *scope = json_text(r->terminal, "scope");
	json_t *plain = NULL, *before = NULL;
	struct err why = { 0 };
	enum rc rc;

	if (t->code) {
		take_refuse(r, t->code,
			    "the packet's author may not write here");
		return RC_OK;
	}
	if (r->code)
		return RC_OK;
	if (!k) {
		take_refuse(r, "unknown_kind",
			    "the server does not know this kind");
		return RC_OK;
	}
	if (!scope || strcmp(scope, bs->scope) != 0 ||
	    k->is_catalog != !strcmp(bs->scope, "catalog"))
		take_refuse(r, "scope", "the record belongs to another scope");
	rc = q_judge(b, r);
	if (rc != RC_OK)
		return rc;
	rc = observe_split(b, k, t->role, r);
	if (rc != RC_OK)
		return rc;
	if (r->has_q && r->q_code[0])
		take_refuse(
			r, "after_quarantine",
			"an earlier change of this record is in quarantine");
	rc = record_plain(b->store, k, r->terminal, &plain, &why);
	if (rc == RC_OK)
		rc = record_plain(b->store, k, r->base, &before, &why);
	if (rc == RC_OK)
		rc = plain_judge(b, k, t, r, before, plain, &why);
	else if (!is_servers_own(rc))
		take_refuse(r, "no_key", why.text);
	json_decref(plain);
	json_decref(before);
	return is_servers_own(rc) ? err_set(b->err, rc, "%s", why.text) : RC_OK;
}

/* Does the record refer to a record that is new, refused, and nowhere else? */
static enum rc refers_to_refused(struct batch *b, const struct batch_scope *bs,
				 const struct take *t, struct take_record *r,
				 bool *refers)
{
	const struct kind *k = registry_kind(b->store->kinds, r->kind);

	*refers = false;
	if (!k || k->is_sealed || r->code)
		return RC_OK;
	for (size_t i = 0; i < k->nfields && !*refers; i++) {
		const struct field *f = &k->fields[i];
		const char *id =
			f->refers ? json_text(r->terminal, f->name) : NULL;
		struct query *q;

		if (!id)
			continue;
		for (size_t n = 0; n < t->nrecords; n++)
			if (t->records[n].code && !t->records[n].base &&
			    !strcmp(t->records[n].kind, f->refers) &&
			    !strcmp(t->records[n].id, id))
				*refers = true;
		q = query_begin(b->store->db, SQL_PACKET_REFUSED);
		query_text(q, 1, f->refers);
		query_text(q, 2, id);
		query_text(q, 3, bs->scope);
		query_text(q, 4, t->commit.journal);
		if (query_row(q))
			*refers = true;
		if (query_end(q, b->err) != RC_OK)
			return b->err->code;
		if (*refers) {
			struct head head;
			char *text = NULL;
			size_t len;
			enum rc rc = store_record(b->store, bs->scope,
						  f->refers, id, &text, &len,
						  &head.position, b->err);

			free(text);
			if (rc == RC_OK)
				*refers = false;
			else if (rc != RC_NOT_FOUND)
				return rc;
		}
	}
	return RC_OK;
}

enum rc take_judge(struct batch *b, const struct batch_scope *bs,
		   struct take *t)
{
	bool again = true;
	enum rc rc = RC_OK;

	for (size_t i = 0; i < t->nrecords && rc == RC_OK; i++)
		rc = take_judge_record(b, bs, t, &t->records[i]);
	while (again && rc == RC_OK) {
		again = false;
		for (size_t i = 0; i < t->nrecords && rc == RC_OK; i++) {
			bool refers;

			rc = refers_to_refused(b, bs, t, &t->records[i],
					       &refers);
			if (refers) {
				take_refuse(
					&t->records[i], "refers",
					"it refers to a record in quarantine");
				again = true;
			}
		}
	}
	return rc;
}
