#include "cli/verbs.h"

#include <stdio.h>
#include <string.h>

#include "base/jcs.h"

struct listing {
	const struct verb *v;
	int n;
};

static void side_print(const char *name, const json_t *value)
{
	struct err ignored = { 0 };
	struct buf text;

	buf_init(&text, JSON_BYTES_MAX);
	if (value && json_write(&text, value, &ignored) == RC_OK)
		printf("    %-9s %s\n", name, text.data);
	buf_release(&text);
}

static void conflict_print(const json_t *o)
{
	printf("conflict     %s %s  %s  (%s)\n", json_text(o, "record_kind"),
	       json_text(o, "record_id"), json_text(o, "field_group"),
	       json_text(o, "id"));
	side_print("before", json_object_get(o, "base_value"));
	side_print("tablet", json_object_get(o, "terminal_value"));
	side_print("office", json_object_get(o, "server_value"));
	side_print("stands", json_object_get(o, "standing_value"));
}

static enum rc entry_print(void *ctx, const json_t *o, struct err *err)
{
	struct listing *l = ctx;

	(void)err;
	l->n++;
	if (l->v->json)
		verb_json(o);
	else if (!strcmp(json_text(o, "what"), "conflict"))
		conflict_print(o);
	else
		printf("quarantined  %s %s  %s  (packet %.10s)\n",
		       json_text(o, "record_kind"), json_text(o, "record_id"),
		       json_text(o, "code"), json_text(o, "packet"));
	return RC_OK;
}

int verb_conflicts(struct verb *v)
{
	struct listing l = { .v = v };
	int code = verb_open(v);

	if (code != EXIT_DONE)
		return code;
	if (replica_conflicts(v->r, entry_print, &l, &v->err) != RC_OK)
		return verb_fail(v);
	if (!l.n && !v->json)
		puts("no conflicts, nothing in quarantine");
	return EXIT_DONE;
}
