#include "cli/verbs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int edits_count(struct verb *v, int *edited)
{
	struct hufu_list *list;

	*edited = 0;
	if (hufu_status(v->h, &list) != HUFU_OK)
		return verb_fail(v);
	while (hufu_list_next(list) == HUFU_OK) {
		const char *state = hufu_list_text(list, "state");

		*edited += !strcmp(state, "new") || !strcmp(state, "edited");
	}
	hufu_list_free(list);
	return EXIT_DONE;
}

/* Uncommitted edits need the key; without a PIN they stay where they are, and
 * the rest is synced. */
int verb_unlock_if_needed(struct verb *v)
{
	int edited, code = edits_count(v, &edited);

	if (code == EXIT_DONE && (edited || v->pin_file) && pin_is_at_hand(v))
		code = verb_unlock(v);
	return code;
}

void verb_print_work(struct hufu_list *s)
{
	int64_t merged = hufu_list_int(s, "merged", 0);
	int64_t conflicts = hufu_list_int(s, "conflicts", 0);
	int64_t quarantined = hufu_list_int(s, "quarantined", 0);
	int64_t packets = hufu_list_int(s, "packets_sent", 0);
	int64_t records = hufu_list_int(s, "records_sent", 0);

	printf("%" PRId64 " packet%s, %" PRId64 " record%s up; %" PRId64
	       " down",
	       packets, plural(packets), records, plural(records),
	       hufu_list_int(s, "records_received", 0));
	if (merged || conflicts || quarantined)
		printf("; %" PRId64 " merged, %" PRId64 " conflict%s, %" PRId64
		       " quarantined",
		       merged, conflicts, plural(conflicts), quarantined);
	if (hufu_list_int(s, "bytes_up", 0))
		printf("; %" PRId64 " bytes up, %" PRId64 " down",
		       hufu_list_int(s, "bytes_up", 0),
		       hufu_list_int(s, "bytes_down", 0));
	putchar('\n');
	if (conflicts || quarantined)
		puts("'hufu conflicts' shows what needs a person");
}

static void carried_print(struct hufu_list *s)
{
	int64_t n = hufu_list_int(s, "carried", 0);
	const char *why = hufu_list_text(s, "carried_why");

	if (n)
		printf("%" PRId64 " request%s of other tablets handed over: "
		       "'hufu bundle answers FILE' writes what came back\n",
		       n, plural(n));
	if (why && *why)
		printf("carried, and not handed over: %s\n", why);
}

static void scopes_print(struct hufu_list *s)
{
	if (hufu_list_int(s, "scopes_went", 0))
		puts("this tablet has no part in one of its scopes any more: "
		     "all of it was sent, and its records left this tablet");
	if (hufu_list_int(s, "scopes_came", 0))
		puts("a scope joined this tablet: all of it is here");
}

static void damage_print(struct hufu_list *s)
{
	int64_t records = hufu_list_int(s, "repaired", 0);

	if (!hufu_list_int(s, "damaged", 0))
		return;
	printf("this file was damaged and is repaired: %" PRId64
	       " record%s fetched again%s; if it happens again, the tablet's "
	       "storage is failing\n",
	       records, plural(records),
	       hufu_list_int(s, "rebuilt", 0) ? ", indexes written anew" : "");
}

static int text_print(struct verb *v, struct hufu_list *s)
{
	int64_t held = hufu_list_int(s, "held_back", 0);
	int code = verb_print_scopes(v, "equal");

	if (code != EXIT_DONE)
		return code;
	verb_print_work(s);
	carried_print(s);
	if (held)
		printf("%" PRId64 " edited record%s held back: %s\n"
		       "mend it, or take it back with 'hufu undo'\n",
		       held, held == 1 ? " is" : "s are",
		       hufu_list_text(s, "held_why"));
	if (hufu_list_int(s, "restored", 0))
		puts("the server came back from a backup: what it had lost of "
		     "this replica was sent again");
	scopes_print(s);
	damage_print(s);
	if (hufu_list_int(s, "fork", 0))
		puts("the journal began anew: this file and a copy of it both "
		     "synced");
	return EXIT_DONE;
}

static int result_print(struct verb *v, struct hufu_list *report)
{
	int64_t edited = hufu_list_int(report, "uncommitted", 0);
	int code = v->json ? verb_json_entry(report) : text_print(v, report);

	if (code != EXIT_DONE || !edited)
		return code;
	return verb_complain(v,
			     "%" PRId64 " uncommitted edit%s not sent: there "
			     "is no PIN (--pin-file)",
			     edited, edited == 1 ? " is" : "s are");
}

static int run(struct verb *v,
	       enum hufu_code (*fn)(struct hufu *h, struct hufu_list **report))
{
	struct hufu_list *report;
	int code = verb_open(v);

	/* Of one that was wiped only a sync says more. */
	if (code == EXIT_DONE && !hufu_is_wiped(v->h))
		code = verb_mend(v);
	if (code == EXIT_DONE && !hufu_is_wiped(v->h))
		code = verb_unlock_if_needed(v);
	if (code != EXIT_DONE)
		return code;
	if (fn(v->h, &report) != HUFU_OK)
		return verb_fail(v);
	verb_progress_end();
	code = result_print(v, report);
	hufu_list_free(report);
	/* What was said is said, whether or not the files get through. */
	fflush(stdout);
	return code == EXIT_DONE && !v->no_upload ? verb_lane(v) : code;
}

int verb_sync(struct verb *v)
{
	return run(v, hufu_sync);
}

int verb_repair(struct verb *v)
{
	return run(v, hufu_repair);
}
