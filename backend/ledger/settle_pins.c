/* ledger/settle_pins.c - what a signed visit names, against what there is: the
 * item of its order, a form that is for that item and was in force, versions
 * that stood once, and the result that its own answers and violations give.
 *
 * As in settle_match.c: it stays as it was signed, bears a flag, raises an
 * alarm and is not published unless somebody ratifies it. */
#include "ledger/settle.h"

#include <string.h>

#include "base/jcs.h"
#include "base/words.h"
#include "form/verdict.h"
#include "kind/codes.h"
#include "ledger/gate.h"
#include "sql_store.gen.h"

#define CATALOG "catalog"

/* -- the item: the order's, where the visit names none -- */

static enum rc item_match(struct settle *s, json_t *visit, const char **item)
{
	const char *id = json_text(visit, "assignment"), *ordered;
	json_t *a = NULL;
	enum rc rc = id ? settle_look(s, "assignment", id, &a) : RC_OK;

	*item = json_text(visit, "item");
	ordered = json_text(a, "item");
	if (rc != RC_OK || !ordered)
		return rc;
	if (!*item)
		*item = ordered;
	if (!strcmp(*item, ordered))
		return RC_OK;
	return settle_visit_alarm(
		s, "other_item", visit,
		arena_printf(&s->b->mem,
			     "visit '%s' is of item '%s', and assignment "
			     "'%s' that it names is of item '%s'",
			     json_text(visit, "id"), *item, id, ordered));
}

/* -- the form -- */

/* Why the form is not one for this item on this day, as a predicate, or NULL.
 * A form without items is for any; one that was withdrawn since is the
 * verdict's to tell. */
static const char *form_refused(const json_t *form, const char *item,
				const char *day)
{
	static const char *const drafts[] = { "draft", NULL };
	const json_t *items = json_object_get(form, "items");
	const char *from = json_text(form, "valid_from");

	if (!form)
		return "is not known";
	if (settle_state_is(form, drafts))
		return "is a draft";
	if (from && *day && strcmp(day, from) < 0)
		return "was not in force yet";
	if (item && json_array_size(items) && !json_has_text(items, item))
		return "is not for its item";
	return NULL;
}

/* Was there a form for the item on that day? */
static enum rc form_lacks(struct settle *s, json_t *visit, const char *item,
			  const char *day)
{
	const struct kind *k = registry_kind(s->b->store->kinds, "form");
	struct query *q;
	char form[33] = "";
	enum rc rc;

	/* An older catalog does not say what a form is for. */
	if (!k || !kind_field(k, "items"))
		return RC_OK;
	q = query_begin(s->b->store->db, SQL_FORM_OF_ITEM);
	query_text(q, 1, item);
	query_text(q, 2, day);
	if (query_row(q))
		snprintf(form, sizeof(form), "%s", query_get_text(q, 0));
	rc = query_end(q, s->b->err);
	if (rc != RC_OK || !form[0])
		return rc;
	return settle_visit_alarm(
		s, "no_form", visit,
		arena_printf(&s->b->mem,
			     "visit '%s' was signed without a checklist, "
			     "and '%s' is there for its item",
			     json_text(visit, "id"), form));
}

static enum rc form_match(struct settle *s, json_t *visit, const char *item)
{
	const char *id = json_text(visit, "form"), *why;
	json_t *form = NULL;
	char day[11];
	enum rc rc;

	visit_day(day, visit);
	if (!id)
		return item ? form_lacks(s, visit, item, day) : RC_OK;
	rc = store_look(s->b->store, CATALOG, "form", id, &form, s->b->err);
	if (rc != RC_OK)
		return rc;
	why = form_refused(form, item, day);
	json_decref(form);
	return why ? settle_visit_alarm(
			     s, "other_form", visit,
			     arena_printf(
				     &s->b->mem,
				     "visit '%s' was signed with form '%s', "
				     "which %s",
				     json_text(visit, "id"), id, why))
		   : RC_OK;
}

/* -- versions -- */

static enum rc version_was(struct settle *s, const char *scope,
			   const char *kind, const char *id,
			   const char *version, bool *was)
{
	struct query *q = query_begin(s->b->store->db, SQL_RECORD_VERSIONS);
	enum rc rc = RC_OK;

	*was = false;
	query_text(q, 1, scope);
	query_text(q, 2, kind);
	query_text(q, 3, id);
	while (rc == RC_OK && !*was && query_row(q)) {
		char hex[OID_HEX_SIZE];
		struct oid oid;

		rc = oid_of(&oid, OBJECT_BLOB, query_get_text(q, 0),
			    query_get_len(q, 0), s->b->err);
		oid_hex(hex, &oid);
		*was = !strcmp(hex, version);
	}
	return query_end(q, s->b->err) == RC_OK ? rc : s->b->err->code;
}

static enum rc version_match(struct settle *s, json_t *visit, const char *scope,
			     const char *kind, const char *id,
			     const char *field)
{
	const char *version = json_text(visit, field);
	bool was = true;
	enum rc rc = RC_OK;

	if (version)
		was = false;
	if (version && id)
		rc = version_was(s, scope, kind, id, version, &was);
	if (rc != RC_OK || was)
		return rc;
	return settle_visit_alarm(
		s, "other_version", visit,
		arena_printf(&s->b->mem,
			     "visit '%s' names version '%s' in '%s', and "
			     "its %s never had it",
			     json_text(visit, "id"), version, field, kind));
}

/* -- the result -- */

static bool counts(const json_t *violation)
{
	static const char *const gone[] = { "void", NULL };

	return !settle_state_is(violation, gone);
}

static enum rc violation_add(struct settle *s, json_t *violation, void *ctx)
{
	size_t *n = ctx;

	(void)s;
	*n += counts(violation);
	return RC_OK;
}

static enum rc result_match(struct settle *s, json_t *visit,
			    const json_t *verdict)
{
	const struct field *f = kind_field(
		registry_kind(s->b->store->kinds, "visit"), "result_codes");
	const char *code = f ? codes_clean(f, visit) : NULL, *why;
	size_t violations = 0;
	enum rc rc;

	if (!code)
		return RC_OK;
	rc = settle_each(s, SQL_VIOLATIONS_OF_VISIT, json_text(visit, "id"),
			 "violation", violation_add, &violations);
	why = verdict_denies_clean(verdict, violations, true);
	if (rc != RC_OK || !why)
		return rc;
	return settle_visit_alarm(
		s, "result_contradicts", visit,
		arena_printf(&s->b->mem,
			     "visit '%s' was signed with result '%s', "
			     "nothing found, and %s",
			     json_text(visit, "id"), code, why));
}

/* Answers of those who were not there take no part in the verdict. */
static enum rc strangers_tell(struct settle *s, json_t *visit,
			      const json_t *verdict)
{
	const json_t *unused = json_object_get(verdict, "unused"), *a;
	size_t i;

	json_array_foreach(unused, i, a)
	{
		char *text;

		if (strcmp(json_text(a, "why"), "not_present") != 0)
			continue;
		text = arena_printf(&s->b->mem,
				    "visit '%s' was signed with answers of "
				    "'%s', who is not one of its officers: "
				    "they are left out",
				    json_text(visit, "id"),
				    json_text(a, "author"));
		return text ? settle_alarm(s, "not_present", "notice", "visit",
					   visit, text)
			    : settle_no_memory(s);
	}
	return RC_OK;
}

enum rc settle_pins(struct settle *s, json_t *visit)
{
	const char *subject = json_text(visit, "subject"), *item;
	json_t *verdict = NULL;
	enum rc rc = item_match(s, visit, &item);

	if (rc == RC_OK)
		rc = form_match(s, visit, item);
	if (rc == RC_OK)
		rc = version_match(s, visit, CATALOG, "item", item,
				   "item_version");
	if (rc == RC_OK)
		rc = version_match(s, visit, s->bs->scope, "subject", subject,
				   "subject_version");
	if (rc == RC_OK)
		rc = gate_verdict(s->b->store, s->bs->scope, visit, &verdict,
				  s->b->err);
	if (rc == RC_OK)
		rc = result_match(s, visit, verdict);
	if (rc == RC_OK)
		rc = strangers_tell(s, visit, verdict);
	json_decref(verdict);
	return rc;
}
