#include "cli/verbs.h"

#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/jcs.h"

struct listing {
	const struct verb *v;
	json_t *entries; /* with --json */
	int n;
};

static void value_print(const char *words, const json_t *value,
			const char *after)
{
	struct err ignored = { 0 };
	struct buf text;

	buf_init(&text, JSON_BYTES_MAX);
	if (value && json_write(&text, value, &ignored) == RC_OK)
		printf("    %-24s %s%s\n", words, text.data, after);
	buf_release(&text);
}

/* "by Li (o1), in packet 12ab..., received 2026-11-22T05:40" */
static void author_print(const char *id, const char *name, const char *packet,
			 int64_t received_ms)
{
	char when[25];

	printf("    %-24s by ", "");
	if (name)
		printf("%s (%s)", name, id);
	else
		printf("%s%s", id ? "account " : "nobody known", id ? id : "");
	if (packet)
		printf(", in packet %.10s", packet);
	if (received_ms) {
		time_format(when, received_ms);
		printf(", received %.16sZ", when);
	}
	putchar('\n');
}

static void conflict_print(const json_t *o)
{
	const json_t *packets = json_object_get(o, "packets");
	const char *stands = json_text(o, "stands");
	const char *rule = json_text(o, "rule");

	printf("conflict     %s %s  %s  (%s)%s%s\n",
	       json_text(o, "record_kind"), json_text(o, "record_id"),
	       json_text(o, "field_group"), json_text(o, "id"),
	       rule ? "  by rule " : "", rule ? rule : "");
	value_print("both began from", json_object_get(o, "base_value"), "");
	value_print("merged first (server)", json_object_get(o, "server_value"),
		    !strcmp(stands, "server") ? "   stands now" : "");
	author_print(json_text(o, "server_author"),
		     json_text(o, "server_author_name"),
		     json_text(o, "server_packet"),
		     json_int(o, "server_at", 0));
	value_print("came later (terminal)",
		    json_object_get(o, "terminal_value"),
		    !strcmp(stands, "terminal") ? "   stands now" : "");
	author_print(json_text(o, "author"), json_text(o, "author_name"),
		     json_string_value(json_array_get(packets, 0)),
		     json_int(o, "opened_at", 0));
	if (!strcmp(stands, "other"))
		value_print("neither stands, but",
			    json_object_get(o, "standing_value"), "");
}

static enum rc entry_print(void *ctx, const json_t *o, struct err *err)
{
	struct listing *l = ctx;

	l->n++;
	if (l->v->json)
		return json_array_append(l->entries, (json_t *)(uintptr_t)o)
			       ? err_set(err, RC_NOMEM, "out of memory")
			       : RC_OK;
	if (!strcmp(json_text(o, "what"), "conflict"))
		conflict_print(o);
	else
		printf("quarantined  %s %s  %s  (packet %.10s)\n",
		       json_text(o, "record_kind"), json_text(o, "record_id"),
		       json_text(o, "code"), json_text(o, "packet"));
	return RC_OK;
}

int verb_conflicts(struct verb *v)
{
	struct listing l = { .v = v, .entries = json_array() };
	int code = verb_open(v);

	if (code == EXIT_DONE &&
	    replica_conflicts(v->r, entry_print, &l, &v->err) != RC_OK)
		code = verb_fail(v);
	if (code == EXIT_DONE && v->json)
		verb_json(l.entries);
	else if (code == EXIT_DONE && !l.n)
		puts("no conflicts, nothing in quarantine");
	json_decref(l.entries);
	return code;
}
