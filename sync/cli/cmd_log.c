#include "cli/verbs.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/date.h"
#include "base/jcs.h"

struct listing {
	const struct verb *v;
	json_t *entries; /* with --json */
};

static enum rc packet_print(void *ctx, const json_t *o, struct err *err)
{
	const struct listing *l = ctx;
	int64_t records = json_int(o, "records", 0);
	char time[25];

	if (l->v->json)
		return json_array_append(l->entries, (json_t *)(uintptr_t)o)
			       ? err_set(err, RC_NOMEM, "out of memory")
			       : RC_OK;
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
	struct listing l = { .v = v, .entries = json_array() };
	int code = verb_open(v);

	if (code == EXIT_DONE &&
	    replica_log(v->r, packet_print, &l, &v->err) != RC_OK)
		code = verb_fail(v);
	if (code == EXIT_DONE && v->json)
		verb_json(l.entries);
	json_decref(l.entries);
	return code;
}
