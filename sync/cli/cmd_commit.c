#include "cli/verbs.h"

#include <stdio.h>

static enum rc count_edit(void *ctx, const struct diff_entry *e,
			  struct err *err)
{
	int *n = ctx;

	(void)e;
	(void)err;
	++*n;
	return RC_OK;
}

static void result_print(const struct verb *v, int packets, int records)
{
	json_t *o;

	if (v->json) {
		o = json_pack("{s:i, s:i}", "packets", packets, "records",
			      records);
		verb_json(o);
		json_decref(o);
	} else if (!packets) {
		puts("nothing to commit");
	} else {
		printf("signed %d record%s in %d packet%s: 'hufu sync' sends "
		       "them\n",
		       records, records == 1 ? "" : "s", packets,
		       packets == 1 ? "" : "s");
	}
}

int verb_commit(struct verb *v)
{
	int packets = 0, records = 0, fields = 0, code;

	if (!v->message)
		return verb_misuse(v, "what was done? -m MESSAGE");
	if (replica_message_check(v->message, &v->err) != RC_OK)
		return verb_misuse(v, "%s", v->err.text);
	code = verb_open(v);
	if (code == EXIT_DONE)
		code = verb_mend(v);
	if (code != EXIT_DONE)
		return code;
	/* Nobody is asked for a PIN in vain. */
	if (replica_diff(v->r, count_edit, &fields, &v->err) != RC_OK)
		return verb_fail(v);
	if (fields)
		code = verb_unlock(v);
	if (code != EXIT_DONE)
		return code;
	if (replica_commit(v->r, v->message, &packets, &records, &v->err) !=
	    RC_OK)
		return verb_fail(v);
	result_print(v, packets, records);
	return EXIT_DONE;
}
