#include "cli/verbs.h"

#include <stdio.h>
#include <string.h>

static void value_print(const char *words, const char *value, const char *after)
{
	if (value)
		printf("    %-24s %s%s\n", words, value, after);
}

/* "by Li (o1), in packet 12ab..., received 2026-11-22T05:40" */
static void author_print(const char *id, const char *name, const char *packet,
			 int64_t received_ms)
{
	char when[HUFU_TIME_SIZE];

	printf("    %-24s by ", "");
	if (name)
		printf("%s (%s)", name, id);
	else
		printf("%s%s", id ? "account " : "nobody known", id ? id : "");
	if (packet)
		printf(", in packet %.10s", packet);
	if (received_ms) {
		hufu_time_text(when, received_ms);
		printf(", received %.16sZ", when);
	}
	putchar('\n');
}

static void conflict_print(struct hufu_list *l)
{
	const char *stands = hufu_list_text(l, "stands");
	const char *rule = hufu_list_text(l, "rule");

	printf("conflict     %s %s  %s  (%s)%s%s\n",
	       hufu_list_text(l, "record_kind"), hufu_list_text(l, "record_id"),
	       hufu_list_text(l, "field_group"), hufu_list_text(l, "id"),
	       rule ? "  by rule " : "", rule ? rule : "");
	value_print("both began from", hufu_list_json(l, "base_value"), "");
	value_print("merged first (server)", hufu_list_json(l, "server_value"),
		    !strcmp(stands, "server") ? "   stands now" : "");
	author_print(hufu_list_text(l, "server_author"),
		     hufu_list_text(l, "server_author_name"),
		     hufu_list_text(l, "server_packet"),
		     hufu_list_int(l, "server_at", 0));
	value_print("came later (terminal)",
		    hufu_list_json(l, "terminal_value"),
		    !strcmp(stands, "terminal") ? "   stands now" : "");
	author_print(hufu_list_text(l, "author"),
		     hufu_list_text(l, "author_name"),
		     hufu_list_text(l, "packets.0"),
		     hufu_list_int(l, "opened_at", 0));
	if (!strcmp(stands, "other"))
		value_print("neither stands, but",
			    hufu_list_json(l, "standing_value"), "");
}

static void entry_print(struct hufu_list *l)
{
	if (!strcmp(hufu_list_text(l, "what"), "conflict"))
		conflict_print(l);
	else
		printf("quarantined  %s %s  %s  (packet %.10s)\n",
		       hufu_list_text(l, "record_kind"),
		       hufu_list_text(l, "record_id"),
		       hufu_list_text(l, "code"), hufu_list_text(l, "packet"));
}

int verb_conflicts(struct verb *v)
{
	struct hufu_list *list = NULL;
	int code = verb_open(v);

	if (code != EXIT_DONE)
		return code;
	if (hufu_conflicts(v->h, &list) != HUFU_OK)
		return verb_fail(v);
	if (v->json) {
		code = verb_json_all(list);
	} else {
		while (hufu_list_next(list) == HUFU_OK)
			entry_print(list);
		if (!hufu_list_count(list))
			puts("no conflicts, nothing in quarantine");
	}
	hufu_list_free(list);
	return code;
}
