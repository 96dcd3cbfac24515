/* api/api_credit.c - ratings: shown, explained, made, made again. */
#include "api/handlers.h"

#include <string.h>

#include "api/service_impl.h"
#include "base/date.h"
#include "base/jcs.h"
#include "domain/credit.h"
#include "store/past.h"

static void known_say(json_t *rating)
{
	char text[25];

	if (!json_object_get(rating, "known_at"))
		return;
	time_format(text, json_int(rating, "known_at", 0));
	json_object_set_new(rating, "known_at", json_string(text));
}

/* Times as text; `rating` and the last of `history` may be one object. */
static void ratings_out(json_t *record)
{
	json_t *now = json_object_get(record, "rating"), *one;
	size_t i;

	json_array_foreach(json_object_get(record, "history"), i, one)
	{
		if (one != now)
			known_say(one);
	}
	known_say(now);
}

/* GET /v1/subjects/{id}/rating: as of a day, as it was known then, with the sum
 * from the facts where that is asked for. */
enum rc rating_of(struct call *c)
{
	const char *id = json_text(c->args, "id");
	const char *known_at = json_text(c->args, "known-at");
	const struct rate_options o = {
		.scheme = json_text(c->args, "scheme"),
		.as_of = json_text(c->args, "as-of"),
		.schema = c->service->schema,
	};
	struct past_point point;
	const int64_t *known = known_at ? &point.position : NULL;
	json_t *sum = NULL;
	enum rc rc = RC_OK;

	if (known_at)
		rc = past_point_parse(c->store, c->scope, known_at, &point,
				      &c->err);
	if (rc == RC_OK)
		rc = rating_show(&c->op, c->scope, id, &o, known, &c->result);
	if (rc == RC_OK && json_is_true(json_object_get(c->args, "explain")))
		rc = rate_explain(&c->op, c->scope, id, &o, known, &sum);
	if (rc != RC_OK)
		return rc;
	ratings_out(c->result);
	if (sum)
		json_object_set_new(c->result, "explanation", sum);
	return RC_OK;
}

/* A page of subjects is read and written at a time, each in a transaction of
 * its own: tablets sync in between. */
enum rc ratings_run(struct call *c)
{
	const struct rate_options o = {
		.scheme = json_text(c->body, "scheme"),
		.as_of = json_text(c->body, "as_of"),
		.schema = c->service->schema,
		.dry_run = json_is_true(json_object_get(c->body, "dry_run")),
	};
	struct rate_done done;
	enum rc rc = rate_scope(&c->op, c->scope, &o, &done);

	if (rc == RC_OK)
		c->result = rate_done_json(&done, o.dry_run);
	return rc;
}

enum rc ratings_check(struct call *c)
{
	struct rate_checked done;
	json_t *subjects = json_array();
	enum rc rc = rate_check(&c->op, c->scope, &done);

	for (size_t i = 0;
	     rc == RC_OK && i < done.differing && i < RATE_DIFFERING_MAX; i++)
		json_array_append_new(subjects, json_string(done.shown[i]));
	if (rc == RC_OK)
		c->result = json_pack("{s:I, s:I, s:I, s:O}", "checked",
				      (json_int_t)done.checked, "differing",
				      (json_int_t)done.differing, "unknown",
				      (json_int_t)done.unknown, "subjects",
				      subjects);
	json_decref(subjects);
	return rc;
}
