#include "cli/verbs.h"

#include <inttypes.h>
#include <stdio.h>

static int result_print(const struct verb *v, struct hufu_list *report)
{
	int64_t packets = hufu_list_int(report, "packets", 0);
	int64_t records = hufu_list_int(report, "records", 0);

	if (v->json)
		return verb_json_entry(report);
	if (!packets)
		puts("nothing to commit");
	else
		printf("signed %" PRId64 " record%s in %" PRId64
		       " packet%s: 'hufu sync' sends them\n",
		       records, plural(records), packets, plural(packets));
	return EXIT_DONE;
}

/* Nobody is asked for a PIN in vain. */
static int unlock_if_edited(struct verb *v)
{
	struct hufu_list *changes;
	int code = EXIT_DONE;

	if (hufu_diff(v->h, &changes) != HUFU_OK)
		return verb_fail(v);
	if (hufu_list_count(changes))
		code = verb_unlock(v);
	hufu_list_free(changes);
	return code;
}

int verb_commit(struct verb *v)
{
	struct hufu_list *report;
	int code;

	if (!v->message)
		return verb_misuse(v, "what was done? -m MESSAGE");
	if (hufu_message_check(v->h, v->message) != HUFU_OK)
		return verb_misuse(v, "%s", hufu_message(v->h));
	code = verb_open(v);
	if (code == EXIT_DONE)
		code = verb_mend(v);
	if (code == EXIT_DONE)
		code = unlock_if_edited(v);
	if (code != EXIT_DONE)
		return code;
	if (hufu_commit(v->h, v->message, 0, &report) != HUFU_OK)
		return verb_fail(v);
	code = result_print(v, report);
	hufu_list_free(report);
	return code;
}
