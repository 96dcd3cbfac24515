/* ledger/quarantine.c - single records of packets, with the code of their
 * receipt, and packets that are kept outside their journal. */
#include "ledger/quarantine.h"

#include <string.h>

#include "base/jcs.h"
#include "kind/refusal.h"
#include "ledger/adopt.h"
#include "sql_store.gen.h"

static const char *text_of(struct query *q, int col)
{
	const char *text = query_get_text(q, col);

	return text ? text : "";
}

/* The row that stands in SQL_CLI_QUARANTINE; a packet as a whole has no
 * record. */
static json_t *row_json(struct query *q)
{
	const char *code = text_of(q, 6);
	char hex[OID_HEX_SIZE];
	struct oid oid = { 0 };
	size_t n;
	const void *p = query_get_blob(q, 1, &n);

	if (p && n == OID_BYTES)
		memcpy(oid.b, p, OID_BYTES);
	oid_hex(hex, &oid);
	return json_pack(
		"{s:s, s:s, s:s?, s:s?, s:s, s:s, s:s, s:s, s:I}", "scope",
		text_of(q, 0), "packet", hex, "kind", query_get_text(q, 2),
		"id", query_get_text(q, 3), "author", text_of(q, 4), "terminal",
		text_of(q, 5), "code", code, "reason",
		query_is_null(q, 7) ? refusal_says(code, false) : text_of(q, 7),
		"time", (json_int_t)query_get_int(q, 8));
}

/* What somebody said of it since. */
static enum rc state_add(struct op *op, json_t *row)
{
	const char *kind = json_text(row, "kind");
	json_t *said = NULL;
	char id[33];
	enum rc rc = RC_OK;

	if (kind) {
		adoption_id(id, json_text(row, "packet"), kind,
			    json_text(row, "id"));
		json_object_set_new(row, "entry", json_string(id));
		if (registry_kind(op->store->kinds, ADOPTION))
			rc = store_look(op->store, json_text(row, "scope"),
					ADOPTION, id, &said, op->err);
	}
	json_object_set_new(
		row, "state",
		json_string(said ? json_text(said, "state") : "open"));
	if (json_text(said, "decided_by"))
		json_object_set(row, "decided_by",
				json_object_get(said, "decided_by"));
	if (json_text(said, "reason"))
		json_object_set(row, "decision",
				json_object_get(said, "reason"));
	json_decref(said);
	return rc;
}

enum rc quarantine_list(struct op *op, const char *scope, int64_t from,
			int64_t most, json_t **out)
{
	struct query *q = query_begin(op->store->db, SQL_CLI_QUARANTINE);
	json_t *row;
	size_t i;
	enum rc rc;

	*out = json_array();
	query_text(q, 1, scope);
	query_int(q, 2, most);
	query_int(q, 3, from);
	while (query_row(q))
		if (account_may(op->actor, ~0u, query_get_text(q, 0)))
			json_array_append_new(*out, row_json(q));
	rc = query_end(q, op->err);
	json_array_foreach(*out, i, row)
	{
		if (rc == RC_OK)
			rc = state_add(op, row);
	}
	return rc;
}

/* Later changes of the record that wait for this one. */
static enum rc followers_add(struct op *op, const char *packet,
			     const char *kind, const char *id, json_t *entry)
{
	struct query *q = query_begin(op->store->db, SQL_ADOPT_FOLLOWERS);
	json_t *list = json_array();
	struct oid oid;
	size_t n;

	if (oid_parse(&oid, packet, strlen(packet)))
		query_blob(q, 1, oid.b, OID_BYTES);
	query_text(q, 2, kind);
	query_text(q, 3, id);
	while (query_row(q)) {
		char hex[OID_HEX_SIZE];

		memcpy(oid.b, query_get_blob(q, 0, &n), OID_BYTES);
		oid_hex(hex, &oid);
		json_array_append_new(list, json_string(hex));
	}
	json_object_set_new(entry, "followed_by", list);
	return query_end(q, op->err);
}

/* The record and its base, unsealed where its key is there; as they are
 * stored, and of its id and place alone, where it is not. */
static json_t *side_json(struct op *op, const char *kind, const json_t *stored)
{
	const struct kind *k = registry_kind(op->store->kinds, kind);
	struct err ignored = { 0 };
	json_t *plain = NULL;

	if (!stored)
		return json_null();
	if (k && record_plain(op->store, k, stored, &plain, &ignored) == RC_OK)
		return plain;
	json_decref(plain);
	return json_deep_copy(stored);
}

enum rc quarantine_entry(struct op *op, const char *packet, const char *kind,
			 const char *id, json_t **out)
{
	const struct kind *k = registry_kind(op->store->kinds, kind);
	struct adoptable a;
	enum rc rc = adopt_find(op->store, packet, kind, id, &a, op->err);

	*out = NULL;
	if (rc != RC_OK)
		return rc;
	if (!account_may(op->actor, k ? k->readers : ~0u, a.scope)) {
		adopt_release(&a);
		return err_set(op->err, RC_NOT_FOUND,
			       "%s '%s' of packet '%.40s' is not in quarantine",
			       kind, id, packet);
	}
	*out = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s, "
			 "s:o, s:o}",
			 "scope", a.scope, "packet", packet, "kind", kind, "id",
			 id, "author", a.author, "terminal", a.terminal, "code",
			 a.code, "reason", refusal_says(a.code, false), "time",
			 (json_int_t)a.received_ms, "sha256", a.sha256,
			 "record", side_json(op, kind, a.record), "base",
			 side_json(op, kind, a.base));
	if (*out && a.after[0])
		json_object_set_new(*out, "after", json_string(a.after));
	rc = *out ? state_add(op, *out)
		  : err_set(op->err, RC_NOMEM, "out of memory");
	if (rc == RC_OK)
		rc = followers_add(op, packet, kind, id, *out);
	adopt_release(&a);
	return rc;
}

enum rc quarantine_close(struct op *op, const char *packet, const char *kind,
			 const char *id, bool adopts, const char *reason)
{
	json_t *entry = NULL, *record;
	struct office_record o = { .kind = ADOPTION };
	char detail[200];
	struct office_write w = { .operation = adopts ? "adopt" : "reject",
				  .message = adopts ? "adopt from quarantine"
						    : "reject in quarantine",
				  .records = &o,
				  .n = 1,
				  .about_kind = kind,
				  .about_id = id,
				  .detail = detail };
	enum rc rc = quarantine_entry(op, packet, kind, id, &entry);

	if (rc != RC_OK)
		return rc;
	if (!account_may(op->actor, ROLE_COORDINATOR | ROLE_ADMINISTRATOR,
			 json_text(entry, "scope"))) {
		json_decref(entry);
		return err_set(op->err, RC_DENIED,
			       "account '%s' may not say what becomes of "
			       "quarantine: a coordinator or administrator "
			       "does",
			       op->actor->name);
	}
	record = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "packet",
			   packet, "record_kind", kind, "record_id", id,
			   "sha256", json_text(entry, "sha256"), "author",
			   json_text(entry, "author"), "code",
			   json_text(entry, "code"), "state",
			   adopts ? "adopted" : "rejected");
	if (record && reason)
		json_object_set_new(record, "reason", json_string(reason));
	o.id = json_text(entry, "entry");
	o.record = record;
	w.scope = json_text(entry, "scope");
	snprintf(detail, sizeof(detail), "packet=%.40s author=%.33s code=%.23s",
		 packet, json_text(entry, "author"), json_text(entry, "code"));
	if (strcmp(json_text(entry, "state"), "open") != 0)
		rc = err_set(op->err, RC_CONFLICT, "%s '%s' was %s by '%s'",
			     kind, id, json_text(entry, "state"),
			     json_text(entry, "decided_by"));
	if (rc == RC_OK)
		rc = record ? ledger_office(op, &w)
			    : err_set(op->err, RC_NOMEM, "out of memory");
	if (rc == RC_OK && o.outcome == OFFICE_REFUSED)
		rc = err_set(op->err, RC_DENIED, "%s '%s': %s", kind, id,
			     o.why);
	json_decref(record);
	json_decref(entry);
	return rc;
}
