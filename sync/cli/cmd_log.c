#include "cli/verbs.h"

#include <inttypes.h>
#include <stdio.h>

static void packet_print(struct hufu_list *list)
{
	int64_t records = hufu_list_int(list, "records", 0);
	char time[HUFU_TIME_SIZE];

	hufu_time_text(time, hufu_list_int(list, "wall", 0));
	printf("%.10s  %.16s  %s #%" PRId64 "  %-12s  %" PRId64
	       " record%s  %s\n",
	       hufu_list_text(list, "packet"), time,
	       hufu_list_text(list, "scope"),
	       hufu_list_int(list, "sequence", 0),
	       hufu_list_text(list, "state"), records, plural(records),
	       hufu_list_text(list, "message"));
}

int verb_log(struct verb *v)
{
	struct hufu_list *list;
	int code = verb_open(v);

	if (code != EXIT_DONE)
		return code;
	if (hufu_log(v->h, &list) != HUFU_OK)
		return verb_fail(v);
	if (v->json)
		code = verb_json_all(list);
	else
		while (hufu_list_next(list) == HUFU_OK)
			packet_print(list);
	hufu_list_free(list);
	return code;
}
