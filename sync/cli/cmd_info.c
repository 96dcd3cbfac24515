#include "cli/verbs.h"

#include <stdio.h>

#include "base/jcs.h"

int verb_info(struct verb *v)
{
	static const char *const keys[] = { "terminal", "enrolment", "officer",
					    "name",     "url",       "epoch" };
	json_t *info;
	int code = verb_open(v);

	if (code != EXIT_DONE)
		return code;
	if (replica_info(v->r, &info, &v->err) != RC_OK)
		return verb_fail(v);
	for (size_t i = 0; i < 6 && !v->json; i++)
		if (json_text(info, keys[i]))
			printf("%-10s %s\n", keys[i], json_text(info, keys[i]));
	if (v->json)
		verb_json(info);
	json_decref(info);
	return v->json ? EXIT_DONE : verb_print_scopes(v, "is");
}
