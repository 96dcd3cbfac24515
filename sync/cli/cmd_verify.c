#include "cli/verbs.h"

#include <stdio.h>
#include <string.h>

/* What the replica knows of itself, and that all of it was recomputed. */
static int json_print(struct verb *v)
{
	struct hufu_list *info;
	const char *text;

	if (hufu_info(v->h, &info) != HUFU_OK)
		return verb_fail(v);
	text = hufu_list_json(info, NULL);
	if (!text)
		return verb_complain(v, "out of memory");
	printf("%.*s,\"verified\":true}\n", (int)strlen(text) - 1, text);
	hufu_list_free(info);
	return EXIT_DONE;
}

int verb_verify(struct verb *v)
{
	if (hufu_open_copy(v->h, v->replica) != HUFU_OK ||
	    hufu_verify(v->h) != HUFU_OK)
		return verb_fail(v);
	return v->json ? json_print(v) : verb_print_scopes(v, "verified");
}
