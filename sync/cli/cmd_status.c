#include "cli/verbs.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct count {
	int uncommitted, bad, unsent, needs_me;
};

static void entry_count(struct count *n, const char *state, const char *bad)
{
	n->uncommitted += !strcmp(state, "new") || !strcmp(state, "edited");
	n->unsent += !strcmp(state, "local") || !strcmp(state, "sent");
	n->needs_me +=
		!strcmp(state, "conflict") || !strcmp(state, "quarantined");
	n->bad += bad != NULL;
}

static void entry_print(struct hufu_list *list, struct count *n)
{
	const char *state = hufu_list_text(list, "state");
	const char *bad = hufu_list_text(list, "bad");
	const char *detail = hufu_list_text(list, "detail");

	entry_count(n, state, bad);
	printf("%-12s %s %s%s%s\n", state, hufu_list_text(list, "kind"),
	       hufu_list_text(list, "id"),
	       bad      ? "  held back: "
	       : detail ? "  "
			: "",
	       bad      ? bad
	       : detail ? detail
			: "");
}

/* Why there is nothing to do. */
static int rest_print(struct verb *v)
{
	const char *rest = "this replica is not enrolled yet: 'hufu enroll'";
	struct hufu_list *scopes;
	bool has_data = false;

	if (hufu_scopes(v->h, &scopes) != HUFU_OK)
		return verb_fail(v);
	while (hufu_list_next(scopes) == HUFU_OK)
		has_data |= hufu_list_text(scopes, "head") != NULL;
	if (has_data)
		rest = "nothing to do: no edits, everything is sent";
	else if (hufu_list_count(scopes))
		rest = "nothing is here yet: 'hufu clone'";
	puts(rest);
	hufu_list_free(scopes);
	return EXIT_DONE;
}

static void summary_print(const struct count *n)
{
	if (n->uncommitted)
		printf("%d uncommitted: 'hufu diff' shows, 'hufu commit' "
		       "signs, "
		       "'hufu undo' takes back\n",
		       n->uncommitted);
	if (n->bad)
		printf("%d of these held back: 'hufu commit' refuses, 'hufu "
		       "sync' leaves %s out\n",
		       n->bad, n->bad == 1 ? "it" : "them");
	if (n->unsent)
		printf("%d not acknowledged yet: 'hufu sync'\n", n->unsent);
	if (n->needs_me)
		printf("%d need a person: 'hufu conflicts'\n", n->needs_me);
}

/* Files that the office does not have yet; *any says whether there are. */
static int files_print(struct verb *v, bool *any)
{
	struct hufu_list *list;
	char size[SIZE_TEXT];
	int64_t sum = 0;

	*any = false;
	if (hufu_evidence(v->h, &list) != HUFU_OK)
		return verb_fail(v);
	while (hufu_list_next(list) == HUFU_OK) {
		const char *media = hufu_list_text(list, "media");

		size_text(size, hufu_list_int(list, "size", 0));
		printf("%-12s evidence %s  %s of %s, visit %s\n", "file",
		       hufu_list_text(list, "id"), media ? media : "file", size,
		       hufu_list_text(list, "visit"));
		sum += hufu_list_int(list, "size", 0);
	}
	*any = hufu_list_count(list) > 0;
	size_text(size, sum);
	if (*any)
		printf("%zu file%s of evidence under way, %s: 'hufu upload'\n",
		       hufu_list_count(list),
		       plural((int64_t)hufu_list_count(list)), size);
	hufu_list_free(list);
	return EXIT_DONE;
}

static int text_print(struct verb *v, struct hufu_list *list)
{
	struct count n = { 0 };
	bool any;
	int code;

	while (hufu_list_next(list) == HUFU_OK)
		entry_print(list, &n);
	code = files_print(v, &any);
	if (code != EXIT_DONE)
		return code;
	if (!hufu_list_count(list) && !any)
		return rest_print(v);
	summary_print(&n);
	return EXIT_DONE;
}

int verb_status(struct verb *v)
{
	struct hufu_list *list;
	int code = verb_open(v);

	if (code != EXIT_DONE)
		return code;
	if (hufu_check_capture(v->h) != HUFU_OK ||
	    hufu_status(v->h, &list) != HUFU_OK)
		return verb_fail(v);
	code = v->json ? verb_json_all(list) : text_print(v, list);
	hufu_list_free(list);
	return code;
}
