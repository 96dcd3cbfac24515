/* cli/cmd_rate.c - `hufud rate`: the credit of subjects under a scheme. */
#include "cli/cli.h"

#include <stdlib.h>

#include "base/date.h"
#include "base/jcs.h"
#include "cli/schema_dir.h"
#include "domain/credit.h"

static const char usage[] =
	"usage: hufud rate [--scope S] [--scheme CODE] [--as-of DATE] "
	"[--json]\n"
	"       hufud rate --explain SUBJECT [--scope S] [...]\n"
	"       hufud rate --scheme-file FILE [--scope S ...] [--json]\n"
	"\n"
	"Rates every subject of the scope by the newest version of the scheme "
	"that is in\n"
	"force on the day (today unless --as-of says another), from the "
	"violations found\n"
	"until then. A rating is written when score, grade or reasons "
	"changed.\n"
	"\n"
	"--scheme       the scheme's code; without it 'default', which is "
	"recorded from\n"
	"               schema/schemes when there is none\n"
	"--scheme-file  records a version of a scheme; a version never "
	"changes. With\n"
	"               --scope its scheme is used at once\n"
	"--explain      score, grade and each fact with its deduction; writes "
	"no rating\n"
	"\n" CLI_SCOPE_USAGE
	"\nOptions: --data DIR, --as ACCOUNT, --schema DIR";

static int print_rates(struct cli *c, const struct rate_done *done)
{
	json_t *grades;

	if (!c->json) {
		printf("%zu subjects by scheme %s version %lld as of %s\n",
		       done->subjects, done->scheme, (long long)done->version,
		       done->as_of);
		for (size_t i = 0; i < done->ngrades; i++)
			printf("  %-8s %8zu\n", done->grades[i].grade,
			       done->grades[i].subjects);
		printf("%zu ratings written, the others stand\n",
		       done->written);
		return EXIT_DONE;
	}
	grades = json_object();
	for (size_t i = 0; i < done->ngrades; i++)
		json_object_set_new(
			grades, done->grades[i].grade,
			json_integer((json_int_t)done->grades[i].subjects));
	cli_json(json_pack("{s:s, s:I, s:s, s:I, s:I, s:o}", "scheme",
			   done->scheme, "version", (json_int_t)done->version,
			   "as_of", done->as_of, "subjects",
			   (json_int_t)done->subjects, "written",
			   (json_int_t)done->written, "grades", grades));
	return EXIT_DONE;
}

static int rate(struct cli *c, const struct rate_options *options)
{
	struct rate_done done;

	if (rate_scope(&c->op, c->scope, options, &done) != RC_OK)
		return cli_fail(c, &c->err);
	return print_rates(c, &done);
}

static void print_count(const json_t *reasons, const char *key,
			const char *words)
{
	int64_t n = json_int(reasons, key, 0);

	if (n)
		printf("  %lld %s\n", (long long)n, words);
}

static void print_explanation(const json_t *o)
{
	const json_t *reasons = json_object_get(o, "reasons");
	const json_t *facts = json_object_get(reasons, "facts");

	printf("%s: %lld points, grade %s, by scheme %s version %lld as of "
	       "%s\n",
	       json_text(o, "subject"), (long long)json_int(o, "score", 0),
	       json_text(o, "grade"), json_text(o, "scheme"),
	       (long long)json_int(o, "version", 0), json_text(o, "as_of"));
	printf("  %6lld  at the start\n",
	       (long long)json_int(reasons, "start", 0));
	for (size_t i = 0; i < json_array_size(facts); i++) {
		const json_t *f = json_array_get(facts, i);

		printf("  %6lld  %s  %-8s %lld x %lld%%  violation %s\n",
		       -(long long)json_int(f, "deduction", 0),
		       json_text(f, "found_on"), json_text(f, "severity"),
		       (long long)json_int(f, "points", 0),
		       (long long)json_int(f, "percent", 0),
		       json_text(f, "id"));
	}
	print_count(reasons, "visits", "visits counted");
	print_count(reasons, "visits_uncounted",
		    "visits of types that do not count");
	print_count(reasons, "uncounted", "violations found at such visits");
	print_count(reasons, "expired", "violations beyond the horizon");
	print_count(reasons, "undated", "violations without a date");
	printf("  newest fact at position %lld of the log\n",
	       (long long)json_int(o, "facts_position", 0));
}

static int explain(struct cli *c, const char *subject,
		   const struct rate_options *options)
{
	json_t *o;

	if (rate_explain(&c->op, c->scope, subject, options, &o) != RC_OK)
		return cli_fail(c, &c->err);
	if (c->json)
		cli_json(json_incref(o));
	else
		print_explanation(o);
	json_decref(o);
	return EXIT_DONE;
}

static int run(struct cli *c, struct rate_options *options,
	       const char *scheme_file, const char *subject)
{
	char code[65];
	int exit_code;

	if (scheme_file) {
		if (scheme_record(&c->op, scheme_file, code) != RC_OK)
			return cli_fail(c, &c->err);
		if (!c->json)
			printf("scheme %s is recorded\n", code);
		else if (!c->scope)
			cli_json(json_pack("{s:s}", "scheme", code));
		if (!c->scope)
			return EXIT_DONE;
		if (!options->scheme)
			options->scheme = code;
	}
	exit_code = cli_scope(c, "subject", subject);
	if (exit_code != EXIT_DONE)
		return exit_code;
	return subject ? explain(c, subject, options) : rate(c, options);
}

int cmd_rate(struct cli *c)
{
	const char *words[1] = { NULL }, *scheme_file = NULL, *subject = NULL;
	const char *schema = NULL;
	struct rate_options options = { .progress = cli_progress };
	const struct cli_option own[] = {
		{ "--scheme", &options.scheme, NULL },
		{ "--as-of", &options.as_of, NULL },
		{ "--scheme-file", &scheme_file, NULL },
		{ "--explain", &subject, NULL },
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
	code = run(c, &options, scheme_file, subject);
	free(folder);
	return code;
}
