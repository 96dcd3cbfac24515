#include "cli/verbs.h"

#include <stdio.h>
#include <string.h>

struct listing {
	const struct verb *v;
	json_t *entries; /* with --json */
	int records, uncommitted, bad, unsent, needs_me;
};

static enum rc entry_take(void *ctx, const struct status_entry *e,
			  struct err *err)
{
	struct listing *l = ctx;
	json_t *o;

	l->records++;
	l->uncommitted +=
		!strcmp(e->state, "new") || !strcmp(e->state, "edited");
	l->unsent += !strcmp(e->state, "local") || !strcmp(e->state, "sent");
	l->needs_me += !strcmp(e->state, "conflict") ||
		       !strcmp(e->state, "quarantined");
	l->bad += e->is_bad;
	if (!l->v->json) {
		printf("%-12s %s %s%s%s\n", e->state, e->kind, e->id,
		       e->is_bad   ? "  held back: "
		       : e->detail ? "  "
				   : "",
		       e->detail ? e->detail : "");
		return RC_OK;
	}
	o = json_pack("{s:s, s:s, s:s}", "kind", e->kind, "id", e->id, "state",
		      e->state);
	if (o && e->detail)
		json_object_set_new(o, e->is_bad ? "bad" : "detail",
				    json_string(e->detail));
	return json_array_append_new(l->entries, o)
		       ? err_set(err, RC_NOMEM, "out of memory")
		       : RC_OK;
}

/* Why there is nothing to do. */
static const char *rest_of(struct verb *v)
{
	const char *rest = "nothing is here yet: 'hufu clone'";
	json_t *info = NULL, *scopes, *s;
	size_t i;

	if (replica_info(v->r, &info, &v->err) != RC_OK)
		return v->err.text;
	scopes = json_object_get(info, "scopes");
	if (!json_array_size(scopes))
		rest = "this replica is not enrolled yet: 'hufu enroll'";
	json_array_foreach(scopes, i, s) if (json_object_get(s, "head")) rest =
		"nothing to do: no edits, everything is sent";
	json_decref(info);
	return rest;
}

static void summary_print(struct verb *v, const struct listing *l)
{
	if (!l->records)
		puts(rest_of(v));
	if (l->uncommitted)
		printf("%d uncommitted: 'hufu diff' shows, 'hufu commit' "
		       "signs, "
		       "'hufu undo' takes back\n",
		       l->uncommitted);
	if (l->bad)
		printf("%d of these held back: 'hufu commit' refuses, 'hufu "
		       "sync' leaves %s out\n",
		       l->bad, l->bad == 1 ? "it" : "them");
	if (l->unsent)
		printf("%d not acknowledged yet: 'hufu sync'\n", l->unsent);
	if (l->needs_me)
		printf("%d need a person: 'hufu conflicts'\n", l->needs_me);
}

int verb_status(struct verb *v)
{
	struct listing l = { .v = v, .entries = json_array() };
	int code = verb_open(v);
	enum rc rc = RC_OK;

	if (code == EXIT_DONE) {
		rc = replica_check_capture(v->r, &v->err);
		if (rc == RC_OK)
			rc = replica_status(v->r, entry_take, &l, &v->err);
		code = rc == RC_OK ? EXIT_DONE : verb_fail(v);
	}
	if (code == EXIT_DONE && v->json)
		verb_json(l.entries);
	else if (code == EXIT_DONE)
		summary_print(v, &l);
	json_decref(l.entries);
	return code;
}
