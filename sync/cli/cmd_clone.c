#include "cli/verbs.h"

int verb_clone(struct verb *v)
{
	int code = verb_open(v);

	if (code != EXIT_DONE)
		return code;
	if (hufu_clone(v->h) != HUFU_OK)
		return verb_fail(v);
	verb_progress_end();
	return v->json ? verb_print_info(v) : verb_print_scopes(v, "equal");
}
