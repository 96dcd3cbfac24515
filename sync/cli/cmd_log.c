#include "cli/verbs.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/date.h"
#include "base/jcs.h"

static enum rc packet_print(void *ctx, const json_t *o, struct err *err)
{
	const struct verb *v = ctx;
	int64_t records = json_int(o, "records", 0);
	char time[25];

	(void)err;
	if (v->json) {
		verb_json(o);
		return RC_OK;
	}
	time_format(time, json_int(o, "wall", 0));
	printf("%.10s  %.16s  %s #%" PRId64 "  %-12s  %" PRId64
	       " record%s  %s\n",
	       json_text(o, "packet"), time, json_text(o, "scope"),
	       json_int(o, "sequence", 0), json_text(o, "state"), records,
	       records == 1 ? "" : "s", json_text(o, "message"));
	return RC_OK;
}

int verb_log(struct verb *v)
{
	int code = verb_open(v);

	if (code == EXIT_DONE &&
	    replica_log(v->r, packet_print, v, &v->err) != RC_OK)
		code = verb_fail(v);
	return code;
}
