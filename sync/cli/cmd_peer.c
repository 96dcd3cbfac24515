#include "cli/verbs.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

static int create(struct verb *v)
{
	struct hufu_list *report;
	int64_t terminals;
	int code = verb_mend(v);

	if (code == EXIT_DONE)
		code = verb_unlock_if_needed(v);
	if (code != EXIT_DONE)
		return code;
	if (hufu_peer_create(v->h, v->words[1], v->words[2], &report) !=
	    HUFU_OK)
		return verb_fail(v);
	terminals = hufu_list_int(report, "terminals", 0);
	if (v->json)
		code = verb_json_entry(report);
	else
		printf("%s: visit %s for %" PRId64
		       " tablet%s; for 'hufu peer take' there\n",
		       v->words[2], v->words[1], terminals, plural(terminals));
	hufu_list_free(report);
	return code;
}

/* "expired: pass by o1, fail by o2" */
static void dispute_print(const json_t *point)
{
	const json_t *a;
	const char *comma = "";
	size_t i;

	printf("  %s:", json_string_value(json_object_get(point, "point")));
	json_array_foreach(json_object_get(point, "answers"), i, a)
	{
		const char *value =
			json_string_value(json_object_get(a, "value"));

		printf("%s %s by %s", comma, value ? value : "-",
		       json_string_value(json_object_get(a, "author")));
		comma = ",";
	}
	puts("");
}

static void verdict_print(struct hufu_list *s)
{
	json_t *points =
		json_loads(hufu_list_json(s, "points"), JSON_DECODE_ANY, NULL);
	int disputed = 0;
	json_t *p;
	size_t i;

	printf("visit %s: %s\nroot %s\n", hufu_list_text(s, "visit"),
	       hufu_list_text(s, "verdict"), hufu_list_text(s, "root"));
	json_array_foreach(points, i, p)
	{
		const char *state =
			json_string_value(json_object_get(p, "state"));

		if (!state || strcmp(state, "disputed") != 0)
			continue;
		if (!disputed++)
			puts("you disagree; nobody signs before it is "
			     "settled:");
		dispute_print(p);
	}
	json_decref(points);
}

static int show(struct verb *v)
{
	struct hufu_list *report;
	int code = EXIT_DONE;

	if (hufu_peer_verdict(v->h, v->words[1], &report) != HUFU_OK)
		return verb_fail(v);
	if (v->json)
		code = verb_json_entry(report);
	else
		verdict_print(report);
	hufu_list_free(report);
	return code;
}

static int take(struct verb *v)
{
	struct hufu_list *report;
	int64_t answers;
	int code = EXIT_DONE;

	if (hufu_peer_take(v->h, v->words[1], &report) != HUFU_OK)
		return verb_fail(v);
	answers = hufu_list_int(report, "answers", 0);
	if (v->json)
		code = verb_json_entry(report);
	else
		printf("visit %s: %" PRId64 " answer%s of officer %s; 'hufu "
		       "peer show %s' says where you disagree\n",
		       hufu_list_text(report, "visit"), answers,
		       plural(answers), hufu_list_text(report, "officer"),
		       hufu_list_text(report, "visit"));
	hufu_list_free(report);
	return code;
}

static int sign_visit(struct verb *v)
{
	char root[HUFU_ROOT_SIZE];

	if (hufu_peer_sign(v->h, v->words[1], root) != HUFU_OK)
		return verb_fail(v);
	if (v->json)
		printf("{\"root\":\"%s\"}\n", root);
	else
		printf("visit %s: signed over root %s; 'hufu commit' or 'hufu "
		       "sync' puts your name to it\n",
		       v->words[1], root);
	return EXIT_DONE;
}

int verb_peer(struct verb *v)
{
	static const struct {
		const char *name;
		int (*run)(struct verb *v);
		int words;
	} subs[] = {
		{ "create", create, 3 },
		{ "take", take, 2 },
		{ "show", show, 2 },
		{ "sign", sign_visit, 2 },
	};

	for (size_t i = 0; i < sizeof(subs) / sizeof(*subs); i++) {
		int code;

		if (strcmp(subs[i].name, v->words[0]) != 0)
			continue;
		if (v->nwords != subs[i].words)
			return verb_misuse(v, "see 'hufu peer --help'");
		code = verb_open(v);
		return code == EXIT_DONE ? subs[i].run(v) : code;
	}
	return verb_misuse(v, "say create, take, show or sign");
}
