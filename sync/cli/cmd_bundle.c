#include "cli/verbs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int create_print(struct verb *v, struct hufu_list *s)
{
	int64_t packets = hufu_list_int(s, "packets", 0);
	int64_t carried = hufu_list_int(s, "carried", 0);
	int64_t held = hufu_list_int(s, "held_back", 0);
	char size[SIZE_TEXT];

	size_text(size, hufu_list_int(s, "bytes", 0));
	printf("%s: %" PRId64 " packet%s", v->words[1], packets,
	       plural(packets));
	if (carried)
		printf(", %" PRId64 " request%s of other tablets", carried,
		       plural(carried));
	printf(", %s; for 'hufud bundle apply'\n", size);
	if (hufu_list_int(s, "left_out", 0))
		puts("there is more than one bundle holds: make another when "
		     "the answer to this one is here");
	if (held)
		printf("%" PRId64 " edited record%s held back: %s\n"
		       "mend it, or take it back with 'hufu undo'\n",
		       held, held == 1 ? " is" : "s are",
		       hufu_list_text(s, "held_why"));
	return EXIT_DONE;
}

static int create(struct verb *v)
{
	struct hufu_list *report;
	int64_t edited;
	int code = verb_mend(v);

	if (code == EXIT_DONE)
		code = verb_unlock_if_needed(v);
	if (code != EXIT_DONE)
		return code;
	if (hufu_bundle_create(v->h, v->words[1], &report) != HUFU_OK)
		return verb_fail(v);
	edited = hufu_list_int(report, "uncommitted", 0);
	code = v->json ? verb_json_entry(report) : create_print(v, report);
	hufu_list_free(report);
	if (code != EXIT_DONE || !edited)
		return code;
	return verb_complain(v,
			     "%" PRId64 " uncommitted edit%s not in it: there "
			     "is no PIN (--pin-file)",
			     edited, edited == 1 ? " is" : "s are");
}

static int apply_print(struct verb *v, struct hufu_list *s)
{
	int64_t kept = hufu_list_int(s, "kept", 0);
	int code = EXIT_DONE;

	if (kept)
		printf("%" PRId64 " answer%s for other tablets kept: 'hufu "
		       "bundle answers FILE' writes %s\n",
		       kept, plural(kept), kept == 1 ? "it" : "them");
	if (hufu_list_int(s, "applied", 0)) {
		code = verb_print_scopes(v, "equal");
		if (code == EXIT_DONE)
			verb_print_work(s);
	} else if (hufu_list_int(s, "again", 0)) {
		puts("this answer was applied before: nothing changed");
	}
	if (hufu_list_int(s, "receipts_only", 0))
		puts("this replica was synced since it asked: of the answer "
		     "the receipts count, the next sync brings the rest");
	if (hufu_list_int(s, "needs_another", 0))
		puts("something is still to be sent: 'hufu bundle create' once "
		     "more, or 'hufu sync'");
	if (hufu_list_int(s, "fork", 0))
		puts("the journal began anew: this file and a copy of it both "
		     "synced");
	return code;
}

static int apply(struct verb *v)
{
	struct hufu_list *report;
	int code = EXIT_DONE;

	if (v->pin_file)
		code = verb_unlock(v);
	if (code != EXIT_DONE)
		return code;
	if (hufu_bundle_apply(v->h, v->words[1], &report) != HUFU_OK)
		return verb_fail(v);
	code = v->json ? verb_json_entry(report) : apply_print(v, report);
	hufu_list_free(report);
	return code;
}

static int carry(struct verb *v)
{
	struct hufu_list *report;
	int64_t requests, answers;
	int code = EXIT_DONE;

	if (hufu_carry(v->h, v->words[1], &report) != HUFU_OK)
		return verb_fail(v);
	requests = hufu_list_int(report, "requests", 0);
	answers = hufu_list_int(report, "answers", 0);
	if (v->json)
		code = verb_json_entry(report);
	else if (requests)
		printf("%" PRId64 " request%s of other tablets: 'hufu sync' or "
		       "'hufu bundle create' hands %s on\n",
		       requests, plural(requests),
		       requests == 1 ? "it" : "them");
	if (!v->json && answers)
		printf("%" PRId64 " answer%s for other tablets: 'hufu bundle "
		       "answers FILE' writes %s\n",
		       answers, plural(answers), answers == 1 ? "it" : "them");
	hufu_list_free(report);
	return code;
}

static int answers(struct verb *v)
{
	int n;

	if (hufu_carried_answers(v->h, v->words[1], v->words[2], &n) != HUFU_OK)
		return verb_fail(v);
	if (v->json)
		printf("{\"answers\":%d}\n", n);
	else
		printf("%s: %d answer%s; for 'hufu bundle apply' of who "
		       "asked\n",
		       v->words[1], n, plural(n));
	return EXIT_DONE;
}

static int list(struct verb *v)
{
	struct hufu_list *all;
	int code = EXIT_DONE;

	if (hufu_carried(v->h, &all) != HUFU_OK)
		return verb_fail(v);
	if (v->json) {
		code = verb_json_all(all);
	} else {
		while (hufu_list_next(all) == HUFU_OK) {
			char size[SIZE_TEXT];

			size_text(size, hufu_list_int(all, "bytes", 0));
			printf("%-9s terminal %s, request %.10s, %s",
			       hufu_list_text(all, "state"),
			       hufu_list_text(all, "terminal"),
			       hufu_list_text(all, "digest"), size);
			printf("%s%s\n",
			       *hufu_list_text(all, "why") ? ": " : "",
			       hufu_list_text(all, "why"));
		}
	}
	hufu_list_free(all);
	return code;
}

int verb_bundle(struct verb *v)
{
	static const struct {
		const char *name;
		int (*run)(struct verb *v);
		int words_min, words_max;
	} subs[] = {
		{ "create", create, 2, 2 }, { "apply", apply, 2, 2 },
		{ "carry", carry, 2, 2 },   { "answers", answers, 2, 3 },
		{ "list", list, 1, 1 },
	};

	for (size_t i = 0; i < sizeof(subs) / sizeof(*subs); i++) {
		int code;

		if (strcmp(subs[i].name, v->words[0]) != 0)
			continue;
		if (v->nwords < subs[i].words_min)
			return verb_misuse(v, "which file? hufu bundle %s FILE",
					   subs[i].name);
		if (v->nwords > subs[i].words_max)
			return verb_misuse(v, "what is '%s' for?",
					   v->words[subs[i].words_max]);
		code = verb_open(v);
		return code == EXIT_DONE ? subs[i].run(v) : code;
	}
	return verb_misuse(v, "say create, apply, carry, answers or list");
}
