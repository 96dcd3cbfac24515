/* api/api_search.c - GET /v1/search: records by a fragment. */
#include "api/border.h"
#include "api/finder.h"
#include "api/handlers.h"
#include "api/kinds_asked.h"
#include "api/page.h"
#include "api/service_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/jcs.h"

#define CATCH_UP_MAX 2000 /* what a question takes in before it answers */

static bool is_searched(const struct kind *k)
{
	return k->search != NULL;
}

static bool may(void *ctx, const struct search_part *part)
{
	const struct call *c = ctx;
	const char *scope = json_text(c->args, "scope");

	if (!kind_is_asked(c, json_object_get(c->args, "kinds"), part->kind))
		return false;
	if (scope && strcmp(scope, part->scope) != 0)
		return false;
	/* Reference data is everybody's who may read its kind. */
	return part->kind->is_catalog ||
	       account_may(&c->actor, ~0u, part->scope);
}

/* What a list of hits shows: what was asked for; else where it was looked, and
 * the state. */
static json_t *fields_of(const struct call *c, const struct kind *k)
{
	json_t *asked = json_object_get(c->args, "fields"), *fields;

	if (asked)
		return json_incref(asked);
	fields = json_array();
	for (size_t i = 0; k->search[i]; i++)
		json_array_append_new(fields, json_string(k->search[i]));
	json_array_append_new(fields, json_string("state"));
	return fields;
}

static enum rc items_make(struct call *c, const struct search_answer *answer)
{
	json_t *items = json_array();
	enum rc rc = RC_OK;

	for (size_t i = 0; i < answer->nhits && rc == RC_OK; i++) {
		const struct search_hit *hit = &answer->hits[i];
		json_t *fields = fields_of(c, hit->part->kind), *record = NULL;

		rc = border_out(c, hit->part->kind, hit->stored, hit->len,
				fields, &record);
		json_decref(fields);
		if (rc == RC_OK)
			json_array_append_new(
				items, json_pack("{s:s, s:s, s:o}", "kind",
						 hit->part->kind->name, "match",
						 search_match_name(hit->match),
						 "record", record));
	}
	c->result = json_pack("{s:o, s:b}", "items", items, "complete",
			      (int)answer->is_complete);
	if (*answer->next)
		page_next(c, answer->next);
	return rc;
}

static enum rc found(struct call *c, const struct search_part *parts, size_t n,
		     const char *behind)
{
	struct finder *finder = c->service ? c->service->finder : NULL;
	const struct search_question question = {
		.text = json_text(c->args, "q"),
		.parts = parts,
		.nparts = n,
		.actor = &c->actor,
		.limit = (size_t)json_int(c->args, "limit", 20),
		.cursor = behind,
		.most = finder ? CATCH_UP_MAX : -1,
	};
	struct search_answer *answer = calloc(1, sizeof(*answer));
	struct search *s = NULL;
	enum rc rc;

	if (!answer)
		return err_set(&c->err, RC_NOMEM, "out of memory");
	rc = finder ? finder_take(finder, c->store, &s, &c->err)
		    : search_open(&s, c->store, &c->err);
	if (rc == RC_OK)
		rc = search_find(s, c->store, &question, answer, &c->err);
	if (rc == RC_OK)
		rc = items_make(c, answer);
	search_answer_release(answer);
	free(answer);
	if (finder)
		finder_give(finder, s);
	else
		search_close(s);
	return rc;
}

enum rc search_page(struct call *c)
{
	const char *scope = json_text(c->args, "scope");
	struct search_part *parts = NULL;
	const char *behind = NULL;
	char *scopes = NULL;
	size_t n;
	enum rc rc = kinds_asked_check(
		c, json_object_get(c->args, "kinds"), is_searched,
		"names a kind that declares no field to search in");

	if (rc == RC_OK)
		rc = fields_asked_check(c, json_object_get(c->args, "kinds"),
					is_searched);
	if (rc == RC_OK && scope && strcmp(scope, "catalog") != 0 &&
	    !account_may(&c->actor, ~0u, scope))
		rc = call_refuse(c, RC_DENIED, 403, "denied",
				 "account '%s' has no rights in scope %s",
				 c->actor.name, scope);
	if (rc == RC_OK)
		rc = page_behind(c, &behind);
	if (rc == RC_OK)
		rc = search_parts(c->store, may, c, &parts, &n, &scopes,
				  &c->err);
	if (rc == RC_OK)
		rc = found(c, parts, n, behind);
	free(parts);
	free(scopes);
	return rc;
}
