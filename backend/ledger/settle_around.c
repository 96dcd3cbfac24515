/* ledger/settle_around.c - a subject that was taken out of who is asked for
 * before a draw was committed, and is put back after it: by what it is, or by
 * an exemption that one account gave and took back. The log knows how it stood
 * when the draw was committed. */
#include "ledger/settle.h"

#include <string.h>

#include "base/date.h"
#include "base/jcs.h"
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

/* -- an exemption that was given and taken back around a commitment -- */

static bool is_ended(const json_t *exemption)
{
	static const char *const ended[] = { "ended", NULL };

	return settle_state_is(exemption, ended);
}

static bool holds_on(const json_t *exemption, const char *day)
{
	const char *from = json_text(exemption, "valid_from");
	const char *to = json_text(exemption, "valid_to");

	return !is_ended(exemption) && to && strcmp(to, day) >= 0 &&
	       (!from || strcmp(from, day) <= 0);
}

/* Does it leave out less than it did? */
static bool is_taken_back(const json_t *was, const json_t *now)
{
	const char *from = json_text(now, "valid_from");
	const char *before = json_text(was, "valid_from");
	const char *to = json_text(now, "valid_to");
	const char *until = json_text(was, "valid_to");

	return !is_ended(was) &&
	       (is_ended(now) || !settle_same_text(was, now, "subject") ||
		!settle_same_text(was, now, "item") ||
		(to && until && strcmp(to, until) < 0) ||
		(from && (!before || strcmp(from, before) > 0)));
}

/* The draw at whose commitment it held, and since when `author` had given it
 * at most AROUND_DAYS before; `draw` is empty where there is none. */
static enum rc draw_of_exemption(struct settle *s, const char *id,
				 const char *author, char draw[33])
{
	struct query *q = query_begin(s->b->store->db, SQL_EXEMPTION_AROUND);

	draw[0] = '\0';
	query_text(q, 1, s->bs->scope);
	query_text(q, 2, id);
	query_text(q, 3, author);
	query_int(q, 4, s->b->now_ms - AROUND_DAYS * DAY_MS);
	query_int(q, 5, AROUND_DAYS * DAY_MS);
	while (!draw[0] && query_row(q)) {
		json_t *version = json_loadb(query_get_text(q, 2),
					     query_get_len(q, 2), 0, NULL);
		char day[11];

		date_format(day, query_get_int(q, 1) / DAY_MS);
		if (version && holds_on(version, day))
			snprintf(draw, 33, "%s", query_get_text(q, 0));
		json_decref(version);
	}
	return query_end(q, s->b->err);
}

enum rc settle_exemption(struct settle *s, const struct take_record *r,
			 const json_t *exemption)
{
	const char *author = s->t->commit.author;
	const char *id = json_text(exemption, "subject");
	json_t *subject = NULL;
	char draw[33], text[300];
	enum rc rc;

	if (!r->base || !is_taken_back(r->base, exemption))
		return RC_OK;
	rc = draw_of_exemption(s, r->id, author, draw);
	if (rc == RC_OK && draw[0] && id)
		rc = settle_look(s, "subject", id, &subject);
	if (rc != RC_OK || !draw[0])
		return rc;
	snprintf(text, sizeof(text),
		 "'%.64s' took back exemption '%s' of subject '%s', which the "
		 "same account gave before draw '%s' was committed",
		 author, r->id, id ? id : "", draw);
	return settle_alarm_again(s, "put_back", "alarm",
				  subject ? "subject" : "exemption",
				  subject ? subject : exemption, text);
}
