/* cli/cmd_draw_commit.c - `hufud draw commit`: its words, and what it prints.
 */
#include "cli/cmd_draw.h"

#include <stdlib.h>

#include "base/date.h"
#include "base/jcs.h"
#include "cli/schema_dir.h"

static bool whole_number(const char *text, int64_t *out)
{
	char *end;

	if (!text)
		return true;
	*out = strtoll(text, &end, 10);
	return end != text && !*end && *out > 0;
}

static bool period_of(const char *text, int64_t *out)
{
	*out = text ? 0 : -1;
	return !text || strcmp(text, "0") == 0 || whole_number(text, out);
}

static int quota_words(struct cli *c, const struct draw_words *w)
{
	const struct draw_options *o = &w->options;
	int given = !!w->count + !!o->quota + !!o->ratio + !!o->ratio_rule;

	if (given != 1)
		return cli_misuse(c, "say how many, once: --count N, --quota "
				     "A=10,B=20, --ratio A=5%%,B=10%% or "
				     "--ratio-rule CODE");
	if (o->quota && !draw_quota_is_legal(o->quota))
		return cli_misuse(c, "quotas are like A=10,B=20, not '%s'",
				  o->quota);
	if (o->ratio && !draw_ratio_is_legal(o->ratio))
		return cli_misuse(c, "ratios are like A=5%%,B=0.5%%, not '%s'",
				  o->ratio);
	return EXIT_DONE;
}

/* What is wrong with the words of a commitment, before anything is opened. */
static int commit_words(struct cli *c, struct draw_words *w)
{
	const struct draw_options *o = &w->options;
	const char *const dates[] = { o->due, o->visited_before };
	bool has_source = o->seed_parts || (o->seed_source && o->seed_at);
	int64_t days;
	int code;

	if (!whole_number(w->count, &w->options.count) ||
	    !whole_number(w->officers, &w->options.officers) ||
	    !whole_number(w->load, &w->options.load_max) ||
	    !period_of(w->period, &w->options.period_days))
		return cli_misuse(c, "counts are whole numbers above 0");
	code = quota_words(c, w);
	for (int i = 0; code == EXIT_DONE && i < 2; i++)
		if (dates[i] && !date_parse(dates[i], &days))
			code = cli_misuse(c, "'%s' is no date like 2026-12-31",
					  dates[i]);
	if (code == EXIT_DONE && !draw_towns_are_legal(o->towns))
		code = cli_misuse(c, "towns '%s' are not three digits each",
				  o->towns);
	if (code == EXIT_DONE && o->seed_parts &&
	    !draw_seed_parts_are_legal(o->seed_parts))
		code = cli_misuse(c, "--seed-parts are three or more "
				     "NAME=SHA256, with commas between them");
	if (code == EXIT_DONE && o->replaces && !o->reason)
		code = cli_misuse(c, "--replaces needs a --reason");
	if (code == EXIT_DONE && !o->due)
		code = cli_misuse(c, "say until when who is drawn is to be "
				     "checked: --due 2026-12-31");
	if (code == EXIT_DONE && !has_source)
		code = cli_misuse(c, "say where the seed will come from, and "
				     "when: --seed-source TEXT --seed-at TIME, "
				     "or --seed-parts of three people");
	return code;
}

/* Expected and actual sizes of strata by ratio. */
static void print_strata(const json_t *strata)
{
	for (size_t k = 0; k < json_array_size(strata); k++) {
		const json_t *s = json_array_get(strata, k);
		int64_t expected = json_int(s, "expected_bp", -1);

		if (json_array_size(strata) == 1 && expected < 0)
			return;
		printf("  %-10s %8lld subjects, drawn %6lld",
		       json_text(s, "name"), (long long)json_int(s, "size", 0),
		       (long long)json_int(s, "n", 0));
		if (expected >= 0)
			printf(", expected %lld.%04lld",
			       (long long)(expected / 10000),
			       (long long)(expected % 10000));
		putchar('\n');
	}
}

int cmd_draw_commit(struct cli *c, struct draw_words *w)
{
	struct err ignored = { 0 };
	json_t *record = NULL;
	char id[21], *schema = NULL;
	int code = commit_words(c, w);
	enum rc rc;

	if (code == EXIT_DONE)
		code = cli_open(c);
	if (code == EXIT_DONE)
		code = cli_scope(c, NULL, NULL);
	if (code != EXIT_DONE)
		return code;
	w->options.schema = schema = schema_dir(w->schema, &ignored);
	rc = draw_commit(&c->op, c->scope, &w->options, id);
	free(schema);
	if (rc != RC_OK ||
	    ledger_record(&c->op, c->scope, "draw", id, &record) != RC_OK)
		return cli_fail(c, &c->err);
	if (c->json) {
		cli_json(json_pack(
			"{s:s, s:O, s:O, s:O, s:O, s:O}", "id", id, "strata",
			json_object_get(record, "strata"), "commitment",
			json_object_get(record, "commitment"), "frame_hash",
			json_object_get(record, "frame_hash"), "frame_size",
			json_object_get(record, "frame_size"), "quota",
			json_object_get(record, "quota")));
	} else {
		printf("draw %s is committed: %lld of %lld subjects\n"
		       "commitment %s\n",
		       id, (long long)json_int(record, "quota", 0),
		       (long long)json_int(record, "frame_size", 0),
		       json_text(record, "commitment"));
		print_strata(json_object_get(record, "strata"));
	}
	json_decref(record);
	return EXIT_DONE;
}
