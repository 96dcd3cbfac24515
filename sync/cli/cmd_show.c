#include "cli/verbs.h"

int verb_show(struct verb *v)
{
	struct hufu_list *record;
	int code = verb_open(v);

	if (code != EXIT_DONE)
		return code;
	if (hufu_record(v->h, v->words[0], v->words[1],
			v->main_state ? HUFU_MAIN : HUFU_LIVE,
			&record) != HUFU_OK)
		return verb_fail(v);
	code = verb_json_entry(record);
	hufu_list_free(record);
	return code;
}
