#include "cli/verbs.h"

#include <stdio.h>

int verb_undo(struct verb *v)
{
	int records = 0, code;

	if (v->nwords == 1)
		return verb_misuse(v, "which record? KIND ID, or nothing for "
				      "all");
	code = verb_open(v);
	if (code != EXIT_DONE)
		return code;
	if (hufu_undo(v->h, v->words[0], v->words[1], &records) != HUFU_OK)
		return verb_fail(v);
	if (v->json)
		printf("{\"records\":%d}\n", records);
	else if (records)
		printf("took back %d record%s\n", records, plural(records));
	else
		puts("nothing to undo");
	return EXIT_DONE;
}
