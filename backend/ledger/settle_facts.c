/* ledger/settle_facts.c - what becomes of the facts that credit rests on: one
 * that is taken back is told, and a finding that came after the signature is
 * kept beside the visit. */
#include "ledger/settle.h"

#include <string.h>

#include "base/jcs.h"
#include "form/verdict.h"
#include "kind/fsm.h"
#include "ledger/gate.h"
#include "sql_store.gen.h"

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

/* Is this field of the fact no longer anybody's to change, or one that decides
 * whether it counts? */
static bool is_fixed(const struct fsm *t, int state, const char *field)
{
	bool fixed = strcmp(field, FSM_FLAGS) == 0;

	for (size_t i = 0; i < t->nfrozen && !fixed; i++)
		fixed = (t->frozen[i].with || fsm_in(t->frozen[i].at, state)) &&
			fsm_entry_closes(&t->frozen[i], field);
	return fixed;
}

/* The fields that the packet altered, as words; "" where there is none. */
static void altered_say(struct buf *b, const struct kind *k,
			const struct take_record *r)
{
	int state = fsm_state(k->fsm, r->base);

	for (size_t i = 0; i < k->nfields; i++) {
		const char *name = k->fields[i].name;
		const json_t *was = json_object_get(r->base, name);
		const json_t *now = json_object_get(r->terminal, name);

		if (was == now || (was && now && json_equal(was, now)) ||
		    !is_fixed(k->fsm, state, name))
			continue;
		buf_printf(b, "%s%s", b->len ? ", " : "", name);
	}
}

enum rc settle_altered(struct settle *s, struct take_record *r,
		       const json_t *record)
{
	const struct kind *k = registry_kind(s->b->store->kinds, r->kind);
	bool counted = visit_counted(r->base);
	struct buf fields;
	char *text;
	enum rc rc = RC_OK;

	if (!(s->t->role & ROLE_IMPORT) || !r->base || !k->fsm)
		return RC_OK;
	if (strcmp(r->kind, "visit") != 0)
		rc = violation_counted(s, r->base, &counted);
	if (rc != RC_OK || !counted)
		return rc;
	buf_init(&fields, REASON_BYTES);
	altered_say(&fields, k, r);
	r->altered = fields.len > 0;
	text = arena_printf(&s->b->mem,
			    "'%s' altered %s '%s', which was recorded, by an "
			    "import: %s",
			    s->t->commit.author, r->kind, r->id,
			    fields.data ? fields.data : "");
	buf_release(&fields);
	if (!r->altered)
		return RC_OK;
	return text ? settle_alarm_again(s, "fact_altered", "alarm", r->kind,
					 record, text)
		    : settle_no_memory(s);
}

/* Was the record written when its visit had been signed? *sealed is where. */
static enum rc came_after(struct settle *s, const struct take_record *r,
			  const char *visit, int64_t *sealed, bool *is_late)
{
	char *stored = NULL;
	int64_t at = 0;
	size_t len;
	enum rc rc = visit_signed_at(s->b->store, s->bs->scope, visit, sealed,
				     s->b->err);

	if (rc == RC_OK)
		rc = store_record(s->b->store, s->bs->scope, r->kind, r->id,
				  &stored, &len, &at, s->b->err);
	free(stored);
	*is_late = at >= *sealed;
	return rc;
}

enum rc settle_late(struct settle *s, const struct take_record *r,
		    json_t *violation)
{
	const char *visit = json_text(violation, "visit");
	int64_t sealed;
	bool is_late;
	enum rc rc;

	if (!r->is_new || !visit || s->t->role & ROLE_IMPORT ||
	    !strcmp(s->t->enrolment, "office"))
		return RC_OK;
	rc = came_after(s, r, visit, &sealed, &is_late);
	if (rc != RC_OK || !is_late)
		return rc;
	return settle_remark(
		s, "violation", violation, "left_out", "notice",
		arena_printf(&s->b->mem,
			     "violation '%s' came after visit '%s' was signed: "
			     "it is kept beside it and does not count",
			     r->id, visit));
}

/* -- findings that contradict their visit -- */

/* In what, or NULL. `visit` is signed, or NULL. */
static const char *contradicts(const struct settle *s, const json_t *violation,
			       const json_t *visit)
{
	const char *found_on = json_text(violation, "found_on");

	if (found_on && settle_is_to_come(s, found_on))
		return "was found on a day that was yet to come";
	return visit ? finding_contradicts(violation, visit) : NULL;
}

enum rc settle_contradiction(struct settle *s, json_t *violation)
{
	const char *id = json_text(violation, "visit"), *what;
	json_t *visit = NULL;
	enum rc rc = id ? settle_look(s, "visit", id, &visit) : RC_OK;

	if (rc != RC_OK || (id && !visit_is_signed(visit)))
		return rc;
	what = contradicts(s, violation, visit);
	if (!what)
		return RC_OK;
	return settle_remark(s, "violation", violation, "contradicts", "alarm",
			     arena_printf(&s->b->mem,
					  "violation '%s' of visit '%s' %s: it "
					  "does not count",
					  json_text(violation, "id"),
					  id ? id : "", what));
}

static enum rc finding(struct settle *s, json_t *violation, void *ctx)
{
	(void)ctx;
	return settle_contradiction(s, violation);
}

enum rc settle_findings(struct settle *s, const json_t *visit)
{
	return settle_each(s, SQL_VIOLATIONS_OF_VISIT, json_text(visit, "id"),
			   "violation", finding, NULL);
}

/* -- answers that came after the signature -- */

/* The last version up to that position, or NULL. */
static enum rc version_at(struct settle *s, const char *kind, const char *id,
			  int64_t position, json_t **out)
{
	struct err none = { 0 };
	char *text = NULL;
	size_t len;
	enum rc rc = store_record_at(s->b->store, s->bs->scope, kind, id,
				     position, &text, &len, &none);

	*out = NULL;
	if (rc == RC_NOT_FOUND)
		return RC_OK;
	if (rc != RC_OK)
		return err_set(s->b->err, rc, "%s", none.text);
	rc = json_read(text, len, out, s->b->err);
	free(text);
	return rc;
}

static bool is_left_out(const json_t *answer)
{
	static const char *const state[] = { "left_out", NULL };

	return settle_state_is(answer, state);
}

/* Back to what was signed, or beside it where there was none. */
static enum rc answer_put_back(struct settle *s, json_t *answer, json_t *was)
{
	if (!was)
		return settle_text(s, "answer", answer, "state", "left_out");
	json_object_set(was, "town", json_object_get(answer, "town"));
	if (json_object_clear(answer) != 0 ||
	    json_object_update(answer, was) != 0)
		return settle_no_memory(s);
	return settle_text(s, "answer", answer, "id", json_text(was, "id"));
}

enum rc settle_answer(struct settle *s, const struct take_record *r,
		      json_t *answer)
{
	const char *id = json_text(answer, "visit");
	json_t *visit = NULL, *was = NULL;
	char *text = NULL;
	int64_t sealed;
	bool is_late;
	enum rc rc = id ? settle_look(s, "visit", id, &visit) : RC_OK;

	if (rc != RC_OK || !visit_is_signed(visit) || is_left_out(answer))
		return rc;
	rc = came_after(s, r, id, &sealed, &is_late);
	if (rc != RC_OK || !is_late)
		return rc;
	id = json_text(visit, "id"); /* the answer's own is put back */
	rc = version_at(s, r->kind, r->id, sealed, &was);
	if (rc == RC_OK)
		rc = answer_put_back(s, answer, was);
	if (rc == RC_OK)
		text = arena_printf(&s->b->mem,
				    "'%s' %s answer '%s' after visit '%s' was "
				    "signed: that is kept beside it and does "
				    "not count",
				    s->t->commit.author,
				    was ? "changed" : "gave", r->id, id);
	json_decref(was);
	if (rc != RC_OK)
		return rc;
	return text ? settle_alarm(s, "left_out", "notice", "answer", answer,
				   text)
		    : settle_no_memory(s);
}
