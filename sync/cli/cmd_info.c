#include "cli/verbs.h"

#include <stdio.h>

int verb_info(struct verb *v)
{
	static const char *const keys[] = { "terminal", "enrolment", "officer",
					    "name",     "url",       "epoch" };
	struct hufu_list *info;
	int code = verb_open(v);

	if (code != EXIT_DONE || v->json)
		return code == EXIT_DONE ? verb_print_info(v) : code;
	if (hufu_info(v->h, &info) != HUFU_OK)
		return verb_fail(v);
	for (size_t i = 0; i < 6; i++)
		if (hufu_list_text(info, keys[i]))
			printf("%-10s %s\n", keys[i],
			       hufu_list_text(info, keys[i]));
	hufu_list_free(info);
	return verb_print_scopes(v, "is");
}
