#include "cli/verbs.h"

#include <inttypes.h>
#include <stdio.h>

static double mb(struct hufu_list *size, const char *name)
{
	return (double)hufu_list_int(size, name, 0) / 1e6;
}

/* How much it will be, before anything of it is loaded. A server that cannot
 * say, or not yet, says so in the clone itself. */
static void size_tell(struct verb *v)
{
	struct hufu_list *s;
	int64_t records;

	if (hufu_clone_size(v->h, &s) != HUFU_OK)
		return;
	records = hufu_list_int(s, "records", 0);
	if (!v->json) {
		printf("to clone: %" PRId64 " records in %" PRId64
		       " scope%s, %.1f MB to load, about %.1f MB on this "
		       "disk\n",
		       records, hufu_list_int(s, "scopes", 0),
		       plural(hufu_list_int(s, "scopes", 0)), mb(s, "bytes"),
		       mb(s, "space_bytes"));
		fflush(stdout);
	}
	if (records > hufu_list_int(s, "records_warn", INT64_MAX) ||
	    mb(s, "bytes") > mb(s, "bytes_warn"))
		fprintf(stderr,
			"hufu clone: this is more than the server advises for "
			"one terminal (%" PRId64
			" records, %.1f MB): a small device will be slow\n",
			hufu_list_int(s, "records_warn", 0),
			mb(s, "bytes_warn"));
	hufu_list_free(s);
}

int verb_clone(struct verb *v)
{
	int code = verb_open(v);

	if (code != EXIT_DONE)
		return code;
	size_tell(v);
	if (hufu_clone(v->h) != HUFU_OK)
		return verb_fail(v);
	verb_progress_end();
	return v->json ? verb_print_info(v) : verb_print_scopes(v, "equal");
}
