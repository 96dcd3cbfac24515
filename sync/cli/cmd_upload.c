#include "cli/verbs.h"

#include <inttypes.h>
#include <stdio.h>

/* What went, and what is left and why. */
static void report_print(struct hufu_list *report)
{
	int64_t files = hufu_list_int(report, "files", 0);
	int64_t left = hufu_list_int(report, "left", 0);
	int64_t refused = hufu_list_int(report, "refused", 0);
	char up[SIZE_TEXT], rest[SIZE_TEXT];

	size_text(up, hufu_list_int(report, "bytes_up", 0));
	size_text(rest, hufu_list_int(report, "left_bytes", 0));
	if (files || hufu_list_int(report, "bytes_up", 0))
		printf("evidence: %" PRId64 " file%s whole at the office, %s "
		       "up\n",
		       files, plural(files), up);
	if (left)
		printf("evidence: %" PRId64 " file%s of %s still under way: "
		       "'hufu upload'\n",
		       left, plural(left), rest);
	if (refused)
		printf("evidence: %" PRId64 " refused: %s\n", refused,
		       hufu_list_text(report, "why"));
}

int verb_upload(struct verb *v)
{
	int64_t rate = size_of(v->rate, 0);
	struct hufu_list *report;
	int code;

	if (rate < 0)
		return verb_misuse(v, "--limit-rate is a size such as 200K");
	code = verb_open(v);
	if (code != EXIT_DONE)
		return code;
	if (hufu_upload(v->h, 0, rate, &report) != HUFU_OK)
		return verb_fail(v);
	verb_progress_end();
	if (v->json)
		code = verb_json_entry(report);
	else if (hufu_list_int(report, "files", 0) +
		 hufu_list_int(report, "left", 0))
		report_print(report);
	else
		puts("no file of evidence is under way");
	if (hufu_list_int(report, "refused", 0))
		code = EXIT_FAILED;
	hufu_list_free(report);
	return code;
}

/* A lane of its own: the sync was done, whatever becomes of the files. */
int verb_lane(struct verb *v)
{
	struct hufu_list *report;
	enum hufu_code came = hufu_upload(v->h, HUFU_LANE_BYTES, 0, &report);

	verb_progress_end();
	if (came != HUFU_OK)
		fprintf(stderr, "hufu %s: evidence is still under way: %s\n",
			v->name, hufu_message(v->h));
	else if (!v->json)
		report_print(report);
	hufu_list_free(report);
	return EXIT_DONE;
}
