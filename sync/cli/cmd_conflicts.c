#include "cli/verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void value_print(const char *words, const char *value, const char *after)
{
	if (value)
		printf("    %-24s %s%s\n", words, value, after);
}

/* "by Li (o1), in packet 12ab..., received 2026-11-22T05:40" */
static void author_print(struct hufu_list *l, const char *id, const char *name,
			 const char *packet, int64_t received_ms)
{
	char when[HUFU_TIME_SIZE];

	printf("    %-24s by ", "");
	if (hufu_list_text(l, name)) {
		verb_print_text(l, name);
		printf(" (%s)", id);
	} else {
		printf("%s%s", id ? "account " : "nobody known", id ? id : "");
	}
	if (packet)
		printf(", in packet %.10s", packet);
	if (received_ms) {
		hufu_time_text(when, received_ms);
		printf(", received %.16sZ", when);
	}
	putchar('\n');
}

static bool is_chinese(void)
{
	static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };

	for (int i = 0; i < 3; i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return !strncmp(value, "zh", 2);
	}
	return false;
}

/* Each sentence on a line of its own, as wide as the rest. */
static void says_print(struct hufu_list *l)
{
	const char *at =
		hufu_list_text(l, is_chinese() ? "says.zh" : "says.en");

	while (at && *at) {
		int n = (int)strcspn(at, "\n");

		printf("    %.*s\n", n, at);
		at += n + (at[n] == '\n');
	}
}

static void answers_print(struct hufu_list *l)
{
	const char *id = hufu_list_text(l, "id");

	if (!strcmp(hufu_list_text(l, "state"), "decided"))
		printf("    'hufu conflicts accept %s' takes it as it is, "
		       "'appeal' asks again\n",
		       id);
}

static void conflict_print(struct hufu_list *l)
{
	const char *stands = hufu_list_text(l, "stands");
	const char *rule = hufu_list_text(l, "rule");

	printf("%s     %s %s  %s  (%s)%s%s%s\n",
	       strcmp(hufu_list_text(l, "state"), "open") ? "decided "
							  : "conflict",
	       hufu_list_text(l, "record_kind"), hufu_list_text(l, "record_id"),
	       hufu_list_text(l, "field_group"), hufu_list_text(l, "id"),
	       rule ? "  by rule " : "", rule ? rule : "",
	       hufu_list_json(l, "accepted") ? "  you accepted it" : "");
	says_print(l);
	value_print("both began from", hufu_list_json(l, "base_value"), "");
	value_print("merged first (server)", hufu_list_json(l, "server_value"),
		    !strcmp(stands, "server") ? "   stands now" : "");
	author_print(l, hufu_list_text(l, "server_author"),
		     "server_author_name", hufu_list_text(l, "server_packet"),
		     hufu_list_int(l, "server_at", 0));
	value_print("came later (terminal)",
		    hufu_list_json(l, "terminal_value"),
		    !strcmp(stands, "terminal") ? "   stands now" : "");
	author_print(l, hufu_list_text(l, "author"), "author_name",
		     hufu_list_text(l, "packets.0"),
		     hufu_list_int(l, "opened_at", 0));
	if (!strcmp(stands, "other"))
		value_print("neither stands, but",
			    hufu_list_json(l, "standing_value"), "");
	answers_print(l);
}

static void quarantined_print(struct hufu_list *l)
{
	const char *state = hufu_list_text(l, "state");
	const char *by = hufu_list_text(l, "decided_by");
	const char *why = hufu_list_text(l, "decision");

	printf("quarantined  %s %s  %s  (packet %s)\n",
	       hufu_list_text(l, "record_kind"), hufu_list_text(l, "record_id"),
	       hufu_list_text(l, "code"), hufu_list_text(l, "packet"));
	says_print(l);
	if (state)
		printf("    %s by %s%s%s\n", state, by ? by : "somebody",
		       why ? ", because: " : "", why ? why : "");
}

static void entry_print(struct hufu_list *l)
{
	if (!strcmp(hufu_list_text(l, "what"), "conflict"))
		conflict_print(l);
	else
		quarantined_print(l);
}

/* accept ID, or appeal ID. */
static int answer(struct verb *v)
{
	bool is_appeal = !strcmp(v->words[0], "appeal");
	int code;

	if (!is_appeal && strcmp(v->words[0], "accept") != 0)
		return verb_misuse(v, "accept or appeal, not '%s'",
				   v->words[0]);
	if (v->nwords < 2)
		return verb_misuse(v, "name the conflict");
	if (is_appeal != (v->reason && *v->reason))
		return verb_misuse(v, is_appeal ? "say why: --reason TEXT"
						: "--reason belongs to "
						  "'appeal'");
	code = verb_open(v);
	if (code == EXIT_DONE)
		code = verb_mend(v);
	if (code != EXIT_DONE)
		return code;
	if (hufu_answer_conflict(v->h, v->words[1],
				 is_appeal ? v->reason : NULL) != HUFU_OK)
		return verb_fail(v);
	if (v->json)
		printf("{\"id\":\"%s\",\"answer\":\"%s\"}\n", v->words[1],
		       v->words[0]);
	else
		printf("%s %s; 'hufu sync' signs it and sends it\n",
		       is_appeal ? "appealed" : "accepted", v->words[1]);
	return EXIT_DONE;
}

int verb_conflicts(struct verb *v)
{
	struct hufu_list *list = NULL;
	int code;

	if (v->nwords)
		return answer(v);
	if (v->reason)
		return verb_misuse(v, "--reason belongs to 'appeal'");
	code = verb_open(v);
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
