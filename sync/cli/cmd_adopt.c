#include "cli/verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void side_print(struct hufu_list *l, const char *words, const char *side)
{
	const char *value = hufu_list_json(l, side);

	printf("    %-16s %s\n", words,
	       value && strcmp(value, "null") ? value : "(nothing)");
}

static void followers_print(struct hufu_list *l)
{
	const char *after = hufu_list_text(l, "after");
	const char *packet;
	char at[32];

	for (int i = 0;; i++) {
		snprintf(at, sizeof(at), "followed_by.%d", i);
		packet = hufu_list_text(l, at);
		if (!packet)
			break;
		printf("    packet %s changes it further: adopt that next\n",
		       packet);
	}
	if (after)
		printf("    it builds on packet %s: adopt that, too\n", after);
}

static void entry_print(struct hufu_list *l)
{
	printf("adopted      %s %s  of %s  (%s: %s)\n",
	       hufu_list_text(l, "kind"), hufu_list_text(l, "id"),
	       hufu_list_text(l, "author"), hufu_list_text(l, "code"),
	       hufu_list_text(l, "reason"));
	side_print(l, "its author saw", "base");
	side_print(l, "and wrote", "record");
	followers_print(l);
	printf("'hufu sync' signs it in your name and sends it; 'hufu undo "
	       "adoption %s' takes it back\n",
	       hufu_list_text(l, "entry"));
}

int verb_adopt(struct verb *v)
{
	struct hufu_list *entry = NULL;
	char *kind = strdup(v->words[1]), *cut = kind ? strchr(kind, '/') : 0;
	int code;

	if (!cut || cut == kind || !cut[1])
		code = verb_misuse(v, "name the record: PACKET KIND/ID");
	else
		code = verb_open(v);
	if (code == EXIT_DONE)
		code = verb_mend(v);
	if (code == EXIT_DONE) {
		*cut = '\0';
		if (hufu_adopt(v->h, v->words[0], kind, cut + 1, v->reason,
			       &entry) != HUFU_OK)
			code = verb_fail(v);
		else if (v->json)
			code = verb_json_entry(entry);
		else
			entry_print(entry);
	}
	hufu_list_free(entry);
	free(kind);
	return code;
}
