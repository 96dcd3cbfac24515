#include "cli/verbs.h"

#include <stdio.h>
#include <string.h>

static const char *value(struct hufu_list *list, const char *name)
{
	return hufu_list_text(list, name) ? hufu_list_json(list, name)
					  : "(none)";
}

/* `last`: the record whose fields are being printed. */
static void entry_print(struct hufu_list *list, char last[80])
{
	const char *bad = hufu_list_text(list, "bad");
	const char *field = hufu_list_text(list, "field");
	bool is_new = hufu_list_int(list, "new", 0);
	char now[80];

	snprintf(now, sizeof(now), "%s %s", hufu_list_text(list, "kind"),
		 hufu_list_text(list, "id"));
	if (strcmp(now, last) != 0)
		printf("%s%s\n", now, is_new ? "  (new)" : "");
	memcpy(last, now, sizeof(now));
	if (bad)
		printf("    held back: %s\n", bad);
	else if (is_new)
		printf("    %s: %s\n", field, value(list, "after"));
	else
		printf("    %s: %s → %s\n", field, value(list, "before"),
		       value(list, "after"));
}

int verb_diff(struct verb *v)
{
	struct hufu_list *list;
	char last[80] = "";
	int code = verb_open(v);

	if (code != EXIT_DONE)
		return code;
	if (hufu_diff(v->h, &list) != HUFU_OK)
		return verb_fail(v);
	if (v->json)
		code = verb_json_all(list);
	else
		while (hufu_list_next(list) == HUFU_OK)
			entry_print(list, last);
	hufu_list_free(list);
	return code;
}
