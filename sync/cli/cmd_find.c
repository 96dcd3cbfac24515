#include "cli/verbs.h"

#include <stdio.h>

#define FOUND_MAX 100

int verb_find(struct verb *v)
{
	char words[1024];
	struct hufu_list *list;
	size_t used = 0;
	int code;

	for (int i = 0; i < v->nwords && used < sizeof(words); i++)
		used += (size_t)snprintf(words + used, sizeof(words) - used,
					 "%s ", v->words[i]);
	if (used >= sizeof(words))
		return verb_misuse(v, "these words are too long");
	code = verb_open(v);
	if (code != EXIT_DONE)
		return code;
	if (hufu_find(v->h, NULL, words, FOUND_MAX, &list) != HUFU_OK)
		return verb_fail(v);
	if (v->json) {
		code = verb_json_all(list);
	} else {
		while (hufu_list_next(list) == HUFU_OK) {
			printf("%-12s %-32s ", hufu_list_text(list, "kind"),
			       hufu_list_text(list, "id"));
			verb_print_text(list, "name");
			putchar('\n');
		}
		if (!hufu_list_count(list))
			puts("nothing found");
		else if (hufu_list_count(list) == FOUND_MAX)
			printf("the first %d; say more to find fewer\n",
			       FOUND_MAX);
	}
	hufu_list_free(list);
	return code;
}
