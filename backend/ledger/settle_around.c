/* ledger/settle_around.c - a subject that was taken out of who is asked for
 * before a draw was committed, and is put back after it. The log knows how it
 * stood when the draw was committed. */
#include "ledger/settle.h"

#include "sql_store.gen.h"

#define DAY_MS INT64_C(86400000)
#define AROUND_DAYS 90

/* What makes a subject one that a draw asks for. */
static bool stands_alike(const json_t *a, const json_t *b)
{
	static const char *const asks[] = { "state", "industry", "town" };

	for (size_t i = 0; i < sizeof(asks) / sizeof(*asks); i++)
		if (!settle_same_text(a, b, asks[i]))
			return false;
	return true;
}

/* Did it stand as it does now before the commitment at `position`, and
 * otherwise at it? */
static enum rc was_dodged(struct settle *s, const json_t *now, const char *id,
			  int64_t position, bool *is)
{
	struct query *q = query_begin(s->b->store->db, SQL_SUBJECT_BEFORE);
	bool at_commitment = true;

	*is = false;
	query_text(q, 1, s->bs->scope);
	query_text(q, 2, id);
	query_int(q, 3, position);
	while (!*is && query_row(q)) {
		json_t *version = json_loadb(query_get_text(q, 0),
					     query_get_len(q, 0), 0, NULL);
		bool alike = version && stands_alike(version, now);

		json_decref(version);
		if (at_commitment && alike)
			break; /* it stood so when the frame was made */
		*is = alike;
		at_commitment = false;
	}
	return query_end(q, s->b->err);
}

enum rc settle_around(struct settle *s, const struct take_record *r)
{
	json_t *record = NULL;
	struct query *q;
	char draw[33] = "", text[300];
	bool is = false;
	enum rc rc;

	if (!r->base)
		return RC_OK;
	rc = settle_look(s, "subject", r->id, &record);
	if (rc != RC_OK || !record || stands_alike(r->base, record))
		return rc;
	q = query_begin(s->b->store->db, SQL_DRAWS_AROUND);
	query_text(q, 1, s->bs->scope);
	query_int(q, 2, s->b->now_ms - AROUND_DAYS * DAY_MS);
	while (rc == RC_OK && !is && query_row(q)) {
		snprintf(draw, sizeof(draw), "%s", query_get_text(q, 0));
		rc = was_dodged(s, record, r->id, query_get_int(q, 1), &is);
	}
	if (query_end(q, s->b->err) != RC_OK)
		rc = s->b->err->code;
	if (rc != RC_OK || !is)
		return rc;
	snprintf(text, sizeof(text),
		 "'%.64s' put subject '%s' back as it was before draw '%s' was "
		 "committed: it stood otherwise in between",
		 s->t->commit.author, r->id, draw);
	return settle_alarm_again(s, "put_back", "alarm", "subject", record,
				  text);
}
