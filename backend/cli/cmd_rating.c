/* cli/cmd_rating.c - `hufud rating`: one subject's credit, then and now. */
#include "cli/rating.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/date.h"
#include "base/jcs.h"
#include "cli/schema_dir.h"
#include "store/past.h"

static const char usage[] =
	"usage: hufud rating SUBJECT [--scope S] [--scheme CODE] [--as-of "
	"DATE]\n"
	"                    [--known-at DATE|POSITION] [--explain] [--json]\n"
	"\n"
	"Shows the rating in force on the day (today in UTC unless --as-of "
	"says "
	"another),\n"
	"those before it, and beside them what other bodies say of the "
	"subject.\n"
	"\n"
	"--known-at  as the log knew it at the end of that day, or at that "
	"position\n"
	"--explain   the sum from the facts to the grade, step by step, by the "
	"scheme in\n"
	"            force on the day, and whether the rating on record says "
	"the same\n"
	"\n" CLI_SCOPE_USAGE
	"\nOptions: --data DIR, --as ACCOUNT, --schema DIR";

static void when_known(char out[25], const json_t *rating)
{
	time_format(out, json_int(rating, "known_at", 0));
}

static void print_rating(const json_t *r)
{
	char when[25];

	when_known(when, r);
	printf("  %s  %lld points, grade %s  (known %s, position %lld)\n",
	       json_text(r, "valid_from"), (long long)json_int(r, "score", 0),
	       json_text(r, "grade"), when,
	       (long long)json_int(r, "position", 0));
}

static void print_imported(const json_t *list)
{
	const json_t *r;
	size_t i;

	if (json_array_size(list))
		puts("of other bodies:");
	json_array_foreach(list, i, r)
	{
		const char *grade = json_text(r, "grade");
		const char *source = json_text(r, "source");
		const json_t *score = json_object_get(r, "score");
		const char *to = json_text(r, "valid_to");

		printf("  %s%s%s  %s", json_text(r, "valid_from"),
		       to ? " to " : "", to ? to : "", json_text(r, "scheme"));
		if (json_is_integer(score))
			printf("  %lld points",
			       (long long)json_integer_value(score));
		if (grade)
			printf("  grade %s", grade);
		printf("  (from %s, received %s, position %lld)%s\n",
		       source ? source : "no source named",
		       json_text(r, "received_at"),
		       (long long)json_int(r, "position", 0),
		       json_text(r, "state") &&
				       !strcmp(json_text(r, "state"), "void")
			       ? "  void"
			       : "");
	}
}

static void print_record(const json_t *o)
{
	const json_t *rating = json_object_get(o, "rating"), *r;
	const json_t *history = json_object_get(o, "history");
	size_t i;

	printf("%s as of %s, as the log knew it at position %lld\n",
	       json_text(o, "subject"), json_text(o, "as_of"),
	       (long long)json_int(o, "known_position", 0));
	puts(rating ? "in force:" : "no rating of ours was in force");
	if (rating)
		print_rating(rating);
	if (json_array_size(history) > (rating ? 1 : 0))
		puts("others, oldest first:");
	json_array_foreach(history, i, r) if (r != rating) print_rating(r);
	print_imported(json_object_get(o, "imported"));
}

static void print_count(const json_t *reasons, const char *key,
			const char *words)
{
	int64_t n = json_int(reasons, key, 0);

	if (n)
		printf("          %lld %s\n", (long long)n, words);
}

/* The step of decay that an age falls in, as days. */
static int64_t step_of(const json_t *decay, int64_t age)
{
	for (size_t i = 0; i < json_array_size(decay); i++) {
		int64_t max = json_int(json_array_get(decay, i), "days_max", 0);

		if (age <= max)
			return max;
	}
	return 0;
}

static int64_t print_fact(const json_t *o, const json_t *f)
{
	int64_t found = 0, day = 0, deduction = json_int(f, "deduction", 0);

	date_parse(json_text(f, "found_on"), &found);
	date_parse(json_text(o, "as_of"), &day);
	printf("  %6lld  %s  %-8s %lld points x %lld%% (%lld days old, step "
	       "to %lld)  violation %s%s\n",
	       -(long long)deduction, json_text(f, "found_on"),
	       json_text(f, "severity"), (long long)json_int(f, "points", 0),
	       (long long)json_int(f, "percent", 0), (long long)(day - found),
	       (long long)step_of(json_object_get(o, "decay"), day - found),
	       json_text(f, "id"),
	       json_object_get(f, "no_inspection")
		       ? "  (its source has no inspection of that day)"
		       : "");
	return deduction;
}

static void print_grade(const json_t *o)
{
	const json_t *grades = json_object_get(o, "grades"), *g;
	size_t i;

	printf("  grade %s:", json_text(o, "grade"));
	json_array_foreach(grades, i, g)
		printf(" %s from %lld%s", json_text(g, "grade"),
		       (long long)json_int(g, "min", 0),
		       i + 1 < json_array_size(grades) ? "," : "\n");
}

static void print_sum(const json_t *o)
{
	const json_t *reasons = json_object_get(o, "reasons"), *f;
	int64_t left = json_int(reasons, "start", 0);
	size_t i;

	printf("\nby scheme %s version %lld, from the facts up to position "
	       "%lld:\n  %6lld  at the start\n",
	       json_text(o, "scheme"), (long long)json_int(o, "version", 0),
	       (long long)json_int(o, "facts_position", 0), (long long)left);
	json_array_foreach(json_object_get(reasons, "facts"), i, f) left -=
		print_fact(o, f);
	printf("  %6lld  points are left\n", (long long)left);
	if (left < json_int(o, "floor", 0))
		printf("  %6lld  is the lowest score\n",
		       (long long)json_int(o, "floor", 0));
	print_grade(o);
	print_count(reasons, "visits", "visits counted");
	print_count(reasons, "visits_uncounted", "visits that do not count");
	print_count(reasons, "visits_repeated",
		    "visits that their source has before: not counted again");
	print_count(reasons, "uncounted", "violations found at such visits");
	print_count(reasons, "repeated",
		    "violations that their source has before: no deduction");
	print_count(reasons, "expired", "violations beyond the horizon");
	print_count(reasons, "undated", "violations without a date");
}

static bool same_result(const json_t *rating, const json_t *sum)
{
	return json_equal(json_object_get(rating, "score"),
			  json_object_get(sum, "score")) &&
	       json_equal(json_object_get(rating, "grade"),
			  json_object_get(sum, "grade")) &&
	       json_equal(json_object_get(rating, "reasons"),
			  json_object_get(sum, "reasons"));
}

static void print_both(const json_t *record, const json_t *sum)
{
	const json_t *rating = json_object_get(record, "rating");

	print_record(record);
	if (!sum)
		return;
	print_sum(sum);
	if (rating)
		puts(same_result(rating, sum)
			     ? "the rating in force says the same"
			     : "the rating in force says otherwise: it was "
			       "made "
			       "on another day, from other facts, by another "
			       "version, or lists the first facts alone");
}

int rating_print(struct cli *c, const char *subject,
		 const struct rate_options *options, const int64_t *known,
		 bool explain)
{
	json_t *record = NULL, *sum = NULL;
	enum rc rc =
		rating_show(&c->op, c->scope, subject, options, known, &record);

	if (rc == RC_OK && explain)
		rc = rate_explain(&c->op, c->scope, subject, options, known,
				  &sum);
	if (rc != RC_OK ||
	    cli_was_read(c, "rating", subject, c->program) != EXIT_DONE) {
		json_decref(record);
		json_decref(sum);
		return rc != RC_OK ? cli_fail(c, &c->err) : EXIT_FAILED;
	}
	if (!c->json)
		print_both(record, sum);
	else if (sum)
		json_object_set(record, "explanation", sum);
	if (c->json)
		cli_json(json_incref(record));
	json_decref(record);
	json_decref(sum);
	return EXIT_DONE;
}

static bool is_point(const char *text)
{
	int64_t day;

	return date_parse(text, &day) ||
	       (*text && strspn(text, "0123456789") == strlen(text));
}

static int run(struct cli *c, const char *subject,
	       const struct rate_options *options, const char *known_at,
	       bool explain)
{
	struct past_point point;
	int code = cli_scope(c, "subject", subject);

	if (code != EXIT_DONE)
		return code;
	if (known_at && past_point_parse(c->store, c->scope, known_at, &point,
					 &c->err) != RC_OK)
		return cli_fail(c, &c->err);
	return rating_print(c, subject, options,
			    known_at ? &point.position : NULL, explain);
}

int cmd_rating(struct cli *c)
{
	const char *words[2] = { NULL }, *schema = NULL, *known_at = NULL;
	struct rate_options options = { 0 };
	bool explain = false;
	const struct cli_option own[] = {
		{ "--scheme", &options.scheme, NULL },
		{ "--as-of", &options.as_of, NULL },
		{ "--known-at", &known_at, NULL },
		{ "--explain", NULL, &explain },
		{ "--schema", &schema, NULL },
		{ NULL, NULL, NULL },
	};
	struct err ignored = { 0 };
	int64_t days;
	char *folder;
	int code = cli_options(c, own, usage, words, 1);

	if (code != EXIT_DONE)
		return code;
	if (!words[0])
		return cli_misuse(c, "name the subject");
	if (options.as_of && !date_parse(options.as_of, &days))
		return cli_misuse(c, "--as-of '%s' is no date like 2026-12-31",
				  options.as_of);
	if (known_at && !is_point(known_at))
		return cli_misuse(c,
				  "--known-at '%s' is neither a date like "
				  "2026-12-31 nor a position",
				  known_at);
	code = cli_open(c);
	if (code != EXIT_DONE)
		return code;
	folder = schema_dir(schema, &ignored);
	options.schema = folder;
	code = run(c, words[0], &options, known_at, explain);
	free(folder);
	return code;
}
