#include "cli/verbs.h"

#include <stdio.h>

int verb_undo(struct verb *v)
{
	int records = 0, code;
	json_t *o;

	if (v->nwords == 1)
		return verb_misuse(v, "which record? KIND ID, or nothing for "
				      "all");
	code = verb_open(v);
	if (code != EXIT_DONE)
		return code;
	if (replica_undo(v->r, v->words[0], v->words[1], &records, &v->err) !=
	    RC_OK)
		return verb_fail(v);
	if (v->json) {
		o = json_pack("{s:i}", "records", records);
		verb_json(o);
		json_decref(o);
	} else if (records) {
		printf("took back %d record%s\n", records,
		       records == 1 ? "" : "s");
	} else {
		puts("nothing to undo");
	}
	return EXIT_DONE;
}
