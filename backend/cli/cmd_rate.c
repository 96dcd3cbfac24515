/* cli/cmd_rate.c - `hufud rate`: the credit of subjects under a scheme. */
#include "cli/cli.h"

#include <stdlib.h>

#include "base/date.h"
#include "cli/rating.h"
#include "cli/schema_dir.h"

static const char usage[] =
	"usage: hufud rate [--scope S] [--scheme CODE] [--as-of DATE] "
	"[--dry-run] [--json]\n"
	"       hufud rate --check [--scope S] [--json]\n"
	"       hufud rate --scheme-file FILE [--scope S ...] [--json]\n"
	"\n"
	"Rates every subject of the scope by the version of the scheme that is "
	"in force on\n"
	"the day (today in UTC unless --as-of says another), from the "
	"violations found\n"
	"until then. A rating is written when score, grade or reasons "
	"changed; one of a\n"
	"later day stands. A day to come is for --dry-run alone.\n"
	"\n"
	"--dry-run      says how many ratings would be written, and the "
	"grades before and\n"
	"               after; writes nothing\n"
	"--check        computes every rating that stands again from the log, "
	"as it was\n"
	"               known then, and compares the bytes; ends with 1 "
	"where one differs\n"
	"--scheme       the scheme's code; without it 'default', which is "
	"recorded from\n"
	"               schema/schemes when there is none\n"
	"--scheme-file  records a version of a scheme. A version never "
	"changes but for its\n"
	"               last day, 'valid_to'; no two of them share a day. "
	"With --scope its\n"
	"               scheme is used at once; with --dry-run it is tried and "
	"not "
	"recorded\n"
	"--explain S    the same as hufud rating S --explain\n"
	"\n" CLI_SCOPE_USAGE
	"\nOptions: --data DIR, --as ACCOUNT, --schema DIR";

static const char *s(size_t n)
{
	return n == 1 ? "" : "s";
}

static void print_table(const struct rate_done *done, bool dry_run)
{
	printf("%zu subject%s by scheme %s version %lld as of %s\n",
	       done->subjects, s(done->subjects), done->scheme,
	       (long long)done->version, done->as_of);
	printf("  %-12s %10s %10s\n", "grade", "before", "after");
	for (size_t i = 0; i < done->ngrades; i++)
		printf("  %-12s %10zu %10zu\n", done->grades[i].grade,
		       done->grades[i].before, done->grades[i].subjects);
	if (done->unrated)
		printf("  %-12s %10zu %10d\n", "no rating", done->unrated, 0);
	if (done->later)
		printf("%zu rating%s of a later day stand%s\n", done->later,
		       s(done->later), done->later == 1 ? "s" : "");
	printf(dry_run ? "%zu rating%s would be written, the others stand\n"
		       : "%zu rating%s written, the others stand\n",
	       done->written, s(done->written));
}

static int print_rates(struct cli *c, const struct rate_done *done,
		       bool dry_run)
{
	if (!c->json) {
		print_table(done, dry_run);
		return EXIT_DONE;
	}
	cli_json(rate_done_json(done, dry_run));
	return EXIT_DONE;
}

static int rate(struct cli *c, const struct rate_options *options)
{
	struct rate_done done;

	if (rate_scope(&c->op, c->scope, options, &done) != RC_OK)
		return cli_fail(c, &c->err);
	return print_rates(c, &done, options->dry_run);
}

static int check(struct cli *c)
{
	struct rate_checked done;
	json_t *shown;
	size_t n;

	if (rate_check(&c->op, c->scope, &done) != RC_OK)
		return cli_fail(c, &c->err);
	n = done.differing < RATE_DIFFERING_MAX ? done.differing
						: RATE_DIFFERING_MAX;
	if (c->json) {
		shown = json_array();
		for (size_t i = 0; i < n; i++)
			json_array_append_new(shown,
					      json_string(done.shown[i]));
		cli_json(json_pack("{s:I, s:I, s:I, s:o}", "checked",
				   (json_int_t)done.checked, "differing",
				   (json_int_t)done.differing, "unknown",
				   (json_int_t)done.unknown, "subjects",
				   shown));
	} else {
		printf("%zu ratings computed again from the log: %zu "
		       "differ\n",
		       done.checked, done.differing);
		for (size_t i = 0; i < n; i++)
			printf("  subject %s\n", done.shown[i]);
		if (done.unknown)
			printf("%zu ratings do not say what was known: rate "
			       "again\n",
			       done.unknown);
	}
	return done.differing ? EXIT_FAILED : EXIT_DONE;
}

static int record_scheme(struct cli *c, const char *file,
			 struct rate_options *options, char code[65])
{
	if (scheme_record(&c->op, file, code) != RC_OK)
		return cli_fail(c, &c->err);
	if (!c->json)
		printf("scheme %s is recorded\n", code);
	else if (!c->scope)
		cli_json(json_pack("{s:s}", "scheme", code));
	if (!options->scheme)
		options->scheme = code;
	return EXIT_DONE;
}

struct wanted {
	const char *scheme_file, *subject;
	bool check;
};

static int run(struct cli *c, struct rate_options *options,
	       const struct wanted *w)
{
	char scheme[65];
	int code = EXIT_DONE;

	if (w->scheme_file && options->dry_run) {
		options->trial = w->scheme_file;
	} else if (w->scheme_file) {
		code = record_scheme(c, w->scheme_file, options, scheme);
		if (code != EXIT_DONE || !c->scope)
			return code;
	}
	code = cli_scope(c, "subject", w->subject);
	if (code != EXIT_DONE)
		return code;
	if (w->subject)
		return rating_print(c, w->subject, options, NULL, true);
	return w->check ? check(c) : rate(c, options);
}

int cmd_rate(struct cli *c)
{
	const char *words[1] = { NULL }, *schema = NULL;
	struct rate_options options = { .progress = cli_progress };
	struct wanted w = { 0 };
	const struct cli_option own[] = {
		{ "--scheme", &options.scheme, NULL },
		{ "--as-of", &options.as_of, NULL },
		{ "--dry-run", NULL, &options.dry_run },
		{ "--check", NULL, &w.check },
		{ "--scheme-file", &w.scheme_file, NULL },
		{ "--explain", &w.subject, NULL },
		{ "--schema", &schema, NULL },
		{ NULL, NULL, NULL },
	};
	struct err ignored = { 0 };
	int64_t days;
	char *folder;
	int code = cli_options(c, own, usage, words, 0);

	if (code != EXIT_DONE)
		return code;
	if (options.as_of && !date_parse(options.as_of, &days))
		return cli_misuse(c, "--as-of '%s' is no date like 2026-12-31",
				  options.as_of);
	code = cli_open(c);
	if (code != EXIT_DONE)
		return code;
	/* Needed only where no scheme is recorded yet; its absence shows then.
	 */
	folder = schema_dir(schema, &ignored);
	options.schema = folder;
	code = run(c, &options, &w);
	free(folder);
	return code;
}
