/* ledger/quarantine.c - single records of packets, with the code of their
 * receipt, and packets that are kept outside their journal. */
#include "ledger/quarantine.h"

#include <string.h>

#include "sql_store.gen.h"

const char *quarantine_reason(const char *code)
{
	static const struct {
		const char *code, *reason;
	} reasons[] = {
		{ "author", "the author is not who the enrolment says" },
		{ "revoked", "the terminal had been revoked" },
		{ "role", "the author's role may not write this kind, or not "
			  "make such a record" },
		{ "field", "a field was changed that the author's role may "
			   "not write, or that is set once" },
		{ "scope", "the record belongs to another scope" },
		{ "invalid", "a value breaks the kind's rules" },
		{ "state", "the kind's table of states has no such move, or "
			   "the record no longer changes" },
		{ "unknown_kind", "the server does not know this kind" },
		{ "no_key", "the key of the sealed record is not there" },
		{ "id_taken", "another record has this id" },
		{ "missing", "it changes a record that its base does not "
			     "have" },
		{ "after_quarantine", "an earlier change of this record is "
				      "in quarantine" },
		{ "refers", "it refers to a new record that is in "
			    "quarantine" },
		{ "owner", "the record is another's: only its author "
			   "changes it" },
		{ "twin", "another record has the same values where no "
			  "two may" },
		{ "disputed", "officers disagree on a point of the visit "
			      "that was to be signed" },
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (!strcmp(code, reasons[i].code))
			return reasons[i].reason;
	return "";
}

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
		query_is_null(q, 7) ? quarantine_reason(code) : text_of(q, 7),
		"time", (json_int_t)query_get_int(q, 8));
}

enum rc quarantine_list(struct op *op, const char *scope, int64_t from,
			int64_t most, json_t **out)
{
	struct query *q = query_begin(op->store->db, SQL_CLI_QUARANTINE);

	*out = json_array();
	query_text(q, 1, scope);
	query_int(q, 2, most);
	query_int(q, 3, from);
	while (query_row(q))
		if (account_may(op->actor, ~0u, query_get_text(q, 0)))
			json_array_append_new(*out, row_json(q));
	return query_end(q, op->err);
}
