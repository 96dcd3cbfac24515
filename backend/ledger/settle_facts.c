/* ledger/settle_facts.c - what becomes of the facts that credit rests on: one
 * that is taken back is told, and a finding that came after the signature is
 * kept beside the visit. */
#include "ledger/settle.h"

#include <string.h>

#include "base/jcs.h"
#include "form/verdict.h"
#include "ledger/gate.h"

#define REASON_BYTES 600 /* of a reason, in an alarm */

static const char *const gone[] = { "void", "withdrawn", NULL };
static const char *const recorded[] = { "recorded", NULL };
static const char *const found[] = { "open", "corrected", NULL };

/* Did this version of a visit count, as rate_visits counts? */
static bool visit_counted(const json_t *visit)
{
	return visit &&
	       (visit_is_signed(visit) || settle_state_is(visit, recorded)) &&
	       !settle_state_is(visit, gone);
}

/* A finding counts as its visit does; one without a visit by itself. */
static enum rc violation_counted(struct settle *s, const json_t *violation,
				 bool *counted)
{
	const char *id = json_text(violation, "visit");
	json_t *visit = NULL;
	enum rc rc = id ? settle_look(s, "visit", id, &visit) : RC_OK;

	*counted = violation && settle_state_is(violation, found) &&
		   (!id || visit_counted(visit));
	return rc;
}

/* The bytes of `text` that fit, whole characters. */
static int cut(const char *text)
{
	size_t n = strlen(text);

	if (n <= REASON_BYTES)
		return (int)n;
	for (n = REASON_BYTES; n > 0 && (text[n] & 0xC0) == 0x80;)
		n--;
	return (int)n;
}

enum rc settle_withdrawn(struct settle *s, const struct take_record *r,
			 const json_t *record)
{
	const char *reason = json_text(record, "reason");
	bool counted = visit_counted(r->base);
	char *text;
	enum rc rc = RC_OK;

	if (!settle_state_is(record, gone))
		return RC_OK;
	if (strcmp(r->kind, "visit") != 0)
		rc = violation_counted(s, r->base, &counted);
	if (rc != RC_OK || !counted)
		return rc;
	reason = reason ? reason : "";
	text = arena_printf(&s->b->mem,
			    "'%s' made %s '%s' %s, which had counted, with the "
			    "reason '%.*s'",
			    s->t->commit.author, r->kind, r->id,
			    json_text(record, "state"), cut(reason), reason);
	return text ? settle_alarm(s, "fact_withdrawn", "alarm", r->kind,
				   record, text)
		    : settle_no_memory(s);
}

enum rc settle_late(struct settle *s, const struct take_record *r,
		    json_t *violation)
{
	const char *visit = json_text(violation, "visit");
	int64_t sealed, at = 0;
	char *text = NULL, *stored = NULL;
	bool fresh;
	size_t len;
	enum rc rc = RC_OK;

	if (!r->is_new || !visit || s->t->role & ROLE_IMPORT ||
	    !strcmp(s->t->enrolment, "office"))
		return RC_OK;
	rc = visit_signed_at(s->b->store, s->bs->scope, visit, &sealed,
			     s->b->err);
	if (rc == RC_OK)
		rc = store_record(s->b->store, s->bs->scope, r->kind, r->id,
				  &stored, &len, &at, s->b->err);
	free(stored);
	if (rc != RC_OK || at < sealed)
		return rc;
	rc = settle_flag(s, "violation", violation, "left_out", &fresh);
	if (rc != RC_OK || !fresh)
		return rc;
	text = arena_printf(&s->b->mem,
			    "violation '%s' came after visit '%s' was signed: "
			    "it is kept beside it and does not count",
			    r->id, visit);
	return text ? settle_alarm(s, "left_out", "notice", "violation",
				   violation, text)
		    : settle_no_memory(s);
}
