/* ledger/check_receipts.c - what became of a packet: the main commit that took
 * it in, its receipt, the entries that it wrote. */
#include "ledger/check_chain.h"

#include "base/jcs.h"
#include "sql_store.gen.h"

static enum rc main_names(struct chain *ch, const char *body, int64_t number)
{
	const json_t *entry;
	char line[256];
	size_t i;

	snprintf(line, sizeof(line), "\nMerged: %s\n", ch->hex);
	if (!strstr(body, line))
		return check_fault(ch->c, 0, ch->what,
				   "main commit %lld does not merge it",
				   (long long)number);
	json_array_foreach(ch->quarantined, i, entry)
	{
		const char *path = json_string_value(json_array_get(entry, 0));
		const char *code = json_string_value(json_array_get(entry, 1));

		snprintf(line, sizeof(line), "\nQuarantined: %s %s %s\n",
			 ch->hex, path, code);
		if (!strstr(body, line))
			return check_fault(ch->c, 0, ch->what,
					   "main commit %lld does not "
					   "quarantine '%s'",
					   (long long)number, path);
	}
	return RC_OK;
}

/* The paths of a receipt's list as an object, each with its code or true. */
static json_t *paths_of(const json_t *receipt, const char *list)
{
	json_t *paths = json_object(), *entry;
	size_t i;

	json_array_foreach(json_object_get(receipt, list), i, entry)
	{
		const json_t *path =
			json_is_array(entry) ? json_array_get(entry, 0) : entry;

		if (json_is_string(path))
			json_object_set(paths, json_string_value(path),
					json_is_array(entry)
						? json_array_get(entry, 1)
						: json_true());
	}
	return paths;
}

/* Entries that the packet wrote in other words than its own. */
static enum rc merged_fits(struct chain *ch, int64_t number,
			   const json_t *receipt, bool *fits)
{
	struct query *q = query_begin(ch->c->s->db, SQL_CHECK_MERGED_PATHS);
	json_t *said = paths_of(receipt, "merged");
	size_t n = 0;

	query_int(q, 1, number);
	query_text(q, 2, ch->c->at->scope);
	while (query_row(q)) {
		n++;
		*fits = *fits && json_object_get(said, query_get_text(q, 0));
	}
	*fits = *fits && n == json_object_size(said);
	json_decref(said);
	return query_end(q, ch->c->err);
}

static bool quarantined_fits(struct chain *ch, const json_t *receipt)
{
	json_t *said = paths_of(receipt, "quarantined"), *entry;
	bool fits = json_object_size(said) == json_array_size(ch->quarantined);
	size_t i;

	json_array_foreach(ch->quarantined, i, entry)
	{
		const char *path = json_string_value(json_array_get(entry, 0));
		const json_t *code = json_object_get(said, path);

		fits = fits && code &&
		       json_equal(code, json_array_get(entry, 1));
	}
	json_decref(said);
	return fits;
}

struct taken {
	int64_t number, position, time;
	struct oid main;
};

static enum rc receipt_check(struct chain *ch, struct query *packet,
			     const struct taken *t)
{
	char main_hex[OID_HEX_SIZE];
	const char *said, *state, *in;
	struct err why = { 0 };
	json_t *receipt = NULL;
	bool fits;
	enum rc rc;

	if (json_read(query_get_text(packet, 7), query_get_len(packet, 7),
		      &receipt, &why) != RC_OK)
		return check_fault(ch->c, t->position, ch->what,
				   "its receipt cannot be read");
	oid_hex(main_hex, &t->main);
	said = json_text(receipt, "packet");
	state = json_text(receipt, "state");
	in = json_text(receipt, "main");
	fits = said && !strcmp(said, ch->hex) && state &&
	       !strcmp(state, "merged") && in && !strcmp(in, main_hex) &&
	       json_int(receipt, "position", -1) == t->position &&
	       json_int(receipt, "time", -1) == t->time &&
	       quarantined_fits(ch, receipt);
	rc = merged_fits(ch, query_get_int(packet, 0), receipt, &fits);
	json_decref(receipt);
	if (rc != RC_OK || fits)
		return rc;
	return check_fault(ch->c, t->position, ch->what,
			   "its receipt does not say what became of it");
}

enum rc check_taken(struct chain *ch, struct query *packet)
{
	struct query *q = query_begin(ch->c->s->db, SQL_CHECK_MAIN_AT);
	struct taken t = { .number = query_get_int(packet, 6) };
	struct err why = { 0 };
	bool found;
	enum rc rc = RC_OK;

	query_text(q, 1, ch->c->at->scope);
	query_int(q, 2, t.number);
	found = query_row(q) && check_oid(q, 0, &t.main);
	if (found) {
		t.position = query_get_int(q, 1);
		t.time = query_get_int(q, 3);
		rc = main_names(ch, query_get_text(q, 2), t.number);
	}
	if (query_end(q, &why) != RC_OK)
		return check_pass(ch->c, 0, ch->what, &why);
	if (rc != RC_OK)
		return rc;
	if (!found)
		return check_fault(ch->c, 0, ch->what,
				   "main commit %lld, which took it in, is not "
				   "there",
				   (long long)t.number);
	/* A packet is received when the main commit is made that takes it. */
	if (query_get_int(packet, 9) != t.time)
		return check_fault(ch->c, 0, ch->what,
				   "its row has another time of arrival than "
				   "main commit %lld",
				   (long long)t.number);
	return receipt_check(ch, packet, &t);
}

enum rc check_merged(struct check *c)
{
	struct query *q = query_begin(c->s->db, SQL_CHECK_MERGED_FLAG);
	int64_t position = 0;
	bool is_lost = false;
	char what[96];

	query_text(q, 1, c->at->scope);
	if (query_row(q)) {
		position = query_get_int(q, 0);
		snprintf(what, sizeof(what), "%s/%s", query_get_text(q, 1),
			 query_get_text(q, 2));
		is_lost = query_get_int(q, 3);
	}
	if (query_end(q, c->err) != RC_OK)
		return c->err->code;
	if (!position)
		return RC_OK;
	return check_fault(c, position, what,
			   is_lost ? "its packet has no such record"
				   : "'merged' in the log is not what its "
				     "packet gives");
}
