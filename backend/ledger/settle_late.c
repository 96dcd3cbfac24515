/* ledger/settle_late.c - what was not known where it was written: a subject
 * that had moved away, a complaint that another took up as well, an amendment
 * of what had been reviewed. */
#include "ledger/settle.h"

#include <string.h>

#include "base/jcs.h"
#include "form/verdict.h"
#include "sql_store.gen.h"

static const char *const moved[] = { "moved", NULL };
static const char *const approved[] = { "approved", NULL };
static const char *const published[] = { "published", "corrected", NULL };

enum rc settle_jurisdiction(struct settle *s, json_t *visit)
{
	const char *id = json_text(visit, "subject");
	int64_t began = json_int(visit, "started_at", 0);
	json_t *subject = NULL;
	struct turn turn;
	enum rc rc = id ? settle_look(s, "subject", id, &subject) : RC_OK;

	if (rc != RC_OK || !subject || !settle_state_is(subject, moved))
		return rc;
	rc = settle_turn(s, "subject", id, "moved", &turn);
	if (!began)
		began = json_int(visit, "code_shown_at", INT64_MAX);
	/* One that had begun stays where it began. */
	if (rc != RC_OK || began <= turn.by.received_ms)
		return rc;
	return settle_remark(
		s, "visit", visit, "jurisdiction", "alarm",
		arena_printf(&s->b->mem,
			     "subject '%s' had moved away before visit '%s' "
			     "began: what was found is valid, hand it over to "
			     "the district where the subject is now",
			     id, json_text(visit, "id")));
}

/* An amendment is of what the reviewer had not seen. */
enum rc settle_amended(struct settle *s, const struct take_record *r,
		       const json_t *amendment)
{
	const char *id = json_text(amendment, "visit");
	json_t *visit = NULL;
	bool reopens;
	char *text;
	enum rc rc = RC_OK;

	if (!r->is_new || !id)
		return RC_OK;
	rc = settle_look(s, "visit", id, &visit);
	if (rc != RC_OK || !visit)
		return rc;
	reopens = settle_state_is(visit, approved);
	if (!reopens && !settle_state_is(visit, published))
		return RC_OK;
	text = arena_printf(&s->b->mem,
			    "visit '%s' was %s and is amended by '%s': %s", id,
			    json_text(visit, "state"), r->id,
			    reopens ? "review it again"
				    : "what is published stays until somebody "
				      "corrects or withdraws it");
	if (!text)
		return settle_no_memory(s);
	if (reopens)
		rc = settle_text(s, "visit", visit, "state", "resubmitted");
	return rc == RC_OK ? settle_alarm_again(s, "amended_after_review",
						"notice", "visit", visit, text)
			   : rc;
}
