/* ledger/adopt.c - may this author take it out of quarantine, in which order,
 * and how it goes in. */
#include "ledger/adopt.h"

#include <string.h>

#include "base/jcs.h"
#include "ledger/people.h"
#include "sql_store.gen.h"

/* -- may it be adopted, by this author -- */

static bool is_text(const json_t *o, const char *field, const char *text)
{
	const char *is = json_text(o, field);

	return is && !strcmp(is, text);
}

/* Says nothing, or what is so. */
static bool says_otherwise(const json_t *o, const char *field, const char *text)
{
	return json_text(o, field) && !is_text(o, field, text);
}

static enum rc own_judge(struct batch *b, const struct take *t,
			 const struct adoptable *a, struct err *why)
{
	struct people p;
	enum rc rc =
		people_behind(b->store, a->scope, t->commit.author, &p, b->err);

	if (rc == RC_OK && people_has(&p, a->author))
		err_set(why, RC_DENIED,
			"'%s' wrote it: somebody else adopts it, or it is "
			"entered anew",
			a->author);
	return rc;
}

/* Its words, held against what lies there. */
static void words_judge(const json_t *o, const struct adoptable *a,
			const char *scope, struct err *why)
{
	char id[33];

	adoption_id(id, json_text(o, "packet"), json_text(o, "record_kind"),
		    json_text(o, "record_id"));
	if (strcmp(a->scope, scope) != 0)
		err_set(why, RC_DENIED, "it is in quarantine of scope %s",
			a->scope);
	else if (!is_text(o, "id", id))
		err_set(why, RC_INVALID, "its id has to be '%s'", id);
	else if (!is_text(o, "sha256", a->sha256))
		err_set(why, RC_INVALID,
			"its sha256 is not that of the record: look at what "
			"you adopt");
	else if (!json_text(o, "decided_by"))
		err_set(why, RC_INVALID,
			"'decided_by' is missing: who adopts it says who he "
			"is");
	else if (says_otherwise(o, "author", a->author) ||
		 says_otherwise(o, "code", a->code))
		err_set(why, RC_INVALID,
			"it names another author or code than '%s' and '%s'",
			a->author, a->code);
}

/* The first record that it refers to which is not on the main line: its id, or
 * NULL. Borrowed from the record. */
static enum rc absent_find(struct batch *b, const struct adoptable *a,
			   const struct kind *k, size_t *from, const char **out)
{
	enum rc rc = RC_OK;

	*out = NULL;
	for (; rc == RC_OK && !*out && !k->is_sealed && *from < k->nfields;
	     ++*from) {
		const struct field *f = &k->fields[*from];
		const char *id =
			f->refers ? json_text(a->record, f->name) : NULL;
		json_t *there = NULL;

		if (id)
			rc = store_look(b->store, a->scope, f->refers, id,
					&there, b->err);
		if (id && !there)
			*out = id;
		json_decref(there);
	}
	return rc;
}

/* What it refers to is not itself in quarantine. */
static enum rc refers_judge(struct batch *b, const struct kind *k,
			    const struct adoptable *a, struct err *why)
{
	const char *id = NULL;
	size_t at = 0;
	enum rc rc = absent_find(b, a, k, &at, &id);

	while (rc == RC_OK && id) {
		struct query *q = query_begin(b->store->db, SQL_ADOPT_REFUSED);
		const char *kind = k->fields[at - 1].refers;

		query_text(q, 1, kind);
		query_text(q, 2, id);
		query_text(q, 3, a->scope);
		if (query_row(q))
			err_set(why, RC_DENIED,
				"it refers to %s '%s', which is in quarantine: "
				"adopt that first",
				kind, id);
		rc = query_end(q, b->err);
		if (rc == RC_OK)
			rc = absent_find(b, a, k, &at, &id);
	}
	return rc;
}

/* As if the adopter had sent it, in the name of who wrote it. */
static enum rc rights_judge(struct batch *b, const struct take *t,
			    const json_t *o, const struct adoptable *a,
			    const char **code, struct err *why)
{
	struct take as = *t;
	struct take_record r = { .kind = json_text(o, "record_kind"),
				 .id = json_text(o, "record_id"),
				 .terminal = json_incref(a->record),
				 .base = json_incref(a->base) };
	struct batch_scope *bs;
	enum rc rc = batch_scope(b, a->scope, &bs);

	as.records = &r;
	as.nrecords = 1;
	as.voice = a->author;
	if (rc == RC_OK)
		rc = take_would(b, bs, &as, &r, true);
	if (rc == RC_OK && r.code) {
		*code = r.code;
		err_set(why, RC_DENIED, "%s", r.why[0] ? r.why : r.code);
	}
	json_decref(r.terminal);
	json_decref(r.base);
	json_decref(r.found);
	json_decref(r.seen);
	return rc;
}

static enum rc found_judge(struct batch *b, const struct take *t,
			   const json_t *o, const struct adoptable *a,
			   const char **code, struct err *why)
{
	const struct kind *k =
		registry_kind(b->store->kinds, json_text(o, "record_kind"));
	bool adopts = is_text(o, "state", "adopted");
	enum rc rc = RC_OK;

	words_judge(o, a, json_text(o, "scope"), why);
	if (!why->code && !adopts) {
		if (!json_text(o, "reason"))
			err_set(why, RC_INVALID,
				"who rejects it says why: 'reason' is missing");
		return RC_OK;
	}
	if (!why->code && a->base_is_lost)
		err_set(why, RC_DENIED,
			"what its author saw was lost with the server's data: "
			"it has to be entered anew");
	if (!why->code && a->after[0])
		err_set(why, RC_DENIED,
			"it builds on the change in packet %s, which is in "
			"quarantine: adopt that first",
			a->after);
	if (!why->code)
		rc = own_judge(b, t, a, why);
	if (rc == RC_OK && !why->code && k)
		rc = refers_judge(b, k, a, why);
	return rc == RC_OK && !why->code ? rights_judge(b, t, o, a, code, why)
					 : rc;
}

enum rc adopt_judge(struct batch *b, const struct take *t,
		    const json_t *adoption, const json_t *server,
		    const char **code, struct err *why)
{
	struct err none = { 0 };
	struct adoptable a;
	enum rc rc;

	if (server) {
		if (!json_equal(adoption, server))
			err_set(why, RC_CONFLICT, "'%s' has %s it already",
				json_text(server, "decided_by")
					? json_text(server, "decided_by")
					: "somebody",
				json_text(server, "state"));
		if (why->code)
			*code = "adopts";
		return RC_OK;
	}
	rc = adopt_find(b->store, json_text(adoption, "packet"),
			json_text(adoption, "record_kind"),
			json_text(adoption, "record_id"), &a, &none);
	if (rc == RC_NOT_FOUND) {
		*code = "adopts";
		err_set(why, rc, "%s", none.text);
		return RC_OK;
	}
	if (rc != RC_OK)
		return err_set(b->err, rc, "%s", none.text);
	rc = found_judge(b, t, adoption, &a, code, why);
	if (rc == RC_OK && why->code && !*code)
		*code = "adopts";
	adopt_release(&a);
	return rc;
}

/* -- what is adopted goes in -- */

static enum rc adopted_write(struct batch *b, struct batch_scope *bs,
			     const struct take *t, const json_t *o,
			     const struct adoptable *a)
{
	const struct kind *k =
		registry_kind(b->store->kinds, json_text(o, "record_kind"));
	struct account adopter = { .roles = t->role, .scopes = "*" };
	struct op op = { .store = b->store,
			 .actor = &adopter,
			 .now_ms = b->now_ms,
			 .err = b->err };
	struct office_record record = { .kind = json_text(o, "record_kind"),
					.id = json_text(o, "record_id") };
	json_t *after = NULL, *before = NULL;
	char message[100];
	struct office_write w = { .scope = bs->scope,
				  .operation = "adopt",
				  .message = message,
				  .records = &record,
				  .n = 1,
				  .voice = a->author };
	enum rc rc;

	snprintf(adopter.name, sizeof(adopter.name), "%s", t->commit.author);
	snprintf(message, sizeof(message), "adopted from packet %.40s of %s",
		 json_text(o, "packet"), a->author);
	if (!k)
		return RC_OK;
	rc = record_plain(b->store, k, a->record, &after, b->err);
	if (rc == RC_OK)
		rc = record_plain(b->store, k, a->base, &before, b->err);
	record.record = after;
	record.base = before;
	if (rc == RC_OK)
		rc = office_in_batch(b, &op, &w);
	json_decref(after);
	json_decref(before);
	return rc;
}

enum rc adopt_write(struct batch *b, struct batch_scope *bs,
		    const struct take *t, const struct take_record *r)
{
	const json_t *o = r->terminal;
	struct adoptable a;
	enum rc rc;

	if (!r->changed || !is_text(o, "state", "adopted"))
		return RC_OK;
	rc = adopt_find(b->store, json_text(o, "packet"),
			json_text(o, "record_kind"), json_text(o, "record_id"),
			&a, b->err);
	if (rc != RC_OK)
		return rc;
	rc = adopted_write(b, bs, t, o, &a);
	adopt_release(&a);
	return rc;
}

/* -- the order in which a packet's adoptions are taken -- */

/* Does the packet adopt this record (of that packet, unless NULL), and has not
 * yet? */
static bool is_to_come(const struct take *t, const bool *taken,
		       const char *kind, const char *id, const char *packet)
{
	for (size_t i = 0; i < t->nrecords; i++) {
		const json_t *o = t->records[i].terminal;

		if (!taken[i] && !t->records[i].code &&
		    !strcmp(t->records[i].kind, ADOPTION) &&
		    is_text(o, "state", "adopted") &&
		    is_text(o, "record_kind", kind) &&
		    is_text(o, "record_id", id) &&
		    (!packet || is_text(o, "packet", packet)))
			return true;
	}
	return false;
}

enum rc adopt_waits(struct batch *b, const struct take *t, const bool *taken,
		    const struct take_record *r, bool *waits)
{
	const char *kind = json_text(r->terminal, "record_kind");
	const char *on = json_text(r->terminal, "record_id"), *id = NULL;
	const char *packet = json_text(r->terminal, "packet");
	const struct kind *k =
		kind ? registry_kind(b->store->kinds, kind) : NULL;
	struct err none = { 0 };
	struct adoptable a;
	size_t at = 0;
	enum rc rc;

	*waits = false;
	if (r->code || !k || !on || !packet)
		return RC_OK;
	rc = adopt_find(b->store, packet, kind, on, &a, &none);
	if (rc == RC_NOT_FOUND)
		return RC_OK;
	if (rc != RC_OK)
		return err_set(b->err, rc, "%s", none.text);
	*waits = a.after[0] && is_to_come(t, taken, kind, on, a.after);
	do {
		rc = absent_find(b, &a, k, &at, &id);
		if (rc == RC_OK && id &&
		    is_to_come(t, taken, k->fields[at - 1].refers, id, NULL))
			*waits = true;
	} while (rc == RC_OK && id && !*waits);
	adopt_release(&a);
	return rc;
}
