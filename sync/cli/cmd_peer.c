#include "cli/verbs.h"

#include <inttypes.h>
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
static void dispute_print(struct hufu_list *s, size_t point)
{
	char name[64];

	snprintf(name, sizeof(name), "points.%zu.point", point);
	printf("  %s:", hufu_list_text(s, name));
	for (int i = 0;; i++) {
		const char *author;

		snprintf(name, sizeof(name), "points.%zu.answers.%d.author",
			 point, i);
		author = hufu_list_text(s, name);
		if (!author)
			break;
		snprintf(name, sizeof(name), "points.%zu.answers.%d.value",
			 point, i);
		printf("%s ", i ? "," : "");
		if (hufu_list_text(s, name))
			verb_print_text(s, name);
		else
			putchar('-');
		printf(" by %s", author);
	}
	puts("");
}

static void verdict_print(struct hufu_list *s)
{
	int disputed = 0;
	char name[40];

	printf("visit %s: %s\nroot %s\n", hufu_list_text(s, "visit"),
	       hufu_list_text(s, "verdict"), hufu_list_text(s, "root"));
	for (size_t i = 0;; i++) {
		const char *state;

		snprintf(name, sizeof(name), "points.%zu.point", i);
		if (!hufu_list_text(s, name))
			return;
		snprintf(name, sizeof(name), "points.%zu.state", i);
		state = hufu_list_text(s, name);
		if (!state || strcmp(state, "disputed") != 0)
			continue;
		if (!disputed++)
			puts("you disagree; nobody signs before it is "
			     "settled:");
		dispute_print(s, i);
	}
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
