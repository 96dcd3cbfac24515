/* cli/cmd_draw_report.c - `hufud draw report`: the figures of draw_report.h as
 * text, JSON or CSV. The same draws give the same bytes. */
#include "cli/cmd_draw.h"

#include "base/jcs.h"
#include "domain/draw_fairness.h"
#include "domain/draw_report.h"

static const char method[] =
	"  chi-square: sum (seen - expected)^2 / expected (Pearson 1900), "
	"cells "
	"expected below 5\n"
	"    put together (Cochran 1954), divided by (N-n)/(N-1) for draws "
	"without replacement\n"
	"    (Cochran, Sampling Techniques); p by the incomplete gamma "
	"function "
	"(Abramowitz and\n"
	"    Stegun 6.5)\n"
	"  runs: E = 2 n1 n2 / n + 1, V = (E-1)(E-2)/(n-1), z = (R-E)/sqrt V "
	"(Wald and Wolfowitz\n"
	"    1940), over all strata of all draws; p of both sides\n"
	"  pairs: a team of w of m holds a pair with w(w-1)/(m(m-1)), a lead "
	"first where there are\n"
	"    leads; P(X >= count) by Poisson, times the pairs possible "
	"(Bonferroni 1936)\n"
	"  p is how often chance alone gives as much; below 0.001 is named as "
	"unlikely\n";

/* "12.3400" of 123400 and 4. */
static const char *decimal(char room[32], const json_t *o, const char *key,
			   int places)
{
	long long n = (long long)json_int(o, key, 0), unit = 1;
	const char *sign = n < 0 ? "-" : "";

	for (int i = 0; i < places; i++)
		unit *= 10;
	n = n < 0 ? -n : n;
	snprintf(room, 32, "%s%lld.%0*lld", sign, n / unit, places, n % unit);
	return room;
}

static const char *p_of(char room[32], const json_t *o)
{
	return json_int(o, "p_e6", 0) > 0 ? decimal(room, o, "p_e6", 6)
					  : "<0.000001";
}

static long long number(const json_t *o, const char *key)
{
	return (long long)json_int(o, key, 0);
}

static void print_chi(const json_t *o)
{
	char x2[32], p[32];

	if (number(o, "df"))
		printf("chi-square %s, df %lld, p %s\n",
		       decimal(x2, o, "x2_e4", 4), number(o, "df"), p_of(p, o));
	else
		puts("too few to test");
}

static void print_strata(const json_t *r)
{
	const json_t *all = json_object_get(r, "strata"), *s;
	size_t i;

	puts("drawn by stratum, spread over its towns:");
	json_array_foreach(all, i, s)
	{
		printf("  %-10s drawn %lld of %lld, %lld towns: ",
		       json_text(s, "name"), number(s, "drawn"),
		       number(s, "frame"), number(s, "towns"));
		print_chi(s);
	}
	printf("  strata in one ratio (quotas may say otherwise): ");
	print_chi(json_object_get(r, "proportion"));
}

static void print_tests(const json_t *r)
{
	const json_t *runs = json_object_get(r, "runs");
	const json_t *pairs = json_object_get(r, "pairs");
	char a[32], b[32], c[32];

	printf("runs of the drawn in the order of ids: %lld in %lld rows, "
	       "expected %s, z %s, p %s\n",
	       number(runs, "seen"), number(runs, "rows"),
	       decimal(a, runs, "expected_e4", 4), decimal(b, runs, "z_e4", 4),
	       p_of(c, runs));
	printf("pairs of officers: %lld of %lld possible seen in %lld teams, "
	       "expected %s\n",
	       number(pairs, "seen"), number(pairs, "possible"),
	       number(pairs, "teams"),
	       decimal(a, pairs, "expected_seen_e4", 4));
	if (*json_text(pairs, "most"))
		printf("  most frequent: %s, %lld times, expected %s, p %s\n",
		       json_text(pairs, "most"), number(pairs, "count"),
		       decimal(a, pairs, "expected_e4", 4), p_of(b, pairs));
	if (number(pairs, "left_out"))
		printf("  draws with more than %d candidates, not counted: "
		       "%lld\n",
		       FAIRNESS_POOL_MAX, number(pairs, "left_out"));
}

static void print_grounds(const json_t *r, const char *key)
{
	const json_t *all = json_object_get(r, key), *g;
	size_t i;

	printf("%s by person and reason:%s\n", key,
	       json_array_size(all) ? "" : " none");
	json_array_foreach(all, i, g)
		printf("  %-12s %-8s %6lld  %s\n", json_text(g, "person"),
		       json_text(g, "what"), number(g, "count"),
		       json_text(g, "reason"));
}

static void print_times(const json_t *r)
{
	const json_t *seed = json_object_get(r, "seed"), *one;
	const json_t *twice = json_object_get(r, "twice");
	const json_t *alike = json_object_get(r, "alike");
	const json_t *lost = json_object_get(r, "not_held");
	const json_t *doubts = json_object_get(r, "doubts");
	size_t i;

	if (json_object_size(seed))
		printf("from commitment to seed: least %lld s, median %lld s, "
		       "most %lld s\n",
		       number(seed, "least_s"), number(seed, "median_s"),
		       number(seed, "most_s"));
	json_array_foreach(json_object_get(r, "seeds"), i, one)
		printf("  draw %s: %lld s\n", json_text(one, "name"),
		       number(one, "seconds"));
	printf("draws committed twice over one frame:%s\n",
	       json_array_size(twice) ? "" : " none");
	json_array_foreach(twice, i, one)
		printf("  frame %.16s: draw %s, %s\n", json_text(one, "frame"),
		       json_text(one, "name"), json_text(one, "state"));
	printf("draws that asked for the same, of other frames:%s\n",
	       json_array_size(alike) ? "" : " none");
	json_array_foreach(alike, i, one)
		printf("  rule %.16s: draw %s, %lld subjects, %s\n",
		       json_text(one, "population"), json_text(one, "name"),
		       number(one, "frame_size"), json_text(one, "state"));
	printf("doubts about seeds:%s\n",
	       json_array_size(doubts) ? "" : " none");
	json_array_foreach(doubts, i, one)
		printf("  draw %s: %s\n", json_text(one, "name"),
		       json_text(one, "doubt"));
	json_array_foreach(lost, i, one)
		printf("not counted: draw %s: %s\n", json_text(one, "name"),
		       json_text(one, "why"));
}

static void print_text(const json_t *r)
{
	const json_t *draws = json_object_get(r, "draws"), *name;
	const json_t *unlikely = json_object_get(r, "unlikely");
	const char *from = json_text(r, "from"), *to = json_text(r, "to");
	size_t i;

	printf("draws of scope %s%s%s%s%s: %lld drawn, %lld not drawn, %lld "
	       "void\n%s",
	       json_text(r, "scope"), from ? " from " : "", from ? from : "",
	       to ? " to " : "", to ? to : "", number(draws, "drawn"),
	       number(draws, "not_drawn"), number(draws, "void"), method);
	print_strata(r);
	print_tests(r);
	print_grounds(r, "exclusions");
	print_grounds(r, "replacements");
	print_times(r);
	printf("unlikely by chance (p < 0.001):%s\n",
	       json_array_size(unlikely) ? "" : " nothing");
	json_array_foreach(unlikely, i, name)
		printf("  %s\n", json_string_value(name));
}

/* -- section,row,member,value -- */

static void print_cell(const char *text)
{
	if (!text[strcspn(text, ",\"\r\n")]) {
		fputs(text, stdout);
		return;
	}
	putchar('"');
	for (; *text; text++) {
		if (*text == '"')
			putchar('"');
		putchar(*text);
	}
	putchar('"');
}

static void print_value(const char *section, size_t row, const char *member,
			const json_t *value)
{
	char text[32];

	printf("%s,%zu,%s,", section, row, member);
	snprintf(text, sizeof(text), "%lld",
		 (long long)json_integer_value(value));
	print_cell(json_is_string(value) ? json_string_value(value) : text);
	putchar('\n');
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

#define MEMBERS_MAX 32

/* The members of an object, in the order of their names. */
static void print_object(const char *section, size_t row, json_t *o)
{
	const char *keys[MEMBERS_MAX], *key;
	json_t *value;
	size_t n = 0;

	json_object_foreach(o, key, value) if (n < MEMBERS_MAX) keys[n++] = key;
	qsort(keys, n, sizeof(*keys), by_text);
	for (size_t i = 0; i < n; i++)
		print_value(section, row, keys[i], json_object_get(o, keys[i]));
}

static void print_csv(json_t *r)
{
	static const char *const sections[] = {
		"draws",      "strata",       "proportion", "runs",     "pairs",
		"exclusions", "replacements", "seed",       "seeds",    "twice",
		"alike",      "doubts",       "not_held",   "unlikely", NULL
	};

	puts("section,row,member,value");
	print_value("report", 1, "scope", json_object_get(r, "scope"));
	if (json_object_get(r, "from"))
		print_value("report", 1, "from", json_object_get(r, "from"));
	if (json_object_get(r, "to"))
		print_value("report", 1, "to", json_object_get(r, "to"));
	for (int s = 0; sections[s]; s++) {
		json_t *of = json_object_get(r, sections[s]), *one;
		size_t i;

		if (json_is_object(of))
			print_object(sections[s], 1, of);
		json_array_foreach(of, i, one)
		{
			if (json_is_object(one))
				print_object(sections[s], i + 1, one);
			else
				print_value(sections[s], i + 1, "name", one);
		}
	}
}

int cmd_draw_report(struct cli *c, const struct draw_words *w)
{
	const char *format = w->format ? w->format : c->json ? "json" : "text";
	json_t *report = NULL;
	int code;

	if (strcmp(format, "text") != 0 && strcmp(format, "json") != 0 &&
	    strcmp(format, "csv") != 0)
		return cli_misuse(c, "'%s' is no format: text, json or csv",
				  format);
	code = cli_open(c);
	if (code == EXIT_DONE)
		code = cli_scope(c, "draw", NULL);
	if (code != EXIT_DONE)
		return code;
	if (!cli_may_read(c, "draw"))
		return EXIT_FAILED;
	if (draw_report(&c->op, c->scope, w->from, w->to, &report) != RC_OK)
		return cli_fail(c, &c->err);
	if (!strcmp(format, "json")) {
		cli_json(report);
		return EXIT_DONE;
	}
	if (!strcmp(format, "csv"))
		print_csv(report);
	else
		print_text(report);
	json_decref(report);
	return EXIT_DONE;
}
